"""A server that asks to be left alone is, by every call of the process, and for no longer than it asks (fault R04)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx2
import pytest

from fhirpath_spine.exchange.incoming import Servers
from fhirpath_spine.pathway.facts import type_of
from fhirpath_spine.service import Client
from tests.adapters.fault_kit import CANARY, CHART, KEY, NEED, PATIENT, WHOLE, Clock, always, watch
from tests.adapters.stub_ehr import FHIR, Answer, Stub, from_bundle, of_json, outcome
from tests.adapters.virtual_time import waited
from tests.adapters.whole_service import (
    TOKEN,
    Json,
    Setup,
    beside,
    cards_of,
    incomplete_card,
    refusal,
    request_body,
    snapshot,
    why,
)

OTHER_TOKEN = "canary-other-token"


@pytest.fixture(autouse=True)
def _nothing_leaks(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield from watch(caplog, capfd)
    assert OTHER_TOKEN not in "\n".join(r.getMessage() for r in caplog.get_records("call"))


def throttled(seconds: str = "30", status: int = 429) -> Answer:
    return of_json(outcome(text=CANARY), status, headers={**FHIR, "Retry-After": seconds})


def access(token: str) -> Json:
    return {"access_token": token, "token_type": "Bearer", "expires_in": 300}


def calls(stub: Stub, work: Callable[[Setup, Clock], Awaitable[None]], **changes: Any) -> None:
    """Some calls of one process, whose back-off goes by a clock of the test's own."""
    clock = Clock()
    waited(lambda: beside(stub, lambda setup: work(setup, clock), clock, **changes))


async def call(setup: Setup, stub: Stub, **changes: Any) -> httpx2.Response:
    stub.asked.clear()
    response = await setup.call(request_body(PATIENT, stub.base, **changes))
    assert TOKEN not in response.text
    assert CANARY not in response.text
    return response


def test_a_throttled_server_is_not_asked_again_by_any_call_until_its_time_is_over() -> None:
    stub = from_bundle(CHART)
    stub.everywhere = always(throttled("30"))

    async def work(setup: Setup, clock: Clock) -> None:
        assert "conditions (throttled)" in refusal(await call(setup, stub))
        stub.everywhere = None
        clock.now += 20
        for token in (TOKEN, OTHER_TOKEN):
            text = refusal(await call(setup, stub, fhirAuthorization=access(token)))
            assert "conditions (backing-off)" in text
            assert stub.asked == []
            assert set(setup.unread.values()) == {"backing-off"}
            assert setup.decisions == []
        clock.now += 10
        cards_of(await call(setup, stub))
        assert setup.unread == {}

    calls(stub, work)


def test_while_a_server_is_left_alone_what_was_sent_is_judged_and_the_rest_is_named() -> None:
    stub = from_bundle(CHART)
    stub.faults[NEED] = always(throttled("30"))
    held: Json = {}

    async def work(setup: Setup, _: Clock) -> None:
        # One key was throttled: the others of the same call were read.
        incomplete_card(await call(setup, stub))
        assert setup.unread == {KEY: "throttled"}
        sent = {key: None for key in snapshot().templates if key != KEY}
        tumour = {
            "resourceType": "Bundle",
            "entry": [{"resource": r} for r in stub.resources if r["resourceType"] == "Condition"],
        }
        patient = next(r for r in stub.resources if r["resourceType"] == "Patient")
        held.update(sent | {"conditions": tumour, "patient": patient})
        card = incomplete_card(await call(setup, stub, prefetch=held))
        assert why("backing-off") in card["detail"]
        assert setup.unread == {KEY: "backing-off"}
        assert stub.asked == []

    calls(stub, work)


def test_a_call_that_sends_all_does_not_notice() -> None:
    stub = from_bundle(CHART)
    stub.everywhere = always(throttled())

    async def work(setup: Setup, _: Clock) -> None:
        await call(setup, stub)
        patient = {"resourceType": "Patient", "id": PATIENT}
        await call(setup, stub, prefetch={**dict.fromkeys(snapshot().templates), "patient": patient})
        assert setup.unread == {}
        assert setup.records[-1].outcome == "ok"

    calls(stub, work)


def test_what_one_client_was_told_never_makes_another_clients_chart_look_empty() -> None:
    """The same chart gives the other client a refusal that names the reason, or, where it sends all, its whole answer."""
    stub = from_bundle(CHART)
    whole = {
        key: {
            "resourceType": "Bundle",
            "entry": [{"resource": r} for r in stub.resources if r["resourceType"] == type_of(key)],
        }
        for key in snapshot().templates
        if key != "patient"
    }
    whole["patient"] = next(r for r in stub.resources if r["resourceType"] == "Patient")

    async def work(setup: Setup, _: Clock) -> None:
        setup.client = other = Client(id="other", servers=Servers(loopback=True))
        undisturbed = await call(setup, stub, prefetch=whole)
        setup.client = Client(id="first", servers=Servers(loopback=True))
        stub.everywhere = always(throttled())
        assert "throttled" in refusal(await call(setup, stub))
        stub.everywhere, setup.client = None, other
        assert "conditions (backing-off)" in refusal(await call(setup, stub))
        assert (await call(setup, stub, prefetch=whole)).content == undisturbed.content
        assert cards_of(undisturbed)

    calls(stub, work)


def test_another_server_is_asked_as_ever() -> None:
    stub = from_bundle(CHART)
    stub.everywhere = always(throttled())

    async def work(setup: Setup, _: Clock) -> None:
        await call(setup, stub)
        stub.everywhere = None
        stub.origin = "http://127.0.0.1:2"
        cards_of(await call(setup, stub))
        assert setup.unread == {}

    calls(stub, work)


def test_a_time_that_fits_is_waited_for_by_the_call_itself_and_by_later_ones() -> None:
    stub = from_bundle(CHART)
    answers = iter([throttled("1")])
    stub.faults[NEED] = lambda _: next(answers, None)

    async def work(setup: Setup, _: Clock) -> None:
        for _n in range(2):
            started = asyncio.get_running_loop().time()
            cards_of(await call(setup, stub))
            assert 0.999 < asyncio.get_running_loop().time() - started < 1.3
            assert setup.unread == {}

    calls(stub, work)


def test_a_time_that_was_waited_for_is_not_waited_for_again() -> None:
    stub = from_bundle(CHART)
    answers = iter([throttled("1")])
    stub.faults[NEED] = lambda _: next(answers, None)

    async def work(setup: Setup) -> float:
        await call(setup, stub)
        started = asyncio.get_running_loop().time()
        await call(setup, stub)
        return asyncio.get_running_loop().time() - started

    async def whole() -> float:
        return await beside(stub, work, asyncio.get_running_loop().time)

    assert waited(whole)[0] == 0


@pytest.mark.parametrize("others", [True, False], ids=["others answer", "nothing answers"])
def test_a_server_is_down_if_it_answers_nothing_and_not_if_one_search_fails(others: bool) -> None:
    stub = from_bundle(CHART)
    fault = always(throttled("30", 503))
    if others:
        stub.faults[NEED] = fault
    else:
        stub.everywhere = fault

    async def work(setup: Setup, _: Clock) -> None:
        await call(setup, stub)
        await call(setup, stub)
        assert bool(stub.asked) is others
        assert setup.unread[KEY] == ("upstream-error" if others else "backing-off")

    calls(stub, work)


@pytest.mark.parametrize(
    "answer",
    [Answer(429), Answer(503), throttled("soon"), throttled("-5"), Answer(500), Answer(200, WHOLE[:9]), Answer(403)],
    ids=["429 without a time", "503 without a time", "no time", "a negative time", "500", "broken", "403"],
)
def test_whoever_names_no_time_is_asked_by_the_next_call(answer: Answer) -> None:
    stub = from_bundle(CHART)
    stub.everywhere = always(answer)

    async def work(setup: Setup, _: Clock) -> None:
        await call(setup, stub)
        await call(setup, stub)
        assert stub.asked

    calls(stub, work)


def test_it_is_logged_once_by_the_name_of_the_client_and_without_an_address(caplog: pytest.LogCaptureFixture) -> None:
    stub = from_bundle(CHART)
    stub.everywhere = always(throttled("30"))
    client = Client(id="general-hospital", servers=Servers(loopback=True))

    async def work(setup: Setup, clock: Clock) -> None:
        await call(setup, stub)
        await call(setup, stub)
        clock.now += 31
        await call(setup, stub)

    calls(stub, work, client=client)
    lines = [r.getMessage() for r in caplog.records if r.name == "fhirpath_spine.backoff"]
    assert lines == ['{"event":"backoff","client":"general-hospital","seconds":30.0}'] * 2
    assert all(r.levelno == logging.WARNING for r in caplog.records if r.name == "fhirpath_spine.backoff")
