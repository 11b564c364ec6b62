"""One call that fetches: what it asks for and what not, that its fetches overlap, and that it ends when its caller leaves."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from fhirpath_spine.exchange.incoming import Open, Servers, UnreadReason, parse_request
from fhirpath_spine.pathway.facts import DOUBTS
from fhirpath_spine.service import Budget, Client
from tests.adapters.stub_ehr import Answer, Asked, Stub, from_bundle, of_json, outcome
from tests.adapters.virtual_time import put_forward
from tests.adapters.whole_service import (
    AMPLE,
    URL,
    Json,
    Setup,
    cards_of,
    chart,
    in_process,
    incomplete_card,
    over_sockets,
    patient_of,
    reading,
    request_body,
    snapshot,
    why,
)

CHART = chart("C13")
PATIENT = patient_of(CHART)
NEED, KEY = "MedicationRequest", "medicationRequests"


def called(stub: Stub, prefetch: Json, **changes: Any) -> tuple[Setup, Any]:
    async def work(setup: Setup) -> tuple[Setup, Any]:
        return setup, await setup.call(request_body(PATIENT, stub.base, prefetch=prefetch))

    return in_process(stub, work, **changes)


def asked_of(stub: Stub) -> list[str]:
    return sorted({a.kind for a in stub.asked})


# ------------------------------------------------------------------ what is asked for


def test_only_what_the_prefetch_leaves_open_is_asked_for() -> None:
    stub = from_bundle(CHART)
    sent = {key: None for key in snapshot().templates if key not in (KEY, "procedures")}
    setup, _ = called(stub, sent)
    assert asked_of(stub) == [NEED, "Procedure"]
    assert setup.unread == {}


def test_an_operation_outcome_of_the_prefetch_is_not_asked_for_again() -> None:
    stub = from_bundle(CHART)
    setup, response = called(stub, {KEY: outcome()})
    assert NEED not in asked_of(stub)
    assert setup.unread == {KEY: "outcome"}
    assert why("outcome") in incomplete_card(response)["detail"]


def test_the_rest_of_a_prefetch_that_names_a_next_page_is_fetched() -> None:
    stub = from_bundle(CHART, page_size=1)
    conditions = [r for r in stub.resources if r["resourceType"] == "Condition"]
    stub._searches["of-the-ehr"] = conditions
    first = {
        "resourceType": "Bundle",
        "total": len(conditions),
        "entry": [{"resource": conditions[0]}],
        "link": [{"relation": "next", "url": f"{stub.base}?_getpages=of-the-ehr&_getpagesoffset=1&_count=1"}],
    }
    setup, _ = called(stub, {"conditions": first})
    assert "Condition" not in asked_of(stub)
    assert setup.unread == {}
    entries = [(e.id, e.lesion.key if e.lesion else "") for e in setup.decisions[-1].entries]
    whole, _ = called(from_bundle(CHART), {})
    assert entries == [(e.id, e.lesion.key if e.lesion else "") for e in whole.decisions[-1].entries]


@pytest.mark.parametrize("prefetch", [{}, {KEY: outcome()}], ids=["absent", "failed"])
def test_what_an_ehr_does_not_offer_is_not_asked_for_and_raises_no_warning(prefetch: Json) -> None:
    stub = from_bundle(CHART)
    client = Client(servers=Servers(loopback=True), not_offered=frozenset({NEED}))
    setup, response = called(stub, prefetch, client=client)
    assert NEED not in asked_of(stub)
    assert setup.unread == {KEY: "not-offered"}
    cards = cards_of(response)
    assert all(c["source"]["topic"]["code"] != "SPINEdataincomplete" for c in cards)
    assert any("Not offered by this EHR" in c["detail"] for c in cards)


def test_what_an_ehr_does_not_offer_is_used_where_it_is_sent_all_the_same() -> None:
    stub = from_bundle(CHART)
    client = Client(servers=Servers(loopback=True), not_offered=frozenset({NEED}))
    setup, _ = called(stub, {KEY: None}, client=client)
    assert setup.unread == {}


def test_a_call_that_names_no_server_fetches_nothing() -> None:
    async def work(setup: Setup) -> Setup:
        await setup.call(request_body(PATIENT, "", fhirServer=..., fhirAuthorization=...))
        return setup

    assert set(in_process(Stub([]), work).unread.values()) == {"no-access"}


def test_every_reason_has_its_words() -> None:
    phrases = snapshot().wording.phrases
    assert {w for w in UnreadReason if f"unread-{w}" not in phrases.keys} == set()
    assert {k.removeprefix("unread-") for k in phrases.keys if k.startswith("unread-")} == {*UnreadReason, *DOUBTS}


def test_an_id_longer_than_fhir_allows_is_asked_for_as_it_is() -> None:
    """FHIR-12: Epic's ids have up to 200 characters of letters, digits, dot, hyphen and underscore."""
    long = "e" + "a.B-9_" * 33
    stub = Stub([{"resourceType": "Patient", "id": long}])

    async def work(setup: Setup) -> Setup:
        await setup.call(request_body(long, stub.base))
        return setup

    assert in_process(stub, work).unread == {}
    assert f"/fhir/Patient/{long}" in [a.target for a in stub.asked]


# ------------------------------------------------------------------ at once


def test_fetches_overlap() -> None:
    """All fetches together take less than 2.5 times the slowest chain of pages alone; one after another it were 15 times."""
    stub = from_bundle(CHART, page_size=2, latency=0.05)
    client = Client(servers=Servers(loopback=True))

    async def fetched(setup: Setup, *keys: str) -> float:
        request = parse_request(request_body(PATIENT, stub.base), "patient-view")
        wanted = {key: Open(key, snapshot().templates[key]) for key in keys or snapshot().templates}
        started = asyncio.get_running_loop().time()
        reads = await setup.ehr.fetch(request, wanted, client, Budget(30))
        assert all(read.complete for read in reads.values())
        return asyncio.get_running_loop().time() - started

    async def work(setup: Setup) -> tuple[float, float]:
        chains = [await fetched(setup, key) for key in snapshot().templates]
        return await fetched(setup), max(chains)

    total, slowest = in_process(stub, work)
    assert total < 2.5 * slowest


def test_one_server_is_asked_by_no_more_than_its_share_at_a_time() -> None:
    stub = from_bundle(CHART, latency=0.01)

    async def work(setup: Setup) -> Setup:
        await asyncio.gather(*(setup.call(request_body(PATIENT, stub.base, hookInstance=f"i{n}")) for n in range(3)))
        return setup

    setup = in_process(stub, work, at_once=3)
    assert stub.most == 3
    assert all(record.unread == () for record in setup.records)


# ------------------------------------------------------------------ the caller leaves


def test_when_the_caller_leaves_its_fetches_end_and_no_task_is_left() -> None:
    stub, all_asked = from_bundle(CHART), asyncio.Event()

    def silent(_: Asked) -> Answer:
        if len(stub.asked) == len(snapshot().templates):
            all_asked.set()
        return Answer(200, b"{}", cut=0, stall=True)

    stub.everywhere = silent
    path = URL.removeprefix("http://service")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "server": ("service", 80),
        "client": ("caller", 1),
    }

    async def work(setup: Setup) -> None:
        body = json.dumps(request_body(PATIENT, stub.base)).encode()
        messages = [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[Any] = []

        async def receive() -> Any:
            if messages:
                return messages.pop()
            await all_asked.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        tasks = asyncio.all_tasks()
        async with asyncio.timeout(AMPLE):  # it does not wait for what nobody reads
            await setup.application()(scope, receive, send)
        assert sent[0]["status"] == 499
        assert setup.records[-1].outcome == "caller-left"
        assert len(stub.asked) == len(snapshot().templates)
        async with asyncio.timeout(AMPLE):
            while stub.busy or asyncio.all_tasks() != tasks:
                await asyncio.sleep(0.01)

    over_sockets(stub, work, seconds=100 * AMPLE)


def test_what_is_given_up_at_the_deadline_leaves_no_connection_and_no_task() -> None:
    stub = from_bundle(CHART)
    stub.faults[NEED] = lambda _: Answer(200, b"{}", cut=0, stall=True)

    async def work(setup: Setup) -> None:
        before = ours()
        calling = asyncio.create_task(setup.call(request_body(PATIENT, stub.base)))
        while not (stub.stalled and len(reading()) == 1):
            await asyncio.sleep(0.01)
        put_forward(setup.seconds)
        await calling
        assert setup.unread == {KEY: "timed-out"}
        async with asyncio.timeout(AMPLE):
            while stub.stalled or ours() != before:
                await asyncio.sleep(0.01)

    def ours() -> set[asyncio.Task[Any]]:
        return {task for task in asyncio.all_tasks() if "Stub." not in repr(task)}

    over_sockets(stub, work, seconds=100 * AMPLE)


def test_a_body_of_another_shape_never_fails_the_call() -> None:
    """A chain raises nothing, whatever JSON comes."""
    single = {"resourceType": NEED, "id": "1", "subject": {"reference": f"Patient/{PATIENT}"}}
    batch = {"resourceType": "Bundle", "type": "batch-response"}
    odd = {"resourceType": "Bundle", "entry": 1, "link": 1, "total": "x"}
    for value in (None, 1, "x", [], {}, {"resourceType": 1}, single, batch, odd):
        stub = from_bundle(CHART)
        stub.faults[NEED] = lambda _, value=value: of_json(value)  # type: ignore[misc]
        setup, response = called(stub, {})
        assert response.status_code == 200
        assert setup.unread == {KEY: "shape"}
