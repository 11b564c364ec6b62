"""The machine-readable form of a judgement: what ``decide`` prints and what each card carries (rulings 5.2)."""

from __future__ import annotations

from collections.abc import Iterable

from fhirpath_spine.exchange import Json, lean
from fhirpath_spine.exchange.outgoing.markdown import plain
from fhirpath_spine.exchange.outgoing.phrases import Phrases, joined
from fhirpath_spine.pathway.decision import Evidence, Missing, PathwayResult, Status, Step, Verdict
from fhirpath_spine.pathway.lesions.lesion import LesionRef
from fhirpath_spine.pathway.truth import Truth


def lesion_json(lesion: LesionRef | None) -> Json | None:
    """A lesion by its key and the Conditions that name it."""
    return None if lesion is None else lean({"key": lesion.key, "conditions": list(lesion.conditions)})


def entry_json(entry: PathwayResult) -> Json:
    """One entry of ``pathways``; ``certain`` stands there only where something unread could change the state."""
    return lean(
        {
            "id": entry.id,
            "state": entry.state,
            "lesion": lesion_json(entry.lesion),
            "certain": None if entry.certain else False,
        }
    )


def reasons(verdict: Verdict, phrases: Phrases) -> list[str]:
    """Why a verdict is what it is, as plain sentences; where data are missing they are the reason."""
    said = list(verdict.because)
    if verdict.status is Status.NEEDS_DATA or (verdict.status is Status.BLOCKED and not said):
        said = [*said, joined(phrases.missing(verdict.missing), " ")] if verdict.missing else said
    return list(dict.fromkeys(text for one in said if (text := plain(one))))


def verdict_json(verdict: Verdict, phrases: Phrases) -> Json:
    """One verdict as rulings 5.2 has it. ``claims`` and ``because`` are always there in ``decide``; a card leaves
    empties out.
    """
    return {
        "id": verdict.id,
        "status": verdict.status.value,
        **({"lesion": lesion_json(verdict.lesion)} if verdict.lesion else {}),
        "claims": list(verdict.claims),
        "because": reasons(verdict, phrases),
        **({"by": verdict.by} if verdict.by else {}),
        **(
            {"missing": [{"item": m.item, "reason": m.reason.ruled} for m in verdict.missing]}
            if verdict.missing
            else {}
        ),
    }


def extension(
    decision_id: str,
    entry: PathwayResult | None,
    verdicts: Iterable[Verdict],
    phrases: Phrases,
    *,
    mixed: bool = False,
) -> Json:
    """What a card carries for machines, the only extension that we emit. On a ``mixed`` card each verdict names its pathway."""
    head = {} if entry is None else {"pathway": entry.id, "version": entry.version, **entry_json(entry)}
    head.pop("id", None)
    told = [lean({**verdict_json(v, phrases), **({"pathway": v.pathway} if mixed else {})}) for v in verdicts]
    return lean({"decision": decision_id, **head, "verdicts": told})


ANSWERS: dict[Truth, str] = {True: "MET", False: "NOT_MET", None: "UNKNOWN"}


def step_json(step: Step) -> Json:
    """A criterion as it was answered."""
    return lean(
        {
            "role": step.role,
            "name": step.name,
            "answer": ANSWERS[step.answer],
            "said": plain(step.said),
            "expression": step.expression,
            "data": [evidence_json(e) for e in step.evidence],
            "missing": [missing_json(m) for m in step.missing],
        }
    )


def evidence_json(evidence: Evidence) -> Json:
    """A datum that was read."""
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


def missing_json(missing: Missing) -> Json:
    """A datum that would decide."""
    return lean(
        {
            "item": missing.item,
            "reason": missing.reason.value,
            "date": missing.date,
            "days": missing.days,
            "values": [evidence_json(e) for e in missing.alternatives],
        }
    )
