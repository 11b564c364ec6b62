"""Why a recommendation is what it is, or why it is nowhere: each criterion of its pathways and its own, opened to the data.

A pathway that does not apply is asked all the same, in what is known once the chart is judged, so that it can be said which
criterion of it fails and on which datum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from fhirpath_spine.fhirpath import Expression
from fhirpath_spine.pathway.asking.environment import Environment
from fhirpath_spine.pathway.asking.opening import Deciding, Opened, deciding, opened
from fhirpath_spine.pathway.asking.reach import ADVISED, OPEN
from fhirpath_spine.pathway.decision import Decision, Evidence, Missing, Status, Step, Verdict
from fhirpath_spine.pathway.judging.admission import Admitted, Asked, Entry
from fhirpath_spine.pathway.lesions.lesion import LesionRef
from fhirpath_spine.pathway.model import Criterion, Library, Pathway, Recommendation, Use
from fhirpath_spine.pathway.truth import Truth

ROLES = ("excluded", "satisfied", "when", "blocked", "caution")
"""The lists of a recommendation, in the order in which they are looked at."""


class Question(NamedTuple):
    """One criterion with its answer, what it reads, and of that what decided; ``at`` the lesion, where it is asked of each."""

    role: str
    name: str
    expression: str
    answer: Truth
    evidence: tuple[Evidence, ...]
    missing: tuple[Missing, ...]
    parts: tuple[Opened, ...]
    decides: Deciding
    decided_by: tuple[str, ...]
    at: str = ""


class Considered(NamedTuple):
    """One recommendation in one pathway. ``verdict`` is None where the pathway does not apply, or shows it elsewhere."""

    id: str
    title: str
    verdict: Verdict | None
    imposed: tuple[Step, ...]
    questions: tuple[Question, ...]
    decides: tuple[str, ...]
    """The fewest data with which all of its unknown criteria would be decided."""


class Why(NamedTuple):
    """One pathway for one lesion, or for the patient. ``barrier`` is why it was not even asked: retired, no lesion, or that
    whether there is one could not be read, so that it may apply.
    """

    pathway: str
    version: str
    title: str
    lesion: LesionRef | None
    applies: Truth
    state: str
    barrier: str
    questions: tuple[Question, ...]
    recommendations: tuple[Considered, ...]


class Seen:
    """Keeps what a judgement entered; given as ``look``."""

    def __init__(self) -> None:
        self.admitted: Admitted | None = None

    def __call__(self, admitted: Admitted) -> None:
        """Keep it."""
        self.admitted = admitted


def consider(
    library: Library, decision: Decision | None, admitted: Admitted, wanted: Callable[[str], bool]
) -> Iterator[Why]:
    """Every pathway, those that apply first; of each the recommendations that are wanted."""
    entered: set[tuple[str, str | None]] = set()
    for entry in admitted.entries:
        key = entry.lesion.key if entry.lesion else None
        entered.add((entry.pathway.id, key))
        asked = [a for a in admitted.asked if a.pathway is entry.pathway and a.lesion == key]
        yield _entered(entry, asked, decision, wanted)
    for asked_one in admitted.asked:
        if (asked_one.pathway.id, asked_one.lesion) not in entered:
            yield _refused(asked_one, decision, admitted, wanted)
    named = {a.pathway.id for a in admitted.asked} | {p for p, _ in entered}
    barrier, applies = ("no-lesion", False) if admitted.everyone.circumstances.complete else ("lesions-unread", None)
    for pathway in library.pathways:
        if pathway.id not in named:
            why = ("retired", False) if pathway.status == "retired" else (barrier, applies)
            considered = _considered(pathway, None, _imagined(pathway, admitted.everyone), decision, wanted)
            yield Why(pathway.id, pathway.version, pathway.title, None, why[1], "", why[0], (), considered)


def _entered(entry: Entry, asked: list[Asked], decision: Decision | None, wanted: Callable[[str], bool]) -> Why:
    pathway, lesion = entry.pathway, entry.lesion.ref if entry.lesion else None
    questions = tuple(q for a in asked for q in _scope(a))
    considered = _considered(pathway, lesion, entry.env, decision, wanted, entry.for_patient)
    applies = None if entry.doubt else True
    return Why(pathway.id, pathway.version, pathway.title, lesion, applies, entry.state, "", questions, considered)


def _refused(asked: Asked, decision: Decision | None, admitted: Admitted, wanted: Callable[[str], bool]) -> Why:
    """A pathway that was asked and does not apply. What its recommendations would read is asked in the state that it had."""
    pathway = asked.pathway
    lesion = next((x for x in admitted.everyone.circumstances.lesions if x.key == asked.lesion), None)
    ref = lesion.ref if lesion else None
    considered = _considered(pathway, ref, _imagined(pathway, asked.env), decision, wanted)
    answer = asked.answer.truth
    return Why(pathway.id, pathway.version, pathway.title, ref, answer, "", "", tuple(_scope(asked)), considered)


def _imagined(pathway: Pathway, env: Environment) -> Environment:
    """What the recommendations of a pathway would be asked in if it applied."""
    env = env.with_given({"pathway": [pathway.id]})
    state = next((s.name for s in pathway.states if env.ask(s.test).truth), None)
    return env.with_given({"state": [state] if state else []})


def _scope(asked: Asked) -> Iterator[Question]:
    if asked.role == "gate":
        gate = asked.env.circumstances.library.policy.gate
        if gate is not None:
            yield _question("gate", "open", gate.open, asked.env)
        return
    pathway = asked.pathway
    for criterion in pathway.applies if asked.role == "applies" else pathway.without_lesion:
        yield _question(asked.role, criterion.name, criterion.test, asked.env)


# ---------------------------------------------------------------------- recommendations


def _considered(
    pathway: Pathway,
    lesion: LesionRef | None,
    env: Environment,
    decision: Decision | None,
    wanted: Callable[[str], bool],
    for_patient: Environment | None = None,
) -> tuple[Considered, ...]:
    verdicts = decision.verdicts if decision is not None else ()
    told = _told(verdicts)
    found = []
    for use in pathway.uses:
        if wanted(use.recommendation.id):
            own = for_patient if use.recommendation.per_patient and for_patient is not None else env
            verdict = _verdict(use.recommendation, pathway.id, lesion, verdicts)
            found.append(_one(use, own.with_given(told), verdict))
    return tuple(found)


def _told(verdicts: Iterable[Verdict]) -> dict[str, list[str]]:
    """What the judgement has advised and shown."""
    verdicts = list(verdicts)
    return {
        ADVISED: [v.id for v in verdicts if v.status is Status.RECOMMENDED],
        OPEN: list(dict.fromkeys(v.kind for v in verdicts if v.status.shown)),
    }


def _verdict(
    recommendation: Recommendation, pathway: str, lesion: LesionRef | None, verdicts: Iterable[Verdict]
) -> Verdict | None:
    for verdict in verdicts:
        if verdict.id == recommendation.id and verdict.pathway == pathway and verdict.lesion in (None, lesion):
            return verdict
    return None


def _one(use: Use, env: Environment, verdict: Verdict | None) -> Considered:
    recommendation = use.recommendation
    questions = [_question("use", "in this pathway", use.when, env)] if use.when is not None else []
    for role in ROLES:
        for criterion in getattr(recommendation, role):
            questions += _asked_of(role, criterion, env)
    own = {(q.role, q.name) for q in questions}
    imposed = tuple(s for s in (verdict.steps if verdict else ()) if (s.role, s.name) not in own and s.role != "said")
    imposed = tuple(s for s in imposed if s.role != "use")
    # A criterion that is shown as unknown of several lesions is decided with that of any of them.
    smallest = dict.fromkeys(item for q in questions if q.role in ("use", "when") for item in q.decides.smallest)
    return Considered(recommendation.id, recommendation.title, verdict, imposed, tuple(questions), tuple(smallest))


def _asked_of(role: str, criterion: Criterion, env: Environment) -> list[Question]:
    if not criterion.any_lesion or not env.each_lesion:
        return [_question(role, criterion.name, criterion.test, env)]
    lesions = env.circumstances.lesions
    return [
        _question(role, criterion.name, criterion.test, one, lesion.key)
        for one, lesion in zip(env.each_lesion, lesions, strict=True)
    ]


def _question(role: str, name: str, test: Expression, env: Environment, at: str = "") -> Question:
    answer = env.ask(test, name.replace("-", " "))
    return Question(
        role,
        name,
        test.filled,
        answer.truth,
        env.evidence(test),
        answer.missing,
        opened(test, env),
        deciding(test, env),
        env.decided_by(test),
        at,
    )
