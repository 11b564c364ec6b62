"""Facts: recency, conflicts and completeness of what was filed under a need."""

from __future__ import annotations

import pytest

from fhirpath_spine.fhirpath import Incomplete
from fhirpath_spine.pathway.truth import Reason
from tests.pathway.pathway_kit import (
    METASTASIS,
    SCHWANNOMA,
    Json,
    ago,
    amount,
    answer,
    condition,
    facts,
    judge,
    observation,
    verdict,
)


def _ecog(id_: str, days: int, value: int) -> Json:
    return observation(id_, "ecog", days=days, valueInteger=value)


def _unfit(id_: str, days: int, value: bool) -> Json:
    return observation(id_, "unfit-for-open-surgery", days=days, valueBoolean=value)


# ---------------------------------------------------------------------------------------------------- recency


def test_the_later_instant_of_a_day_wins() -> None:
    early = {**_ecog("a", 1, 1), "effectiveDateTime": f"{ago(1)}T08:00:00Z"}
    late = {**_ecog("b", 1, 2), "effectiveDateTime": f"{ago(1)}T09:00:00Z"}
    fact = facts(late, early).resolve("ecog")
    assert [i["value"] for i in fact.items] == [2]
    assert fact.alternatives == ()


@pytest.mark.parametrize(
    ("need", "value_set", "window"),
    [("ecog", "ecog", 60), ("ecog-recent", "ecog", 30), ("pain-severity", "pain-severity", 30)],
)
@pytest.mark.parametrize(("beyond", "counts"), [(-1, True), (0, True), (1, False)])
def test_a_window_holds_its_first_day_and_not_the_day_before(
    need: str, value_set: str, window: int, beyond: int, counts: bool
) -> None:
    fact = facts(observation("a", value_set, days=window + beyond, valueInteger=2)).resolve(need)
    assert bool(fact.found) is counts
    assert fact.gap is (Reason.NOT_RECORDED if counts else Reason.STALE)
    assert fact.stale == ("" if counts else ago(window + beyond))


def test_a_window_counts_days_in_the_sites_zone() -> None:
    edge = {**_ecog("a", 60, 2), "effectiveDateTime": f"{ago(61)}T23:30:00-01:00"}
    assert facts(edge).resolve("ecog").found
    before = {**_ecog("a", 60, 2), "effectiveDateTime": f"{ago(60)}T00:30:00+01:00"}
    assert not facts(before).resolve("ecog").found


def test_a_month_across_the_edge_of_a_window_leaves_the_fact_open() -> None:
    fact = facts({**_ecog("a", 60, 2), "effectiveDateTime": ago(60)[:7]}).resolve("ecog")
    assert not fact.found
    assert isinstance(fact.items, Incomplete)
    assert fact.gap is Reason.REJECTED


def test_a_need_without_a_window_takes_what_is_old() -> None:
    assert [i["value"] for i in facts(_ecog("a", 4000, 2)).resolve("ecog-ever").items] == [2]


# ---------------------------------------------------------------------------------------------------- conflicts


@pytest.mark.parametrize(
    ("one", "other", "contradict"),
    [
        ((5, True), (5, False), True),
        ((5, True), (35, False), True),
        ((5, True), (36, False), False),
        ((5, True), (5, True), False),
    ],
    ids=["one-day", "at-the-gap", "beyond-the-gap", "agreeing"],
)
def test_statements_of_judgement_contradict_each_other_within_the_gap(
    one: tuple[int, bool], other: tuple[int, bool], contradict: bool
) -> None:
    fact = facts(_unfit("a", *one), _unfit("b", *other)).resolve("unfit-statement")
    assert {f.reference for f in fact.alternatives} == ({"Observation/a", "Observation/b"} if contradict else set())
    assert fact.gap is (Reason.CONFLICT if contradict else Reason.NOT_RECORDED)


def test_two_values_of_one_day_contradict_each_other_though_the_need_is_no_judgement() -> None:
    fact = facts(_ecog("a", 5, 1), _ecog("b", 5, 3)).resolve("ecog")
    assert {f.item["value"] for f in fact.alternatives} == {1, 3}
    assert fact.gap is Reason.CONFLICT


def test_a_conflict_is_named_only_where_the_answers_differ() -> None:
    sins = observation("sins", "sins-total", at="T8", valueInteger=14)
    close = verdict(judge(METASTASIS, sins, _ecog("a", 5, 0), _ecog("b", 5, 1)), "R-MET-04")
    assert Reason.CONFLICT not in {m.reason for m in close.missing}
    apart = verdict(judge(METASTASIS, sins, _ecog("a", 5, 1), _ecog("b", 5, 4)), "R-MET-04")
    assert ("ECOG performance status", Reason.CONFLICT) in {(m.item, m.reason) for m in apart.missing}


# ---------------------------------------------------------------------------------------------------- completeness


@pytest.mark.parametrize(
    ("unread", "gap", "open_"),
    [
        ({}, Reason.NOT_RECORDED, False),
        ({"observations-status": Reason.UNREAD}, Reason.UNREAD, True),
        ({"observations-status": Reason.NOT_OFFERED}, Reason.NOT_OFFERED, True),
        ({"observations-neuro": Reason.UNREAD}, Reason.NOT_RECORDED, False),
    ],
    ids=["complete", "unread", "not-offered", "another-key"],
)
def test_what_was_not_read_is_never_taken_for_absent(unread: dict[str, Reason], gap: Reason, open_: bool) -> None:
    fact = facts(unread=unread).resolve("ecog")
    assert fact.gap is gap
    assert isinstance(fact.items, Incomplete) is open_


def test_an_absent_key_is_unread_and_named_with_its_type() -> None:
    found = facts(absent=["conditions"])
    (unread,) = found.unread(found.resolve("diabetes").need)
    assert (unread.key, unread.resource, unread.reason, unread.detail) == (
        "conditions",
        "Condition",
        Reason.UNREAD,
        "absent",
    )


def test_what_was_found_stays_found_though_more_may_be_unread() -> None:
    fact = facts(_ecog("a", 5, 2), unread=["observations-status"]).resolve("ecog")
    assert [i["value"] for i in fact.items] == [2]
    assert isinstance(fact.items, Incomplete)


def test_a_need_of_which_all_was_rejected_says_so() -> None:
    found = facts(observation("a", "creatinine", **amount(90, "furlong")))
    assert found.resolve("creatinine").gap is Reason.REJECTED
    assert [(r.reference, r.reason) for r in found.rejections(["creatinine"])] == [("Observation/a", "unlisted-unit")]


def test_a_cancer_that_nobody_verified_is_open_and_not_absent() -> None:
    fact = facts({k: v for k, v in _cancer().items() if k != "verificationStatus"}).resolve("own-cancer")
    assert not fact.found
    assert fact.gap is Reason.UNVERIFIED
    assert isinstance(fact.items, Incomplete)


def _cancer() -> Json:
    return condition("cancer", "primary-cancer-lung")


# ---------------------------------------------------------------------------------------------------- lesions


def test_a_value_at_another_lesion_is_not_that_of_this_one() -> None:
    safe = observation("safe", "resectability", at="L2", **answer("safely-resectable"))
    sins = observation("sins", "sins-total", at="T8", valueInteger=14)
    decision = judge(METASTASIS, SCHWANNOMA, sins, safe)
    assert "Resectability statement" in {m.item for m in verdict(decision, "R-TX-03", "metastasis:T8").missing}
