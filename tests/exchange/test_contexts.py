"""What the context of each hook holds: what is required, how clients write orders, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fhirpath_spine.errors import BodyTooLarge, PatientMismatch, RequestError
from fhirpath_spine.exchange.incoming import Context, check_context, parse_request, read_context, with_context
from fhirpath_spine.pathway.facts import Chart, Read
from tests.exchange.orders_kit import DRUG, ME, OTHER, bundle, chosen, ids, order, signed
from tests.kit.costs import calls_of

# ------------------------------------------------------------------ what is required


@pytest.mark.parametrize(
    ("hook", "context", "named"),
    [
        ("encounter-start", {}, "context.encounterId"),
        ("encounter-start", {"encounterId": None}, "context.encounterId"),
        ("encounter-discharge", {"encounterId": 7}, "context.encounterId"),
        ("problem-list-item-create", {}, "context.conditions"),
        ("problem-list-item-create", {"conditions": []}, "context.conditions"),
        ("order-sign", {}, "context.draftOrders"),
        ("order-sign", {"draftOrders": None}, "context.draftOrders"),
        ("order-sign", {"draftOrders": "all"}, "context.draftOrders"),
        ("order-sign", {"draftOrders": [order()]}, "context.draftOrders"),
        ("order-sign", {"draftOrders": {"resourceType": "List"}}, "context.draftOrders"),
        ("order-sign", {"draftOrders": {"orders": [order()]}}, "context.draftOrders"),
        ("order-sign", {"draftOrders": {"resourceType": "Bundle", "entries": [order()]}}, "context.draftOrders"),
        ("order-sign", {"draftOrders": {"entry": {}}}, "context.draftOrders.entry"),
        ("order-select", {"draftOrders": bundle()}, "context.selections"),
        ("order-select", {"draftOrders": bundle(), "selections": "MedicationRequest/o1"}, "context.selections"),
        ("order-select", {"draftOrders": bundle(), "selections": [1]}, "context.selections"),
    ],
)
def test_what_the_standard_requires_is_missed_by_name(hook: str, context: dict[str, Any], named: str) -> None:
    with pytest.raises(RequestError) as refused:
        read_context(hook, context, "p1")
    assert refused.value.expression == named


def test_a_refusal_repeats_nothing_of_what_was_sent() -> None:
    with pytest.raises(RequestError) as refused:
        read_context("order-sign", {"draftOrders": "canary4711"}, "p1")
    assert "canary4711" not in f"{refused.value.message} {refused.value.hint}"


@pytest.mark.parametrize(
    "orders", [{"resourceType": "Bundle"}, {"resourceType": "Bundle", "entry": None}, {"entry": []}]
)
def test_a_bundle_without_entries_orders_nothing(orders: dict[str, Any]) -> None:
    assert read_context("order-sign", {"draftOrders": orders}, "p1") == Context()


def test_another_hook_has_nothing_of_its_own() -> None:
    assert read_context("patient-view", {"draftOrders": "whatever"}, "p1") == Context()


def test_a_request_carries_what_its_hook_brings() -> None:
    body = {"hook": "order-sign", "hookInstance": "i", "context": {"patientId": "p1", "draftOrders": bundle(order())}}
    assert ids(parse_request(body, "order-sign").context) == ["o1"]


# ------------------------------------------------------------------ which orders


def test_of_a_choice_only_the_selections_are_ordered_and_the_rest_is_looked_at_beside() -> None:
    found = chosen(["MedicationRequest/o2"], order("o1"), order("o2"))
    assert ids(found) == ["o2"]
    assert [one["id"] for one in found.beside] == ["o1"]


@pytest.mark.parametrize(
    "selection", ["o2", "https://ehr.example/fhir/MedicationRequest/o2", "MedicationRequest/o2/_history/3"]
)
def test_a_selection_may_be_an_id_an_address_or_a_version(selection: str) -> None:
    assert ids(chosen([selection], order("o1"), order("o2")))[-1] == "o2"


def test_a_selection_that_names_no_draft_leaves_no_draft_out() -> None:
    assert ids(chosen(["MedicationRequest/gone"], order("o1"), order("o2"))) == ["o1", "o2"]


def test_a_selection_that_says_nothing_leaves_no_draft_out() -> None:
    assert ids(chosen([""], order("o1"), order("o2"))) == ["o1", "o2"]


def test_no_selection_orders_nothing() -> None:
    assert ids(chosen([], order("o1"))) == []


def test_a_form_in_which_no_drug_was_chosen_yet_is_no_order_until_it_is_signed() -> None:
    form = {"resourceType": "MedicationRequest", "id": "o1", "status": "draft", "subject": ME}
    found = chosen(["MedicationRequest/o1"], form)
    assert ids(found) == []
    assert [one["id"] for one in found.beside] == ["o1"]
    assert ids(signed(form)) == ["o1"]


@pytest.mark.parametrize(
    "drug",
    [
        {"medicationReference": {"reference": "Medication/gone"}},
        {"medicationCodeableConcept": {}},
        {"_medicationCodeableConcept": {"extension": []}},
        {"medication": {"concept": {"text": "cisplatin"}}},
    ],
    ids=["a reference that nothing resolves", "an empty concept", "a reason for its absence", "as R5 writes it"],
)
def test_whatever_is_said_of_a_drug_makes_it_an_order(drug: dict[str, Any]) -> None:
    form = {"resourceType": "MedicationRequest", "id": "o1", "subject": ME, **drug}
    assert ids(chosen(["MedicationRequest/o1"], form)) == ["o1"]


def test_a_medication_that_an_order_refers_to_comes_with_it() -> None:
    drug = {"resourceType": "Medication", "id": "m1", "code": DRUG}
    found = chosen(["MedicationRequest/o1"], order("o1"), drug)
    assert [one["resourceType"] for one in found.orders] == ["MedicationRequest", "Medication"]


# ------------------------------------------------------------------ beside the chart


def chart(*conditions: dict[str, Any]) -> Chart:
    return Chart("p1", {"conditions": Read(conditions)})


def test_a_new_problem_stands_in_the_place_of_an_older_state_of_itself() -> None:
    old, new = ({"resourceType": "Condition", "id": "c1", "subject": ME, "note": n} for n in ("old", "new"))
    context = read_context("problem-list-item-create", {"conditions": bundle(new)}, "p1")
    assert with_context(chart(old), context).reads["conditions"].resources == (new,)


def test_a_new_problem_beside_a_list_that_nobody_read_is_not_all_of_it() -> None:
    problem = {"resourceType": "Condition", "id": "c1", "subject": ME}
    read = with_context(Chart("p1", {}), Context(problems=(problem,))).reads["conditions"]
    assert (read.resources, read.complete, read.detail) == ((problem,), False, "absent")


@pytest.mark.parametrize(
    "problem", [None, 7, "x", {}, {"resourceType": "Condition"}, {"resourceType": "Condition", "code": "1"}]
)
def test_a_problem_of_which_nothing_can_be_read_is_one_that_was_not_read(problem: Any) -> None:
    context = read_context("problem-list-item-create", {"conditions": bundle(problem)}, "p1")
    read = with_context(chart({"resourceType": "Condition", "id": "c1", "subject": ME}), context).reads["conditions"]
    assert (read.complete, read.detail) == (False, "shape")
    assert read.resources[0]["id"] == "c1"


@pytest.mark.parametrize("code", [DRUG, {"text": "a problem"}, DRUG["coding"][0], {"coding": DRUG["coding"][0]}])
def test_a_problem_that_says_what_it_is_is_read(code: Any) -> None:
    context = read_context(
        "problem-list-item-create", {"conditions": bundle({"resourceType": "Condition", "code": code})}, "p1"
    )
    assert with_context(chart(), context).reads["conditions"].complete


def test_the_patient_of_a_problem_may_be_an_address_in_the_bundle() -> None:
    me = {"fullUrl": "urn:uuid:me", "resource": {"resourceType": "Patient", "id": "p1"}}
    problem = {"resourceType": "Condition", "code": DRUG, "subject": {"reference": "urn:uuid:ME"}}
    context = read_context("problem-list-item-create", {"conditions": {"entry": [me, {"resource": problem}]}}, "p1")
    check_context(context, "p1", "", 10)
    assert context.problems[0]["subject"] == ME


@pytest.mark.parametrize("kind", [None, "", "condition", "Problem"])
def test_a_problem_that_says_no_type_of_fhir_is_one(kind: Any) -> None:
    problem = {"resourceType": kind, "id": "c1", "code": DRUG}
    (found,) = read_context("problem-list-item-create", {"conditions": bundle(problem)}, "p1").problems
    assert (found["resourceType"], found["subject"]) == ("Condition", ME)


def test_what_else_is_finalised_is_not_taken_for_a_problem() -> None:
    goal = {"resourceType": "Goal", "subject": ME}
    context = read_context("problem-list-item-create", {"conditions": bundle(goal)}, "p1")
    assert with_context(chart(), context).reads["conditions"].resources == ()


def test_orders_are_drafts_of_the_chart() -> None:
    assert len(with_context(chart(), signed(order("a"), order("b"))).drafts) == 2


def test_an_order_of_another_patient_that_nobody_chose_refuses_the_call() -> None:
    context = chosen(["MedicationRequest/o1"], order("o1"), order("o2", subject=OTHER))
    with pytest.raises(PatientMismatch):
        check_context(context, "p1", "", 10)


def test_a_patient_among_the_orders_who_is_another_refuses_the_call() -> None:
    context = chosen([], {"resourceType": "Patient", "id": "p2"})
    with pytest.raises(PatientMismatch):
        check_context(context, "p1", "", 10)


def test_five_hundred_orders_are_read_and_too_many_are_refused() -> None:
    context = signed(*(order(f"o{n}") for n in range(500)))
    check_context(context, "p1", "", 500)
    assert len(with_context(chart(), context).drafts) == 500
    with pytest.raises(BodyTooLarge):
        check_context(context, "p1", "", 499)


# ------------------------------------------------------------------ whatever stands there

ODD: tuple[Any, ...] = (None, [], {}, "", 7, True, ["x"], {"a": ["x"]}, [{"reference": ["x"]}])
CONTEXTS = {
    "order-sign": {"draftOrders": bundle(order(), order("o2", medicationReference={"reference": "urn:uuid:1"}))},
    "order-select": {"draftOrders": bundle(order(), order("o2")), "selections": ["MedicationRequest/o1"]},
    "problem-list-item-create": {"conditions": bundle({"resourceType": "Condition", "id": "c1", "subject": ME})},
}


def disturbed(value: Any, odd: Any) -> Iterator[Any]:
    """The value with one part at a time replaced, at every depth."""
    yield odd
    if isinstance(value, dict):
        for key, item in value.items():
            yield from ({**value, key: other} for other in disturbed(item, odd))
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from ([*value[:number], other, *value[number + 1 :]] for other in disturbed(item, odd))


@pytest.mark.parametrize("hook", CONTEXTS)
def test_whatever_stands_in_a_context_it_is_read_or_refused_in_words(hook: str) -> None:
    chart, refused, taken = Chart("p1", {"conditions": Read(({"resourceType": "Condition", "id": "c1"},))}), 0, 0
    for context in (one for odd in ODD for one in disturbed(CONTEXTS[hook], odd) if isinstance(one, dict)):
        try:
            found = read_context(hook, context, "p1")
            check_context(found, "p1", "", 1_000)
            with_context(chart, found)
            taken += 1
        except (RequestError, PatientMismatch):
            refused += 1
    assert refused > 10
    assert taken > 50


@pytest.mark.parametrize("kind", [["MedicationRequest"], "", "medicationrequest", None])
def test_an_order_that_does_not_say_of_which_type_it_is_is_heard_as_one_of_a_drug(kind: Any) -> None:
    (one,) = signed({**order(), "resourceType": kind}).orders
    assert (one["resourceType"], one["medicationCodeableConcept"]) == ("MedicationRequest", DRUG)


def test_the_cost_of_a_choice_grows_with_the_drafts_and_not_with_its_square() -> None:
    def choose(number: int) -> None:
        references = [f"https://ehr.example/fhir/MedicationRequest/o{n}/_history/2" for n in range(number)]
        assert len(ids(chosen(references, *(order(f"o{n}") for n in range(number))))) == number

    assert calls_of(lambda: choose(400)) < 5 * calls_of(lambda: choose(100))
