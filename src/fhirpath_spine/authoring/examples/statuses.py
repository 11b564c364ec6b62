"""What the shorthand says of an entry's dates and status, as FHIR says it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhirpath_spine.authoring.source.nodes import Node

CLINICAL = ("active", "recurrence", "relapse", "inactive", "remission", "resolved")
VERIFIED = ("confirmed", "provisional", "unconfirmed", "differential", "refuted", "unverified")
STATUSES = (
    *("final", "preliminary", "partial", "amended", "corrected", "appended", "registered"),
    *("entered-in-error", "unknown", "statusless"),
    *("completed", "in-progress", "preparation", "on-hold", "not-done", "stopped"),
    *("proposed", "active", "history"),
)
_DATES = {
    "Condition": "onsetDateTime",
    "Procedure": "performedDateTime",
    "MedicationRequest": "authoredOn",
    "AllergyIntolerance": "recordedDate",
    "FamilyMemberHistory": "date",
}
_SYSTEM = "http://terminology.hl7.org/CodeSystem/"


def put_status(resource: dict[str, Any], kind: str, parts: Mapping[str, Node]) -> None:
    """Writes the status: *final*, *completed* and *active* where nothing is said, a Condition active and confirmed."""
    status = str(parts["status"]) if "status" in parts else None
    match kind:
        case "Condition":
            _condition(resource, status or "active", str(parts.get("verified", "confirmed")))
        case "Observation" | "DiagnosticReport":
            resource["status"] = status or "final"
        case "Procedure":
            resource["status"] = status or "completed"
        case "MedicationRequest":
            resource["status"] = {"draft": "draft", "history": "stopped"}.get(status or "", "active")
            resource["intent"] = "plan" if status in ("proposed", "draft") else "order"
        case "MedicationStatement":
            resource["status"] = "completed" if status == "history" else status or "active"
    if resource.get("status") == "statusless":
        del resource["status"]


def put_dates(
    resource: dict[str, Any], kind: str, parts: Mapping[str, Node], day: Callable[[Node], str], today: date
) -> None:
    """Writes the dates: where nothing is said, a Condition has none, and everything else is of the day before."""
    yesterday = (today - timedelta(days=1)).isoformat()
    stated = day(parts["date"]) if "date" in parts else "" if kind == "Condition" else yesterday
    if stated:
        resource[_DATES.get(kind, "effectiveDateTime")] = stated
    for key, name in (("ended", "abatementDateTime"), ("recorded", "recordedDate")):
        if key in parts and (stated := day(parts[key])):
            resource[name] = stated


def _condition(resource: dict[str, Any], status: str, verified: str) -> None:
    if status != "statusless":
        resource["clinicalStatus"] = {"coding": [{"system": f"{_SYSTEM}condition-clinical", "code": status}]}
    if verified != "unverified":
        resource["verificationStatus"] = {"coding": [{"system": f"{_SYSTEM}condition-ver-status", "code": verified}]}
