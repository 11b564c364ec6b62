"""What the context of each hook holds: what is required, how clients write orders, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fhirpath_spine.errors import BodyTooLarge, PatientMismatch, RequestError
from fhirpath_spine.exchange.incoming import Context, check_context, parse_request, read_context, with_context
from fhirpath_spine.pathway.facts import Chart, Read
from tests.kit.costs import calls_of

ME, OTHER = {"reference": "Patient/p1"}, {"reference": "Patient/p2"}
DRUG = {"coding": [{"system": "rx", "code": "1"}]}


def order(id_: str = "o1", **fields: Any) -> dict[str, Any]:
    return {"resourceType": "MedicationRequest", "id": id_, "subject": ME, "medicationCodeableConcept": DRUG, **fields}


def bundle(*resources: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}


def signed(*resources: Any) -> Context:
    return read_context("order-sign", {"draftOrders": bundle(*resources)}, "p1")


def chosen(selections: Any, *resources: Any) -> Context:
    return read_context("order-select", {"draftOrders": bundle(*resources), "selections": selections}, "p1")


def ids(context: Context) -> list[Any]:
    return [one.get("id") for one in context.orders]


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
