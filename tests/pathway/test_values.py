"""A value is read in whatever form it stands, if it can mean one thing only; else it is rejected by name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.fhirpath import Quantity, ValueSet
from fhirpath_spine.pathway.facts import MALFORMED, NOTHING, UNREADABLE, Value, printed, read_value

POWER = Value("integer", plausible=(Decimal(0), Decimal(5)), factors={"{score}": Decimal(1)})
PAIN = Value("integer", plausible=(Decimal(0), Decimal(10)))
SIZE = Value("quantity", unit="mm", factors={"mm": Decimal(1), "cm": Decimal(10)}, plausible=(Decimal(1), Decimal(300)))
EGFR = Value(
    "quantity",
    unit="mL/min/{1.73_m2}",
    factors={"mL/min/{1.73_m2}": Decimal(1)},
    printed={printed("mL/min/1.73 m2"): Decimal(1)},
    plausible=(Decimal(1), Decimal(200)),
)
YES = ("urn:answers", "yes")
NIGHT = Value("boolean", answers={YES: True})
COURSE = Value("word", answers={("urn:answers", "new"): "new"})


@pytest.mark.parametrize(
    ("rule", "element", "value"),
    [
        (POWER, {"valueInteger": 2}, 2),
        (POWER, {"valueInteger": "2"}, 2),
        (POWER, {"valueInteger": [2]}, 2),
        (POWER, {"valueString": "2/5"}, 2),
        (POWER, {"valueString": " 2 / 5 "}, 2),
        (POWER, {"valueDecimal": 2.0}, 2),
        (POWER, {"valueQuantity": {"value": "2", "unit": "{score}"}}, 2),
        (PAIN, {"valueString": "8/10"}, 8),
        (NIGHT, {"valueBoolean": "true"}, True),
        (NIGHT, {"valueCodeableConcept": {"coding": [{"system": YES[0], "code": YES[1]}]}}, True),
        (COURSE, {"valueCoding": {"system": "urn:answers", "code": "new"}}, "new"),
    ],
)
def test_a_value_that_can_mean_one_thing_is_read(rule: Value, element: dict[str, Any], value: object) -> None:
    assert read_value(element, rule).value == value


@pytest.mark.parametrize(
    ("rule", "element", "value", "comparator"),
    [
        (SIZE, {"valueString": "1.2 cm"}, "12", ""),
        (SIZE, {"valueQuantity": {"value": "12", "code": "mm"}}, "12", ""),
        (EGFR, {"valueString": "<60 mL/min/1.73 m2"}, "60", "<"),
        (EGFR, {"valueString": ">60 ml/min/1.73m2"}, "60", ">"),
        (EGFR, {"valueQuantity": {"value": ">60", "unit": "ML/MIN/1.73M2"}}, "60", ">"),
        (EGFR, {"valueQuantity": {"value": 60, "comparator": " < ", "unit": "mL/min/1.73 m2"}}, "60", "<"),
        (EGFR, {"valueQuantity": {"value": 60, "comparator": "≥", "code": "mL/min/{1.73_m2}"}}, "60", ">="),
    ],
)
def test_a_measure_is_read_with_its_unit_and_comparator(
    rule: Value, element: dict[str, Any], value: str, comparator: str
) -> None:
    found = read_value(element, rule).value
    assert isinstance(found, Quantity)
    assert (found.value, found.unit, found.comparator) == (Decimal(value), rule.unit, comparator)


@pytest.mark.parametrize(
    ("rule", "element", "problem"),
    [
        (POWER, {}, ""),
        (POWER, {"valueString": "2/10"}, UNREADABLE),
        (POWER, {"valueString": "4+"}, UNREADABLE),
        (POWER, {"valueString": "4-/5"}, UNREADABLE),
        (POWER, {"valueString": "7"}, "implausible"),
        (POWER, {"valueString": ">2"}, "comparator"),
        (POWER, {"valueString": "weak"}, UNREADABLE),
        (POWER, {"valueBoolean": True}, UNREADABLE),
        (POWER, {"valueInteger": True}, MALFORMED),
        (POWER, {"valueInteger": {"value": 2}}, ""),
        (POWER, {"valueInteger": "strong"}, MALFORMED),
        (POWER, {"valueInteger": 2, "valueQuantity": {"value": 3}}, "two-answers"),
        (PAIN, {"valueString": "8/5"}, UNREADABLE),
        (PAIN, {"valueString": "3,5"}, UNREADABLE),
        (SIZE, {"valueString": "12"}, "no-unit"),
        (SIZE, {"valueInteger": 12}, "no-unit"),
        (SIZE, {"valueString": "12 apples"}, "unlisted-unit"),
        (SIZE, {"valueString": "1200 mm"}, "implausible"),
        (SIZE, {"valueQuantity": {"value": 12, "unit": "mm", "comparator": "ad"}}, "comparator"),
        (SIZE, {"valueQuantity": "12 mm"}, ""),
        (NIGHT, {"valueString": "yes"}, UNREADABLE),
        (NIGHT, {"valueBoolean": "yes"}, MALFORMED),
        (COURSE, {"valueCodeableConcept": {"text": "new"}}, "unknown-answer"),
        (COURSE, {"valueCodeableConcept": "new"}, MALFORMED),
        (COURSE, {"valueCodeableConcept": {"coding": [{"system": "urn:answers", "code": 7}]}}, MALFORMED),
    ],
)
def test_what_could_mean_more_is_not_guessed(rule: Value, element: dict[str, Any], problem: str) -> None:
    assert read_value(element, rule).problem == problem


def test_nothing_is_nothing() -> None:
    assert read_value({"status": "final"}, POWER) is NOTHING


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["value", "unit", "code", "coding", "text", "comparator"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(JSON, st.sampled_from(["valueInteger", "valueQuantity", "valueString", "valueX", "valueBoolean"]))
@pytest.mark.parametrize("rule", [POWER, SIZE, NIGHT, COURSE, Value("concept")])
def test_whatever_stands_there_is_read_or_named(rule: Value, value: Any, name: str) -> None:
    found = read_value({name: value}, rule)
    assert (found.value is None) is bool(found.problem)


def test_a_component_carries_the_value_of_an_observation_without_one() -> None:
    assert Value("integer", component=ValueSet("x", frozenset({("urn:x", "y")}))).component is not None
