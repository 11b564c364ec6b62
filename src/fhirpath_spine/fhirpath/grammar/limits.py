"""Limits: numbers with a name that stand outside an expression, read as ``%limit.id``, or ``%limit.id.value`` without their unit.

Each is put into the tree as if its number were written there, so what is known of a literal is known of it, too: its type, its
dimension, whether a plausible value can meet it. Running an expression costs nothing more.
"""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING

from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.fhirpath.grammar.syntax import Literal, Member, Tree, Variable
from fhirpath_spine.fhirpath.values.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhirpath_spine.fhirpath.grammar.problems import Report

NAME = "limit"
Amount = int | Decimal | Quantity
"""A count, a decimal, or a number with its unit."""


def with_limits(tree: Tree, limits: Mapping[str, Amount], report: Report) -> Tree:
    """The tree with the number of each limit in its place; a name that no limit has is reported."""
    bare = isinstance(tree, Member) and tree.name == "value" and isinstance(tree.base, Member)
    named = tree.base if bare and isinstance(tree, Member) else tree
    if isinstance(named, Member) and isinstance(named.base, Variable) and named.base.name == NAME:
        amount = limits.get(named.name)
        if amount is None:
            hint = did_you_mean(named.name, limits) or "Declare it under limits:."
            report.error("SP123", named.start, named.end, f"No limit is called '{named.name}'.", hint)
            amount = 0
        value = amount.value if bare and isinstance(amount, Quantity) else amount
        return Literal(start=tree.start, end=tree.end, value=value, limit=named.name)
    for part in fields(tree):
        value = getattr(tree, part.name)
        if isinstance(value, Tree):
            setattr(tree, part.name, with_limits(value, limits, report))
        elif isinstance(value, list):
            setattr(tree, part.name, [with_limits(v, limits, report) if isinstance(v, Tree) else v for v in value])
    return tree
