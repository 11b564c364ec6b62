"""What functions on collections give, how types and extensions are seen, and what has no result at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fhirpath_spine.fhirpath import EvaluationError

PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "active": True,
    "birthDate": "1974-12-25",
    "_birthDate": {"extension": [{"url": "http://x/time", "valueDateTime": "1974-12-25T14:35:45-05:00"}]},
    "name": [
        {"use": "official", "family": "Roe", "given": ["Jane", "Ann"]},
        {
            "use": "nickname",
            "given": [None, "Jo"],
            "_given": [{"extension": [{"url": "http://x/none", "valueCode": "masked"}]}, None],
        },
    ],
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Ward"}],
    "managingOrganization": {"reference": "#o"},
    "multipleBirthInteger": 2,
}
D = Decimal

CASES: dict[str, list[tuple[str, list[Any]]]] = {
    "existence": [
        ("Patient.name.exists()", [True]),
        ("Patient.name.exists(use = 'old')", [False]),
        ("{}.exists()", [False]),
        ("{}.empty()", [True]),
        ("{}.all(false)", [True]),
        ("(true | false).allTrue()", [False]),
        ("(true | false).anyTrue()", [True]),
        ("(true | false).anyFalse()", [True]),
        ("false.combine(false).allFalse()", [True]),
        ("(1 | 2).subsetOf(3 | 2 | 1)", [True]),
        ("(1 | 2).supersetOf(2 | 3)", [False]),
        ("Patient.name.given.count()", [4]),
        ("Patient.name.given.isDistinct()", [True]),
        ("(1 | 2).recorded()", [True]),
    ],
    "filtering": [
        ("Patient.name.where(use = 'official').family", ["Roe"]),
        (
            "Patient.name.select(given.first())",
            ["Jane", {"extension": [{"url": "http://x/none", "valueCode": "masked"}]}],
        ),
        ("Patient.name.given.where($index = 1)", ["Ann"]),
        ("Patient.name.given.ofType(string).count()", [4]),
        ("(10 | 20).where(('a' | 'b').exists(true) and $index = 1)", [20]),
        ("(10 | 20).select(('a' | 'b').select($index) | $index)", [0, 1, 0, 1]),
        ("Patient.descendants().ofType(Organization).name", ["Ward"]),
        ("(1).repeat(iif($this < 4, $this + 1, {}))", [2, 3, 4]),
        ("Patient.contained.name", ["Ward"]),
        ("Patient.managingOrganization.resolve().name", ["Ward"]),
    ],
    "subsetting": [
        ("(3 | 1 | 2).first()", [3]),
        ("(3 | 1 | 2).last()", [2]),
        ("(3 | 1 | 2).tail()", [1, 2]),
        ("(3 | 1 | 2).skip(2)", [2]),
        ("(3 | 1 | 2).skip(-1)", [3, 1, 2]),
        ("(3 | 1 | 2).take(2)", [3, 1]),
        ("(3 | 1 | 2)[1]", [1]),
        ("(3 | 1 | 2)[7]", []),
        ("(3 | 1 | 2).sort()", [1, 2, 3]),
        ("('b' | 'a').sort(-$this)", ["b", "a"]),
        ("(1 | 2).intersect(2 | 3)", [2]),
        ("(1 | 2).exclude(2 | 3)", [1]),
        ("(7).single()", [7]),
        ("(1 | 2 | 3).min()", [1]),
        ("(1 | 2.5 | 2).max()", [D("2.5")]),
    ],
    "combining": [
        ("(1 | 1 | 2)", [1, 2]),
        ("1.combine(1)", [1, 1]),
        ("1.union(1.0)", [1]),
        ("(1 | 2 | 3).aggregate($this + $total, 0)", [6]),
        ("Patient.name.defineVariable('n').select(%n.use)", ["official", "nickname"] * 2),
    ],
    "types": [
        ("1.type().name", ["Integer"]),
        ("Patient.active.type().namespace", ["FHIR"]),
        ("Patient.birthDate is date", [True]),
        ("Patient.birthDate is System.Date", [False]),
        ("Patient is DomainResource", [True]),
        ("Patient.multipleBirth is integer", [True]),
        ("Patient.multipleBirth.ofType(boolean)", []),
        ("(Patient.multipleBirth as integer) + 1", [3]),
        ("Patient.conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')", [True]),
    ],
    "primitives with extensions": [
        ("Patient.birthDate.extension('http://x/time').value > @1974", []),
        ("Patient.birthDate.extension('http://x/time').value > @1973", [True]),
        ("Patient.name.given.hasValue()", [False]),
        ("Patient.name.given.select(hasValue())", [True, True, False, True]),
        ("Patient.name.last().given.extension.value", ["masked"]),
        ("Patient.name.given.where($this = 'Jo').exists()", [True]),
        ("Patient.birthDate.getValue() is System.Date", [True]),
    ],
    "equality": [
        ("(1 | 2) = (1 | 2)", [True]),
        ("(1 | 2) = (2 | 1)", [False]),
        ("(1 | 2) ~ (2 | 1)", [True]),
        ("'a' ~ 'A'", [True]),
        ("1.0 = 1", [True]),
        ("1 = '1'", [False]),
        ("{} = 1", []),
        ("{} ~ {}", [True]),
        ("1 !~ {}", [True]),
        ("(1 | 2) ~ (1 | 3)", [False]),
        ("1.201 ~ 1.2", [True]),
        ("true = 1", [False]),
        ("(1 'mg') = 'mg'", [False]),
        ("(1 'mg') ~ (1 'cm')", [False]),
        ("(1 'a') ~ (1 year)", [True]),
        ("@T10:00 = @2026-11-01", [False]),
        ("Patient.name = Patient.name", [True]),
        ("Patient.name ~ Patient.name.tail()", [False]),
        ("Patient.name.first() ~ Patient.name.last()", [False]),
        ("Patient.contained ~ Patient.contained", [True]),
        ("'  A  b ' ~ 'a B'", [True]),
        ("2 in (1 | 2)", [True]),
        ("{} in (1 | 2)", []),
        ("2 in {}", [False]),
        ("Patient.name.first() = Patient.name[0]", [True]),
        ("Patient.name.first() = Patient.name[1]", [False]),
        ("Patient.name.first() ~ Patient.name[0]", [True]),
    ],
}
ROWS = [pytest.param(text, wanted, id=f"{group}: {text}") for group, rows in CASES.items() for text, wanted in rows]


@pytest.mark.parametrize(("text", "wanted"), ROWS)
def test_a_function_gives_what_the_specification_says(text: str, wanted: list[Any], value: Any) -> None:
    assert value(text, focus=[PATIENT]) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "Patient.name.given.single()",
        "-iif(true, 'x', 1)",
        "Patient.contained.descendants().select($this > 1)",
        "@2026-11-01 > iif(true, @T10:00, @2026)",
        "iif(true, 'a', 1) - iif(true, 'b', 1)",
        "(5 'mg') * iif(true, 'x', 1)",
        "(5 'mg') > iif(true, 'x', 1 'mg')",
        "('x' | 1).join()",
        "iif(true, 'x', 1).abs()",
        "'x' & iif(true, 1, 'x')",
        "Patient.name.given > 'A'",
        "Patient.name.given.upper()",
        "Patient.name.given & 'x'",
        "Patient.name.as(HumanName)",
        "(1 | 2).not()",
        "(1 | 2) and true",
        "('a' | 'b').iif(true, 1)",
        "(1 | 'a').allTrue()",
        "Patient.conformsTo('http://elsewhere')",
        "Patient.name.given.first().matches(Patient.name.given.first() & '(')",
    ],
)
def test_what_has_no_result_at_all_is_an_error(text: str, value: Any) -> None:
    with pytest.raises(EvaluationError):
        value(text, focus=[PATIENT])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 + 2 * 3", [7]),
        ("(1 + 2) * 3", [9]),
        ("1 | 2 + 1", [1, 3]),
        ("true or false and false", [True]),
        ("false implies true or false", [True]),
        ("1 < 2 and 2 < 3", [True]),
        ("-1 + 2", [1]),
        ("1 = 1 in (true | false)", [True]),
        ("2 + 1 is Integer", [True]),
        ("'\\u0041\\n'", ["A\n"]),
        ("1 /* one */ + 1 // two", [2]),
    ],
)
def test_operators_bind_as_the_grammar_says(text: str, wanted: list[Any], value: Any) -> None:
    assert value(text) == wanted


def test_trace_hands_items_to_the_scope_and_passes_them_on(compiled: Any, scope: Any) -> None:
    seen: list[tuple[str, list[Any]]] = []
    given = scope()
    given.trace = lambda name, items: seen.append((name, items))
    assert compiled("(1 | 2).trace('n', $this + 1).count()", profile=False).evaluate([], given) == [2]
    assert seen == [("n", [2, 3])]


def test_resolve_asks_the_scope_after_contained_resources(compiled: Any, scope: Any) -> None:
    given = scope()
    given.resolve = lambda url: {"resourceType": "Organization", "name": url}
    patient = PATIENT | {"managingOrganization": {"reference": "Organization/1"}}
    assert compiled("Patient.managingOrganization.resolve().name", profile=False).evaluate([patient], given) == [
        "Organization/1"
    ]


def test_types_are_told_beside_the_values(compiled: Any, scope: Any) -> None:
    found = compiled("Patient.name.use | 1", profile=False).items([PATIENT], scope())
    assert found == [("FHIR.code", "official"), ("FHIR.code", "nickname"), ("System.Integer", 1)]
