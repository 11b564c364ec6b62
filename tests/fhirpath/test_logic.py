"""Three-valued logic: the operators, and the quantifiers that keep the unknown."""

from __future__ import annotations

from typing import Any

import pytest

Judge = Any
T, F, U = True, False, None
KLEENE = {
    "and": {(T, T): T, (T, F): F, (T, U): U, (F, T): F, (F, F): F, (F, U): F, (U, T): U, (U, F): F, (U, U): U},
    "or": {(T, T): T, (T, F): T, (T, U): T, (F, T): T, (F, F): F, (F, U): U, (U, T): T, (U, F): U, (U, U): U},
    "xor": {(T, T): F, (T, F): T, (T, U): U, (F, T): T, (F, F): F, (F, U): U, (U, T): U, (U, F): U, (U, U): U},
    "implies": {(T, T): T, (T, F): F, (T, U): U, (F, T): T, (F, F): T, (F, U): T, (U, T): T, (U, F): U, (U, U): U},
}
ROWS = [(op, a, b, answer) for op, table in KLEENE.items() for (a, b), answer in table.items()]


def given(**values: bool | None) -> dict[str, list[bool]]:
    """Unknown is the empty collection."""
    return {name: [] if value is None else [value] for name, value in values.items()}


@pytest.mark.parametrize(("op", "a", "b", "answer"), ROWS)
def test_operators_follow_kleene(op: str, a: bool | None, b: bool | None, answer: bool | None, judge: Judge) -> None:
    assert judge(f"%a {op} %b", **given(a=a, b=b)) is answer
    assert judge(f"(%a {op} %b).not()", **given(a=a, b=b)) is (None if answer is None else not answer)


@pytest.mark.parametrize(("op", "a", "b", "answer"), ROWS)
def test_literals_follow_kleene_too(op: str, a: bool | None, b: bool | None, answer: bool | None, judge: Judge) -> None:
    words = {True: "true", False: "false", None: "{}"}
    assert judge(f"{words[a]} {op} {words[b]}") is answer


@pytest.mark.parametrize(
    ("values", "some", "every"),
    [
        ([], F, T),
        ([1, 9], T, F),
        ([9, 9], T, T),
        ([1, 1], F, F),
        ([9, None], T, U),
        ([1, None], U, F),
        ([None, None], U, U),
    ],
)
def test_some_and_every_keep_the_unknown(
    values: list[int | None], some: bool | None, every: bool | None, judge: Judge
) -> None:
    items = [{"resourceType": "Observation"} | ({} if v is None else {"value": v}) for v in values]
    assert judge("%scores.some(value > 5)", scores=items) is some
    assert judge("%scores.every(value > 5)", scores=items) is every


def test_the_standard_quantifiers_stay_standard(judge: Judge) -> None:
    unknown = [{"resourceType": "Observation"}]
    assert judge("%scores.exists(value > 5)", scores=unknown) is False
    assert judge("%scores.where(value > 5).exists()", scores=unknown) is False
    assert judge("%scores.all(value > 5)", scores=unknown) is False
    assert judge("%scores.where(value > 5).empty()", scores=unknown) is True
    assert judge("%scores.where(value > 5).count() = 0", scores=unknown) is True


def test_iif_takes_one_branch_and_an_unknown_condition_takes_the_other(judge: Judge) -> None:
    assert judge("iif(%a, %b, %c)", **given(a=True, b=True, c=False)) is True
    assert judge("iif(%a, %b, %c)", **given(a=False, b=True, c=False)) is False
    assert judge("iif(%a, %b, %c)", **given(a=None, b=True, c=False)) is False
    assert judge("iif(%a, %b)", **given(a=False, b=True)) is None


def test_a_single_item_that_is_no_boolean_is_true_outside_profiles(judge: Judge) -> None:
    assert judge("'x' and true", profile=False) is True
    assert judge("0.not()", profile=False) is False
