"""The syntax tree. ``start`` and ``end`` are offsets in the text; ``ty`` is filled in by the checker."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhirpath_spine.fhirpath.values.quantity import Quantity
from fhirpath_spine.fhirpath.values.shapes import ANYTHING, Ty

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number, a decimal or a quantity that stands in a text from ``start`` to ``end``."""

    start: int
    end: int
    value: int | Decimal | Quantity
    limit: str = ""

    def moved(self, steps: int) -> int | Decimal | Quantity:
        """The value so many units of its last digit higher: 90 days to 91 days, 1.5 to 1.6."""
        value = self.value
        if isinstance(value, Quantity):
            return replace(value, value=step(value.value, steps))
        return value + steps if isinstance(value, int) else step(value, steps)


def numbers(tree: Tree) -> Iterator[Number]:
    """All numbers of a tree, in the order of the text."""
    found = (
        Number(part.start, part.end, part.value, part.limit)
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


@dataclass(slots=True, kw_only=True)
class Tree:
    """Any node."""

    start: int
    end: int
    ty: Ty = ANYTHING

    def parts(self) -> tuple[Tree, ...]:
        """Direct children, in the order of the text."""
        return ()

    def walk(self) -> Iterator[Tree]:
        """This node and all below it."""
        yield self
        for part in self.parts():
            yield from part.walk()


@dataclass(slots=True, kw_only=True)
class Literal(Tree):
    """A constant; ``value`` is its runtime value, None for ``{}``; ``limit`` the name of the limit that it was read from."""

    value: Any
    limit: str = ""


@dataclass(slots=True, kw_only=True)
class Variable(Tree):
    """``%name``."""

    name: str


@dataclass(slots=True, kw_only=True)
class Special(Tree):
    """``$this``, ``$index`` or ``$total``, without the sign."""

    name: str


@dataclass(slots=True, kw_only=True)
class Member(Tree):
    """``base.name``, or ``name`` alone, which reads from ``$this`` or names the type of the root."""

    base: Tree | None
    name: str
    at: int
    root_type: str = ""

    def parts(self) -> tuple[Tree, ...]:
        return () if self.base is None else (self.base,)


@dataclass(slots=True, kw_only=True)
class Call(Tree):
    """``base.name(args)``, or ``name(args)`` on ``$this``. ``note`` holds what the checker resolved."""

    base: Tree | None
    name: str
    at: int
    args: list[Tree] = field(default_factory=list)
    note: Any = None

    def parts(self) -> tuple[Tree, ...]:
        return (*(() if self.base is None else (self.base,)), *self.args)


@dataclass(slots=True, kw_only=True)
class Index(Tree):
    """``base[index]``."""

    base: Tree
    index: Tree

    def parts(self) -> tuple[Tree, ...]:
        return (self.base, self.index)


@dataclass(slots=True, kw_only=True)
class Unary(Tree):
    """``+operand`` or ``-operand``."""

    op: str
    operand: Tree

    def parts(self) -> tuple[Tree, ...]:
        return (self.operand,)


@dataclass(slots=True, kw_only=True)
class Binary(Tree):
    """Any operator between two operands."""

    op: str
    at: int
    left: Tree
    right: Tree

    def parts(self) -> tuple[Tree, ...]:
        return (self.left, self.right)


@dataclass(slots=True, kw_only=True)
class TypeTest(Tree):
    """``operand is Type`` or ``operand as Type``; ``note`` holds the resolved type."""

    op: str
    operand: Tree
    name: str
    at: int
    note: Any = None

    def parts(self) -> tuple[Tree, ...]:
        return (self.operand,)
