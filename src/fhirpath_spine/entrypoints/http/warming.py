"""Calls before the first: invented charts that answer the needs, judged and put in words when the service starts.

What is made when it is first used (closures of expressions, what each pathway reads, sentences of the library) is made here, so
that no caller waits for it. The charts are derived from the needs alone, and what is said of them is thrown away.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fhirpath_spine.errors import SpineError
from fhirpath_spine.exchange.outgoing.cards import write_cards
from fhirpath_spine.fhirpath import ValueSet
from fhirpath_spine.pathway.asking.reach import needs_behind, pathway_needs, variables
from fhirpath_spine.pathway.facts.chart import ORDER, Chart, Read
from fhirpath_spine.pathway.facts.needs import Need, Value
from fhirpath_spine.pathway.judging.evaluate import decide
from fhirpath_spine.pathway.model import Library
from fhirpath_spine.service import Snapshot

_PATIENT = "invented"
_DONE = frozenset({"DiagnosticReport", "Procedure"})
"""What says that something was done."""
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def warm(snapshot: Snapshot, at: datetime) -> None:
    """Judges each invented chart once, and writes its cards."""
    library = snapshot.library
    for pathway in library.pathways:
        pathway_needs(library, pathway.id)
    for chart in invented(library, at):
        try:
            decision = decide(library, chart, at, snapshot.site, explained=False)
        except SpineError:
            continue  # Content that cannot judge its own needs is told by lint, not by a start.
        write_cards(decision, "warm", snapshot.wording)


def invented(library: Library, at: datetime) -> Iterator[Chart]:
    """A chart with one resource for each need, dated today; and one in which the policy has nothing to hide and nothing has been
    done yet, so that pathways enter which wait for something.
    """
    policy = library.policy
    hiding = needs_behind(library, variables(library, (policy.gate, policy.holds, policy.goals)))
    founding = {library.lesions.conditions, library.lesions.imaging}
    for left_out, not_done in ((frozenset[str](), frozenset[str]()), (hiding - founding, _DONE)):
        resources: dict[str, list[dict[str, Any]]] = {key: [] for key in ORDER}
        for need in library.needs.values():
            for kind, key in zip(need.resources, need.keys, strict=False):
                if kind == "Patient" or need.name in left_out or (kind in not_done and need.name not in founding):
                    continue
                resources[key].append(_resource(need, kind, at))
        resources["patient"] = [{"resourceType": "Patient", "id": _PATIENT, "birthDate": "1960-01-01"}]
        yield Chart(_PATIENT, {key: Read(tuple(found)) for key, found in resources.items()})


def _resource(need: Need, kind: str, at: datetime) -> dict[str, Any]:
    """A resource of a kind that answers the need, with a status that each need of its kind admits."""
    when = at.isoformat()
    resource: dict[str, Any] = {
        "resourceType": kind,
        "id": need.name,
        "subject": {"reference": f"Patient/{_PATIENT}"},
        "status": {"Observation": "final", "DiagnosticReport": "final", "Procedure": "completed"}.get(kind, "active"),
        "code": _concept(need.codes),
        "verificationStatus": {"coding": [{"code": "confirmed", "system": _VERIFICATION}]},
        "recordedDate": when,
        "effectiveDateTime": when,
        "performedDateTime": when,
        "authoredOn": when,
    }
    if need.sites is not None:
        resource["bodySite"] = [_concept(need.sites)]
    for value in (need.value, *need.components.values()):
        if value is not None:
            told = dict(_value(value))
            if value.component is None:
                resource |= told
            else:
                resource.setdefault("component", []).append({"code": _concept(value.component), **told})
    return resource


def _value(value: Value) -> Iterator[tuple[str, Any]]:
    """The element that states a value which the need reads, as its name and content."""
    least = float(value.plausible[0]) if value.plausible else 1
    match value.kind:
        case "quantity":
            yield "valueQuantity", {"value": least, "unit": value.unit, "code": value.unit}
        case "integer":
            yield "valueInteger", int(least)
        case "boolean":
            yield "valueBoolean", True
        case _:
            coding = next(iter(value.answers), None)
            yield "valueCodeableConcept", {"coding": [_coding(coding)] if coding else []}


def _concept(codes: ValueSet | None) -> dict[str, Any]:
    members = sorted(codes.members) if codes is not None else []
    return {"coding": [_coding(member) for member in members[:1]]}


def _coding(coding: tuple[str, str]) -> dict[str, str]:
    return {"system": coding[0], "code": coding[1]}
