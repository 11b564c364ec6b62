"""What ``decide`` prints, one JSON object that holds the whole judgement (rulings 2.11); and what ``explain`` prints, the tree of
a decision: pathway, recommendation, criterion, with answer, value, resource, date and why.
"""

from __future__ import annotations

from collections.abc import Mapping

from fhirpath_spine.errors import SpineError
from fhirpath_spine.exchange import Json, lean
from fhirpath_spine.exchange.outgoing.cards import Wording, unavailable, write_cards
from fhirpath_spine.exchange.outgoing.explanation import explain, explanation_json
from fhirpath_spine.exchange.outgoing.markdown import plain
from fhirpath_spine.exchange.outgoing.outcomes import of_error
from fhirpath_spine.exchange.outgoing.phrases import Phrases
from fhirpath_spine.exchange.outgoing.verdicts import entry_json, step_json, verdict_json
from fhirpath_spine.pathway.decision import Decision, Verdict
from fhirpath_spine.pathway.facts.chart import Chart

CLIENT = "decide"


def decision_id(decision: Decision, wording: Wording) -> str:
    """The id of an offline decision: the same chart, library and day give the same id."""
    day = decision.at.date().isoformat()
    return wording.ids.decision(CLIENT, "", decision.library, decision.facts, day)


def document(decision: Decision, wording: Wording) -> Json:
    """The decision with all its verdicts, also those that no card shows."""
    identifier = decision_id(decision, wording)
    worded = write_cards(decision, identifier, wording)
    return {
        "decision": identifier,
        "pathways": [entry_json(e) for e in decision.entries],
        "verdicts": [verdict_json(v, wording.phrases) for v in decision.verdicts],
        "cards": worded.cards,
        "careplans": worded.careplans,
        "explanation": explanation_json(explain(decision, identifier, wording.library, wording.phrases)),
        **({"silent": decision.silent} if decision.silent else {}),
    }


def not_judged(unread: Mapping[str, str], chart: Chart, wording: Wording, day: str) -> Json:
    """The document of a chart of which it could not be read whether a pathway applies: the one card that says so."""
    identifier = wording.ids.decision(CLIENT, chart.patient, wording.library.digest, "", day)
    card = unavailable(identifier, wording, unread)
    return {"decision": identifier, "pathways": [], "verdicts": [], "cards": [card], "careplans": [], "explanation": []}


def refusal(error: SpineError, issue_code: str, chart: Chart | None, wording: Wording, day: str) -> Json:
    """The document of a chart that was not judged, with the reason as an OperationOutcome."""
    identifier = wording.ids.decision(CLIENT, chart.patient if chart else "", wording.library.digest, "", day)
    return {
        "decision": identifier,
        "outcome": of_error(error, issue_code, identifier),
        "pathways": [],
        "verdicts": [],
        "cards": [],
    }


def tree(decision: Decision, decision_id: str, wording: Wording) -> Json:
    """The full text, then every criterion that was asked, under its verdict, under its pathway entry."""
    phrases = wording.phrases
    return {
        "decision": decision_id,
        "at": decision.at.isoformat(),
        "library": decision.library,
        "facts": decision.facts,
        "explanation": explanation_json(explain(decision, decision_id, wording.library, phrases)),
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
        "ledger": decision.ledger.by_type(),
        "notRecognised": [
            lean({"type": e.kind, "resource": e.reference, "said": e.said, "date": e.day, "doubt": e.doubt})
            for e in (*decision.ledger.entries, *decision.ledger.drugs)
        ],
        **({"silent": decision.silent} if decision.silent else {}),
    }


def _verdict(verdict: Verdict, phrases: Phrases) -> Json:
    return {
        **verdict_json(verdict, phrases),
        "title": verdict.title,
        "criteria": [step_json(s) for s in verdict.steps],
    }
