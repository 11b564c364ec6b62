"""Every number of the profiles that a judgement turns on, and the library with one of them moved.

These are the numbers of expressions, the windows of needs and findings, the gaps between contradicting statements, the ranges
outside which a value is rejected, and the budget of cards. What only says how to read a value is none of them: factors of units,
and the points that a coded answer stands for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from fhirpath_spine.authoring.proving.variants import exchanged
from fhirpath_spine.authoring.proving.views import Views
from fhirpath_spine.authoring.source.nodes import Block, Scalar
from fhirpath_spine.fhirpath import step

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhirpath_spine.authoring.loading import Written
    from fhirpath_spine.authoring.source.nodes import Node
    from fhirpath_spine.diagnostics import Span
    from fhirpath_spine.fhirpath import Expression, Number
    from fhirpath_spine.pathway.facts.needs import Need, Value
    from fhirpath_spine.pathway.model import Library
Path = tuple[str, ...]
_UNSAID = frozenset({"needs", "define", "recommendations", "holds", "kinds", "sources", "test", "value"})
"""Keys that a name leaves out: they say what kind of thing it is, and its own name says more."""


@dataclass(frozen=True, slots=True, eq=False)
class Threshold(ABC):
    """One number. ``name`` says what it decides and how it is written; ``exempt.yaml`` calls it by that."""

    name: str
    span: Span

    @abstractmethod
    def moved(self, library: Library, steps: int) -> Library:
        """The library with the number so many units of its last digit higher."""


@dataclass(frozen=True, slots=True, eq=False)
class InExpression(Threshold):
    """A number of an expression; what a module writes once is compiled for each kind of pathway that uses it."""

    number: Number
    expressions: tuple[Expression, ...]

    def variants(self, steps: int) -> dict[Expression, Expression]:
        """Each expression that holds it, with the number moved."""
        return {one: one.with_number(self.number, steps) for one in self.expressions}

    def moved(self, library: Library, steps: int) -> Library:
        """See :class:`Threshold`."""
        return exchanged(library, self.variants(steps))


@dataclass(frozen=True, slots=True, eq=False)
class Days(Threshold):
    """A window up to today, or a gap ``between`` two dates of a chart, in calendar days."""

    days: int
    between: bool
    change: Callable[[Library, int], Library]

    def moved(self, library: Library, steps: int) -> Library:
        """See :class:`Threshold`."""
        return self.change(library, self.days + steps)


@dataclass(frozen=True, slots=True, eq=False)
class OfLimit(Threshold):
    """A number with a name of its own: all expressions and all windows that name it move together."""

    numbers: Mapping[Expression, tuple[Number, ...]]
    windows: tuple[Days, ...]

    def variants(self, steps: int) -> dict[Expression, Expression]:
        """Each expression that reads it, with the number moved."""
        return {one: one.with_numbers(numbers, steps) for one, numbers in self.numbers.items()}

    def moved(self, library: Library, steps: int) -> Library:
        """See :class:`Threshold`."""
        library = exchanged(library, self.variants(steps))
        for one in self.windows:
            library = one.moved(library, steps)
        return library


@dataclass(frozen=True, slots=True, eq=False)
class Range(Threshold):
    """One end of the plausible range of a value of a need, or of a component of it."""

    need: Need
    component: str
    high: bool
    views: tuple[Need, ...] = ()
    """Needs that read the same values."""

    @property
    def value(self) -> Value:
        """How the value is read."""
        value = self.need.components[self.component] if self.component else self.need.value
        assert value is not None  # noqa: S101 - it has a range
        return value

    def widened(self, steps: int) -> Value:
        """How it is read with this end of its range moved."""
        assert self.value.plausible is not None  # noqa: S101 - this is an end of it
        low, high = self.value.plausible
        return replace(self.value, plausible=(low, step(high, steps)) if self.high else (step(low, steps), high))

    def moved(self, library: Library, steps: int) -> Library:
        """See :class:`Threshold`."""
        value = self.widened(steps)
        needs = {one.name: self._with(one, value) for one in (self.need, *self.views)}
        return replace(library, needs={**library.needs, **needs})

    def _with(self, need: Need, value: Value) -> Need:
        if self.component:
            return replace(need, components={**need.components, self.component: value})
        return replace(need, value=value)


@dataclass(frozen=True, slots=True, eq=False)
class Cards(Threshold):
    """How many cards of pathways an answer may carry."""

    cards: int

    def moved(self, library: Library, steps: int) -> Library:
        """See :class:`Threshold`."""
        budget = replace(library.policy.budget, cards=self.cards + steps)
        return replace(library, policy=replace(library.policy, budget=budget))


def find_thresholds(library: Library, written: Written) -> list[Threshold]:
    """All of them, in the order of the files."""
    paths = {id(scalar): (path, scalar) for path, scalar in scalars(written.content)}
    found: list[Threshold] = [*_in_expressions(written, {key: path for key, (path, _) in paths.items()})]
    windows: dict[str, list[Days]] = {}
    views = Views(library, (path for path, _ in paths.values()))
    for path, scalar in paths.values():
        if (one := _bare(library, path, scalar, views)) is not None:
            named = scalar.partition("limit.")[2]
            if isinstance(one, Days) and named:
                windows.setdefault(named, []).append(one)
            else:
                found.append(one)
    found += _of_limits(library, written, paths.values(), windows)
    return sorted(found, key=lambda one: _order(one.span))


def _of_limits(
    library: Library, written: Written, texts: Iterable[tuple[Path, Scalar]], windows: Mapping[str, list[Days]]
) -> Iterator[OfLimit]:
    read: dict[str, dict[Expression, tuple[Number, ...]]] = {}
    for compiled in written.expressions:
        for name in compiled.expression.limits:
            numbers = tuple(one for one in compiled.expression.numbers if one.limit == name)
            read.setdefault(name, {})[compiled.expression] = numbers
    for path, scalar in texts:
        if path[-1] == "value" and path[-3:-2] == ("limits",) and path[-2] in library.limits:
            name = path[-2]
            yield OfLimit(f"limit {name} {scalar}", scalar.span, read.get(name, {}), tuple(windows.get(name, ())))


def _order(span: Span) -> tuple[str, int, int]:
    return span.file, span.line, span.column


def scalars(content: Mapping[str, Node | str]) -> Iterator[tuple[Path, Scalar]]:
    """Every text of the files with the keys that lead to it; an entry of a list counts by its id or by its need."""
    for node in content.values():
        if not isinstance(node, str) or isinstance(node, Scalar):
            start = (str(node["id"]),) if isinstance(node, Block) and "id" in node else ()
            yield from _below(node, start)


def _below(node: Node, path: Path) -> Iterator[tuple[Path, Scalar]]:
    if isinstance(node, Scalar):
        yield path, node
    elif isinstance(node, Block):
        for key, value in node.items():
            yield from _below(value, (*path, str(key)))
    else:
        for number, value in enumerate(node):
            yield from _below(value, (*path, *_entry(value, number)))


def _entry(value: Node, number: int) -> Path:
    if isinstance(value, Block):
        if len(value) == 1:
            return ()
        named = value.get("id", value.get("need"))
        if isinstance(named, Scalar):
            return (str(named),)
    return (str(number),)


def _name(path: Path) -> str:
    return " ".join(part for part in path if part not in _UNSAID)


# ---------------------------------------------------------------------- in expressions


@dataclass(slots=True)
class _Place:
    number: Number
    name: str
    expressions: list[Expression] = field(default_factory=list)


def _in_expressions(written: Written, paths: Mapping[int, Path]) -> Iterator[InExpression]:
    places: dict[Span, _Place] = {}
    for compiled in written.expressions:
        if compiled.expression.limits and not compiled.expression.variables:
            continue  # what a sentence says of a limit decides nothing
        for number in (one for one in compiled.expression.numbers if not one.limit):
            span = compiled.origin.place(compiled.shift + number.start, number.end - number.start)
            name = f"{_name(paths.get(id(compiled.origin), (span.file,)))} {compiled.text[number.start : number.end]}"
            places.setdefault(span, _Place(number, name)).expressions.append(compiled.expression)
    seen: Counter[str] = Counter()
    for span, place in sorted(places.items(), key=lambda pair: _order(pair[0])):
        seen[place.name] += 1
        name = f"{place.name} ({seen[place.name]})" if seen[place.name] > 1 else place.name
        yield InExpression(name, span, place.number, tuple(place.expressions))


# ---------------------------------------------------------------------- by themselves


def _bare(library: Library, path: Path, scalar: Scalar, views: Views) -> Threshold | None:
    name, span = f"{_name(path)} {scalar}", scalar.span
    match path:
        case (*_, "needs", need, "within"):
            change = partial(_window, (need, *views.of(need, "within")))
            return Days(name, span, library.needs[need].within or 0, between=False, change=change)
        case ("findings", "new" | "open" as which):
            days = next((getattr(f, f"{which}_days") for f in library.findings.values()), 0)
            return Days(name, span, days, between=False, change=partial(_finding, f"{which}_days"))
        case ("ranked", fact, "gap"):
            return Days(name, span, library.ranked[fact].gap_days, between=True, change=partial(_gap, fact))
        case ("conflict-gap",):
            return Days(name, span, _count(scalar), between=True, change=_conflict)
        case ("budget", "cards"):
            return Cards(name, span, _count(scalar))
        case (*_, "needs", need, "value", "plausible", end):
            also = tuple(library.needs[one] for one in views.of(need))
            return Range(_end(need, "", end, scalar), span, library.needs[need], "", high=end == "1", views=also)
        case (*_, "needs", need, "components", part, "plausible", end):
            also = tuple(library.needs[one] for one in views.of(need))
            name = _end(need, f" {part}", end, scalar)
            return Range(name, span, library.needs[need], part, high=end == "1", views=also)
    return None


def _end(need: str, part: str, end: str, scalar: Scalar) -> str:
    return f"{need}{part} plausible {'to' if end == '1' else 'from'} {scalar}"


def _count(scalar: Scalar) -> int:
    return int(scalar.split()[0])


def _window(names: Iterable[str], library: Library, days: int) -> Library:
    moved = {name: replace(library.needs[name], within=days) for name in names}
    return replace(library, needs={**library.needs, **moved})


def _finding(which: str, library: Library, days: int) -> Library:
    """The windows of findings stand once for all kinds."""
    change: dict[str, Any] = {which: days}
    return replace(library, findings={n: replace(f, **change) for n, f in library.findings.items()})


def _gap(name: str, library: Library, days: int) -> Library:
    return replace(library, ranked={**library.ranked, name: replace(library.ranked[name], gap_days=days)})


def _conflict(library: Library, days: int) -> Library:
    return replace(library, policy=replace(library.policy, conflict_days=days))
