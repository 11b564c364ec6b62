"""What a FHIR server can cost: time where it is slow, pages without end, bodies that expand. Each is bounded and named."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx2
import pytest

from fhirpath_spine.adapters.ehr import Ehr
from fhirpath_spine.exchange.incoming import Servers
from fhirpath_spine.service import BYTES, PAGES, Client
from tests.adapters.fault_kit import (
    CHART,
    KEY,
    NEED,
    PATIENT,
    WHOLE,
    always,
    bomb,
    bundle,
    call,
    call_waiting,
    drug,
    numbered,
    once,
    peak,
    watch,
    with_fault,
)
from tests.adapters.stub_ehr import Answer, InProcess, Stub, from_bundle, of_json
from tests.adapters.virtual_time import put_forward, waited
from tests.adapters.whole_service import (
    Json,
    Setup,
    incomplete_card,
    over_sockets,
    reading,
    refusal,
    request_body,
    snapshot,
    why,
)

MEGABYTE = 1_000_000


@pytest.fixture(autouse=True)
def _nothing_leaks(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield from watch(caplog, capfd)


# ------------------------------------------------------------------ slow


SLOW = {
    "no answer in time": Answer(200, WHOLE, delay=30),
    "headers, then nothing": Answer(200, WHOLE, cut=0, stall=True),
    "half a body, then nothing": Answer(200, WHOLE, cut=40, stall=True),
    "a byte at a time": Answer(200, WHOLE, drip=0.05),
}


@pytest.mark.parametrize("name", SLOW)
def test_a_slow_need_costs_the_deadline_and_nothing_else(name: str) -> None:
    response, setup, seconds = call_waiting(with_fault(always(SLOW[name])), seconds=1.0)
    assert setup.unread == {KEY: "timed-out"}
    assert why("timed-out") in incomplete_card(response)["detail"]
    assert 0.9 < seconds <= 1.0


def test_where_everything_is_slow_the_refusal_comes_at_the_deadline() -> None:
    response, _, seconds = call_waiting(with_fault(always(SLOW["no answer in time"]), everywhere=True), seconds=1.0)
    assert "conditions (timed-out)" in refusal(response)
    assert seconds <= 1.0


def test_a_server_that_is_silent_is_given_up_before_a_long_deadline() -> None:
    """All but the silent one are read; then more than half of the time passes, and a fifth is left when it is given up."""
    stub, deadline = with_fault(always(Answer(200, WHOLE, cut=0, stall=True))), 6000.0

    async def work(setup: Setup) -> float:
        started = asyncio.get_running_loop().time()
        calling = asyncio.create_task(setup.call(request_body(PATIENT, stub.base)))
        while not (stub.stalled and len(reading()) == 1):
            await asyncio.sleep(0.01)
        put_forward(deadline * 0.6)
        await calling
        assert setup.unread == {KEY: "timed-out"}
        return asyncio.get_running_loop().time() - started

    assert over_sockets(stub, work, seconds=deadline) < deadline * 0.8


def test_a_throttled_call_does_not_wait_past_its_deadline() -> None:
    answer = Answer(429, headers={"Retry-After": "2"})
    _, setup, seconds = call_waiting(with_fault(always(answer)), seconds=1.0)
    assert setup.unread == {KEY: "throttled"}
    assert seconds == 0


class Late(InProcess):
    """The first connections are not taken in time."""

    def __init__(self, stub: Stub, late: int, error: type[httpx2.TimeoutException]) -> None:
        super().__init__(stub)
        self.late, self.error, self.tried = late, error, 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.tried += 1
        if self.tried <= self.late:
            await asyncio.sleep(1)
            raise self.error("late")
        return await super().handle_async_request(request)


KEYS = len(snapshot().templates)
MISSED = [key for key in snapshot().templates if key not in ("medicationAdministrations", "carePlans")]
"""What is missed where nothing answers: all but what is read only where it is offered."""


@pytest.mark.parametrize(
    ("late", "error", "unread", "tried"),
    [
        (1, httpx2.ConnectTimeout, {}, KEYS + 1),
        (2 * KEYS, httpx2.ConnectTimeout, dict.fromkeys(MISSED, "timed-out"), 2 * KEYS),
        (1, httpx2.ReadTimeout, {"patient": "timed-out"}, KEYS),
    ],
    ids=["one connection", "every connection", "an answer"],
)
def test_a_connection_is_tried_once_more_and_a_silent_server_is_not(
    late: int, error: type[httpx2.TimeoutException], unread: Json, tried: int
) -> None:
    transport = Late(from_bundle(CHART), late, error)

    async def work() -> Setup:
        setup = Setup(Ehr(transport))
        await setup.call(request_body(PATIENT, "http://127.0.0.1:1/fhir"))
        return setup

    setup, seconds = waited(work)
    assert setup.unread == unread
    assert transport.tried == tried
    assert seconds < 4


# ------------------------------------------------------------------ pages without end


def endless(size: int = 1) -> Stub:
    stub = with_fault(numbered(size))
    stub.faults["page"] = numbered(size)
    return stub


def test_ten_thousand_pages_are_read_up_to_the_cap_and_counted_as_incomplete() -> None:
    stub = endless()
    response, setup = call(stub)
    assert setup.unread == {KEY: "truncated"}
    assert why("truncated") in incomplete_card(response)["detail"]
    assert sum(a.kind in (NEED, "page") for a in stub.asked) == PAGES


def test_more_resources_than_the_limit_are_incomplete_and_not_kept() -> None:
    client = Client(servers=Servers(loopback=True), resources=60)
    stub = endless(size=20)
    _, setup = call(stub, client=client)
    assert setup.unread[KEY] == "truncated"
    assert sum(a.kind in (NEED, "page") for a in stub.asked) < 6


def test_the_pages_of_a_search_are_those_that_the_clients_entry_allows() -> None:
    stub = endless()
    _, setup = call(stub, client=Client(servers=Servers(loopback=True), pages=3))
    assert setup.unread == {KEY: "truncated"}
    assert sum(a.kind in (NEED, "page") for a in stub.asked) == 3


def test_what_was_sent_counts_among_the_resources_of_the_call() -> None:
    sent = {"reports": bundle(*({**drug(n), "resourceType": "DiagnosticReport"} for n in range(40)))}
    client = Client(servers=Servers(loopback=True), resources=80)
    stub = with_fault(always(of_json(bundle(*(drug(n) for n in range(35))))))
    _, alone = call(stub, client=client)
    _, beside = call(stub, client=client, body={"prefetch": sent})
    assert alone.unread == {}
    assert "truncated" in beside.unread.values()


def test_what_was_sent_counts_among_the_bytes_of_the_call() -> None:
    """16 MiB were sent, so that of 32 MiB no three pages of 8 MiB are left; with nothing sent, they are."""
    empty = b'{"resourceType": "Bundle"}'
    large = always(Answer(200, empty + b" " * (8 * 1024 * 1024 - len(empty))))
    stub = with_fault(large)
    stub.faults |= dict.fromkeys(("AllergyIntolerance", "FamilyMemberHistory"), large)
    _, alone = call(stub)
    _, beside = call(stub, body={"prefetch": {"unknown-key": "x" * (BYTES - 2000)}})
    assert alone.unread == {}
    assert "too-large" in beside.unread.values()


@pytest.mark.parametrize("links", [["0"], ["1", "0"], ["1", "2", "1"]], ids=["itself", "the first", "an earlier one"])
def test_pages_that_lead_in_a_circle_are_left(links: list[str]) -> None:
    answers = [of_json(bundle(drug(n), next=f"/fhir?_getpages={link}")) for n, link in enumerate(links)]
    stub = with_fault(once(of_json(bundle(drug(9), next="/fhir?_getpages=0"))))
    stub.faults["page"] = lambda asked: answers[int(asked.target.rsplit("=", 1)[1])]
    _, setup = call(stub)
    assert setup.unread == {KEY: "paging-loop"}
    assert len(stub.asked) < 30


def test_what_was_read_before_a_page_failed_is_kept() -> None:
    stub = from_bundle(CHART, page_size=2)
    conditions = [r for r in stub.resources if r["resourceType"] == "Condition"]
    tumour, *others = sorted(conditions, key=lambda r: "nerve sheath" not in r["code"]["text"])
    stub.resources = [tumour, *others, *(r for r in stub.resources if r["resourceType"] != "Condition")]

    stub.faults["page"] = lambda asked: Answer(403) if "_getpages=Condition-" in asked.target else None
    response, setup = call(stub)
    assert len(conditions) > 2
    assert setup.unread == {"conditions": "not-permitted"}
    assert why("not-permitted") in incomplete_card(response)["detail"]
    assert "PW-NEURO" in [e.id for e in setup.decisions[-1].entries]


# ------------------------------------------------------------------ bombs


@pytest.fixture(scope="module")
def small_bomb() -> Answer:
    """200 kB that expand to 200 MB."""
    return bomb(200)


def test_a_gzip_bomb_is_never_inflated(small_bomb: Answer) -> None:
    def work() -> None:
        response, setup = call(with_fault(always(small_bomb)))
        assert setup.unread == {KEY: "not-json"}
        assert why("not-json") in incomplete_card(response)["detail"]

    assert peak(work) < 40


def test_bombs_on_every_need_stay_under_the_bound_of_the_call(small_bomb: Answer) -> None:
    def work() -> None:
        response, _ = call(with_fault(always(small_bomb), everywhere=True))
        assert "conditions (not-json)" in refusal(response)

    assert peak(work) < 80


def test_a_large_body_without_compression_is_cut_off_too() -> None:
    _, setup = call(with_fault(always(Answer(200, b" " * (9 * 1024 * 1024)))))
    assert setup.unread == {KEY: "too-large"}
