"""The interpreter: a checked tree to closures ``(run, this) -> items``. It is complete; what ``generate`` writes is fast.

It is long because each kind of node is built by one method, and the methods build one another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhirpath_spine.fhirpath.engine import existence, forms, logic, selections
from fhirpath_spine.fhirpath.engine.logic import single
from fhirpath_spine.fhirpath.engine.operators import arithmetic, concatenate, equal_lists, equivalent_lists, order
from fhirpath_spine.fhirpath.functions import conversions, maths
from fhirpath_spine.fhirpath.functions import strings as texts
from fhirpath_spine.fhirpath.functions.table import FUNCTIONS, Function, Thunk
from fhirpath_spine.fhirpath.grammar.problems import EvaluationError
from fhirpath_spine.fhirpath.grammar.syntax import (
    Binary,
    Call,
    Index,
    Literal,
    Member,
    Special,
    Tree,
    TypeTest,
    Unary,
    Variable,
)
from fhirpath_spine.fhirpath.values.items import (
    Incomplete,
    TypeName,
    as_complete_as,
    enter_all,
    family_of,
    navigate,
    system,
)
from fhirpath_spine.fhirpath.values.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhirpath_spine.fhirpath.engine.scope import Run
    from fhirpath_spine.fhirpath.values.shapes import Shape
Items = list[Any]
# Importing them fills the table of functions.
TABLES: Final = (conversions, existence, maths, selections, texts)
_FROM_ORDER: Final = {
    "<": lambda n: n < 0,
    ">": lambda n: n > 0,
    "<=": lambda n: n <= 0,
    ">=": lambda n: n >= 0,
}


class Interpreter:
    """Builds closures. ``shapes`` are the declared variables, ``constants`` those that the specification defines."""

    def __init__(self, shapes: Mapping[str, Shape], constants: Mapping[str, str]) -> None:
        self.shapes, self.constants = shapes, constants

    def build(self, tree: Tree) -> Thunk:
        """The closure of a tree."""
        match tree:
            case Literal():
                value = [] if tree.value is None else [tree.value]
                return lambda _run, _this: value
            case Variable():
                return self._variable(tree.name)
            case Special():
                return self._special(tree.name)
            case Member():
                return self._member(tree)
            case Call():
                return self._call(tree)
            case Index():
                return self._index(tree)
            case Unary():
                return self._unary(tree)
            case Binary():
                return self._binary(tree)
            case TypeTest():
                return forms.typed(tree.op, tree.note, self.build(tree.operand))
        raise AssertionError(tree)

    def _variable(self, name: str) -> Thunk:
        shape = self.shapes.get(name)
        if shape is not None:
            return lambda run, _this: _read(run, name, shape)
        if name in self.constants:
            value: Items = [self.constants[name]]
            return lambda _run, _this: value
        if name in ("context", "resource", "rootResource"):
            return lambda run, _this: run.root
        return lambda run, _this: run.defined[name]

    def _special(self, name: str) -> Thunk:
        if name == "this":
            return lambda _run, this: this
        if name == "total":
            return lambda run, _this: run.total
        return lambda run, _this: [] if run.index is None else [run.index]

    def _base(self, base: Tree | None) -> Thunk:
        return (lambda _run, this: this) if base is None else self.build(base)

    def _member(self, tree: Member) -> Thunk:
        name, base = tree.name, self._base(tree.base)
        if tree.root_type:
            wanted = TypeName("FHIR", tree.root_type)
            return lambda _run, this: as_complete_as(this, [item for item in this if wanted.covers(item)])

        def step(run: Run, this: Items) -> Items:
            items = base(run, this)
            run.charge(len(items) + 1)
            if len(items) == 1 and type(items) is list:
                return run.cap(navigate(items[0], name))
            found: Items = []
            unread = type(items) is Incomplete
            for item in items:
                children = navigate(item, name)
                unread = unread or type(children) is Incomplete
                found += children
            return Incomplete(run.cap(found)) if unread else run.cap(found)

        return step

    def _index(self, tree: Index) -> Thunk:
        base, index = self.build(tree.base), self.build(tree.index)

        def pick(run: Run, this: Items) -> Items:
            items, at = base(run, this), index(run, this)
            number = system(single(at, "An index")) if at else None
            found = [items[number]] if isinstance(number, int) and 0 <= number < len(items) else []
            return as_complete_as(items, found)

        return pick

    def _unary(self, tree: Unary) -> Thunk:
        operand, sign = self.build(tree.operand), -1 if tree.op == "-" else 1

        def signed(run: Run, this: Items) -> Items:
            items = operand(run, this)
            if not items or type(items) is Incomplete:
                return as_complete_as(items, [])
            value = system(single(items, "A sign"))
            if isinstance(value, Quantity):
                return [Quantity(sign * value.value, value.unit)]
            if isinstance(value, (bool, str)) or not hasattr(value, "__neg__"):
                raise EvaluationError("A sign stands before a number or a quantity.")
            return [sign * value]

        return signed

    def _binary(self, tree: Binary) -> Thunk:
        left, right, op = self.build(tree.left), self.build(tree.right), tree.op
        if op in logic.LOGIC:
            return _logic(op, left, right)
        if op == "|":
            return lambda run, this: selections.unite(run, left(run, this), right(run, this))
        collective = _COLLECTIVE.get(op)
        if collective is not None:

            def compare(run: Run, this: Items) -> Items:
                a, b = left(run, this), right(run, this)
                if type(a) is Incomplete or type(b) is Incomplete:
                    return Incomplete()
                run.charge(len(a) + len(b))
                answer = collective(a, b)
                return [] if answer is None else [answer]

            return compare

        def calculate(run: Run, this: Items) -> Items:
            a, b = left(run, this), right(run, this)
            if type(a) is Incomplete or type(b) is Incomplete:
                return Incomplete()
            answer = _on_singles(op, a, b)
            return [] if answer is None else [answer]

        return calculate

    def _call(self, tree: Call) -> Thunk:
        function, base, name = FUNCTIONS[tree.name], self._base(tree.base), tree.name
        if name in ("is", "as", "ofType"):
            return forms.typed(name, tree.note, base)
        if name == "memberOf":
            return forms.member_of(tree, base)
        if name == "sort":
            inner = [
                a.operand if down and isinstance(a, Unary) else a for a, down in zip(tree.args, tree.note, strict=True)
            ]
            return forms.arranged(base, [self.build(a) for a in inner], tree.note)
        args = [self.build(argument) for argument in tree.args]
        if name == "iif":
            return forms.iif(base, args, rooted=tree.base is None)
        if name == "defineVariable":
            return forms.define(base, tree.args[0], args[1] if len(args) > 1 else None)
        if name == "resolve":
            return forms.resolve(base)
        if name == "conformsTo":
            return forms.conforms(base, args[0])
        if function.one:
            return _on_value(function, base, args)
        act, keeps = function.run, function.keeps

        def call(run: Run, this: Items) -> Items:
            items = base(run, this)
            if type(items) is Incomplete and not keeps:
                return Incomplete()
            found: Items = act(run, items, args, this)
            return found

        return call


def _read(run: Run, name: str, shape: Shape) -> Items:
    found: Items | None = run.memo.get(name)
    if found is None:
        found = run.memo[name] = run.cap(enter_all(run.scope.variables[name], shape))
    run.charge(len(found) + 1)
    return found


def _logic(op: str, left: Thunk, right: Thunk) -> Thunk:
    rule = logic.LOGIC[op]
    settled = {"and": False, "or": True}.get(op)

    def judge(run: Run, this: Items) -> Items:
        first = left(run, this)
        a = logic.truth(first)
        if settled is not None and a is settled:
            return [a]
        second = right(run, this)
        answer = rule(a, logic.truth(second))
        if answer is None:
            return Incomplete() if Incomplete in (type(first), type(second)) else []
        return [answer]

    return judge


def _in(left: Items, right: Items) -> bool | None:
    return selections.holds(right, single(left, "'in'")) if left else None


_COLLECTIVE: Final[dict[str, Any]] = {
    "=": equal_lists,
    "!=": lambda a, b: None if (answer := equal_lists(a, b)) is None else not answer,
    "~": equivalent_lists,
    "!~": lambda a, b: not equivalent_lists(a, b),
    "in": _in,
    "contains": lambda a, b: _in(b, a),
}


def _on_singles(op: str, a: Items, b: Items) -> Any:
    if op == "&":
        texts_ = [system(single(side, "'&'")) if side else "" for side in (a, b)]
        if not all(isinstance(text, str) for text in texts_):
            raise EvaluationError("'&' joins strings only.", hint="Use toString().")
        return concatenate(texts_[0], texts_[1])
    if not a or not b:
        return None
    left, right = single(a, f"'{op}'"), single(b, f"'{op}'")
    if op not in _FROM_ORDER:
        return arithmetic(op, left, right)
    answer = order(left, right)
    return None if answer is None else _FROM_ORDER[op](answer)


def _on_value(function: Function, base: Thunk, args: list[Thunk]) -> Thunk:
    act, kinds, on, name = function.run, function.args, function.on, f"{function.name}()"

    def call(run: Run, this: Items) -> Items:
        items = base(run, this)
        if not items or type(items) is Incomplete:
            return as_complete_as(items, [])
        values = [_fitting(single(items, name), on, name)]
        for kind, argument in zip(kinds, args, strict=False):
            given = argument(run, this)
            if type(given) is Incomplete or not given:
                return as_complete_as(given, [])
            values.append(_fitting(single(given, name), kind.removesuffix("?"), name))
        if None in values:
            return []
        run.charge(1)
        answer = act(*values)
        if answer is None:
            return []
        return run.cap(answer) if isinstance(answer, list) else [answer]

    return call


def _fitting(item: Any, kind: str, name: str) -> Any:
    value = system(item)
    if value is None or kind == "any":
        return value
    fits = {
        "string": isinstance(value, str),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": family_of(value) == "number",
        "quantity": family_of(value) in ("number", "quantity"),
    }
    if not fits.get(kind, True):
        raise EvaluationError(f"{name} needs a {kind}.")
    return value
