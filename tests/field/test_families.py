"""Members of the families that careless and foreign systems send: each is read aright, or named as not understood."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.field.making import (
    BACK_PAIN,
    BREAST,
    ICD,
    ME,
    MOTOR_POWER,
    SCT,
    VERIFICATION,
    Json,
    ago,
    bundle,
    concept,
    condition,
    local,
    observation,
    patient,
)
from tests.field.test_quiet import loudness

Judge = Callable[[Json], dict[str, Any]]

CANCER = condition("c", BREAST, 400)
POWER = observation("o", MOTOR_POWER, 1, valueInteger=2)
HOUSE = "http://hospital.example/codes"
PANEL = concept(HOUSE, "NEURO", "Neurological assessment")
ICD_O = "http://terminology.hl7.org/CodeSystem/icd-o-3"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def all_text(answer: dict[str, Any]) -> str:
    return " ".join(f"{card['summary']} {card.get('detail', '')}" for card in answer["cards"])


# ---------------------------------------------------------------------------------------------------- values

UNCLEAR: list[Json] = [
    *(
        {"valueString": text}
        for text in ("3-/5", "4+", "4+/5", "MRC 2", "grade 2 of 5", "2 out of 5", "M2", "II/V", "2,0")
    ),
    {"valueQuantity": {"value": 2, "unit": "/5"}},
    {"valueQuantity": {"value": 2, "comparator": "<="}},
    {"valueQuantity": {"value": 2.5, "code": "1"}},
    {"valueRatio": {"numerator": {"value": 2}, "denominator": {"value": 5}}},
    {"valueRange": {"low": {"value": 2}, "high": {"value": 3}}},
    {"valueCodeableConcept": {"text": "2/5"}},
    {"valueCodeableConcept": concept(HOUSE, "M2", "MRC grade 2")},
    {"extension": [{"url": "http://hospital.example/power", "valueInteger": 2}]},
    {"_valueString": {"extension": [{"url": "http://hospital.example/text", "valueMarkdown": "2"}]}},
    {
        "component": [
            {"code": {"text": "left leg"}, "valueInteger": 2},
            {"code": {"text": "right leg"}, "valueInteger": 5},
        ]
    },
    {"interpretation": [concept(HOUSE, "A", "Abnormal")]},
    {"note": [{"text": "2/5 in both legs"}]},
]
"""Powers of which nobody can be sure what they mean, or that stand where no value stands."""


@pytest.mark.parametrize("value", UNCLEAR, ids=str)
def test_a_power_that_nobody_understands_is_a_warning_beside_a_cancer(judged: Judge, value: Json) -> None:
    answer = judged(bundle(CANCER, observation("o", MOTOR_POWER, 1, **value)))
    assert loudness(answer) == "warning"
    assert "could not be understood" in all_text(answer)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"dataAbsentReason": concept(ABSENT, "not-performed"), "note": [{"text": "asleep"}]},
        {"extension": [{"url": ABSENT, "valueCode": "unknown"}]},
        {"_valueInteger": {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}},
        {"component": [{"code": MOTOR_POWER, "valueInteger": 5}]},
    ],
    ids=str,
)
def test_what_says_nothing_or_that_all_is_well_is_silent(judged: Judge, value: Json) -> None:
    assert loudness(judged(bundle(CANCER, observation("o", MOTOR_POWER, 1, **value)))) == "silent"


READ: list[Json] = [
    {"valueString": "2/5"},
    {"valueString": " 2 "},
    {"valueQuantity": {"value": 2}},
    {"valueQuantity": {"value": "2", "code": "{score}"}},
    {"valueQuantity": {"value": 2.0, "unit": "points"}},
    {"component": [{"code": MOTOR_POWER, "valueString": "2/5"}]},
]


@pytest.mark.parametrize("value", READ, ids=str)
@pytest.mark.parametrize("code", [MOTOR_POWER, PANEL], ids=["own code", "panel of a house"])
def test_a_power_that_can_mean_one_thing_opens_the_gate(judged: Judge, value: Json, code: Json) -> None:
    if code is PANEL and "component" not in value:
        value = {"component": [{"code": MOTOR_POWER, **value}]}
    assert loudness(judged(bundle(CANCER, observation("o", code, 1, **value)))) == "critical"


@given(left=st.integers(0, 5), right=st.integers(0, 5))
def test_powers_in_one_panel_are_heard_as_in_two_entries(judged: Judge, left: int, right: int) -> None:
    parts = [{"code": MOTOR_POWER, "valueInteger": value} for value in (left, right)]
    apart = [observation(f"o{n}", MOTOR_POWER, 1, valueInteger=value) for n, value in enumerate((left, right))]
    together = observation("o", PANEL, 1, component=parts)
    assert loudness(judged(bundle(CANCER, together))) == loudness(judged(bundle(CANCER, *apart)))


def test_a_part_of_a_panel_that_a_need_reads_as_such_is_no_datum_of_its_own(judged: Judge) -> None:
    course = {"code": local("deficit-course"), "valueCodeableConcept": local("deficit-new")}
    assert loudness(judged(bundle(CANCER, {**POWER, "component": [course]}))) == "critical"


# ---------------------------------------------------------------------------------------------------- statuses

spelt = st.sampled_from([str.upper, str.title, str.capitalize, str.lower, str.swapcase])
joined = st.sampled_from(["-", " ", "_"])


@given(spelt, joined, st.sampled_from(["final", "amended", "corrected"]))
def test_a_final_status_counts_however_it_is_spelt(
    judged: Judge, spell: Callable[[str], str], join: str, status: str
) -> None:
    told = spell(status.replace("-", join))
    assert loudness(judged(bundle(CANCER, {**POWER, "status": told}))) == "critical"


@given(spelt, joined, st.sampled_from(["refuted", "entered-in-error"]))
def test_what_is_taken_back_counts_nowhere_however_it_is_spelt(
    judged: Judge, spell: Callable[[str], str], join: str, status: str
) -> None:
    told = concept(VERIFICATION, spell(status.replace("-", join)))
    assert loudness(judged(bundle({**CANCER, "verificationStatus": told}, POWER))) == "silent"


@pytest.mark.parametrize("status", ["unknown", "released", None])
def test_a_deficit_whose_status_tells_nothing_is_not_excluded(judged: Judge, status: str | None) -> None:
    told = {k: v for k, v in {**POWER, "status": status}.items() if v is not None}
    assert loudness(judged(bundle(CANCER, told))) == "warning"
    assert loudness(judged(bundle(told))) == "silent"


# ---------------------------------------------------------------------------------------------------- codes


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (f"{ICD}|2026", "C50.911"),
        ("HTTPS://HL7.ORG/fhir/sid/icd-10-cm/|2026-01", "c50911"),
        ("URN:OID:2.16.840.1.113883.6.90", "C50911-"),
        (SCT, "363406005 |Malignant tumor of colon|"),
        (SCT, "=== 363406005"),
        (f"{SCT}|http://snomed.info/sct/900000000000207008", "363406005"),
        # what is not read may be one, and a loss of power of yesterday beside it counts
        (SCT, "363406005:246112005=24484000"),
        (SCT, "363406005 |Malignant tumor of colon| : 246112005 |Severity| = 24484000 |Severe|"),
        (ICD_O, "8500/3"),
        (ICD_O, "85003"),
        (ICD_O, "M8500/3"),
        (ICD_O, "M-85006"),
    ],
)
def test_a_cancer_is_heard_in_the_spelling_of_its_system(judged: Judge, system: str, code: str) -> None:
    answer = judged(bundle(condition("c", {"coding": [{"system": system, "code": code}]}, 400), POWER))
    assert loudness(answer) == "critical"


@pytest.mark.parametrize(
    ("system", "code"), [(ICD_O, "85000"), (ICD_O, "8500/2"), (SCT, "386661006:246112005=24484000"), (HOUSE, "85003")]
)
def test_what_is_no_cancer_in_the_same_spelling_is_silent(judged: Judge, system: str, code: str) -> None:
    answer = judged(bundle(condition("c", {"coding": [{"system": system, "code": code}]}, 400), POWER))
    assert loudness(answer) == "silent"


def test_a_second_coding_counts_whichever_the_user_chose(judged: Judge) -> None:
    codes = {"coding": [{"system": HOUSE, "code": "1", "userSelected": True}, *BREAST["coding"]]}
    assert loudness(judged(bundle(condition("c", codes, 400), POWER))) == "critical"


# ---------------------------------------------------------------------------------------------------- dates and sites

DATES = ["2026-06-14T10", "2026-06-14T24:00:00Z", "2026-06-14T10:00:00+0200", "2026-06-14 10:00:00", "14.06.2026",
         "06/14/2026", "20260614", "1781400000", "0000-00-00", "2026-02-30", 1781400000]  # fmt: skip


@pytest.mark.parametrize("date", DATES)
def test_a_date_that_cannot_be_read_is_never_outside_the_window(judged: Judge, date: Any) -> None:
    answer = judged(bundle(CANCER, {**POWER, "effectiveDateTime": date}))
    assert loudness(answer) == "critical"


@pytest.mark.parametrize(
    "date", ["2026", "2026-06", "2026-06-14T10:30Z", "2026-06-14T23:59:60Z", "2026-06-14T10:00:00+14:00"]
)
def test_a_date_of_any_precision_is_read(judged: Judge, date: str) -> None:
    answer = judged(bundle(CANCER, {**POWER, "effectiveDateTime": date}))
    assert loudness(answer) == "critical"
    assert "could not be read" not in all_text(answer)


@pytest.mark.parametrize("site", [{"text": "T8 vertebra"}, concept(HOUSE, "T8", "T8 vertebra"), "T8 vertebra"], ids=str)
def test_a_site_that_stands_there_is_never_called_not_recorded(judged: Judge, site: Any) -> None:
    tumour = condition("t", concept(SCT, "189948006"), 30, bodySite=[site])
    said = all_text(judged(bundle(tumour, condition("p", BACK_PAIN, 10))))
    assert "The body site of the entry (T8 vertebra) cannot be placed" in said
    assert "Site not recorded" not in said
    assert "Not recorded: level" not in said


def test_a_site_that_is_not_there_is_called_not_recorded(judged: Judge) -> None:
    tumour = condition("t", concept(SCT, "189948006"), 30)
    assert "Site not recorded" in all_text(judged(bundle(tumour, condition("p", BACK_PAIN, 10))))


# ---------------------------------------------------------------------------------------------------- wholes


@pytest.mark.parametrize(
    "people",
    [
        {"deceasedBoolean": "yes"},
        {"deceasedBoolean": 1},
        {"deceasedDateTime": "2027-01-01"},
        {"_deceasedDateTime": {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}},
    ],
    ids=str,
)
def test_only_a_stated_death_silences(judged: Judge, people: Json) -> None:
    assert loudness(judged(bundle(patient(**people), CANCER, POWER))) == "critical"


def test_a_drug_of_a_status_that_nobody_knows_is_named(judged: Judge) -> None:
    order = {
        "resourceType": "MedicationStatement",
        "id": "m",
        "status": "Taking",
        "subject": ME,
        "effectiveDateTime": ago(3),
        "medicationCodeableConcept": concept("http://www.nlm.nih.gov/research/umls/rxnorm", "11289"),
    }
    tumour = condition("t", concept(SCT, "94602001"), 30, bodySite=[local("level-t8")])
    assert "could not be read" in all_text(judged(bundle(tumour, order)))


def test_a_skin_cancer_that_is_no_reason_for_alarm_is_named_in_the_explanation(judged: Judge) -> None:
    skin = condition("c", concept(ICD, "C44.91", "Basal cell carcinoma of skin"), 200)
    answer = judged(bundle(skin))
    assert loudness(answer) == "silent"
    assert "Basal cell carcinoma of skin" in answer["explanation"][-1]["text"]
    assert "neither a red flag nor a cause" in answer["explanation"][-1]["text"]
    assert "neither" not in str(judged(bundle(CANCER))["explanation"])
