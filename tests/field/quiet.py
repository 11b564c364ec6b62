"""Charts that must stay quiet, whatever the doubts are that a reader of real charts learns to raise.

An alarm at every chart is as bad as none: most codes of a real chart are in no table, flowsheets say things in words, and
incontinence, pregnancy and old cancers are common.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import product
from random import Random

from tests.field.making import (
    BACK_PAIN,
    ICD,
    LOINC,
    MOTOR_POWER,
    SCT,
    Json,
    ago,
    bundle,
    concept,
    condition,
    local,
    observation,
    patient,
)

ORDINARY = {
    "Condition": ["Sprain of ankle", "Acute viral pharyngitis", "Full-time employment", "Stress", "Limited social contact",
                  "Housing unsatisfactory", "Seborrhoeic dermatitis", "Tinea pedis", "Myopia", "Body mass index 30+ - obesity",
                  "Impacted molars", "Received higher education", "Laceration of hand", "Gingival disease",
                  "Unhealthy alcohol drinking behaviour"],
    "Procedure": ["Administration of influenza vaccine", "Dental care", "Medication reconciliation", "Physical examination",
                  "Suture of wound", "Colonoscopy", "Assessment of anxiety"],
    "Observation": ["Body height", "Heart rate", "Tobacco counselling", "Oxygen saturation", "Total cholesterol",
                    "Influenza virus antigen", "Nutrition and diet score"],
    "DiagnosticReport": ["History and physical note", "Lipid panel", "Complete blood count panel"],
    "MedicationRequest": ["Loratadine 10 MG Oral Tablet", "Amoxicillin 250 MG Oral Capsule"],
    "MedicationStatement": ["Cetirizine 5 MG Oral Tablet", "Vitamin D3"],
    "AllergyIntolerance": ["Allergy to mould", "House dust mite"],
    "FamilyMemberHistory": ["Diabetes mellitus type 2"],
}  # fmt: skip
"""Displays of ordinary entries, by the kind of resource: nothing that any doubt should be raised by."""


def foreign(random: Random, kind: str) -> Json:
    """A concept that no table holds, of an ordinary display of its kind."""
    system = random.choice([SCT, "http://hospital.example/codes", LOINC, ICD])
    code = {SCT: f"{random.randrange(10**9, 10**10)}77", LOINC: f"{random.randrange(200_000, 900_000)}-9"}.get(
        system, f"Y{random.randrange(10, 99)}.{random.randrange(0, 9)}9Q"
    )
    return concept(system, code, random.choice(ORDINARY.get(kind, ["Routine entry"])))


def with_unknown_codes(chart: Json, seed: int) -> Json:
    """The chart with every code of what its resources are about replaced by an unknown one of its kind."""
    random, changed = Random(seed), copy.deepcopy(chart)  # noqa: S311 - charts, not keys
    for entry in changed["entry"]:
        resource = entry["resource"]
        kind = str(resource["resourceType"])
        for element in ("code", "medicationCodeableConcept", "vaccineCode"):
            if isinstance(resource.get(element), dict):
                resource[element] = foreign(random, kind)
        for member in resource.get("condition", []) if isinstance(resource.get("condition"), list) else []:
            member["code"] = foreign(random, kind)
        for element in ("valueCodeableConcept", "bodySite", "component"):
            resource.pop(element, None)
    return changed


def crowd(seed: int, count: int = 60) -> Json:
    """So many entries that no table holds, at once."""
    random = Random(seed)  # noqa: S311 - charts, not keys
    kinds = ["Condition", "Condition", "Procedure", "Observation"]
    resources = []
    for number in range(count):
        kind = random.choice(kinds)
        days = random.randrange(0, 4000)
        if kind == "Condition":
            resources.append(condition(f"x{number}", foreign(random, kind), days))
        elif kind == "Observation":
            resources.append(observation(f"x{number}", foreign(random, kind), days, valueString="within normal limits"))
        else:
            done = {
                "resourceType": "Procedure",
                "id": f"x{number}",
                "status": "completed",
                "performedDateTime": ago(days),
            }
            resources.append({**done, "subject": {"reference": "Patient/p"}, "code": foreign(random, kind)})
    return bundle(*resources)


NURSING = ["WNL", "steady", "moves all extremities", "ambulates ad lib", "no change", "as before", "see note", "per family",
           "unable to assess, asleep", "strong x4"]  # fmt: skip
FLOWSHEET = ["motor-power-mrc", "gait", "ambulation-status", "bladder-function", "bowel-function", "sensory-finding"]


def nursing() -> Iterator[tuple[str, Json]]:
    """What a ward writes into neuro flowsheets, in words, of patients without any cause for the gate."""
    for text, code in product(NURSING, FLOWSHEET):
        yield f"{code}: {text}", bundle(observation("n", local(code), 0, valueString=text))


HARMLESS = [
    concept("http://hospital.example/codes", "0", "Benign breast lump"),
    concept(ICD, "D22.5", "Melanocytic naevi of trunk"),
    concept("http://hospital.example/codes", "1", "Seborrhoeic keratosis of the back"),
    concept("http://hospital.example/codes", "2", "Family history of breast cancer"),
    concept("http://hospital.example/codes", "3", "Mother had melanoma, died of lung cancer"),
    concept("http://hospital.example/codes", "4", "Screening for malignant neoplasm of colon"),
    concept("http://hospital.example/codes", "5", "Colon cancer screening declined"),
    concept("http://hospital.example/codes", "6", "No evidence of malignancy"),
    concept("http://hospital.example/codes", "7", "Fear of cancer"),
    concept("http://hospital.example/codes", "8", "Carcinoma in situ of cervix"),
    concept("http://hospital.example/codes", "9", "Malignant hypertension"),
    concept("http://hospital.example/codes", "10", "Human papillomavirus vaccine for cancer prevention given"),
    concept("http://hospital.example/codes", "11", "Elevated tumour marker antigen"),
    concept("http://hospital.example/codes", "12", "Low bone mass"),
    concept("http://hospital.example/codes", "13", "Lung cancer ruled out"),
    concept(ICD, "C44.91", "Basal cell carcinoma of skin, unspecified"),
    concept(ICD, "Z85.828", "Personal history of other malignant neoplasm of skin"),
]
"""Entries with a word of cancer in them that are none, or are one of skin that founds no doubt."""


def harmless() -> Iterator[tuple[str, Json]]:
    """Back pain or a new loss of power beside an entry that only sounds like a cancer."""
    for number, entry in enumerate(HARMLESS):
        named = entry["coding"][0]["display"]
        pain = condition("pain", BACK_PAIN, 12)
        power = observation("power", MOTOR_POWER, 1, valueInteger=3)
        yield f"back pain, {named}", bundle(condition("c", entry, 200), pain)
        yield f"loss of power, {named}", bundle(condition(f"c{number}", entry, 200), power)


INCONTINENCE = [
    concept(ICD, "R32", "Unspecified urinary incontinence"),
    concept(ICD, "N39.3", "Stress incontinence"),
    concept(ICD, "N39.46", "Mixed incontinence"),
    concept(ICD, "N39.490", "Overflow incontinence"),
    concept(ICD, "N39.41", "Urge incontinence"),
    concept(ICD, "R39.81", "Functional urinary incontinence"),
    concept(SCT, "48340000", "Incontinence"),
]
UNSPECIFIED = ("R32", "48340000")
DATED: list[int | None] = [0, 10, 700, None]
OLD_CANCER = [
    None,
    condition("cancer", concept(ICD, "C50.911", "Breast cancer"), 4000, status="remission"),
    condition("cancer", concept(ICD, "Z85.3", "Personal history of malignant neoplasm of breast"), 4000),
]


PAINS: list[int | None] = [5, 40, None]
Told = tuple[int | None, Json, int | None, bool, Json | None]


def combinations() -> Iterator[tuple[str, Json]]:
    """Back pain, incontinence, pregnancy and an old cancer in each other's company: below critical, all of them."""
    yield from (_together(told) for told in _all() if not _opens(told))


def opening() -> Iterator[tuple[str, Json]]:
    """Those among them that open the gate: beside an own cancer and back pain, each new loss of control of the bladder counts."""
    yield from (_together(told) for told in _all() if _opens(told))


def _all() -> Iterator[Told]:
    yield from product(PAINS, INCONTINENCE, DATED, (False, True), OLD_CANCER)


def _opens(told: Told) -> bool:
    """D2 (b): an own cancer with back pain takes incontinence that is not further specified, if it is new or undated; what is
    named as stress, urge, mixed, overflow or functional it does not.
    """
    pain, leak, days, _, cancer = told
    return cancer is not None and pain is not None and leak["coding"][0]["code"] in UNSPECIFIED and days != 700


def _together(told: Told) -> tuple[str, Json]:
    pain, leak, days, pregnant, cancer = told
    resources = [condition("leak", leak, days)]
    resources += [condition("pain", BACK_PAIN, pain)] if pain is not None else []
    if pregnant:
        resources += [patient("1992-03-01"), condition("pregnant", concept(SCT, "77386006", "Pregnant"), 60)]
    if cancer is not None:
        resources.append(cancer)
    said = f"pain {pain} d, {leak['coding'][0]['display']} {days} d"
    return f"{said}, {'pregnant, ' if pregnant else ''}{'cancer' if cancer else 'no cancer'}", bundle(*resources)
