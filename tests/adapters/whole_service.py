"""The whole service, with the pathways that ship, in front of a stub of an EHR."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx2
from fastapi import FastAPI

from fhirpath_spine.adapters.ehr import AT_ONCE, Ehr, GuardedTransport
from fhirpath_spine.adapters.journal import LogJournal
from fhirpath_spine.entrypoints.http import create
from fhirpath_spine.exchange.incoming import Servers
from fhirpath_spine.pathway import judging
from fhirpath_spine.pathway.decision import Decision
from fhirpath_spine.pathway.facts import Chart
from fhirpath_spine.pathway.model import Library, Site
from fhirpath_spine.service import CallRecord, Client, HookService, Snapshot
from tests.adapters.stub_ehr import InProcess, Stub
from tests.adapters.virtual_time import ahead, waited
from tests.kit.content import library, wording

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 6, 15, 23, 59, 59, tzinfo=UTC)
URL = "http://service/cds-services/spine-patient-view"
TOKEN = "canary-token-4711"

Json = dict[str, Any]
T = TypeVar("T")


@cache
def snapshot(hook: str = "patient-view") -> Snapshot:
    return Snapshot.of(library(), Site(), wording(), hook)


def chart(name: str) -> Json:
    """An invented patient of the sandbox or a clinical case, by the start of its file's name."""
    folders = (ROOT / "sandbox" / "patients", ROOT / "tests" / "clinical" / "cases")
    (path,) = (p for folder in folders for p in folder.glob(f"{name}*.json"))
    found: Json = json.loads(path.read_text(encoding="utf-8"))
    return found


def patient_of(bundle: Json) -> str:
    return next(e["resource"]["id"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")


def request_body(patient: str, base: str, **changes: Any) -> Json:
    """What an EHR sends that gives no prefetch but leave to read."""
    whole = {
        "hook": "patient-view",
        "hookInstance": "i1",
        "context": {"patientId": patient, "userId": "Practitioner/canary-user"},
        "fhirServer": base,
        "fhirAuthorization": {
            "access_token": TOKEN,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.rs",
            "subject": "spine",
        },
        **changes,
    }
    return {k: v for k, v in whole.items() if v is not ...}


_ANSWERING: ContextVar[HookService] = ContextVar("answering")


class Front:
    """A service that is the one of the test that asks: what FastAPI makes of a service takes longer than a call does."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_ANSWERING.get(), name)


@cache
def _application(hook: str, client: Client, seconds: float) -> FastAPI:
    """The application of all services of one hook, for one client, with one deadline: it holds these three of the first."""
    del hook, seconds
    return create([cast(HookService, Front())], client)


@dataclass(repr=False)
class Setup:
    """A service and what it did. ``client`` is the built-in one unless a test says who else calls. It is told by its name alone:
    who asks asyncio for its tasks would else wait for all that they gave back to be written out.
    """

    ehr: Ehr
    client: Client = field(default_factory=lambda: Client(servers=Servers(loopback=True)))
    seconds: float = 4.0
    """By the clock of the event loop, whose time a test may hold."""
    on_unavailable: str = "412"
    hook: str = "patient-view"
    records: list[CallRecord] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    made: list[tuple[Client, HookService]] = field(default_factory=list)
    """The service that answered last, and for which client it was made."""

    def keep(self, record: CallRecord) -> None:
        self.records.append(record)
        LogJournal().keep(record)

    def judge(self, library: Library, chart: Chart, *given: Any, **named: Any) -> Decision:
        self.charts.append(chart)
        self.decisions.append(judging.decide(library, chart, *given, **named))
        return self.decisions[-1]

    def application(self) -> FastAPI:
        """The service for the client of now: one, for as long as that is the same."""
        if not self.made or self.made[-1][0] is not self.client:
            self.made.append((self.client, self._create()))
        _ANSWERING.set(self.made[-1][1])
        return _application(self.hook, self.client, self.seconds)

    def _create(self) -> HookService:
        return HookService(
            id=f"spine-{self.hook}",
            hook=self.hook,
            snapshot=snapshot(self.hook),
            retriever=self.ehr,
            journal=self,
            clock=lambda: AT,
            stopwatch=lambda: asyncio.get_running_loop().time(),
            seconds=self.seconds,
            on_unavailable=self.on_unavailable,
            judge=self.judge,
        )

    async def call(self, body: Json) -> httpx2.Response:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(self.application()), timeout=30) as caller:
            return await caller.post(URL.replace("patient-view", self.hook), json=body)

    @property
    def unread(self) -> dict[str, str]:
        """Why each key could not be read, as the record of the last call says."""
        return dict(entry.split(":", 1) for entry in self.records[-1].unread)


def in_process(stub: Stub, work: Callable[[Setup], Awaitable[T]], **changes: Any) -> T:
    """Runs some calls against a stub without a socket, in a loop whose time passes by waiting alone."""

    return waited(lambda: beside(stub, work, **changes))[0]


async def beside(
    stub: Stub,
    work: Callable[[Setup], Awaitable[T]],
    clock: Callable[[], float] = time.monotonic,
    at_once: int = AT_ONCE,
    **changes: Any,
) -> T:
    """The same in a loop that runs already. ``clock`` is what servers are left alone by, ``at_once`` the share of one server."""
    ehr = Ehr(InProcess(stub), clock, at_once)
    try:
        return await work(Setup(ehr, **changes))
    finally:
        await ehr.aclose()


AMPLE = 60.0
"""Seconds of a call over a socket whose deadline is not the question: the machine may be slow."""


class Unhurried(GuardedTransport):
    """The transport that production has, but for how soon a connection must stand: this machine may be slow."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.extensions["timeout"] |= {"connect": AMPLE, "write": AMPLE}
        return await super().handle_async_request(request)


def over_sockets(stub: Stub, work: Callable[[Setup], Awaitable[T]], seconds: float = AMPLE, **changes: Any) -> T:
    """Runs some calls against a stub that listens on this machine, in a loop whose clock can be put forward."""

    async def run() -> T:
        async with stub.serve():
            ehr = Ehr(Unhurried())
            try:
                return await work(Setup(ehr, seconds=seconds, **changes))
            finally:
                await ehr.aclose()

    return ahead(run)


def reading() -> set[asyncio.Task[Any]]:
    """What of the keys of a call is still being read."""
    return {task for task in asyncio.all_tasks() if "Reader.read" in repr(task)}


def cards_of(response: httpx2.Response) -> list[Json]:
    assert response.status_code == 200, response.text
    return list(response.json()["cards"])


def incomplete_card(response: httpx2.Response) -> Json:
    """The one card that says what could not be read."""
    found = [c for c in cards_of(response) if c["source"]["topic"]["code"] == "SPINEdataincomplete"]
    assert len(found) == 1
    assert found[0]["indicator"] == "warning"
    return found[0]


def refusal(response: httpx2.Response, status: int = 412) -> str:
    """The text of a refusal."""
    assert response.status_code == status, response.text
    (issue,) = response.json()["issue"]
    text: str = issue["details"]["text"]
    return text


def why(detail: str) -> str:
    """How a card says it."""
    return snapshot().wording.phrases.word("unread", detail)
