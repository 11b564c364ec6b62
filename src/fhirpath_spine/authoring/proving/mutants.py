"""Whether the cases notice a mistake: each operator exchanged, each criterion dropped, each number moved a step, and for each of
these some case has to fail.

An exchanged operator is asked beside the written one while all cases are judged once; judged again are those cases alone in which
it answers otherwise, until one fails. A dropped criterion is looked for where it was asked and answered against its
recommendation. A case that noticed the last mistakes is asked first: mistakes of one place are often noticed by one case.
"""

from __future__ import annotations

import gc
import multiprocessing
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from fhirpath_spine.authoring.proving.borders import WAYS, Case, borders, passing
from fhirpath_spine.authoring.proving.variants import Watched, exchanged, watching
from fhirpath_spine.pathway.asking import reach
from fhirpath_spine.pathway.asking.untold import untold

if TYPE_CHECKING:
    from fhirpath_spine.authoring.cases.running import Run
    from fhirpath_spine.diagnostics import Span
    from fhirpath_spine.fhirpath import Expression
    from fhirpath_spine.pathway.model import Criterion, Library, Pathway, Recommendation

ENOUGH = 0.9
"""The part of all mistakes that some case has to notice."""
_FEW = 20
"""Cases for which it does not pay to find out what a library may keep of one for the next."""
AGAINST = {"when": False}
"""The answer with which a criterion of a role stands against its recommendation; of any other role it is True."""


class Mistake(NamedTuple):
    """One mistake: what it would be, by which ``exempt.yaml`` calls it, and where it would be made."""

    name: str
    span: Span

    @property
    def place(self) -> str:
        """The place in words."""
        return str(self.span)


@dataclass(frozen=True, slots=True, eq=False)
class _Slip:
    """An operator exchanged in each expression that one text was compiled to."""

    mistake: Mistake
    others: dict[Expression, Expression]

    def library(self, library: Library) -> Library:
        """The library with the mistake in it."""
        return exchanged(library, self.others)


@dataclass(frozen=True, slots=True, eq=False)
class _Dropped:
    """A criterion left out of a recommendation."""

    mistake: Mistake
    id: str
    role: str
    name: str

    def library(self, library: Library) -> Library:
        """The library with the mistake in it."""
        made: dict[int, Recommendation] = {}
        for use in (use for pathway in library.pathways for use in pathway.uses):
            one = use.recommendation
            if one.id == self.id:
                kept: Any = tuple(c for c in getattr(one, self.role) if c.name != self.name)
                made[id(one)] = made.get(id(one)) or replace(one, **{self.role: kept})
        pathways = tuple(
            replace(
                p,
                uses=tuple(replace(u, recommendation=made.get(id(u.recommendation), u.recommendation)) for u in p.uses),
            )
            for p in library.pathways
        )
        return reach.names_as(replace(library, pathways=pathways), library)

    def may_notice(self, case: Case) -> bool:
        """Whether a case asked the criterion, and got an answer that matters."""
        if case.decision is None:
            return False
        neutral = not AGAINST.get(self.role, True)
        return any(
            step.role == self.role and step.name == self.name and step.answer is not neutral
            for verdict in case.decision.verdicts
            if verdict.id == self.id
            for step in verdict.steps
        )


@dataclass(slots=True)
class Mutation:
    """What came of it: all mistakes, those that no case noticed, and the reasons why some need not be noticed."""

    mistakes: int = 0
    survivors: list[Mistake] = field(default_factory=list)
    explained: dict[str, str] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)
    kinds: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Kind of mistake -> how many were noticed, of how many."""
    parts: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Pathway, module or shared file -> the same, by where the mistake would be made."""

    @property
    def score(self) -> float:
        """The part that was noticed."""
        return 1 - len(self.survivors) / self.mistakes if self.mistakes else 1.0

    @property
    def enough(self) -> bool:
        """Whether so much is noticed as has to be, in all and in each pathway, and no reason is left over."""
        pathways = [noticed / made for part, (noticed, made) in self.parts.items() if not part.endswith(".yaml")]
        return min([self.score, *pathways]) >= ENOUGH and not self.stale

    @property
    def unexplained(self) -> list[Mistake]:
        """Survivors without a reason."""
        return [one for one in self.survivors if one.name not in self.explained]


def mutate(
    run: Run, wanted: Callable[[str], bool], processes: int = 1, tell: Callable[[int, int], None] | None = None
) -> Mutation:
    """Makes every mistake in the files that are ``wanted``, and judges the cases of a run again.

    ``tell`` hears how many of how many were tried.
    """
    cases, library = passing(run), run.library
    everywhere: list[_Slip | _Dropped] = [*_slips(run, lambda _: True), *_drops(run, lambda _: True)]
    operators = [one for one in everywhere if isinstance(one, _Slip) and wanted(one.mistake.span.file)]
    dropped = [one for one in everywhere if isinstance(one, _Dropped) and wanted(one.mistake.span.file)]
    tried = _Tried(library, cases, _differing(library, operators, cases), operators, dropped)
    total = len(operators) + len(dropped)
    noticed: list[bool] = []
    for answer in _all(tried, total, processes):
        noticed.append(answer)
        if tell is not None:
            tell(len(noticed), total)
    out = Mutation()
    out.kinds["operators"] = (sum(noticed[: len(operators)]), len(operators))
    out.kinds["criteria"] = (sum(noticed[len(operators) :]), len(dropped))
    found = [*(one.mistake for one in operators), *(one.mistake for one in dropped)]
    out.survivors = [one for one, was in zip(found, noticed, strict=True) if not was]
    moved = borders(run, wanted)
    out.survivors += [Mistake(f"{m.threshold.name} {m.way}", m.threshold.span) for m in moved.open]
    out.parts = _parts([*found, *(Mistake("", t.span) for t in moved.thresholds for _ in WAYS)], out.survivors)
    moves = 2 * len(moved.thresholds)
    out.kinds["numbers"] = (moves - len(moved.open), moves)
    out.mistakes = total + moves
    reasons = {str(e.name): str(e.reason) for e in run.exemptions.mutants}
    reasons |= {f"{e.name} {way}": str(e.reason) for e in run.exemptions.thresholds for way in e.moves}
    alive = {one.name for one in out.survivors}
    out.explained = {name: why for name, why in reasons.items() if name in alive}
    own = {str(e.name) for e in run.exemptions.mutants}
    known, there = {one.name for one in found}, {one.mistake.name for one in everywhere}
    out.stale = sorted(name for name in own if name not in there or (name in known and name not in alive))
    return out


def _parts(made: Sequence[Mistake], survivors: Sequence[Mistake]) -> dict[str, tuple[int, int]]:
    """How many were noticed of how many, by the folder of a pathway, the file of a module, or the shared file."""
    both = [Counter(_short(one.span.file).removesuffix("/pathway.yaml") for one in ones) for ones in (made, survivors)]
    return {part: (number - both[1][part], number) for part, number in sorted(both[0].items())}


def _short(file: str) -> str:
    """The name of a file in its set."""
    return file.rpartition("profiles/")[2]


@dataclass(frozen=True, slots=True, eq=False)
class _Tried:
    """All that is needed to try a mistake by its number."""

    library: Library
    cases: Sequence[Case]
    differing: dict[int, list[int]]
    operators: Sequence[_Slip]
    dropped: Sequence[_Dropped]
    _sharp: dict[int, int] = field(default_factory=dict)
    """Number of a case -> the last mistake that it noticed."""

    def is_noticed(self, number: int) -> bool:
        """Whether some case fails once the mistake is made."""
        if number < len(self.operators):
            one: _Slip | _Dropped = self.operators[number]
            touched = self.differing.get(number, [])
        else:
            one = self.dropped[number - len(self.operators)]
            touched = [k for k, case in enumerate(self.cases) if one.may_notice(case)]
        library = one.library(self.library) if touched else self.library
        if 0 < len(touched) < _FEW:
            untold(library).keeps = False
        for k in sorted(touched, key=lambda k: -self._sharp.get(k, -1)):
            if self.cases[k].fails(library):
                self._sharp[k] = number
                return True
        return False


_INHERITED: list[_Tried] = []


def _inherit(tried: _Tried) -> None:
    gc.freeze()
    _INHERITED.append(tried)


def _of_inherited(number: int) -> bool:
    return _INHERITED[-1].is_noticed(number)


def _all(tried: _Tried, total: int, processes: int) -> Iterator[bool]:
    if processes < 2 or total < 100 or sys.platform != "linux":
        yield from map(tried.is_noticed, range(total))
        return
    with multiprocessing.get_context("fork").Pool(processes, _inherit, (tried,)) as pool:
        yield from pool.imap(_of_inherited, range(total), chunksize=4)


def _slips(run: Run, wanted: Callable[[str], bool]) -> Iterator[_Slip]:
    """An operator of a test or definition, exchanged; what only a sentence reads, or nothing, is left alone."""
    acting = set(reach.expressions(_open(run.library)))
    made: dict[tuple[Span, str], _Slip] = {}
    for compiled in run.written.expressions:
        if (
            compiled.expression not in acting
            or str(compiled.origin) != compiled.text
            or not wanted(compiled.origin.span.file)
        ):
            continue
        for slip, other in compiled.expression.slips():
            span = compiled.origin.place(slip.start, max(1, slip.end - slip.start))
            key = (span, slip.instead)
            if key not in made:
                name = f"{_short(span.file)} {slip.written} -> {slip.instead or 'nothing'} in {compiled.text}"
                made[key] = _Slip(Mistake(f"{name} at {slip.start}", span), {})
            made[key].others[compiled.expression] = other
    yield from made.values()


def _drops(run: Run, wanted: Callable[[str], bool]) -> Iterator[_Dropped]:
    places = {compiled.expression: compiled.origin.span for compiled in run.written.expressions}
    seen: set[tuple[str, str, str]] = set()
    for use in (use for pathway in _open(run.library).pathways for use in pathway.uses):
        one = use.recommendation
        criteria: Iterator[tuple[str, Criterion]] = reach.criteria(one)
        for role, criterion in criteria:
            key, span = (one.id, role, criterion.name), places.get(criterion.test)
            if one.suppressed or key in seen or span is None or not wanted(span.file):
                continue
            seen.add(key)
            yield _Dropped(Mistake(f"{one.id} {role} {criterion.name} dropped", span), *key)


def _open(library: Library) -> Library:
    """The library without what never decides: beside a criterion that is literally false, no other of ``when`` matters."""
    made: list[Pathway] = []
    for pathway in library.pathways:
        uses = []
        for use in pathway.uses:
            shut = tuple(c for c in use.recommendation.when if c.test.text == "false")
            uses.append(replace(use, recommendation=replace(use.recommendation, when=shut)) if shut else use)
        made.append(replace(pathway, uses=tuple(uses)))
    return replace(library, pathways=tuple(made))


def _differing(library: Library, operators: Sequence[_Slip], cases: Sequence[Case]) -> dict[int, list[int]]:
    """For each exchanged operator the cases in which an expression answers otherwise."""
    variants: dict[Expression, dict[int, Expression]] = {}
    for number, slip in enumerate(operators):
        for one, other in slip.others.items():
            variants.setdefault(one, {})[number] = other
    told: set[int] = set()
    watched = watching(library, {one: Watched(one, others, told.add) for one, others in variants.items()})
    differing: dict[int, list[int]] = {}
    for number, case in enumerate(cases):
        told.clear()
        case.fails(watched)
        for slip_number in told:
            differing.setdefault(slip_number, []).append(number)
    return differing
