"""Whether the cases hold every threshold on both sides: one step up and one step down, some case has to fail.

Each number is moved by one unit of its last digit, and the cases are judged again with the library that comes of it. Only cases
that pass count, and only by what they expect: a change that no case would complain of holds nothing. Judged again are those cases
alone in which the move can matter: an expression answers otherwise, or a date or value lies just at the limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.cases.running import Outcome, judge
from fhirpath_spine.authoring.proving.thresholds import Cards, Days, InExpression, OfLimit, Range, find_thresholds
from fhirpath_spine.authoring.proving.variants import Watched, watching
from fhirpath_spine.errors import SpineError
from fhirpath_spine.pathway.decision import CardKind
from fhirpath_spine.pathway.facts.dates import stamp
from fhirpath_spine.pathway.facts.needs import known
from fhirpath_spine.pathway.facts.reading import codings, date_texts, items
from fhirpath_spine.pathway.facts.values import read_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fhirpath_spine.authoring.cases.charts import Scene
    from fhirpath_spine.authoring.cases.running import Run
    from fhirpath_spine.authoring.cases.stories import Story
    from fhirpath_spine.authoring.proving.thresholds import Threshold
    from fhirpath_spine.fhirpath import Expression
    from fhirpath_spine.pathway.decision import Decision
    from fhirpath_spine.pathway.facts.chart import Resource
    from fhirpath_spine.pathway.facts.dates import Stamp
    from fhirpath_spine.pathway.model import Library
UP, DOWN = 1, -1
WAYS = {UP: "up", DOWN: "down"}


@dataclass(frozen=True, slots=True)
class Move:
    """A threshold that stands so many steps higher, or lower."""

    threshold: Threshold
    steps: int

    @property
    def way(self) -> str:
        """``up`` or ``down``."""
        return WAYS[self.steps]


@dataclass(frozen=True, slots=True)
class Borders:
    """All thresholds, and the moves of which no case complains."""

    thresholds: tuple[Threshold, ...]
    open: tuple[Move, ...]


def passing(run: Run) -> list[Case]:
    """The cases of a run that hold something."""
    return [
        Case(r.story, r.scene, r.decision) for r in run.results if r.outcome is Outcome.PASS and r.scene is not None
    ]


def borders(run: Run, wanted: Callable[[str], bool] = lambda _: True) -> Borders:
    """Moves every threshold of a run's profiles that stands in a wanted file, and judges its cases again."""
    found = [one for one in find_thresholds(run.library, run.written) if wanted(one.span.file)]
    cases = passing(run)
    differing = _differing(run.library, found, cases)
    open_ = []
    for move in (Move(threshold, steps) for threshold in found for steps in WAYS):
        touched = differing.get(move, []) if isinstance(move.threshold, InExpression | OfLimit) else []
        if not isinstance(move.threshold, InExpression):
            touched = [case for case in cases if case in touched or case.is_touched(move)]
        if not touched or not _fails_any(move.threshold.moved(run.library, move.steps), touched):
            open_.append(move)
    return Borders(tuple(found), tuple(open_))


def _fails_any(library: Library, cases: list[Case]) -> bool:
    return any(case.fails(library) for case in cases)


def _differing(library: Library, found: list[Threshold], cases: list[Case]) -> dict[Move, list[Case]]:
    """The cases in which an expression answers otherwise once a number of it is moved."""
    variants: dict[Expression, dict[Move, Expression]] = {}
    for threshold in found:
        if isinstance(threshold, InExpression | OfLimit):
            for steps in WAYS:
                for one, other in threshold.variants(steps).items():
                    variants.setdefault(one, {})[Move(threshold, steps)] = other
    told: set[Move] = set()
    watched = watching(library, {one: Watched(one, others, told.add) for one, others in variants.items()})
    differing: dict[Move, list[Case]] = {}
    for case in cases:
        told.clear()
        case.fails(watched)
        for move in told:
            differing.setdefault(move, []).append(case)
    return differing


@dataclass(eq=False)
class Case:
    """A case that passes, and what of its chart can lie at a border."""

    story: Story
    scene: Scene
    decision: Decision | None

    def fails(self, library: Library) -> bool:
        """Whether another library decides what the case does not expect. An error is no decision, so it holds nothing."""
        try:
            return bool(judge(library, self.story, self.scene)[1])
        except SpineError:
            return False

    def is_touched(self, move: Move) -> bool:
        """Whether moving the threshold can change anything here; an expression has been asked already."""
        match move.threshold:
            case Days() as window:
                return self._is_at(window, move.steps)
            case OfLimit(windows=windows):
                return any(self._is_at(window, move.steps) for window in windows)
            case Range() as end:
                moved = end.widened(move.steps)
                return any(read_value(p, end.value) != read_value(p, moved) for p in self._parts(end))
            case Cards(cards=cards):
                planned = self.decision.cards if self.decision else ()
                return sum(card.kind is CardKind.PATHWAY for card in planned) >= cards
        return True

    def _is_at(self, window: Days, steps: int) -> bool:
        limit = max(window.days, window.days + steps)
        return self._partial or limit in (self._distances if window.between else self._ages)

    @cached_property
    def _stamps(self) -> list[Stamp]:
        found = (stamp(text, UTC) for one in self._resources() for text in date_texts(one))
        return [one for one in found if one is not None]

    @cached_property
    def _partial(self) -> bool:
        return any(len(one.day) < len("2026-06-15") for one in self._stamps)

    @cached_property
    def _ages(self) -> frozenset[int]:
        return frozenset((self.scene.at.date() - one.first).days for one in self._stamps)

    @cached_property
    def _distances(self) -> frozenset[int]:
        return frozenset(abs(one - other) for one in self._ages for other in self._ages)

    def _parts(self, end: Range) -> Iterator[Resource]:
        """What the value is read from, here."""
        for one in self._resources():
            if one.get("resourceType") == "Observation" and known(end.need.codes, codings(one.get("code"))):
                yield one
                yield from (part for part in items(one.get("component")) if isinstance(part, dict))

    def _resources(self) -> Iterator[Resource]:
        for read in self.scene.chart.reads.values():
            yield from read.resources
        yield from self.scene.chart.drafts
