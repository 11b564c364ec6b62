"""A search that was not complete: what was found is there, what was not found is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from fhirpath_spine.fhirpath import Incomplete

ECOG = {"resourceType": "Observation", "status": "final", "value": 2, "date": "2026-10-01"}
FOUND, NOTHING = Incomplete([ECOG]), Incomplete()


@pytest.mark.parametrize(
    "text",
    [
        "%scores.exists()",
        "%scores.exists(value = 2)",
        "%scores.some(value = 2)",
        "%scores.recorded()",
        "%scores.where(value = 2).exists()",
        "%scores.select(value).exists()",
        "%scores.value.exists()",
        "%scores.first().exists()",
        "%scores.where(value = 2).value.recorded()",
        "(%scores | %sure).exists()",
        "%scores.distinct().exists()",
    ],
)
def test_existence_is_true_if_found_and_otherwise_unknown(text: str, judge: Any) -> None:
    assert judge(text, scores=FOUND) is True
    assert judge(text, scores=NOTHING) is None
    assert judge(text, scores=[]) is False
    assert judge(text, scores=[ECOG]) is True
    assert judge(f"{text}.not()", scores=NOTHING) is None


@pytest.mark.parametrize(
    "text", ["%scores.exists(value = 3)", "%scores.some(value = 3)", "%scores.where(value = 3).exists()"]
)
def test_existence_is_never_false(text: str, judge: Any) -> None:
    assert judge(text, scores=FOUND) is None
    assert judge(text, scores=[ECOG]) is False


@pytest.mark.parametrize(
    "text",
    [
        "%scores.empty()",
        "%scores.count() = 1",
        "%scores.count() > 0",
        "%scores.all(value = 2)",
        "%scores.every(value = 2)",
        "%scores.value = 2",
        "%scores.value != 3",
        "%scores.value.first() > 1",
        "%scores.value.first() + 1 = 3",
        "%scores.value.min() = 2",
        "%scores.value.max() = 2",
        "2 in %scores.value",
        "%scores.value contains 2",
        "%scores.value ~ 2",
        "%scores.date.max() > @2026-01-01",
        "%scores.isDistinct()",
        "%scores.value.aggregate($this + $total, 0) = 2",
        "%scores.code.memberOf('thoracic-spine')",
        "%scores.value.subsetOf(1 | 2)",
        "%scores.value.toString() = '2'",
        "iif(%scores.empty(), true, false)",
        "(%scores.count() > 0).exists()",
        "%sure.exclude(%scores).exists()",
    ],
)
def test_every_other_read_is_unknown(text: str, judge: Any) -> None:
    assert judge(text, scores=FOUND, sure=[ECOG]) is None


def test_an_incomplete_value_is_unknown_in_logic(judge: Any) -> None:
    assert judge("%a and %b", a=Incomplete([True]), b=True) is None
    assert judge("%a or %b", a=Incomplete([True]), b=True) is True
    assert judge("%a and %b", a=Incomplete(), b=False) is False


def test_navigation_stays_incomplete(value: Any) -> None:
    assert type(value("%scores.value", scores=FOUND)) is Incomplete
    assert type(value("%scores.where(value = 2).value", scores=FOUND)) is Incomplete
    assert type(value("%scores.value", scores=[ECOG])) is list


def test_an_incomplete_focus_is_as_unknown_as_a_need(judge: Any) -> None:
    focus = Incomplete([{"resourceType": "Observation", "status": "final"}])
    assert judge("Observation.exists()", focus=focus) is True
    assert judge("Condition.exists()", focus=focus) is None
    assert judge("Condition.empty()", focus=focus) is None


def test_an_incomplete_member_makes_the_path_incomplete(judge: Any) -> None:
    assert judge("%lesion.level.exists()", lesion={"level": Incomplete()}) is None
    assert judge("%lesion.level.empty()", lesion={"level": Incomplete()}) is None
    assert judge("%lesion.level.exists()", lesion={"level": []}) is False
