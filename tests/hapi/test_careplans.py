"""Every CarePlan is a valid FHIR R4 resource for HAPI's validator, refers to what exists, and is created only once."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.hapi.hospital import CHARTS, ChartFile, Json, Server, Service, plain, plans
from tests.hapi.relay import Relay

PLANNED = 30
ORDERED = 10
"""Charts that are known to lead to a CarePlan, and to a draft ServiceRequest, at least."""


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [r for item in value.values() for r in references(item)]
    return [r for item in value for r in references(item)] if isinstance(value, list) else []


def dangling(resource: Json, hapi: Server) -> list[str]:
    """The references of a resource that lead nowhere: to nothing contained, and to nothing on the server."""
    contained = {f"#{held['id']}" for held in resource.get("contained", [])}
    return [r for r in references(resource) if r not in contained and (r.startswith("#") or not hapi.holds(r))]


def orders(chart: ChartFile, hapi: Server, ordering: Service) -> list[Json]:
    """The ServiceRequests on the cards of an EHR that takes them; it sends no prefetch, its server is listed."""
    answer = ordering.call(chart.patient, hapi.base, hapi.token)
    return plans(answer.json(), "ServiceRequest") if answer.status_code == 200 else []


@pytest.fixture
def sound(hapi: Server, service: Service) -> Json:
    """One sound CarePlan that names an activity."""
    charts = (plan for chart in CHARTS for plan in service.decided(chart).get("careplans", []))
    return copy.deepcopy(next(plan for plan in charts if plan.get("activity")))


# ------------------------------------------------------------------ valid


@pytest.mark.parametrize("chart", CHARTS, ids=lambda c: c.name)
def test_every_care_plan_is_valid_and_refers_to_what_exists(chart: ChartFile, hapi: Server, service: Service) -> None:
    decided = service.decided(chart).get("careplans", [])
    answer = service.call(chart.patient, prefetch=service.prefetch(chart))
    on_cards = plans(answer.json()) if answer.status_code == 200 else []
    assert plain(_anonymous(on_cards)) == plain(_anonymous(decided))
    for plan in [*decided, *on_cards]:
        assert hapi.validate(plan) == (200, [])
        assert f"Patient/{chart.patient}" in references(plan)
        assert dangling(plan, hapi) == []


@pytest.mark.parametrize("chart", CHARTS, ids=lambda c: c.name)
def test_every_service_request_is_valid_and_refers_to_what_exists(
    chart: ChartFile, hapi: Server, ordering: Service
) -> None:
    for order in orders(chart, hapi, ordering):
        assert hapi.validate(order) == (200, [])
        assert dangling(order, hapi) == []


def test_there_are_plans_and_orders_to_validate(hapi: Server, service: Service, ordering: Service) -> None:
    assert sum(bool(service.decided(chart).get("careplans")) for chart in CHARTS) >= PLANNED
    assert sum(bool(orders(chart, hapi, ordering)) for chart in CHARTS) >= ORDERED


def _anonymous(found: list[Json]) -> list[Json]:
    """Without the identifier: it is derived with the caller's key, and `decide` is another caller."""
    return [{k: v for k, v in plan.items() if k != "identifier"} for plan in found]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda c: c.name)
def test_apply_answers_with_the_plans_of_the_cards(
    chart: ChartFile, hapi: Server, service: Service, relay: Relay
) -> None:
    """``PlanDefinition/{id}/$apply``, read from the server; each plan is valid, as on the card."""
    relay.refuse, relay.page = chart.refusal, 5
    answer = service.call(chart.patient, relay.base, hapi.token)
    on_cards = plans(answer.json()) if answer.status_code == 200 else []
    wanted = sorted({plan["instantiatesCanonical"][0].split("/")[-1].split("|")[0] for plan in on_cards})
    found = [plan for pathway in wanted for plan in service.apply(pathway, chart.patient, relay.base, hapi.token)]
    assert sorted(found, key=_identifier) == sorted(on_cards, key=_identifier)
    assert [hapi.validate(plan) for plan in found] == [(200, [])] * len(found)


def _identifier(plan: Json) -> str:
    return str(plan["identifier"])


# ------------------------------------------------------------------ the validator can fail


def without_subject(plan: Json) -> None:
    del plan["subject"]


def with_detail_and_reference(plan: Json) -> None:
    plan["activity"][0]["reference"] = {"reference": "ServiceRequest/none"}


def with_unknown_property(plan: Json) -> None:
    plan["colour"] = "red"


def with_unknown_kind(plan: Json) -> None:
    plan["activity"][0]["detail"]["kind"] = "Surgery"


def with_unknown_status(plan: Json) -> None:
    plan["activity"][0]["detail"]["status"] = "perhaps"


CONTROLS = {
    "no subject": (without_subject, 200, "minimum required = 1"),
    "detail and reference": (with_detail_and_reference, 200, "cpl-3"),
    "unknown property": (with_unknown_property, 200, "Unrecognized property"),
    "unknown kind": (with_unknown_kind, 400, "HAPI-1821"),
    "unknown status": (with_unknown_status, 400, "HAPI-1821"),
}


@pytest.mark.parametrize("control", CONTROLS)
def test_the_validator_sees_what_is_wrong(control: str, sound: Json, hapi: Server) -> None:
    """Negative controls: a status of 200 is no proof, the issues are."""
    spoil, status, words = CONTROLS[control]
    spoil(sound)
    found, errors = hapi.validate(sound)
    assert found == status
    assert any(words in error for error in errors), errors


def test_the_validator_does_not_follow_references_so_the_tests_do(sound: Json, hapi: Server) -> None:
    sound["addresses"] = [{"reference": "Condition/spine-demo-nowhere"}]
    assert hapi.validate(sound) == (200, [])
    assert dangling(sound, hapi) == ["Condition/spine-demo-nowhere"]
    sound["goal"] = [{"reference": "#nothing"}]
    assert dangling(sound, hapi) == ["Condition/spine-demo-nowhere", "#nothing"]


# ------------------------------------------------------------------ created once


@pytest.fixture
def swept(hapi: Server) -> Iterator[list[str]]:
    """References that are deleted when the test is over."""
    made: list[str] = []
    yield made
    for reference in made:
        hapi.ask("DELETE", reference)


def test_a_plan_that_is_created_twice_is_there_once(hapi: Server, swept: list[str], sound: Json) -> None:
    identifier = sound["identifier"][0]
    query = f"identifier={quote(identifier['system'] + '|' + identifier['value'], safe='')}"
    statuses = []
    for _ in range(2):
        answer = hapi.ask("POST", "CarePlan", sound, **{"If-None-Exist": query})
        statuses.append(answer.status_code)
        if answer.status_code == 201:
            swept.append("/".join(answer.headers["Location"].split("/_history")[0].split("/")[-2:]))
    found = hapi.ask("GET", f"CarePlan?{query}").json()
    assert statuses == [201, 200]
    assert found["total"] == 1
    # The control: without the condition there are two.
    answer = hapi.ask("POST", "CarePlan", sound)
    swept.append("/".join(answer.headers["Location"].split("/_history")[0].split("/")[-2:]))
    assert hapi.ask("GET", f"CarePlan?{query}").json()["total"] == 2


def test_the_identifier_of_a_plan_is_the_same_at_the_next_opening(hapi: Server, service: Service) -> None:
    chart = next(c for c in CHARTS if service.decided(c).get("careplans"))
    calls = [service.call(chart.patient, hapi.base, hapi.token).json() for _ in range(2)]
    one, two = ([p["identifier"] for p in plans(answer)] for answer in calls)
    assert one == two
    assert one
