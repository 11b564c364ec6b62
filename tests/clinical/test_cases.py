"""The cases give what is expected of them: what must stand on a card, what must not, and what is blocked."""

from __future__ import annotations

import pytest

from tests.clinical.clinical_kit import CASES, expected, judged, score

SHOWN = {"recommended", "blocked", "needs-data"}

cases = pytest.mark.parametrize("case", CASES)


@cases
def test_what_must_be_recommended_is(case: str) -> None:
    assert set(expected(case)["must"]) - judged(case).recommended == set()


@cases
def test_what_must_not_be_recommended_is_not(case: str) -> None:
    assert set(score.ids(expected(case)["must_not"])) & judged(case).recommended == set()


@cases
def test_what_is_blocked_is_blocked_or_asks_and_says_why(case: str) -> None:
    for id_ in score.ids(expected(case)["blocked"]):
        assert judged(case).statuses[id_] & {"blocked", "needs-data"}
        assert id_ not in judged(case).recommended
        assert [v["because"] for v in judged(case).document["verdicts"] if v["id"] == id_ and v["because"]]


@cases
def test_nothing_is_recommended_that_no_one_expects(case: str) -> None:
    allowed = {*expected(case)["must"], *expected(case)["may"]}
    # Physiotherapy with thoracic pain and nothing against it: P22 and B27 say so, the cases are silent.
    assert judged(case).recommended - allowed <= {"R-PAIN-05"}


@cases
def test_the_judge_of_the_cases_finds_no_fault(case: str) -> None:
    assert score.judge(expected(case), judged(case).document, "fair")["fails"] == []


@cases
def test_a_case_without_a_pathway_needs_no_data_and_shows_nothing(case: str) -> None:
    if score.expected_pathways(expected(case)["pathway"])[0]:
        assert judged(case).cards
    else:
        assert judged(case).document["verdicts"] == []
        assert judged(case).cards == []


@cases
def test_every_shown_verdict_stands_on_exactly_one_card(case: str) -> None:
    shown = [(*key, status) for key, status in judged(case).verdicts.items() if status in SHOWN]
    assert sorted(judged(case).on_cards) == sorted(shown)


@cases
def test_every_recommendation_says_why(case: str) -> None:
    silent = [
        v["id"]
        for v in judged(case).document["verdicts"]
        if v["status"] in {"recommended", "blocked"} and not v["because"]
    ]
    assert silent == []
