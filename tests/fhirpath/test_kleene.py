"""Three-valued truth: the tables of Kleene."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.fhirpath import every, some

Truth = bool | None
TRUTHS: tuple[Truth, ...] = (True, False, None)
ANSWERS = st.lists(st.sampled_from(TRUTHS))


def _not(answer: Truth) -> Truth:
    return None if answer is None else not answer


@pytest.mark.parametrize(
    ("one", "other", "both", "either"),
    [
        (True, True, True, True),
        (True, False, False, True),
        (True, None, None, True),
        (False, True, False, True),
        (False, False, False, False),
        (False, None, False, None),
        (None, True, None, True),
        (None, False, False, None),
        (None, None, None, None),
    ],
)
def test_two_answers_are_joined_as_the_table_says(one: Truth, other: Truth, both: Truth, either: Truth) -> None:
    assert (every([one, other]), some([one, other])) == (both, either)


def test_of_no_answers_all_hold_and_none_does() -> None:
    assert (every([]), some([])) == (True, False)


@given(ANSWERS)
def test_the_order_of_answers_does_not_matter(answers: list[Truth]) -> None:
    turned = answers[::-1]
    assert (every(turned), some(turned)) == (every(answers), some(answers))


@given(ANSWERS)
def test_one_join_is_the_other_of_the_opposites(answers: list[Truth]) -> None:
    assert every(answers) is _not(some(_not(a) for a in answers))


@given(ANSWERS)
def test_an_answer_that_is_decided_stays_whatever_the_unknown_becomes(answers: list[Truth]) -> None:
    for settled in (True, False):
        known = [settled if a is None else a for a in answers]
        assert every(answers) in (None, every(known))
        assert some(answers) in (None, some(known))


@pytest.mark.parametrize(("one", "other"), list(product(TRUTHS, TRUTHS)))
def test_what_is_decided_is_not_asked_further(one: Truth, other: Truth) -> None:
    asked: list[Truth] = []

    def answers() -> Iterator[Truth]:
        for answer in (one, other):
            asked.append(answer)
            yield answer

    every(answers())
    assert len(asked) == (1 if one is False else 2)
