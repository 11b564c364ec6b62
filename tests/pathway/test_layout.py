"""The plan of the cards under the shipped policy: how many, in which order, and which carries the plan."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhirpath_spine.pathway.decision import CardKind, Decision, Status
from fhirpath_spine.pathway.model import Indicator
from tests.pathway.pathway_kit import (
    METASTASIS,
    PAIN,
    PARESIS,
    SCHWANNOMA,
    Json,
    condition,
    judge,
    observation,
    shipped,
)

SINS = observation("sins", "sins-total", at="T8", valueInteger=14)
LEVELS = ("C3", "C6", "T2", "T5", "T11", "L1", "L4")
MANY: tuple[Json, ...] = tuple(condition(f"m{at}", "spinal-metastasis-site", at=at) for at in LEVELS)
POOL: tuple[Json, ...] = (*MANY, METASTASIS, SCHWANNOMA, PAIN, PARESIS, SINS)
KEYS = st.sets(st.sampled_from(["procedures", "reports", "observations-status", "observations-neuro"]), max_size=2)


def _kinds(decision: Decision) -> list[tuple[CardKind, Indicator]]:
    return [(c.kind, c.indicator) for c in decision.cards]


def _held(decision: Decision) -> None:
    pathways = [c for c in decision.cards if c.kind is CardKind.PATHWAY]
    first = [c for c in decision.cards if c.notice is not None and c.notice.first]
    assert len(pathways) + len(first) <= shipped().policy.budget.cards
    assert all(c.indicator.rank >= Indicator.WARNING.rank for c in decision.cards if c.kind is CardKind.SAFETY)
    assert sum(c.kind is CardKind.INCOMPLETE for c in decision.cards) <= 1
    on_cards = Counter(id(v) for c in decision.cards for v in c.verdicts)
    assert not on_cards or max(on_cards.values()) == 1
    # Only a card that wishes for data and does nothing else is left out.
    for verdict in decision.verdicts:
        if verdict.status.shown and id(verdict) not in on_cards:
            assert verdict.status is Status.NEEDS_DATA
    planned = Counter((e.id, e.lesion) for c in decision.cards for e in c.plans)
    elective = [e for e in decision.entries if e.id != "PW-COMPRESS"]
    spoken = {id(c.entry) for c in decision.cards if c.kind is not CardKind.INCOMPLETE and c.entry}
    assert {e.lesion for e in elective if id(e) in spoken} <= {lesion for _, lesion in planned}
    assert not planned or max(planned.values()) == 1


@settings(deadline=None, max_examples=settings().max_examples // 4)
@given(st.lists(st.sampled_from(POOL), min_size=1, unique_by=lambda r: r["id"]), KEYS)
def test_no_chart_gets_more_cards_than_the_policy_allows_and_none_loses_a_verdict(
    told: list[Json], unread: set[str]
) -> None:
    _held(judge(METASTASIS, *(r for r in told if r is not METASTASIS), unread=unread))


def test_many_lesions_fold_into_the_last_of_three_cards() -> None:
    decision = judge(*MANY)
    assert len(decision.entries) == len(LEVELS)
    assert _kinds(decision) == [(CardKind.PATHWAY, Indicator.WARNING)] * 3
    assert [len(c.entries) for c in decision.cards] == [1, 1, len(LEVELS) - 2]


def test_the_plan_of_each_of_many_lesions_rides_once_on_its_card() -> None:
    decision = judge(*MANY)
    riding = [[e.lesion.levels[0] for e in c.plans if e.lesion] for c in decision.cards]
    assert riding == [["C3"], ["C6"], ["T2", "T5", "T11", "L1", "L4"]]


def test_cards_of_one_weight_stand_cranial_to_caudal_as_their_lesions_do() -> None:
    kept = [e.lesion.rank for c in judge(*MANY).cards for e in c.entries if e.lesion]
    assert len(kept) == len(LEVELS)
    assert kept == sorted(kept)


def test_what_is_critical_stands_first_and_alone() -> None:
    decision = judge(*MANY, PARESIS)
    assert _kinds(decision)[0] == (CardKind.PATHWAY, Indicator.CRITICAL)
    assert [v.id for v in decision.cards[0].verdicts if v.status is Status.RECOMMENDED] == [
        "R-EMG-01",
        "R-EMG-02",
        "R-EMG-03",
        "R-STER-01",
    ]


@pytest.mark.parametrize(
    ("told", "place"), [((METASTASIS,), 0), ((METASTASIS, PARESIS), 1)], ids=["alone", "behind-critical"]
)
def test_what_was_not_read_is_said_before_all_but_what_is_critical(told: tuple[Json, ...], place: int) -> None:
    kinds = _kinds(judge(*told, unread=["procedures"]))
    assert kinds[place] == (CardKind.INCOMPLETE, Indicator.WARNING)


def test_the_plan_rides_on_the_first_card_of_its_entry_and_never_on_the_gates() -> None:
    decision = judge(METASTASIS, SCHWANNOMA, SINS, PARESIS)
    carrying = [c for c in decision.cards if c.plans]
    assert carrying
    for card in carrying:
        assert card.entry is not None
        assert card.entry.id != "PW-COMPRESS"
        assert card is next(c for c in decision.cards if c.entry == card.entry)


def test_the_card_of_a_pathway_without_a_gate_carries_the_plan() -> None:
    assert [len(c.plans) for c in judge(METASTASIS).cards] == [1]


def test_an_empty_chart_gets_no_card() -> None:
    assert judge().cards == ()
