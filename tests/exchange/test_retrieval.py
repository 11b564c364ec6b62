"""Each prefetch key by itself: present, empty, failed, cut, or open. Never is a missing key an empty one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.errors import BodyTooLarge, PatientMismatch
from fhirpath_spine.exchange.incoming import read_prefetch
from fhirpath_spine.pathway.facts import Read
from fhirpath_spine.pathway.truth import Reason

TEMPLATES = {"patient": "Patient/x", "conditions": "Condition?x", "medicationRequests": "MedicationRequest?x"}


def resource(kind: str = "Condition", id_: str = "c1", patient: str = "p1") -> dict[str, Any]:
    return {"resourceType": kind, "id": id_, "subject": {"reference": f"Patient/{patient}"}}


def outcome(severity: str) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "exception"}]}


def bundle(*resources: Any, **changes: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources], **changes}


def read(value: Any, key: str = "conditions") -> Read:
    return read_prefetch({key: value}, TEMPLATES, "p1").reads[key]


def test_an_absent_key_is_open_and_keeps_its_query() -> None:
    found = read_prefetch({}, TEMPLATES, "p1")
    assert found.reads == {}
    assert found.open["conditions"].query == "Condition?x"


@pytest.mark.parametrize("value", [None, bundle(), bundle(total=0, entry=[]), {"resourceType": "Bundle", "total": 0}])
def test_null_and_an_empty_bundle_are_complete_and_empty(value: Any) -> None:
    assert read(value) == Read()


@pytest.mark.parametrize("kind", ["searchset", "collection", None])
def test_a_bundle_of_any_type_is_read(kind: str | None) -> None:
    found = read(bundle(resource(), resource(id_="c2"), type=kind))
    assert [r["id"] for r in found.resources] == ["c1", "c2"]
    assert found.complete


def test_a_bare_resource_is_one_hit() -> None:
    assert read(resource()) == Read((resource(),))


@pytest.mark.parametrize("severity", ["error", "fatal", "warning"])
def test_an_operation_outcome_as_value_is_a_failure_and_not_asked_again(severity: str) -> None:
    found = read_prefetch({"conditions": outcome(severity)}, TEMPLATES, "p1")
    assert found.reads["conditions"] == Read((), complete=False, reason=Reason.UNREAD, detail="outcome")
    assert "conditions" not in found.open


def test_an_operation_outcome_among_the_entries_is_a_failure_if_it_says_error() -> None:
    assert not read(bundle(resource(), outcome("error"))).complete
    assert read(bundle(resource(), outcome("warning"))) == Read((resource(),))


def test_a_next_link_leaves_the_key_open_with_what_was_sent() -> None:
    found = read_prefetch(
        {"conditions": bundle(resource(), link=[{"relation": "next", "url": "https://ehr.example/2"}])}, TEMPLATES, "p1"
    )
    item = found.open["conditions"]
    assert item.next == "https://ehr.example/2"
    assert item.partial is not None
    assert (item.partial.complete, item.partial.detail, len(item.partial.resources)) == (False, "next-page", 1)


def test_fewer_entries_than_the_total_is_incomplete() -> None:
    assert read(bundle(resource(), total=2)).detail == "total"
    assert read(bundle(resource(), total=1)).complete


@pytest.mark.parametrize(
    "value", ["x", 1, True, [], {}, {"response": {}, "resource": {}}, bundle(entry="x"), resource("Goal")]
)
def test_what_is_no_fhir_of_that_type_is_not_an_empty_answer(value: Any) -> None:
    assert read(value).detail == "shape"


def test_entries_of_other_types_are_counted_and_not_used() -> None:
    found = read_prefetch({"conditions": bundle(resource(), resource("Goal"))}, TEMPLATES, "p1")
    assert found.ignored == 1
    assert found.reads["conditions"] == Read((resource(),))


@pytest.mark.parametrize(
    "entry",
    [
        {},
        7,
        None,
        {"fullUrl": "https://ehr.example.org/Condition/1"},
        resource(),
        {"resource": "text"},
        {"resource": {**resource(), "resourceType": "condition"}},
        {"resource": {k: v for k, v in resource().items() if k != "resourceType"}},
        {"resource": bundle(resource())},
    ],
)
def test_an_entry_that_holds_something_unreadable_is_not_an_empty_answer(entry: Any) -> None:
    found = read(bundle(entry=[{"resource": resource()}, entry]))
    assert (found.complete, found.detail, found.resources) == (False, "shape", (resource(),))


@pytest.mark.parametrize("odd", [{"link": {"relation": "next", "url": "x"}}, {"total": "7"}, {"total": 7.0}])
def test_paging_that_cannot_be_read_is_not_the_last_page(odd: dict[str, Any]) -> None:
    assert read(bundle(**odd)).detail == "shape"


def test_an_included_patient_who_is_another_refuses_the_call() -> None:
    with pytest.raises(PatientMismatch):
        read(bundle(resource(), {"resourceType": "Patient", "id": "p2"}))


def test_a_medication_rides_with_the_request_that_names_it() -> None:
    found = read(bundle(resource("MedicationRequest"), {"resourceType": "Medication", "id": "m"}), "medicationRequests")
    assert [r["resourceType"] for r in found.resources] == ["MedicationRequest", "Medication"]


def test_an_ignored_resource_of_another_patient_still_refuses_the_call() -> None:
    with pytest.raises(PatientMismatch):
        read(bundle(resource("Goal", patient="p2")))


def test_unknown_keys_are_not_looked_at() -> None:
    found = read_prefetch({"item1": bundle(resource("Goal", patient="p2"))}, TEMPLATES, "p1")
    assert (found.reads, found.ignored) == ({}, 0)


def test_more_resources_than_the_limit_are_refused() -> None:
    value = bundle(*(resource(id_=str(n)) for n in range(4)))
    with pytest.raises(BodyTooLarge):
        read_prefetch({"conditions": value}, TEMPLATES, "p1", limit=3)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["Bundle", "Condition", "OperationOutcome", "next"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["resourceType", "entry", "resource", "link", "relation", "url", "issue", "severity", "total"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(JSON)
def test_any_value_gives_a_read_or_leaves_the_key_open(value: Any) -> None:
    found = read_prefetch({"conditions": value}, TEMPLATES, "p1")
    assert ("conditions" in found.reads) != ("conditions" in found.open)


@given(JSON)
def test_only_null_a_bundle_or_a_resource_can_be_complete(value: Any) -> None:
    found = read_prefetch({"conditions": value}, TEMPLATES, "p1").reads.get("conditions")
    if found is not None and found.complete and value is not None:
        assert value["resourceType"] in ("Bundle", "Condition")
