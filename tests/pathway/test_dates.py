"""Dates at their precision: a partial date answers only what all of its days answer alike."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.pathway import facts

TODAY = date(2026, 6, 15)
ROME, AUCKLAND = ZoneInfo("Europe/Rome"), ZoneInfo("Pacific/Auckland")
DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
PRECISIONS = st.sampled_from([4, 7, 10])


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026", "2026"),
        ("2026-06", "2026-06"),
        ("2026-06-15", "2026-06-15"),
        ("2026-06-15T23:30:00Z", "2026-06-16"),
        ("2026-06-15T23:30:00+02:00", "2026-06-15"),
        ("2026-06-15T23:30:00", "2026-06-15"),
        ("2026-02-30", ""),
        ("2026-13", ""),
        ("15.06.2026", ""),
        ("2026-06-15T25:00:00Z", ""),
        ("", ""),
        (None, ""),
        (20260615, ""),
    ],
)
def test_a_day_is_that_of_the_sites_zone_at_its_own_precision(text: object, day: str) -> None:
    assert facts.day_of(text, ROME) == day


def test_an_instant_without_an_offset_is_read_in_the_sites_zone() -> None:
    found = facts.moment_of("2026-06-15T08:00:00", AUCKLAND)
    assert found is not None
    assert found.astimezone(UTC) == datetime(2026, 6, 14, 20, tzinfo=UTC)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_an_instant_that_leaves_the_calendar_is_unreadable(text: str) -> None:
    assert facts.stamp(text, AUCKLAND if text.startswith("9") else ZoneInfo("America/New_York")) is None


@pytest.mark.parametrize(
    ("day", "answer"),
    [
        ("2026-06-15", True),
        ("2026-05-16", True),
        ("2026-05-15", False),
        ("2026-06", True),
        ("2026-05", None),
        ("2026-04", False),
        ("2026", None),
        ("2025", False),
        ("", None),
    ],
)
def test_a_window_has_a_last_day_and_doubts_a_month_across_it(day: str, answer: bool | None) -> None:
    assert facts.within(day, TODAY, 30) is answer


@given(DAYS, PRECISIONS, st.integers(0, 4000))
def test_a_window_never_says_of_a_partial_date_what_one_of_its_days_denies(
    day: date, precision: int, days: int
) -> None:
    partial, exact = day.isoformat()[:precision], facts.within(day.isoformat(), TODAY, days)
    assert exact is not None
    assert facts.within(partial, TODAY, days) in (None, exact)


@given(DAYS, DAYS, PRECISIONS, PRECISIONS)
def test_before_and_since_are_said_only_where_all_days_agree(one: date, other: date, a: int, b: int) -> None:
    here, there = one.isoformat()[:a], other.isoformat()[:b]
    if facts.is_before(here, there):
        assert one < other
        assert not facts.is_since(here, there)
        assert facts.apart(here, there) != 0
    if facts.is_since(here, there):
        assert one >= other


@given(DAYS, PRECISIONS, PRECISIONS)
def test_a_day_may_be_itself_at_any_precision(day: date, a: int, b: int) -> None:
    text = day.isoformat()
    assert facts.apart(text[:a], text[:b]) == 0


@pytest.mark.parametrize(
    ("a", "b", "days"),
    [
        ("2026-06", "2026-06-30", 0),
        ("2026-06", "2026-07-01", 1),
        ("2026", "2026-12", 0),
        ("2026-06-15", "", None),
        ("2024-02", "2024-02-29", 0),
        ("2023-12", "2023-12-31", 0),
    ],
)
def test_a_partial_date_reaches_to_the_last_day_of_its_month(a: str, b: str, days: int | None) -> None:
    assert facts.apart(a, b) == days
    assert facts.apart(b, a) == days


@pytest.mark.parametrize(
    ("born", "ages"),
    [
        ("1960-06-15", (66,)),
        ("1960-06-16", (65,)),
        ("1960-02-29", (66,)),
        ("1960", (65, 66)),
        ("1960-06", (65, 66)),
        ("1960-05", (66,)),
        ("1960-07", (65,)),
        ("2026", (0,)),
        ("2027", ()),
        ("", ()),
    ],
)
def test_a_partial_birth_date_gives_every_age_that_it_leaves_open(born: str, ages: tuple[int, ...]) -> None:
    assert facts.possible_ages(born, TODAY) == ages


@pytest.mark.parametrize(
    ("a", "b", "days"),
    [
        ("2026-06-15", "2026-06-01", 14),
        ("2026-06-01", "2026-06-15", 14),
        ("2026", "2026-01-02", 0),
        ("2026-04", "2026-06-10", 41),
        ("2026-06-10", "2026-04", 41),
        ("", "2026", None),
        ("2026", "", None),
    ],
)
def test_days_between_two_dates_are_the_fewest_that_their_precision_allows(a: str, b: str, days: int | None) -> None:
    assert facts.apart(a, b) == days


def test_a_later_instant_of_a_day_sorts_after_an_earlier_one() -> None:
    texts = ["2026-06-15T09:00:00Z", "2026-06", "2026-06-15T08:00:00Z", "2026-06-14"]
    stamps = [s for s in (facts.stamp(t, UTC) for t in texts) if s is not None]
    assert [s.order for s in sorted(stamps, key=lambda s: s.order)] == [stamps[i].order for i in (1, 3, 2, 0)]


@pytest.mark.parametrize(
    ("day", "before"), [("2026-05", True), ("2026-06", False), ("2026-06-14", True), ("2026", False)]
)
def test_a_stamp_lies_before_a_day_only_with_all_of_it(day: str, before: bool) -> None:
    found = facts.stamp(day, UTC)
    assert found is not None
    assert found.before(TODAY) is before
