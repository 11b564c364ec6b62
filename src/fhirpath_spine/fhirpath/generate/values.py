"""The fast path, second part: single values and comparisons in generated source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from fhirpath_spine.fhirpath.engine import logic
from fhirpath_spine.fhirpath.engine.operators import equal, ordered
from fhirpath_spine.fhirpath.engine.scope import Run, Scope, once, only
from fhirpath_spine.fhirpath.functions.table import FUNCTIONS
from fhirpath_spine.fhirpath.generate.streams import Emitter, Stream
from fhirpath_spine.fhirpath.grammar.syntax import Binary, Call, Literal, Member, Special, Tree, Variable
from fhirpath_spine.fhirpath.values.items import Node
from fhirpath_spine.fhirpath.values.shapes import Ty, family

if TYPE_CHECKING:
    from fhirpath_spine.fhirpath.engine.interpreter import Interpreter
# A double holds this many decimal digits exactly enough to keep their order.
_DOUBLE_DIGITS = 15
# Constants read no clock; a scope has to have one all the same.
_NOWHERE: Final = Scope({}, datetime(2000, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value in the source, None if empty: its name and type; ``value`` if it is known already."""

    code: str
    type: str
    value: Any = None


def invariant(tree: Tree) -> bool:
    """Whether a tree reads nothing of ``$this``, so that one evaluation needs it only once."""
    for part in tree.walk():
        if isinstance(part, Special) or (isinstance(part, Member) and part.base is None):
            return False
        if isinstance(part, Call) and part.base is None and FUNCTIONS[part.name].on != "none":
            return False
        if isinstance(part, Variable) and part.name in ("context", "resource", "rootResource"):
            return False
    return True


def constant(tree: Tree) -> bool:
    """Whether a tree is made of literals and operators only."""
    return all(isinstance(part, (Literal, Binary)) for part in tree.walk())


class Values(Emitter):
    """Writes single values and comparisons."""

    def __init__(self, interpreter: Interpreter, focus: Ty) -> None:
        super().__init__(interpreter, focus)
        self.names.update(
            truth=logic.truth, differ=logic.differ, follows=logic.follows, only=only, once=once, Node=Node, equal=equal
        )
        self.names.update(ordered=ordered)

    def reference(self, tree: Tree) -> str:
        """Write a call of the reference engine for this part."""
        t, thunk = self.fresh("t"), self.const(self.interpreter.build(tree))
        self.line(f"{t} = truth({thunk}(run, {self.here()}))")
        return t

    def unread(self, stream: Stream) -> str:
        """The test that tells whether a source could not be read whole."""
        return " or ".join(f"type({s}) is Incomplete" for s in stream.sources)

    def scalar(self, tree: Tree) -> Scalar | None:
        """Write what computes a single value; None if only the reference engine can."""
        if isinstance(tree, Literal):
            return None if tree.value is None else self._fixed(tree.value)
        if constant(tree):
            run = Run(_NOWHERE, (), None)
            found = self.interpreter.build(tree)(run, [])
            return self._fixed(found[0]) if len(found) == 1 else None
        if isinstance(tree, Call) and tree.base is not None and self.streams(tree.base):
            if tree.name == "count":
                return self._count(tree.base)
            if tree.name == "first":
                return self._first(tree.base)
        if not tree.ty.many and self.streams(tree):
            return self._path(tree)
        if invariant(tree) and not tree.ty.many:
            v, thunk = self.fresh(), self.const(self.interpreter.build(tree))
            self.line(f"{v} = once(run, {id(tree)}, {thunk})")
            return Scalar(v, "")
        return None

    def _fixed(self, value: Any) -> Scalar:
        kind = {str: "System.String", bool: "System.Boolean", int: "System.Integer", Decimal: "System.Decimal"}
        return Scalar(self.const(value), kind.get(type(value), ""), value)

    def _count(self, base: Tree) -> Scalar:
        n = self.fresh("n")
        stream = Stream("", item=True, sources=[])
        self.line(f"{n} = 0")
        self.each(base, stream, lambda _x, _ty: self.line(f"{n} += 1"))
        if stream.sources:
            self.line(f"if {self.unread(stream)}: {n} = None")
        return Scalar(n, "System.Integer")

    def _first(self, base: Tree) -> Scalar:
        v, done = self.fresh(), self.fresh("t")
        stream = Stream(done, item=True, sources=[])
        kinds: list[str] = []
        self.line(f"{v} = None")
        self.line(f"{done} = False")

        def take(x: str, ty: Ty) -> None:
            kinds.append(ty.name)
            self.line(f"{v} = {x}")
            if stream.depth:
                self.line(f"{done} = True")
                self.line("break")

        self.each(base, stream, take)
        if stream.sources:
            self.line(f"if {self.unread(stream)}: {v} = None")
        return Scalar(v, kinds[0])

    def _path(self, tree: Tree) -> Scalar:
        v = self.fresh()
        stream = Stream("", item=False, sources=[])
        kinds: list[str] = []
        self.line(f"{v} = None")

        def keep(x: str, ty: Ty) -> None:
            kinds.append(ty.name)
            if stream.depth:
                self.line(f"if {v} is not None: raise Odd")
            self.line(f"{v} = {x}")

        self.each(tree, stream, keep)
        if stream.sources:
            self.line(f"if {self.unread(stream)}: {v} = None")
        return Scalar(v, kinds[0])

    # Comparisons.

    def pair(self, tree: Binary) -> tuple[Scalar | None, Scalar | None]:
        """Write both sides as single values, or nothing if one of them is none."""
        mark = len(self.lines)
        left = self.scalar(tree.left)
        right = self.scalar(tree.right) if left is not None else None
        if left is None or right is None:
            del self.lines[mark:]
            return None, None
        return left, right

    def _item(self, value: Scalar) -> str:
        """The value as an item of the reference engine."""
        if value.type and value.value is None:
            return f"Node({value.code}, {value.type!r})"
        return value.code

    def equality(self, tree: Binary, left: Scalar | None, right: Scalar | None) -> str:
        """Write ``=`` or ``!=``; without two single values, what can be said of collections."""
        if left is None or right is None:
            return self._among(tree)
        t, wanted = self.fresh("t"), "==" if tree.op == "=" else "!="
        empty = " or ".join(f"{side.code} is None" for side in (left, right) if side.value is None) or "False"
        if family(left.type) == family(right.type) == "string":
            self.line(f"{t} = None if {empty} else {left.code} {wanted} {right.code}")
            return t
        self.line(f"{t} = None if {empty} else equal({self._item(left)}, {self._item(right)})")
        if tree.op == "!=":
            self.line(f"{t} = None if {t} is None else not {t}")
        return t

    def _among(self, tree: Binary) -> str:
        """A collection of strings held against one string: equal only if it is the only one."""
        path, other = tree.left, tree.right
        if not (isinstance(other, Literal) and isinstance(other.value, str)):
            return self.reference(tree)
        if not self.streams(path) or family(path.ty.name) != "string":
            return self.reference(tree)
        n, v, t = self.fresh("n"), self.fresh(), self.fresh("t")
        stream = Stream("", item=True, sources=[])
        self.line(f"{n} = 0")

        def visit(x: str, _ty: Ty) -> None:
            self.line(f"{n} += 1")
            self.line(f"{v} = {x}")

        self.each(path, stream, visit)
        test, several = ("==", "False") if tree.op == "=" else ("!=", "True")
        fixed = self.const(other.value)
        self.line(f"{t} = None if not {n} else {v} {test} {fixed} if {n} == 1 else {several}")
        if stream.sources:
            self.line(f"if {self.unread(stream)}: {t} = None")
        return t

    def order(self, tree: Binary) -> str:
        """Write an ordering operator."""
        left, right = self.pair(tree)
        if left is None or right is None:
            return self.reference(tree)
        t = self.fresh("t")
        empty = " or ".join(f"{side.code} is None" for side in (left, right) if side.value is None)
        with self.block(f"if {empty or 'False'}:"):
            self.line(f"{t} = None")
        number = _double(right.value)
        if number is not None and family(left.type) == "number":
            with self.block(f"elif type({left.code}) is float or type({left.code}) is int:"):
                self.line(f"{t} = {left.code} {tree.op} {number!r}")
        with self.block("else:"):
            self.line(f"{t} = ordered({tree.op!r}, {self._item(left)}, {self._item(right)})")
        return t

    def among_constants(self, tree: Binary) -> str:
        """Write ``in`` before a list of constants."""
        if not constant(tree.right) or family(tree.left.ty.name) != "string":
            return self.reference(tree)
        found = self.interpreter.build(tree.right)(Run(_NOWHERE, (), None), [])
        if not found or not all(isinstance(item, str) for item in found):
            return self.reference(tree)
        value = self.scalar(tree.left)
        if value is None:
            return self.reference(tree)
        t = self.fresh("t")
        self.line(f"{t} = None if {value.code} is None else {value.code} in {self.const(frozenset(found))}")
        return t


def _double(value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    if len(Decimal(value).as_tuple().digits) > _DOUBLE_DIGITS:
        return None
    return value if isinstance(value, int) else float(value)
