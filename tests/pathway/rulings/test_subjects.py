"""Whose a resource is (rulings 2.3): another patient's refuses the call; one that does not say is not used, and named."""

from __future__ import annotations

from typing import Any

import pytest

from fhirpath_spine.errors import PatientMismatch
from tests.pathway.rulings.small_world import PATIENT, ask, observation, order


def said_of(reference: Any, **parts: Any) -> dict[str, Any]:
    return observation("pain", 7, subject=reference, **parts)


@pytest.mark.parametrize(
    "reference",
    ["Patient/p", "Patient/p/_history/3", "https://ehr.example.org/fhir/Patient/p", "urn:uuid:the-same"],
)
def test_a_reference_to_the_patient_is_ours(reference: str) -> None:
    given = {"base": "https://ehr.example.org/fhir/", "aliases": frozenset({"urn:uuid:the-same"})}
    assert ask("%pain.value = 7", said_of({"reference": reference}), **given).truth is True


@pytest.mark.parametrize(
    "reference",
    ["Patient/q", "Patient/q/_history/1", "https://other.example.org/fhir/Patient/q", "urn:uuid:another"],
)
@pytest.mark.parametrize("code", ["pain", "unrelated"])
def test_a_resource_of_another_patient_refuses_the_whole_call(reference: str, code: str) -> None:
    with pytest.raises(PatientMismatch):
        ask("%pain.exists()", observation(code, 7, subject={"reference": reference}))


def test_so_does_a_draft_order_of_another_patient() -> None:
    with pytest.raises(PatientMismatch):
        ask("%pain.exists()", drafts=(order(subject={"reference": "Patient/q"}),))


def test_so_does_a_patient_who_is_not_the_one_of_the_context() -> None:
    with pytest.raises(PatientMismatch):
        ask("%pain.exists()", patient={**PATIENT, "id": "q"})


def test_the_refusal_names_no_one() -> None:
    with pytest.raises(PatientMismatch) as refused:
        ask("%pain.exists()", said_of({"reference": "Patient/someone-4711"}))
    assert "4711" not in str(refused.value)


UNUSABLE = [
    None,
    {"reference": "#contained"},
    {"identifier": {"value": "4711"}},
    {"reference": "Group/g"},
    {"reference": ""},
    {"display": "the patient"},
]


@pytest.mark.parametrize("reference", UNUSABLE)
def test_a_subject_that_cannot_be_used_is_named_and_leaves_the_need_unread(reference: Any) -> None:
    found = ask("%pain.value = 7", said_of(reference), base="https://ehr.example.org/fhir")
    assert found.truth is None
    assert found.rejected == {"Observation/pain-1": "no-subject"}
    assert found.reasons == {"unread"}


def test_the_same_id_on_another_server_may_be_another_person() -> None:
    theirs = {"reference": "https://other.example.org/fhir/Patient/p"}
    found = ask("%pain.value = 7", said_of(theirs), base="https://ehr.example.org/fhir")
    assert (found.truth, found.rejected, found.reasons) == (None, {"Observation/pain-1": "other-server"}, {"unread"})


def test_it_leaves_only_the_needs_that_its_codes_match_unread() -> None:
    assert ask("%night.exists()", said_of(None)).truth is False


def test_beside_a_good_value_an_unusable_one_leaves_the_newest_in_doubt() -> None:
    good = observation("pain", 7)
    found = ask("%pain.value = 7", good, said_of(None, id="pain-2"))
    assert found.truth is None
    assert ask("%pain.exists()", good, said_of(None, id="pain-2")).truth is True
