"""A whole chart from one Bundle: what is not in it is not there (rulings 2.11)."""

from __future__ import annotations

from typing import Any

import pytest

from fhirpath_spine.errors import PatientMismatch, RequestError
from fhirpath_spine.exchange.incoming import read_bundle

PATIENT = {"resourceType": "Patient", "id": "p1"}
PAIN = {"resourceType": "Observation", "id": "o1", "subject": {"reference": "Patient/p1"}}


def bundle(*entries: Any, kind: str = "collection") -> dict[str, Any]:
    whole = [e if "resource" in e else {"resource": e} for e in entries]
    return {"resourceType": "Bundle", "type": kind, "entry": whole}


@pytest.mark.parametrize("kind", ["collection", "searchset", "transaction", "batch", "document"])
def test_any_type_of_bundle_is_a_chart(kind: str) -> None:
    found = read_bundle(bundle(PATIENT, PAIN, kind=kind))
    assert found.patient == "p1"
    assert found.reads["patient"].resources == (PATIENT,)


def test_an_absent_type_is_complete_and_empty() -> None:
    found = read_bundle(bundle(PATIENT))
    assert all(read.complete and read.source == "file" for read in found.reads.values())
    assert found.reads["conditions"].resources == ()


def test_observations_stand_under_one_key_and_all_groups_are_complete() -> None:
    reads = read_bundle(bundle(PATIENT, PAIN)).reads
    groups = {key: read for key, read in reads.items() if key.startswith("observations-")}
    assert [read.resources for read in groups.values() if read.resources] == [(PAIN,)]
    assert len(groups) == 7


def test_references_by_urn_become_references_by_type_and_id() -> None:
    condition = {"resourceType": "Condition", "subject": {"reference": "urn:uuid:a"}}
    observation = {
        "resourceType": "Observation",
        "id": "o9",
        "subject": {"reference": "urn:uuid:a"},
        "focus": [{"reference": "urn:uuid:b"}],
    }
    found = read_bundle(
        bundle(
            {"fullUrl": "urn:uuid:a", "resource": PATIENT},
            {"fullUrl": "urn:uuid:b", "resource": condition},
            {"fullUrl": "urn:uuid:c", "resource": observation},
            kind="transaction",
        )
    )
    assert found.aliases == {"urn:uuid:a"}
    assert found.reads["conditions"].resources[0] == {
        "resourceType": "Condition",
        "id": "b",
        "subject": {"reference": "Patient/p1"},
    }
    read = found.reads["observations-neuro"].resources[0]
    assert (read["subject"], read["focus"]) == ({"reference": "Patient/p1"}, [{"reference": "Condition/b"}])


def test_the_base_is_that_of_the_patients_full_url() -> None:
    entry = {"fullUrl": "https://ehr.example/fhir/Patient/p1", "resource": PATIENT}
    assert read_bundle(bundle(entry)).base == "https://ehr.example/fhir"


def test_two_patients_are_an_error_and_the_same_one_twice_is_not() -> None:
    assert read_bundle(bundle(PATIENT, PATIENT)).patient == "p1"
    with pytest.raises(PatientMismatch):
        read_bundle(bundle(PATIENT, {"resourceType": "Patient", "id": "p2"}))


@pytest.mark.parametrize("value", [None, [], {}, PATIENT, {"resourceType": "Bundle", "entry": 1}, bundle(PAIN)])
def test_what_is_no_chart_is_refused(value: object) -> None:
    with pytest.raises(RequestError):
        read_bundle(value)


def failure(**issue: Any) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception", **issue}]}


def test_an_operation_outcome_leaves_all_types_unread_but_the_patient_that_is_there() -> None:
    reads = read_bundle(bundle(PATIENT, PAIN, failure())).reads
    assert {key for key, read in reads.items() if read.complete} == {"patient"}
    assert reads["observations-neuro"].resources == (PAIN,)


def test_an_operation_outcome_that_names_a_type_leaves_that_type_unread() -> None:
    reads = read_bundle(bundle(PATIENT, failure(diagnostics="Search for Procedure failed"))).reads
    assert {key for key, read in reads.items() if not read.complete} == {"procedures"}


def test_a_type_can_be_stated_as_not_read() -> None:
    reads = read_bundle(bundle(PATIENT, PAIN), not_read=["Observation"]).reads
    assert {key for key, read in reads.items() if not read.complete} == {k for k in reads if k.startswith("observ")}
    assert not any(read.resources for key, read in reads.items() if key.startswith("observ"))


def test_odd_entries_are_passed_over() -> None:
    odd = {**bundle(PATIENT), "entry": [{"resource": PATIENT}, None, 1, {}, {"resource": "x"}, {"resource": {}}]}
    assert read_bundle(odd).patient == "p1"


@pytest.mark.parametrize("odd", [{}, {"resourceType": "condition"}, {"resourceType": ["Condition"]}, bundle(PAIN)])
def test_a_resource_that_cannot_be_read_leaves_all_types_unread(odd: dict[str, Any]) -> None:
    reads = read_bundle(bundle(PATIENT, odd)).reads
    assert {key for key, read in reads.items() if read.complete} == {"patient"}
    assert reads["conditions"].detail == "shape"


def test_a_bundle_that_goes_on_elsewhere_is_not_the_whole_chart() -> None:
    cut = {**bundle(PATIENT, PAIN, kind="searchset"), "link": [{"relation": "next", "url": "https://a.example"}]}
    assert read_bundle(cut).reads["conditions"].detail == "next-page"


def test_a_resource_that_nothing_reads_refuses_the_chart_if_it_is_of_another_patient() -> None:
    with pytest.raises(PatientMismatch):
        read_bundle(bundle(PATIENT, {"resourceType": "Encounter", "subject": {"reference": "Patient/p2"}}))
    assert (
        read_bundle(bundle(PATIENT, {"resourceType": "Encounter", "subject": {"reference": "Patient/p1"}})).patient
        == "p1"
    )
