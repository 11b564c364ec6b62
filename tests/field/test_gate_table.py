"""The gate under doubt, cell by cell: what a deficit does beside a cause, each sure, doubted or not there, and what its
neighbours do: a day later, without a date, one doubt weaker.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fhirpath_spine.errors import PreconditionError
from tests.field.making import (
    BACK_PAIN,
    BREAST,
    ICD,
    MOTOR_POWER,
    SCT,
    Json,
    bundle,
    concept,
    condition,
    local,
    observation,
)
from tests.field.test_quiet import loudness

Judge = Callable[[Json], dict[str, Any]]
HOUSE = "http://hospital.example/codes"

TUMOUR = condition("a", concept(SCT, "189948006"), 200, bodySite=[local("level-t8")])
CANCER = condition("b", BREAST, 400)
PAIN = condition("p", BACK_PAIN, 10)
STRONG = condition("s", concept(HOUSE, "1", "Cancer of the colon"), 43)
WEAK = condition("w", concept(HOUSE, "2", "Shadow on the lung"), 43)
REFUTED = {
    **STRONG,
    "verificationStatus": concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "refuted"),
}
CAUSES: dict[str, tuple[Json, ...]] = {
    "a": (TUMOUR,),
    "b": (CANCER,),
    "c": (PAIN,),
    "perhaps": (STRONG,),
    "weak": (WEAK,),
    "refuted": (REFUTED,),
    "none": (),
}


def power(days: int | None, **value: Any) -> Json:
    return observation("o", MOTOR_POWER, days, **(value or {"valueInteger": 2}))


def paresis(days: int | None, **more: Any) -> Json:
    return condition("d", concept(ICD, "G82.20"), days, **more)


def sensory(days: int | None) -> Json:
    return observation("o", local("sensory-level"), days, valueCodeableConcept=local("level-t8"))


RETENTION, LEAK = concept(ICD, "R33.8"), concept(ICD, "R32")
UNCLEAR = {"valueString": "not as strong as before"}
WORDS = concept(HOUSE, "3", "Cannot walk any more")

CELLS: list[tuple[str, str, Json, str]] = [
    # deficit sure and new; the neighbours are what is open (15 to 90 days), old, and undated
    ("sure, power", "a", power(14), "critical"),
    ("sure, open power", "a", power(15), "critical"),
    ("sure, old power", "a", power(91), "info"),
    ("sure, undated power", "a", power(None), "critical"),
    ("sure, power", "b", power(14), "critical"),
    ("sure, open power", "b", power(15), "critical"),
    ("sure, undated power", "b", power(None), "critical"),
    ("sure, old power", "b", power(91), "silent"),
    ("sure, severe power", "c", power(14), "critical"),
    ("sure, mild power", "c", power(14, valueInteger=4), "below critical"),
    ("sure, power", "perhaps", power(14), "critical"),
    ("sure, mild power", "perhaps", power(14, valueInteger=4), "critical"),
    ("sure, open power", "perhaps", power(15), "warning"),
    ("sure, undated power", "perhaps", power(None), "warning"),
    ("sure, undated paresis", "perhaps", paresis(None), "warning"),
    ("sure, sensory level", "perhaps", sensory(14), "critical"),
    ("sure, open sensory level", "perhaps", sensory(15), "warning"),
    ("sure, power", "weak", power(1), "silent"),
    ("sure, power", "refuted", power(1), "silent"),
    ("sure, power", "none", power(1), "silent"),
    # sphincter: under (b) without pain, (c) and perhaps only what is named, with an own date of the last 14 days
    ("retention", "a", condition("d", RETENTION, 14), "critical"),
    ("retention", "b", condition("d", RETENTION, 14), "critical"),
    ("retention", "c", condition("d", RETENTION, 14), "critical"),
    ("old retention", "c", condition("d", RETENTION, 15), "below critical"),
    ("undated retention", "c", condition("d", RETENTION, None), "below critical"),
    ("retention", "perhaps", condition("d", RETENTION, 14), "critical"),
    ("undated retention", "perhaps", condition("d", RETENTION, None), "below critical"),
    ("leak", "b", condition("d", LEAK, 3), "silent"),
    ("leak", "perhaps", condition("d", LEAK, 3), "silent"),
    ("leak", "c", condition("d", LEAK, 3), "below critical"),
    ("retention", "weak", condition("d", RETENTION, 3), "silent"),
    # deficit unreadable, of the last 14 days
    ("unreadable", "a", power(14, **UNCLEAR), "warning"),
    ("unreadable", "b", power(14, **UNCLEAR), "warning"),
    ("old unreadable", "b", power(15, **UNCLEAR), "silent"),
    ("unreadable", "c", power(14, **UNCLEAR), "below critical"),
    ("unreadable", "perhaps", power(14, **UNCLEAR), "warning"),
    ("old unreadable", "perhaps", power(15, **UNCLEAR), "silent"),
    ("unreadable", "weak", power(1, **UNCLEAR), "silent"),
    ("unreadable", "none", power(1, **UNCLEAR), "silent"),
    # deficit perhaps, by its words, of the last 14 days
    ("perhaps", "a", condition("d", WORDS, 14), "warning"),
    ("perhaps", "b", condition("d", WORDS, 14), "warning"),
    ("old perhaps", "b", condition("d", WORDS, 15), "silent"),
    ("perhaps", "c", condition("d", WORDS, 3), "below warning"),
    ("perhaps", "perhaps", condition("d", WORDS, 3), "silent"),
    ("perhaps", "weak", condition("d", WORDS, 3), "silent"),
    ("perhaps", "none", condition("d", WORDS, 3), "silent"),
]
"""What the deficit is, beside which cause, the entry, and how loud the answer is."""
ALLOWED = {
    "below critical": ("silent", "info", "warning"),
    "below warning": ("silent", "info"),
    "silent": ("silent",),
    "info": ("silent", "info", "warning"),
    "warning": ("warning",),
    "critical": ("critical",),
}


@pytest.mark.parametrize(("name", "cause", "deficit", "loud"), CELLS, ids=[f"{c[0]} beside {c[1]}" for c in CELLS])
def test_a_cell_of_the_table(judged: Judge, name: str, cause: str, deficit: Json, loud: str) -> None:
    assert loudness(judged(bundle(*CAUSES[cause], deficit))) in ALLOWED[loud], name


def test_an_unreadable_deficit_is_excluded_by_a_readable_one_of_that_day_or_later(judged: Judge) -> None:
    unclear, well = power(3, **UNCLEAR), {**power(3, valueInteger=5), "id": "w"}
    assert loudness(judged(bundle(CANCER, unclear, well))) == "silent"
    earlier = {**power(4, valueInteger=5), "id": "w"}
    assert loudness(judged(bundle(CANCER, unclear, earlier))) == "warning"


def test_two_doubts_never_add_up_to_an_emergency(judged: Judge) -> None:
    both = judged(bundle(STRONG, WEAK, power(1, **UNCLEAR), condition("d", WORDS, 1)))
    assert loudness(both) == "warning"


def test_gait_alone_counts_under_a_doubt_only_with_back_pain(judged: Judge) -> None:
    gait = condition("d", concept(ICD, "R26.1"), 3)
    assert loudness(judged(bundle(STRONG, gait))) == "silent"
    assert loudness(judged(bundle(STRONG, PAIN, gait))) == "critical"


def test_a_doubt_beside_back_pain_alone_is_asked_about(judged: Judge) -> None:
    answer = judged(bundle(STRONG, PAIN))
    assert loudness(answer) == "info"
    assert "is it one?" in str(answer["cards"])


UNREAD = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "timeout", "diagnostics": "Observation"}],
}


@pytest.mark.parametrize("cause", ["a", "b", "perhaps", "none"])
def test_keys_of_the_gate_that_are_unread_are_said_or_refused(judged: Judge, cause: str) -> None:
    chart = bundle(*CAUSES[cause])
    chart["entry"].append({"resource": UNREAD})
    try:
        answer = judged(chart)
    except PreconditionError:
        assert cause != "a"
    else:
        assert answer["cards"][0]["indicator"] == "warning"
        assert "could not be read" in answer["cards"][0]["summary"]


def test_a_sure_cancer_beside_a_doubt_stays_as_ruled(judged: Judge) -> None:
    assert loudness(judged(bundle(CANCER, STRONG, power(15)))) == "critical"
