"""Which variables decided an answer."""

from __future__ import annotations

from typing import Any

import pytest

from fhirpath_spine.fhirpath import Incomplete

WORDS = {"t": [True], "f": [False], "u": []}


@pytest.mark.parametrize(
    ("text", "abc", "answer", "names"),
    [
        ("%a and %b", "tt", True, "ab"),
        ("%a and %b", "tf", False, "b"),
        ("%a and %b", "ff", False, "ab"),
        ("%a and %b", "uf", False, "b"),
        ("%a and %b", "tu", None, "b"),
        ("%a and %b", "uu", None, "ab"),
        ("%a or %b", "tt", True, "ab"),
        ("%a or %b", "tf", True, "a"),
        ("%a or %b", "tu", True, "a"),
        ("%a or %b", "ff", False, "ab"),
        ("%a or %b", "fu", None, "b"),
        ("%a implies %b", "ft", True, "ab"),
        ("%a implies %b", "ff", True, "a"),
        ("%a implies %b", "tt", True, "b"),
        ("%a implies %b", "tf", False, "ab"),
        ("%a implies %b", "uf", None, "a"),
        ("%a implies %b", "tu", None, "b"),
        ("%a xor %b", "tf", True, "ab"),
        ("%a xor %b", "tt", False, "ab"),
        ("%a xor %b", "tu", None, "b"),
        ("%a.not()", "t", False, "a"),
        ("%a.not()", "u", None, "a"),
        ("(%a and %b).not()", "tf", True, "b"),
        ("%a and (%b or %c)", "tft", True, "ac"),
        ("%a and (%b or %c)", "tff", False, "bc"),
        ("(%a and %b) or %c", "tfu", None, "c"),
        ("iif(%a, %b, %c)", "ttf", True, "ab"),
        ("iif(%a, %b, %c)", "ftf", False, "ac"),
        ("iif(%a, %b)", "ft", None, "a"),
        ("%a = %b", "tt", True, "ab"),
        ("%a = true and %b = true", "tf", False, "b"),
    ],
)
def test_only_the_operands_that_decided_are_named(
    text: str, abc: str, answer: bool | None, names: str, compiled: Any, scope: Any
) -> None:
    values = {name: WORDS[word] for name, word in zip("abc", abc, strict=False)}
    found = compiled(text).account([], scope(**values))
    assert (found.answer, found.variables) == (answer, frozenset(names))


def test_a_leaf_names_all_it_reads_also_inside_its_arguments(compiled: Any, scope: Any) -> None:
    text = "%labs.some(value > %amount) and %open-surgery.value"
    expression = compiled(text)
    assert expression.variables == {"labs", "amount", "open-surgery"}
    mg = {"value": 2, "unit": "mg", "code": "mg", "system": "http://unitsofmeasure.org"}
    labs = [{"resourceType": "Observation", "value": mg}]
    found = expression.account([], scope(labs=labs, amount=mg | {"value": 3}, open_surgery={"value": True}))
    assert (found.answer, found.variables) == (False, {"labs", "amount"})


def test_what_could_not_be_read_is_named(compiled: Any, scope: Any) -> None:
    found = compiled("%scores.exists() and %a").account([], scope(scores=Incomplete(), a=True))
    assert (found.answer, found.variables) == (None, {"scores"})
    found = compiled("iif(%scores.empty(), true, false)").account([], scope(scores=Incomplete()))
    assert (found.answer, found.variables) == (None, {"scores"})


def test_constants_of_the_language_are_no_variables(compiled: Any) -> None:
    assert compiled("%sct = 'x' and %`vs-x` = 'y' and %context.empty()").variables == frozenset()
