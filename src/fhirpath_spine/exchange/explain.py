"""The tree of a decision: pathway, recommendation, criterion; with answer, value, resource, date and why."""

from __future__ import annotations

from fhirpath_spine.exchange import Json, lean
from fhirpath_spine.exchange.markdown import plain
from fhirpath_spine.exchange.verdicts import entry_json, verdict_json
from fhirpath_spine.exchange.words import Phrases
from fhirpath_spine.pathway.decision import Decision, Evidence, Missing, Step, Verdict
from fhirpath_spine.pathway.truth import Truth

ANSWERS: dict[Truth, str] = {True: "MET", False: "NOT_MET", None: "UNKNOWN"}


def tree(decision: Decision, decision_id: str, phrases: Phrases) -> Json:
    """Every criterion that was asked, under its verdict, under its pathway entry."""
    return {
        "decision": decision_id,
        "at": decision.at.isoformat(),
        "library": decision.library,
        "facts": decision.facts,
        "entries": [
            {
                **entry_json(entry),
                "version": entry.version,
                "title": entry.title,
                "verdicts": [
                    _verdict(v, phrases)
                    for v in decision.verdicts
                    if v.pathway == entry.id and (v.lesion is None or v.lesion == entry.lesion)
                ],
            }
            for entry in decision.entries
        ],
        "rejected": [plain(phrases.rejection(r)) for r in decision.rejections],
        "unread": [lean({"key": u.key, "type": u.resource, "detail": u.detail}) for u in decision.unread],
        "counts": dict(decision.counts),
        **({"silent": decision.silent} if decision.silent else {}),
    }


def _verdict(verdict: Verdict, phrases: Phrases) -> Json:
    return {
        **verdict_json(verdict, phrases),
        "title": verdict.title,
        "criteria": [_step(s) for s in verdict.steps],
    }


def _step(step: Step) -> Json:
    return lean(
        {
            "role": step.role,
            "name": step.name,
            "answer": ANSWERS[step.answer],
            "said": plain(step.said),
            "expression": step.expression,
            "data": [_evidence(e) for e in step.evidence],
            "missing": [_missing(m) for m in step.missing],
        }
    )


def _evidence(evidence: Evidence) -> Json:
    return lean(
        {
            "need": evidence.need,
            "label": evidence.label,
            "value": plain(evidence.value),
            "date": evidence.date,
            "resource": evidence.reference,
            "author": evidence.author,
        }
    )


def _missing(missing: Missing) -> Json:
    return lean(
        {
            "item": missing.item,
            "reason": missing.reason.value,
            "date": missing.date,
            "days": missing.days,
            "values": [_evidence(e) for e in missing.alternatives],
        }
    )
