"""The faults of a FHIR server, one by one: the answer, what it may cost, the reason by name, and that nothing else suffers.

Each is asked twice: where it befalls one need, and where it befalls everything. Time is that of a loop whose time passes by
waiting alone, so that a bound is one of the call's deadline and not of this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import httpx2
import pytest

from fhirpath_spine.pathway.decision import Status
from fhirpath_spine.service import PAGES
from tests.adapters.fault_kit import (
    CANARY,
    CHART,
    KEY,
    NEED,
    PART,
    PATIENT,
    UUID,
    WHOLE,
    always,
    bomb,
    bundle,
    call_waiting,
    drug,
    numbered,
    peak,
    watch,
)
from tests.adapters.stub_ehr import FHIR, Answer, Fault, Stub, from_bundle, of_json, outcome
from tests.adapters.whole_service import TOKEN, Json, Setup, incomplete_card, refusal, snapshot, why

DEADLINE = 4.0
KEYS = len(snapshot().templates)


@pytest.fixture(autouse=True)
def _nothing_leaks(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield from watch(caplog, capfd)


@dataclass(frozen=True)
class Case:
    """``asked`` is how many requests one need may cost. ``base`` makes of the server's base what the call names."""

    why: str
    fault: Callable[[], Fault] = lambda: lambda _: None
    asked: int = 1
    base: Callable[[str], str] | None = None


def failing(status: int, **headers: str) -> Fault:
    return always(of_json(outcome(text=CANARY), status, headers={**FHIR, **headers}))


def circle() -> Fault:
    return always(of_json(bundle(drug(1), next="/fhir?_getpages=0")))


@cache
def expanding() -> Fault:
    return always(bomb(200))


HTML = Answer(200, b"<!doctype html>" + CANARY.encode(), {"Content-Type": "text/html"})
CASES: dict[str, Case] = {
    "wrong base": Case("not-found", base=lambda base: f"{base}-of-old"),
    "base not listed": Case("base-not-listed", base=lambda _: f"https://{CANARY}.example.org/fhir", asked=0),
    "401": Case("not-permitted", lambda: failing(401)),
    "403": Case("not-permitted", lambda: failing(403)),
    "404": Case("not-found", lambda: failing(404)),
    "429 with Retry-After": Case("throttled", lambda: failing(429, **{"Retry-After": "3600"})),
    "500": Case("upstream-error", lambda: failing(500), asked=2),
    "slow": Case("timed-out", lambda: always(Answer(200, WHOLE, delay=60))),
    "cut connection": Case("connection-cut", lambda: always(Answer(200, WHOLE, cut=30)), asked=2),
    "HTML": Case("not-json", lambda: always(HTML)),
    "truncated JSON": Case("not-json", lambda: always(Answer(200, WHOLE[:-20]))),
    "OperationOutcome in a 200": Case("outcome", lambda: failing(200)),
    "next to another origin": Case(
        "next-refused", lambda: always(of_json(bundle(drug(1), next=f"https://{CANARY}.example.org/2")))
    ),
    "next that loops": Case("paging-loop", circle, asked=2),
    "10,000 pages": Case("truncated", numbered, asked=PAGES),
    "an expanding gzip": Case("not-json", expanding),
}


@dataclass(frozen=True)
class Called:
    """What came of a call: its answer, the setup that gave it, seconds waited, and megabytes held at most."""

    response: httpx2.Response
    setup: Setup
    seconds: float
    megabytes: float


def call(stub: Stub, base: str, prefetch: Json | None = None) -> Called:
    out: list[tuple[httpx2.Response, Setup, float]] = []
    body = {"prefetch": prefetch or {}}
    megabytes = peak(lambda: out.append(call_waiting(stub, base, seconds=DEADLINE, body=body)))
    return Called(*out[0], megabytes)


def befalling(case: Case, *, everything: bool) -> tuple[Stub, str, Json]:
    """The server, the base that the call names, and what the call sends so that the fault befalls what it shall."""
    stub = from_bundle(CHART, token=TOKEN)
    if case.base is not None:
        sent = {} if everything else {key: bundle(*found) for key, found in undisturbed().items() if key != KEY}
        return stub, case.base(stub.base), sent
    fault = case.fault()
    if everything:
        stub.everywhere = fault
    else:
        stub.faults |= {NEED: fault, "page": fault}
    return stub, stub.base, {}


@cache
def well() -> Called:
    stub = from_bundle(CHART)
    return call(stub, stub.base)


def undisturbed() -> dict[str, tuple[Json, ...]]:
    """What each key gives if nothing is wrong."""
    return resources(well())


def resources(called: Called) -> dict[str, tuple[Json, ...]]:
    return {key: tuple(map(dict, read.resources)) for key, read in called.setup.charts[-1].reads.items()}


def recommended(called: Called) -> set[tuple[str, str]]:
    verdicts = called.setup.decisions[-1].verdicts
    return {(v.id, v.lesion.key if v.lesion else "") for v in verdicts if v.status is Status.RECOMMENDED}


@pytest.mark.parametrize("name", CASES)
def test_a_fault_of_one_need_is_named_and_the_other_needs_are_as_if_nothing_had_been(name: str) -> None:
    case = CASES[name]
    stub, base, sent = befalling(case, everything=False)
    found = call(stub, base, sent)
    card = incomplete_card(found.response)
    assert f"Could not be read: {PART} ({why(case.why)})" in card["detail"].replace("\\", "")
    assert found.setup.unread == {KEY: case.why}
    others = {key: read for key, read in resources(found).items() if key != KEY}
    assert others == {key: read for key, read in undisturbed().items() if key != KEY}
    assert recommended(found) <= recommended(well())
    assert len(stub.asked) == case.asked + (0 if sent else KEYS - 1)
    assert found.seconds <= DEADLINE
    assert found.megabytes < 40


@pytest.mark.parametrize("name", CASES)
def test_a_fault_of_everything_is_a_refusal_that_names_it_and_never_an_empty_answer(name: str) -> None:
    case = CASES[name]
    stub, base, _ = befalling(case, everything=True)
    found = call(stub, base)
    assert f"conditions ({case.why})" in refusal(found.response)
    assert PATIENT not in UUID.sub("", found.response.text)
    assert "cards" not in found.response.json()
    assert found.setup.decisions == []
    # One more for each type whose search by code was refused and made without codes.
    assert len(stub.asked) <= case.asked * KEYS + (case.why in ("not-found", "query-refused"))
    assert found.seconds <= DEADLINE
    assert found.megabytes < 80


def test_what_is_slow_is_waited_for_until_the_deadline_and_not_beyond() -> None:
    """The control of the bound above: the clock of these tests does count what is waited for."""
    stub, base, _ = befalling(CASES["slow"], everything=False)
    assert call(stub, base).seconds > 0.9 * DEADLINE
    assert well().seconds == 0
