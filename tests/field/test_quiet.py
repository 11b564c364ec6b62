"""Doubts are graded: what must stay quiet stays below the alarm, whatever the chart holds that no table knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.field import quiet
from tests.field.making import BACK_PAIN, BREAST, ICD, MOTOR_POWER, Json, bundle, concept, condition, observation

Judge = Callable[[Json], dict[str, Any]]
LOUDNESS = ("silent", "info", "warning", "critical")


def loudness(answer: dict[str, Any]) -> str:
    """The highest indicator of an answer, ``silent`` where there is no card."""
    return max((card["indicator"] for card in answer["cards"]), key=LOUDNESS.index, default="silent")


def test_back_pain_incontinence_pregnancy_and_old_cancer_stay_below_critical(judged: Judge) -> None:
    told = list(quiet.combinations())
    assert len(told) >= 300
    assert [name for name, chart in told if loudness(judged(chart)) == "critical"] == []


def test_new_incontinence_beside_an_own_cancer_and_back_pain_opens_the_gate(judged: Judge) -> None:
    told = list(quiet.opening())
    assert len(told) == 48
    assert [name for name, chart in told if loudness(judged(chart)) != "critical"] == []


def test_words_of_a_ward_alone_are_silent(judged: Judge) -> None:
    assert [name for name, chart in quiet.nursing() if loudness(judged(chart)) != "silent"] == []


def test_what_only_sounds_like_a_cancer_raises_no_alarm(judged: Judge) -> None:
    loud = {name: loudness(judged(chart)) for name, chart in quiet.harmless()}
    assert [name for name, level in loud.items() if level != "silent"] == []


@pytest.mark.parametrize("seed", range(20))
def test_sixty_entries_that_no_table_knows_are_silent_and_counted(judged: Judge, seed: int) -> None:
    answer = judged(quiet.crowd(seed))
    assert loudness(answer) == "silent"
    assert answer["ledger"] == 60


def test_the_same_findings_beside_a_sure_cause_are_heard(judged: Judge) -> None:
    """The control: where a cause is on record, what a ward writes in words and nobody understands is a warning."""
    weak = observation("o", MOTOR_POWER, 1, valueCodeableConcept={"text": "not as strong as before"})
    assert loudness(judged(bundle(condition("c", BREAST, 900), weak))) == "warning"
    assert loudness(judged(bundle(condition("pain", BACK_PAIN, 5), weak))) in ("silent", "info", "warning")
    new = condition("r", concept(ICD, "R33.8", "Retention of urine"), 2)
    assert loudness(judged(bundle(condition("pain", BACK_PAIN, 5), new))) == "critical"
