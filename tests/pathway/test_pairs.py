"""Two values of one sample that differ by race alone: the lower counts, in whatever order they came."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pathway.pathway_kit import Json, ago, facts, observation

LOINC = "http://loinc.org"
FORMULA = {"non-black": "48642-3", "black": "48643-1"}
PLAIN = "62238-1"
UNIT = {"unit": "mL/min/1.73m2", "system": "http://unitsofmeasure.org", "code": "mL/min/{1.73_m2}"}


def egfr(id_: str, code: str, value: float, **more: Any) -> Json:
    told = observation(id_, "egfr", days=1, valueQuantity={"value": value, **UNIT})
    return {**told, "code": {"coding": [{"system": LOINC, "code": code}]}, **more}


def read(*resources: Json) -> list[tuple[Decimal, Decimal | None]]:
    """The values of the need, each with the higher one of its pair."""
    items = facts(*resources).resolve("egfr").items
    return [(i["value"].value, i["higher"].value if "higher" in i else None) for i in items]


def pair(low: float, high: float, **more: Any) -> tuple[Json, Json]:
    return egfr("a", FORMULA["non-black"], low, **more), egfr("b", FORMULA["black"], high, **more)


@given(st.integers(5, 150), st.integers(5, 150), st.booleans())
def test_the_lower_of_a_pair_counts_whatever_its_order(one: int, other: int, turned: bool) -> None:
    told = pair(one, other)
    found = facts(*(reversed(told) if turned else told)).resolve("egfr")
    low, high = sorted((Decimal(one), Decimal(other)))
    assert read(*told) == [(low, high if high != low else None)]
    assert found.alternatives == ()


def test_a_sample_that_both_name_makes_a_pair_of_two_times() -> None:
    low, high = pair(40, 46, specimen={"reference": "Specimen/1"})
    later = {**high, "effectiveDateTime": ago(0)}
    assert read(low, later) == [(Decimal(40), Decimal(46))]


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_two_samples_are_no_pair(order: tuple[int, int]) -> None:
    low, high = pair(40, 46)
    other = ({**low, "specimen": {"reference": "Specimen/1"}}, {**high, "specimen": {"reference": "Specimen/2"}})
    assert facts(*(other[i] for i in order)).resolve("egfr").alternatives != ()


def test_of_two_days_the_newer_counts_and_is_no_pair() -> None:
    low, high = pair(40, 46)
    assert read({**low, "effectiveDateTime": ago(3)}, high) == [(Decimal(46), None)]


def test_a_formula_without_race_beside_one_of_a_pair_contradicts_it_as_before() -> None:
    fact = facts(egfr("a", FORMULA["black"], 62), egfr("b", PLAIN, 55)).resolve("egfr")
    assert len(fact.alternatives) == 2


def test_the_same_value_twice_has_no_higher_one() -> None:
    assert read(*pair(50, 50)) == [(Decimal(50), None)]
