"""Invented patients move with the chosen day, and their dates keep their precision (rulings 7)."""

from __future__ import annotations

import pytest

from fhirpath_spine.exchange.ehr_side import shift_dates


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"birthDate": "1960-02-28"}, {"birthDate": "1960-04-05"}),
        ({"effectiveDateTime": "2026-05-10T13:47:00+02:00"}, {"effectiveDateTime": "2026-06-16T13:47:00+02:00"}),
        ({"onsetPeriod": {"start": "2026-05", "end": "2026"}}, {"onsetPeriod": {"start": "2026-06", "end": "2026"}}),
        ({"deceasedDateTime": "2026-12-31"}, {"deceasedDateTime": "2027-02-06"}),
        ({"meta": {"lastUpdated": "2026-01-01T00:00:00Z"}}, {"meta": {"lastUpdated": "2026-02-07T00:00:00Z"}}),
        ({"entry": [{"issued": "2026-01-01"}]}, {"entry": [{"issued": "2026-02-07"}]}),
    ],
)
def test_dates_move_by_37_days(before: object, after: object) -> None:
    assert shift_dates(before, 37) == after


@pytest.mark.parametrize(
    "value",
    [
        {"valueString": "2026-01-01"},
        {"code": "2026"},
        {"recordedDate": "not a date"},
        {"recordedDate": "2026-02-31"},
        {"recordedDate": 5},
        {"text": {"div": "seen 2026-01-01"}},
    ],
)
def test_what_is_no_date_element_stays(value: object) -> None:
    assert shift_dates(value, 37) == value


def test_moving_back_restores_full_dates() -> None:
    value = {"a": [{"issued": "2024-02-29T10:00:00Z", "date": "2025-12-31"}]}
    assert shift_dates(shift_dates(value, 400), -400) == value
