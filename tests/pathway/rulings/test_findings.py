"""Deficits in time: each sentence of rulings 2.6 and of D2 about onset, repetition, course and worsening."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pathway.rulings.small_world import ask, concept, condition, observation, report


def power(grade: int, when: str | None, course: str = "", **parts: Any) -> dict[str, Any]:
    """An examination of the muscles; below 5 is a deficit."""
    component = [{"code": concept("course"), "valueCodeableConcept": concept(f"course-{course}")}] if course else None
    return observation("power", grade, when, component=component, **{"id": f"power-{when}-{grade}", **parts})


def weak(onset: str | None, **parts: Any) -> dict[str, Any]:
    return condition("weakness", onset=onset, **{"id": f"weak-{onset}", **parts})


def exam(when: str) -> dict[str, Any]:
    return observation("exam", "normal-exam", when)


def motor(*told: dict[str, Any], **given: Any) -> dict[str, bool | None]:
    """What is said of the motor deficit."""
    return {m: ask(f"%motor.{m}", *told, **given).truth for m in ("present", "new", "open", "settled", "undated")}


def new(*told: dict[str, Any], **given: Any) -> bool | None:
    return ask("%motor.new", *told, **given).truth


def onset(day: str, *told: dict[str, Any]) -> bool | None:
    return ask(f"%motor.onset = @{day}", *told).truth


def since(day: str, *told: dict[str, Any]) -> bool | None:
    return ask(f"%motor.since = @{day}", *told).truth


def test_without_a_finding_there_is_none() -> None:
    assert motor() == {"present": False, "new": False, "open": False, "settled": False, "undated": False}


@pytest.mark.parametrize(("day", "fresh", "open_"), [("2026-06-01", True, True), ("2026-05-31", False, True)])
def test_a_kind_is_new_if_its_onset_is_fourteen_days_old_or_less(day: str, fresh: bool, open_: bool) -> None:
    found = motor(weak(day))
    assert (found["new"], found["open"]) == (fresh, open_)


@pytest.mark.parametrize(("day", "open_"), [("2026-03-17", True), ("2026-03-16", False)])
def test_it_counts_as_open_up_to_ninety_days(day: str, open_: bool) -> None:
    assert motor(weak(day))["open"] is open_


def test_the_onset_is_the_earliest_evidence() -> None:
    told = (weak("2026-02-01"), power(3, "2026-06-10"))
    assert onset("2026-02-01", *told)
    assert new(*told) is False


def test_the_onset_of_a_condition_without_one_is_when_it_was_recorded() -> None:
    assert onset("2026-06-08", condition("weakness", recordedDate="2026-06-08"))


def test_an_observation_that_shows_it_dates_it_where_nothing_else_does() -> None:
    assert onset("2026-06-09", power(4, "2026-06-09"), power(4, "2026-06-12"))


def test_repeating_it_is_not_new() -> None:
    assert new(power(3, "2026-03-01"), power(3, "2026-06-10")) is False


def test_so_is_a_condition_that_an_encounter_records_again_without_an_onset() -> None:
    again = condition("weakness", id="again", recordedDate="2026-06-12")
    assert new(weak("2026-02-01"), again) is False


def test_a_new_condition_with_its_own_onset_is_a_worsening() -> None:
    told = (weak("2026-02-01"), weak("2026-06-10"))
    assert new(*told)
    assert since("2026-06-10", *told)


def test_a_worse_grade_than_the_newest_earlier_one_is_a_worsening_from_its_own_day() -> None:
    told = (power(4, "2026-03-01"), power(3, "2026-06-10"))
    assert new(*told)
    assert onset("2026-03-01", *told)
    assert since("2026-06-10", *told)


def test_a_better_grade_is_none() -> None:
    assert new(power(2, "2026-03-01"), power(4, "2026-06-10")) is False


@pytest.mark.parametrize("course", ["new", "worse"])
def test_a_stated_course_new_or_worse_is_a_worsening(course: str) -> None:
    assert new(power(4, "2026-03-01"), power(4, "2026-06-10", course))


def test_a_normal_finding_ends_it_and_what_comes_after_begins_anew() -> None:
    told = (weak("2026-02-01"), exam("2026-03-01"), power(4, "2026-06-10"))
    assert onset("2026-06-10", *told)
    assert new(*told)
    assert motor(weak("2026-02-01"), exam("2026-03-01"))["present"] is False


def test_so_does_an_abatement() -> None:
    gone = weak("2026-02-01", clinical="resolved", abatementDateTime="2026-03-01")
    assert motor(gone)["present"] is False
    assert onset("2026-06-10", gone, power(4, "2026-06-10"))


def test_a_full_grade_is_a_normal_finding() -> None:
    assert motor(power(3, "2026-05-01"), power(5, "2026-06-10"))["present"] is False


def test_of_one_day_the_abnormal_finding_stands() -> None:
    assert motor(power(4, "2026-06-10"), exam("2026-06-10"))["present"]


def test_of_a_month_that_does_not_tell_it_stands_too() -> None:
    assert new(weak("2026-06"), exam("2026-06-05"))


@pytest.mark.parametrize("course", ["unchanged", "improving"])
def test_a_settled_course_makes_it_neither_new_nor_open(course: str) -> None:
    found = motor(power(4, "2026-04-20"), power(4, "2026-06-10", course))
    assert found == {"present": True, "new": False, "open": False, "settled": True, "undated": False}


def test_a_first_finding_that_states_a_settled_course_is_not_new_either() -> None:
    assert motor(power(4, "2026-06-10", "unchanged"))["new"] is False


def test_a_resolved_course_ends_it() -> None:
    assert motor(power(4, "2026-04-20"), power(4, "2026-06-10", "resolved"))["present"] is False


@pytest.mark.parametrize(
    "fresh",
    [
        weak("2026-06-08"),
        power(4, "2026-06-08"),
        condition("weakness", id="c", recordedDate="2026-06-08"),
    ],
)
def test_a_settled_course_does_not_settle_what_something_dates_within_fourteen_days(fresh: dict[str, Any]) -> None:
    found = motor(fresh, power(4, "2026-06-12", "unchanged"))
    assert found["new"] is True
    assert found["settled"] is False


def test_a_worsening_within_fourteen_days_is_not_settled_either() -> None:
    assert new(power(4, "2026-03-01"), power(3, "2026-06-08"), power(3, "2026-06-12", "unchanged"))


def test_the_newest_stated_course_counts() -> None:
    told = (power(4, "2026-04-01", "worse"), power(4, "2026-05-20", "improving"))
    assert motor(*told)["settled"]


def test_without_any_date_it_is_new() -> None:
    assert motor(weak(None)) == {"present": True, "new": True, "open": False, "settled": False, "undated": True}


def test_beside_what_is_dated_an_undated_condition_dates_nothing() -> None:
    assert new(weak(None), power(4, "2026-03-01")) is False
    assert motor(weak(None), power(4, "2026-06-10", "unchanged"), power(4, "2026-03-01"))["settled"]


def test_a_partial_onset_that_may_lie_in_the_window_counts_as_new() -> None:
    assert new(weak("2026-06"))
    assert new(weak("2026"))
    assert new(weak("2026-04")) is False


# ------------------------------------------------------------------------------------------------- answered


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        ("2026-05-01", False),
        ("2026-04-30", True),
        ("2026-05", False),  # all of May is on or after the onset
        ("2026", True),  # undecidable never closes
    ],
)
def test_it_is_open_as_long_as_nothing_answers_it_since_its_onset(day: str, open_: bool) -> None:
    assert motor(weak("2026-05-01"), report("scan", day))["open"] is open_


def test_what_answered_the_onset_does_not_answer_a_worsening() -> None:
    told = (power(4, "2026-04-01"), report("scan", "2026-04-02"), power(3, "2026-05-20"))
    assert motor(*told)["open"]


def test_a_preliminary_report_answers_nothing() -> None:
    assert motor(weak("2026-05-01"), report("scan", "2026-05-10", status="preliminary"))["open"]


# ------------------------------------------------------------------------------------------------- not read


def test_what_could_not_be_read_leaves_it_unknown_as_unread() -> None:
    found = ask("%motor.new", power(4, "2026-03-01"), lost=["conditions"])
    assert found.truth is None
    assert found.reasons == {"unread"}


def test_an_answer_that_could_not_be_read_leaves_it_unknown_whether_it_is_open() -> None:
    found = ask("%motor.open", weak("2026-05-01"), lost=["reports"])
    assert found.truth is None
    assert found.reasons == {"unread"}
