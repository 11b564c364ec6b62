"""Charts as public guides let systems write them: mCODE, its radiotherapy guide, US Core, an International Patient Summary and an
export of Synthea. Every patient is invented; to each chart a metastasis in the spine is added, with its level, its primary
and what such a chart holds besides.

It is long because a chart of a guide is: each one stands whole in its function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.field.making import CLINICAL, ICD, LOINC, SCT, VERIFICATION, Json, ago, concept

MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/"
CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
IPS = "http://hl7.org/fhir/uv/ips/StructureDefinition/"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
PROBLEM = concept("http://terminology.hl7.org/CodeSystem/condition-category", "problem-list-item", "Problem List Item")

BREAST = concept(SCT, "254837009", "Malignant neoplasm of breast (disorder)")
PROSTATE = concept(SCT, "399068003", "Malignant neoplasm of prostate (disorder)")
BONE_METASTASIS = concept(SCT, "94222008", "Secondary malignant neoplasm of bone (disorder)")
T8 = concept(SCT, "11068009", "Eighth thoracic vertebra (body structure)")
L3 = concept(SCT, "55492004", "Structure of body of third lumbar vertebra (body structure)")


def _of(person: str) -> Json:
    return {"reference": person}


def _made(kind: str, id_: str, profile: str = "", **members: Any) -> Json:
    meta = {"meta": {"profile": [profile], "versionId": "1", "lastUpdated": "2026-06-14T08:00:00.000+00:00"}}
    return {"resourceType": kind, "id": id_, **(meta if profile else {}), **members}


def _problem(id_: str, profile: str, person: str, code: Json, days: int, **more: Any) -> Json:
    return _made(
        "Condition",
        id_,
        profile,
        clinicalStatus=concept(CLINICAL, "active"),
        verificationStatus=concept(VERIFICATION, "confirmed"),
        category=[PROBLEM],
        code=code,
        subject=_of(person),
        onsetDateTime=ago(days),
        recordedDate=ago(days),
        **more,
    )


def _seen(id_: str, profile: str, person: str, code: Json, days: int, category: str = "exam", **value: Any) -> Json:
    return _made(
        "Observation",
        id_,
        profile,
        status="final",
        category=[concept(CATEGORY, category)],
        code=code,
        subject=_of(person),
        effectiveDateTime=ago(days),
        **value,
    )


def _entries(base: str, *resources: Json) -> list[Json]:
    return [{"fullUrl": f"{base}{r['resourceType']}/{r['id']}", "resource": r} for r in resources]


def mcode() -> Json:
    """A patient bundle of mCODE: cancer with morphology and stage, performance status, variant, drug given, and its course."""
    me = "Patient/cancer-patient-lindqvist"
    related = {
        "url": f"{MCODE}mcode-related-condition",
        "valueReference": {"reference": "Condition/primary-lindqvist"},
    }
    staged = _seen(
        "stage-lindqvist",
        f"{MCODE}mcode-tnm-stage-group",
        me,
        concept(LOINC, "21908-9", "Stage group.clinical Cancer"),
        60,
        "survey",
        valueCodeableConcept=concept(LOINC, "LA3651-2", "Stage IV"),
        method={"text": "AJCC, eighth edition"},
        focus=[{"reference": "Condition/primary-lindqvist"}],
    )
    primary = _problem(
        "primary-lindqvist",
        f"{MCODE}mcode-primary-cancer-condition",
        me,
        BREAST,
        900,
        extension=[
            {
                "url": f"{MCODE}mcode-histology-morphology-behavior",
                "valueCodeableConcept": {"text": "Infiltrating duct carcinoma"},
            }
        ],
        bodySite=[{"text": "Left breast", "extension": [{"url": f"{MCODE}mcode-laterality-qualifier"}]}],
        stage=[
            {
                "summary": concept(LOINC, "LA3651-2", "Stage IV"),
                "assessment": [{"reference": "Observation/stage-lindqvist"}],
            }
        ],
    )
    secondary = _problem(
        "secondary-lindqvist",
        f"{MCODE}mcode-secondary-cancer-condition",
        me,
        BONE_METASTASIS,
        50,
        extension=[related],
        bodySite=[T8],
    )
    status = _seen(
        "ecog-lindqvist",
        f"{MCODE}mcode-ecog-performance-status",
        me,
        concept(LOINC, "89247-1", "ECOG Performance Status score"),
        12,
        "survey",
        valueInteger=1,
        interpretation=[concept(LOINC, "LA9623-5", "Restricted in physically strenuous activity")],
    )
    variant = _seen(
        "variant-lindqvist",
        f"{MCODE}mcode-genomic-variant",
        me,
        concept(LOINC, "69548-6", "Genetic variant assessment"),
        55,
        "laboratory",
        valueCodeableConcept=concept(LOINC, "LA9633-4", "Present"),
        component=[{"code": concept(LOINC, "48018-6", "Gene studied [ID]"), "valueCodeableConcept": {"text": "BRCA2"}}],
    )
    given = _made(
        "MedicationAdministration",
        "given-lindqvist",
        f"{MCODE}mcode-cancer-related-medication-administration",
        status="completed",
        medicationCodeableConcept=concept(RXNORM, "40048", "carboplatin"),
        subject=_of(me),
        effectivePeriod={"start": ago(400), "end": ago(330)},
    )
    person = _made(
        "Patient",
        "cancer-patient-lindqvist",
        f"{MCODE}mcode-cancer-patient",
        name=[{"family": "Lindqvist", "given": ["Alba"]}],
        gender="female",
        birthDate="1967-11-02",
    )
    held = (person, primary, secondary, staged, status, variant, given)
    return {"resourceType": "Bundle", "type": "collection", "entry": _entries("http://cancer.example/fhir/", *held)}


def radiotherapy() -> Json:
    """A chart of the radiotherapy guide: a course of treatment with its modality, its volume and its phase, and the cancer."""
    me = "Patient/xrts-ostrowski"
    volume = _made(
        "BodyStructure",
        "volume-ostrowski",
        f"{MCODE}mcode-radiotherapy-volume",
        morphology={"text": "Clinical target volume"},
        location=T8,
        description="T8 with one vertebra above and below",
        patient=_of(me),
    )
    modality = {
        "url": f"{MCODE}mcode-radiotherapy-modality-and-technique",
        "extension": [
            {
                "url": "modality",
                "valueCodeableConcept": concept(SCT, "1156506007", "External beam radiation therapy using photons"),
            },
            {
                "url": "technique",
                "valueCodeableConcept": concept(SCT, "1156530009", "Volumetric Modulated Arc Therapy"),
            },
        ],
    }
    dose = {
        "url": f"{MCODE}mcode-radiotherapy-dose-delivered-to-volume",
        "extension": [
            {"url": "volume", "valueReference": {"reference": "BodyStructure/volume-ostrowski"}},
            {"url": "totalDoseDelivered", "valueQuantity": {"value": 2000, "unit": "cGy"}},
            {"url": "fractionsDelivered", "valueUnsignedInt": 5},
        ],
    }
    course = _made(
        "Procedure",
        "course-ostrowski",
        f"{MCODE}mcode-radiotherapy-course-summary",
        extension=[modality, dose, {"url": f"{MCODE}mcode-radiotherapy-sessions", "valueUnsignedInt": 5}],
        status="completed",
        code=concept(SCT, "1217123003", "Radiotherapy course of treatment (regime/therapy)"),
        subject=_of(me),
        performedPeriod={"start": ago(30), "end": ago(24)},
        reasonReference=[{"reference": "Condition/spine-ostrowski"}],
        bodySite=[T8],
    )
    primary = _problem("prostate-ostrowski", f"{MCODE}mcode-primary-cancer-condition", me, PROSTATE, 1500)
    spine = _problem(
        "spine-ostrowski", f"{MCODE}mcode-secondary-cancer-condition", me, BONE_METASTASIS, 60, bodySite=[T8]
    )
    person = _made("Patient", "xrts-ostrowski", f"{MCODE}mcode-cancer-patient", gender="male", birthDate="1951-01-20")
    held = (person, primary, spine, course, volume)
    return {"resourceType": "Bundle", "type": "collection", "entry": _entries("http://oncology.example/r4/", *held)}


def us_core() -> Json:
    """An ordinary chart of US Core: two codings to a problem, categories, an encounter, vital signs, a note and a coverage."""
    me = "Patient/core-abernathy"
    visit = {"encounter": {"reference": "Encounter/visit-abernathy"}}
    lung = {
        "coding": [
            {"system": SCT, "code": "254637007", "display": "Non-small cell lung cancer (disorder)"},
            {"system": ICD, "code": "C34.90", "display": "Malignant neoplasm of unspecified part of bronchus or lung"},
        ],
        "text": "NSCLC, right upper lobe",
    }
    bone = {
        "coding": [
            {"system": ICD, "code": "C79.51", "display": "Secondary malignant neoplasm of bone"},
            BONE_METASTASIS["coding"][0],
        ],
        "text": "Bone metastasis, T8",
    }
    profile = f"{CORE}us-core-condition-problems-health-concerns"
    person = _made(
        "Patient",
        "core-abernathy",
        f"{CORE}us-core-patient",
        extension=[{"url": f"{CORE}us-core-birthsex", "valueCode": "M"}],
        identifier=[{"system": "http://hospital.example/mrn", "value": "1032702"}],
        gender="male",
        birthDate="1959-08-30",
    )
    note = _made(
        "DiagnosticReport",
        "note-abernathy",
        f"{CORE}us-core-diagnosticreport-note",
        status="final",
        category=[concept(LOINC, "LP29684-5", "Radiology")],
        code=concept(LOINC, "24981-3", "MR Thoracic spine WO and W contrast IV"),
        subject=_of(me),
        effectiveDateTime=ago(20),
        presentedForm=[{"contentType": "text/plain", "data": "VDggbGVzaW9uLg=="}],
        **visit,
    )
    ecog = concept(LOINC, "89247-1", "ECOG Performance Status score")
    pain = concept(LOINC, "72514-3", "Pain severity - 0-10 verbal numeric rating [Score] - Reported")
    held = (
        person,
        _problem("lung-abernathy", profile, me, lung, 600, **visit),
        _problem("bone-abernathy", profile, me, bone, 20, bodySite=[T8], **visit),
        _problem("throat-abernathy", profile, me, concept(SCT, "140004", "Chronic pharyngitis (disorder)"), 5000),
        _seen("ecog-abernathy", f"{CORE}us-core-observation-screening-assessment", me, ecog, 3, valueInteger=2),
        _seen("pain-abernathy", f"{CORE}us-core-simple-observation", me, pain, 3, "survey", valueInteger=5),
        note,
        _made("Encounter", "visit-abernathy", f"{CORE}us-core-encounter", status="finished", subject=_of(me)),
        _made("Coverage", "coverage-abernathy", f"{CORE}us-core-coverage", status="active", beneficiary=_of(me)),
    )
    return {"resourceType": "Bundle", "type": "searchset", "entry": _entries("https://ehr.example/fhir/R4/", *held)}


def _urn(name: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, name)}"


def patient_summary() -> Json:
    """An International Patient Summary: a document, its entries named by uuid, its sections, and what it says is not known."""
    me = _urn("patient")
    absent = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
    sections = [
        ("11450-4", "Active problems", ["breast", "spine"]),
        ("48765-2", "Allergies", ["allergies"]),
        ("10160-0", "Medication", ["medication"]),
        ("30954-2", "Results", ["pain"]),
    ]
    composition = _made(
        "Composition",
        "summary",
        f"{IPS}Composition-uv-ips",
        status="final",
        type=concept(LOINC, "60591-5", "Patient summary Document"),
        subject=_of(me),
        date=ago(1),
        title="Patient summary",
        author=[{"display": "A clinic"}],
        section=[
            {"title": title, "code": concept(LOINC, code), "entry": [{"reference": _urn(name)} for name in names]}
            for code, title, names in sections
        ],
    )
    profile = f"{IPS}Condition-uv-ips"
    held: Mapping[str, Json] = {
        "summary": composition,
        "patient": _made("Patient", "ips-moreau", f"{IPS}Patient-uv-ips", gender="female", birthDate="1970-05-05"),
        "breast": _problem("breast-moreau", profile, me, BREAST, 1200),
        "spine": _problem("spine-moreau", profile, me, BONE_METASTASIS, 40, bodySite=[L3]),
        "allergies": _made(
            "AllergyIntolerance",
            "allergies-moreau",
            f"{IPS}AllergyIntolerance-uv-ips",
            clinicalStatus=concept("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active"),
            code=concept(absent, "no-known-allergies", "No known allergies"),
            patient=_of(me),
        ),
        "medication": _made(
            "MedicationStatement",
            "medication-moreau",
            f"{IPS}MedicationStatement-uv-ips",
            status="active",
            medicationCodeableConcept=concept(absent, "no-known-medications", "No known medications"),
            subject=_of(me),
            effectiveDateTime=ago(1),
        ),
        "pain": _seen(
            "pain-moreau", f"{IPS}Observation-results-uv-ips", me, concept(LOINC, "72514-3"), 2, valueInteger=4
        ),
    }
    entry = [{"fullUrl": _urn(name), "resource": resource} for name, resource in held.items()]
    return {"resourceType": "Bundle", "type": "document", "timestamp": f"{ago(1)}T08:00:00Z", "entry": entry}


def synthea() -> Json:
    """An export of Synthea: a transaction whose entries name each other by uuid, with claims and ordinary findings beside."""
    me = _urn("synthea-patient")
    met = _urn("synthea-encounter")

    def told(name: str, kind: str, **members: Any) -> tuple[str, Json]:
        urn = _urn(f"synthea-{name}")
        return urn, {"resourceType": kind, "id": urn.removeprefix("urn:uuid:"), **members}

    def found(name: str, code: Json, days: int, **more: Any) -> tuple[str, Json]:
        worded = {**code, "text": code["coding"][0]["display"]}
        status = {
            "clinicalStatus": concept(CLINICAL, "active"),
            "verificationStatus": concept(VERIFICATION, "confirmed"),
        }
        dated = {"onsetDateTime": f"{ago(days)}T07:11:45+00:00", "recordedDate": f"{ago(days)}T07:11:45+00:00"}
        seen = {"subject": _of(me), "encounter": {"reference": met}}
        return told(name, "Condition", category=[PROBLEM], code=worded, **status, **dated, **seen, **more)

    score = concept(LOINC, "72514-3", "Pain severity - 0-10 verbal numeric rating [Score] - Reported")
    worth = {"value": 3, "unit": "{score}", "system": "http://unitsofmeasure.org", "code": "{score}"}
    held = (
        told("patient", "Patient", gender="female", birthDate="1963-02-14", deceasedBoolean=False),
        told("encounter", "Encounter", status="finished", subject=_of(me)),
        found("throat", concept(SCT, "140004", "Chronic pharyngitis (disorder)"), 7000),
        found("stress", concept(SCT, "73595000", "Stress (finding)"), 2000),
        found("breast", BREAST, 1100),
        found("spine", BONE_METASTASIS, 30, bodySite=[T8]),
        told(
            "pain",
            "Observation",
            status="final",
            code=score,
            subject=_of(me),
            effectiveDateTime=f"{ago(4)}T07:11:45+00:00",
            valueQuantity=worth,
        ),
        told("claim", "Claim", status="active", patient=_of(me)),
        told("benefit", "ExplanationOfBenefit", status="active", patient=_of(me)),
    )
    entry = [
        {"fullUrl": urn, "resource": r, "request": {"method": "POST", "url": r["resourceType"]}} for urn, r in held
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entry}


CHARTS: Mapping[str, tuple[Callable[[], Json], str]] = {
    "mCODE": (mcode, "metastasis:T8"),
    "radiotherapy": (radiotherapy, "metastasis:T8"),
    "US Core": (us_core, "metastasis:T8"),
    "IPS": (patient_summary, "metastasis:L3"),
    "Synthea": (synthea, "metastasis:T8"),
}
"""Name -> the chart, and the lesion that it has to reach."""
