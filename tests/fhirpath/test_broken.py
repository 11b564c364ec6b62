"""Broken expressions are refused at the right place, by the right rule, with the next step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fhirpath_spine.diagnostics import catalogue
from fhirpath_spine.errors import SpineError
from fhirpath_spine.fhirpath import LONGEST, CompileError
from tests.kit.files import yaml_of

BROKEN: list[dict[str, Any]] = yaml_of(Path(__file__).with_name("broken.yaml"))
RULES = [code for code in catalogue() if code.startswith("SP1")]
# An example that shows its length cannot stand in a catalogue.
LONG = "true" + " " * (LONGEST - 3)


@pytest.mark.parametrize("case", BROKEN, ids=[case["text"] for case in BROKEN])
def test_a_broken_expression_is_refused_where_it_breaks(case: dict[str, Any], compiled: Any) -> None:
    with pytest.raises(CompileError) as caught:
        compiled(case["text"], want="boolean")
    found = caught.value.diagnostics[0]
    assert (str(found.span), found.span.length, found.code, found.hint) == (
        case["at"],
        case["length"],
        case["code"],
        case["hint"],
    )
    assert found.span.file == ""


def test_there_are_enough_of_them() -> None:
    assert len(BROKEN) >= 60


def test_all_type_errors_of_an_expression_are_reported_at_once_and_in_order(compiled: Any) -> None:
    with pytest.raises(CompileError) as caught:
        compiled("%ecgo.value > 1\n  and Observation.valu.exists() and %creatinine.value > 2")
    assert [(d.code, d.span.line, d.span.column) for d in caught.value.diagnostics] == [
        ("SP111", 1, 1),
        ("SP106", 2, 19),
        ("SP115", 2, 37),
    ]


def test_an_error_is_one_of_ours_and_says_what_to_do(compiled: Any) -> None:
    with pytest.raises(
        SpineError, match=r"1:13: SP106: 'valu' is not an element of Observation\. Did you mean 'value'\?"
    ):
        compiled("Observation.valu.exists()")


@pytest.mark.parametrize("code", RULES)
def test_the_catalogue_shows_a_bad_example_that_is_found_and_a_good_one_that_is_not(code: str, compiled: Any) -> None:
    rule = catalogue()[code]
    bad = LONG if code == "SP104" else rule.bad
    if rule.severity == "warning":
        assert code in {d.code for d in compiled(bad, want="boolean").advice}
    else:
        with pytest.raises(CompileError) as caught:
            compiled(bad, want="boolean")
        assert code in {d.code for d in caught.value.diagnostics}
    assert code not in {d.code for d in compiled(rule.good, want="boolean").advice}


def test_every_rule_that_is_used_is_in_the_catalogue() -> None:
    used = {case["code"] for case in BROKEN}
    assert used <= set(RULES)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("%labs['a'].exists()", "SP110"),
        ("%ecog.value.is(1)", "SP112"),
        ("%ecog.value is System.Patient", "SP112"),
        ("%ecog.value.memberOf('thoracic-spine')", "SP110"),
        ("%labs.code > %unknown", "SP111"),
        ("{} > %labs.code", "SP116"),
        ("today() + 'a'", "SP110"),
        ("iif(1 | 2, true, false)", "SP114"),
        ("true is", "SP101"),
        ("%ecog.value is 5", "SP101"),
        ("5 ''", "SP103"),
        ("%creatinine.value + 2", "SP115"),
        ("'a' + 5", "SP110"),
        ("%labs.code * 2", "SP110"),
    ],
)
def test_more_that_is_refused(text: str, code: str, compiled: Any) -> None:
    with pytest.raises(CompileError) as caught:
        compiled(text)
    assert code in {d.code for d in caught.value.diagnostics}


@pytest.mark.parametrize(
    "text",
    [
        "(1).defineVariable(1 + 1)",
        "(1).defineVariable('x').defineVariable('x')",
        "(1).defineVariable('ecog')",
    ],
)
def test_a_defined_variable_has_a_new_name(text: str, compiled: Any) -> None:
    with pytest.raises(CompileError, match="SP110"):
        compiled(text, profile=False)


def test_the_whole_language_allows_what_profiles_may_not(compiled: Any) -> None:
    for text in ("Observation.descendants().exists()", "subject.resolve().exists()", LONG):
        assert compiled(text, profile=False).text == text
