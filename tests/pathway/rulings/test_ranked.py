"""Judgements of several sources in order of rank (D9): a lower rank never overrides, it conflicts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pathway.rulings.small_world import ask, observation


def fit(value: bool, when: str = "2026-06-01", **parts: Any) -> dict[str, Any]:
    return observation("fit", value, when, **{"id": f"fit-{when}-{value}", **parts})


def unfit(value: bool, when: str = "2026-06-01", **parts: Any) -> dict[str, Any]:
    return observation("unfit", value, when, **{"id": f"unfit-{when}-{value}", **parts})


def asa(grade: int, when: str = "2026-06-01") -> dict[str, Any]:
    return observation("asa", grade, when, id=f"asa-{when}-{grade}")


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        ([], None),
        ([fit(False)], True),
        ([fit(True)], False),
        ([asa(4)], True),
        ([asa(3)], None),  # ASA 3 says nothing about it
        ([fit(True), asa(3)], False),
        ([fit(False), asa(5)], True),
        ([unfit(True)], True),
        ([unfit(False)], False),
        ([unfit(True), fit(False)], True),  # two needs of one rank that say the same
        ([unfit(False), asa(3)], False),
    ],
)
def test_the_highest_rank_that_says_anything_answers(told: list[dict[str, Any]], answer: bool | None) -> None:
    assert ask("%unfit", *told).truth is answer


def test_a_newer_lower_rank_that_contradicts_is_a_conflict_and_no_override() -> None:
    found = ask("%unfit", fit(True, "2026-06-01"), asa(4, "2026-06-05"))
    assert found.truth is None
    assert found.reasons == {"conflict"}


def test_an_older_lower_rank_that_contradicts_is_not() -> None:
    assert ask("%unfit", fit(True, "2026-06-05"), asa(4, "2026-06-01")).truth is False


def test_a_lower_rank_of_the_same_day_conflicts_since_it_is_not_older() -> None:
    assert ask("%unfit", fit(True, "2026-06-05"), asa(4, "2026-06-05")).reasons == {"conflict"}


@pytest.mark.parametrize(
    ("statement", "grade", "answer"),
    [
        ("2026-06-05T12:00:00Z", "2026-06-05T09:00:00Z", False),
        ("2026-06-05T09:00:00Z", "2026-06-05T12:00:00Z", None),
        ("2026-06-05T12:00:00Z", "2026-06-05", None),  # at any hour of that day
        ("2026-06-05", "2026-06", None),  # on any day of that month
        ("2026-06-05", "2026-05", False),
    ],
)
def test_a_lower_rank_is_older_only_where_the_precision_of_the_dates_tells(
    statement: str, grade: str, answer: bool | None
) -> None:
    assert ask("%unfit", fit(True, statement), asa(4, grade)).truth is answer


@pytest.mark.parametrize(("older", "answer"), [("2026-05-11", None), ("2026-05-10", False)])
def test_within_one_rank_the_newer_replaces_the_older_only_after_thirty_days(older: str, answer: bool | None) -> None:
    assert ask("%unfit", fit(False, older), fit(True, "2026-06-10")).truth is answer
    assert ask("%unfit", unfit(True, older), fit(True, "2026-06-10")).truth is answer


@pytest.mark.parametrize(("older", "answer"), [("2026-05-11", None), ("2026-05-10", True)])
def test_whichever_need_of_a_rank_the_newest_statement_stands_in_it_counts(older: str, answer: bool | None) -> None:
    assert ask("%unfit", fit(True, older), unfit(True, "2026-06-10")).truth is answer


def test_two_needs_of_one_rank_that_contradict_each_other_on_one_day_are_both_named() -> None:
    found = ask("%unfit", fit(True), unfit(True), asa(2))
    assert found.truth is None
    assert found.reasons == {"conflict"}
    assert {e.reference for m in found.verdict.missing for e in m.alternatives} == {
        "Observation/fit-2026-06-01-True",
        "Observation/unfit-2026-06-01-True",
    }


def test_a_conflict_asks_only_where_the_answers_differ() -> None:
    assert ask("%unfit.exists()", fit(True), unfit(True)).truth is True


def test_a_statement_out_of_its_window_says_nothing() -> None:
    found = ask("%unfit", fit(False, "2026-04-15"))
    assert found.truth is None
    assert found.reasons == {"stale"}


def test_what_was_not_read_leaves_the_judgement_unknown() -> None:
    assert ask("%unfit", lost=["observations-status"]).reasons == {"unread"}
