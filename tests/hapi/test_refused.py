"""What a real server refuses, or does not have: the same judgement by another search, or a refusal that says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hapi.hospital import CHARTS, ChartFile, Server, Service
from tests.hapi.relay import Relay

OUTCOME: dict[str, Any] = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "not-supported"}],
}


@pytest.mark.parametrize("chart", [c for c in CHARTS if c.refused is None], ids=lambda c: c.name)
def test_without_search_by_code_the_answer_is_the_same_to_the_last_id(
    chart: ChartFile, hapi: Server, service: Service, relay: Relay
) -> None:
    by_code = service.call(chart.patient, relay.base, hapi.token)
    relay.refuse = lambda target: (400, OUTCOME) if "code=" in target else None
    relay.page = 5
    answer = service.call(chart.patient, relay.base, hapi.token)
    assert (answer.status_code, answer.json()) == (by_code.status_code, by_code.json())
    assert answer.status_code == 200


def test_a_patient_that_the_server_does_not_have_is_refused_and_not_silent(
    hapi: Server, service: Service, relay: Relay
) -> None:
    """The server itself answers every search of such a patient with an empty Bundle."""
    answer = service.call("spine-demo-nobody", relay.base, hapi.token)
    assert {p.status for p in relay.passed} == {200, 404}
    assert answer.status_code == 412
    (issue,) = answer.json()["issue"]
    assert issue["code"] == "not-found"
    assert "merged or deleted" in issue["details"]["text"]


def test_a_patient_that_was_deleted_is_refused_and_not_silent(hapi: Server, service: Service, relay: Relay) -> None:
    patient = {"resourceType": "Patient", "id": "spine-demo-deleted", "birthDate": "1970-01-01"}
    assert hapi.ask("PUT", "Patient/spine-demo-deleted", patient).status_code in (200, 201)
    assert service.call("spine-demo-deleted", relay.base, hapi.token).json() == {"cards": []}
    assert hapi.ask("DELETE", "Patient/spine-demo-deleted").status_code in (200, 204)
    answer = service.call("spine-demo-deleted", relay.base, hapi.token)
    assert 410 in {p.status for p in relay.passed}
    assert answer.status_code == 412
    assert answer.json()["issue"][0]["code"] == "not-found"
