"""Further members of the families that foreign systems send: each is read aright, or named.

It is long because each family is a few lines, and there are many.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fhirpath_spine.errors import ScopeUndecidable
from tests.field.making import (
    BACK_PAIN,
    BREAST,
    ICD,
    LOINC,
    ME,
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
from tests.field.test_families import all_text
from tests.field.test_quiet import loudness

Judge = Callable[[Json], dict[str, Any]]

CANCER = condition("c", BREAST, 400)
POWER = observation("o", MOTOR_POWER, 1, valueInteger=2)
SENSORY_LEVEL = local("sensory-level")
METASTASIS = condition("m", concept(SCT, "94602001"), 30, bodySite=[local("level-t8")])
HOUSE = "http://hospital.example/codes"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NULL_FLAVOURS = (
    "http://terminology.hl7.org/CodeSystem/v3-NullFlavor",
    "http://hl7.org/fhir/v3/NullFlavor",
    "urn:oid:2.16.840.1.113883.5.1008",
)
FLAVOUR_EXTENSION = "http://hl7.org/fhir/StructureDefinition/iso21090-nullFlavor"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


def verdict(answer: dict[str, Any], id_: str) -> str:
    """The status of one recommendation."""
    return next(v["status"] for v in answer["verdicts"] if v["id"] == id_)


def explained(answer: dict[str, Any]) -> str:
    return " ".join(part["text"] for part in answer["explanation"])


# ---------------------------------------------------------------------------------------------------- nulls of others


@pytest.mark.parametrize("system", [*NULL_FLAVOURS, ABSENT])
@pytest.mark.parametrize("code", [MOTOR_POWER, SENSORY_LEVEL], ids=["power", "level"])
def test_an_answer_that_says_only_that_there_is_none_is_none(judged: Judge, system: str, code: Json) -> None:
    finding = observation("o", code, 1, valueCodeableConcept=concept(system, "UNK" if "ull" in system else "unknown"))
    assert loudness(judged(bundle(CANCER, finding))) == "silent"


@pytest.mark.parametrize("system", NULL_FLAVOURS)
def test_a_diagnosis_that_is_masked_by_a_null_flavour_leaves_the_diagnoses_unread(judged: Judge, system: str) -> None:
    with pytest.raises(ScopeUndecidable):
        judged(bundle(condition("x", concept(system, "MSK")), POWER))


def test_a_diagnosis_whose_null_flavour_stands_in_an_extension_is_masked_too(judged: Judge) -> None:
    masked = {"extension": [{"url": FLAVOUR_EXTENSION, "valueCode": "MSK"}]}
    with pytest.raises(ScopeUndecidable):
        judged(bundle(condition("x", masked), POWER))


def test_words_beside_a_null_flavour_are_heard(judged: Judge) -> None:
    told = {**concept(NULL_FLAVOURS[0], "OTH"), "text": "carcinoma of the colon"}
    assert loudness(judged(bundle(condition("x", told, 90), POWER))) == "critical"


# ---------------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    "value",
    [
        {"text": "none"},
        {"text": "T8"},
        concept(SCT, "260415000", "Not detected"),
        concept(LOINC, "LA9634-2", "Absent"),
        concept(HOUSE, "N", "Normal"),
    ],
    ids=str,
)
def test_what_names_no_level_of_the_spine_is_no_sensory_level(judged: Judge, value: Json) -> None:
    answer = judged(bundle(CANCER, observation("o", SENSORY_LEVEL, 1, valueCodeableConcept=value)))
    assert loudness(answer) == "warning"
    assert "has an answer that this service does not know" in all_text(answer)


@pytest.mark.parametrize("value", [local("level-t8"), concept(SCT, "11994002")], ids=["ours", "snomed"])
def test_a_level_of_the_spine_is_a_sensory_level(judged: Judge, value: Json) -> None:
    answer = judged(bundle(CANCER, observation("o", SENSORY_LEVEL, 1, valueCodeableConcept=value)))
    assert loudness(answer) == "critical"


@pytest.mark.parametrize("name", ["result", "reading", "answer"])
def test_a_value_under_a_name_that_fhir_does_not_have_is_not_excluded(judged: Judge, name: str) -> None:
    assert loudness(judged(bundle(CANCER, observation("o", MOTOR_POWER, 1, **{name: 2})))) == "warning"


PLATELETS = concept(LOINC, "777-3")
KIDNEY = observation("k", concept(LOINC, "33914-3"), 1, valueQuantity={"value": 90, "unit": "mL/min/1.73 m2"})
PAIN = observation("s", concept(LOINC, "72514-3"), 1, valueInteger=6)


PRINTED = ["K/mcL", "thou/mcL", "x10E3/µL", "10E3/uL", "x10³/µL", "10^3/mcL", "K/cmm", "Tsd/µl", "/nl"]


@pytest.mark.parametrize("unit", PRINTED)
def test_platelets_are_read_in_the_units_that_laboratories_print(judged: Judge, unit: str) -> None:
    answer = judged(
        bundle(METASTASIS, PAIN, KIDNEY, observation("p", PLATELETS, 1, valueQuantity={"value": 40, "unit": unit}))
    )
    assert verdict(answer, "R-PAIN-04") == "blocked"
    assert "is not converted here" not in all_text(answer)


@pytest.mark.parametrize("unit", ["g/L", "lakhs/cumm", "10*6/mL", "mg"])
def test_platelets_in_a_unit_of_something_else_are_named_and_not_read(judged: Judge, unit: str) -> None:
    answer = judged(
        bundle(METASTASIS, PAIN, KIDNEY, observation("p", PLATELETS, 1, valueQuantity={"value": 40, "unit": unit}))
    )
    assert "its unit is not converted here" in all_text(answer) + explained(answer)


@pytest.mark.parametrize("name", ["appliesDateTime", "occurrenceDateTime", "date", "observedPeriod"])
def test_a_date_under_a_name_of_another_release_may_be_any(judged: Judge, name: str) -> None:
    undated = {k: v for k, v in POWER.items() if k != "effectiveDateTime"}
    said = all_text(judged(bundle(CANCER, {**undated, name: "2020-01-01"})))
    assert "has a date that cannot be read: it may be of any day" in said
    assert "date of the deficit not recorded" in all_text(judged(bundle(CANCER, undated)))


# ---------------------------------------------------------------------------------------------------- deficits by value

FINDING = concept(HOUSE, "F", "Finding")
PARAPLEGIA = concept(ICD, "G82.20", "Paraplegia")


@pytest.mark.parametrize("value", [PARAPLEGIA, local("gait-unable"), local("ais-b")], ids=str)
@pytest.mark.parametrize("cause", [CANCER, METASTASIS], ids=["cancer", "metastasis"])
def test_a_deficit_as_the_answer_to_a_question_that_nobody_knows_is_not_excluded(
    judged: Judge, value: Json, cause: Json
) -> None:
    answer = judged(bundle(cause, observation("f", FINDING, 1, valueCodeableConcept=value)))
    assert "an entry of 14 June may be a new deficit" in all_text(answer)
    assert loudness(answer) == "warning"


@pytest.mark.parametrize(
    "finding",
    [
        observation("f", FINDING, 20, valueCodeableConcept=PARAPLEGIA),
        observation("f", FINDING, 1, valueCodeableConcept=concept(ICD, "R32", "Incontinence")),
        observation("f", FINDING, 1, valueCodeableConcept=local("gait-normal")),
        {**observation("f", FINDING, 1, valueCodeableConcept=PARAPLEGIA), "status": "entered-in-error"},
    ],
    ids=["old", "incontinence", "normal", "erased"],
)
def test_such_an_answer_that_is_old_usual_or_erased_raises_no_alarm(judged: Judge, finding: Json) -> None:
    assert loudness(judged(bundle(CANCER, finding))) == "silent"


def test_such_an_answer_beside_back_pain_alone_is_silent(judged: Judge) -> None:
    finding = observation("f", FINDING, 1, valueCodeableConcept=PARAPLEGIA)
    assert loudness(judged(bundle(condition("p", BACK_PAIN, 60), finding))) == "silent"


# ---------------------------------------------------------------------------------------------------- body sites


def structure(**more: Any) -> Json:
    return {"resourceType": "BodyStructure", "id": "b", "patient": ME, **more}


def at_structure(held: Json | None, reference: str = "#b") -> Json:
    """A bone metastasis whose site stands in a BodyStructure."""
    there = [{"url": "http://hl7.org/fhir/StructureDefinition/bodySite", "valueReference": {"reference": reference}}]
    inside = {} if held is None else {"contained": [held]}
    return condition("m", concept(ICD, "C79.51"), 30, extension=there, **inside)


@pytest.mark.parametrize(
    "held",
    [structure(location=local("level-t8")), structure(includedStructure=[{"structure": local("level-t8")}])],
    ids=["R4", "R5"],
)
def test_a_site_in_a_body_structure_is_read(judged: Judge, held: Json) -> None:
    answer = judged(bundle(at_structure(held)))
    assert answer["cards"][0]["summary"].startswith("Spinal metastasis T8")


def test_a_body_structure_that_cannot_be_looked_up_is_a_site_that_cannot_be_placed(judged: Judge) -> None:
    said = all_text(judged(bundle(at_structure(None, "BodyStructure/b"))))
    assert "cannot be placed" in said
    assert "not recorded: level" not in said


@pytest.mark.parametrize("narrowed", ["11994002:272741003=7771000", "11994002 |T8| : 272741003 = 24028007"])
def test_what_narrows_a_vertebra_lies_where_the_vertebra_does(judged: Judge, narrowed: str) -> None:
    plain = judged(bundle(condition("m", concept(ICD, "C79.51"), 30, bodySite=[concept(SCT, "11994002")])))
    answer = judged(bundle(condition("m", concept(ICD, "C79.51"), 30, bodySite=[concept(SCT, narrowed)])))
    assert [card["summary"] for card in answer["cards"]] == [card["summary"] for card in plain["cards"]]


# ---------------------------------------------------------------------------------------------------- allergies and drugs

OTHERS = (PAIN, KIDNEY, observation("p", PLATELETS, 1, valueQuantity={"value": 250, "unit": "10*9/L"}))


def allergy(**more: Any) -> Json:
    return {"resourceType": "AllergyIntolerance", "id": "a", "patient": ME, **more}


@pytest.mark.parametrize(
    "entry",
    [
        allergy(),
        allergy(reaction=[{"manifestation": [{"text": "rash"}]}]),
        allergy(code=concept(NULL_FLAVOURS[0], "UNK")),
    ],
    ids=["no code", "reaction alone", "null flavour"],
)
def test_an_allergy_to_nobody_knows_what_is_asked_about(judged: Judge, entry: Json) -> None:
    answer = judged(bundle(METASTASIS, *OTHERS, entry))
    assert verdict(answer, "R-PAIN-04") == "needs-data"
    assert "an allergy entry is not recognised" in all_text(answer)


@pytest.mark.parametrize("code", ["716186003", "409137002", "428607008", "429625007"])
def test_no_known_allergy_in_snomed_ct_is_no_allergy(judged: Judge, code: str) -> None:
    answer = judged(bundle(METASTASIS, *OTHERS, allergy(code=concept(SCT, code))))
    assert verdict(answer, "R-PAIN-04") == "recommended"


def test_a_modifier_inside_a_reaction_turns_the_entry_round_perhaps(judged: Judge) -> None:
    reaction = {"substance": concept(RXNORM, "5640"), "modifierExtension": [{"url": "http://x", "valueBoolean": True}]}
    answer = judged(bundle(METASTASIS, *OTHERS, allergy(reaction=[reaction])))
    assert verdict(answer, "R-PAIN-04") == "needs-data"
    assert "a modifier that is not known" in all_text(answer)


def statement(**more: Any) -> Json:
    return {
        "resourceType": "MedicationStatement",
        "id": "d",
        "status": "active",
        "subject": ME,
        "effectiveDateTime": ago(5),
        **more,
    }


@pytest.mark.parametrize(
    "drug",
    [
        {"medicationCodeableConcept": {"text": "Warfarin 5 mg"}},
        {"medicationCodeableConcept": concept("http://www.whocc.no/atc", "B01AA03", "Warfarin")},
        {"medicationReference": {"reference": "Medication/none", "display": "Warfarin"}},
    ],
    ids=["words", "ATC", "reference"],
)
def test_a_drug_in_use_that_no_table_knows_is_counted_and_named(judged: Judge, drug: Json) -> None:
    told = explained(judged(bundle(METASTASIS, *OTHERS, statement(**drug))))
    assert "1 medications not recognised: check for anticoagulants" in told
    assert "Not recognised: Warfarin" in told


def test_a_drug_that_is_no_longer_used_and_no_drug_at_all_are_named_nowhere(judged: Judge) -> None:
    old = statement(status="stopped", medicationCodeableConcept={"text": "Warfarin 5 mg"})
    none = statement(medicationCodeableConcept=concept(SCT, "787481004", "No known medications"))
    assert "Not recognised" not in explained(judged(bundle(METASTASIS, *OTHERS, old)))
    assert "Not recognised" not in explained(judged(bundle(METASTASIS, *OTHERS, none)))


# ---------------------------------------------------------------------------------------------------- wholes


@pytest.mark.parametrize("kind", ["MedicationAdministration", "AllergyIntolerance"])
def test_what_any_resource_that_is_read_contains_is_read_with_its_subject(judged: Judge, kind: str) -> None:
    inner = {k: v for k, v in CANCER.items() if k != "subject"}
    whose = {"patient": ME} if kind == "AllergyIntolerance" else {"subject": ME, "status": "completed"}
    assert (
        loudness(judged(bundle({"resourceType": kind, "id": "h", **whose, "contained": [inner]}, POWER))) == "critical"
    )


def test_what_a_family_history_contains_is_a_relatives(judged: Judge) -> None:
    history = {"resourceType": "FamilyMemberHistory", "id": "h", "status": "completed", "patient": ME}
    assert loudness(judged(bundle({**history, "contained": [CANCER]}, POWER))) == "silent"


def test_a_problem_list_in_words_alone_is_unread(judged: Judge) -> None:
    section = {"code": concept(LOINC, "11450-4"), "text": {"status": "generated", "div": "<div>breast cancer</div>"}}
    document = {"resourceType": "Composition", "id": "x", "section": [section]}
    with pytest.raises(ScopeUndecidable, match="text-only"):
        judged(bundle(document, POWER))
    listed = {**section, "entry": [{"reference": "Condition/c"}]}
    assert loudness(judged(bundle({**document, "section": [listed]}, CANCER, POWER))) == "critical"


def test_a_uuid_is_the_same_in_capitals(judged: Judge) -> None:
    whose = {"reference": "urn:uuid:ab12cd34-0000-4000-8000-000000000000"}
    chart = bundle(patient(), {**CANCER, "subject": whose}, {**POWER, "subject": whose})
    chart["entry"][0]["fullUrl"] = "URN:UUID:AB12CD34-0000-4000-8000-000000000000"
    assert loudness(judged(chart)) == "critical"


def test_a_code_of_no_system_and_no_words_is_named_by_the_code(judged: Judge) -> None:
    entry = condition("x", {"coding": [{"code": "C50.911"}]}, 30)
    assert "Not recognised: C50.911" in explained(judged(bundle(entry)))
