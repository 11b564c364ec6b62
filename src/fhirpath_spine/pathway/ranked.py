"""Judgements that several needs may state, in order of rank (D9): a lower rank never overrides, it conflicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fhirpath_spine.fhirpath import Expression
from fhirpath_spine.pathway.dates import apart
from fhirpath_spine.pathway.facts import Fact
from fhirpath_spine.pathway.filing import Found, surely_older
from fhirpath_spine.pathway.model import RankedFact, RankedSource


@dataclass(frozen=True, slots=True)
class Statement:
    """What one resource says of a ranked fact, and the need that found it."""

    answer: Any
    need: str
    found: Found


def assess(fact: RankedFact, need: Callable[[str], Fact], ask: Callable[[Expression, Any], Any]) -> Sequence[Statement]:
    """The newest statement of the highest rank that says anything, followed by one of each answer that contradicts it.

    All needs of one rank weigh the same: a newer statement replaces one that is older by more than the gap; inside the gap the
    two conflict. A lower rank conflicts unless it is surely older (rulings 1.7, 2.4, section 6 rule 5 of the pathways page).
    """
    told: list[Statement] = []
    top_rank = 0
    for number, rank in enumerate(fact.ranks):
        for one in _newest_first(rank, need, ask):
            if not told:
                told.append(one)
                top_rank = number
            elif all(one.answer != other.answer for other in told):
                days = apart(one.found.day, told[0].found.day)
                close = days is None or days <= fact.gap_days
                if close if number == top_rank else not surely_older(one.found, told[0].found):
                    told.append(one)
    return told


def _newest_first(
    rank: Sequence[RankedSource], need: Callable[[str], Fact], ask: Callable[[Expression, Any], Any]
) -> Sequence[Statement]:
    told = list(_statements(rank, need, ask))
    if len(rank) > 1:
        told.sort(key=lambda one: one.found.reference)
        told.sort(key=lambda one: one.found.order, reverse=True)
    return told


def _statements(
    rank: Sequence[RankedSource], need: Callable[[str], Fact], ask: Callable[[Expression, Any], Any]
) -> Iterator[Statement]:
    for source in rank:
        for found in need(source.need).found:
            answer = ask(source.answer, found.item)
            if answer is not None:
                yield Statement(answer, source.need, found)
