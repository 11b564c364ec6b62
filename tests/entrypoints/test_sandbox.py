"""The requests of the official CDS Hooks sandbox, as bytes in the order in which a browser sends them: discovery, the question
before a call, the call, feedback. The chart is ours.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from starlette.testclient import TestClient

from fhirpath_spine.entrypoints.http import SANDBOX

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")
SENT = Path(__file__).parent / "sandbox-patient-view.json"
"""One body as the sandbox's own code puts it together, in one line: no encounter, no token, empty searches without ``entry``."""
URL = "/cds-services/spine-patient-view"
BROWSER = {"origin": SANDBOX, "content-type": "application/json", "authorization": "Bearer not.looked.at"}


def told(card: dict[str, Any]) -> str:
    return f"{card['summary']} {card['detail']}"


def test_the_bytes_are_as_they_were_seen() -> None:
    body = SENT.read_bytes()
    request = orjson.loads(body)
    assert b"\n" not in body.rstrip(b"\n")
    assert list(request) == ["hookInstance", "hook", "fhirServer", "context", "prefetch"]
    assert list(request["context"]) == ["patientId", "userId"]
    assert "entry" not in request["prefetch"]["procedures"]
    assert request["prefetch"]["conditions"]["link"][0]["url"].endswith("/Condition/_search")


def test_discovery_can_be_read_by_the_page(browser: TestClient) -> None:
    answer = browser.get("/cds-services", headers={"origin": SANDBOX, "authorization": BROWSER["authorization"]})
    assert answer.headers["access-control-allow-origin"] == SANDBOX
    # The sandbox keys services by address and id, and shows nothing for an empty list.
    ids = [service["id"] for service in answer.json()["services"]]
    assert ids == list(dict.fromkeys(ids)) != []


def test_no_template_holds_what_the_sandbox_would_send_as_it_stands(browser: TestClient) -> None:
    for template in browser.get("/cds-services").json()["services"][0]["prefetch"].values():
        names = [part.partition("=")[0] for part in template.partition("?")[2].split("&") if part]
        assert set(re.findall(r"{{(.*?)}}", template)) == {"context.patientId"}
        assert len(set(names)) == len(names), "the sandbox makes one parameter of two"


def test_the_body_holds_what_discovery_asks_for(browser: TestClient) -> None:
    templates = browser.get("/cds-services").json()["services"][0]["prefetch"]
    assert set(orjson.loads(SENT.read_bytes())["prefetch"]) == set(templates)


def test_the_question_before_the_call_is_answered(browser: TestClient) -> None:
    asked = {
        "origin": SANDBOX,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
        "access-control-request-private-network": "true",
    }
    answer = browser.options(URL, headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-private-network"] == "true"
    assert {"authorization", "content-type"} <= set(
        answer.headers["access-control-allow-headers"].lower().replace(" ", "").split(",")
    )


@pytest.mark.parametrize("legacy", [False, True], ids=["today", "with the user of earlier releases"])
def test_a_call_is_answered_with_cards_that_the_page_can_read(browser: TestClient, legacy: bool) -> None:
    body = SENT.read_bytes()
    if legacy:
        body = body.replace(b'"context":{', b'"user":"Practitioner/COREPRACTITIONER1","context":{', 1)
    answer = browser.post(URL, content=body, headers=BROWSER)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, SANDBOX)
    cards = answer.json()["cards"]
    # What the page needs to draw a card, and to offer that it is dismissed.
    assert cards
    assert all({"uuid", "summary", "indicator", "source", "detail"} <= set(card) for card in cards)


# ------------------------------------------------------------------ Rx View and Rx Sign, as the page sent them on the wire

ORDERED = {
    "order-select-open": ("order-select", []),
    "order-select": ("order-select", ["test the tumour before the targeted drug"]),
    "order-sign": ("order-sign", ["no chemotherapy now: neutrophils, platelets and renal function"]),
}
"""Name of the file -> its hook, and what its cards are about: nothing while the form of *Rx View* is empty."""


@pytest.mark.parametrize("name", ORDERED)
def test_an_order_on_the_wire_is_as_it_was_seen(name: str) -> None:
    body = (SENT.parent / f"sandbox-{name}.json").read_bytes()
    request = orjson.loads(body)
    assert b"\n" not in body.rstrip(b"\n")
    assert list(request) == ["hookInstance", "hook", "fhirServer", "context", "prefetch"]
    assert "encounterId" not in request["context"]
    assert list(request["context"]["draftOrders"]) == ["resourceType", "entry"]
    (order,) = (entry["resource"] for entry in request["context"]["draftOrders"]["entry"])
    assert ("medicationCodeableConcept" in order) is (name != "order-select-open")
    assert isinstance(order.get("category", {}), dict)


@pytest.mark.parametrize("name", ORDERED)
def test_an_order_gets_the_cards_of_its_drug(browser: TestClient, name: str) -> None:
    hook, about = ORDERED[name]
    body = (SENT.parent / f"sandbox-{name}.json").read_bytes()
    answer = browser.post(f"/cds-services/spine-{hook}", content=body, headers=BROWSER)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, SANDBOX)
    cards = answer.json()["cards"]
    assert len(cards) == len(about)
    for card, words in zip(cards, about, strict=True):
        assert words in card["summary"]
        assert card["indicator"] == "warning"
        assert card["extension"]["org.fhirpath-spine"]["orders"] == ["MedicationRequest/request-123"]


def test_the_body_of_an_order_holds_what_its_discovery_asks_for(browser: TestClient) -> None:
    templates = {s["hook"]: set(s["prefetch"]) for s in browser.get("/cds-services").json()["services"]}
    for name, (hook, _) in ORDERED.items():
        assert set(orjson.loads((SENT.parent / f"sandbox-{name}.json").read_bytes())["prefetch"]) == templates[hook]


def test_a_key_that_was_left_out_because_its_search_failed_is_not_taken_for_empty(browser: TestClient) -> None:
    whole = orjson.loads(SENT.read_bytes())
    failed = {**whole, "prefetch": {k: v for k, v in whole["prefetch"].items() if k != "observations-neuro"}}
    cards, less = (browser.post(URL, content=orjson.dumps(b), headers=BROWSER).json()["cards"] for b in (whole, failed))
    assert not [card for card in cards if "could not be read" in told(card)]
    assert [card for card in less if "could not be read" in told(card)]


DISMISSED = (
    b'{"card":"544955e1-eaf4-8859-8ec0-8840c83ced1d","outcome":"overridden",'
    b'"outcomeTimestamp":"2026-06-15T10:00:23.674Z"}'
)
ACCEPTED = (
    b'{"card":"af3db655-0a15-8e91-9da4-d6b1459031af","outcome":"accepted",'
    b'"acceptedSuggestions":[{"id":"db36ec9a-8329-8eb7-afd6-5c9dbe07a439"}],"outcomeTimestamp":"2026-06-15T10:00:22.217Z"}'
)


@pytest.mark.parametrize("item", [DISMISSED, ACCEPTED], ids=["dismissed", "accepted"])
def test_feedback_is_refused_in_words_that_the_page_can_read(browser: TestClient, item: bytes) -> None:
    sent = b'{"feedback":[' + item + b"]}"
    answer = browser.post(f"{URL}/feedback", content=sent, headers=BROWSER)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (501, SANDBOX)
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_the_address_of_the_page_sets_up_server_patient_and_service() -> None:
    (address,) = re.findall(r"^ {4}(https://sandbox\S+)$", PAGE, re.MULTILINE)
    given = {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}
    assert urlsplit(address)._replace(query="").geturl().rstrip("/") == SANDBOX
    assert set(given) == {"fhirServiceUrl", "patientId", "serviceDiscoveryURL"}
    assert urlsplit(given["serviceDiscoveryURL"]).path == "/cds-services"
    (patient,) = (Path(__file__).parents[2] / "sandbox" / "patients").glob("09-*.json")
    assert f'"id": "{given["patientId"]}"' in patient.read_text(encoding="utf-8")
