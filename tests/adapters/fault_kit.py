"""One call against a server with a fault: what the tests of faults share."""

from __future__ import annotations

import gzip
import json
import logging
import re
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import httpx2
import pytest

from tests.adapters.stub_ehr import FHIR, Answer, Asked, Fault, Stub, from_bundle, of_json
from tests.adapters.virtual_time import waited
from tests.adapters.whole_service import TOKEN, Json, Setup, beside, chart, over_sockets, patient_of, request_body

CHART = chart("C13")
PATIENT = patient_of(CHART)
CANARY = "canary-value-4711"
NEED, KEY = "MedicationRequest", "medicationRequests"
PART = "prescriptions"
"""What a card calls that part of the chart."""
MEGABYTE = 1_000_000
UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
"""The id of a decision, in whose digits a short id of a patient may stand by chance."""


class Clock:
    """Stands still until a test moves it on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def watch(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Whatever a test of faults does: no token, no patient and no word of a server's in a log or on a terminal."""
    with caplog.at_level(logging.DEBUG):
        yield
    printed = capfd.readouterr()
    logged = "\n".join(r.getMessage() for r in caplog.get_records("call"))
    assert '"event":"call"' in logged
    for secret in (TOKEN, CANARY, PATIENT, "canary-user"):
        assert secret not in UUID.sub("", logged + printed.out + printed.err)


def call(stub: Stub, **changes: Json) -> tuple[httpx2.Response, Setup]:
    """One call without prefetch, and the setup that answered it."""
    body_changes = changes.pop("body", {})

    async def work(setup: Setup) -> tuple[httpx2.Response, Setup]:
        return await setup.call(request_body(PATIENT, stub.base, **body_changes)), setup

    response, setup = over_sockets(stub, work, **changes)
    assert TOKEN not in response.text
    assert CANARY not in response.text
    return response, setup


@cache
def well() -> tuple[httpx2.Response, Setup]:
    """What comes of the call if nothing is wrong."""
    return call(from_bundle(CHART))


def call_waiting(stub: Stub, base: str = "", **changes: Any) -> tuple[httpx2.Response, Setup, float]:
    """The same without a socket, in a loop whose time passes by waiting alone: the seconds are exact, and cost nothing."""
    body_changes = changes.pop("body", {})

    async def work(setup: Setup) -> tuple[httpx2.Response, Setup]:
        return await setup.call(request_body(PATIENT, base or stub.base, **body_changes)), setup

    (response, setup), seconds = waited(lambda: beside(stub, work, **changes))
    assert TOKEN not in response.text
    assert CANARY not in response.text
    return response, setup, seconds


def with_fault(fault: Fault, *, everywhere: bool = False, token: str = TOKEN) -> Stub:
    stub = from_bundle(CHART, token=token)
    if everywhere:
        stub.everywhere = fault
    else:
        stub.faults[NEED] = fault
    return stub


def always(answer: Answer) -> Fault:
    return lambda _: answer


def once(first: Answer) -> Fault:
    """Fails the first time, then answers as if nothing had been."""
    answers = iter([first])
    return lambda _: next(answers, None)


def bundle(*resources: Json, next: str | None = None, **changes: object) -> Json:  # noqa: A002 - the link's own name
    value: Json = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": r} for r in resources],
        **changes,
    }
    return value if next is None else {**value, "link": [{"relation": "next", "url": next}]}


def drug(number: int, patient: str = PATIENT) -> Json:
    code = {"coding": [{"system": "http://example.org/drugs", "code": "1"}]}
    subject = {"reference": f"Patient/{patient}"}
    return {
        "resourceType": NEED,
        "id": f"m{number}",
        "status": "active",
        "medicationCodeableConcept": code,
        "subject": subject,
    }


WHOLE = json.dumps(bundle(drug(1), total=1)).encode()


def numbered(size: int = 1) -> Fault:
    """Pages of which each names a next one, for ever."""

    def answer(asked: Asked) -> Answer:
        number = int(asked.target.rsplit("=", 1)[1]) if "_getpages" in asked.target else 0
        found = [drug(number * size + n) for n in range(size)]
        return of_json(bundle(*found, next=f"/fhir?_getpages=x&n={number + 1}"))

    return answer


def bomb(megabytes: int) -> Answer:
    """A gzip of so many megabytes of zeros. After a full flush the next megabyte is packed as the first, so it is packed once."""
    zeros, sum_ = bytes(MEGABYTE), 0
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(megabytes):
        sum_ = zlib.crc32(zeros, sum_)
    head = gzip.compress(b"")[:10]
    packed = head + block * megabytes + packer.flush() + struct.pack("<LL", sum_, megabytes * MEGABYTE)
    return Answer(200, packed, {**FHIR, "Content-Encoding": "gzip"})


def peak(work: Callable[[], None]) -> float:
    """Most megabytes that were held at a time, above what was held before."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        work()
        return (tracemalloc.get_traced_memory()[1] - before) / MEGABYTE
    finally:
        tracemalloc.stop()
