"""A drug that an order or the chart names by a reference that leads elsewhere: asked for, bounded, named if it fails."""

from __future__ import annotations

from typing import Any

import pytest

from fhirpath_spine.exchange import EXTENSION
from fhirpath_spine.exchange.incoming import MOST, Servers
from fhirpath_spine.service import Client
from tests.adapters.stub_ehr import Answer, Stub, from_bundle, of_json
from tests.adapters.whole_service import Json, Setup, cards_of, chart, in_process, patient_of, request_body, snapshot
from tests.kit.content import library

RX = "http://www.nlm.nih.gov/research/umls/rxnorm"
CHART = chart("11-malignant")
PATIENT = patient_of(CHART)


def medication(value_set: str = "cytotoxic", id_: str = "far", **fields: Any) -> Json:
    system, code = min(c for c in library().value_sets[value_set].members if c[0] == RX)
    return {"resourceType": "Medication", "id": id_, "code": {"coding": [{"system": system, "code": code}]}, **fields}


def order(reference: str = "Medication/far", id_: str = "o1", **fields: Any) -> Json:
    holder = {"reference": reference, "display": "SOMETHING 15 MG"}
    mine = {"reference": f"Patient/{PATIENT}"}
    return {
        "resourceType": "MedicationRequest",
        "id": id_,
        "status": "draft",
        "intent": "order",
        "subject": mine,
        "medicationReference": holder,
        **fields,
    }


def stub(*held: Json) -> Stub:
    found = from_bundle(CHART)
    found.resources += held
    return found


def signed(ehr: Stub, *orders: Json, setup: dict[str, Any] | None = None, **changes: Any) -> tuple[Setup, Any]:
    async def work(made: Setup) -> tuple[Setup, Any]:
        context = {
            "patientId": PATIENT,
            "userId": "Practitioner/1",
            "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": one} for one in orders]},
        }
        body = request_body(PATIENT, ehr.base, hook="order-sign", context=context, **changes)
        return made, await made.call(body)

    return in_process(ehr, work, hook="order-sign", **(setup or {}))


def statuses(response: Any) -> list[str]:
    told = [card["extension"][EXTENSION] for card in cards_of(response)]
    return [verdict["status"] for one in told for verdict in one.get("verdicts", [{"status": "notice"}])[:1]]


def medications_asked(ehr: Stub) -> list[str]:
    return [one.target.rsplit("/", 1)[-1] for one in ehr.asked if one.kind == "Medication"]


# ------------------------------------------------------------------ orders


@pytest.mark.parametrize("reference", ["Medication/far", "{base}/Medication/far", "Medication/far/_history/3"])
def test_a_watched_drug_behind_a_reference_speaks_at_order_sign(reference: str) -> None:
    ehr = stub(medication())
    setup, response = signed(ehr, order(reference.format(base=ehr.base)))
    assert statuses(response) == ["blocked"]
    assert medications_asked(ehr) == ["far"]
    assert setup.unread == {}


def test_an_ordinary_drug_behind_a_reference_is_silent() -> None:
    _, response = signed(stub(medication("known-medication-other")), order())
    assert cards_of(response) == []


def test_what_an_ingredient_says_is_heard_behind_a_reference_too() -> None:
    far = medication()
    far["ingredient"] = [{"itemCodeableConcept": far.pop("code")}]
    _, response = signed(stub(far), order())
    assert statuses(response) == ["blocked"]


def test_it_is_asked_for_in_the_same_round_as_the_rest_and_with_the_token() -> None:
    ehr = stub(medication())
    ehr.token = "canary-token-4711"
    setup, response = signed(ehr, order())
    assert statuses(response) == ["blocked"]
    assert [one.kind for one in ehr.asked].index("Medication") < len(snapshot("order-sign").templates) + 1
    assert setup.unread == {}


def test_what_came_with_the_request_is_not_asked_for() -> None:
    ehr = stub(medication())
    signed(ehr, order(), medication())
    contained = order("#m", contained=[medication(id_="m")])
    signed(ehr, contained)
    assert medications_asked(ehr) == []


@pytest.mark.parametrize(
    "reference",
    [
        "https://elsewhere.example/fhir/Medication/far",
        "Medication/..",
        "Medication/a%2Fb",
        "Organization/far",
        "",
        "urn:uuid:far",
    ],
)
def test_what_is_no_medication_of_this_server_is_not_asked_for_and_named(reference: str) -> None:
    ehr = stub(medication())
    _, response = signed(ehr, order(reference))
    assert medications_asked(ehr) == []
    (card,) = cards_of(response)
    assert "SOMETHING 15 MG" in card["summary"]


def test_no_more_than_a_bounded_number_are_asked_for() -> None:
    ehr = stub(medication())
    signed(ehr, *(order(f"Medication/m{n}", f"o{n}") for n in range(MOST + 40)))
    assert len(medications_asked(ehr)) == MOST


FAULTS = {
    "not-found": lambda _: of_json({"resourceType": "OperationOutcome"}, 404),
    "not-permitted": lambda _: of_json({}, 403),
    "upstream-error": lambda _: of_json({}, 500),
    "outcome": lambda _: of_json({"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}),
    "shape": lambda _: of_json({"resourceType": "Organization", "id": "far"}),
    "not-json": lambda _: Answer(200, b"<html>", {"Content-Type": "text/html"}),
    "timed-out": lambda _: Answer(200, b"{}", cut=0, stall=True),
}


@pytest.mark.parametrize("why", FAULTS)
def test_one_that_cannot_be_read_is_named_and_the_rest_is_judged(why: str) -> None:
    ehr = stub(medication())
    ehr.faults["Medication"] = FAULTS[why]
    setup, response = signed(ehr, order(), order("Medication/near", "o2"), medication(id_="near"))
    told = statuses(response)
    assert sorted(told) == ["blocked", "notice"]
    assert any("SOMETHING 15 MG" in card["summary"] for card in cards_of(response))
    assert setup.unread == {"medications": why}


def test_a_call_that_grants_no_access_names_the_drug() -> None:
    setup, response = signed(stub(), order(), fhirServer=..., fhirAuthorization=..., prefetch=whole_prefetch())
    assert statuses(response) == ["notice"]
    assert setup.unread == {"medications": "no-access"}


def whole_prefetch() -> Json:
    ehr = stub()
    _, _ = signed(ehr)
    by_type: dict[str, list[Json]] = {}
    for one in ehr.resources:
        by_type.setdefault(one["resourceType"], []).append(one)
    sent: Json = {}
    for key, query in snapshot("order-sign").templates.items():
        kind = query.split("?")[0].split("/")[0]
        found = by_type.get(kind, [])
        sent[key] = (
            found[0] if key == "patient" else {"resourceType": "Bundle", "entry": [{"resource": r} for r in found]}
        )
    return sent


# ------------------------------------------------------------------ the chart


def test_a_drug_of_the_chart_behind_a_reference_is_read_too() -> None:
    listed = order("Medication/nsaid", "listed", status="active")
    ehr = stub(medication("nsaid", "nsaid"), listed, medication("cisplatin", "far"))
    _, response = signed(ehr, order())
    assert set(medications_asked(ehr)) == {"nsaid", "far"}
    assert any("cisplatin" in card["detail"].lower() or "NSAID" in card["detail"] for card in cards_of(response))


def test_a_patient_view_asks_for_the_drugs_of_its_chart() -> None:
    listed = order("Medication/far", "listed", status="active")
    ehr = stub(medication("targeted-drug"), listed)

    async def work(made: Setup) -> Any:
        return await made.call(request_body(PATIENT, ehr.base))

    response = in_process(ehr, work, client=Client(servers=Servers(loopback=True)))
    assert medications_asked(ehr) == ["far"]
    assert any("no molecular result" in card["detail"] for card in cards_of(response))
