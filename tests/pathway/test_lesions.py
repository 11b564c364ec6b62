"""Lesions by the shipped class table: what a Condition and an imaging finding become, alone and together."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pathway.pathway_kit import (
    METASTASIS,
    SCHWANNOMA,
    Json,
    answer,
    concept,
    condition,
    judge,
    keys,
    lesions,
    level,
    observation,
)


def _mass(id_: str, at: str = "", value: str = "suspicious-mass", days: int = 3) -> Json:
    return observation(id_, "spinal-lesion-on-imaging", days=days, at=at, **answer(value))


def _levels(*names: str) -> Json:
    return {"bodySite": [level(name) for name in names]}


# ---------------------------------------------------------------------------------------------------- classes


@pytest.mark.parametrize(
    ("told", "key"),
    [
        (condition("a", "spinal-metastasis-site"), "metastasis:unnamed"),
        (condition("a", "bone-metastasis-any", at="L3"), "metastasis:L3"),
        (condition("a", "bone-metastasis-any"), "unknown:unnamed"),
        (condition("a", "neurogenic-benign", at="C5"), "neurogenic:C5"),
        (condition("a", "cord-meninges-benign", at="T4"), "cord-meninges:T4"),
        (condition("a", "vertebral-primary-benign", at="S1"), "vertebral:S1"),
        (condition("a", "spinal-metastasis-site", **_levels("T9", "T8")), "metastasis:T8+T9"),
    ],
)
def test_a_condition_is_a_lesion_of_the_first_class_that_it_matches(told: Json, key: str) -> None:
    assert keys(told) == [key]


def test_what_lies_at_no_bone_of_the_spine_is_no_lesion() -> None:
    assert keys(condition("a", "diabetes", at="T8"), condition("b", "primary-cancer-lung")) == []


# ---------------------------------------------------------------------------------------------------- merging


def test_a_condition_and_imaging_at_its_level_are_one_lesion() -> None:
    (one,) = lesions(METASTASIS, _mass("seen", "T8"))
    assert one.key == "metastasis:T8"
    assert [f.reference for f in one.imaging] == ["Observation/seen"]
    assert one.item["imaged"] is True


def test_imaging_without_a_place_joins_the_only_lesion_and_none_of_two() -> None:
    assert keys(METASTASIS, _mass("seen")) == ["metastasis:T8"]
    assert keys(METASTASIS, SCHWANNOMA, _mass("seen")) == ["metastasis:T8", "neurogenic:L2", "unknown:unnamed"]


def test_a_level_that_two_conditions_share_makes_them_one() -> None:
    both = condition("b", "spinal-metastasis-site", **_levels("T8", "T9"))
    (one,) = lesions(METASTASIS, both)
    assert one.key == "metastasis:T8+T9"
    assert one.ref.conditions == ("Condition/b", "Condition/met")


MANY: tuple[Json, ...] = (
    METASTASIS,
    SCHWANNOMA,
    condition("b", "spinal-metastasis-site", **_levels("T9", "T10")),
    condition("c", "spinal-metastasis-site", **_levels("T8", "T9")),
    condition("d", "cord-meninges-benign", at="C3"),
    _mass("e", "C3"),
    _mass("f", "L5"),
    _mass("g"),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.permutations(MANY))
def test_lesions_stand_cranial_to_caudal_in_whatever_order_they_were_told(told: list[Json]) -> None:
    assert keys(*told) == [
        "cord-meninges:C3",
        "metastasis:T8+T9+T10",
        "neurogenic:L2",
        "unknown:L5",
        "unknown:unnamed",
    ]


# ---------------------------------------------------------------------------------------------------- members


@pytest.mark.parametrize(
    ("told", "thoracic"),
    [
        (condition("a", "neurogenic-benign", at="T4"), True),
        (condition("a", "neurogenic-benign", at="L4"), False),
        (condition("a", "neurogenic-benign"), None),
    ],
)
def test_a_flag_is_true_false_or_not_known(told: Json, thoracic: bool | None) -> None:
    (one,) = lesions(told)
    assert one.item.get("thoracic") is thoracic


@pytest.mark.parametrize(
    ("clinical", "current", "recurrent"),
    [("active", True, False), ("recurrence", True, True), ("remission", False, False), ("resolved", False, False)],
)
def test_a_lesion_is_as_current_as_its_condition(clinical: str, current: bool, recurrent: bool) -> None:
    (one,) = lesions(condition("a", "spinal-metastasis-site", at="T8", clinical=clinical))
    assert (one.item["current"], one.item["recurrent"]) == (current, recurrent)


@pytest.mark.parametrize(
    ("histology", "pathway"), [("histology-benign", "PW-OBSERVE"), ("histology-malignant", "PW-PRIMARY")]
)
def test_histology_says_how_a_lesion_behaves_before_its_code_does(histology: str, pathway: str) -> None:
    tissue = observation("h", "histology-result", at="L2", valueCodeableConcept=concept(histology))
    assert [e.id for e in judge(SCHWANNOMA, tissue).entries] == [pathway]
