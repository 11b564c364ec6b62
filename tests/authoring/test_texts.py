"""Sentences with placeholders: what is fixed, what is read, in which unit, and what braces mean."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fhirpath_spine.authoring.profile import UnbalancedBraceError, split
from fhirpath_spine.pathway.sentences import Slot

PAIN = "modules/pain.yaml"


def parts(text: str) -> list[tuple[str, bool]]:
    return [(p.text, p.slot) for p in split(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", [("plain", False)]),
        ("a {b} c", [("a ", False), ("b", True), (" c", False)]),
        ("{a}{b}", [("a", True), ("b", True)]),
        ("{{a}} {b}", [("{a} ", False), ("b", True)]),
        ("{iif(a, {}, b)}", [("iif(a, {}, b)", True)]),
        ("{a.where(b = '}')}", [("a.where(b = '}')", True)]),
        ("", []),
    ],
)
def test_a_sentence_is_split_at_its_placeholders(text, expected):
    assert parts(text) == expected


@pytest.mark.parametrize(("text", "offset"), [("a } b", 2), ("a {b", 2), ("{a} {b {c}", 4), ("{a 'b}", 0)])
def test_a_brace_that_opens_or_closes_nothing_is_found(text, offset):
    with pytest.raises(UnbalancedBraceError) as caught:
        list(split(text))

    assert caught.value.offset == offset


def slots(profiles, sentence: str) -> list[Slot]:
    profiles.edit(PAIN, 'say: ["Severity {pain-severity.value} on {pain-severity.date}."]', f'say: ["{sentence}"]')
    library = profiles.library()
    pain = next(u.recommendation for u in library.pathway("PW-ALPHA").uses if u.recommendation.id == "R-PAIN-01")
    return [p for p in pain.lines[0].say.parts if isinstance(p, Slot)]


def test_a_placeholder_reads_an_expression_without_the_first_sign(profiles):
    (slot,) = slots(profiles, "{creatinine.value}")

    assert slot.expression.variables == {"creatinine"}
    assert (slot.source, slot.unit, slot.rejected) == ("creatinine.value", "", "")


def test_a_placeholder_may_ask_for_another_unit_of_the_need(profiles):
    (slot,) = slots(profiles, "{creatinine.value in mg/dL}")

    assert (slot.unit, slot.factor) == ("mg/dL", Decimal("88.42"))


def test_in_stays_an_operator_where_nothing_has_a_unit(profiles):
    (slot,) = slots(profiles, "{('T1') in %lesions.level}")

    assert slot.unit == ""
    assert slot.expression.variables == {"lesions"}


def test_a_placeholder_may_name_what_was_rejected(profiles):
    (slot,) = slots(profiles, "{creatinine.rejected}")

    assert (slot.expression, slot.rejected) == (None, "creatinine")


@pytest.mark.parametrize(
    "sentence", ["{}", "{ }", "{lesion.level}", "{creatinine.value in}", "{%}", "{walking}", "{advised.rejected}"]
)
def test_what_can_have_no_value_is_refused(profiles, sentence):
    profiles.edit(PAIN, "Severity {pain-severity.value}", f"Severity {sentence}")

    assert profiles.examine().library is None
