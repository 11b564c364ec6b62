"""Each hook over the content that ships: what it asks for, what it says of orders as clients send them, when it is silent.

It is long because each way in which an order is written is asked of the same patients.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fhirpath_spine.entrypoints.patients import patients_directory
from fhirpath_spine.errors import PatientMismatch, ScopeUndecidable
from fhirpath_spine.exchange import EXTENSION
from fhirpath_spine.exchange.incoming import prefetch_templates
from fhirpath_spine.exchange.outgoing import CardPolicy
from fhirpath_spine.pathway.decision import Status
from fhirpath_spine.pathway.facts import Chart, Read
from fhirpath_spine.pathway.judging import decide
from fhirpath_spine.pathway.model import ABOUT_ORDERS, HOOKS, Order, Site
from fhirpath_spine.service import Client, Trace
from tests.kit import content
from tests.kit import decisions as make
from tests.kit.ports import Unfetched
from tests.service.hooks_kit import (
    EMERGENCY,
    LOINC,
    MALIGNANT,
    SCHWANNOMA,
    STRAIN,
    call,
    chart,
    code_of,
    drug,
    service,
    study,
    told,
)

PATIENTS = sorted(path.stem for path in patients_directory().glob("*.json"))
SOMEBODY = {"reference": "Patient/somebody-else"}
ORDER, PROBLEM = {"resourceType": "MedicationRequest", "id": "o1"}, {"resourceType": "Condition", "id": "c1"}
PARTIAL = [hook for hook in HOOKS if hook != "patient-view"]

# ------------------------------------------------------------------ what each asks for


def test_each_hook_has_a_service_with_words_and_a_version_of_its_own() -> None:
    found = [replace(service(hook.name), cds_hooks="3.0").describe() for hook in content.library().policy.hooks]
    assert [one["hook"] for one in found] == list(HOOKS)
    assert len({one["title"] for one in found}) == len({one["description"] for one in found}) == len(HOOKS)
    assert all(one["hookVersion"] for one in found)


@pytest.mark.parametrize("hook", PARTIAL)
def test_a_hook_asks_for_less_than_the_whole_chart(hook: str) -> None:
    whole, own = (prefetch_templates(content.library(), Site(), name) for name in ("patient-view", hook))
    assert set(own) <= set(whole)
    assert sum(map(len, own.values())) < sum(map(len, whole.values()))


@pytest.mark.parametrize("hook", PARTIAL)
@pytest.mark.parametrize("name", PATIENTS)
def test_what_a_hook_does_not_ask_for_changes_nothing_of_what_it_shows(name: str, hook: str) -> None:
    whole = replace(
        chart(name), drafts=tuple(dict(drug(), subject={"reference": f"Patient/{chart(name).patient}"}) for _ in "1")
    )
    asked = prefetch_templates(content.library(), Site(), hook)
    only = replace(whole, reads={key: read for key, read in whole.reads.items() if key in asked})
    found = [decided(one, hook) for one in (whole, only)]
    assert found[0] == found[1]


def decided(held: Chart, hook: str) -> object:
    try:
        decision = decide(content.library(), held, make.AT, Site(), hook=hook)
    except ScopeUndecidable:
        return "undecidable"
    return [(v.id, v.status, v.because, v.missing) for v in decision.verdicts], [
        (c.kind, c.indicator) for c in decision.cards
    ]


# ------------------------------------------------------------------ what orders say


def test_a_cytotoxic_drug_outside_the_limits_is_a_warning_that_points_at_the_order() -> None:
    assert told(call(MALIGNANT, drug())) == [("warning", "blocked", ["MedicationRequest/o1"])]


def test_an_ordinary_drug_is_silent_for_whoever_has_a_tumour_too() -> None:
    assert call(MALIGNANT, drug("known-medication-other")) == []


@pytest.mark.parametrize("hook", sorted(ABOUT_ORDERS))
def test_an_ordinary_drug_for_an_ordinary_patient_has_no_card(hook: str) -> None:
    assert call(STRAIN, drug("known-medication-other"), hook=hook) == []


def test_two_orders_have_two_cards_with_names_of_their_own() -> None:
    cards = call(MALIGNANT, drug(), drug("targeted-drug", "o2"))
    assert [orders for _, _, orders in told(cards)] == [["MedicationRequest/o1"], ["MedicationRequest/o2"]]
    assert len({card["uuid"] for card in cards}) == len({card["source"]["topic"]["code"] for card in cards}) == 2


@pytest.mark.parametrize("hook", ["order-sign", "patient-view"])
@pytest.mark.parametrize("number", [1, 2, 5, 30])
def test_two_drugs_of_one_rule_are_both_named_however_long_their_names_are(hook: str, number: int) -> None:
    names = [f"Drug {n} of a maker with a very long name, 400 MG Oral Tablet" for n in range(number)]
    orders = [drug("targeted-drug", f"o{n}", status="active") for n in range(number)]
    for order, name in zip(orders, names, strict=True):
        order["medicationCodeableConcept"] = {**order["medicationCodeableConcept"], "text": name}
    listed = [{**order, "subject": {"reference": f"Patient/{chart(MALIGNANT).patient}"}} for order in orders]
    sent = {"prefetch": {"medicationRequests": {"resourceType": "Bundle", "entry": [{"resource": r} for r in listed]}}}
    cards = call(MALIGNANT, *orders, hook=hook) if hook == "order-sign" else call(MALIGNANT, hook=hook, body=sent)
    (detail,) = [card["detail"] for card in cards if "no molecular result" in card["detail"]]
    assert len(detail) <= 1_500
    assert sum(name in detail for name in names) == min(number, 8)
    assert ("22 more" in detail) is (number == 30)


def test_of_what_is_chosen_only_the_selections_speak() -> None:
    cards = call(
        MALIGNANT, drug(), drug("targeted-drug", "o2"), hook="order-select", selections=["MedicationRequest/o2"]
    )
    assert [orders for _, _, orders in told(cards)] == [["MedicationRequest/o2"]]


def test_no_selection_is_no_card() -> None:
    assert call(MALIGNANT, drug(), hook="order-select", selections=[]) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda one: {**one, "status": None},
        lambda one: {**one, "intent": None, "category": {"text": "inpatient"}},
        lambda one: {**one, "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "{pill}"}}]}]},
        lambda one: {
            **one,
            "medicationCodeableConcept": None,
            "medication": {"concept": one["medicationCodeableConcept"]},
        },
        lambda one: {
            **one,
            "medicationCodeableConcept": None,
            "medicationReference": {"reference": "#m"},
            "contained": [{"resourceType": "Medication", "id": "m", "code": one["medicationCodeableConcept"]}],
        },
        lambda one: {
            **one,
            "medicationCodeableConcept": None,
            "medicationReference": {"reference": "#m"},
            "contained": [
                {
                    "resourceType": "Medication",
                    "id": "m",
                    "ingredient": [{"itemCodeableConcept": one["medicationCodeableConcept"]}],
                }
            ],
        },
        lambda one: {**one, "medicationCodeableConcept": one["medicationCodeableConcept"]["coding"][0]},
        lambda one: {**one, "medicationCodeableConcept": {"coding": one["medicationCodeableConcept"]["coding"][0]}},
        lambda one: {**one, "id": "draft‑rx‑1"},
        lambda one: {key: value for key, value in one.items() if key != "id"},
    ],
)
def test_an_order_is_heard_in_whatever_form_a_client_sends_it(change: Callable[[Any], Any]) -> None:
    order = {key: value for key, value in change(drug()).items() if value is not None}
    assert [status for _, status, _ in told(call(MALIGNANT, order))] == ["blocked"]


def test_a_drug_that_nothing_resolves_is_said_by_its_own_words() -> None:
    unresolved = {"reference": "Medication/far-away", "display": "SOMETHING 15 MG"}
    (card,) = call(MALIGNANT, {"resourceType": "MedicationRequest", "id": "o1", "medicationReference": unresolved})
    assert card["indicator"] == "info"
    assert "SOMETHING 15 MG" in card["summary"]
    assert card["extension"][EXTENSION]["orders"] == ["MedicationRequest/o1"]


def test_an_order_that_the_chart_holds_already_is_judged_in_its_new_state() -> None:
    whole = chart(MALIGNANT)
    order = drug(status="active", subject={"reference": f"Patient/{whole.patient}"})
    reads = {**whole.reads, "medicationRequests": Read((order,))}
    for draft in (order, {**order, "dosageInstruction": [{"text": "less"}]}):
        held = replace(whole, reads=reads, drafts=(draft,))
        decision = decide(content.library(), held, make.AT, Site(), hook="order-sign")
        found = [(v.status, v.orders) for v in decision.verdicts if v.kind == "systemic"]
        assert found == [(Status.BLOCKED, ("MedicationRequest/o1",))]
        assert decision.unread == ()


def test_an_order_that_is_over_or_asks_not_to_give_it_is_silent() -> None:
    assert call(MALIGNANT, drug(status="cancelled")) == []
    assert call(MALIGNANT, drug(doNotPerform=True)) == []


@pytest.mark.parametrize(
    "odd",
    [
        {"authoredOn": "2130-01-01"},
        {"authoredOn": "1830-01-01"},
        {"authoredOn": "soon"},
        {"dateWritten": "2014-01-01"},
        {"status": "unknown"},
        {"status": "planned"},
        {"subject": "Patient/{me}"},
        {"subject": {"reference": "{me}"}},
        {"resourceType": "MedicationOrder"},
    ],
    ids=str,
)
def test_two_drugs_that_must_not_meet_are_told_of_however_they_are_ordered(odd: dict[str, Any]) -> None:
    def said(fields: dict[str, Any]) -> list[str]:
        told = json.loads(json.dumps(fields).replace("{me}", chart(SCHWANNOMA).patient))
        cards = call(SCHWANNOMA, {**drug("cisplatin"), **told}, {**drug("nsaid", "o2"), **told})
        return [card["summary"] for card in cards]

    assert said(odd) == said({})
    assert "while cisplatin is ordered" in said({})[0]


def test_five_hundred_orders_have_three_cards_at_most() -> None:
    cards = call(MALIGNANT, *(drug(id_=f"o{n}") for n in range(250)), *(drug("nsaid", f"n{n}") for n in range(250)))
    assert 0 < len(cards) <= 3
    assert all(len(card["detail"]) <= 1_500 for card in cards)


def test_an_order_of_another_patient_refuses_the_call() -> None:
    with pytest.raises(PatientMismatch):
        call(MALIGNANT, drug(subject={"reference": "Patient/somebody-else"}))


@pytest.mark.parametrize(
    ("hook", "context"),
    [
        ("order-sign", {"draftOrders": {"entry": [{"resource": {**ORDER, "subject": SOMEBODY}}]}}),
        ("order-select", {"draftOrders": {"entry": [{"resource": {**ORDER, "subject": SOMEBODY}}]}, "selections": []}),
        ("problem-list-item-create", {"conditions": {"entry": [{"resource": {**PROBLEM, "subject": SOMEBODY}}]}}),
    ],
)
def test_what_a_hook_brings_of_another_patient_is_refused_before_a_server_is_asked(
    hook: str, context: dict[str, Any]
) -> None:
    asked: list[str] = []

    class Counting(Unfetched):
        async def fetch(self, *given: Any) -> Any:
            asked.append("asked")
            return await super().fetch(*given)

    body = {"hook": hook, "hookInstance": "i1", "context": {"userId": "Practitioner/1", "patientId": "p1", **context}}
    with pytest.raises(PatientMismatch):
        asyncio.run(replace(service(hook), retriever=Counting()).answer(body, Client(), Trace()))
    assert asked == []


def test_an_order_by_the_code_of_the_site_is_the_activity_that_it_stands_for() -> None:
    activity = next(
        u.recommendation.activity.text
        for p in content.library().pathways
        for u in p.uses
        for rule in u.recommendation.on_order
        if "satisfied" in rule.says and u.recommendation.kind == "imaging" and u.recommendation.activity
    )
    site = Site(orders=(Order(activity, "urn:site", "4711", "MRI"),))
    assert [status for _, status, _ in told(call(MALIGNANT, study("urn:site", "4711"), site=site))] == ["satisfied"]
    assert call(MALIGNANT, study("urn:site", "4711")) == []


def test_who_orders_what_a_rule_of_drugs_asks_for_is_not_told_of_a_drug() -> None:
    """The opinion, the blood counts and the test by the codes of the site: the drug itself is not ordered."""
    asked = {
        u.recommendation.activity.text
        for p in content.library().pathways
        for u in p.uses
        if u.recommendation.activity and any(rule.drugs for rule in u.recommendation.on_order)
    }
    site = Site(orders=tuple(Order(text, "urn:site", str(n), text) for n, text in enumerate(sorted(asked))))
    assert len(asked) > 2
    assert call(MALIGNANT, *(study("urn:site", one.code, f"s{one.code}") for one in site.orders), site=site) == []


def test_a_warning_offers_to_take_the_order_back_where_the_ehr_can_do_that() -> None:
    client = Client(card_policy=CardPolicy(actions=frozenset(), deletes=frozenset({"MedicationRequest"})))
    (card,) = call(MALIGNANT, drug(), client=client)
    (suggestion,) = card["suggestions"]
    (action,) = suggestion["actions"]
    assert (action["type"], action["resourceId"]) == ("delete", "MedicationRequest/o1")
    assert "suggestions" not in call(MALIGNANT, drug(), client=Client(card_policy=CardPolicy(actions=frozenset())))[0]


def test_on_a_card_that_several_rules_share_no_order_is_taken_back_that_only_an_information_is_about() -> None:
    takes_back = CardPolicy(actions=frozenset(), deletes=frozenset({"MedicationRequest", "ServiceRequest"}))
    drugs = [drug("cisplatin"), drug("nsaid", "o2"), drug("targeted-drug", "o3")]
    second = study(*code_of("spine-mri", LOINC))
    cards = call(SCHWANNOMA, *drugs, second, client=Client(card_policy=takes_back))
    about = {order for _, _, orders in told(cards) for order in orders}
    back = {a["resourceId"] for card in cards for one in card.get("suggestions", []) for a in one["actions"]}
    assert "ServiceRequest/s1" in about
    assert back == about - {"ServiceRequest/s1"}


# ------------------------------------------------------------------ what an order should become

CHANGING = CardPolicy(actions=frozenset(), updates=frozenset({"ServiceRequest"}), deletes=frozenset({"ServiceRequest"}))


def mri(**fields: Any) -> dict[str, Any]:
    return {**study(*code_of("spine-mri", LOINC)), **fields}


def offered(*orders: dict[str, Any], policy: CardPolicy = CHANGING, **context: Any) -> list[dict[str, Any]]:
    """What a patient's cards offer to do with orders while cord compression is possible."""
    cards = call(EMERGENCY, *orders, client=Client(card_policy=policy), **context)
    return [action for card in cards for one in card.get("suggestions", []) for action in one["actions"]]


@pytest.mark.parametrize("fields", [{}, {"priority": "routine"}, {"priority": "soon"}])
def test_an_order_comes_back_whole_with_nothing_but_its_priority_changed(fields: dict[str, Any]) -> None:
    order = mri(
        status="draft",
        meta={"versionId": "7"},
        subject={"reference": f"Patient/{chart(EMERGENCY).patient}", "display": "A"},
        extension=[{"url": "urn:vendor", "valueString": "x"}],
        vendor={"kept": [1, 2.5, True]},
        authoredOn="2026-06-15",
        **fields,
    )
    (action,) = offered(order)
    assert (action["type"], action["resource"]) == ("update", {**order, "priority": "urgent"})


@pytest.mark.parametrize("priority", ["urgent", "asap", "stat", "STAT"])
def test_an_order_that_is_urgent_already_is_not_spoken_of(priority: str) -> None:
    assert offered(mri(priority=priority)) == []
    assert len(call(EMERGENCY, mri(priority=priority))) == 1


@pytest.mark.parametrize(
    "order",
    [
        {"id": None},
        {"note": None},
        {"note": []},
        {"subject": {"display": "somebody"}},
        {"subject": {"reference": "https://elsewhere.example/Patient/{me}"}},
        {"resourceType": "ProcedureRequest"},
    ],
    ids=str,
)
def test_what_cannot_be_sent_back_as_it_came_is_spoken_of_and_not_offered(order: dict[str, Any]) -> None:
    sent = json.loads(json.dumps(mri(**order)).replace("{me}", chart(EMERGENCY).patient))
    body = {"fhirServer": "https://ehr.example/fhir"}
    cards = call(EMERGENCY, sent, client=Client(card_policy=CHANGING), body=body)
    assert [one for one in told(cards) if one[2]]
    assert not any(
        one["type"] == "update" for card in cards for s in card.get("suggestions", []) for one in s["actions"]
    )


def test_an_order_by_the_code_that_the_site_has_for_the_urgent_step_is_urgent() -> None:
    urgent = next(
        u.recommendation.activity.text
        for p in content.library().pathways
        for u in p.uses
        if u.recommendation.activity and any(rule.priority for rule in u.recommendation.on_order)
    )
    system, code = code_of("spine-mri", LOINC)
    coded = [{"system": "urn:site", "code": "4711"}, {"system": system, "code": code}]
    order = mri(code={"coding": coded})
    assert len(call(EMERGENCY, order, site=Site(orders=(Order(urgent, "urn:site", "4711", "MRI"),)))) == 1
    assert len(call(EMERGENCY, order)) == 2


def test_of_two_orders_of_one_name_neither_is_offered_back() -> None:
    assert [one["type"] for one in offered(mri(), mri(priority="routine"))] == []


def test_an_order_is_offered_back_only_where_the_ehr_takes_it_and_for_what_is_chosen() -> None:
    assert offered(mri(), policy=CardPolicy(actions=frozenset())) == []
    assert offered(mri(), hook="order-select", selections=[]) == []
    assert [one["resource"]["id"] for one in offered(mri(), hook="order-select")] == ["s1"]


# ------------------------------------------------------------------ each hook


def test_a_problem_that_was_just_added_is_judged_before_the_chart_holds_it() -> None:
    tumour = next(r for r in chart(MALIGNANT).reads["conditions"].resources if r["id"])
    mine = {"reference": f"Patient/{chart(STRAIN).patient}"}
    added = [dict(r, subject=mine, id=f"new-{r['id']}") for r in chart(MALIGNANT).reads["conditions"].resources]
    assert tumour
    hook = "problem-list-item-create"
    assert call(STRAIN, hook=hook) == []
    assert call(STRAIN, hook=hook, conditions={"resourceType": "Bundle", "entry": [{"resource": r} for r in added]})


@pytest.mark.parametrize("hook", PARTIAL)
@pytest.mark.parametrize("name", PATIENTS)
def test_the_cards_of_each_hook_keep_within_their_bounds_and_carry_no_part_of_a_plan(name: str, hook: str) -> None:
    cards = call(
        name, drug(), drug("nsaid", "o2"), drug("targeted-drug", "o3"), study(*code_of("spine-mri", LOINC)), hook=hook
    )
    assert (
        sum(
            "pathway" in card["extension"][EXTENSION]
            for card in cards
            if "safety" not in card["source"]["topic"]["code"]
        )
        <= 3
    )
    for card in cards:
        assert len(card["summary"]) <= 110
        assert len(card["detail"]) <= 1_500
        assert all(s["actions"] for s in card.get("suggestions", []))
        kinds = {
            a["resource"]["resourceType"] for s in card.get("suggestions", []) for a in s["actions"] if "resource" in a
        }
        assert kinds <= {"ServiceRequest"}
