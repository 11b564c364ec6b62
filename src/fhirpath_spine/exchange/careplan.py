"""The CarePlan of one (pathway, lesion): a draft that names what is recommended and orders nothing (rulings 5.3).

An activity says a kind of request and words of the profile, never a drug, a dose or a named operation. The resource
is checked against FHIR R4 in the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fhirpath_spine.exchange import BASE, Json, lean
from fhirpath_spine.exchange.ids import Ids
from fhirpath_spine.exchange.markdown import plain
from fhirpath_spine.exchange.words import Phrases, joined
from fhirpath_spine.pathway.decision import Decision, PathwayResult, Status, Verdict
from fhirpath_spine.pathway.model import Library

KINDS = frozenset({"Appointment", "CommunicationRequest", "NutritionOrder", "Task", "ServiceRequest"})
"""Kinds of activity that a plan may hold; FHIR's others are drugs, devices and lenses."""


def canonical(entry: PathwayResult) -> str:
    """The pathway as a PlanDefinition with its version."""
    return f"{BASE}/PlanDefinition/{entry.id}|{entry.version}"


def members(decision: Decision, entry: PathwayResult) -> list[Verdict]:
    """The recommended verdicts that belong to the plan of an entry: its own, and those of the patient on its cards."""
    on_cards = {id(v) for c in decision.cards if c.entry is entry for v in c.verdicts}
    own = {
        id(v)
        for v in decision.verdicts
        if v.pathway == entry.id
        and v.lesion is not None
        and entry.lesion is not None
        and v.lesion.key == entry.lesion.key
    }
    shown = [v for c in decision.cards for v in c.verdicts if v.status is Status.RECOMMENDED]
    wanted = [v for v in shown if id(v) in on_cards | own and not v.on_gate]
    # By identity: comparing verdicts compares all that they hold.
    place = {id(v): number for number, v in enumerate(decision.verdicts)}
    return sorted(wanted, key=lambda v: place[id(v)])


def careplan(
    decision: Decision, entry: PathwayResult, verdicts: Sequence[Verdict], library: Library, phrases: Phrases, ids: Ids
) -> Json:
    """The CarePlan resource of an entry with what is recommended for it."""
    lesion = entry.lesion
    conditions = sorted(_bare(c) for c in lesion.conditions) if lesion else []
    anchor = conditions[0] if conditions else lesion.key if lesion else ""
    identifier = ids.plan(decision.patient, entry.id, anchor, entry.version.split(".", 1)[0])
    named = [v for v in verdicts if v.activity is None or v.activity.kind not in KINDS]
    notes = [phrases.say("plan-note", titles=joined([f"{v.title} ({v.id})" for v in named], "; "))] if named else []
    notes.append(phrases.say("plan-origin", version=canonical(entry)))
    return lean(
        {
            "resourceType": "CarePlan",
            "id": ids.uuid("careplan", identifier),
            "identifier": [{"system": f"{BASE}/identifier/careplan", "value": identifier}],
            "instantiatesCanonical": [canonical(entry)],
            "status": "draft",
            "intent": "proposal",
            "title": plain(phrases.say("plan-title", title=entry.title)),
            "subject": {"reference": f"Patient/{decision.patient}"},
            "created": decision.at.isoformat(timespec="seconds"),
            "addresses": [{"reference": f"Condition/{c}"} for c in conditions],
            "activity": [activity for v in verdicts if (activity := _activity(v, library, phrases)) is not None],
            "note": [{"text": plain(note)} for note in notes],
        }
    )


def _activity(verdict: Verdict, library: Library, phrases: Phrases) -> Json | None:
    activity = verdict.activity
    if activity is None or activity.kind not in KINDS:
        return None
    return {
        "detail": {
            "kind": activity.kind,
            "code": {"text": activity.text},
            "status": "not-started",
            "doNotPerform": False,
            "description": plain(
                phrases.say(
                    "plan-activity",
                    id=verdict.id,
                    claims=", ".join(verdict.claims),
                    sources=joined(_sources(verdict.claims, library, phrases), "; "),
                )
            ),
        }
    }


def _sources(claims: Iterable[str], library: Library, phrases: Phrases) -> list[str]:
    names = dict.fromkeys(library.claims[c].source for c in claims if c in library.claims)
    out = []
    for source in (library.sources[n] for n in names if n in library.sources):
        date = source.date or phrases.text("undated")
        kind, certainty = phrases.word("kind", source.kind), phrases.word("certainty", source.certainty)
        out.append(f"{source.title} ({', '.join(x for x in (kind, date, certainty) if x)})")
    return out


def service_request(decision: Decision, verdict: Verdict, identifier: str) -> Json | None:
    """The draft ServiceRequest of a recommendation, for clients that take one and recommendations that have one."""
    activity = verdict.activity
    if activity is None or activity.kind != "ServiceRequest":
        return None
    return {
        "resourceType": "ServiceRequest",
        "id": identifier,
        "status": "draft",
        "intent": "proposal",
        "code": {"text": activity.text},
        "subject": {"reference": f"Patient/{decision.patient}"},
        "authoredOn": decision.at.isoformat(timespec="seconds"),
    }


def _bare(reference: str) -> str:
    """The logical id of a Condition, given as an id or as a reference."""
    return reference.rsplit("/", 1)[-1]
