"""Whatever one element of a call becomes, a critical card does not go without a word (and nothing is nothing)."""

from __future__ import annotations

import pytest

from .asking import ask
from .charts import SPEAKING, call
from .mutants import NOTHING, Mutant, mutants, some

FEW = 16
"""Mutants of each chart in every run; all of them are asked with ``-m thorough``."""


def _of(name: str, kinds: bool, count: int) -> list[Mutant]:
    """Mutants of a chart; those that say nothing, or those that say something else."""
    every = [m for m in mutants(call(SPEAKING[name])) if (m.kind in NOTHING) is kinds]
    return some(every, count, seed=20260615)


def _lost(found: list[Mutant]) -> list[str]:
    """Those after which neither the critical card is there nor anything says why."""
    answers = [(mutant, ask(mutant.body)) for mutant in found]
    return [str(mutant) for mutant, answer in answers if not (answer.critical or answer.says_why)]


def _differing(found: list[Mutant]) -> list[str]:
    return [str(mutant) for mutant in found if ask(mutant.body) != ask(mutant.without)]


@pytest.mark.parametrize("name", SPEAKING)
def test_each_chart_opens_a_critical_card_and_has_nothing_to_explain(name: str) -> None:
    answer = ask(call(SPEAKING[name]))
    assert (answer.critical, answer.says_why, answer.refused) == (True, False, "")


@pytest.mark.parametrize("name", SPEAKING)
def test_what_becomes_of_a_critical_card_is_said(name: str) -> None:
    assert _lost(_of(name, False, FEW)) == []


@pytest.mark.parametrize("name", SPEAKING)
def test_nothing_reads_as_if_it_were_not_there(name: str) -> None:
    assert _differing(_of(name, True, FEW // 4)) == []


@pytest.mark.thorough
@pytest.mark.parametrize("name", SPEAKING)
def test_every_mutant_is_said_or_is_nothing(name: str) -> None:
    spoken, nothing = _of(name, False, 10**6), _of(name, True, 10**6)
    lost, differing = _lost(spoken), _differing(nothing)
    print(f"{name}: {len(spoken) + len(nothing)} mutants, {len(lost)} lost without a line, {len(differing)} differ")
    assert (lost, differing) == ([], [])


@pytest.mark.thorough
def test_the_mutants_are_six_thousand_or_more() -> None:
    assert sum(1 for resources in SPEAKING.values() for _ in mutants(call(resources))) >= 6000


def test_the_judge_of_the_mutants_sees_a_chart_that_falls_silent() -> None:
    body = call(SPEAKING["cancer, power 2"])
    body["prefetch"]["conditions"] = None
    silent = Mutant(("prefetch", "conditions"), "emptied", body, body)
    assert _lost([silent]) == ["prefetch.conditions: emptied"]
