"""The fast path, third part: truth values in generated source."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from fhirpath_spine.fhirpath.engine import logic
from fhirpath_spine.fhirpath.generate.streams import Stream
from fhirpath_spine.fhirpath.generate.values import Values
from fhirpath_spine.fhirpath.grammar.syntax import Binary, Call, Literal, Member, Special, Tree, Variable
from fhirpath_spine.fhirpath.values.shapes import Ty, family

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    from fhirpath_spine.fhirpath.engine.interpreter import Interpreter
    from fhirpath_spine.fhirpath.engine.scope import Run
_ORDER = ("<", ">", "<=", ">=")
_UNREAD = ("index", "total")


def compile_truth(tree: Tree, interpreter: Interpreter, focus: Ty) -> Callable[[Run], bool | None]:
    """A function that judges a criterion as the reference engine would, only faster. It may raise :class:`Odd`."""
    emitter = Truths(interpreter, focus)
    try:
        code = None if _beyond(tree) else _source(emitter, tree)
    except SyntaxError:
        # Python allows a hundred levels of indentation and twenty loops in one another; the closures have no such bounds.
        code = None
    if code is None:
        thunk = interpreter.build(tree)
        return lambda run: logic.truth(thunk(run, run.root))
    # The text is made of names counted here and of literals written by repr(); nothing of the input gets in unquoted.
    exec(code, emitter.names)  # noqa: S102 - see above
    found: Callable[[Run], bool | None] = emitter.names["judge"]
    return found


def _source(emitter: Truths, tree: Tree) -> CodeType:
    answer = emitter.truth(tree)
    text = "\n".join(["def judge(run):", *emitter.lines, f"    return {answer}"])
    return _compiled(text)


@lru_cache(maxsize=8192)
def _compiled(text: str) -> CodeType:
    """The code of a text: two libraries of one author, or two kinds of pathway, ask the same of their charts."""
    return compile(text, "<criterion>", "exec")


def _beyond(tree: Tree) -> bool:
    """Whether a tree reads what only the reference engine keeps: the index, the total, variables defined on the way."""
    return any(
        (isinstance(t, Special) and t.name in _UNREAD) or (isinstance(t, Call) and t.name == "defineVariable")
        for t in tree.walk()
    )


class Truths(Values):
    """Writes truth values."""

    def guard(self, tree: Tree, body: Callable[[], None]) -> None:
        if isinstance(tree, Binary) and tree.op == "and":
            self.guard(tree.left, lambda: self.guard(tree.right, body))
            return
        if isinstance(tree, Binary) and tree.op == "=":
            left, right = self.pair(tree)
            if left and right and family(left.type) == family(right.type) == "string":
                value, fixed = (left, right) if right.value is not None else (right, left)
                test = f"if {value.code} == {fixed.code}:"
                test = test if fixed.value is not None else f"if {value.code} is not None and {test[3:]}"
                with self.block(test):
                    body()
                return
            answer = self.equality(tree, left, right)
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
                return self.equality(tree, *self.pair(tree))
            if tree.op in _ORDER:
                return self.order(tree)
            if tree.op == "in":
                return self.among_constants(tree)
        if isinstance(tree, Call):
            return self._call(tree)
        if isinstance(tree, (Member, Variable)) and family(tree.ty.name) == "boolean" and not tree.ty.many:
            value = self.scalar(tree)
            if value is not None:
                t = self.fresh("t")
                self.line(f"{t} = {value.code}")
                self.line(f"if {t} is not None and type({t}) is not bool: raise Odd")
                return t
        return self.reference(tree)

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
                return self.reference(tree)
            t, a = self.fresh("t"), self.truth(base)
            self.line(f"{t} = None if {a} is None else not {a}")
            return t
        if base is None or not self.streams(base):
            return self.reference(tree)
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
        return self.reference(tree)

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
            self.line(f"if {self.unread(stream)}: {t} = {'None' if settled else f'{t} or None'}")
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
            self.line(f"if {self.unread(stream)}: {t} = {f'{t} or None' if name == 'some' else 'None'}")
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
            self.line(f"if {self.unread(stream)}: {t} = None")
        return t
