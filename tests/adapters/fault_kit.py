"""One call against a server with a fault: what the tests of faults share."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator

import httpx2
import pytest
from stub_ehr import Answer, Fault, Stub, from_bundle
from whole_service import TOKEN, Json, Setup, chart, over_sockets, patient_of, request_body

CHART = chart("C13")
PATIENT = patient_of(CHART)
CANARY = "canary-value-4711"
NEED, KEY = "MedicationRequest", "medicationRequests"
BOUND = 2.0
"""Seconds for what fails at once, as a generous multiple of what it takes (well under a tenth)."""


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
        assert secret not in logged + printed.out + printed.err


def call(stub: Stub, **changes: Json) -> tuple[httpx2.Response, Setup, float]:
    """One call without prefetch, the setup that answered it, and how many seconds that took."""
    body_changes = changes.pop("body", {})

    async def work(setup: Setup) -> tuple[httpx2.Response, Setup, float]:
        started = time.perf_counter()
        response = await setup.call(request_body(PATIENT, stub.base, **body_changes))
        return response, setup, time.perf_counter() - started

    response, setup, seconds = over_sockets(stub, work, **changes)
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
