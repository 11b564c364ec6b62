"""What was added a moment ago is seen: no cache of ours, and the server is asked not to answer from its own (threat T08)."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest

from fhirpath_spine.exchange.ehr_side import TAG
from tests.hapi.hospital import CHARTS, Json, Server, Service, verdicts
from tests.hapi.relay import Relay

PATIENT = "spine-demo-dumbbell"
"""This chart says nothing about resectability."""
DONOR = "spine-demo-resectable"
"""This one says that the tumour can be resected safely."""


@pytest.fixture
def statement(hapi: Server) -> Iterator[Json]:
    """The other chart's statement, for this patient; taken away when the test is over."""
    donor = next(c for c in CHARTS if c.patient == DONOR)
    found = next(
        e["resource"]
        for e in donor.bundle["entry"]
        if e["resource"]["resourceType"] == "Observation"
        and any(c["code"] == "resectability" for c in e["resource"]["code"]["coding"])
    )
    mine = {k: copy.deepcopy(v) for k, v in found.items() if k not in ("focus", "bodySite", "hasMember", "derivedFrom")}
    mine |= {"id": "spine-demo-dumbbell-added", "subject": {"reference": f"Patient/{PATIENT}"}, "meta": {"tag": [TAG]}}
    yield mine
    hapi.ask("DELETE", f"Observation/{mine['id']}")


def statuses(hapi: Server, service: Service, relay: Relay) -> dict[str, str]:
    answer = service.call(PATIENT, relay.base, hapi.token)
    assert answer.status_code == 200, answer.text
    return {v["id"]: v["status"] for v in verdicts(answer.json())}


def test_an_observation_that_was_just_added_is_seen(
    hapi: Server, service: Service, relay: Relay, statement: Json
) -> None:
    before = statuses(hapi, service, relay)
    assert hapi.ask("PUT", f"Observation/{statement['id']}", statement).status_code == 201
    after = statuses(hapi, service, relay)
    assert after != before
    assert (before["R-NEU-02"], after["R-NEU-02"]) == ("needs-data", "recommended")
    assert hapi.ask("DELETE", f"Observation/{statement['id']}").status_code in (200, 204)
    assert statuses(hapi, service, relay) == before


def test_every_request_asks_not_to_be_answered_from_a_cache(hapi: Server, service: Service, relay: Relay) -> None:
    relay.page = 1
    statuses(hapi, service, relay)
    assert relay.pages
    assert {p.headers.get("Cache-Control") for p in relay.passed} == {"no-cache"}
