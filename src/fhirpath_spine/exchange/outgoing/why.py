"""What ``explain`` prints of a recommendation, or of all: pathway, criterion, datum, also where no pathway applies."""

from __future__ import annotations

from collections.abc import Iterable

from fhirpath_spine.exchange import Json, lean
from fhirpath_spine.exchange.outgoing.markdown import plain
from fhirpath_spine.exchange.outgoing.phrases import Phrases
from fhirpath_spine.exchange.outgoing.verdicts import (
    ANSWERS,
    evidence_json,
    lesion_json,
    missing_json,
    reasons,
    step_json,
)
from fhirpath_spine.pathway.asking.opening import Opened
from fhirpath_spine.pathway.judging.why import Considered, Question, Why


def why_json(found: Iterable[Why], phrases: Phrases) -> list[Json]:
    """Each pathway with its criteria, and with the recommendations that were asked for."""
    return [
        lean(
            {
                "pathway": one.pathway,
                "version": one.version,
                "title": one.title,
                "lesion": lesion_json(one.lesion),
                "applies": ANSWERS[one.applies],
                "state": one.state,
                "barrier": one.barrier,
                "criteria": [_question(q) for q in one.questions],
                "recommendations": [_considered(c, phrases) for c in one.recommendations],
            }
        )
        for one in found
    ]


def _considered(one: Considered, phrases: Phrases) -> Json:
    verdict = one.verdict
    said: Json = {}
    if verdict is not None:
        said = {"status": verdict.status.value, "by": verdict.by, "because": reasons(verdict, phrases)}
    return lean(
        {
            "id": one.id,
            "title": one.title,
            **said,
            "imposed": [step_json(s) for s in one.imposed],
            "criteria": [_question(q) for q in one.questions],
            "decides": list(one.decides),
        }
    )


def _question(one: Question) -> Json:
    return lean(
        {
            "role": one.role,
            "name": one.name,
            "lesion": one.at,
            "answer": ANSWERS[one.answer],
            "expression": one.expression,
            "data": [evidence_json(e) for e in one.evidence],
            "missing": [missing_json(m) for m in one.missing],
            "reads": [_opened(o) for o in one.parts],
            "decidedBy": list(one.decided_by),
            "metWith": [list(s) for s in one.decides.met],
            "notMetWith": [list(s) for s in one.decides.not_met],
        }
    )


def _opened(one: Opened) -> Json:
    return lean(
        {
            "name": one.name,
            "label": plain((one.label,)),
            "answer": ANSWERS[one.answer] if one.asked else None,
            "value": one.value,
            "expression": one.expression,
            "data": [evidence_json(e) for e in one.evidence],
            "missing": [missing_json(m) for m in one.missing],
            "reads": [_opened(part) for part in one.parts],
        }
    )
