"""Judgements that several sources may state, in order of rank (D9): a lower rank never overrides, it conflicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fhirpath_spine.fhirpath import Expression
from fhirpath_spine.pathway.dates import apart
from fhirpath_spine.pathway.facts import Fact
from fhirpath_spine.pathway.filing import Found
from fhirpath_spine.pathway.model import RankedFact


def assess(fact: RankedFact, need: Callable[[str], Fact], ask: Callable[[Expression, Any], Any]) -> list[Any]:
    """The answer of the highest rank, followed by each answer that contradicts it.

    Within one rank a newer statement replaces one that is older by more than the gap; inside the gap the two conflict. A lower
    rank conflicts only where it is newer.
    """
    top: tuple[int, Found] | None = None
    answers: list[Any] = []
    for rank, source in enumerate(fact.sources):
        for found in need(source.need).found:
            answer = ask(source.answer, found.item)
            if answer is None:
                continue
            if top is None:
                top = (rank, found)
                answers.append(answer)
            elif answer not in answers:
                days = apart(found.day, top[1].day)
                close = rank == top[0] and (days is None or days <= fact.gap_days)
                if close or found.order > top[1].order:
                    answers.append(answer)
    return answers
