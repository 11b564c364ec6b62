"""The numbers of an expression, and the same expression with one of them moved."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fhirpath_spine.fhirpath import Expression, Scope, Shape
from fhirpath_spine.fhirpath import compile as compile_fhirpath

SCOPE = Scope({"n": [6], "d": []}, at=datetime(2026, 6, 15, tzinfo=UTC))
SHAPES = {"n": Shape("System.Integer"), "d": Shape("System.Date", many=True)}


def compiled(text: str) -> Expression:
    return compile_fhirpath(text, variables=SHAPES)


def test_numbers_stand_in_the_order_of_the_text_and_truth_values_are_none() -> None:
    text = "%n >= 7 and %n < 1.50 and true and %d.exists($this > today() - 90 days)"
    assert [text[one.start : one.end] for one in compiled(text).numbers] == ["7", "1.50", "90 days"]


@pytest.mark.parametrize(
    ("text", "up", "down"),
    [
        ("%n >= 7", "%n >= 8", "%n >= 6"),
        ("%n < 1.5", "%n < 1.6", "%n < 1.4"),
        ("%n > 0", "%n > 1", "%n > -1"),
        ("today() - 90 days", "today() - 91 days", "today() - 89 days"),
        ("3 'mm'", "4 'mm'", "2 'mm'"),
        ("1.20 'mg/dL'", "1.21 'mg/dL'", "1.19 'mg/dL'"),
    ],
)
def test_a_step_is_one_unit_of_the_last_digit(text: str, up: str, down: str) -> None:
    plain = compiled(text)
    (number,) = plain.numbers
    assert [plain.with_number(number, steps).text for steps in (1, 0, -1)] == [up, text, down]


def test_the_moved_expression_answers_by_the_moved_number_and_the_plain_one_as_before() -> None:
    plain = compiled("%n >= 7 or %n < 2")
    seven, _ = plain.numbers
    assert plain.with_number(seven, -1).truth([], SCOPE) is True
    assert plain.with_number(seven, 0).truth([], SCOPE) is False
    assert plain.truth([], SCOPE) is False
