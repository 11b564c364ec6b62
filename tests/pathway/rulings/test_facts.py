"""What a need gave: completeness, recency, conflicts, the latest of several, each resource once (rulings 1, 2.4)."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.pathway.rulings.small_world import ask, condition, observation, order

PAIN = "observations-status"


# ------------------------------------------------------------------------------------------------- not recorded, not read


def test_a_complete_search_that_finds_nothing_settles_existence() -> None:
    assert ask("%cancer.exists()").truth is False
    assert ask("%cancer.exists().not()").truth is True


def test_a_complete_search_that_finds_nothing_leaves_a_value_unknown_as_not_recorded() -> None:
    found = ask("%pain.value > 3")
    assert found.truth is None
    assert found.reasons == {"not-recorded"}


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("%cancer.exists()", None),
        ("%cancer.exists().not()", None),
        ("%cancer.empty()", None),
        ("%cancer.some(confirmed)", None),
        ("%cancer.count() = 0", None),
    ],
)
def test_of_what_was_not_read_nothing_is_known(question: str, answer: bool | None) -> None:
    found = ask(question, lost=["conditions"])
    assert found.truth is answer
    assert found.reasons == {"unread"}


def incomplete(question: str) -> bool | None:
    """The answer on a key that was cut short after one Condition."""
    from dataclasses import replace

    from fhirpath_spine.pathway.facts import Read
    from fhirpath_spine.pathway.judging import decide
    from fhirpath_spine.pathway.model import Site
    from fhirpath_spine.pathway.truth import Reason
    from tests.pathway.rulings.small_world import AT, _asking, chart

    whole = chart(condition("cancer", onset="2020-01-01"))
    cut = Read(whole.reads["conditions"].resources, complete=False, reason=Reason.UNREAD)
    found = replace(whole, reads={**whole.reads, "conditions": cut})
    (verdict,) = decide(_asking(question, "none"), found, AT, Site()).verdicts
    return {"recommended": True, "not-applicable": False}.get(verdict.status.value)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("%cancer.exists()", True),  # there is one is sure
        ("%cancer.exists().not()", False),
        ("%cancer.some(confirmed)", True),
        ("%cancer.some(confirmed.not())", None),  # there may be another
        ("%cancer.count() = 1", None),
        ("%cancer.empty()", None),
        ("%cancer.every(confirmed)", None),
        ("%cancer.date.max() = @2020-01-01", None),
    ],
)
def test_on_an_incomplete_need_exists_and_some_may_be_true_and_all_else_is_unknown(
    question: str, answer: bool | None
) -> None:
    assert incomplete(question) is answer


@pytest.mark.parametrize(
    ("question", "lost", "answer"),
    [
        ("%night.recorded()", [], False),
        ("%night.recorded()", [PAIN], None),
        ("%night.recorded().not()", [], True),
    ],
)
def test_recorded_is_false_after_a_complete_search_and_unknown_if_unread(
    question: str, lost: list[str], answer: bool | None
) -> None:
    assert ask(question, lost=lost).truth is answer


def test_one_lost_key_leaves_the_others_as_they_are() -> None:
    assert ask("%pain.value = 7", observation("pain", 7), lost=["conditions", "reports"]).truth is True


def test_a_need_of_two_types_is_incomplete_if_one_of_them_is() -> None:
    assert ask("%drug.exists()", lost=["medicationStatements"]).truth is None
    assert ask("%drug.exists()", order(), lost=["medicationStatements"]).truth is True


# ------------------------------------------------------------------------------------------------- the latest


def test_the_latest_is_the_newest_in_whatever_order_they_come() -> None:
    several = [observation("pain", n, f"2026-06-0{n}", id=f"o{9 - n}") for n in (2, 5, 8)]
    for given in permutations(several):
        assert ask("%pain.value = 8", *given).truth is True


def test_a_time_of_day_tells_which_is_newer() -> None:
    early = observation("pain", 2, "2026-06-10T08:00:00Z", id="a")
    late = observation("pain", 8, "2026-06-10T12:00:00+02:00", id="b")
    assert ask("%pain.value = 8", early, late).truth is True


def test_of_the_same_time_and_meaning_the_lowest_id_counts() -> None:
    found = ask("%pain.value = 7", observation("pain", 7, id="b"), observation("pain", 7, id="a"))
    assert found.truth is True
    assert found.evidence == {"Observation/a"}


def test_of_the_same_time_and_another_meaning_none_is_chosen() -> None:
    found = ask("%pain.value > 5", observation("pain", 7, id="a"), observation("pain", 2, id="b"))
    assert found.truth is None
    assert found.reasons == {"conflict"}
    (missing,) = found.verdict.missing
    assert {e.reference for e in missing.alternatives} == {"Observation/a", "Observation/b"}


def test_where_both_answer_alike_their_conflict_does_not_matter() -> None:
    assert ask("%pain.value > 5", observation("pain", 7, id="a"), observation("pain", 8, id="b")).truth is True


def test_a_measurement_takes_the_newest_however_close_the_older_one() -> None:
    assert (
        ask("%pain.value > 5", observation("pain", 2, "2026-06-09", id="a"), observation("pain", 7, id="b")).truth
        is True
    )


@pytest.mark.parametrize("order_", [1, -1])
def test_a_partial_date_that_does_not_tell_which_is_newer_leaves_a_conflict(order_: int) -> None:
    given = [observation("fit", True, "2026-06", id="a"), observation("fit", False, "2026-06-10", id="b")]
    assert ask("%fit-latest.value", *given[::order_]).truth is None


def test_a_day_without_a_time_may_be_before_or_after_a_time_of_that_day() -> None:
    timed = observation("pain", 8, "2026-06-10T12:00:00Z", id="a")
    assert ask("%pain.value > 5", timed, observation("pain", 2, "2026-06-10", id="b")).reasons == {"conflict"}
    assert ask("%pain.value > 5", timed, observation("pain", 7, "2026-06-10", id="b")).truth is True
    assert ask("%pain.value > 5", timed, observation("pain", 2, "2026-06-09", id="b")).truth is True


# ------------------------------------------------------------------------------------------------- judgements in conflict


@pytest.mark.parametrize(("older", "answer"), [("2026-05-11", None), ("2026-05-10", True)])
def test_a_newer_judgement_replaces_an_older_one_only_after_thirty_days(older: str, answer: bool | None) -> None:
    found = ask(
        "%fit-latest.value", observation("fit", False, older, id="a"), observation("fit", True, "2026-06-10", id="b")
    )
    assert found.truth is answer
    if answer is None:
        assert found.reasons == {"conflict"}


def test_two_judgements_that_agree_are_no_conflict() -> None:
    found = ask("%fit-latest.value", observation("fit", True, "2026-06-09", id="a"), observation("fit", True, id="b"))
    assert found.truth is True


def test_a_conflict_is_recorded() -> None:
    given = [observation("fit", True, "2026-06-09", id="a"), observation("fit", False, id="b")]
    assert ask("%fit-latest.recorded()", *given).truth is True


# ------------------------------------------------------------------------------------------------- each once


def test_a_resource_that_comes_twice_counts_once() -> None:
    twice = condition("cancer")
    assert ask("%cancer.count() = 1", twice, twice).truth is True


def test_of_two_versions_of_a_resource_the_later_counts_in_whatever_order() -> None:
    first = observation("pain", 2, meta={"lastUpdated": "2026-06-10T08:00:00Z"})
    later = observation("pain", 8, meta={"lastUpdated": "2026-06-10T09:00:00Z"})
    assert ask("%pain.value = 8", first, later).truth is True
    assert ask("%pain.value = 8", later, first).truth is True


def test_resources_without_ids_are_told_apart_and_named_alike_in_any_order() -> None:
    given = [observation("pain", 7, id=None), observation("pain", 7, "2026-06-09", id=None)]
    there, back = ask("%pains.count() = 2", *given), ask("%pains.count() = 2", *reversed(given))
    assert there.truth is True
    assert there.evidence == back.evidence
    assert len(there.evidence) == 2
