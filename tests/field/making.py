"""Short ways to say one resource of an invented chart, in the shapes that real systems send."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

Json = dict[str, Any]

AT = date(2026, 6, 15)
SCT, LOINC = "http://snomed.info/sct", "http://loinc.org"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
LOCAL = "urn:fhirpath-spine:cs:local"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ME = {"reference": "Patient/p"}


def ago(days: int) -> str:
    """The day so many days before the day of judgement."""
    return (AT - timedelta(days=days)).isoformat()


def concept(system: str, code: str, display: str = "", *, text: str = "") -> Json:
    """A CodeableConcept of one coding."""
    coding = {"system": system, "code": code, **({"display": display} if display else {})}
    return {"coding": [coding], **({"text": text} if text else {})}


def condition(id_: str, code: Json, days: int | None = 5, *, status: str = "active", **more: Any) -> Json:
    """A confirmed Condition with an onset so many days ago; undated with None."""
    dated = {} if days is None else {"onsetDateTime": ago(days)}
    return {
        "resourceType": "Condition",
        "id": id_,
        "subject": ME,
        "clinicalStatus": concept(CLINICAL, status),
        "verificationStatus": concept(VERIFICATION, "confirmed"),
        "code": code,
        **dated,
        **more,
    }


def observation(id_: str, code: Json, days: int | None = 1, **value: Any) -> Json:
    """A final Observation with a value element as named: ``valueInteger=2``."""
    dated = {} if days is None else {"effectiveDateTime": ago(days)}
    return {"resourceType": "Observation", "id": id_, "status": "final", "subject": ME, "code": code, **dated, **value}


def patient(born: str = "1960-03-01", gender: str = "female", **more: Any) -> Json:
    """The patient of every chart here."""
    return {"resourceType": "Patient", "id": "p", "gender": gender, "birthDate": born, **more}


def bundle(*resources: Json) -> Json:
    """A chart: what is not in it is not there. The Patient is added where none is given."""
    people = [r for r in resources if r["resourceType"] == "Patient"] or [patient()]
    rest = [r for r in resources if r["resourceType"] != "Patient"]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in (*people, *rest)]}


def local(code: str) -> Json:
    """A concept of our own code system."""
    return concept(LOCAL, code)


MOTOR_POWER = local("motor-power-mrc")
BACK_PAIN = concept(ICD, "M54.9", "Dorsalgia, unspecified")
BREAST = concept(ICD, "C50.911", "Malignant neoplasm of right female breast")
