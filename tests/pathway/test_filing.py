"""One resource under one need: its status, date, unit and value decide whether it counts."""

from __future__ import annotations

import pytest

from fhirpath_spine.fhirpath import Quantity
from tests.pathway.pathway_kit import (
    Json,
    amount,
    answer,
    concept,
    condition,
    facts,
    observation,
    patient,
    procedure,
    report,
    status,
)


def _found(need: str, *told: Json) -> list[str]:
    return [f.reference for f in facts(*told).all_found(need)]


def _rejected(need: str, *told: Json) -> list[str]:
    return [r.reason for r in facts(*told).rejections([need])]


# ---------------------------------------------------------------------------------------------------- status


OF_THE_HOUSE = {"system": "urn:house", "code": "A"}


def test_a_status_of_the_house_does_not_hide_the_one_beside_it() -> None:
    def both(code: str) -> Json:
        return {"coding": [OF_THE_HOUSE, {"system": "urn:status", "code": code}]}

    tumour = condition("a", "spinal-metastasis-site")
    assert _found("tumours", {**tumour, "clinicalStatus": both("active")}) == ["Condition/a"]
    assert _found("tumours", {**tumour, "verificationStatus": both("entered-in-error")}) == []


def test_a_status_needs_no_name_of_its_system() -> None:
    bare = {"coding": [{"code": "entered-in-error"}]}
    assert _found("tumours", {**condition("a", "spinal-metastasis-site"), "verificationStatus": bare}) == []


def test_a_status_that_only_the_house_understands_is_not_stated() -> None:
    alone = {"coding": [OF_THE_HOUSE]}
    tumour = {**condition("a", "spinal-metastasis-site"), "clinicalStatus": alone, "verificationStatus": alone}
    (found,) = facts(tumour).all_found("tumours")
    assert (found.item["clinical"], found.item["current"], "confirmed" in found.item) == ("active", True, False)


@pytest.mark.parametrize(
    ("verified", "confirmed"),
    [("confirmed", True), ("provisional", False), ("unconfirmed", False), ("differential", False)],
)
def test_how_sure_a_condition_is_stays_with_it(verified: str, confirmed: bool) -> None:
    (found,) = facts(condition("a", "spinal-metastasis-site", verified=verified)).all_found("tumours")
    assert found.item["confirmed"] is confirmed


def test_a_condition_that_does_not_say_how_sure_it_is_says_nothing_of_it() -> None:
    told = condition("a", "spinal-metastasis-site")
    del told["verificationStatus"]
    (found,) = facts(told).all_found("tumours")
    assert "confirmed" not in found.item


def test_a_procedure_under_way_counts_where_that_is_asked_for() -> None:
    assert _found("open-radiotherapy", procedure("a", "radiotherapy", state="in-progress")) == ["Procedure/a"]


# ---------------------------------------------------------------------------------------------------- dates


def test_what_lies_before_birth_was_not_seen() -> None:
    told = observation("a", "ecog", days=80 * 366, valueInteger=1)
    assert _rejected("ecog", patient(), told) == ["before-birth"]


# ---------------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("value_set", "value", "unit", "canonical", "canonical_unit"),
    [
        ("creatinine", 90, "umol/L", "90", "umol/L"),
        ("creatinine", 2, "mg/dL", "176.84", "umol/L"),
        ("haemoglobin", 120, "g/L", "12.0", "g/dL"),
        ("neutrophils", 1500, "/uL", "1.500", "10*9/L"),
        ("platelets", 150, "10*3/uL", "150", "10*9/L"),
    ],
)
def test_a_unit_is_converted_exactly(
    value_set: str, value: float, unit: str, canonical: str, canonical_unit: str
) -> None:
    (found,) = facts(observation("a", value_set, **amount(value, unit))).all_found(value_set)
    quantity = found.item["value"]
    assert isinstance(quantity, Quantity)
    assert (str(quantity.value), quantity.unit) == (canonical, canonical_unit)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"valueQuantity": {"value": 90}}, "no-unit"),
        (amount(90, "mmol/L"), "unlisted-unit"),
        (amount(5000, "umol/L"), "implausible"),
        (amount(17, "umol/L"), "implausible"),
    ],
)
def test_a_value_that_cannot_be_trusted_is_rejected_by_name(value: Json, reason: str) -> None:
    told = observation("a", "creatinine", **value)
    assert (_found("creatinine", told), _rejected("creatinine", told)) == ([], [reason])


@pytest.mark.parametrize("value", [18, 1800])
def test_the_edges_of_what_is_plausible_count(value: int) -> None:
    assert _found("creatinine", observation("a", "creatinine", **amount(value, "umol/L"))) == ["Observation/a"]


@pytest.mark.parametrize(
    ("value", "counts", "reason"),
    [
        ({"valueInteger": 3}, True, []),
        ({"valueQuantity": {"value": 3, "code": "{score}"}}, True, []),
        ({"valueQuantity": {"value": 3}}, True, []),
        ({"valueInteger": 6}, False, ["implausible"]),
        ({"valueQuantity": {"value": 2.5, "code": "{score}"}}, False, ["implausible"]),
        ({"valueQuantity": {"value": 3, "code": "mm"}}, False, ["unlisted-unit"]),
        ({"valueQuantity": {"value": 3, "code": "{score}", "comparator": ">"}}, False, ["comparator"]),
        ({"valueBoolean": True}, False, ["unreadable-value"]),
        ({}, False, ["no-value"]),
    ],
)
def test_a_score_is_a_whole_number_in_its_range(value: Json, counts: bool, reason: list[str]) -> None:
    told = observation("a", "ecog", **value)
    assert (bool(_found("ecog", told)), _rejected("ecog", told)) == (counts, reason)


def test_a_component_is_read_beside_the_value() -> None:
    told = observation("a", "motor-power", valueInteger=4)
    told["component"] = [{"code": concept("deficit-course"), **answer("course-improving")}]
    (found,) = facts(told).all_found("motor-power")
    assert (found.item["value"], found.item["course"]) == (4, "improving")


def test_who_stated_it_stays_with_the_datum() -> None:
    told = {**report("a", "spine-mri"), "performer": [{"display": "Radiology"}]}
    (found,) = facts(told).all_found("spine-mri")
    assert found.item["author"] == "Radiology"


def test_a_resource_is_not_changed_by_being_filed() -> None:
    told = {**condition("a", "diabetes"), "verificationStatus": status("confirmed")}
    before = repr(told)
    facts(told).resolve("diabetes")
    assert repr(told) == before
