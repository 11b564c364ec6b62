"""What the linter says of valid expressions that likely mean something else."""

from __future__ import annotations

from typing import Any

import pytest

from fhirpath_spine.diagnostics import Severity


def codes(expression: Any) -> list[str]:
    return [found.code for found in expression.advice]


@pytest.mark.parametrize(
    ("text", "column", "hint"),
    [
        ("%labs.where(value > 5 'mg/dL').exists()", 32, "Write some(criterion)."),
        ("%labs.where(value > 5 'mg/dL').empty()", 32, "Write some(criterion).not()."),
        ("%labs.where(value > 5 'mg/dL').count() > 1", 32, "Filter by something that is always recorded."),
        ("%labs.exists(value > 5 'mg/dL')", 7, "Write some(criterion)."),
        ("%labs.all(value > 5 'mg/dL')", 7, "Write every(criterion)."),
        ("%labs.select(value > 5 'mg/dL').allTrue()", 33, "Write every(criterion)."),
        ("%labs.select(value > 5 'mg/dL').anyTrue()", 33, "Write some(criterion)."),
        ("%answers.value.anyTrue()", 16, "Write some(criterion)."),
        ("%tumour.where(code.memberOf('neurogenic-tumour')).exists()", 51, "Write some(criterion)."),
        ("%labs.where(value > 5 'mg/dL').date.exists()", 37, "Write some(criterion)."),
    ],
)
def test_a_leaky_quantifier_is_named_with_the_form_that_keeps_the_unknown(
    text: str, column: int, hint: str, compiled: Any
) -> None:
    found = [d for d in compiled(text).advice if d.code == "SP151"]
    assert [(d.span.column, d.hint, d.severity) for d in found] == [(column, hint, Severity.WARNING)]


@pytest.mark.parametrize(
    "text",
    [
        "%labs.some(value > 5 'mg/dL')",
        "%labs.every(value > 5 'mg/dL')",
        "%labs.exists()",
        "%labs.count() > 1",
        "%sure.where(value > 5).exists()",
        "%sure.all(value > 5)",
        "%tumour.where(code.coding.where(system = 'x' and code = 'y').exists()).exists()",
        "%tumour.where(bodySite.exists()).exists()",
        "%tumour.select(bodySite.exists()).allTrue()",
        "%sure.where(value > 5 and code.exists()).exists()",
    ],
)
def test_a_criterion_that_always_has_an_answer_does_not_leak(text: str, compiled: Any) -> None:
    assert "SP151" not in codes(compiled(text))


@pytest.mark.parametrize(
    ("text", "trap"),
    [
        ("%tumour.code.coding.code = 'C34'", True),
        ("%tumour.some(code.coding.code = 'C34')", True),
        ("%tumour.some(code.coding.system = 'x')", True),
        ("%tumour.some('C34' = code.coding.code)", True),
        ("%tumour.some(code.coding.where(code = 'C34').exists())", False),
        ("%tumour.some(code.coding.exists(code = 'C34'))", False),
        ("%tumour.some(code.coding.first().code = 'C34')", False),
    ],
)
def test_a_code_compared_with_all_codings_is_a_trap(text: str, trap: bool, compiled: Any) -> None:
    assert ("SP152" in codes(compiled(text))) is trap


def test_several_items_where_one_is_due(compiled: Any) -> None:
    assert codes(compiled("%labs.value > 5 'mg/dL'")) == ["SP153"]
    assert codes(compiled("%labs.value.first() > 5 'mg/dL'")) == []
    assert codes(compiled("%creatinine.value > 5 'mg/dL'")) == []
    assert codes(compiled("%answers.value and %a")) == ["SP153"]


def test_a_choice_compared_without_saying_which(compiled: Any) -> None:
    assert codes(compiled("%patient.deceased.first() > @2026-01-01")) == ["SP154"]


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("true", False),
        ("%labs.exists()", True),
        ("{}", True),
        ("'a' = 'b'", False),
        ("%ecog.value > 1", True),
        ("now() > @2026-01-01", True),
        ("today() is Date", False),
    ],
)
def test_the_tree_says_whether_it_may_come_out_empty(text: str, may: bool, compiled: Any) -> None:
    ty = compiled(text).tree.ty
    assert (ty.partial or not ty.known) is may


def test_the_tree_of_an_expression_cannot_be_exchanged(compiled: Any) -> None:
    expression = compiled("%creatinine.value > 2 'mg/dL'")
    assert [type(part).__name__ for part in expression.tree.walk()] == ["Binary", "Member", "Variable", "Literal"]
    with pytest.raises(AttributeError):
        expression.tree = expression.tree
