"""Of versions of one id the newest counts, contained data are read with whom they are about, a modifier keeps all of it away."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.errors import PatientMismatch
from fhirpath_spine.pathway.facts import newest
from fhirpath_spine.pathway.truth import Reason
from tests.pathway.pathway_kit import METASTASIS, Json, chart, facts, intake, observation, order, patient


def version(word: str, **meta: str) -> Json:
    return {"resourceType": "Condition", "id": "a", "note": word, "meta": meta}


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"lastUpdated": "2026-06-15T10:00:00+02:00"}, {"lastUpdated": "2026-06-15T09:00:00Z"}),
        ({"lastUpdated": "2026-06-14"}, {"lastUpdated": "2026-06-15T09:00:00Z"}),
        ({"versionId": "9"}, {"versionId": "10"}),
        (
            {"versionId": "9", "lastUpdated": "2026-06-15T09:00:00Z"},
            {"versionId": "1", "lastUpdated": "2026-06-16T09:00:00Z"},
        ),
        (
            {"versionId": "1", "lastUpdated": "2026-06-15T09:00:00Z"},
            {"versionId": "2", "lastUpdated": "2026-06-15T11:00:00+02:00"},
        ),
    ],
)
def test_the_newest_is_told_by_its_instant_and_then_by_its_number(older: Json, newer: Json) -> None:
    told = [version("old", **older), version("new", **newer)]
    for copies in (told, told[::-1]):
        found = newest(copies)
        assert found is not None
        assert found["note"] == "new"


@pytest.mark.parametrize(
    "metas",
    [
        ({}, {}),
        ({"versionId": "a"}, {"versionId": "b"}),
        ({"lastUpdated": "2026-06-15T09:00:00Z"}, {}),
        ({"lastUpdated": "yesterday"}, {"lastUpdated": "today"}),
        ({"lastUpdated": "2026-06-15T09:00:00Z"}, {"lastUpdated": "2026-06-15T09:00:00Z"}),
    ],
)
def test_where_nothing_tells_none_counts_unless_both_say_the_same(metas: tuple[Json, Json]) -> None:
    assert newest([version("one", **metas[0]), version("two", **metas[1])]) is None
    assert newest([version("one", **metas[0]), version("one", **metas[1])]) is not None


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["1", "2", "3"])), min_size=2, max_size=5), st.randoms()
)
def test_in_whatever_order_they_come(told: list[tuple[str, str]], random: Any) -> None:
    copies = [version(word, versionId=number) for word, number in told]
    mixed = random.sample(copies, len(copies))
    assert newest(copies) == newest(mixed)


def test_another_patients_older_copy_refuses_the_call() -> None:
    theirs = {**METASTASIS, "subject": {"reference": "Patient/p2"}, "meta": {"versionId": "1"}}
    with pytest.raises(PatientMismatch):
        intake(chart(theirs, {**METASTASIS, "meta": {"versionId": "2"}}))


# ---------------------------------------------------------------------------------------------------- contained

POWER = observation("c", "motor-power", valueInteger=2)
PANEL = observation("panel", "neurological-examination")


def holding(inner: Json, **parts: Any) -> Json:
    return {**PANEL, "contained": [inner], **parts}


@pytest.mark.parametrize("subject", [{"reference": "Patient/p1"}, {"reference": "#p"}, None])
def test_a_contained_observation_is_read_with_whom_its_holder_is_about(subject: Json | None) -> None:
    inner = {k: v for k, v in POWER.items() if k != "subject"} | ({"subject": subject} if subject else {})
    (found,) = facts(holding(inner)).all_found("motor-power")
    assert (found.reference, found.item["value"]) == ("Observation/panel#c", 2)


def test_a_contained_one_of_another_patient_refuses_the_call() -> None:
    with pytest.raises(PatientMismatch):
        facts(holding({**POWER, "subject": {"reference": "Patient/p2"}}))


def test_what_was_erased_holds_nothing_and_a_relatives_holds_nothing_of_the_patients() -> None:
    assert facts(holding(POWER, status="entered-in-error")).all_found("motor-power") == []
    family = {
        "resourceType": "FamilyMemberHistory",
        "id": "f",
        "status": "completed",
        "patient": {"reference": "Patient/p1"},
        "contained": [{**METASTASIS, "id": "x"}],
    }
    assert facts(family).all_found("tumours") == []


# ---------------------------------------------------------------------------------------------------- modifiers

MODIFIER = [{"url": "http://example.org/negated", "valueBoolean": True}]


@pytest.mark.parametrize(
    ("part", "reason"),
    [({"modifierExtension": MODIFIER}, "modifier"), ({"implicitRules": "http://x"}, "implicit-rules")],
)
def test_what_a_modifier_may_turn_round_is_not_used_and_its_need_is_unread(part: Json, reason: str) -> None:
    found = facts({**METASTASIS, **part})
    assert found.all_found("tumours") == []
    assert [r.reason for r in found.rejections(["tumours"])] == [reason]
    assert found.resolve("tumours").gap is Reason.UNREAD


def test_a_patient_with_a_modifier_keeps_its_identity_and_nothing_else() -> None:
    found = intake(chart(patient(modifierExtension=MODIFIER, deceasedBoolean=True)))
    assert found.patient == {"resourceType": "Patient", "id": "p1"}
    assert (found.deceased, list(found.warnings)) == (False, ["patient-modifier"])


# ---------------------------------------------------------------------------------------------------- ids and references


@pytest.mark.parametrize("id_", ["x](javascript:alert(1))", "a b", "../a", "..", "", "ä", 7, "a/b", "a" * 257])
def test_what_is_no_id_is_treated_as_none_and_never_repeated(id_: object) -> None:
    (reference,) = intake(chart({**METASTASIS, "id": id_})).used
    assert reference.startswith("Condition#")


BASE = "https://ehr.example.org/fhir"


@pytest.mark.parametrize(
    ("reference", "resolved"),
    [
        ("Medication/m", True),
        ("Medication/m/_history/2", True),
        (f"{BASE}/Medication/m", True),
        ("HTTPS://EHR.example.org:443/fhir/Medication/m", True),
        ("https://other.example.org/fhir/Medication/m", False),
        ("Medication/n", False),
    ],
)
def test_a_drug_is_found_by_any_form_of_reference(reference: str, resolved: bool) -> None:
    told = order("a", "nsaid")
    medication = {"resourceType": "Medication", "id": "m", "code": told.pop("medicationCodeableConcept")}
    whole = chart({**told, "medicationReference": {"reference": reference}}, base=BASE)
    read = whole.reads["medicationRequests"]
    reads = {**whole.reads, "medicationRequests": type(read)((*read.resources, medication))}
    assert ("nsaid" in intake(type(whole)(whole.patient, reads, base=BASE)).bins) is resolved
