"""What a chart tells nothing of is answered once for a library; the answer is the one that this chart alone would get."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fhirpath_spine.pathway.asking import Environment, asks_of, expressions, gather
from fhirpath_spine.pathway.model import Library, Site
from fhirpath_spine.pathway.truth import Reason
from tests.pathway.pathway_kit import (
    AT,
    METASTASIS,
    PAIN,
    PARESIS,
    SITE,
    Json,
    ago,
    facts,
    observation,
    patient,
    shipped,
)

NIGHT = observation("night", "night-pain", valueBoolean=True)
CHILD = patient(gender="female", birthDate=ago(9 * 366))
CHARTS: dict[str, tuple[tuple[Json, ...], dict[str, Any]]] = {
    "nothing": ((), {}),
    "a child": ((CHILD,), {}),
    "a tumour and a new deficit": ((METASTASIS, PARESIS, PAIN), {}),
    "a key that was not read": ((NIGHT,), {"unread": ["observations-neuro", "conditions"]}),
}


def _environment(library: Library, chart: str) -> Environment:
    told, how = CHARTS[chart]
    return Environment(gather(library, facts(*told, **how), SITE))


@pytest.mark.parametrize("chart", CHARTS)
def test_whatever_was_asked_before_each_question_is_answered_as_if_it_were_the_first(chart: str) -> None:
    known, new = shipped(), replace(shipped())
    kept = [question for question in expressions(known) if asks_of(known, question) is not None]
    for earlier in [_environment(known, other) for other in CHARTS]:
        for question in kept:
            earlier.ask(question)
    seasoned, fresh = _environment(known, chart), _environment(new, chart)
    for question in kept:
        assert seasoned.ask(question) == fresh.ask(question), question.text
    for name in (n for n, question in known.definitions.items() if asks_of(known, question) is not None):
        assert list(seasoned[name]) == list(fresh[name]), name
        assert type(seasoned[name]) is type(fresh[name]), name


def test_most_questions_stand_on_needs_alone() -> None:
    questions = list(expressions(shipped()))
    assert sum(asks_of(shipped(), q) is not None for q in questions) > len(questions) // 2


@pytest.mark.parametrize("part", ["%patient", "%site", "%state", "%advised", "today()"])
def test_what_reads_the_patient_the_site_the_clock_or_earlier_decisions_is_never_kept(part: str) -> None:
    reading = [question for question in expressions(shipped()) if part in question.text]
    assert reading
    assert all(asks_of(shipped(), question) is None for question in reading)


def test_an_answer_that_was_kept_says_nothing_of_a_key_that_was_not_read() -> None:
    question = shipped().definitions["flag-night"]
    assert Environment(gather(shipped(), facts(), SITE)).ask(question).truth is False
    unread = Environment(gather(shipped(), facts(unread=["observations-pain"]), SITE)).ask(question)
    assert [m.reason for m in unread.missing] == [Reason.UNREAD]


def test_what_is_given_wins_over_what_was_kept() -> None:
    question = shipped().definitions["flag-night"]
    environment = Environment(gather(shipped(), facts(), SITE))
    assert environment.ask(question).truth is False
    told = Environment(gather(shipped(), facts(NIGHT), SITE))["night-pain"]
    assert environment.with_given({"night-pain": told}).ask(question).truth is True


def test_the_answer_is_the_same_at_another_site_and_on_another_day() -> None:
    question = shipped().definitions["flag-night"]
    there = Environment(gather(shipped(), facts(at=AT + timedelta(days=400)), Site()))
    assert there.ask(question) == Environment(gather(replace(shipped()), facts(), SITE)).ask(question)
