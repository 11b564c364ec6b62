"""Quantities: units by UCUM, comparators, exact decimals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fhirpath_spine.fhirpath import CompileError, Quantity, align

UCUM = "http://unitsofmeasure.org"


def fhir(number: float, unit: str, **more: Any) -> dict[str, Any]:
    """A FHIR Quantity as a chart has it."""
    return {"value": number, "unit": unit, "system": UCUM, "code": unit} | more


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1 'g' = 1000 'mg'", True),
        ("1 'mg/dL' = 10 'mg/L'", True),
        ("88.42 'umol/L' > 1 'mg/dL'", None),
        ("1 '10*9/L' = 1000 '/uL'", True),
        ("1 '10*9/L' = 1 '10*3/uL'", True),
        ("10 'mm' = 1 'cm'", True),
        ("37 'Cel' > 300 'K'", True),
        ("1 'g' < 1 'cm'", None),
        ("1 'g' = 1 'cm'", None),
        ("0.1 'mg' + 0.2 'mg' = 0.3 'mg'", True),
        ("1 'cm' + 5 'mm' = 15 'mm'", True),
        ("7 days = 1 week", True),
        ("1 year = 12 months", True),
        ("1 year = 365 days", None),
        ("1 year > 1 'a'", None),
        ("1 '{score}' = 1 '{score}'", True),
        ("1 '{score}' > 1 '{points}'", None),
        ("1 '[IU]' > 1 'mg'", None),
        ("1 'mL/min/{1.73_m2}' > 1 'mL/min'", None),
        ("2 'cm' * 3 'cm' = 6 'cm2'", True),
        ("10 'mg' / 2 'mL' = 5 'mg/mL'", True),
        ("10 'mg' / 5 'mg' = 2 '1'", True),
        ("4 'g' ~ 4040 'mg'", True),
        ("4 'g' ~ 4600 'mg'", False),
    ],
)
def test_units_compare_by_ucum_or_not_at_all(text: str, answer: bool | None, judge: Any) -> None:
    assert judge(text) is answer


@pytest.mark.parametrize(
    ("number", "unit", "answer"), [(2.1, "mg/dL", True), (2.0, "mg/dL", False), (21, "mg/L", True), (2.1, "kg", None)]
)
def test_a_chart_quantity_compares_with_a_literal(number: float, unit: str, answer: bool | None, judge: Any) -> None:
    chart = [{"resourceType": "Observation", "valueQuantity": fhir(number, unit)}]
    assert judge("Observation.value.ofType(Quantity).first() > 2 'mg/dL'", focus=chart) is answer
    assert judge("%amount > 2 'mg/dL'", amount=fhir(number, unit)) is answer
    assert judge("%creatinine.value > 2 'mg/dL'", creatinine={"value": Quantity(Decimal(str(number)), unit)}) is answer
    assert judge("%creatinine.value > 2 'mg/dL'", creatinine={"value": fhir(number, unit)}) is answer


def test_the_text_of_the_unit_counts_where_there_is_no_code(judge: Any) -> None:
    assert judge("%amount > 2 'mg/dL'", amount={"value": 3, "unit": "mg/dL"}) is True
    assert (
        judge("%amount > 2 'mg/dL'", amount={"value": 3, "unit": "mg/dL", "system": "http://local", "code": "x"})
        is None
    )
    assert judge("%amount > 2 'mg/dL'", amount={"unit": "mg/dL"}) is None


@pytest.mark.parametrize(
    ("comparator", "text", "answer"),
    [
        ("<", "%amount < 5 'mg'", True),
        ("<", "%amount < 6 'mg'", True),
        ("<", "%amount < 4 'mg'", None),
        ("<", "%amount > 6 'mg'", False),
        ("<", "%amount >= 5 'mg'", False),
        ("<=", "%amount < 5 'mg'", None),
        (">", "%amount > 5 'mg'", True),
        (">", "%amount > 6 'mg'", None),
        (">", "%amount < 5 'mg'", False),
        (">=", "%amount > 4 'mg'", True),
        (">", "%amount = 5 'mg'", False),
        (">", "%amount = 7 'mg'", None),
        ("<", "4 'mg' < %amount", None),
        ("<", "5 'mg' > %amount", True),
        (">", "5 'mg' < %amount", True),
        (">", "6 'mg' < %amount", None),
        (">", "5 'mg' >= %amount", False),
        ("<", "%amount < %amount", None),
        ("<", "%amount = %amount", None),
    ],
)
def test_a_comparator_decides_only_what_its_bound_implies(
    comparator: str, text: str, answer: bool | None, judge: Any
) -> None:
    assert judge(text, amount=fhir(5, "mg", comparator=comparator)) is answer


def test_parsed_floats_are_the_decimals_they_were_written_as(judge: Any) -> None:
    def chart(number: float) -> list[dict[str, Any]]:
        return [{"resourceType": "Observation", "valueQuantity": {"value": number}}]

    number = "Observation.value.ofType(Quantity).value.first()"
    assert judge(f"{number} + 0.2 = 0.3", focus=chart(0.1)) is True
    assert judge(f"{number} = 0.1", focus=chart(0.1)) is True
    assert judge(f"{number} > 0.1", focus=chart(0.1)) is False
    assert judge(f"{number} * 3 = 0.3", focus=chart(0.1)) is True
    assert judge(f"{number} >= 5.3", focus=chart(5.3)) is True


def test_a_year_in_a_chart_is_a_calendar_year(judge: Any) -> None:
    assert judge("%amount >= 18 years", amount=fhir(18, "a")) is True
    assert judge("%amount >= 18 'a'", amount=fhir(18, "a")) is True
    assert judge("%amount < 24 months", amount=fhir(1, "a")) is True
    assert judge("%day + 1 'wk' > @2026-01-07", day="2026-01-01") is True


@pytest.mark.parametrize(
    "text",
    ["%creatinine.value > 2", "2 < %creatinine.value", "%creatinine.value = 2", "%creatinine.value + 2 > 3 'mg/dL'"],
)
def test_a_bare_number_is_refused_where_a_unit_is_due(text: str, compiled: Any) -> None:
    with pytest.raises(CompileError) as caught:
        compiled(text)
    assert [d.code for d in caught.value.diagnostics] == ["SP115"]


def test_a_unit_outside_the_table_is_looked_up(judge: Any) -> None:
    assert judge("1 'kcal' > 4 'kJ'") is True
    assert judge("1 'kcal' > 5 'kJ'") is False


def test_align_is_the_conversion_that_others_use() -> None:
    assert align(Quantity(Decimal(1), "cm"), Quantity(Decimal(10), "mm")) == (Decimal("0.01"), Decimal("0.01"))
    assert align(Quantity(Decimal(1), "cm"), Quantity(Decimal(1), "g")) is None
