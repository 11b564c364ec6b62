"""The call's own token is needed, is passed on with every request, and a refusal is said aloud, never silence."""

from __future__ import annotations

import logging

import pytest

from tests.hapi.hospital import SANDBOX, Server, Service, verdicts
from tests.hapi.relay import Relay

PATIENT = "spine-demo-resectable"
CHART = next(c for c in SANDBOX if c.patient == PATIENT)
WRONG = "canary-token-4711"


@pytest.mark.usefixtures("needs_token")
@pytest.mark.parametrize("token", ["", WRONG], ids=["none", "wrong"])
def test_a_refused_token_leads_to_a_warning_with_a_reason(
    token: str, hapi: Server, service: Service, relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = service.call(PATIENT, relay.base, token)
    assert answer.status_code == 200
    (card,) = answer.json()["cards"]
    assert card["indicator"] == "warning"
    assert card["summary"].startswith("Nothing was judged")
    assert "did not permit it" in card["detail"]
    assert {p.status for p in relay.passed} == {401}
    for secret in (WRONG, PATIENT, "Feldspar"):
        assert secret not in answer.text
        assert secret not in caplog.text


@pytest.mark.usefixtures("needs_token")
def test_a_refused_token_leaves_what_was_sent_ready_in_force(hapi: Server, service: Service, relay: Relay) -> None:
    """The prefetch says that there is a tumour; what could not be read is named on a card of its own."""
    sent = {k: v for k, v in service.prefetch(CHART).items() if not k.startswith("observations-")}
    answer = service.call(PATIENT, relay.base, WRONG, sent)
    assert answer.status_code == 200
    assert answer.json()["cards"][0]["indicator"] == "warning"
    assert {v["status"] for v in verdicts(answer.json())} <= {"needs-data", "blocked", "recommended"}
    assert "did not permit it" in answer.text
    before = {v["id"] for v in verdicts(service.decided(CHART)) if v["status"] == "recommended"}
    assert {v["id"] for v in verdicts(answer.json()) if v["status"] == "recommended"} <= before


def test_the_token_is_passed_on_with_every_request_and_page(hapi: Server, service: Service, relay: Relay) -> None:
    relay.page = 2
    token = hapi.token or WRONG
    assert service.call(PATIENT, relay.base, token).status_code == 200
    assert relay.pages
    assert {p.headers.get("Authorization") for p in relay.passed} == {f"Bearer {token}"}


def test_the_servers_answer_is_not_taken_for_an_empty_chart(hapi: Server) -> None:
    """The control: the same reads without a token fail on the server itself, with an OperationOutcome."""
    if not hapi.token:
        pytest.skip(f"NOT CHECKED: {hapi.base} asks for no token")
    answer = Server(hapi.base, WRONG).ask("GET", f"Condition?patient={PATIENT}")
    assert answer.status_code == 401
    assert answer.json()["resourceType"] == "OperationOutcome"
