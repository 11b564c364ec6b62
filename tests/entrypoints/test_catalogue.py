"""Lines of the standard about discovery, answers and browsers that no other suite has a reason to ask (docs/standard.md)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from fhirpath_spine.entrypoints.http import SANDBOX, create
from fhirpath_spine.service import Client

URL = "/cds-services/spine-patient-view"


# ------------------------------------------------------------------ discovery


def test_without_a_service_discovery_is_an_empty_list() -> None:
    with TestClient(create([], Client())) as client:
        answer = client.get("/cds-services")
    assert (answer.status_code, answer.json()) == (200, {"services": []})


def test_discovery_holds_services_and_nothing_else_and_each_id_once(client: TestClient) -> None:
    said = client.get("/cds-services").json()
    assert set(said) == {"services"}
    ids = [service["id"] for service in said["services"]]
    assert len(ids) == len(set(ids)) > 0
    allowed = {"hook", "id", "title", "description", "usageRequirements", "prefetch"}
    assert all(set(service) <= allowed for service in said["services"])


# ------------------------------------------------------------------ answers


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/html", "application/json+fhir", ""])
def test_whatever_a_client_accepts_it_gets_json(client: TestClient, body: Any, accept: str) -> None:
    for answer in (
        client.get("/cds-services", headers={"accept": accept}),
        client.post(URL, json=body(), headers={"accept": accept}),
        client.post(URL, json={}, headers={"accept": accept}),
    ):
        assert answer.headers["content-type"] == "application/json"


def test_an_answer_holds_cards_and_no_action_of_the_systems(client: TestClient, body: Any) -> None:
    answer = client.post(URL, json=body()).json()
    assert set(answer) == {"cards"}
    members = {"uuid", "summary", "detail", "indicator", "source", "suggestions", "selectionBehavior", "extension"}
    (card,) = answer["cards"]
    assert set(card) <= members
    assert set(card["source"]) == {"label", "topic"}
    assert [name for name in card["extension"] if not re.fullmatch(r"[a-z]{2,}(\.[a-z0-9-]+)+", name)] == []


def test_no_option_is_marked_as_the_recommended_one(client: TestClient, body: Any) -> None:
    (card,) = client.post(URL, json=body()).json()["cards"]
    for suggestion in card["suggestions"]:
        assert set(suggestion) == {"label", "uuid", "actions"}
        for action in suggestion["actions"]:
            assert set(action) == {"type", "description", "resource"}
            assert action["type"] == "create"
            assert action["resource"]["id"]


def test_nothing_of_a_card_leads_out_of_the_ehr(client: TestClient, body: Any) -> None:
    """Where it is not said how the service is reached; EHRs drop links that nobody registered, and an icon would be loaded."""
    (card,) = client.post(URL, json=body()).json()["cards"]
    assert {"links", "icon", "url"}.isdisjoint({*card, *card["source"]})
    assert not re.search(r"\]\(|<[a-z]", card["detail"])


def test_an_extension_of_the_request_is_read_past_and_never_said_again(client: TestClient, body: Any) -> None:
    theirs = {"com.vendor.trigger": {"value": "echo4711"}}
    answer = client.post(URL, json=body(extension=theirs, context={**body()["context"], "extension": theirs}))
    assert answer.status_code == 200
    assert "echo4711" not in answer.text


METASTASIS = {"coding": [{"system": "http://snomed.info/sct", "code": "94222008"}]}
OLDER = {
    "STU3": {"subject": {"reference": "Patient/p1"}, "clinicalStatus": "active", "verificationStatus": "confirmed"},
    "DSTU2": {"patient": {"reference": "Patient/p1"}, "clinicalStatus": "active", "verificationStatus": "confirmed"},
}
"""A diagnosis as an older release of FHIR writes it: nothing in a call says of which release its data are."""


@pytest.mark.parametrize("release", OLDER)
def test_data_of_an_older_release_are_read_or_said_to_be_unread(browser: TestClient, release: str) -> None:
    keys = browser.get("/cds-services").json()["services"][0]["prefetch"]
    condition = {"resourceType": "Condition", "id": "c1", "code": METASTASIS, **OLDER[release]}
    order = {"resourceType": "MedicationOrder", "id": "m1", "patient": {"reference": "Patient/p1"}, "status": "active"}
    sent: dict[str, Any] = dict.fromkeys(keys)
    sent["patient"] = {"resourceType": "Patient", "id": "p1", "birthDate": "1960-01-01"}
    sent["conditions"] = {"resourceType": "Bundle", "entry": [{"resource": condition}]}
    sent["medicationRequests"] = {"resourceType": "Bundle", "entry": [{"resource": order}]}
    context = {"patientId": "p1", "userId": "Practitioner/1"}
    asked = {"hook": "patient-view", "hookInstance": "i1", "context": context, "prefetch": sent}
    summaries = [card["summary"] for card in browser.post(URL, json=asked).json()["cards"]]
    assert any(text.startswith("Spinal lesion") for text in summaries)
    assert any(text.startswith("Data incomplete") for text in summaries)


# ------------------------------------------------------------------ browsers


@pytest.mark.parametrize(("method", "path"), [("GET", "/cds-services"), ("POST", URL), ("POST", f"{URL}/feedback")])
def test_a_browser_may_ask_before_each_path_with_the_headers_of_the_standard(
    client: TestClient, method: str, path: str
) -> None:
    names = {
        "origin": SANDBOX,
        "access-control-request-method": method,
        "access-control-request-headers": "accept, authorization, content-type",
    }
    answer = client.options(path, headers=names)
    assert answer.status_code == 200
    allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
    assert {"accept", "authorization", "content-type"} <= set(allowed)
    assert method in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-origin"] == SANDBOX


def test_feedback_is_no_page_to_look_at(client: TestClient) -> None:
    for method in ("GET", "HEAD", "PUT"):
        answer = client.request(method, f"{URL}/feedback")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
