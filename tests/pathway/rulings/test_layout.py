"""Which verdicts stand together on one card, in which order, and what folds (rulings 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from fhirpath_spine.pathway.decision import Decision
from tests.pathway.rulings.small_world import (
    GATE,
    GATE_PATHWAY,
    PRESSING,
    condition,
    judge,
    library,
    pathway,
    recommendation,
)

T7, L1 = condition("tumour", "level-t7", id="a"), condition("tumour", "level-l1", id="b")


def cards(decision: Decision) -> list[tuple[str, str, tuple[str, ...]]]:
    """Each card as (kind, indicator, recommendations)."""
    return [(c.kind.value, c.indicator.value, tuple(v.id for v in c.verdicts)) for c in decision.cards]


def planned(*recommendations: dict[str, Any], told: Sequence[Any] = (), per: str = "none", **given: Any) -> Decision:
    return judge(library({"PW-ASK": pathway(*recommendations, per=per)}), *told, **given)


def one(number: int, indicator: str = "info", **parts: Any) -> dict[str, Any]:
    return recommendation(f"R-ASK-{number:02}", indicator=indicator, **parts)


BLOCKED = {"blocked": [{"stop": "%cancer.exists().not()"}]}
OPEN = {"when": [{"open": "%fit-latest.value"}]}


def test_one_card_at_the_loudest_indicator_of_what_it_recommends() -> None:
    assert cards(planned(one(1), one(2, "warning"), one(3))) == [
        ("pathway", "warning", ("R-ASK-01", "R-ASK-02", "R-ASK-03"))
    ]


def test_recommendations_stand_as_the_profile_lists_them() -> None:
    assert cards(planned(one(3), one(1), one(2))) == [("pathway", "info", ("R-ASK-03", "R-ASK-01", "R-ASK-02"))]


def test_one_card_for_each_lesion_cranial_first() -> None:
    decision = planned(one(1), told=(L1, T7), per="lesion")
    assert [c.entry.lesion.key for c in decision.cards if c.entry and c.entry.lesion] == ["tumour:T7", "tumour:L1"]


@pytest.mark.parametrize("line", [BLOCKED, OPEN])
def test_what_is_blocked_or_needs_data_never_raises_an_indicator(line: Any) -> None:
    assert cards(planned(one(1, "warning"), one(2), one(3, "critical", **line))) == [
        ("pathway", "warning", ("R-ASK-01", "R-ASK-02", "R-ASK-03"))
    ]


def test_a_pathway_with_only_such_lines_gets_one_info_card() -> None:
    assert cards(planned(one(1, "warning", **BLOCKED), one(2, "critical", **OPEN))) == [
        ("pathway", "info", ("R-ASK-01", "R-ASK-02"))
    ]


def test_a_card_that_only_wishes_for_data_which_nothing_has_asked_for_is_no_card() -> None:
    assert cards(planned(one(1, **OPEN))) == []
    reached = {"when": [{"here": "%cancer.exists().not()"}, {"open": "%fit-latest.value"}]}
    assert cards(planned(one(1, **reached))) == [("pathway", "info", ("R-ASK-01",))]


def test_what_is_silent_is_on_no_card() -> None:
    silent = {"satisfied": [{"done": "%cancer.exists().not()"}]}
    assert cards(planned(one(1), one(2, **silent), one(3, when=[{"no": "%cancer.exists()"}]))) == [
        ("pathway", "info", ("R-ASK-01",))
    ]


def test_the_safety_lines_of_a_lesion_share_a_card_of_their_own() -> None:
    assert cards(planned(one(1, "warning", safety="true"), one(2, "warning"), one(3, safety="true"))) == [
        ("safety", "warning", ("R-ASK-01", "R-ASK-03")),
        ("pathway", "warning", ("R-ASK-02",)),
    ]


def five_pathways(indicator: str) -> Decision:
    content = {f"PW-P{n}": pathway(recommendation(f"R-P{n}-01", indicator=indicator)) for n in range(1, 6)}
    return judge(library(content, policy={"order": list(content)}))


@pytest.mark.parametrize("indicator", ["warning", "info", "critical"])
def test_beyond_the_budget_the_rest_folds_into_the_last(indicator: str) -> None:
    found = cards(five_pathways(indicator))
    # What is of the patient is one card, whatever pathway it comes from.
    assert found == [("pathway", indicator, tuple(f"R-P{n}-01" for n in range(1, 6)))]


def test_of_many_lesions_the_weightiest_come_first_and_the_rest_folds_into_the_third() -> None:
    loud = {"indicator": [{"warning": "%lesion.level = 'L1'"}, "info"]}
    told = (*(condition("tumour", at, id=at) for at in ("level-t7", "level-t8", "level-l1")), condition("mass", id="m"))
    decision = judge(library({"PW-ASK": pathway(one(1, **loud), per="lesion")}), *told)
    assert [[e.lesion.key for e in c.entries if e.lesion] for c in decision.cards] == [
        ["tumour:L1"],
        ["tumour:T7"],
        ["tumour:T8", "unknown:unnamed"],
    ]
    assert [c.indicator.value for c in decision.cards] == ["warning", "info", "info"]


def test_safety_cards_never_fold_and_are_not_counted() -> None:
    told = [condition("tumour", at, id=at) for at in ("level-t7", "level-t8", "level-l1")]
    told += [condition("metastasis", "level-t7", id="x"), condition("mass", id="m")]
    decision = planned(one(1, "warning", safety="true"), one(2), told=told, per="lesion")
    kinds = [kind for kind, _, _ in cards(decision)]
    assert (kinds.count("safety"), kinds.count("pathway")) == (len(decision.entries), 3)
    assert len(decision.entries) > 3


def test_unread_data_give_one_warning_card_of_their_own_before_the_pathways() -> None:
    reading = one(1, when=[{"asked": "%scan.exists().not()"}])
    found = cards(planned(reading, one(3), lost=["reports"]))
    assert [(kind, indicator) for kind, indicator, _ in found] == [("incomplete", "warning"), ("pathway", "info")]


def test_what_no_pathway_reads_may_be_unread_without_a_card() -> None:
    assert all(kind != "incomplete" for kind, _, _ in cards(planned(one(1), lost=["allergies"])))


def test_what_is_not_recorded_gives_no_such_card() -> None:
    assert all(kind != "incomplete" for kind, _, _ in cards(planned(one(1, **OPEN))))


def test_the_plan_rides_on_the_card_of_each_entry_and_on_no_other() -> None:
    decision = planned(one(1), one(2, "warning"), told=(T7, L1), per="lesion")
    assert riding(decision) == [("warning", ["tumour:T7"]), ("warning", ["tumour:L1"])]


def riding(decision: Decision) -> list[tuple[str, list[str]]]:
    """Each card as (indicator, lesions whose plan rides on it)."""
    return [(c.indicator.value, [e.lesion.key for e in c.plans if e.lesion]) for c in decision.cards]


def test_the_plans_of_what_folds_ride_on_the_folded_card() -> None:
    tight = library({"PW-ASK": pathway(one(1), per="lesion")}, policy={"budget": {"cards": 2}})
    more = [condition("metastasis", "level-l1", id="c"), condition("mass", id="e")]
    assert riding(judge(tight, T7, L1, *more)) == [
        ("info", ["tumour:T7"]),
        ("info", ["metastasis:L1", "tumour:L1", "unknown:unnamed"]),
    ]


def test_a_safety_card_carries_the_plan_only_where_no_other_card_of_its_entry_is_left() -> None:
    told = (T7, L1)
    safe = one(1, "warning", safety="true")
    both = library({"PW-ASK": pathway(safe, one(2), per="lesion")})
    assert [(c.kind.value, len(c.plans)) for c in judge(both, *told).cards] == [
        ("safety", 0),
        ("safety", 0),
        ("pathway", 1),
        ("pathway", 1),
    ]
    alone = library({"PW-ASK": pathway(safe, per="lesion")})
    assert [(c.kind.value, len(c.plans)) for c in judge(alone, *told).cards] == [("safety", 1), ("safety", 1)]


def test_the_gate_stands_alone_on_top_at_one_card_and_its_plan_rides_nowhere() -> None:
    quiet = recommendation("R-GATE-02", indicator="info")
    gate = {**GATE_PATHWAY, "recommendations": [*GATE_PATHWAY["recommendations"], quiet]}
    lib = library(
        {"PW-GATE": gate, "PW-LESION": pathway(one(1), per="lesion")},
        define=PRESSING,
        policy={"gate": {**GATE, "visible": ["*"]}, "budget": {"cards": 2}},
    )
    decision = judge(lib, T7, L1, condition("weakness", onset="2026-06-14"))
    assert riding(decision) == [("critical", []), ("info", ["tumour:T7", "tumour:L1"])]
    assert [v.id for v in decision.cards[0].verdicts] == ["R-GATE-01", "R-GATE-02"]


def test_a_recommendation_for_the_patient_stands_once_on_the_first_pathways_card() -> None:
    shared = one(1, scope="patient")
    decision = planned(shared, one(2), told=(T7, L1), per="lesion")
    holders = [
        c.entry.lesion.key
        for c in decision.cards
        if "R-ASK-01" in {v.id for v in c.verdicts} and c.entry and c.entry.lesion
    ]
    assert holders == ["tumour:T7"]
    assert [v.lesion for v in decision.verdicts if v.id == "R-ASK-01"] == [None]


def test_every_shown_verdict_is_on_exactly_one_card() -> None:
    mixed = [
        one(1, "warning"),
        one(2, **BLOCKED),
        one(3, **OPEN),
        one(4, "warning", safety="true"),
        one(5, scope="patient"),
    ]
    decision = planned(*mixed, told=(T7, L1), per="lesion")
    shown = sorted((v.id, v.lesion.key if v.lesion else "") for v in decision.verdicts if v.status.shown)
    held = sorted((v.id, v.lesion.key if v.lesion else "") for c in decision.cards for v in c.verdicts)
    assert held == shown
    assert len(shown) == 9
