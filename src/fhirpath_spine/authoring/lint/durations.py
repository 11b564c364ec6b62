"""What a date is moved by and is no length of time (SP351): each chart that holds the date would fail there."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from fhirpath_spine.authoring.lint.intervals import ITEMS, place_of, value_read
from fhirpath_spine.fhirpath import Quantity
from fhirpath_spine.fhirpath.grammar.syntax import Binary, Call, Index, Literal, Member, Tree, Unary, Variable
from fhirpath_spine.fhirpath.values.quantity import calendar_unit
from fhirpath_spine.fhirpath.values.shapes import family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhirpath_spine.authoring.profile.library import Draft

CHOICE = "iif"
"""The function whose first argument is no part of what it gives."""


class Amount(NamedTuple):
    """A part of a sum with its unit, as FHIRPath reads it."""

    tree: Tree
    quantity: Quantity


def check_durations(draft: Draft) -> None:
    """Reports each amount that a date cannot be moved by, in the expression that moves it."""
    for compiled in draft.compiler.compiled:
        told = set()
        for moved, item in _moved(compiled.expression.tree, compiled.item):
            for amount in _amounts(draft, moved.right, item):
                if calendar_unit(amount.quantity) is None and amount.tree.start not in told:
                    told.add(amount.tree.start)
                    message = (
                        f"a date cannot be moved by '{amount.quantity.unit}', which is no length of time of a calendar"
                    )
                    hint = "Write days, weeks, months or years, as in 30 days, or name a limit in one of them."
                    draft.files.report.add("SP351", message, place_of(compiled, amount.tree), hint)


def _moved(tree: Tree, item: str) -> Iterator[tuple[Binary, str]]:
    """The sums and differences that begin with a date or a time; each with the need of which one item is asked there."""
    if isinstance(tree, Binary) and tree.op in ("+", "-"):
        families = {*map(family, tree.left.ty.types or ())}
        if families & {"date", "time"}:
            yield tree, item
    inner = item
    if isinstance(tree, Call) and tree.name in ITEMS and isinstance(tree.base, Variable):
        inner = tree.base.name
    for part in tree.parts():
        yield from _moved(part, inner if isinstance(tree, Call) and part is not tree.base else item)


def _amounts(draft: Draft, tree: Tree, item: str) -> Iterator[Amount]:
    """The quantities that a tree may give, down to literals, values of needs and definitions."""
    match tree:
        case Literal(value=Quantity() as quantity):
            yield Amount(tree, quantity)
        case Variable() if tree.name in draft.definitions:
            for amount in _amounts(draft, draft.definitions[tree.name].tree, ""):
                yield amount._replace(tree=tree)
        case Binary() | Unary():
            for part in tree.parts():
                yield from _amounts(draft, part, item)
        case Call():
            inside = tree.args[1:] if tree.name == CHOICE else ()
            for part in (*((tree.base,) if tree.base is not None else ()), *inside):
                yield from _amounts(draft, part, item)
        case _:
            name, member = value_read(_of_need(tree), item)
            need = draft.needs.get(name)
            value = None if need is None else need.value if member == "value" else need.components.get(member)
            if value is not None and value.kind == "quantity" and value.unit:
                yield Amount(tree, Quantity(Decimal(1), value.unit, fhir=True))


def _of_need(tree: Tree) -> Tree:
    """A member of some items of a need as the member of the need: which of them are chosen changes no unit."""
    if not isinstance(tree, Member):
        return tree
    base = tree.base
    while isinstance(base, Call | Index) and base.base is not None:
        base = base.base
    return replace(tree, base=base)
