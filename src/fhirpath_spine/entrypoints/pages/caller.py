"""The caller page's request: a chart as an EHR would send it, and the ways in which EHRs fail to send it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.ehr_side.calling import Occasion, whole
from fhirpath_spine.pathway.facts.chart import Chart, Read, type_of

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


def compose(
    chart: Chart,
    keys: Mapping[str, str],
    today: date,
    broken: Mapping[str, str],
    hook: str = "patient-view",
    instance: str = "00000000-0000-4000-8000-000000000000",
) -> Json:
    """The body of a call with these prefetch ``keys``, each sent as ``broken`` says (one of :data:`BREAKS`).

    What the chart holds under no key of its own travels under the first key of its type, as one search would have found it.
    """
    prefetch: dict[str, Any] = {}
    for key in keys:
        way = broken.get(key, "as-held")
        if way != "left-out":
            prefetch[key] = _sent(key, chart.reads.get(key, Read()), way)
    return Occasion(hook, chart.patient, "Practitioner/example", today).request(instance, prefetch)


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
