"""Which needs a coding answers: the index says what a scan over all value sets would say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.pathway import facts
from fhirpath_spine.pathway.facts import Coding, Matcher, known
from tests.pathway.pathway_kit import concept, shipped

MATCHER = Matcher(shipped().needs)
CODES = sorted({m for s in shipped().value_sets.values() for m in s.members})
KINDS = ("Condition", "Observation", "Procedure", "DiagnosticReport", "MedicationRequest", "AllergyIntolerance")


def _codings(*value_sets: str) -> list[Coding]:
    return list(facts.codings(concept(*value_sets)))


@given(st.sampled_from(KINDS), st.lists(st.sampled_from(CODES), max_size=3))
def test_the_index_finds_what_a_scan_would_find(kind: str, codings: list[Coding]) -> None:
    scanned = {
        n.name
        for n in shipped().needs.values()
        if kind in n.resources and not n.doubt and (n.codes is None or known(n.codes, codings))
    }
    found = MATCHER.needs(kind, codings)
    assert set(found) == scanned
    assert len(found) == len(set(found))
    assert MATCHER.needs(kind, codings) == found


def test_a_code_of_another_type_of_resource_answers_nothing() -> None:
    assert "diabetes" in MATCHER.needs("Condition", _codings("diabetes"))
    assert MATCHER.needs("Observation", _codings("diabetes")) == ()


def test_a_need_without_codes_takes_every_resource_of_its_type() -> None:
    assert "allergies" in MATCHER.needs("AllergyIntolerance", [])


def test_a_code_below_a_prefix_is_known_without_its_dot_too() -> None:
    system = "http://hl7.org/fhir/sid/icd-10-cm"
    infection = shipped().value_sets["spinal-infection"]
    told = ("M46.2", "M46.24", "M4624", "m46.24", "M46", "M47.2")
    assert [known(infection, [(system, code)]) for code in told] == [True, True, True, True, False, False]


@pytest.mark.parametrize(("system", "readable"), [("http://snomed.info/sct", True), ("urn:nobody", False)])
def test_a_system_is_readable_if_some_need_reads_it(system: str, readable: bool) -> None:
    assert MATCHER.readable([(system, "0")]) is readable


def test_without_a_value_set_nothing_is_known() -> None:
    assert known(None, _codings("diabetes")) is False
