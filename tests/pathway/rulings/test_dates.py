"""Dates as charts have them: windows, zones, partial and impossible ones (rulings 2.4, 2.5, 2.7)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fhirpath_spine.pathway.model import Site
from tests.pathway.rulings.small_world import (
    AT,
    PATIENT,
    ask,
    condition,
    judge,
    library,
    observation,
    pathway,
    procedure,
    recommendation,
    report,
    said,
    verdict,
)

BERLIN = Site(timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("when", "inside"),
    [
        ("2026-06-15", True),
        ("2026-05-16", True),  # today - 30 days: the window is inclusive
        ("2026-05-15", False),
        ("2026-06", True),
        ("2026-04", False),
        ("2026-05", None),  # the window begins within that month
        ("2026", None),
        ("2026-05-16T00:00:01Z", True),
        ("2026-05-15T23:59:59Z", False),
    ],
)
def test_a_window_counts_calendar_days_and_a_partial_date_at_its_precision(when: str, inside: bool | None) -> None:
    found = ask("%pain.exists()", observation("pain", 7, when))
    assert found.truth is inside


def test_a_value_that_is_too_old_is_unknown_as_stale_and_named_with_its_date() -> None:
    found = ask("%pain.value > 3", observation("pain", 7, "2026-05-15"))
    assert found.truth is None
    assert found.reasons == {"stale"}
    (missing,) = found.verdict.missing
    assert (missing.date, missing.days) == ("2026-05-15", 30)


def test_days_are_those_of_the_sites_zone() -> None:
    # 23:30 in London on the last day outside the window is the first day inside it in Berlin.
    late = observation("pain", 7, "2026-05-15T22:30:00Z")
    assert ask("%pain.exists()", late).truth is False
    assert ask("%pain.exists()", late, site=BERLIN).truth is True


def test_a_time_without_an_offset_is_read_in_the_sites_zone() -> None:
    at = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)  # 14:00 in Berlin
    later = observation("pain", 7, "2026-06-15T14:04:00")
    assert ask("%pain.exists()", later, at=at, site=BERLIN).truth is True
    assert ask("%pain.exists()", later, at=at).rejected == {"Observation/pain-1": "future"}


@pytest.mark.parametrize(
    ("when", "used"),
    [
        ("2026-06-15T12:05:00Z", True),  # the clock of the EHR may be five minutes ahead
        ("2026-06-15T12:05:01Z", False),
        ("2026-06-15", True),
        ("2026-06-16", False),
        ("2026-06", True),
        ("2026-07", False),
        ("2026", True),
        ("2027", False),
    ],
)
def test_beyond_five_minutes_is_the_future_and_not_used(when: str, used: bool) -> None:
    found = ask("%pains.exists()", observation("pain", 7, when))
    assert found.truth is used
    assert found.rejected == ({} if used else {"Observation/pain-1": "future"})


@pytest.mark.parametrize(
    ("when", "used"),
    [
        ("2026-06-15", True),
        ("2026-06-15T23:59:59Z", True),
        ("2026-06-16T00:04:00Z", True),  # the clocks of two machines
        ("2026-06-16", False),  # a day, whatever the clocks say
        ("2026-06", True),
    ],
)
def test_at_the_end_of_a_day_the_next_day_is_the_future(when: str, used: bool) -> None:
    end = datetime(2026, 6, 15, 23, 59, 59, tzinfo=UTC)
    assert ask("%pains.exists()", observation("pain", 7, when), at=end).truth is used


@pytest.mark.parametrize(
    "resource",
    [
        observation("pain", 7, "1890-01-01"),
        observation("pain", 7, "1890-01-01", issued="2026-06-10T10:00:00Z"),
        observation("pain", 7, "1979"),
    ],
)
def test_an_observation_from_before_birth_is_not_used_and_named(resource: dict[str, object]) -> None:
    found = ask("%pains.exists()", resource)
    assert found.truth is False
    assert list(found.rejected) == ["Observation/pain-1"]


@pytest.mark.parametrize("resource", [procedure("operation", "1890-01-01"), report("scan", "1890-01-01")])
def test_so_is_an_operation_or_a_report(resource: dict[str, object]) -> None:
    found = ask("%operation.exists() or %scan.exists()", resource)
    assert found.truth is False
    assert len(found.rejected) == 1


def test_the_year_of_birth_itself_is_not_before_birth() -> None:
    assert ask("%pains.exists()", observation("pain", 7, "1980")).truth is True


@pytest.mark.parametrize(("onset", "reason"), [("1890-01-01", "onset-before-birth"), ("2062-01-01", "onset-future")])
def test_of_a_condition_an_impossible_onset_gives_way_to_the_recorded_date(onset: str, reason: str) -> None:
    sick = condition("cancer", onset=onset, recordedDate="2026-06-01")
    found = ask("%cancer.some(date = @2026-06-01)", sick)
    assert found.truth is True
    assert found.rejected == {"Condition/cancer-1": reason}


def test_a_condition_without_a_possible_date_still_stands_without_one() -> None:
    sick = condition("cancer", onset="2062-01-01")
    assert ask("%cancer.exists()", sick).truth is True
    assert ask("%cancer.date.exists()", sick).truth is False


def test_a_refuted_entry_with_an_impossible_date_is_not_even_listed() -> None:
    assert ask("%cancer.exists()", condition("cancer", onset="1890-01-01", verified="refuted")).rejected == {}


def test_an_undated_value_is_unusable_where_a_window_is_set_and_usable_elsewhere() -> None:
    undated = observation("pain", 7, None)
    assert ask("%pain.exists()", undated).truth is False
    assert ask("%pains.exists()", undated).truth is True


@pytest.mark.parametrize(
    ("parts", "day"),
    [
        ({"effectiveDateTime": "2026-06-10"}, "2026-06-10"),
        ({"effectiveDateTime": None, "effectiveInstant": "2026-06-09T10:00:00Z"}, "2026-06-09"),
        ({"effectiveDateTime": None, "effectivePeriod": {"start": "2026-06-01", "end": "2026-06-08"}}, "2026-06-08"),
        ({"effectiveDateTime": None, "issued": "2026-06-07T10:00:00Z"}, "2026-06-07"),
        ({"effectiveDateTime": "2026-06-06", "issued": "2026-06-07T10:00:00Z"}, "2026-06-06"),
    ],
)
def test_the_date_of_an_observation_is_its_effective_time_or_else_when_it_was_issued(
    parts: dict[str, object], day: str
) -> None:
    assert ask(f"%pain.date = @{day}", observation("pain", 7, **parts)).truth is True


@pytest.mark.parametrize(
    ("birth", "at", "adult"),
    [
        ("2008-06-15", AT, True),
        ("2008-06-16", AT, False),
        ("2008-02-29", datetime(2026, 2, 28, 12, tzinfo=UTC), False),
        ("2008-02-29", datetime(2026, 3, 1, 12, tzinfo=UTC), True),
        ("2007", AT, True),  # 18 or 19: an adult both ways
        ("2008-05", AT, True),
        ("2008-06", AT, None),
        ("2008", AT, None),  # 17 or 18
        ("2009", AT, False),
        (None, AT, None),
        ("2030-01-01", AT, None),
        ("a while ago", AT, None),
    ],
)
def test_an_age_is_known_where_the_birth_date_settles_it(birth: str | None, at: datetime, adult: bool | None) -> None:
    person = {**PATIENT, "birthDate": birth}
    found = ask("%patient.age >= 18", at=at, patient=person)
    assert found.truth is adult
    assert found.reasons == ({"not-recorded"} if adult is None else set())


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("%patient.age >= 16 and %patient.age <= 17", None),
        ("%patient.age >= 17 and %patient.age <= 18", True),
        ("%patient.age.exists()", True),
        ("iif(%patient.age.exists(), %patient.age < 18, false)", None),
        ("%patient.age >= 18 and %pains.exists()", False),
        ("%patient.age >= 18 or %patient.gender = 'female'", True),
        ("%patient.age >= 18 and %pain.value > 3", None),
    ],
)
def test_of_two_ages_that_a_year_of_birth_leaves_open_both_have_to_answer_alike(
    question: str, answer: bool | None
) -> None:
    assert ask(question, patient={**PATIENT, "birthDate": "2008"}).truth is answer


def test_an_age_that_is_not_settled_is_shown_nowhere() -> None:
    told = {"say": ["Aged {patient.age}."]}
    aged = library({"PW-ASK": pathway(recommendation(**told))})
    for born, lines in (("2008", []), ("2008-01", ["Aged 18."])):
        assert said(verdict(judge(aged, patient={**PATIENT, "birthDate": born}), "R-ASK-01").lines) == lines


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-13-01", "٢٠٢٦-٠٦-١٠"])
def test_what_no_calendar_holds_is_a_date_that_cannot_be_read_and_may_be_any(when: str) -> None:
    found = ask("%pains.date.exists()", observation("pain", 7, when))
    assert (found.truth, found.rejected) == (None, {"Observation/pain-1": "date-unreadable"})
    assert ask("%pains.exists()", observation("pain", 7, when)).truth is True
