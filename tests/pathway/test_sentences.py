"""Sentences with placeholders: of several values each is said, and what has no value says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.fhirpath import Expression
from fhirpath_spine.pathway.sentences import MANY, Charted, Said, Slot, Text, plain, render, words
from tests.kit import content

NAMES = st.lists(st.text("abcdefgh", min_size=1), unique=True, max_size=3 * MANY)


@dataclass
class Told:
    """A speaker that has the same values for whatever is asked."""

    values: Sequence[Any]

    def read(self, expression: Expression) -> Sequence[Any]:
        del expression
        return self.values

    def rejected(self, need: str) -> Sequence[Said]:
        return [(need,)]

    def of_verdict(self, name: str) -> str:
        return name

    def phrase(self, key: str, default: str = "") -> str:
        return default or key


def listed(*values: str) -> str | None:
    expression = next(iter(content.library().definitions.values()))
    text = Text(("On the list: ", Slot("drug.code", expression), "."))
    said = render(text, Told([Charted(one) for one in values]))
    return None if said is None else plain(said)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["pazopanib"], "On the list: pazopanib."),
        (["pazopanib", "sunitinib"], "On the list: pazopanib and sunitinib."),
        (["a", "b", "c"], "On the list: a, b and c."),
        (["a", "a"], "On the list: a."),
        ([], None),
    ],
)
def test_several_values_are_listed_as_people_do(values: list[str], said: str | None) -> None:
    assert listed(*values) == said


@given(NAMES)
def test_of_several_values_each_is_said_or_counted(values: list[str]) -> None:
    said = listed(*values)
    if said is None:
        assert values == []
        return
    named = said.removeprefix("On the list: ").removesuffix(".").replace(" and ", ", ").split(", ")
    rest = [one for one in named if one.endswith(" more")]
    counted = int(rest[0].split()[0]) if rest else 0
    assert [one for one in named if one not in rest] == values[: len(values) - counted]
    assert len(named) <= MANY + 1


@given(st.one_of(st.decimals(allow_nan=False), st.floats(allow_nan=False), st.integers()))
def test_a_number_of_any_size_has_words(value: Decimal | float) -> None:
    (said,) = words(value)
    assert 0 < len(said) < 100
