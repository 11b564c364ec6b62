"""What ``decide`` prints: one JSON object that holds the whole judgement (design section 8, rulings 2.11)."""

from __future__ import annotations

from fhirpath_spine.errors import SpineError
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.cards import Wording, word
from fhirpath_spine.exchange.outcomes import of_error
from fhirpath_spine.exchange.verdicts import entry_json, verdict_json
from fhirpath_spine.pathway.decision import Decision
from fhirpath_spine.pathway.facts.chart import Chart

CLIENT = "decide"


def decision_id(decision: Decision, wording: Wording) -> str:
    """The id of an offline decision: the same chart, library and day give the same id."""
    day = decision.at.date().isoformat()
    return wording.ids.decision(CLIENT, "", decision.library, decision.facts, day)


def document(decision: Decision, wording: Wording) -> Json:
    """The decision with all its verdicts, also those that no card shows."""
    identifier = decision_id(decision, wording)
    worded = word(decision, identifier, wording)
    return {
        "decision": identifier,
        "pathways": [entry_json(e) for e in decision.entries],
        "verdicts": [verdict_json(v, wording.phrases) for v in decision.verdicts],
        "cards": worded.cards,
        "careplans": worded.careplans,
        **({"silent": decision.silent} if decision.silent else {}),
    }


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
