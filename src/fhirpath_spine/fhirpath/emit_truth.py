"""The fast path, second half: truth values, comparisons and single values in generated source."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhirpath_spine.fhirpath import truth as logic
from fhirpath_spine.fhirpath.emit import Emitter, Odd, Stream
from fhirpath_spine.fhirpath.functions import FUNCTIONS
from fhirpath_spine.fhirpath.items import Incomplete, Node, system
from fhirpath_spine.fhirpath.operators import equal, order
from fhirpath_spine.fhirpath.scope import Run, Scope
from fhirpath_spine.fhirpath.shapes import Ty, family
from fhirpath_spine.fhirpath.syntax import Binary, Call, Literal, Member, Special, Tree, Variable

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhirpath_spine.fhirpath.functions import Thunk
    from fhirpath_spine.fhirpath.interpret import Interpreter

_ORDER = ("<", ">", "<=", ">=")
_UNREAD = ("index", "total")
# A double holds this many decimal digits exactly enough to keep their order.
_DOUBLE_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value in the source, None if empty: its name and type; ``value`` if it is known already."""

    code: str
    type: str
    value: Any = None


def compile_truth(tree: Tree, interpreter: Interpreter, focus: Ty) -> Callable[[Run], bool | None]:
    """A function that judges a criterion as the reference engine would, only faster. It may raise :class:`Odd`."""
    if any(isinstance(t, Special) and t.name in _UNREAD for t in tree.walk()) or _defines(tree):
        thunk = interpreter.build(tree)
        return lambda run: logic.truth(thunk(run, run.root))
    emitter = Truths(interpreter, focus)
    answer = emitter.truth(tree)
    text = "\n".join(["def judge(run):", *emitter.lines, f"    return {answer}"])
    # The text is made of names counted here and of literals written by repr(); nothing of the input gets in unquoted.
    exec(compile(text, "<criterion>", "exec"), emitter.names)  # noqa: S102
    found: Callable[[Run], bool | None] = emitter.names["judge"]
    return found


def _defines(tree: Tree) -> bool:
    return any(isinstance(t, Call) and t.name == "defineVariable" for t in tree.walk())


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


def only(items: Any) -> Any:
    """The System value of a closure's single result; several are for the reference engine to refuse."""
    if not items or type(items) is Incomplete:
        return None
    if len(items) > 1:
        raise Odd
    return system(items[0])


def once(run: Run, key: int, thunk: Thunk) -> Any:
    """A value that is the same for all items of one evaluation."""
    if key not in run.memo:
        run.memo[key] = only(thunk(run, []))
    return run.memo[key]


def ordered(op: str, left: Any, right: Any) -> bool | None:
    """An ordering operator on two items."""
    answer = order(left, right)
    if answer is None:
        return None
    return answer < 0 if op == "<" else answer > 0 if op == ">" else answer <= 0 if op == "<=" else answer >= 0


class Truths(Emitter):
    """Writes truth values."""

    def __init__(self, interpreter: Interpreter, focus: Ty) -> None:
        super().__init__(interpreter, focus)
        self.names.update(
            truth=logic.truth, differ=logic.differ, follows=logic.follows, only=only, once=once, Node=Node, equal=equal
        )
        self.names.update(ordered=ordered)

    def guard(self, tree: Tree, body: Callable[[], None]) -> None:
        if isinstance(tree, Binary) and tree.op == "and":
            self.guard(tree.left, lambda: self.guard(tree.right, body))
            return
        if isinstance(tree, Binary) and tree.op == "=":
            left, right = self._pair(tree)
            if left and right and family(left.type) == family(right.type) == "string":
                value, fixed = (left, right) if right.value is not None else (right, left)
                test = f"if {value.code} == {fixed.code}:"
                test = test if fixed.value is not None else f"if {value.code} is not None and {test[3:]}"
                with self.block(test):
                    body()
                return
            answer = self._equality(tree, left, right)
        else:
            answer = self.truth(tree)
        with self.block(f"if {answer}:"):
            body()

    def truth(self, tree: Tree) -> str:
        """Write what computes the truth value of a tree; returns the name or literal that holds it."""
        if isinstance(tree, Literal) and isinstance(tree.value, bool):
            return repr(tree.value)
        if isinstance(tree, Binary):
            if tree.op in logic.LOGIC:
                return self._logic(tree)
            if tree.op in ("=", "!="):
                return self._equality(tree, *self._pair(tree))
            if tree.op in _ORDER:
                return self._order(tree)
            if tree.op == "in":
                return self._in(tree)
        if isinstance(tree, Call):
            return self._call(tree)
        if isinstance(tree, (Member, Variable)) and family(tree.ty.name) == "boolean" and not tree.ty.many:
            value = self.scalar(tree)
            if value is not None:
                t = self.fresh("t")
                self.line(f"{t} = {value.code}")
                self.line(f"if {t} is not None and type({t}) is not bool: raise Odd")
                return t
        return self._reference(tree)

    def _reference(self, tree: Tree) -> str:
        t, thunk = self.fresh("t"), self.const(self.interpreter.build(tree))
        self.line(f"{t} = truth({thunk}(run, {self.here()}))")
        return t

    def _logic(self, tree: Binary) -> str:
        t, a = self.fresh("t"), self.truth(tree.left)
        if tree.op in ("xor", "implies"):
            b = self.truth(tree.right)
            self.line(f"{t} = {'differ' if tree.op == 'xor' else 'follows'}({a}, {b})")
            return t
        settled, other = ("False", "True") if tree.op == "and" else ("True", "False")
        self.line(f"{t} = {a}")
        with self.block(f"if {t} is not {settled}:"):
            b = self.truth(tree.right)
            self.line(f"if {t} is {other}: {t} = {b}")
            self.line(f"elif {b} is {settled}: {t} = {settled}")
        return t

    def _call(self, tree: Call) -> str:
        base, name = tree.base, tree.name
        if name == "not" and base is not None:
            if base.ty.many:
                return self._reference(tree)
            t, a = self.fresh("t"), self.truth(base)
            self.line(f"{t} = None if {a} is None else not {a}")
            return t
        if base is None or not self.streams(base):
            return self._reference(tree)
        if name in ("exists", "recorded"):
            return self._exists(base, tree.args[0] if tree.args else None)
        if name == "empty":
            t, found = self.fresh("t"), self._exists(base, None, settled=True)
            self.line(f"{t} = None if {found} is None else not {found}")
            return t
        if name in ("some", "every"):
            return self._kleene(name, base, tree.args[0])
        if name == "memberOf":
            return self._member_of(tree, base)
        return self._reference(tree)

    def _unread(self, stream: Stream) -> str:
        return " or ".join(f"type({s}) is Incomplete" for s in stream.sources)

    def _exists(self, base: Tree, criterion: Tree | None, *, settled: bool = False) -> str:
        t = self.fresh("t")
        stream = Stream(t, item=True, sources=[])
        self.line(f"{t} = False")

        def hit(x: str, ty: Ty) -> None:
            def found() -> None:
                self.line(f"{t} = True")
                if stream.depth:
                    self.line("break")

            if criterion is None:
                found()
            else:
                outer, self.this = self.this, (x, ty)
                self.guard(criterion, found)
                self.this = outer

        self.each(base, stream, hit)
        if stream.sources:
            # empty() is a plain read, so an incomplete search settles nothing.
            self.line(f"if {self._unread(stream)}: {t} = {'None' if settled else f'{t} or None'}")
        return t

    def _kleene(self, name: str, base: Tree, criterion: Tree) -> str:
        t = self.fresh("t")
        neutral, decisive = ("False", "True") if name == "some" else ("True", "False")
        stop = t if name == "some" else f"{t} is False"
        stream = Stream(stop, item=True, sources=[])
        self.line(f"{t} = {neutral}")

        def visit(x: str, ty: Ty) -> None:
            outer, self.this = self.this, (x, ty)
            c = self.truth(criterion)
            self.this = outer
            with self.block(f"if {c} is {decisive}:"):
                self.line(f"{t} = {decisive}")
                if stream.depth:
                    self.line("break")
            self.line(f"if {c} is None: {t} = None")

        self.each(base, stream, visit)
        if stream.sources:
            self.line(f"if {self._unread(stream)}: {t} = {f'{t} or None' if name == 'some' else 'None'}")
        return t

    def _member_of(self, tree: Call, base: Tree) -> str:
        t, value_set = self.fresh("t"), self.const(tree.note.judge)
        stream = Stream(t, item=False, sources=[])
        self.line(f"{t} = None")

        def visit(x: str, _ty: Ty) -> None:
            answer = self.fresh("t")
            self.line(f"{answer} = {value_set}({x})")
            with self.block(f"if {answer}:"):
                self.line(f"{t} = True")
                if stream.depth:
                    self.line("break")
            self.line(f"elif {answer} is False: {t} = False")

        self.each(base, stream, visit)
        if stream.sources:
            self.line(f"if {self._unread(stream)}: {t} = None")
        return t

    # Single values.

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
            self.line(f"if {self._unread(stream)}: {n} = None")
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
            self.line(f"if {self._unread(stream)}: {v} = None")
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
            self.line(f"if {self._unread(stream)}: {v} = None")
        return Scalar(v, kinds[0])

    # Comparisons.

    def _pair(self, tree: Binary) -> tuple[Scalar | None, Scalar | None]:
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

    def _equality(self, tree: Binary, left: Scalar | None, right: Scalar | None) -> str:
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
            return self._reference(tree)
        if not self.streams(path) or family(path.ty.name) != "string":
            return self._reference(tree)
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
            self.line(f"if {self._unread(stream)}: {t} = None")
        return t

    def _order(self, tree: Binary) -> str:
        left, right = self._pair(tree)
        if left is None or right is None:
            return self._reference(tree)
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

    def _in(self, tree: Binary) -> str:
        if not constant(tree.right) or family(tree.left.ty.name) != "string":
            return self._reference(tree)
        found = self.interpreter.build(tree.right)(Run(_NOWHERE, (), None), [])
        if not found or not all(isinstance(item, str) for item in found):
            return self._reference(tree)
        value = self.scalar(tree.left)
        if value is None:
            return self._reference(tree)
        t = self.fresh("t")
        self.line(f"{t} = None if {value.code} is None else {value.code} in {self.const(frozenset(found))}")
        return t


def _double(value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    if len(Decimal(value).as_tuple().digits) > _DOUBLE_DIGITS:
        return None
    return value if isinstance(value, int) else float(value)


def _nowhere() -> Scope:
    from datetime import UTC, datetime

    # Constants read no clock; a scope has to have one all the same.
    return Scope({}, datetime(2000, 1, 1, tzinfo=UTC))


_NOWHERE = _nowhere()
