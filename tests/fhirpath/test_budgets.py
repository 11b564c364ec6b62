"""No expression runs away: steps, items, patterns and depth are bounded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fhirpath_spine import fhirpath
from fhirpath_spine.errors import LimitExceeded
from fhirpath_spine.fhirpath import LONGEST, NESTED, CompileError, Scope, Shape
from tests.kit.costs import in_proportion

AT = datetime(2026, 11, 1, tzinfo=UTC)
NUMBERS = {"n": Shape("System.Integer")}


def numbers(count: int, **limits: int) -> Scope:
    return Scope({"n": list(range(count))}, AT, **limits)


def both(text: str, scope: Scope) -> None:
    """The limit holds in either engine."""
    expression = fhirpath.compile(text, variables=NUMBERS, profile=False)
    with pytest.raises(LimitExceeded):
        expression.evaluate([], scope)
    with pytest.raises(LimitExceeded):
        expression.truth([], scope)


@pytest.mark.parametrize(
    "text",
    [
        "%n.where(%n.where($this > 5000).exists()).exists()",
        "%n.some(%n.every($this < 9))",
        "%n.all(%n.all(%n.exists()))",
        "%n.select(%n.where($this = 3).count()).exists()",
        "%n.where(%n.subsetOf(%n)).exists()",
    ],
)
def test_nested_loops_spend_the_step_budget(text: str) -> None:
    both(text, numbers(3_000, steps=100_000))


@pytest.mark.parametrize("text", ["%n.exists()", "%n.select($this | 1).exists()", "%n.combine(%n).count() > 1"])
def test_a_collection_is_capped(text: str) -> None:
    both(text, numbers(10_001))


def test_what_grows_by_itself_is_capped() -> None:
    both("(1).repeat($this + 1).exists()", numbers(0))
    both("%n.select(%n).select(%n).exists()", numbers(200))


@pytest.mark.parametrize(
    "text",
    [
        "%n.aggregate($total & $total, 'spine').length() > 1",
        "%n.aggregate($total + $total, 'spine').length() > 1",
        "%n.aggregate($total.replace('', $total), 'spine').length() > 1",
        "%n.aggregate($total.replaceMatches('.', $total), 'spine').length() > 1",
        "%n.aggregate($total.toChars().select('%long').join($total), 'spine').length() > 1".replace("%long", "x" * 99),
    ],
)
def test_a_text_cannot_be_blown_up(text: str) -> None:
    both(text, numbers(64))


def test_a_number_that_overflows_is_no_number() -> None:
    expression = fhirpath.compile("%n.aggregate($total * $total, 3)", variables=NUMBERS)
    assert expression.evaluate([], numbers(64)) == []


def test_the_default_budget_serves_a_large_chart() -> None:
    expression = fhirpath.compile("%n.where($this > 5).count() > 1", variables=NUMBERS)
    assert expression.truth([], numbers(10_000)) is True


def test_a_message_holds_no_value_of_the_chart() -> None:
    with pytest.raises(LimitExceeded) as caught:
        fhirpath.compile("%n.exists()", variables=NUMBERS).truth([], numbers(10_001))
    assert str(caught.value) == "The expression gathers more than 10000 items. Narrow it with where() first."


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_a_catastrophic_pattern_takes_time_in_proportion_to_the_text(pattern: str) -> None:
    expression = fhirpath.compile(f"%t.matches('{pattern}')", variables={"t": Shape("System.String", many=False)})

    def work(length: int) -> None:
        assert expression.truth([], Scope({"t": ["a" * length + "!"]}, AT)) is False

    assert in_proportion(work, 5_000, 50_000, times=100)


def test_profiles_bound_length_and_nesting() -> None:
    fhirpath.compile("(" * NESTED + "true" + ")" * NESTED)
    with pytest.raises(CompileError, match="SP105"):
        fhirpath.compile("(" * (NESTED + 1) + "true" + ")" * (NESTED + 1))
    with pytest.raises(CompileError, match="SP104"):
        fhirpath.compile("true" + " " * (LONGEST - 3))
    with pytest.raises(CompileError, match="SP105"):
        fhirpath.compile("1" + "+1" * 400 + " = 401")


@pytest.mark.parametrize(
    "text",
    [
        "Questionnaire" + ".item" * 60 + ".exists()",
        "%a and (" * 49 + "%a" + ")" * 49,
        "%a or " * 140 + "%a",
        "Questionnaire.some(" + "item.some(" * 40 + "true" + ")" * 41,
        "Questionnaire.item" + ".where(linkId = 'x')" * 30 + ".exists()",
    ],
)
def test_what_is_allowed_in_depth_also_runs(text: str) -> None:
    expression = fhirpath.compile(text, variables={"a": Shape("System.Boolean", many=False)}, profile=False)
    scope = Scope({"a": [False]}, AT)
    chart = [{"resourceType": "Questionnaire"}]
    assert expression.truth(chart, scope) is False
    assert expression.account(chart, scope).answer is False
    assert expression.evaluate(chart, scope) == [False]


def test_a_clock_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Scope({}, datetime(2026, 11, 1))  # noqa: DTZ001 - the point of the test


def test_only_what_is_read_is_asked_for() -> None:
    asked: list[str] = []

    class Lazy(dict[str, Any]):
        def __missing__(self, name: str) -> list[Any]:
            asked.append(name)
            return [False]

    booleans = {name: Shape("System.Boolean", many=False) for name in "abc"}
    expression = fhirpath.compile("%a and %b or %c", variables=booleans)
    assert expression.truth([], Scope(Lazy(), AT)) is False
    assert asked == ["a", "c"]
