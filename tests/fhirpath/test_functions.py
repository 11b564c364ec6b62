"""What the functions give, family by family."""

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
    "strings": [
        ("'spinal'.substring(2, 2)", ["in"]),
        ("'spinal'.substring(9)", []),
        ("'spinal'.indexOf('n')", [3]),
        ("'spinal'.startsWith('sp') and 'spinal'.endsWith('al') and 'spinal'.contains('in')", [True]),
        ("'Spinal'.upper() & 'X'.lower()", ["SPINALx"]),
        ("'a-b'.replace('-', '+')", ["a+b"]),
        ("'T12'.matches('^T[0-9]+$')", [True]),
        ("'T12'.matchesFull('T1')", [False]),
        ("'T12'.replaceMatches('T([0-9]+)', 'L$1')", ["L12"]),
        ("'ab'.toChars()", ["a", "b"]),
        ("' x '.trim()", ["x"]),
        ("'a,b'.split(',')", ["a", "b"]),
        ("('a' | 'b').join('+')", ["a+b"]),
        ("'abc'.length()", [3]),
        ("'<&>'.escape('html').unescape('html')", ["<&>"]),
        ("'ü'.encode('base64').decode('base64')", ["ü"]),
        ("'!'.decode('base64')", []),
        ("{}.length()", []),
        ("'a-b-a'.lastIndexOf('a')", [4]),
        ("'x'.substring({})", []),
        ("'x'.encode('rot13')", []),
        ("'x'.decode('rot13')", []),
        ("'4a'.decode('hex')", ["J"]),
        ("'x'.escape('xml')", []),
        ("'x'.unescape('xml')", []),
        ("'a\\\\u0041'.unescape('json')", ["aA"]),
        ("'a\\\\q'.unescape('json')", []),
        ("'abc'.replaceMatches('', 'x')", ["abc"]),
        ("'x' & {}", ["x"]),
        ("'x' + {}", []),
    ],
    "numbers": [
        ("7 div 2", [3]),
        ("(-7) div 2", [-3]),
        ("(-7) mod 2", [-1]),
        ("7 / 2", [D("3.5")]),
        ("7 / 0", []),
        ("0.1 + 0.2", [D("0.3")]),
        ("(-1.5).abs()", [D("1.5")]),
        ("(1.2).ceiling() + (1.8).floor() + (1.9).truncate()", [4]),
        ("(2.345).round(2)", [D("2.35")]),
        ("16.sqrt()", [D(4)]),
        ("(-1).sqrt()", []),
        ("2.power(10)", [1024]),
        ("100.log(10)", [D(2)]),
        ("0.ln()", []),
        ("1.ln() + 0.exp()", [D(1)]),
        ("1000.exp()", []),
        ("8.log(2)", [D(3)]),
        ("8.log(1)", []),
        ("2.power(-1)", [D("0.5")]),
        ("2.power(100)", []),
        ("(-1).power(101) + 1.power(100) + 0.power(0)", [1]),
        ("(-1).power(0.5)", []),
        ("(2.5).power(2)", [D("6.25")]),
        ("(5).abs()", [5]),
        ("(-(5 'mg')).abs() = 5 'mg'", [True]),
        ("1.round(40)", []),
        ("0.3 div 0.1", [3]),
        ("2.2 mod 1.8", [D("0.4")]),
        ("5 mod 0", []),
        ("+5 - -5", [10]),
        ("2 'cm' - 5 'mm' = 15 'mm'", [True]),
        ("1 year + 6 months = 18 months", [True]),
        ("1 'cm' + 1 'g'", []),
        ("2 'cm' / 0 'cm'", []),
        ("6 'g' / (2 'mL') / 3 = 1 'g/mL'", [True]),
        ("2 * (3 'mg') = 6 'mg'", [True]),
        ("(2 'N').comparable(1 'kg')", [False]),
        ("1.5.lowBoundary(2)", [D("1.45")]),
        ("1.5.highBoundary(2)", [D("1.55")]),
    ],
    "boundaries": [
        ("1.587.lowBoundary()", [D("1.58650000")]),
        ("(-1.587).lowBoundary(2)", [D("-1.59")]),
        ("1.587.highBoundary(32)", []),
        ("1.lowBoundary(0)", [D(0)]),
        ("@2014.lowBoundary(6).toString()", ["2014-01"]),
        ("@2014-02.highBoundary(8).toString()", ["2014-02-28"]),
        ("@2014.highBoundary(17).toString()", ["2014-12-31T23:59:59.999-12:00"]),
        ("@2014.highBoundary(5)", []),
        ("@2014-01-01T08.highBoundary(17).toString()", ["2014-01-01T08:59:59.999-12:00"]),
        ("@2014-01-01T08:05+08:00.lowBoundary(17).toString()", ["2014-01-01T08:05:00.000+08:00"]),
        ("@2014-01-01T08:05:30.highBoundary().toString()", ["2014-01-01T08:05:30.999-12:00"]),
        ("@2014-01-01T08.lowBoundary(8).toString()", ["2014-01-01"]),
        ("@2014-01-01T08.lowBoundary(3)", []),
        ("@T10:30.highBoundary(9).toString()", ["10:30:59.999"]),
        ("@T10.lowBoundary(4).toString()", ["10:00"]),
        ("@T10:30:15.5.lowBoundary(9).toString()", ["10:30:15.500"]),
        ("(1.5 'mg').highBoundary(2) = 1.55 'mg'", [True]),
        ("'x'.lowBoundary()", []),
        ("1.58700.precision()", [5]),
        ("7.precision()", [0]),
        ("'x'.precision()", []),
        ("@2014-01.precision()", [6]),
        ("@T10:30:00.000.precision()", [9]),
        ("@2014-01-05T10:30:00.000.precision()", [17]),
    ],
    "conversions": [
        ("true.toBoolean() and 1.0.toBoolean() and 'T'.toBoolean()", [True]),
        ("0.toBoolean() or 'no'.toBoolean()", [False]),
        ("'maybe'.toBoolean()", []),
        ("true.toInteger() + true.toDecimal()", [D(2)]),
        ("@2026.toInteger()", []),
        ("@2026.toDecimal()", []),
        ("true.toString() & 1.toString() & @2026-11.toString()", ["true12026-11"]),
        ("@2026-11-01.toDate() = @2026-11-01", [True]),
        ("5.toDate()", []),
        ("@2026-11-01.toDateTime() = @2026-11-01", [True]),
        ("@2026-11-01T10:00.toDateTime() = @2026-11-01T10:00", [True]),
        ("5.toDateTime()", []),
        ("'10:30'.toTime() = @T10:30", [True]),
        ("@T10:30.toTime() = @T10:30", [True]),
        ("5.toTime()", []),
        ("true.toQuantity() = 1 '1'", [True]),
        ("(5 'mg').toQuantity() = 5 'mg'", [True]),
        ("'5 wk'.toQuantity()", []),
        ("@2026.toQuantity()", []),
        ("(5 'mg').toQuantity('cm')", []),
        ("5.convertsToQuantity() and '5'.convertsToQuantity()", [True]),
        ("(3 days).toString() & ', ' & (1 day).toString()", ["3 days, 1 day"]),
        ("'5'.toInteger()", [5]),
        ("'5.0'.toInteger()", []),
        ("'5.5'.toDecimal()", [D("5.5")]),
        ("'yes'.toBoolean()", [True]),
        ("2.toBoolean()", []),
        ("5.5.toString()", ["5.5"]),
        ("(5 'mg').toString()", ["5 'mg'"]),
        ("'2026-11'.convertsToDate()", [True]),
        ("'soon'.convertsToDateTime()", [False]),
        ("'5 days'.toQuantity() = 5 days", [True]),
        ("'5 \\'g\\''.toQuantity('mg') = 5000 'mg'", [True]),
        ("@2026-11-01T10:00Z.toDate() = @2026-11-01", [True]),
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
