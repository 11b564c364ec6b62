"""Compiled expressions: :func:`compile` and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from fhirpath_spine.fhirpath.check.checker import Checker, constant
from fhirpath_spine.fhirpath.engine import logic as truth
from fhirpath_spine.fhirpath.engine.accounts import Account, Witness, branches, witness
from fhirpath_spine.fhirpath.engine.interpreter import Interpreter
from fhirpath_spine.fhirpath.engine.scope import Odd, Run, Scope
from fhirpath_spine.fhirpath.generate.criteria import compile_truth
from fhirpath_spine.fhirpath.grammar.limits import NAME, Amount, with_limits
from fhirpath_spine.fhirpath.grammar.parser import parse
from fhirpath_spine.fhirpath.grammar.problems import Report
from fhirpath_spine.fhirpath.grammar.slips import Slip, slips
from fhirpath_spine.fhirpath.grammar.syntax import Binary, Call, Number, Tree, Variable, numbers, with_number
from fhirpath_spine.fhirpath.values.items import as_complete_as, leave, type_of
from fhirpath_spine.fhirpath.values.shapes import BOOLEAN, Shape, declared

if TYPE_CHECKING:
    from fhirpath_spine.diagnostics import Diagnostic
    from fhirpath_spine.fhirpath.functions.table import Thunk
    from fhirpath_spine.fhirpath.values.value_sets import ValueSet


def _filled(text: str, tree: Tree) -> str:
    """The text with numbers for the names of limits, from the last to the first, so that no place moves before it is used."""
    if f"%{NAME}." not in text:
        return text
    for number in sorted(numbers(tree), key=lambda one: -one.start):
        if number.limit and text.startswith(f"%{NAME}.", number.start):
            text = f"{text[: number.start]}{number.value}{text[number.end :]}"
    return text


LONGEST: Final = 1_000
"""Characters that an expression of a profile may have."""
NESTED: Final = 50
"""Brackets within brackets that any expression may have."""
_EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


_DERIVED: Final = frozenset({"_thunk", "_interpreter", "_judge", "_witness", "_plain_witness", "_parts", "numbers"})
"""What an expression makes of itself when it is first asked for."""


class Expression:
    """A compiled expression; evaluating it changes nothing, so one may serve any number of calls at once.

    A criterion is judged by source that is generated for it, and by the interpreter where that source meets odd data. One
    that was pickled is interpreted until it is prepared: a process that judges one chart is done before generating pays.

    ``text`` as written; ``filled``: with the number of each limit in its place;
    ``shape``: the static type of the result; ``variables``: the ``%names`` it reads directly;
    ``advice``: what a linter says of it; ``tree``: what was parsed, with the types that the check found, to be read only.
    """

    def __init__(
        self, text: str, tree: Tree, focus: Shape | None, shapes: Mapping[str, Shape], advice: Sequence[Diagnostic]
    ) -> None:
        self.text = text
        self.filled = _filled(text, tree)
        self.advice = tuple(advice)
        self.variables = frozenset(t.name for t in tree.walk() if isinstance(t, Variable) and t.name in shapes)
        ty = tree.ty
        inner = ty.shape or Shape()
        self.shape = Shape(ty.name, ty.many, inner.members, ty.known, inner.closed)
        self._tree, self._focus = tree, focus
        self._shapes = {name: shapes[name] for name in self.variables}
        self.whole = not branches(tree)
        # An operator or function that answers true or false, so that its answer is its result.
        self._judged = ty.types == (BOOLEAN,) and not ty.many and isinstance(tree, (Binary, Call))
        self._interpreted = False

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle holds: the checked tree and what it reads, no closure and no generated code."""
        state = {name: value for name, value in self.__dict__.items() if name not in _DERIVED}
        return {**state, "_interpreted": True}

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    @property
    def tree(self) -> Tree:
        """The syntax tree. The evaluation walks the same nodes, so nothing of it may be changed."""
        return self._tree

    @cached_property
    def _thunk(self) -> Thunk:
        return self._interpreter.build(self._tree)

    @cached_property
    def _interpreter(self) -> Interpreter:
        names = {t.name for t in self._tree.walk() if isinstance(t, Variable)}
        constants = {name: value for name in names if (value := constant(name)) is not None}
        return Interpreter(self._shapes, constants)

    @cached_property
    def _judge(self) -> Callable[[Run], bool | None]:
        return compile_truth(self._tree, self._interpreter, declared(self._focus or Shape()))

    @cached_property
    def _witness(self) -> Witness:
        return witness(self._tree, self._leaf, self.variables)

    def _leaf(self, tree: Tree) -> Callable[[Run], bool | None]:
        return compile_truth(tree, self._interpreter, declared(self._focus or Shape()))

    @cached_property
    def _plain_witness(self) -> Witness:
        return witness(self._tree, self._plain_leaf, self.variables)

    def _plain_leaf(self, tree: Tree) -> Callable[[Run], bool | None]:
        thunk = self._interpreter.build(tree)
        return lambda run: truth.truth(thunk(run, run.root))

    def _run(self, focus: Sequence[Any], scope: Scope) -> Run:
        return Run(scope, focus, self._focus)

    def prepare(self) -> None:
        """Do now what the first evaluation would have to do: write and compile the source of this criterion."""
        _ = self._judge, self._witness
        self._interpreted = False

    @property
    def prepared(self) -> bool:
        """Whether its source has been generated."""
        return "_judge" in self.__dict__ or "_witness" in self.__dict__

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """The numbers and quantities that it was written with, in the order of the text."""
        return tuple(numbers(self._tree))

    @property
    def limits(self) -> tuple[str, ...]:
        """The names of the limits that it reads, in the order of the text."""
        return tuple(dict.fromkeys(number.limit for number in self.numbers if number.limit))

    def part(self, tree: Tree) -> Expression:
        """A part of this expression by itself: one of the nodes of its tree, outside any brackets that move ``$this``. The same
        node gives the same part, so that what is kept by expression stays bounded.
        """
        found = self._parts.get(id(tree))
        if found is None:
            text = self.text[tree.start : tree.end]
            found = self._parts[id(tree)] = Expression(text, tree, self._focus, self._shapes, ())
        return found

    @cached_property
    def _parts(self) -> dict[int, Expression]:
        """By the identity of a node, which lives as long as the tree."""
        return {}

    def slips(self) -> Iterator[tuple[Slip, Expression]]:
        """The same expression with one operator exchanged for a likely mistake, once for each."""
        for slip in slips(self._tree):
            text = f"{self.text[: slip.start]}{slip.instead}{self.text[slip.end :]}"
            yield slip, Expression(text, slip.tree, self._focus, self._shapes, self.advice)

    def with_numbers(self, moved: Sequence[Number], steps: int) -> Expression:
        """The same expression with several of its numbers moved alike."""
        one = self
        for number in sorted(moved, key=lambda number: -number.start):
            one = one.with_number(number, steps)
        return one

    def with_number(self, number: Number, steps: int) -> Expression:
        """The same expression with one of its numbers moved by so many units of that number's last digit."""
        text = f"{self.text[: number.start]}{number.moved(steps)}{self.text[number.end :]}"
        return Expression(text, with_number(self._tree, number, steps), self._focus, self._shapes, self.advice)

    def items(self, focus: Sequence[Any], scope: Scope) -> list[tuple[str, Any]]:
        """Like :meth:`evaluate`, each item with its qualified type name (``FHIR.code``, ``System.Integer``)."""
        run = self._run(focus, scope)
        found = self._thunk(run, run.root)
        return as_complete_as(found, [(".".join(type_of(item)), leave(item)) for item in found])

    def evaluate(self, focus: Sequence[Any], scope: Scope) -> list[Any]:
        """The result: JSON for FHIR values, Python values for System ones; Incomplete if it could not be read whole.

        Raises :class:`LimitExceeded` if the budget is spent and :class:`EvaluationError` where FHIRPath says so.
        """
        if self._judged and (answer := self.truth(focus, scope)) is not None:
            return [answer]
        run = self._run(focus, scope)
        found = self._thunk(run, run.root)
        return as_complete_as(found, [leave(item) for item in found])

    def truth(self, focus: Sequence[Any], scope: Scope) -> bool | None:
        """The result as one truth value: True, False, or None for unknown. Raises as :meth:`evaluate` does."""
        if not self._interpreted:
            try:
                return self._judge(self._run(focus, scope))
            except Odd:
                pass
        run = self._run(focus, scope)
        return truth.truth(self._thunk(run, run.root))

    def account(self, focus: Sequence[Any], scope: Scope) -> Account:
        """The truth value with the variables that decided it. Raises as :meth:`evaluate` does."""
        if not self._interpreted:
            try:
                return self._witness(self._run(focus, scope))
            except Odd:
                pass
        return self._plain_witness(self._run(focus, scope))


def compile(  # noqa: A001 - the word for it, as in re.compile
    text: str,
    *,
    focus: Shape | None = None,
    variables: Mapping[str, Shape] = _EMPTY,
    value_sets: Mapping[str, ValueSet] = _EMPTY,
    limits: Mapping[str, Amount] = _EMPTY,
    want: Literal["boolean"] | None = None,
    profile: bool = True,
) -> Expression:
    """Compile FHIRPath over FHIR R4.

    ``focus``: what it will stand on, None for resources of any type; ``variables``: every ``%name`` it may read;
    ``value_sets``: what ``memberOf`` may name; ``limits``: what ``%limit.id`` stands for; ``want="boolean"``: it has to be
    a criterion; ``profile``: the subset for profiles, False for the whole language. Raises
    :class:`CompileError` with every error found.
    """
    report = Report(text)
    if profile and len(text) > LONGEST:
        raise report.fail(
            "SP104", 0, len(text), f"The expression has {len(text)} characters, {LONGEST} are allowed.", "Split it."
        )
    names = {*variables, NAME} if f"%{NAME}." in text else variables
    tree = parse(report, declared=names, nesting=NESTED)
    if names is not variables:
        tree = with_limits(tree, limits, report)
    checker = Checker(report, declared(focus or Shape()), variables, value_sets, profile=profile)
    ty = checker.check(tree)
    if want == "boolean":
        checker.truth(tree, ty, "A criterion")
    if report.errors:
        raise report.failure()
    return Expression(text, tree, focus, variables, report.advice)
