"""What the shorthand says of an entry's status, as FHIR says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhirpath_spine.authoring.source.nodes import Node

CLINICAL = ("active", "recurrence", "relapse", "inactive", "remission", "resolved")
VERIFIED = ("confirmed", "provisional", "unconfirmed", "differential", "refuted", "unverified")
STATUSES = (
    *("final", "preliminary", "amended", "corrected", "registered", "entered-in-error", "unknown", "statusless"),
    *("completed", "in-progress", "preparation", "on-hold", "not-done", "stopped"),
    *("proposed", "active", "history"),
)
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


def _condition(resource: dict[str, Any], status: str, verified: str) -> None:
    if status != "statusless":
        resource["clinicalStatus"] = {"coding": [{"system": f"{_SYSTEM}condition-clinical", "code": status}]}
    if verified != "unverified":
        resource["verificationStatus"] = {"coding": [{"system": f"{_SYSTEM}condition-ver-status", "code": verified}]}
