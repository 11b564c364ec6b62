"""Whom an edit changes: the same charts judged with two libraries, and every state, verdict and sentence that differs.

Ids and digests are no change: compared are what is decided, how loud, and the words.
"""

from __future__ import annotations

import gc
import multiprocessing
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from fhirpath_spine.authoring.comparing.patients import Patient
from fhirpath_spine.authoring.comparing.sharing import Shared, shared
from fhirpath_spine.errors import PreconditionError, RequestError, ScopeUndecidable
from fhirpath_spine.pathway.judging.evaluate import decide

if TYPE_CHECKING:
    from fhirpath_spine.authoring.comparing.patients import Sealed
    from fhirpath_spine.pathway.decision import Decision, Verdict
    from fhirpath_spine.pathway.judging.admission import Admitted
    from fhirpath_spine.pathway.model import Library
    from fhirpath_spine.pathway.sentences import Said
    from fhirpath_spine.pathway.truth import Truth

ABSENT, NOT_ASKED = "absent", "not asked"
ANSWERS: dict[Truth, str] = {True: "met", False: "not met", None: "unknown"}


class Criterion(NamedTuple):
    """A criterion that is answered otherwise, or asked on one side only."""

    role: str
    name: str
    before: str
    after: str


class Turn(NamedTuple):
    """One recommendation of one patient, or where ``id`` is empty a pathway, that is seen otherwise.

    ``criteria`` are those that turned it; ``words`` the sentences that came and went where the verdict is the same.
    """

    patient: str
    pathway: str
    lesion: str
    id: str
    before: str
    after: str
    criteria: tuple[Criterion, ...] = ()
    words: tuple[str, ...] = ()


class LeftOut(NamedTuple):
    """A patient whose chart cannot be read, and why."""

    patient: str
    why: str


PARALLEL = 64
"""Patients from which on several processes are worth their start."""


def turns(
    old: Library, new: Library, patients: Sequence[Patient | Sealed], processes: int = 1
) -> Iterator[Turn | LeftOut]:
    """All turns, patient by patient. What the libraries share is judged once; several processes share out the patients."""
    comparing = _Comparing(old, new, shared(old, new))
    if processes < 2 or len(patients) < PARALLEL or sys.platform != "linux":
        for patient in patients:
            yield from comparing.opened(patient)
        return
    # A fork inherits the libraries and the charts; only the turns travel.
    context = multiprocessing.get_context("fork")
    with context.Pool(processes, _inherit, (comparing, patients)) as pool:
        for found in pool.imap(_of_inherited, range(len(patients)), chunksize=8):
            yield from found


_INHERITED: list[tuple[_Comparing, Sequence[Patient | Sealed]]] = []
"""In a worker process: what it was started for."""


def _inherit(comparing: _Comparing, patients: Sequence[Patient | Sealed]) -> None:
    gc.freeze()  # what is inherited is not searched for circles, which would copy it page by page
    # A chart holds none, and is gone with its turns: to look after each 700 objects costs as much as reading it.
    gc.set_threshold(100_000, 5, 100)
    _INHERITED.append((comparing, patients))


def _of_inherited(number: int) -> list[Turn] | list[LeftOut]:
    comparing, patients = _INHERITED[-1]
    return comparing.opened(patients[number])


@dataclass(frozen=True, slots=True, eq=False)
class _Comparing:
    """Two libraries and what they share."""

    old: Library
    new: Library
    shared: Shared | None

    def opened(self, one: Patient | Sealed) -> list[Turn] | list[LeftOut]:
        """The turns of one patient, whose chart may have to be read first."""
        try:
            patient = one if isinstance(one, Patient) else one.open()
        except (PreconditionError, RequestError) as error:
            return [LeftOut(one.name, str(error))]
        return self.turns(patient)

    def turns(self, patient: Patient) -> list[Turn]:
        """The turns of one patient."""
        if self.old.digest == self.new.digest:
            return []
        before = self._before(patient)
        if before is None:
            return []
        after = _judged(self.new, patient)
        if isinstance(before, str) or isinstance(after, str):
            was, now = (x if isinstance(x, str) else "judged" for x in (before, after))
            return [Turn(patient.name, "", "", "", was, now)] if was != now else []
        name = patient.name
        return [*_states(name, before, after), *_verdicts(name, before, after), *_notices(name, before, after)]

    def _before(self, patient: Patient) -> Decision | str | None:
        """What the old library says; None where the new one cannot say otherwise."""
        if self.shared is None:
            return _judged(self.old, patient)
        self.shared.told.clear()
        looked: list[Admitted] = []
        decision = _judged(self.shared.watching, patient, looked.append)
        if isinstance(decision, str):
            return decision
        facts = looked[0].everyone.circumstances.facts if looked else None
        if not self.shared.is_touched(decision, facts, _said(decision)):
            return None
        return decision if self.shared.whole else _judged(self.old, patient)


def _judged(library: Library, patient: Patient, look: Callable[[Admitted], None] | None = None) -> Decision | str:
    """The decision, or in a word why there is none."""
    try:
        return decide(
            library,
            patient.chart,
            patient.at,
            patient.site,
            emergency=patient.emergency,
            audience=patient.audience,
            explained=False,
            look=look,
        )
    except ScopeUndecidable:
        return "refused: what could not be read leaves open which pathway applies"
    except PreconditionError as error:
        return f"refused: {type(error).__name__}"


def _states(patient: str, before: Decision, after: Decision) -> Iterator[Turn]:
    was, now = (
        {(e.id, e.lesion.key if e.lesion else ""): e.state or "no state" for e in d.entries} for d in (before, after)
    )
    for key in dict.fromkeys([*was, *now]):
        one, other = was.get(key, ABSENT), now.get(key, ABSENT)
        if one != other:
            yield Turn(patient, *key, "", one, other)


def _verdicts(patient: str, before: Decision, after: Decision) -> Iterator[Turn]:
    was, now = ({(v.pathway, v.lesion.key if v.lesion else "", v.id): v for v in d.verdicts} for d in (before, after))
    for key in dict.fromkeys([*was, *now]):
        one, other = was.get(key), now.get(key)
        said = _status(one), _status(other)
        words = _words(one, other) if said[0] == said[1] else ()
        if said[0] != said[1] or words:
            yield Turn(patient, *key, *said, _turned(one, other) if not words else (), words)


def _notices(patient: str, before: Decision, after: Decision) -> Iterator[Turn]:
    """Cards of the patient that belong to no pathway, and what stands at the head of all cards."""
    was, now = ({n.id: n for n in d.notices} for d in (before, after))
    for key in dict.fromkeys([*was, *now]):
        one, other = (f"shown ({n.indicator.value})" if (n := d.get(key)) else ABSENT for d in (was, now))
        said = [[_plain(n.headline), *map(_plain, n.lines)] if (n := d.get(key)) else [] for d in (was, now)]
        words = _changed(*said) if one == other else ()
        if one != other or words:
            yield Turn(patient, "", "", key, one, other, (), words)
    if words := _changed(list(map(_plain, before.head)), list(map(_plain, after.head))):
        yield Turn(patient, "", "", "head of the cards", "said", "said", (), words)


def _status(verdict: Verdict | None) -> str:
    """What is decided, with the urgency of what a card shows."""
    if verdict is None:
        return ABSENT
    loud = f" ({verdict.indicator.value})" if verdict.status.shown else ""
    return f"{verdict.status.value}{loud}" + (f" by {verdict.by}" if verdict.by else "")


def _turned(one: Verdict | None, other: Verdict | None) -> tuple[Criterion, ...]:
    was, now = (
        {(s.role, s.name): ANSWERS[s.answer] for s in v.steps if s.role != "said"} if v else {} for v in (one, other)
    )
    pairs = ((key, was.get(key, NOT_ASKED), now.get(key, NOT_ASKED)) for key in dict.fromkeys([*was, *now]))
    found = [Criterion(*key, a, b) for key, a, b in pairs if a != b]
    # What is asked on both sides says more than what was not come to.
    both = [c for c in found if NOT_ASKED not in (c.before, c.after)]
    return tuple(both or found)


def _said(decision: Decision) -> Iterator[str]:
    """Every sentence that is compared."""
    for verdict in decision.verdicts:
        yield from _sentences(verdict) if verdict.status.shown else ()
    for notice in decision.notices:
        yield from (_plain(notice.headline), *map(_plain, notice.lines))
    yield from map(_plain, decision.head)


def _words(one: Verdict | None, other: Verdict | None) -> tuple[str, ...]:
    return _changed(*(_sentences(v) if v is not None and v.status.shown else [] for v in (one, other)))


def _changed(was: Sequence[str], now: Sequence[str]) -> tuple[str, ...]:
    """Sentences that went, then those that came."""
    gone, come = (f"- {s}" for s in was if s not in now), (f"+ {s}" for s in now if s not in was)
    return (*gone, *come)


def _sentences(verdict: Verdict) -> list[str]:
    said = (
        *verdict.because,
        *verdict.lines,
        *verdict.cautions,
        *verdict.alternatives,
        *(b.said for b in verdict.beside),
    )
    return [verdict.title, *map(_plain, said)]


def _plain(said: Said) -> str:
    return "".join(map(str, said))
