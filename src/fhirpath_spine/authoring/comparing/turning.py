"""Whom an edit changes: the same charts judged with two libraries, and every state, verdict and sentence that differs.

Ids and digests are no change: compared are what is decided, how loud, and the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from fhirpath_spine.errors import PreconditionError, ScopeUndecidable
from fhirpath_spine.pathway.judging.evaluate import decide

if TYPE_CHECKING:
    from fhirpath_spine.authoring.comparing.patients import Patient
    from fhirpath_spine.pathway.decision import Decision, Verdict
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


def turns(old: Library, new: Library, patients: Iterable[Patient]) -> Iterator[Turn]:
    """All turns, patient by patient."""
    for patient in patients:
        before, after = _judged(old, patient), _judged(new, patient)
        if isinstance(before, str) or isinstance(after, str):
            was, now = (x if isinstance(x, str) else "judged" for x in (before, after))
            if was != now:
                yield Turn(patient.name, "", "", "", was, now)
            continue
        yield from _states(patient.name, before, after)
        yield from _verdicts(patient.name, before, after)
        yield from _notices(patient.name, before, after)


def _judged(library: Library, patient: Patient) -> Decision | str:
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
