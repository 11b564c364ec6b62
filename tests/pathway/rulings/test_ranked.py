"""Judgements of several sources in order of rank (D9): a lower rank never overrides, it conflicts."""

from __future__ import annotations

from typing import Any

import pytest
from small_world import ask, observation


def fit(value: bool, when: str = "2026-06-01", **parts: Any) -> dict[str, Any]:
    return observation("fit", value, when, **{"id": f"fit-{when}-{value}", **parts})


def asa(grade: int, when: str = "2026-06-01") -> dict[str, Any]:
    return observation("asa", grade, when, id=f"asa-{when}-{grade}")


@pytest.mark.parametrize(
    ("told", "unfit"),
    [
        ([], None),
        ([fit(False)], True),
        ([fit(True)], False),
        ([asa(4)], True),
        ([asa(3)], None),  # ASA 3 says nothing about it
        ([fit(True), asa(3)], False),
        ([fit(False), asa(5)], True),
    ],
)
def test_the_highest_rank_that_says_anything_answers(told: list[dict[str, Any]], unfit: bool | None) -> None:
    assert ask("%unfit", *told).truth is unfit


def test_a_newer_lower_rank_that_contradicts_is_a_conflict_and_no_override() -> None:
    found = ask("%unfit", fit(True, "2026-06-01"), asa(4, "2026-06-05"))
    assert found.truth is None
    assert found.reasons == {"conflict"}


def test_an_older_lower_rank_that_contradicts_is_not() -> None:
    assert ask("%unfit", fit(True, "2026-06-05"), asa(4, "2026-06-01")).truth is False


@pytest.mark.parametrize(("older", "unfit"), [("2026-05-11", None), ("2026-05-10", False)])
def test_within_one_rank_the_newer_replaces_the_older_only_after_thirty_days(older: str, unfit: bool | None) -> None:
    assert ask("%unfit", fit(False, older), fit(True, "2026-06-10")).truth is unfit


def test_a_statement_out_of_its_window_says_nothing() -> None:
    found = ask("%unfit", fit(False, "2026-04-15"))
    assert found.truth is None
    assert found.reasons == {"stale"}


def test_what_was_not_read_leaves_the_judgement_unknown() -> None:
    assert ask("%unfit", lost=["observations-status"]).reasons == {"unread"}
