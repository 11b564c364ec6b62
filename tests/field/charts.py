"""Small invented charts that speak, as the bodies of hook calls: each opens a critical card before anything in it is changed."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from fhirpath_spine.pathway.facts import ORDER, type_of

Json = dict[str, Any]

SNOMED, ICD, LOINC = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm", "http://loinc.org"
LOCAL = "urn:fhirpath-spine:cs:local"
AT = "2026-06-15T12:00:00Z"
_STATUS = "http://terminology.hl7.org/CodeSystem/condition-"


def concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def condition(id_: str, system: str, code: str, *, level: str = "", **more: Any) -> Json:
    """A Condition that is active and confirmed."""
    return {
        "resourceType": "Condition",
        "id": id_,
        "subject": {"reference": "Patient/42"},
        "clinicalStatus": concept(f"{_STATUS}clinical", "active"),
        "verificationStatus": concept(f"{_STATUS}ver-status", "confirmed"),
        "code": concept(system, code),
        "recordedDate": "2026-05-20",
        **({"bodySite": [concept(LOCAL, level)]} if level else {}),
        **more,
    }


def observation(id_: str, system: str, code: str, when: str, **value: Any) -> Json:
    """A final Observation."""
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "subject": {"reference": "Patient/42"},
        "code": concept(system, code),
        "effectiveDateTime": when,
        **value,
    }


SCHWANNOMA = condition("c1", SNOMED, "189948006", level="level-t8")
METASTASIS = condition("c1", SNOMED, "94602001", level="level-t8")
BREAST_CANCER = condition("c1", ICD, "C50.911")
POWER = observation("o1", LOCAL, "motor-power-mrc", "2026-06-14", valueInteger=2)
WORSE = (observation("o0", LOCAL, "motor-power-mrc", "2026-06-01", valueInteger=5), POWER)
PARESIS = condition("c2", ICD, "G82.20", onsetDateTime="2026-06-13")
RETENTION = condition("c4", ICD, "R33.9", onsetDateTime="2026-06-13")
PAIN = condition("c3", SNOMED, "161891005")

SPEAKING: Mapping[str, tuple[Json, ...]] = {
    "schwannoma, power from 5 to 2": (SCHWANNOMA, *WORSE),
    "metastasis, power 2": (METASTASIS, POWER),
    "cancer, power 2": (BREAST_CANCER, POWER),
    "schwannoma, paraplegia": (SCHWANNOMA, PARESIS),
    "metastasis, retention and pain": (METASTASIS, RETENTION, PAIN),
    "metastasis, paraplegia and pain": (METASTASIS, PARESIS, PAIN),
    "cancer, pain, paraplegia": (BREAST_CANCER, PAIN, PARESIS),
    "metastasis, cancer, power from 5 to 2": (METASTASIS, {**BREAST_CANCER, "id": "c6"}, *WORSE),
}
PATIENT: Json = {"resourceType": "Patient", "id": "42", "birthDate": "1961-04-12", "gender": "female"}


def call(resources: Iterable[Json]) -> Json:
    """The body of a call in which all is read: what is not there was searched for."""
    prefetch: Json = dict.fromkeys(ORDER)
    prefetch["patient"] = copy.deepcopy(PATIENT)
    for resource in resources:
        key = next(k for k in ORDER if type_of(k) == resource["resourceType"])
        page = prefetch[key] or {"resourceType": "Bundle", "type": "searchset", "entry": []}
        page["entry"].append({"resource": copy.deepcopy(resource)})
        prefetch[key] = page
    return {
        "hook": "patient-view",
        "hookInstance": "6bfb2c3e-5a1c-4a6c-9a58-9d1f0a3b7c11",
        "context": {"userId": "Practitioner/1", "patientId": "42"},
        "prefetch": prefetch,
    }
