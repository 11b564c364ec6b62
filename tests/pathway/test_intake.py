"""One pass over a chart: whose each resource is, which version counts, what was used and what no need reads."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.errors import PatientMismatch
from fhirpath_spine.pathway.model import Site
from fhirpath_spine.pathway.truth import Reason
from tests.pathway.pathway_kit import (
    AT,
    METASTASIS,
    SITE,
    Json,
    ago,
    chart,
    concept,
    condition,
    facts,
    intake,
    observation,
    order,
    patient,
)

OLD: Json = {**observation("a", "ecog", valueInteger=1), "meta": {"lastUpdated": f"{ago(3)}T08:00:00Z"}}
NEW: Json = {**observation("a", "ecog", valueInteger=3), "meta": {"lastUpdated": f"{ago(2)}T08:00:00Z"}}


# ---------------------------------------------------------------------------------------------------- whose


def test_a_resource_of_another_patient_is_refused() -> None:
    with pytest.raises(PatientMismatch):
        intake(chart({**METASTASIS, "subject": {"reference": "Patient/p2"}}))


def test_a_resource_of_another_patient_is_refused_though_no_need_reads_it() -> None:
    unread = {**METASTASIS, "code": {"text": "something"}, "subject": {"reference": "Patient/p2"}}
    with pytest.raises(PatientMismatch):
        intake(chart(unread))


def test_an_observation_about_a_relative_is_not_used_after_one_about_the_patient() -> None:
    about = {**observation("b", "ecog", valueInteger=3), "focus": [{"reference": "RelatedPerson/father"}]}
    found = intake(chart(observation("a", "ecog", valueInteger=1), about))
    assert {(r.reason, r.reference) for b in found.bins.values() for r in b.rejected} == {
        ("no-subject", "Observation/b")
    }
    assert set(found.used) == {"Observation/a"}


def test_an_id_of_a_length_that_no_server_gives_is_not_cited() -> None:
    found = intake(chart({**observation("a", "ecog", valueInteger=1), "id": "a" * 257}))
    (reference,) = found.used
    assert reference.startswith("Observation#")


def test_a_patient_who_is_not_that_of_the_context_is_refused() -> None:
    with pytest.raises(PatientMismatch):
        intake(chart(patient(), patient(id="p2")))


def test_a_resource_that_does_not_say_whose_it_is_is_rejected_and_leaves_the_fact_open() -> None:
    nobodys = {k: v for k, v in METASTASIS.items() if k != "subject"}
    found = intake(chart(nobodys))
    assert [r.reason for r in found.bins["tumours"].rejected] == ["no-subject"]
    assert found.bins["tumours"].found == []
    assert found.bins["tumours"].unusable
    assert found.used == {}


# ---------------------------------------------------------------------------------------------------- versions


@given(st.permutations([OLD, NEW]))
def test_of_two_versions_the_later_one_counts(told: list[Json]) -> None:
    assert [f.item["value"] for f in facts(*told).all_found("ecog")] == [3]


@given(st.permutations([METASTASIS, {**METASTASIS, "code": concept("spinal-metastasis-site", "bone-metastasis-any")}]))
def test_of_two_that_do_not_say_which_is_later_and_differ_none_counts_and_their_type_is_unread(
    told: list[Json],
) -> None:
    found = facts(*told)
    assert found.all_found("tumours") == []
    assert found.resolve("tumours").gap is Reason.UNREAD
    assert found.resolve("ecog").gap is Reason.NOT_RECORDED


def test_resources_without_an_id_are_each_their_own() -> None:
    told = [{k: v for k, v in observation("x", "ecog", days=d, valueInteger=1).items() if k != "id"} for d in (1, 2)]
    found = facts(*told).all_found("ecog")
    assert len({f.reference for f in found}) == 2
    assert all(f.reference.startswith("Observation#") for f in found)


# ---------------------------------------------------------------------------------------------------- drafts


def test_a_draft_counts_only_where_a_need_asks_for_drafts() -> None:
    drafts = (order("n", "nsaid", state="draft"), order("s", "corticosteroid"))
    found = intake(chart(drafts=drafts))
    assert [f.reference for f in found.bins["nsaid"].found] == ["MedicationRequest/n"]
    assert "corticosteroid" not in found.bins


# ---------------------------------------------------------------------------------------------------- medications


def _by_reference(reference: str, **fields: object) -> Json:
    told = order("a", "nsaid")
    del told["medicationCodeableConcept"]
    return {**told, "medicationReference": {"reference": reference}, **fields}


def test_a_drug_is_found_through_the_medication_that_its_order_names() -> None:
    medication = {"resourceType": "Medication", "id": "m", "code": concept("nsaid")}
    told = chart(_by_reference("Medication/m"))
    read = told.reads["medicationRequests"]
    reads = {**told.reads, "medicationRequests": type(read)((*read.resources, medication))}
    assert "nsaid" in intake(type(told)(told.patient, reads)).bins


def test_a_drug_is_found_in_a_contained_medication_and_by_its_ingredient() -> None:
    medication = {"resourceType": "Medication", "id": "m", "ingredient": [{"itemCodeableConcept": concept("nsaid")}]}
    assert "nsaid" in intake(chart(_by_reference("#m", contained=[medication]))).bins


@pytest.mark.parametrize(
    "ingredient",
    [
        {"itemReference": {"reference": "#s"}},
        {"item": {"reference": {"reference": "#s"}}},
        {"item": {"concept": "nsaid"}},
    ],
)
def test_an_ingredient_may_be_contained_beside_its_drug_or_stand_as_r5_has_it(ingredient: Json) -> None:
    if "concept" in (item := ingredient.get("item", {})):
        ingredient = {"item": {"concept": concept(item["concept"])}}
    held = [
        {"resourceType": "Medication", "id": "m", "ingredient": [ingredient]},
        {"resourceType": "Substance", "id": "s", "code": concept("nsaid")},
    ]
    assert "nsaid" in intake(chart(_by_reference("#m", contained=held))).bins


@pytest.mark.parametrize("odd", ["SOMETHING 15 MG", ["Medication/m"], 7, {}, {"reference": 7}, {"reference": {}}])
def test_a_drug_in_no_form_of_a_reference_is_not_recognised(odd: object) -> None:
    found = intake(chart({**_by_reference("#m"), "medicationReference": odd}))
    assert len(found.ledger.drugs) == 1


# ---------------------------------------------------------------------------------------------------- patient


@pytest.mark.parametrize(
    ("fields", "age"),
    [
        ({}, 60),
        ({"birthDate": ago(0)}, 0),
        ({"birthDate": "1960"}, None),
        ({"birthDate": "soon"}, None),
        ({"birthDate": ago(-2)}, None),
    ],
)
def test_an_age_is_known_only_where_the_birth_date_gives_it(fields: Json, age: int | None) -> None:
    found = intake(chart(patient(**fields))).patient
    assert found is not None
    assert found.get("age") == age


def test_an_unreadable_birth_date_is_not_kept() -> None:
    found = intake(chart(patient(birthDate="soon"))).patient
    assert found is not None
    assert "birthDate" not in found


# ---------------------------------------------------------------------------------------------------- counts and maps


def test_what_has_no_code_that_a_need_reads_is_counted() -> None:
    text = {**condition("t", "diabetes"), "code": {"text": "tired"}}
    assert intake(chart(text)).counts["uncoded"] == 1
    assert intake(chart(METASTASIS)).counts == {
        "uncoded": 0,
        "unrecognisedNeoplasms": 0,
        "unrecognisedMedications": 0,
    }


def test_a_drug_that_no_table_knows_is_counted_while_it_is_active() -> None:
    unknown = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "0"}]}
    for state, count in (("active", 1), ("stopped", 0)):
        told = {**order("a", "nsaid", state=state), "medicationCodeableConcept": unknown}
        assert intake(chart(told)).counts["unrecognisedMedications"] == count


def test_a_code_of_the_site_is_read_as_what_the_site_maps_it_to() -> None:
    target = concept("diabetes")["coding"][0]
    own = ("urn:hospital:codes", "DM")
    site = Site(code_map={own: (target["system"], target["code"])})
    told = {**condition("a", "diabetes"), "code": {"coding": [{"system": own[0], "code": own[1]}]}}
    assert "diabetes" in intake(chart(told), site=site).bins
    assert "diabetes" not in intake(chart(told), site=SITE).bins


def test_only_what_a_need_used_is_kept_for_the_digest() -> None:
    used = intake(chart(METASTASIS, condition("r", "diabetes", verified="refuted"))).used
    assert set(used) == {"Condition/met"}


@pytest.mark.parametrize("moment", [AT, AT + timedelta(days=400)])
def test_the_same_chart_at_another_instant_is_filed_by_that_instant(moment: datetime) -> None:
    late = observation("late", "ecog", days=-30, valueInteger=1)
    assert bool(intake(chart(late), moment).used) is (moment > AT)
