"""The caller page's request: a chart as an EHR would send it, and the ways in which EHRs fail to send it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.ehr_side.calling import Occasion, whole
from fhirpath_spine.fhirpath.values.value_sets import ValueSet
from fhirpath_spine.pathway.facts.chart import Chart, Read, type_of
from fhirpath_spine.pathway.model import HOOKS, Library

BREAKS = {
    "as-held": "as the chart holds it",
    "left-out": "leave the key out",
    "null": "send null: searched, nothing found",
    "failed": "send the OperationOutcome of a search that failed",
    "cut": "send a first page that names a next one",
    "stranger": "add a resource of another patient",
}
"""Way of sending a key -> what the page calls it."""
STRANGER = "another-patient"
PROBLEMS = "problem-list-item-create"


def compose(
    chart: Chart,
    keys: Mapping[str, str],
    today: date,
    broken: Mapping[str, str],
    hook: str = HOOKS[0],
    instance: str = "00000000-0000-4000-8000-000000000000",
    brought: Sequence[Json] = (),
) -> Json:
    """The body of a call with these prefetch ``keys``, each sent as ``broken`` says (one of :data:`BREAKS`); ``brought`` is what
    the hook brings beside the patient.

    What the chart holds under no key of its own travels under the first key of its type, as one search would have found it.
    """
    prefetch: dict[str, Any] = {}
    for key in keys:
        way = broken.get(key, "as-held")
        if way != "left-out":
            prefetch[key] = _sent(key, chart.reads.get(key, Read()), way)
    mine = tuple({**one, "subject": {"reference": f"Patient/{chart.patient}"}} for one in brought)
    occasion = Occasion(hook, chart.patient, "Practitioner/example", today, encounter="example", brought=mine)
    return occasion.request(instance, prefetch)


def orderable(library: Library, hook: str) -> dict[str, str]:
    """Name -> what it is called, of all that a hook speaks of when it is ordered; empty where it is not about orders."""
    return {name: library.needs[name].label for name in _spoken_of(library, hook)}


def brought_by(library: Library, hook: str, chart: Chart, order: str = "") -> list[Json]:
    """What a hook brings beside the patient: a draft of the named order, or of the first that can be ordered; or the problem that
    the chart holds last, as if it had just been added.
    """
    if hook == PROBLEMS:
        return [dict(one) for one in chart.reads.get("conditions", Read()).resources[-1:]]
    codes = _spoken_of(library, hook)
    if not codes:
        return []
    name = order if order in codes else next(iter(codes))
    need = library.needs[name]
    system, code = max(codes[name].members)
    concept = {"coding": [{"system": system, "code": code}], "text": need.label}
    drug = "MedicationRequest" in need.resources
    kind, member = ("MedicationRequest", "medicationCodeableConcept") if drug else ("ServiceRequest", "code")
    return [{"resourceType": kind, "id": "draft-1", "status": "draft", "intent": "order", member: concept}]


def _spoken_of(library: Library, hook: str) -> dict[str, ValueSet]:
    shown = library.policy.hook(hook)
    return {
        name: codes
        for pathway in library.pathways
        for use in pathway.uses
        if shown.about_orders and shown.names(use.recommendation.id)
        for rule in use.recommendation.on_order
        for name, codes in zip(rule.of, rule.codes, strict=True)
        if name in library.needs and codes.members
    }


def _sent(key: str, read: Read, way: str) -> Any:
    if way == "null":
        return None
    if way == "failed" or (way == "as-held" and not read.complete):
        text = "The search failed." if way == "failed" else f"Not read: {read.detail}."
        return {
            "resourceType": "OperationOutcome",
            "issue": [{"severity": "error", "code": "exception", "details": {"text": text}}],
        }
    resources = [dict(resource) for resource in read.resources]
    if way == "stranger":
        resources.append(_stranger(key))
    if key == "patient":
        return resources[-1] if resources else None
    if not resources and way == "as-held":
        return None
    page: Json = {**whole([{"entry": [{"resource": resource} for resource in resources]}]), "type": "searchset"}
    if way == "cut":
        page["link"] = [{"relation": "next", "url": "http://127.0.0.1:9/fhir/next"}]
    return page


def _stranger(key: str) -> Json:
    kind = type_of(key)
    if kind == "Patient":
        return {"resourceType": kind, "id": STRANGER}
    subject = {"reference": f"Patient/{STRANGER}"}
    return {"resourceType": kind, "id": "stray", "subject": subject, "patient": subject}
