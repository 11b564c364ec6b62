"""The syntax tree. ``start`` and ``end`` are offsets in the text; ``ty`` is filled in by the checker."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fhirpath_spine.fhirpath.shapes import ANYTHING, Ty

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    """A constant; ``value`` is its runtime value, None for ``{}``."""

    value: Any


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
