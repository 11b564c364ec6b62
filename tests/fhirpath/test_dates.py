"""Dates and times: compared at their precision, moved by calendar units, read from the scope's clock."""

from __future__ import annotations

from typing import Any

import pytest

from fhirpath_spine.fhirpath import Date, DateTime, EvaluationError, Time


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("@2026-11-01 > @2026-10-31", True),
        ("@2026-11 > @2026-10-31", True),
        ("@2026-11 > @2026-11-01", None),
        ("@2026-11 = @2026-11-01", None),
        ("@2026-11 = @2026-10-01", False),
        ("@2026 < @2027-01", True),
        ("@2026-11-01 = @2026-11-01T00:00", None),
        ("@2026-11-01 < @2026-11-02T00:00", True),
        ("@2026-11-01T10:00Z = @2026-11-01T11:00+01:00", True),
        ("@2026-11-01T23:30-05:00 > @2026-11-02T03:00Z", True),
        ("@2026-11-01T10:00 < @2026-11-01T12:00Z", None),
        ("@2026-11-01T10:00 < @2026-11-05T12:00Z", True),
        ("@2026-11-01T10:00:00 = @2026-11-01T10:00:00.000", True),
        ("@2026-11-01T10:00 = @2026-11-01T10:00:00", None),
        ("@T10:30 < @T10:31:00", True),
        ("@T10:30 < @T10:30:00", None),
        ("@2026-11-01 ~ @2026-11", False),
    ],
)
def test_comparison_stops_at_the_coarser_precision(text: str, answer: bool | None, judge: Any) -> None:
    assert judge(text) is answer


@pytest.mark.parametrize(
    ("day", "answer"),
    [
        ("2026-10-02", True),
        ("2026-10-01", False),
        ("2026-10", None),
        ("2026-11", True),
        ("2026", None),
        ("2025", False),
    ],
)
def test_a_partial_date_in_a_chart_is_unknown_where_it_matters(day: str, answer: bool | None, judge: Any) -> None:
    assert judge("%day >= today() - 30 days", day=day) is answer
    assert judge("%ecog.date >= today() - 30 days", ecog={"resourceType": "Observation", "date": day}) is answer


def test_a_chart_date_that_is_no_date_has_no_answer(judge: Any) -> None:
    assert judge("%day < today()", day="soon") is None
    assert judge("%moment < now()", moment="2026-02-30T10:00:00Z") is None


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("@2026-01-31 + 1 month", "2026-02-28"),
        ("@2024-02-29 + 1 year", "2025-02-28"),
        ("@2026-03-01 - 1 day", "2026-02-28"),
        ("@2026-11-01 + 2 weeks", "2026-11-15"),
        ("@2026-11-01 + 36 hours", "2026-11-02"),
        ("@2026 + 24 months", "2028"),
        ("@2026-11 + 70 days", "2027-01"),
        ("@2026-11-01T23:30:00+02:00 + 45 minutes", "2026-11-02T00:15:00+02:00"),
        ("@T23:30 + 45 minutes", "00:15"),
        ("@2026-11-01 + 1 'wk'", "2026-11-08"),
        ("@2026-11-01T10:00:00.000Z + 10 milliseconds", "2026-11-01T10:00:00.010+00:00"),
    ],
)
def test_arithmetic_keeps_the_calendar(text: str, result: str, value: Any) -> None:
    assert [str(v) for v in value(text)] == [result]


@pytest.mark.parametrize("text", ["@2026-11-01 + 1 'mo'", "@2026-11-01 + 1 'mg'", "@T10:00 + 1 day"])
def test_a_definite_month_or_a_mass_cannot_be_added_to_a_date(text: str, value: Any) -> None:
    with pytest.raises(EvaluationError):
        value(text)


def test_beyond_the_calendar_there_is_no_date(value: Any) -> None:
    assert value("@9999-12-31 + 1 day") == []
    assert value("@0001-01-01 - 1 year") == []


def test_the_clock_is_the_scope(value: Any) -> None:
    assert value("today()") == [Date((2026, 11, 1))]
    assert [str(v) for v in value("now()")] == ["2026-11-01T12:30:15.250+00:00"]
    assert [str(v) for v in value("timeOfDay()")] == ["12:30:15.250"]


def test_min_and_max_of_dates_are_empty_where_the_precision_leaves_them_open(value: Any) -> None:
    def tumours(*days: str) -> list[dict[str, Any]]:
        return [{"resourceType": "Condition", "recordedDate": day} for day in days]

    newest = "%tumour.recordedDate.max()"
    assert value(newest, tumour=tumours("2026-01-01", "2026-03-05", "2026-02-01")) == ["2026-03-05"]
    assert value(newest, tumour=tumours("2026-03", "2026-03-05")) == []
    assert value(newest, tumour=tumours("2026-03", "2026-04-05")) == ["2026-04-05"]
    assert value("%tumour.recordedDate.min()", tumour=tumours("2026-03", "2026-04-05")) == ["2026-03"]
    assert value(newest) == []


@pytest.mark.parametrize(
    ("cls", "text"),
    [
        (Date, "2026-13"),
        (Date, "2026-02-30"),
        (Date, "2026-1-1"),
        (Date, "0000"),
        (Time, "24:00"),
        (Time, "10:60"),
        (DateTime, "2026-11T10:00"),
        (DateTime, "2026-11-01T10:00+15:00"),
        (DateTime, "2026-11-01 10:00"),
    ],
)
def test_what_is_no_date_is_not_read_as_one(cls: Any, text: str) -> None:
    assert cls.parse(text) is None


def test_a_choice_of_dates_is_compared_whatever_its_type(judge: Any) -> None:
    chart = [{"resourceType": "Observation", "effectiveDateTime": "2026-10-20T08:00:00Z"}]
    assert judge("Observation.some(effective.ofType(dateTime) >= @2026-10-19)", focus=chart) is True
    assert judge("Observation.some(effective.ofType(dateTime) >= @2026-10-20)", focus=chart) is None
    assert judge("Observation.some(effective.ofType(dateTime) >= @2026-10-20T07:00:00Z)", focus=chart) is True
