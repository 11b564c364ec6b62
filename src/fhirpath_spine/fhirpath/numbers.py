"""The numbers that an expression was written with, and the same expression with one of them moved."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhirpath_spine.fhirpath.quantity import Quantity
from fhirpath_spine.fhirpath.syntax import Literal, Tree

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number, a decimal or a quantity that stands in a text from ``start`` to ``end``."""

    start: int
    end: int
    value: int | Decimal | Quantity

    def moved(self, steps: int) -> int | Decimal | Quantity:
        """The value so many units of its last digit higher: 90 days to 91 days, 1.5 to 1.6."""
        value = self.value
        if isinstance(value, Quantity):
            return replace(value, value=step(value.value, steps))
        return value + steps if isinstance(value, int) else step(value, steps)


def numbers(tree: Tree) -> Iterator[Number]:
    """All numbers of a tree, in the order of the text."""
    found = (
        Number(part.start, part.end, part.value)
        for part in tree.walk()
        if isinstance(part, Literal)
        and isinstance(part.value, int | Decimal | Quantity)
        and not isinstance(part.value, bool)
    )
    return iter(sorted(found, key=lambda number: number.start))


def with_number(tree: Tree, number: Number, steps: int) -> Tree:
    """Another tree, alike but for one number."""
    if isinstance(tree, Literal):
        here = (tree.start, tree.end) == (number.start, number.end)
        return replace(tree, value=number.moved(steps)) if here else tree
    changed: dict[str, Any] = {f.name: _exchanged(getattr(tree, f.name), number, steps) for f in fields(tree)}
    return replace(tree, **changed)


def _exchanged(value: object, number: Number, steps: int) -> object:
    if isinstance(value, Tree):
        return with_number(value, number, steps)
    return [_exchanged(one, number, steps) for one in value] if isinstance(value, list) else value


def step(value: Decimal, steps: int) -> Decimal:
    """A decimal so many units of its last digit higher."""
    exponent = value.as_tuple().exponent
    return value + steps * Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)
