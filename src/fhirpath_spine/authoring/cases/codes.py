"""Small choices of the shorthand: which code stands for a value set, what is said of dates and status, how
YAML becomes FHIR JSON.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from fhirpath_spine.authoring.source.nodes import Block, Scalar
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.pathway.facts.chart import KEYS
from fhirpath_spine.pathway.once import once

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhirpath_spine.authoring.source.nodes import Node
    from fhirpath_spine.fhirpath import ValueSet
    from fhirpath_spine.pathway.facts.needs import Coding, Need
    from fhirpath_spine.pathway.model import Library
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
        case "MedicationAdministration":
            resource["status"] = status or "completed"
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


PATIENT = "case"
"""Id of the invented patient."""
_NUMBER = re.compile(r"-?[0-9]+([.][0-9]+)?")
_PREFERENCE = ("urn:", "http://loinc", "http://snomed", "http://www.nlm")


def preferred(coding: Coding) -> tuple[int, str, str]:
    """Order of preference: our own codes, LOINC, SNOMED CT, RxNorm, then the rest; within one by code."""
    system, code = coding
    place = next((n for n, start in enumerate(_PREFERENCE) if system.startswith(start)), len(_PREFERENCE))
    return place, system, code


@once
def first_of(codes: ValueSet) -> Coding:
    """The code that stands for a value set: its first exact member, or the first code of which all below count."""
    if codes.members:
        return min(codes.members, key=preferred)
    return min(((s, c) for s, found in codes.prefixes.items() for c in found), default=("", codes.name))


@once
def level_codes(library: Library) -> dict[str, Coding]:
    """The code that stands for each level alone."""
    coded = sorted(library.lesions.levels.items(), key=lambda pair: preferred(pair[0]), reverse=True)
    return {named[0]: coding for coding, named in coded if len(named) == 1}


def key_of(need: Need, kind: str) -> str:
    """The prefetch key that brings resources of a type for a need."""
    return next((k for k in need.keys if KEYS.get(k, "Observation") == kind), need.keys[0])


def group_of(library: Library, resource: Mapping[str, Any]) -> str:
    """The prefetch key that brings an Observation, by its code; a Medication rides with the requests."""
    if resource.get("resourceType") == "Medication":
        return "medicationRequests"
    code = resource.get("code")
    pairs = [(c.get("system"), c.get("code")) for c in code.get("coding", [])] if isinstance(code, dict) else []
    for need in library.needs.values():
        if "Observation" in need.resources and need.codes and any(need.codes.contains(*p) for p in pairs):
            return need.keys[0]
    return "observations-neuro"


def advice(word: str, known: list[str]) -> str:
    """The likeliest known word, else all of them if they are few."""
    return did_you_mean(word, known) or (f"Known: {', '.join(known)}." if 0 < len(known) <= 12 else "")


def subject_of(kind: str) -> str:
    """The element that names the patient."""
    return "patient" if kind in ("AllergyIntolerance", "FamilyMemberHistory") else "subject"


def plain(node: Node) -> Any:
    """YAML as JSON: what is not in quotes and looks like a number or a truth value is one."""
    if isinstance(node, Block):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, Scalar):
        if not node.is_plain:
            return str(node)
        if node in ("true", "false"):
            return node == "true"
        if _NUMBER.fullmatch(node):
            return float(node) if "." in node else int(node)
        return str(node)
    return [plain(value) for value in node]
