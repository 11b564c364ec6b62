"""Slips of the pen: the same tree with one operator exchanged for its likeliest mistake, or one ``not()`` forgotten.

What comes of them tells whether anybody would notice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any, NamedTuple

from fhirpath_spine.fhirpath.grammar.syntax import Binary, Call, Tree

INSTEAD = {"and": "or", "or": "and", ">=": ">", ">": ">=", "<=": "<", "<": "<=", "=": "!=", "!=": "="}


class Slip(NamedTuple):
    """One slip: where the operator stands, what is written there, and what would stand there; empty if nothing would."""

    start: int
    end: int
    written: str
    instead: str
    tree: Tree


def slips(tree: Tree) -> Iterator[Slip]:
    """All slips of a tree, in the order of its nodes."""
    for node in tree.walk():
        if isinstance(node, Binary) and node.op in INSTEAD:
            other = INSTEAD[node.op]
            made = _exchanged(tree, node, replace(node, op=other))
            yield Slip(node.at, node.at + len(node.op), node.op, other, made)
        elif isinstance(node, Call) and node.name == "not" and node.base is not None:
            yield Slip(node.at - 1, node.end, ".not()", "", _exchanged(tree, node, node.base))


def _exchanged(tree: Tree, old: Tree, new: Tree) -> Tree:
    if tree is old:
        return new
    changed: dict[str, Any] = {}
    for part in fields(tree):
        value: Any = getattr(tree, part.name)
        if isinstance(value, Tree):
            changed[part.name] = _exchanged(value, old, new)
        elif isinstance(value, list):
            changed[part.name] = [_exchanged(one, old, new) if isinstance(one, Tree) else one for one in value]
    return replace(tree, **changed)
