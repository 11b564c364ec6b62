"""The same patient told in another way gets the same verdicts (rulings 9)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from fhirpath_spine.exchange.ehr_side import shift_dates
from tests.clinical.clinical_kit import CASES, Json, bundle, day, judge_bundle, judged
from tests.clinical.retellings import TELLINGS, recoded

cases = pytest.mark.parametrize("case", CASES)


def same_verdicts(case: str, told: Json, at: date | None = None) -> None:
    """The recommendations with their status, by lesion: its key names class and level, and no id."""
    result = judge_bundle(told, at or day(case))
    assert result.error is None
    assert result.verdicts == judged(case).verdicts
    assert result.entries == judged(case).entries


@pytest.mark.parametrize("days", [37, -37])
@cases
def test_on_another_day(case: str, days: int) -> None:
    same_verdicts(case, shift_dates(bundle(case), days), day(case) + timedelta(days=days))


@pytest.mark.parametrize("telling", TELLINGS)
@cases
def test_told_in_another_way(case: str, telling: str) -> None:
    same_verdicts(case, TELLINGS[telling](bundle(case)))


def test_most_cases_have_something_to_say_in_another_code() -> None:
    assert sum(recoded(bundle(case), 1) != bundle(case) for case in CASES) >= len(CASES) - 2
