"""What the FHIRPath compiler finds stands where the author wrote it, however the YAML is written."""

from __future__ import annotations

import pytest

A, DATA, PAIN = "alpha/pathway.yaml", "data.yaml", "modules/pain.yaml"

WRONG = {
    "an unknown name": ('"%severe-pain"', '"%sevre-pain"', "¦%sevre-pain", "SP111"),
    "an unknown member": ('"%severe-pain"', '"%night-pain.valeu"', "valeu", "SP106"),
    "an unknown value set": (
        '"%severe-pain"',
        "\"%weakness.code.memberOf('weaknes').some($this)\"",
        "¦'weaknes'",
        "SP113",
    ),
    "no boolean": ('"%severe-pain"', '"%night-pain.date"', "¦%night-pain.date", "SP114"),
    "a syntax error": ('"%severe-pain"', '"%severe-pain and"', '¦"]\n    say', "SP101"),
    "a bare number": ('"%severe-pain"', '"%creatinine.value > 133"', '¦%creatinine.value > 133"', "SP115"),
    "a leaky quantifier": ('"%severe-pain"', "\"%gait.where(value = 'normal').exists()\"", "¦exists()", "SP151"),
    "two codings": ('"%severe-pain"', "\"%weakness.some(code.coding.code = 'x')\"", "code.coding.code", "SP152"),
    "trace": ('"%severe-pain"', "\"%weakness.trace('x').exists()\"", "trace", ""),
    "resolve": ('"%severe-pain"', '"%weakness.encounter.resolve().exists()"', "resolve", ""),
    "repeat": ('"%severe-pain"', '"%weakness.repeat(evidence).exists()"', "repeat", ""),
}


@pytest.mark.parametrize(("old", "new", "at", "code"), WRONG.values(), ids=list(WRONG))
def test_a_finding_stands_at_its_place_in_the_file(profiles, old, new, at, code):
    profiles.edit(PAIN, f"[severe: {old}]", f"[severe: {new}]")

    errors = profiles.examine().errors

    assert errors, "it compiled"
    assert not code or {d.code for d in errors} == {code}
    assert errors[0].span.file.endswith(PAIN)
    assert str(errors[0].span) == profiles.place(PAIN, at)


STYLES = {
    "double quotes": 'when: [severe: "%night-pain.value and %severe-pian"]',
    "single quotes": "when: [severe: '%night-pain.value and %severe-pian']",
    "double quotes with escapes": 'when: [severe: "%drug.some(meaning = \'active\\u0027) and %severe-pian"]',
    "single quotes with doubled ones": "when: [severe: '%drug.some(meaning = ''active'') and %severe-pian']",
    "folded quotes": 'when:\n      - severe: "%night-pain.value and\n          %severe-pian"',
    "a literal block": "when:\n      - severe: |\n          %night-pain.value and\n          %severe-pian",
    "a folded block": "when:\n      - severe: >\n          %night-pain.value and\n          %severe-pian",
}


@pytest.mark.parametrize("written", STYLES.values(), ids=list(STYLES))
def test_however_the_expression_is_written(profiles, written):
    profiles.edit(PAIN, 'when: [severe: "%severe-pain"]', written)

    (error,) = profiles.examine().errors

    assert str(error.span) == profiles.place(PAIN, "¦%severe-pian")
    assert "severe-pain" in error.hint


def test_the_unknown_name_in_a_placeholder_is_found_in_the_sentence(profiles):
    profiles.edit(PAIN, "{pain-severity.date}", "{pain-severty.date}")

    (error,) = profiles.examine().errors

    assert str(error.span) == profiles.place(PAIN, "{¦pain-severty.date}")
    assert "pain-severity" in error.hint


def test_a_name_in_a_text_file_is_found_in_that_file(profiles):
    profiles.edit("alpha/texts/R-ALPHA-01.md", "{lesion.level}", "{lesion.levle}")

    (error,) = profiles.examine().errors

    assert error.span.file.endswith("alpha/texts/R-ALPHA-01.md")
    assert (error.span.line, error.span.column) == (2, 19)


def test_one_broken_definition_is_one_error_whoever_reads_it(profiles):
    profiles.edit(DATA, '"%pain-severity.value >= 7"', '"%pain-severity.value >= "')

    assert len(profiles.examine().errors) == 1


def test_a_definition_of_one_pathway_is_not_seen_by_a_module(profiles):
    profiles.edit(PAIN, '[severe: "%severe-pain"]', '[severe: "%walking"]')

    (error,) = profiles.examine().errors

    assert error.code == "SP302"
    assert "private" in error.message


def test_a_module_entry_that_nobody_uses_is_compiled_all_the_same(profiles):
    profiles.edit(A, 'pain: [R-PAIN-01, {id: R-PAIN-02, when: "%planned"}]', "pain: [R-PAIN-01]")
    profiles.edit(PAIN, '"%night-pain.value", unknown', '"%night-pain.valeu", unknown')

    assert [d.code for d in profiles.examine().errors] == ["SP106"]
