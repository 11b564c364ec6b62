"""Prefetch, search, both, and Bundle give the same judgement, for every chart, on a real server (design section 10)."""

from __future__ import annotations

import pytest
from httpx2 import Response

from tests.hapi.hospital import CHARTS, ChartFile, Json, Server, Service, pathways, verdicts
from tests.hapi.relay import Relay

PAGES = (5, 2)
"""Five resources a page, and two, so that every chart needs many pages."""


@pytest.fixture(params=CHARTS, ids=lambda c: c.name)
def chart(request: pytest.FixtureRequest, relay: Relay) -> ChartFile:
    """Each chart; what its file says may not be read, the server refuses."""
    found: ChartFile = request.param
    relay.refuse = found.refusal
    return found


def agrees(answer: Response, decided: Json) -> Json:
    """The answer, which says what ``decide`` says, or refuses as it does."""
    body: Json = answer.json()
    if "outcome" in decided:
        assert answer.status_code == 412, body
        assert body["issue"][0]["code"] == decided["outcome"]["issue"][0]["code"]
        return body
    assert answer.status_code == 200, body
    assert verdicts(body) == verdicts(decided)
    assert set(pathways(body)) <= set(pathways(decided))
    assert bool(body["cards"]) == bool(decided["cards"])
    return body


@pytest.mark.parametrize("page", PAGES)
def test_paged_search_equals_prefetch_and_decide(
    chart: ChartFile, page: int, hapi: Server, service: Service, relay: Relay
) -> None:
    decided = service.decided(chart)
    sent = agrees(service.call(chart.patient, prefetch=service.prefetch(chart)), decided)
    assert relay.passed == []
    relay.page = page
    found = agrees(service.call(chart.patient, relay.base, hapi.token), decided)
    # The same answer to the last id; of what may not be read they say "an error" of one and "not permitted" of the other.
    assert found == sent or chart.refused
    # Nothing was given ready: one search for each template, and further pages wherever one is not enough.
    assert len(relay.passed) - len(relay.pages) == len(service.templates)
    assert len(relay.pages) == sum((_matches(service, chart, key) - 1) // page for key in service.templates)


def test_search_with_the_templates_as_they_are(chart: ChartFile, hapi: Server, service: Service, relay: Relay) -> None:
    agrees(service.call(chart.patient, relay.base, hapi.token), service.decided(chart))
    assert relay.pages == []
    assert len(relay.passed) == len(service.templates)


@pytest.mark.parametrize("half", [0, 1])
def test_half_a_prefetch_and_search_for_the_rest(
    chart: ChartFile, half: int, hapi: Server, service: Service, relay: Relay
) -> None:
    whole = service.prefetch(chart)
    relay.page = PAGES[0]
    sent = {key: whole[key] for key in sorted(whole)[half::2]}
    agrees(service.call(chart.patient, relay.base, hapi.token, sent), service.decided(chart))
    assert len(relay.passed) - len(relay.pages) == len(service.templates) - len(sent)


def _matches(service: Service, chart: ChartFile, key: str) -> int:
    value = service.prefetch(chart)[key]
    return max(1, value.get("total", 1)) if value["resourceType"] == "Bundle" else 1


def test_pages_are_really_followed(hapi: Server, service: Service) -> None:
    """If no chart needed a second page, the tests above would show nothing."""
    needed = [sum(any(_matches(service, c, key) > page for key in service.templates) for c in CHARTS) for page in PAGES]
    assert needed[0] >= 3
    assert needed[1] >= 30
