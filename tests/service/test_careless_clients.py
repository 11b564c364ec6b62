"""What careless and hostile clients send at the hooks of orders and of a new problem: a card about it, or a refusal that says
what to do; never silence, never a failure, never a word about somebody else.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.errors import PatientMismatch, RequestError
from fhirpath_spine.exchange import EXTENSION
from tests.service.hooks_kit import MALIGNANT, STRAIN, call, chart, drug, told

Json = dict[str, Any]

ME, SOMEBODY = f"Patient/{chart(MALIGNANT).patient}", "Patient/somebody-else"
CONCEPT = drug()["medicationCodeableConcept"]
HELD = {"resourceType": "Medication", "id": "m1", "code": CONCEPT}
GROUP = {"resourceType": "RequestGroup", "id": "g1", "status": "draft"}
PLAN = {"resourceType": "CarePlan", "id": "g1", "status": "draft"}
REFUSAL = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "forbidden"}]}


def without(order: Json, *names: str, **more: Any) -> Json:
    return {**{name: value for name, value in order.items() if name not in names}, **more}


READABLE: dict[str, list[Any]] = {
    "as it should be": [drug()],
    "without an id": [without(drug(), "id")],
    "of R5": [without(drug(), "medicationCodeableConcept", medication={"concept": CONCEPT})],
    "of DSTU2": [drug(resourceType="MedicationOrder", patient={"reference": ME})],
    "one coding": [drug(medicationCodeableConcept=CONCEPT["coding"][0])],
    "contained": [
        without(drug(), "medicationCodeableConcept", medicationReference={"reference": "#m1"}, contained=[HELD])
    ],
    "beside it": [
        without(drug(), "medicationCodeableConcept", medicationReference={"reference": "Medication/m1"}),
        HELD,
    ],
    "held by a group": [{**GROUP, "contained": [drug()], "action": [{"resource": {"reference": "#o1"}}]}],
    "named by a group": [
        {**GROUP, "action": [{"action": [{"resource": {"reference": "MedicationRequest/o1"}}]}]},
        drug(),
    ],
    "coded by a group": [{**GROUP, "action": [{"code": CONCEPT}]}],
    "named by a plan": [{**PLAN, "activity": [{"reference": {"reference": "MedicationRequest/o1"}}]}, drug()],
    "told by a plan": [{**PLAN, "activity": [{"detail": {"productCodeableConcept": CONCEPT}}]}],
    "twice": [drug(), drug()],
    "an item of DSTU2": [{"resourceType": "DiagnosticOrder", "id": "o1", "item": [{"code": CONCEPT}]}],
    "a list of STU3": [{"resourceType": "ReferralRequest", "id": "o1", "serviceRequested": [CONCEPT]}],
}
UNREADABLE: dict[str, list[Any]] = {
    "a refusal": [REFUSAL],
    "a Bundle": [{"resourceType": "Bundle", "entry": [{"resource": drug()}]}],
    "parameters": [{"resourceType": "Parameters", "parameter": [{"resource": drug()}]}],
    "a type of nobody": [{"resourceType": "Prescription9", "id": "o1"}],
    "words": ["cisplatin"],
    "a list": [[drug()]],
    "a drug in words": [drug(medicationCodeableConcept={"text": "Xyzmab 40 mg"})],
    "a reference to nothing": [
        without(drug(), "medicationCodeableConcept", medicationReference={"reference": "Medication/x"})
    ],
    "of R5, to nothing": [
        without(drug(), "medicationCodeableConcept", medication={"reference": {"reference": "Medication/x"}})
    ],
    "a group of what was not sent": [{**GROUP, "action": [{"resource": {"reference": "MedicationRequest/o9"}}]}],
    "a group of an address": [{**GROUP, "action": [{"resource": {"reference": "urn:uuid:9"}}]}],
}
SELECTIONS = (
    "{type}/{id}",
    "{id}",
    "https://ehr.example/fhir/{type}/{id}",
    "{type}/{id}/_history/2",
    "{type}/gone",
    "",
)


def selections(orders: list[Any], form: str) -> list[str]:
    first = orders[0] if orders and isinstance(orders[0], dict) else {}
    return [form.format(type=first.get("resourceType", "MedicationRequest"), id=first.get("id", "o1"))]


@pytest.mark.parametrize("form", SELECTIONS)
@pytest.mark.parametrize("orders", READABLE.values(), ids=READABLE)
def test_a_drug_that_is_chosen_is_judged_however_it_is_sent(orders: list[Any], form: str) -> None:
    cards = call(MALIGNANT, *orders, hook="order-select", selections=selections(orders, form))
    assert ("warning", "blocked") in [(indicator, status) for indicator, status, _ in told(cards)]


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
@pytest.mark.parametrize("orders", UNREADABLE.values(), ids=UNREADABLE)
def test_an_order_of_which_nothing_can_be_read_is_said(orders: list[Any], hook: str) -> None:
    cards = call(MALIGNANT, *orders, hook=hook, selections=selections(orders, "{type}/{id}"))
    assert [card["source"]["topic"]["code"] for card in cards] == ["SPINEordernotrecognised"]


PARTS: dict[str, Json] = {
    "a next page": {"link": [{"relation": "next", "url": "https://ehr.example/fhir?page=2"}]},
    "a total": {"total": 7},
    "a label": {"meta": {"tag": [{"code": "SUBSETTED"}]}},
}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_orders_of_which_a_part_was_sent_are_not_all(part: Json) -> None:
    for hook in ("order-select", "order-sign"):
        (card,) = call(MALIGNANT, hook=hook, draftOrders={"resourceType": "Bundle", **part}, selections=[])
        assert card["source"]["topic"]["code"] == "SPINEordernotrecognised"


@pytest.mark.parametrize("part", [*PARTS.values(), {"entry": [{"resource": REFUSAL}]}])
def test_problems_of_which_a_part_was_sent_are_not_all(part: Json) -> None:
    (card,) = call(STRAIN, hook="problem-list-item-create", conditions={"resourceType": "Bundle", **part})
    assert card["source"]["topic"]["code"] == "SPINEunavailable"


@pytest.mark.parametrize("number", [7, -1, 1e308, 1e-300, 10**18])
def test_a_number_where_a_site_should_stand_is_named_as_one_that_cannot_be_placed(number: float) -> None:
    coded = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C79.51"}]}
    problem = {"resourceType": "Condition", "id": "c1", "code": coded, "bodySite": number}
    assert call(STRAIN, hook="problem-list-item-create", conditions={"entry": [{"resource": problem}]})


def test_what_was_chosen_and_not_sent_is_said() -> None:
    known = drug("known-medication-other")
    for orders, chosen in (([], ["o1"]), ([known], ["MedicationRequest/o1", "MedicationRequest/gone"])):
        cards = call(MALIGNANT, *orders, hook="order-select", selections=chosen)
        assert [status for _, status, _ in told(cards)] == ["notice"]


def test_what_only_informs_among_the_orders_is_no_order() -> None:
    hint = {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "informational"}]}
    assert call(MALIGNANT, hint) == []
    assert call(MALIGNANT, drug("known-medication-other"), hint) == []


@pytest.mark.parametrize(
    "order",
    [
        {"resourceType": "Task", "id": "o1", "for": {"reference": SOMEBODY}, "code": CONCEPT},
        drug(subject={"reference": f"https://ehr.example/fhir/{SOMEBODY}"}),
        drug(patient={"reference": SOMEBODY}),
        {**GROUP, "contained": [drug(subject={"reference": SOMEBODY})]},
        drug(contained=[{"resourceType": "Condition", "id": "c", "subject": {"reference": SOMEBODY}}]),
    ],
)
def test_an_order_of_somebody_else_is_refused(order: Json) -> None:
    with pytest.raises(PatientMismatch):
        call(MALIGNANT, order)


@pytest.mark.parametrize("user", [{"reference": "Patient/1"}, ["Patient/1"], [{"reference": "RelatedPerson/1"}]])
def test_a_patient_in_whatever_form_gets_no_words_for_clinicians(user: Any) -> None:
    assert call(MALIGNANT, drug(), userId=user) == []
    assert call(MALIGNANT, drug(), userId=None, body={"user": user}) == []


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=8), st.sampled_from([ME, "draft", "o1"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    *("resourceType", "id", "status", "subject", "reference", "code", "coding", "system", "text"),
                    *("medicationReference", "medication", "contained", "action", "resource", "activity", "detail"),
                    *("item", "serviceRequested", "for", "meta", "tag", "issue", "priority", "doNotPerform"),
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)
TYPES = st.sampled_from(
    [
        "MedicationRequest",
        "ServiceRequest",
        "DeviceRequest",
        "RequestGroup",
        "CarePlan",
        "Task",
        "Medication",
        "OperationOutcome",
    ]
)


@given(
    st.lists(
        st.one_of(
            JSON,
            st.builds(
                lambda kind, more: {**more, "resourceType": kind},
                TYPES,
                st.dictionaries(
                    st.sampled_from(
                        [
                            "id",
                            "subject",
                            "for",
                            "code",
                            "action",
                            "activity",
                            "contained",
                            "item",
                            "status",
                            "medication",
                        ]
                    ),
                    JSON,
                    max_size=4,
                ),
            ),
        ),
        max_size=3,
    ),
    st.lists(st.sampled_from(["o1", "MedicationRequest/o1", "Task/o1", "", "#o1", "/", "urn:uuid:o1"]), max_size=2),
    st.sampled_from(["order-select", "order-sign"]),
)
def test_whatever_stands_beside_a_drug_it_is_judged_or_the_call_is_refused(
    odd: list[Any], more: list[str], hook: str
) -> None:
    orders = [*odd, drug(id_="mine")]
    try:
        cards = call(MALIGNANT, *orders, hook=hook, selections=["MedicationRequest/mine", *more])
    except (RequestError, PatientMismatch):
        return
    about = [order for card in cards for order in card["extension"][EXTENSION].get("orders", [])]
    assert "MedicationRequest/mine" in about
    assert "somebody-else" not in json.dumps(cards)
