"""Orders in whatever form clients write them: what is ordered, for whom, and that it is ordered now."""

from __future__ import annotations

from typing import Any

import pytest

from fhirpath_spine.errors import PatientMismatch
from fhirpath_spine.exchange.incoming import check_context, read_context
from tests.exchange.orders_kit import DRUG, ME, OTHER, chosen, ids, order, signed
from tests.kit.costs import calls_of

# ------------------------------------------------------------------ how clients write them


def test_an_order_without_status_is_a_draft_and_without_subject_is_of_the_patient() -> None:
    (found,) = signed({"resourceType": "MedicationRequest", "id": "o1"}).orders
    assert (found["status"], found["subject"]) == ("draft", {"reference": "Patient/p1"})


def test_an_order_that_is_signed_again_keeps_its_status() -> None:
    assert signed(order(status="active")).orders[0]["status"] == "active"


def test_a_category_as_an_object_is_a_list_of_one() -> None:
    assert signed(order(category={"text": "inpatient"})).orders[0]["category"] == [{"text": "inpatient"}]


def test_a_drug_as_r5_writes_it_is_read() -> None:
    (found,) = signed({"resourceType": "MedicationRequest", "medication": {"concept": DRUG}}).orders
    assert found["medicationCodeableConcept"] == DRUG


def test_a_service_as_r5_writes_it_is_read() -> None:
    (found,) = signed({"resourceType": "ServiceRequest", "code": {"concept": DRUG}}).orders
    assert found["code"] == DRUG


def test_a_drug_by_its_address_in_the_bundle_is_contained() -> None:
    drug = {"fullUrl": "urn:uuid:m", "resource": {"resourceType": "Medication", "code": DRUG}}
    asked = {"resource": {"resourceType": "MedicationRequest", "medicationReference": {"reference": "urn:uuid:m"}}}
    (found, _) = read_context("order-sign", {"draftOrders": {"entry": [asked, drug]}}, "p1").orders
    assert found["medicationReference"] == {"reference": "#ordered"}
    assert found["contained"][-1]["code"] == DRUG


HELD = {"resourceType": "Medication", "id": "m1", "code": DRUG}
CONTAINED: tuple[Any, ...] = (
    {"medicationReference": {"reference": "#m1"}, "contained": [HELD]},
    {"medicationReference": {"reference": "#m1"}, "contained": HELD},
    {"medicationReference": {"reference": "#m1"}, "contained": [{**HELD, "id": "#m1"}]},
    {"medicationReference": {"reference": "m1"}, "contained": [HELD]},
    {"medicationReference": {"reference": "Medication/m1"}, "contained": [HELD]},
    {"medicationReference": [{"reference": "#m1"}], "contained": [HELD]},
    {"medicationReference": "#m1", "contained": [HELD]},
    {"medication": {"reference": {"reference": "#m1"}}, "contained": [HELD]},
)


@pytest.mark.parametrize("said", CONTAINED)
def test_a_drug_that_an_order_contains_is_found_in_whatever_form_it_refers_to_it(said: Any) -> None:
    (found,) = signed({"resourceType": "MedicationRequest", **said}).orders
    assert found["medicationReference"]["reference"] == "#m1"
    assert [one["id"] for one in found["contained"]] == ["m1"]


@pytest.mark.parametrize(
    ("said", "concept"),
    [
        ({"medication": DRUG}, DRUG),
        ({"medication": {"text": "a drug"}}, {"text": "a drug"}),
        ({"medication": "a drug"}, {"text": "a drug"}),
        ({"medicationCodeableConcept": "a drug"}, {"text": "a drug"}),
        ({"medicationCodeableConcept": {"coding": [{"system": "rx", "code": 1}]}}, DRUG),
        ({"medicationCodeableConcept": {"coding": {"system": "rx", "code": "1"}}}, DRUG),
        ({"medicationCodeableConcept": DRUG, "medication": {"concept": {"text": "other"}}}, DRUG),
    ],
)
def test_a_drug_is_a_concept_in_whatever_form_it_stands(said: Any, concept: Any) -> None:
    (found,) = signed({"resourceType": "MedicationRequest", **said}).orders
    assert found["medicationCodeableConcept"] == concept


@pytest.mark.parametrize("reference", ["urn:uuid:ABC", "urn:uuid:abc", "URN:UUID:abc"])
def test_an_address_in_the_bundle_means_the_same_in_either_case_and_as_r5_refers_to_it(reference: str) -> None:
    drug = {"fullUrl": "urn:uuid:aBc", "resource": {"resourceType": "Medication", "code": DRUG}}
    for said in (
        {"medicationReference": {"reference": reference}},
        {"medication": {"reference": {"reference": reference}}},
    ):
        asked = {"resource": {"resourceType": "MedicationRequest", **said}}
        found = read_context("order-sign", {"draftOrders": {"entry": [asked, drug]}}, "p1").orders[0]
        assert found["contained"][-1]["code"] == DRUG


@pytest.mark.parametrize("subject", ["Patient/p1", [ME], {"reference": "p1"}, {"reference": "urn:uuid:me"}, {}, None])
def test_the_patient_is_meant_in_whatever_form_the_order_says_so(subject: Any) -> None:
    me = {"fullUrl": "urn:uuid:me", "resource": {"resourceType": "Patient", "id": "p1"}}
    drafts = {"entry": [{"resource": order(subject=subject)}, me]}
    context = read_context("order-sign", {"draftOrders": drafts}, "p1")
    check_context(context, "p1", "", 10)
    assert context.orders[0]["subject"] == ME


@pytest.mark.parametrize("subject", ["Patient/p2", [OTHER], {"reference": "urn:uuid:other"}])
def test_another_patient_is_refused_in_whatever_form_the_order_says_so(subject: Any) -> None:
    with pytest.raises(PatientMismatch):
        check_context(signed(order(subject=subject)), "p1", "", 10)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        *((one, "draft") for one in ("draft", None, "", 7, "unknown", "planned", "DRAFT", ["draft"])),
        *(
            (one, one)
            for one in ("active", "on-hold", "cancelled", "stopped", "completed", "entered-in-error", "Active")
        ),
    ],
)
def test_a_status_that_is_none_of_an_order_under_way_is_not_stated(sent: Any, kept: str) -> None:
    assert signed(order(status=sent)).orders[0]["status"] == kept


def test_when_an_order_was_typed_does_not_matter_nor_what_other_releases_say() -> None:
    (found,) = signed(order(authoredOn="2130-01-01", dateWritten="1990-01-01", effectivePeriod={"end": "2001"})).orders
    assert found.keys() & {"authoredOn", "dateWritten", "effectivePeriod"} == set()


@pytest.mark.parametrize(
    ("older", "now"), [("MedicationOrder", "MedicationRequest"), ("ProcedureRequest", "ServiceRequest")]
)
def test_a_type_of_an_older_release_is_read_by_the_name_that_it_has_now(older: str, now: str) -> None:
    found = chosen([f"{older}/o1"], {"resourceType": older, "id": "o1", "code": DRUG}, order("o2"))
    assert [one["resourceType"] for one in found.orders] == [now]


# ------------------------------------------------------------------ plans and groups of orders


def plan(**fields: Any) -> dict[str, Any]:
    return {"resourceType": "CarePlan", "id": "c1", "status": "draft", "subject": ME, **fields}


@pytest.mark.parametrize("kind", ["CarePlan", "RequestGroup", "RequestOrchestration"])
def test_what_a_group_contains_is_ordered(kind: str) -> None:
    group = plan(resourceType=kind, contained=[order("#o1", subject=None), {"resourceType": "Goal"}])
    (_, found) = signed(group).orders
    assert (found["resourceType"], found["medicationCodeableConcept"], found["subject"]) == (
        "MedicationRequest",
        DRUG,
        ME,
    )
    assert "id" not in found


@pytest.mark.parametrize(
    ("detail", "found"),
    [
        ({"productCodeableConcept": DRUG}, {"resourceType": "MedicationRequest", "medicationCodeableConcept": DRUG}),
        (
            {"kind": "MedicationRequest", "code": DRUG},
            {"resourceType": "MedicationRequest", "medicationCodeableConcept": DRUG},
        ),
        ({"kind": "ServiceRequest", "code": DRUG}, {"resourceType": "ServiceRequest", "code": DRUG}),
        (
            {"productReference": {"reference": "#m1"}},
            {"medicationReference": {"reference": "#m1"}, "contained": [HELD]},
        ),
    ],
)
def test_what_a_plan_is_to_do_is_ordered(detail: Any, found: Any) -> None:
    (_, part) = signed(plan(contained=[HELD], activity=[{"detail": {"status": "not-started", **detail}}])).orders
    assert part.items() >= {**found, "status": "draft", "subject": ME}.items()


@pytest.mark.parametrize(
    "over",
    [
        {"status": "revoked", "contained": [order()]},
        {"activity": [{"detail": {"description": "rest"}}, {"reference": {"reference": "MedicationRequest/o9"}}, 7]},
    ],
)
def test_a_plan_that_is_over_or_names_nothing_orders_nothing(over: Any) -> None:
    assert len(signed(plan(**over)).orders) == 1


def test_the_cost_of_a_group_grows_with_what_it_holds_and_not_with_its_square() -> None:
    def read(number: int) -> None:
        drugs = [{**HELD, "id": f"m{n}"} for n in range(number)]
        said = [{"productReference": {"reference": f"#m{n}"}} for n in range(number)]
        found = signed(plan(contained=[*drugs, *(order() for _ in drugs)], activity=[{"detail": one} for one in said]))
        assert len(found.orders) == 1 + 2 * number
        assert all(len(one["contained"]) == 1 for one in found.orders[1 + number :])

    assert calls_of(lambda: read(400)) < 5 * calls_of(lambda: read(100))


def test_a_plan_that_nobody_chose_orders_nothing() -> None:
    found = chosen(["MedicationRequest/o1"], order("o1"), plan(contained=[order("o2", subject=OTHER)]))
    assert ids(found) == ["o1"]
    with pytest.raises(PatientMismatch):
        check_context(found, "p1", "", 10)


@pytest.mark.parametrize("odd", [None, 7, "order", [], {"fullUrl": 3}])
def test_an_entry_that_is_no_resource_is_an_order_of_which_nothing_can_be_read(odd: Any) -> None:
    (found,) = read_context("order-sign", {"draftOrders": {"entry": [{"resource": odd}]}}, "p1").orders
    assert "medicationCodeableConcept" not in found


def test_an_entry_without_the_member_of_its_resource_is_that_resource() -> None:
    assert ids(read_context("order-sign", {"draftOrders": {"entry": [order("o1")]}}, "p1")) == ["o1"]


def test_the_person_of_a_diet_stands_in_another_member() -> None:
    (found,) = signed({"resourceType": "NutritionOrder"}).orders
    assert found["patient"] == {"reference": "Patient/p1"}
