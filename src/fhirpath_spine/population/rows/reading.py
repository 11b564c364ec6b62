"""What a row takes from a decision: the one place that knows how a decision is built."""

from __future__ import annotations

from collections.abc import Iterator

from fhirpath_spine.exchange.outgoing.verdicts import ANSWERS
from fhirpath_spine.pathway import decision as judged
from fhirpath_spine.pathway.decision import Decision, Step
from fhirpath_spine.pathway.facts.chart import Chart
from fhirpath_spine.pathway.facts.ledger import Way
from fhirpath_spine.pathway.facts.reading import codings
from fhirpath_spine.pathway.model import Library
from fhirpath_spine.population.rows.row import Criterion, Entry, Missing, Outcome, Row, Unrecognised, Verdict

_SAID = "said"
"""The role of a step that no criterion asked: what a sentence told."""
_NO_CODE = (("", ""),)


def row_of(decision: Decision, chart: Chart, library: Library, resources: int) -> Row:
    """The row of a decision on a chart of so many resources."""
    gate = library.policy.gate.pathway if library.policy.gate else ""
    return Row(
        patient=decision.patient,
        outcome=Outcome.SILENT if decision.silent else Outcome.JUDGED,
        detail=decision.silent,
        resources=resources,
        facts=decision.facts,
        unread=unread_of(chart),
        rejected=len(decision.rejections),
        entries=tuple(sorted(_entry(e, gate) for e in decision.entries)),
        verdicts=tuple(sorted(_verdict(v) for v in decision.verdicts)),
        missing=tuple(sorted({m for v in decision.verdicts for m in _missing(v)})),
        unrecognised=tuple(sorted(_unrecognised(decision))),
    )


def unread_of(chart: Chart) -> tuple[str, ...]:
    """``key:why`` of each key that could not be read to its end."""
    return tuple(sorted(f"{key}:{read.detail}" for key, read in chart.reads.items() if not read.complete))


def _entry(entry: judged.PathwayResult, gate: str) -> Entry:
    lesion = entry.lesion
    return Entry(
        entry.id,
        lesion.key if lesion else "",
        lesion.levels if lesion else (),
        entry.version,
        entry.state,
        entry.certain,
        entry.id == gate,
    )


def _verdict(verdict: judged.Verdict) -> Verdict:
    return Verdict(
        verdict.pathway,
        verdict.lesion.key if verdict.lesion else "",
        verdict.id,
        verdict.kind,
        verdict.status.value,
        verdict.indicator.value,
        verdict.by,
        verdict.safety,
        tuple(_criterion(s) for s in verdict.steps if s.role != _SAID),
    )


def _criterion(step: Step) -> Criterion:
    if not step.evidence and not step.missing:  # most
        return Criterion(step.role, step.name, ANSWERS[step.answer])
    needs = dict.fromkeys([one.need for one in step.evidence])
    needs.update(dict.fromkeys([one.need for one in step.missing]))
    needs.pop("", None)
    return Criterion(step.role, step.name, ANSWERS[step.answer], tuple(needs))


def _missing(verdict: judged.Verdict) -> Iterator[Missing]:
    lesion = verdict.lesion.key if verdict.lesion else ""
    for one in verdict.missing:
        # What no need asks for (a site flag, an age) is known by what a card calls it, which the profile says.
        yield Missing(verdict.pathway, lesion, verdict.id, verdict.status.value, one.need or one.item, one.reason.ruled)


def _unrecognised(decision: Decision) -> Iterator[Unrecognised]:
    """The counts of the decision, and each code that its ledger says nothing of, as the chart has it; of a type without one where
    there is none.
    """
    for name, number in decision.counts.items():
        if number:
            yield Unrecognised("", name, "", "", number)
    coded: dict[tuple[str, Way, str, str], int] = {}
    for kind, way, concept in decision.ledger.unheard:
        for system, code in set(codings(concept)) or _NO_CODE:
            key = (kind, way, system, code)
            coded[key] = coded.get(key, 0) + 1
    for (kind, way, system, code), number in coded.items():
        yield Unrecognised(kind, way.word, system, code, number)
