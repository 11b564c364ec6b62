"""Needs, complete or not: both engines agree, and more knowledge never turns an answer round."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fhirpath_spine import fhirpath
from fhirpath_spine.fhirpath import EvaluationError, Expression, Incomplete, Scope, Shape, ValueSet

AT = datetime(2026, 11, 1, tzinfo=UTC)
SYSTEM = "http://snomed.info/sct"
SETS = {"some": ValueSet("some", {(SYSTEM, "1"), (SYSTEM, "2")})}
MEMBERS = {
    "value": Shape("System.Integer", many=False),
    "amount": Shape("Quantity", many=False),
    "date": Shape("date", many=False),
    "level": Shape("CodeableConcept"),
}
SHAPES = {
    "many": Shape("Observation", members=MEMBERS),
    "one": Shape("Observation", many=False, members=MEMBERS),
    "lesion": Shape(many=False, closed=True, members=MEMBERS),
    "flag": Shape("System.Boolean", many=False),
}


def concept(code: str) -> dict[str, Any]:
    return {"coding": [{"system": SYSTEM, "code": code}]}


def items() -> st.SearchStrategy[dict[str, Any]]:
    """Items of a need, with gaps."""
    amounts = st.sampled_from([1, 2.5, 2500]).map(
        lambda v: {"value": v, "code": "mg", "system": "http://unitsofmeasure.org"}
    )
    return st.fixed_dictionaries(
        {"resourceType": st.just("Observation")},
        optional={
            "status": st.sampled_from(["final", "amended"]),
            "code": st.sampled_from(["1", "3"]).map(concept),
            "value": st.integers(0, 3),
            "amount": amounts,
            "date": st.sampled_from(["2026", "2026-10", "2026-10-15", "2026-11-01"]),
            "level": st.lists(st.sampled_from(["1", "3"]).map(concept), max_size=2),
        },
    )


PER_ITEM = [
    "value > 1",
    "value = 2",
    "value != 2",
    "value + 1 >= 3",
    "amount > 2 'mg'",
    "amount = 2.5 'g'",
    "date >= today() - 20 days",
    "date = @2026-10-15",
    "code.memberOf('some')",
    "level.memberOf('some')",
    "level.exists()",
    "level.count() = 1",
    "status = 'final'",
    "status in ('final' | 'amended')",
    "value.exists()",
    "%flag",
    "%one.value > value",
    "level.some(coding.code = '1')",
    "%many.some(value > 2)",
]
LISTS = [
    "%many",
    "%one",
    "%lesion",
    "%many.where(status = 'final')",
    "%many.level",
    "%many.where(value > 1).code",
    "%many.value",
]
ENDS = [
    "exists()",
    "recorded()",
    "empty()",
    "count() > 1",
    "count() = 0",
    "exists().not()",
    "first().exists()",
    "distinct().count() > 1",
]
WHOLE = [
    "%one.value <= 2",
    "%one.value + 1 > 2",
    "%one.amount > 2 'mg'",
    "%one.date > @2026-10-15",
    "%one.level.memberOf('some')",
    "%lesion.level.memberOf('some')",
    "%lesion.value = 1",
    "%many.code.memberOf('some')",
    "%many.value.max() > 1",
    "%many.date.max() >= today() - 1 month",
    "%many.first().value > 1",
    "%many.value contains 2",
    "%flag",
    "iif(%flag, %one.value > 1, %many.exists())",
]


def connect(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["and", "or", "xor", "implies"])
    return st.recursive(
        parts,
        lambda inner: st.one_of(
            st.tuples(inner, operators, inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
            inner.map(lambda t: f"({t}).not()"),
        ),
        max_leaves=4,
    )


def criteria(forms: list[str]) -> st.SearchStrategy[str]:
    """Criteria over needs; ``forms`` are the quantifiers used."""
    inner = connect(st.sampled_from(PER_ITEM))
    return connect(
        st.one_of(
            st.sampled_from(WHOLE),
            st.tuples(st.sampled_from(LISTS), st.sampled_from(ENDS)).map(".".join),
            st.tuples(st.sampled_from(["%many", "%one"]), st.sampled_from(forms), inner).map(
                lambda t: f"{t[0]}.{t[1]}({t[2]})"
            ),
        )
    )


def variables() -> st.SearchStrategy[dict[str, list[Any]]]:
    def maybe(found: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[list[Any]]:
        return st.one_of(found, found.map(Incomplete))

    return st.fixed_dictionaries(
        {
            "many": maybe(st.lists(items(), max_size=3)),
            "one": maybe(st.lists(items(), max_size=1)),
            "lesion": maybe(st.lists(items(), max_size=1)),
            "flag": maybe(st.lists(st.booleans(), max_size=1)),
        }
    )


def outcome(call: Any) -> Any:
    try:
        return call()
    except EvaluationError as error:
        return type(error)


def compiled(text: str) -> Expression:
    return fhirpath.compile(text, variables=SHAPES, value_sets=SETS, want="boolean")


@settings(deadline=None)
@given(criteria(["some", "every", "exists", "all"]), variables())
def test_both_engines_agree_on_needs(text: str, given_: dict[str, list[Any]]) -> None:
    """Truth, account and result are one and the same answer."""
    expression = compiled(text)

    def reference() -> Any:
        found = expression.items([], Scope(given_, AT))
        return found[0][1] if found and type(found) is list else None

    wanted = outcome(reference)
    assert outcome(lambda: expression.truth([], Scope(given_, AT))) == wanted
    assert outcome(lambda: expression.account([], Scope(given_, AT)).answer) == wanted


@settings(deadline=None)
@given(criteria(["some", "every"]), variables(), st.lists(items(), max_size=2))
def test_reading_more_never_turns_an_answer_round(
    text: str, given_: dict[str, list[Any]], found: list[dict[str, Any]]
) -> None:
    """An answer on an incomplete need still holds once the rest has been read, unless a leaky form was used."""
    if any(form in text for form in (".where(", "iif(")):
        return
    complete = {name: list(values) for name, values in given_.items()}
    if type(given_["many"]) is Incomplete:
        complete["many"] = complete["many"] + found
    expression = compiled(text)
    before = outcome(lambda: expression.truth([], Scope(given_, AT)))
    after = outcome(lambda: expression.truth([], Scope(complete, AT)))
    if isinstance(before, bool) and isinstance(after, bool):
        assert before is after


@settings(deadline=None)
@given(criteria(["some", "every", "exists"]), variables())
def test_the_account_names_only_what_is_read_and_something_if_there_is_an_answer(
    text: str, given_: dict[str, list[Any]]
) -> None:
    """What is blamed was read, and what could not be blamed had no part."""
    expression = compiled(text)
    try:
        found = expression.account([], Scope(given_, AT))
    except EvaluationError:
        return
    assert found.variables <= expression.variables
    assert found.variables or not expression.variables
