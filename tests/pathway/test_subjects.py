"""Whose resource it is: ours, another's, or not to be told."""

from __future__ import annotations

import pytest

from fhirpath_spine.pathway.facts import Subject, subject_of, whose
from tests.pathway.pathway_kit import chart

BASE = "http://ehr.example.org/fhir"
ALIAS = "urn:uuid:5a7b9f10-0000-4000-8000-000000000001"
CHART = chart(aliases=[ALIAS], base=BASE)


@pytest.mark.parametrize(
    ("reference", "subject"),
    [
        ("Patient/p1", Subject.OURS),
        ("Patient/p1/_history/3", Subject.OURS),
        (f"{BASE}/Patient/p1", Subject.OURS),
        (ALIAS, Subject.OURS),
        ("Patient/p2", Subject.ANOTHER),
        ("Patient/P1", Subject.ANOTHER),
        (f"{BASE}/Patient/p2", Subject.ANOTHER),
        ("http://other.example.org/fhir/Patient/p2", Subject.ANOTHER),
        ("urn:uuid:5a7b9f10-0000-4000-8000-000000000002", Subject.ANOTHER),
        ("http://other.example.org/fhir/Patient/p1", Subject.ELSEWHERE),
        ("HTTP://EHR.example.org:80/fhir/Patient/p1", Subject.OURS),
        ("http://ehr.example.org:8080/fhir/Patient/p1", Subject.ELSEWHERE),
        ("http://ehr.example.org/FHIR/Patient/p1", Subject.ELSEWHERE),
        ("Group/p1", Subject.UNUSABLE),
        ("#p1", Subject.UNUSABLE),
        ("p1", Subject.UNUSABLE),
        ("Patient/p1?x=1", Subject.UNUSABLE),
        ("", Subject.UNUSABLE),
        (None, Subject.UNUSABLE),
        (7, Subject.UNUSABLE),
    ],
)
def test_a_reference_is_ours_anothers_or_not_to_be_told(reference: object, subject: Subject) -> None:
    assert whose(reference, CHART) is subject


def test_without_a_known_server_an_absolute_reference_to_our_id_is_ours() -> None:
    assert whose("http://other.example.org/fhir/Patient/p1", chart()) is Subject.OURS


def test_the_slash_at_the_end_of_a_server_does_not_matter() -> None:
    assert whose(f"{BASE}/Patient/p1", chart(base=f"{BASE}/")) is Subject.OURS


@pytest.mark.parametrize(
    ("resource", "subject"),
    [
        ({"subject": {"reference": "Patient/p1"}}, Subject.OURS),
        ({"patient": {"reference": "Patient/p1"}}, Subject.OURS),
        ({"subject": {"reference": "Patient/p2"}, "patient": {"reference": "Patient/p1"}}, Subject.ANOTHER),
        ({"subject": {"display": "someone"}}, Subject.UNUSABLE),
        ({"subject": "Patient/p1"}, Subject.UNUSABLE),
        ({}, Subject.UNUSABLE),
    ],
)
def test_the_person_is_found_under_subject_else_patient(resource: dict[str, object], subject: Subject) -> None:
    assert subject_of(resource, CHART) is subject


OURS, ANOTHERS = {"reference": "Patient/p1"}, {"reference": "Patient/p2"}


def test_subject_and_patient_have_to_agree() -> None:
    assert subject_of({"subject": OURS, "patient": ANOTHERS}, CHART) is Subject.ANOTHER
    assert subject_of({"subject": OURS, "patient": {"display": "someone"}}, CHART) is Subject.UNUSABLE
    assert subject_of({"subject": OURS, "patient": OURS}, CHART) is Subject.OURS


@pytest.mark.parametrize(
    "reference", ["Patient/p2", "RelatedPerson/father", f"{BASE}/Patient/p2", "http://other.example.org/Patient/p1"]
)
def test_what_is_about_another_person_in_the_patients_chart_is_not_used(reference: str) -> None:
    assert subject_of({"subject": OURS, "focus": [OURS, {"reference": reference}]}, CHART) is Subject.UNUSABLE


@pytest.mark.parametrize("focus", [[OURS], [{"reference": "Condition/c1"}], OURS, [], None, "x", [{"display": "x"}]])
def test_a_focus_on_a_lesion_or_on_the_patient_takes_nothing_away(focus: object) -> None:
    assert subject_of({"subject": OURS, "focus": focus}, CHART) is Subject.OURS
