"""Mistakes that an author makes, each told at its place with what to do: leaks, limits, holds, forgotten signs, layout."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fhirpath_spine.diagnostics import Diagnostic
from fhirpath_spine.fhirpath import EvaluationError, Scope
from fhirpath_spine.fhirpath import compile as compile_fhirpath
from tests.authoring.conftest import ProfileSet

DATA, PAIN, POLICY, A = "data.yaml", "modules/pain.yaml", "policy.yaml", "alpha/pathway.yaml"
SEVERE = '"%pain-severity.value >= 7"'


def found(profiles: ProfileSet, code: str) -> list[Diagnostic]:
    return [d for d in profiles.found() if d.code == code]


LEAKS = {
    "iif": "iif(%pain-severity.value >= 7, true, false)",
    "equivalence": "%pain-severity.value ~ 7",
    "no equivalence": "%pain-severity.value !~ 7",
    "a union with a constant": "(%night-pain.value | false).first()",
    "parentheses": "(%pain-severity.value >= 7).exists()",
    "combine": "%night-pain.value.combine(false).first()",
    "union as a function": "%night-pain.value.union(false).first()",
    "a subset of nothing": "%night-pain.value.subsetOf(true)",
    "parentheses in a negation": "(%pain-severity.value >= 7).empty().not()",
    "through a definition": "iif(%walking-badly, true, false)",
}


@pytest.mark.parametrize("test", LEAKS.values(), ids=list(LEAKS))
def test_an_idiom_that_turns_unknown_into_an_answer_is_refused_in_its_line(profiles: ProfileSet, test: str) -> None:
    profiles.edit(DATA, "define:\n", "define:\n  walking-badly: \"%gait.some(value = 'abnormal')\"\n")
    profiles.edit(DATA, SEVERE, f'"{test}"')
    (leak,) = found(profiles, "SP343")
    assert "what is not recorded becomes a plain answer" in leak.message
    assert "recorded()" in leak.hint
    assert profiles.text(DATA).splitlines()[leak.span.line - 1].lstrip().startswith("severe-pain")


@pytest.mark.parametrize("asked", ["exists", "empty", "count", "hasValue"])
@pytest.mark.parametrize("of", ["%night-pain", "%night-pain.value"])
def test_of_a_yes_or_no_it_is_told_what_existence_does_not_tell(profiles: ProfileSet, asked: str, of: str) -> None:
    compared = " > 0" if asked == "count" else ""
    profiles.edit(DATA, SEVERE, f'"{of}.{asked}(){compared}"')
    (one,) = found(profiles, "SP358")
    assert one.message == f"%night-pain is yes or no, and {asked}() does not tell which."
    assert "%night-pain.value for the answer, %night-pain.recorded() for whether" in one.hint


@pytest.mark.parametrize("test", ["%gait.exists()", "%pain-severity.value.exists()", "%night-pain.exists(value)"])
def test_of_any_other_datum_existence_is_a_question_of_its_own(profiles: ProfileSet, test: str) -> None:
    profiles.edit(DATA, SEVERE, f'"{test}"')
    assert found(profiles, "SP358") == []


@pytest.mark.parametrize(
    "test",
    [
        "iif(%pain-severity.recorded() and %pain-severity.value >= 7, true, false)",
        "iif(%pain-severity.exists(), %pain-severity.value >= 7, false)",
        "iif(%pain-severity.value >= 7, true, {})",
        "%pain-severity.exists() and %pain-severity.value ~ 7",
        "%pain-severity.value in (7 | 8 | 9)",
        "%gait.some(value = 'normal' or value = 'abnormal')",
        "%night-pain.recorded()",
        "iif(%motor.new, true, false)",
        "iif(%state = 'WORKUP', true, false)",
    ],
)
def test_what_is_guarded_or_stays_unknown_is_no_leak(profiles: ProfileSet, test: str) -> None:
    profiles.edit(DATA, SEVERE, f'"{test}"')
    assert profiles.found() == [], test


@pytest.mark.parametrize(
    ("test", "says"),
    [
        ("%pain-severity.value > 7 and %pain-severity.value < 5", "nothing is > 7 and < 5"),
        ("%pain-severity.value >= 7 and %pain-severity.value < 7", "nothing is >= 7 and < 7"),
        ("%pain-severity.value = 7 and %pain-severity.value = 8", "nothing is = 7 and = 8"),
        ("%pain-severity.value = 3 and 5 <= %pain-severity.value", "nothing is = 3 and >= 5"),
        ("%pain-severity.value > 10", "no value is > 10: plausible values are 0 to 10"),
        ("%pain-severity.some(value >= 11)", "no value is >= 11"),
        ("%pain-severity.value <= 10", "every value is <= 10"),
        ("%pain-severity.value = 12", "no value is = 12"),
    ],
)
def test_a_limit_that_nothing_or_everything_meets_is_refused(profiles: ProfileSet, test: str, says: str) -> None:
    profiles.edit(DATA, SEVERE, f'"{test}"')
    told = found(profiles, "SP347")
    assert told
    assert says.lower() in told[0].message.lower()


@pytest.mark.parametrize(
    "test",
    [
        "%pain-severity.value > 5 and %pain-severity.value < 7",
        "%pain-severity.value < 3 or %pain-severity.value > 7",
        "%pain-severity.value = 10",
        "%pain-severity.value >= 7 and %pain-severity.value <= 7",
    ],
)
def test_an_interval_that_some_value_meets_is_fine(profiles: ProfileSet, test: str) -> None:
    profiles.edit(DATA, SEVERE, f'"{test}"')
    assert profiles.found() == []


@pytest.mark.parametrize("limit", ["7 'g'", "7 'g/dL'", "7 'mmol/L'"])
def test_a_limit_of_another_dimension_is_named_at_the_limit(profiles: ProfileSet, limit: str) -> None:
    profiles.edit(DATA, SEVERE, f'"%creatinine.value < {limit}"')
    told = [d for d in profiles.found() if d.code == "SP351"]
    assert len(told) == (limit != "7 'mmol/L'")
    assert all(str(d.span) == profiles.place(DATA, f"< ¦{limit}") for d in told)


@pytest.mark.parametrize(
    ("test", "place"),
    [
        ("%imaging.some(date >= today() - 3 'mm')", "- ¦3 'mm'"),
        ("%imaging.some(date + %creatinine.value > today())", "+ ¦%creatinine.value >"),
        ("%imaging.some(date >= today() - (3 days + 1 'mm'))", "days + ¦1 'mm'"),
        ("%creatinine.some(date + value > today())", "date + ¦value > today"),
        ("today() - %creatinine.first().value > @2026-01-01", "today() - ¦%creatinine.first()"),
        ("today() - %creatinine.where(value > 90 'umol/L').value.max() > @2026-01-01", "today() - ¦%creatinine.where"),
        ("%imaging.some(date >= today() - %span)", "today() - ¦%span"),
        ("%imaging.date.max() + iif(%gait.value = 'normal', 3 days, 2 'kg') > today()", "3 days, ¦2 'kg'"),
    ],
)
def test_what_a_date_is_moved_by_is_a_length_of_time(profiles: ProfileSet, test: str, place: str) -> None:
    profiles.edit(DATA, SEVERE, f'"{test}"')
    profiles.edit(DATA, "  bad-night:", "  span: \"3 'mg'\"\n  bad-night:")
    (told,) = (d for d in profiles.found() if d.code == "SP351")
    assert (told.severity.value, str(told.span)) == ("error", profiles.place(DATA, place))


def test_a_limit_that_no_date_can_be_moved_by_is_told(profiles: ProfileSet) -> None:
    limits = "limits:\n  growth: {value: 3, unit: mm, source: DEFAULT, approver: null}\n"
    profiles.edit(DATA, "needs:\n  patient", f"{limits}needs:\n  patient")
    profiles.edit(DATA, SEVERE, '"%imaging.some(date >= today() - %limit.growth)"')
    (told,) = (d for d in profiles.found() if d.severity.value == "error")
    assert (told.code, str(told.span)) == ("SP351", profiles.place(DATA, "unit: ¦mm"))
    assert profiles.place(DATA, "- ¦%limit.growth").rpartition(":")[0] in told.hint


@pytest.mark.parametrize(
    "unit",
    ["days", "'d'", "weeks", "'wk'", "months", "'mo'", "years", "'a'", "hours", "'h'", "'mm'", "'1'", "'%'", "'ug'"],
)
def test_what_lint_lets_pass_can_be_evaluated(profiles: ProfileSet, unit: str) -> None:
    moved = f"today() - 3 {unit}"
    profiles.edit(DATA, SEVERE, f'"%imaging.some(date >= {moved})"')
    refused = any(d.code == "SP351" for d in profiles.found())
    try:
        compile_fhirpath(moved, variables={}).evaluate([], Scope({}, at=datetime(2026, 6, 15, tzinfo=UTC)))
    except EvaluationError:
        assert refused
    else:
        assert not refused


def test_a_number_of_a_sentence_that_equals_a_limit_is_named_at_the_number(profiles: ProfileSet) -> None:
    profiles.edit(PAIN, '[severe: "%severe-pain"]', '[severe: {test: "%severe-pain", say: "Severity of 7 or more"}]')
    (told,) = profiles.found()
    assert (told.code, told.severity.value) == ("SP345", "error")
    assert str(told.span) == profiles.place(PAIN, "Severity of ¦7 or more")


def test_a_raised_limit_that_leaves_the_old_number_in_the_sentence_is_refused(profiles: ProfileSet) -> None:
    profiles.edit(PAIN, '[severe: "%severe-pain"]', '[severe: {test: "%severe-pain", say: "Severity of 7 or more"}]')
    profiles.edit(DATA, SEVERE, '"%pain-severity.value >= 8"')
    (told,) = profiles.found()
    assert told.code == "SP346"
    assert told.hint == "Its numbers are 8."


def test_an_entry_that_a_hold_of_its_kind_does_not_reach_is_refused_until_it_is_excepted(profiles: ProfileSet) -> None:
    one = profiles.text(A).partition("  - id: R-ALPHA-03")[2]
    rest = one.replace("    suppressed: disputed\n", '    alternatives: ["Watching."]\n')
    more = "".join(f"  - id: R-ALPHA-0{n}{rest}" for n in (4, 5, 6))
    profiles.write(A, profiles.text(A) + more)
    profiles.edit(POLICY, "    caution: R-ALPHA-01\n", "    caution: [R-ALPHA-01, R-ALPHA-04, R-ALPHA-05]\n")
    (told,) = profiles.found()
    assert told.code == "SP344"
    assert "CANCER reaches 2 of 3 of kind:radiotherapy and not R-ALPHA-06" in told.message
    profiles.edit(POLICY, '    say: "Own cancer"', '    except: R-ALPHA-06\n    say: "Own cancer"')
    assert profiles.found() == []


def test_a_combination_holds_what_it_combines_and_is_held_like_it(profiles: ProfileSet) -> None:
    one = profiles.text(A).partition("  - id: R-ALPHA-03")[2]
    rest = one.replace("    suppressed: disputed\n", '    alternatives: ["Watching."]\n')
    both = rest.replace("    kind: radiotherapy\n", "    kind: combination\n")
    more = "".join(f"  - id: R-ALPHA-0{n}{text}" for n, text in ((4, rest), (5, rest), (6, both)))
    profiles.write(A, profiles.text(A) + more)
    profiles.edit(POLICY, "    caution: R-ALPHA-01\n", "    caution: [R-ALPHA-01, R-ALPHA-04, R-ALPHA-05]\n")
    (told,) = profiles.found()
    assert told.code == "SP344"
    assert "CANCER reaches 2 of 3 of kind:radiotherapy and not R-ALPHA-06" in told.message


def test_where_a_hold_selects_by_tag_the_tag_is_named(profiles: ProfileSet) -> None:
    one = profiles.text(A).partition("  - id: R-ALPHA-03")[2]
    rest = one.replace("    suppressed: disputed\n", '    alternatives: ["Watching."]\n')
    tagged = rest.replace("    kind: radiotherapy\n", "    kind: radiotherapy\n    tags: harmful\n")
    more = "".join(f"  - id: R-ALPHA-0{n}{text}" for n, text in ((4, tagged), (5, tagged), (6, rest)))
    profiles.write(A, profiles.text(A) + more)
    profiles.edit(POLICY, "    caution: R-ALPHA-01\n", "    caution: [R-ALPHA-01, tag:harmful]\n")
    assert [d.hint for d in found(profiles, "SP344")] == [
        "Tag it harmful, add it, or name it in CANCER under except: in policy.yaml."
    ]
    profiles.write(A, profiles.text(A).removesuffix(rest) + tagged)
    assert profiles.found() == []


def test_what_a_hold_spares_is_taken_from_its_kind(profiles: ProfileSet) -> None:
    profiles.edit(POLICY, "    caution: R-ALPHA-01\n", "    caution: R-ALPHA-*\n    except: R-ALPHA-02\n")
    hold = next(h for h in profiles.library().policy.holds if h.id == "CANCER")
    assert hold.caution[0].ids == {"R-ALPHA-01", "R-ALPHA-03"}


@pytest.mark.parametrize(
    ("test", "meant"),
    [
        ("pain-severity.value >= 7", "%pain-severity"),
        ("%night-pain.value and pain-severity.value >= 7", "%pain-severity"),
    ],
)
def test_a_forgotten_sign_is_told(profiles: ProfileSet, test: str, meant: str) -> None:
    profiles.edit(DATA, SEVERE, f'"{test}"')
    assert f"Did you mean {meant}?" in {d.hint for d in profiles.found()}


def test_a_forgotten_sign_of_a_definition_is_told(profiles: ProfileSet) -> None:
    profiles.edit(PAIN, '[severe: "%severe-pain"]', '[severe: "severe-pain"]')
    assert "Did you mean %severe-pain?" in {d.hint for d in profiles.found()}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("title: Pain\n", "title: Pain: a plan\n", "needs quotes"),
        ("    kind: advice\n", "      kind: advice\n", "indentation does not fit: this line begins at column 7"),
        ("    scope: patient\n", "   scope: patient\n", "indentation does not fit: this line begins at column 4"),
        ("    scope: patient\n", "\tscope: patient\n", "Indent with spaces"),
        ("title: Pain\n", "title: %pain\n", "An expression without quotes begins with %. Put it in double quotes."),
        ("title: Pain\n", "title: {a: Pain: all, b: c}\n", "write it in double quotes"),
        ("title: Pain\n", "title: “Pain\n", "Curly quotes are signs like any other"),
        ("title: Pain\n", "title: 'Pain\n", "The quote that opens here is closed in line "),
    ],
)
def test_layout_is_told_as_what_it_is(profiles: ProfileSet, old: str, new: str, says: str) -> None:
    profiles.edit(PAIN, old, new)
    assert any(says in f"{d.message} {d.hint}" for d in found(profiles, "SP202")), profiles.found()


def test_an_open_quote_is_told_where_it_opens(profiles: ProfileSet) -> None:
    profiles.edit(PAIN, "title: Pain\n", 'title: "Pain\n')
    (told,) = found(profiles, "SP202")
    assert str(told.span) == profiles.place(PAIN, 'title: ¦"Pain')


@pytest.mark.parametrize("compared", [">= 7", "= 7"])
def test_who_compares_an_entry_is_asked_whether_its_value_was_meant(profiles: ProfileSet, compared: str) -> None:
    profiles.edit(DATA, "%pain-severity.value >= 7", f"%pain-severity {compared}")
    assert [d.hint for d in found(profiles, "SP116")] == ["Did you mean %pain-severity.value?"]


def test_who_asks_an_entry_as_a_question_is_asked_whether_its_value_was_meant(profiles: ProfileSet) -> None:
    profiles.edit(DATA, "%night-pain.value and %severe-pain", "%night-pain and %severe-pain")
    hints = [d.hint for d in found(profiles, "SP114")]
    assert hints == ["Did you mean %night-pain.value? Compare it, or ask exists()."]


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [("verhoeff", "22325002", "22325003"), ("verhoeff", "161891005", "161981005"), ("modulo-10", "72514-3", "72514-4")],
)
def test_a_code_with_a_wrong_check_digit_is_refused_at_the_code(
    profiles: ProfileSet, check: str, good: str, bad: str
) -> None:
    systems, table = "terminology/systems.yaml", "terminology/local.csv"
    profiles.edit(systems, "  uri: urn:example:local\n", f"  uri: urn:example:local\n  check: {check}\n")
    rows = profiles.text(table).splitlines()
    profiles.write(table, "\n".join([rows[0], f"drug,{good},Any drug,exact,", f"drug,{bad},Any drug,exact,"]) + "\n")
    told = found(profiles, "SP348")
    assert [str(d.span) for d in told] == [profiles.place(table, f"drug,¦{bad}")]
