"""The CarePlan of one (pathway, lesion): a draft that names what is recommended and orders nothing (rulings 5.3).

An activity says a kind of request and words of the profile, never a drug, a dose or a named operation. What a completed
Procedure has satisfied stands in the plan as a completed activity. Goals are the recorded ones, in their own words, or none.
The resource is checked against FHIR R4 in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence

from fhirpath_spine.exchange import BASE, Json, lean
from fhirpath_spine.exchange.outgoing.ids import Ids
from fhirpath_spine.exchange.outgoing.markdown import plain
from fhirpath_spine.exchange.outgoing.phrases import Phrases, joined
from fhirpath_spine.pathway.decision import Decision, Evidence, PathwayResult, PlannedCard, Status, Verdict
from fhirpath_spine.pathway.model import ACTIVITY_KINDS, Library, Order
from fhirpath_spine.pathway.once import once
from fhirpath_spine.pathway.sentences import Charted, Said


def canonical(entry: PathwayResult) -> str:
    """The pathway as a PlanDefinition with its version."""
    return f"{BASE}/PlanDefinition/{entry.id}|{entry.version}"


def members(decision: Decision, entry: PathwayResult) -> list[Verdict]:
    """The recommended verdicts that belong to the plan of an entry: its own, and those of the patient on its cards."""
    on_cards = {
        id(v) for c in decision.cards for v in c.verdicts if _is_about(c, entry) and _may_hold(decision, c, entry, v)
    }
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


def _is_about(card: PlannedCard, entry: PathwayResult) -> bool:
    return any(e is entry for e in card.entries)


def _may_hold(decision: Decision, card: PlannedCard, entry: PathwayResult, verdict: Verdict) -> bool:
    """Whether a verdict on a card of an entry is of that entry: a card may be about several pathways and lesions. What is of the
    patient is of the first of them.
    """
    if len(card.entries) == 1:
        return True
    if verdict.lesion is None and not any(e.id == verdict.pathway and e.lesion is None for e in card.entries):
        return next(e for e in decision.entries if _is_about(card, e)) is entry
    key = verdict.lesion.key if verdict.lesion else None
    return verdict.pathway == entry.id and key == (entry.lesion.key if entry.lesion else None)


def done(decision: Decision, entry: PathwayResult, library: Library) -> list[tuple[Verdict, str]]:
    """What a completed Procedure has satisfied for an entry, each with the reference of the newest such Procedure."""
    key = entry.lesion.key if entry.lesion else None
    found = []
    for verdict in decision.verdicts:
        mine = verdict.pathway == entry.id and (verdict.lesion is None or verdict.lesion.key == key)
        if mine and verdict.status is Status.SATISFIED and (procedure := _completed(verdict, library)):
            found.append((verdict, procedure.reference))
    return found


def _completed(verdict: Verdict, library: Library) -> Evidence | None:
    """The newest completed Procedure among the evidence of what satisfies a verdict. An older one may not count."""
    evidence = [e for s in verdict.steps if s.role == "satisfied" and s.answer for e in s.evidence]
    procedures = [
        e
        for e in evidence
        if e.reference.startswith("Procedure/")
        and (need := library.needs.get(e.need)) is not None
        and need.statuses == {"completed"}
    ]
    return max(procedures, key=lambda e: (e.date, e.reference), default=None)


def careplan(
    decision: Decision, entry: PathwayResult, verdicts: Sequence[Verdict], library: Library, phrases: Phrases, ids: Ids
) -> Json:
    """The CarePlan resource of an entry with what is recommended for it."""
    lesion = entry.lesion
    conditions = sorted(_bare(c) for c in lesion.conditions) if lesion else []
    anchor = conditions[0] if conditions else lesion.key if lesion else ""
    identifier = ids.plan(decision.patient, entry.id, anchor, entry.version.split(".", 1)[0])
    named = [v for v in verdicts if v.activity is None or v.activity.kind not in ACTIVITY_KINDS]
    notes = [phrases.say("plan-note", titles=joined([f"{v.title} ({v.id})" for v in named], "; "))] if named else []
    notes += [phrases.say("plan-origin", version=canonical(entry)), phrases.say("plan-replaces")]
    recorded = sorted({e.reference: e for e in decision.goals}.values(), key=lambda e: e.reference)
    goals = [_goal(decision, e, f"goal-{n}", phrases) for n, e in enumerate(recorded, start=1)]
    closed = [_done(v, reference, library, phrases) for v, reference in done(decision, entry, library)]
    proposed = [_activity(v, library, phrases) for v in verdicts]
    return lean(
        {
            "resourceType": "CarePlan",
            "id": ids.uuid("careplan", identifier),
            "contained": goals,
            "identifier": [{"system": f"{BASE}/identifier/careplan", "value": identifier}],
            "instantiatesCanonical": [canonical(entry)],
            "status": "draft",
            "intent": "proposal",
            "title": plain(phrases.say("plan-title", title=entry.title)),
            "subject": {"reference": f"Patient/{decision.patient}"},
            "created": decision.at.isoformat(timespec="seconds"),
            "addresses": [{"reference": f"Condition/{c}"} for c in conditions],
            "supportingInfo": [{"reference": e.reference} for e in recorded],
            "goal": [{"reference": f"#{goal['id']}"} for goal in goals],
            "activity": [activity for activity in (*proposed, *closed) if activity is not None],
            "note": [{"text": plain(note)} for note in notes],
        }
    )


def _goal(decision: Decision, evidence: Evidence, identifier: str, phrases: Phrases) -> Json:
    """A recorded goal of care. It is proposed, as the plan is: whether it still stands is for the patient to say."""
    source = phrases.say("plan-goal-source", reference=Charted(evidence.reference))
    goal = phrases.say("dated", text=evidence.value, date=evidence.date) if evidence.date else evidence.value
    return {
        "resourceType": "Goal",
        "id": identifier,
        "lifecycleStatus": "proposed",
        "description": {"text": plain(phrases.say("plan-goal", goal=goal))},
        "subject": {"reference": f"Patient/{decision.patient}"},
        "note": [{"text": plain(source)}],
    }


def _done(verdict: Verdict, reference: str, library: Library, phrases: Phrases) -> Json | None:
    """The activity of a satisfied verdict, closed by its Procedure. R4 lets an outcome stand beside a detail."""
    if (activity := _activity(verdict, library, phrases, status="completed")) is None:
        return None
    return {"outcomeReference": [{"reference": reference}], **activity}


def _activity(verdict: Verdict, library: Library, phrases: Phrases, *, status: str = "not-started") -> Json | None:
    activity = verdict.activity
    if activity is None or activity.kind not in ACTIVITY_KINDS:
        return None
    fields: dict[str, str | Said] = {
        "id": verdict.id,
        "claims": ", ".join(verdict.claims),
        "sources": _sources(library, verdict.claims, phrases),
    }
    if status == "completed":
        fields["reason"] = joined(verdict.because, "; ")
    said = phrases.say("plan-done" if status == "completed" else "plan-activity", **fields)
    return {
        "detail": {
            "kind": activity.kind,
            "code": {"text": activity.text},
            "status": status,
            "doNotPerform": False,
            "description": plain(said),
        }
    }


@once
def _sources(library: Library, claims: tuple[str, ...], phrases: Phrases) -> Said:
    """The documents of these claims with their kind, date and weight: the same in each chart, so they are put in words once."""
    names = dict.fromkeys(library.claims[c].source for c in claims if c in library.claims)
    out = []
    for source in (library.sources[n] for n in names if n in library.sources):
        date = source.date or phrases.text("undated")
        kind, certainty = phrases.word("kind", source.kind), phrases.word("certainty", source.certainty)
        out.append(f"{source.title} ({', '.join(x for x in (kind, date, certainty) if x)})")
    return joined(out, "; ")


def service_request(
    decision: Decision,
    verdict: Verdict,
    identifier: str,
    *,
    conditions: Sequence[str] = (),
    order: Order | None = None,
) -> Json | None:
    """The draft ServiceRequest of a recommendation that has one. ``conditions`` are why, ``order`` is the site's code for it."""
    activity = verdict.activity
    if activity is None or activity.kind != "ServiceRequest":
        return None
    coding = [] if order is None else [lean({"system": order.system, "code": order.code, "display": order.display})]
    return lean(
        {
            "resourceType": "ServiceRequest",
            "id": identifier,
            "status": "draft",
            "intent": "proposal",
            "code": lean({"coding": coding, "text": activity.text}),
            "subject": {"reference": f"Patient/{decision.patient}"},
            "authoredOn": decision.at.isoformat(timespec="seconds"),
            "reasonReference": [{"reference": f"Condition/{c}"} for c in sorted(map(_bare, conditions))],
        }
    )


def _bare(reference: str) -> str:
    """The logical id of a Condition, given as an id or as a reference."""
    return reference.rsplit("/", 1)[-1]
