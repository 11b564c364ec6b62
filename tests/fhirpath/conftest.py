"""What the tests of this folder share: needs as the pathway layer declares them, and a short way to judge by them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from fhirpath_spine import fhirpath
from fhirpath_spine.fhirpath import Expression, Scope, Shape, ValueSet

AT = datetime(2026, 11, 1, 12, 30, 15, 250000, tzinfo=UTC)
SNOMED, ICD, LOINC = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm", "http://loinc.org"


def need(member: str, *, kind: str = "Observation", many: bool = False, known: bool = False) -> Shape:
    """A need whose items carry computed ``value`` and ``date``, as profiles declare it."""
    members = {
        "value": Shape(member, many=False, known=known),
        "date": Shape("date", many=False),
        "source": Shape("System.String", many=False),
    }
    return Shape(kind, many=many, members=members)


SHAPES = {
    "ecog": need("System.Integer"),
    "creatinine": need("System.Quantity"),
    "labs": need("Quantity", many=True),
    "scores": need("System.Integer", many=True),
    "sure": need("System.Integer", many=True, known=True),
    "answers": need("System.Boolean", many=True),
    "open-surgery": need("System.Boolean"),
    "high": Shape("System.Integer", many=False),
    "low": Shape("System.Integer", many=False),
    "tumour": Shape("Condition"),
    "patient": Shape("Patient", many=False),
    "lesion": Shape(
        many=False,
        closed=True,
        members={
            "code": Shape("CodeableConcept", many=False),
            "level": Shape("CodeableConcept"),
            "since": Shape("date", many=False),
        },
    ),
    "a": Shape("System.Boolean", many=False),
    "b": Shape("System.Boolean", many=False),
    "c": Shape("System.Boolean", many=False),
    "many": Shape("System.Integer"),
    "words": Shape("System.String"),
    "day": Shape("date", many=False),
    "other": Shape("date", many=False),
    "moment": Shape("dateTime", many=False),
    "amount": Shape("Quantity", many=False),
    "site": Shape(many=False, closed=True, members={"endoscopy": Shape("System.Boolean", many=False)}),
}
VALUE_SETS = {
    "neurogenic-tumour": ValueSet("neurogenic-tumour", {(SNOMED, "253066009"), (ICD, "D36.15")}, {ICD: ("C79.5",)}),
    "thoracic-spine": ValueSet("thoracic-spine", {(SNOMED, "122495006")}),
}


LIMITS = {"unfit": 3}


class Empty(dict[str, Any]):
    """Variables that were not given are complete and empty."""

    def __missing__(self, name: str) -> list[Any]:
        return []


def scope_of(**given: Any) -> Scope:
    """A scope at the tests' moment; ``open_surgery=`` gives ``%open-surgery``. Single values stand for lists of one."""
    lists = {name.replace("_", "-"): value if isinstance(value, list) else [value] for name, value in given.items()}
    return Scope(Empty(lists), AT)


def compile_one(text: str, **options: Any) -> Expression:
    """An expression over the needs above."""
    return fhirpath.compile(text, variables=SHAPES, value_sets=VALUE_SETS, **{"limits": LIMITS, **options})


@pytest.fixture(scope="session")
def compiled() -> Callable[..., Expression]:
    """``compiled(text, **options)``."""
    return compile_one


@pytest.fixture(scope="session")
def scope() -> Callable[..., Scope]:
    """``scope(ecog=..., ...)``."""
    return scope_of


@pytest.fixture(scope="session")
def judge() -> Callable[..., bool | None]:
    """``judge(text, ecog=..., focus=[...])``: the truth value, by both engines, which have to agree."""

    def run(text: str, *, focus: list[Any] | None = None, profile: bool = True, **given: Any) -> bool | None:
        expression = compile_one(text, profile=profile)
        answer = expression.truth(focus or [], scope_of(**given))
        items = expression.items(focus or [], scope_of(**given))
        assert answer is (items[0][1] if items else None), "the two engines differ"
        assert expression.account(focus or [], scope_of(**given)).answer is answer
        return answer

    return run


@pytest.fixture(scope="session")
def value() -> Callable[..., list[Any]]:
    """``value(text)``: the result as a list, with the whole language allowed."""

    def run(text: str, *, focus: list[Any] | None = None, **given: Any) -> list[Any]:
        return compile_one(text, profile=False).evaluate(focus or [], scope_of(**given))

    return run
