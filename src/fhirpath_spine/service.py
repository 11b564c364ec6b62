"""The use case of one hook call, from top to bottom: request, reads, judgement, words.

What may do I/O stands behind a port: what the EHR holds, what is kept of a call. Caller authentication and a store come as
further adapters, not as further code here. It is long because the ports are read beside the one use case that they serve.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from fhirpath_spine.errors import Overdue, ScopeUndecidable, SpineError
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.feedback.issued import Issued, cards_issued
from fhirpath_spine.exchange.fhir.apply import ApplyRequest, applied
from fhirpath_spine.exchange.incoming.addresses import Servers
from fhirpath_spine.exchange.incoming.contexts import check_context, with_context
from fhirpath_spine.exchange.incoming.medications import is_medication, named_elsewhere
from fhirpath_spine.exchange.incoming.prefetch import RESOURCES, Open, check_known, read_prefetch
from fhirpath_spine.exchange.incoming.requests import HookRequest, parse_request
from fhirpath_spine.exchange.incoming.templates import prefetch_templates
from fhirpath_spine.exchange.outgoing.cards import CardPolicy, Wording, unavailable, write_cards
from fhirpath_spine.pathway.decision import Decision
from fhirpath_spine.pathway.facts.chart import WHERE_OFFERED, Chart, Read
from fhirpath_spine.pathway.judging import evaluate
from fhirpath_spine.pathway.model import HOOKS, Library, Site

BYTES, DEPTH = 16 * 1024 * 1024, 64
"""Size and depth of the body of a call, where the client's entry says nothing else (rulings 2.9)."""
PAGES = 20
"""Pages of one search, where the client's entry says nothing else (fault R09)."""
CALLS = 50
"""Calls a second, where the client's entry says nothing else (threat T22)."""
CALL_BYTES = 2 * BYTES
"""Bytes that one call takes in, sent and fetched together; twice the body that its client may send, if that is more."""
SMALL = 64 * 1024
"""Bytes up to which a body is read where it came in: handing it to a thread would take as long."""
LEFT = 0.5
"""Seconds that judging has at least, where a FHIR server took all the time that the call has."""
CDS_HOOKS = "3.0.0"
"""Version of the CDS Hooks specification that the answers follow; they also read as 2.0.1 (DISC-11)."""

HOOK_VERSIONS = {
    "patient-view": "1.0",
    "encounter-start": "1.0",
    "problem-list-item-create": "0.1.0",
    "encounter-discharge": "1.0",
    "order-select": "1.0",
    "order-sign": "1.0",
}
"""Version of each hook, as the published library of hooks has it (DISC-12)."""


class Retriever(Protocol):
    """Closes what the prefetch leaves open."""

    async def fetch(
        self, request: HookRequest, wanted: Mapping[str, Open], client: Client, budget: Budget
    ) -> Mapping[str, Read]:
        """One read for each wanted key, within the budget, from where the client's entry allows; and one for each Medication that
        what was read refers to, under its reference, as far as the bounds allow.

        A read that fails is an incomplete read with its reason; it never raises.

        Raises:
            PatientMismatch: what was fetched holds a resource of another patient.

        """


class Judge(Protocol):
    """The judgement of a chart; :func:`fhirpath_spine.pathway.evaluate.decide`."""

    def __call__(
        self,
        library: Library,
        chart: Chart,
        at: datetime,
        site: Site,
        *,
        emergency: str = ...,
        audience: str = ...,
        explained: bool = ...,
        hook: str = ...,
    ) -> Decision:
        """The decision on a chart at an instant, for a hook."""


T = TypeVar("T")


class Work(Protocol):
    """Where what computes is done: at once, or beside an event loop that others wait for."""

    async def __call__(self, compute: Callable[..., T], *given: Any) -> T:
        """What the function answers."""


async def at_once(compute: Callable[..., T], *given: Any) -> T:
    """Computes here and now: for whoever has one call and nobody else waiting."""
    return compute(*given)


async def in_time(work: Work, seconds: float, compute: Callable[..., T], *given: Any) -> T:
    """What the function answers within so many seconds.

    Raises:
        Overdue: it did not; what was begun ends by itself, and nobody waits for it.

    """
    try:
        async with asyncio.timeout(seconds):
            return await work(compute, *given)
    except TimeoutError:
        raise Overdue(
            "The call was not judged in the time that it has. This is not a statement that nothing is needed.",
            hint="Send less, or ask for a longer SPINE_DEADLINE.",
        ) from None


class Count(Protocol):
    """Counts something, by a name and labels of closed lists."""

    def __call__(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """Adds the amount, or says it where the name is of a state."""


def uncounted(name: str, amount: float = 1.0, **labels: str) -> None:
    """Counts nothing: for whoever was not asked for metrics."""
    del name, amount, labels


class Clock(Protocol):
    """Tells the time; fixed in tests and by ``SPINE_CLOCK``."""

    def __call__(self) -> datetime:
        """Now, aware."""


class Journal(Protocol):
    """Keeps a record of each call, without a patient's data."""

    def keep(self, record: CallRecord) -> None:
        """Keeps one record; a failure to keep it must not fail the call."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who calls: its name, what its EHR takes on a card, where it may have us read, what it cannot give, and its limits."""

    id: str = "dev"
    card_policy: CardPolicy = field(default_factory=CardPolicy)
    emergency: str = "full"
    servers: Servers = field(default_factory=Servers)
    not_offered: frozenset[str] = frozenset()
    """Resource types that this EHR does not offer (rulings 2.10)."""
    body: int = BYTES
    depth: int = DEPTH
    resources: int = RESOURCES
    pages: int = PAGES
    extension: bool = True
    """Whether its cards carry the judgement for machines."""
    calls: int = CALLS
    """Calls a second, over a longer time."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one call may still cost when it begins to fetch; what was sent with it is taken off."""

    seconds: float
    resources: int = RESOURCES
    bytes: int = CALL_BYTES


@dataclass(slots=True)
class Trace:
    """Names a call to whoever has to report that it failed."""

    decision: str = ""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What is kept of one call. No id of a patient, no text of a chart, no token: only our own words and counts."""

    decision: str
    client: str
    service: str
    outcome: str
    milliseconds: float
    cards: int = 0
    pathways: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    """``key:why`` of each key that could not be read to its end."""
    ignored: int = 0
    ledger: tuple[str, ...] = ()
    """``way:number`` of each way in which what was sent ended; empty where nothing was judged."""
    patient: str = ""
    """A keyed hash, for the store alone: with the public key of development it could be guessed."""
    issued: tuple[Issued, ...] = ()
    """What feedback may name, for the store alone."""


@dataclass(slots=True)
class _Kept:
    """The record of a call that is under way."""

    record: CallRecord

    def note(self, chart: Chart, ignored: int = 0, drugs: Iterable[Read] = ()) -> None:
        """Notes what could not be read, whatever comes of the call."""
        unknown = sorted({f"medications:{read.detail}" for read in drugs if not read.complete})
        unread = (*map(":".join, _unread(chart).items()), *unknown)
        self.record = replace(self.record, unread=unread, ignored=ignored)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The content in force. It is immutable and taken once per call, so that a reload cannot mix two sets."""

    library: Library
    site: Site
    wording: Wording
    templates: Mapping[str, str]

    @classmethod
    def of(cls, library: Library, site: Site, wording: Wording, hook: str = HOOKS[0]) -> Snapshot:
        """The snapshot of a loaded library for one hook, with the prefetch templates of what that needs compiled."""
        return cls(library, site, wording, prefetch_templates(library, site, hook))

    def at(self, hook: str) -> Snapshot:
        """The same content for another hook."""
        return Snapshot.of(self.library, self.site, self.wording, hook)


@dataclass(frozen=True, slots=True)
class HookService:
    """One CDS service: an id, the hook that it answers, and what it answers with."""

    id: str
    hook: str
    snapshot: Snapshot
    retriever: Retriever
    journal: Journal
    clock: Clock
    stopwatch: Callable[[], float] = time.monotonic
    """Seconds that only grow: what the time of a call is measured by."""
    seconds: float = 4.0
    on_unavailable: str = "card"
    cds_hooks: str = "2.0"
    """The version of the standard that discovery claims; ``version`` and ``hookVersion`` are of 3.0."""
    judge: Judge = evaluate.decide
    work: Work = at_once

    def describe(self) -> Json:
        """The entry of the discovery document."""
        phrases = self.snapshot.wording.phrases
        return {
            "hook": self.hook,
            "id": self.id,
            "title": phrases.at("service-title", self.hook),
            "description": phrases.at("service-description", self.hook),
            **(_claimed(self.hook) if self.cds_hooks != "2.0" else {}),
            "usageRequirements": phrases.text("service-usage", keys=", ".join(self.snapshot.templates)),
            "prefetch": dict(self.snapshot.templates),
        }

    async def answer(
        self, body: object, client: Client, trace: Trace, size: int = 0, started: float | None = None
    ) -> Json:
        """The response to one call: ``{"cards": [...]}``. ``trace`` learns the decision's id as soon as there is one;
        ``size`` is how many bytes the body had, ``started`` when it was there (by the service's stopwatch; default: now).

        Raises:
            Overdue: its time is over, and it was not judged to the end.
            RequestError: the caller has to change the request.
            PatientMismatch: data of another patient; nothing is judged.
            PatientUnknown: the FHIR server has no such patient; nothing is judged.
            ScopeUndecidable: it could not be read whether a pathway applies (unless a card shall say so).

        """
        started = self.stopwatch() if started is None else started
        at, snapshot = self.clock(), self.snapshot
        request = parse_request(body, self.hook, snapshot.library.signs)
        trace.decision = self._id(client, request, at)
        with self._keeping(self._begun(trace, client, self.id, request), started) as kept:
            # The pathways speak to clinicians; a patient or relative who opens the chart gets no card (rulings 2.7).
            if request.audience != "clinician":
                kept.record = replace(kept.record, outcome="audience")
                return {"cards": []}
            chart = await self._read(request, client, snapshot, started, kept, size)
            judging = (request, client, snapshot, at, chart, kept.record)
            result, kept.record = await self._in_time(started, self._judge, *judging)
            return result

    async def apply(self, pathway: str, asked: ApplyRequest, client: Client, trace: Trace) -> Json:
        """The CarePlan of one pathway for one patient, the same as on a card (``PlanDefinition/{id}/$apply``).

        Raises:
            NothingToPropose: there is no plan; the error says why.
            RequestError, PatientMismatch, PatientUnknown, ScopeUndecidable: as :meth:`answer`.

        """
        started, at, snapshot = self.stopwatch(), self.clock(), self.snapshot
        request = asked.as_call()
        trace.decision = self._id(client, request, at)
        name = f"PlanDefinition/{pathway}/$apply"
        with self._keeping(self._begun(trace, client, name, request), started) as kept:
            chart = await self._in_time(started, asked.chart, client.resources, snapshot.library.signs)
            if chart is None:
                chart = await self._read(request, client, snapshot, started, kept)
            else:
                kept.note(chart)
            judging = partial(self.judge, snapshot.library, chart, at, snapshot.site, emergency=client.emergency)
            decision = await self._in_time(started, judging)
            trace.decision = self._id(client, request, at, decision.facts)
            kept.record = replace(kept.record, decision=trace.decision)
            result = applied(decision, pathway, trace.decision, snapshot.wording)
            kept.record = replace(kept.record, outcome="ok")
            return result

    async def _in_time(self, started: float, compute: Callable[..., T], *given: Any) -> T:
        left = self.seconds - (self.stopwatch() - started)
        return await in_time(self.work, max(left, LEFT), compute, *given)

    @contextmanager
    def _keeping(self, record: CallRecord, started: float) -> Iterator[_Kept]:
        """Keeps the record of a call, however it ends."""
        kept = _Kept(record)
        try:
            yield kept
        except SpineError as error:
            kept.record = replace(kept.record, outcome=error.code)
            raise
        except asyncio.CancelledError:
            kept.record = replace(kept.record, outcome="caller-left")
            raise
        finally:
            elapsed = round((self.stopwatch() - started) * 1000, 1)
            self.journal.keep(replace(kept.record, milliseconds=elapsed))

    async def _read(
        self,
        request: HookRequest,
        client: Client,
        snapshot: Snapshot,
        started: float,
        kept: _Kept,
        size: int = 0,
    ) -> Chart:
        # Whose orders are on the screen is known before a server is asked for anything of this patient.
        check_context(request.context, request.patient, request.server, client.resources)
        # Facts come from the prefetch, key by key; what it leaves open, and only that, goes to the retriever.
        reading = partial(
            read_prefetch,
            request.prefetch,
            snapshot.templates,
            request.patient,
            base=request.server,
            limit=client.resources,
            not_offered=client.not_offered,
            signs=snapshot.library.signs,
        )
        found = reading() if 0 < size <= SMALL else await self._in_time(started, reading)
        budget = Budget(
            seconds=self.seconds - (self.stopwatch() - started),
            resources=client.resources - found.taken,
            bytes=max(CALL_BYTES, 2 * client.body) - size,
        )
        scope = Chart(request.patient, {}, base=request.server)
        known = [*request.context.orders, *found.resources]
        wanted = {**found.open, **named_elsewhere(known, scope, snapshot.library.signs)}
        fetched = await self.retriever.fetch(request, wanted, client, budget) if wanted else {}
        drugs = [read for key, read in fetched.items() if is_medication(key)]
        # What is read only where an EHR offers it is not missed where neither the prefetch nor the server gives it.
        fetched = {
            key: read
            for key, read in fetched.items()
            if not is_medication(key) and (read.complete or key in request.prefetch or key not in WHERE_OFFERED)
        }
        chart = replace(scope, reads={**found.reads, **fetched})
        kept.note(chart, found.ignored, drugs)
        check_known(chart)
        # A Medication says what its order or entry is; where it could not be read, they are named as not recognised.
        chart = replace(chart, drafts=tuple(one for read in drugs for one in read.resources))
        return with_context(chart, request.context, snapshot.library.signs)

    def _judge(
        self,
        request: HookRequest,
        client: Client,
        snapshot: Snapshot,
        at: datetime,
        chart: Chart,
        record: CallRecord,
    ) -> tuple[Json, CallRecord]:
        # The judgement is pure: same library, chart and instant, same decision.
        try:
            decision = self.judge(
                snapshot.library,
                chart,
                at,
                snapshot.site,
                emergency=client.emergency,
                audience=request.audience,
                explained=False,
                hook=self.hook,
            )
        except ScopeUndecidable as error:
            if self.on_unavailable == "card":
                card = unavailable(record.decision, snapshot.wording, dict(error.unread) or _unread(chart))
                told = cards_issued([card], snapshot.library, {})
                return {"cards": [card] if client.extension else _for_people([card])}, replace(
                    record, outcome=error.code, cards=1, issued=told
                )
            raise

        # The id is settled by what was judged, so that a retry has the same cards (rulings 5.2).
        record = replace(record, decision=self._id(client, request, at, decision.facts))
        worded = write_cards(decision, record.decision, snapshot.wording, client.card_policy, request.context.sent)
        return {"cards": worded.cards if client.extension else _for_people(worded.cards)}, replace(
            record,
            outcome=decision.silent or "ok",
            cards=len(worded.cards),
            pathways=tuple(f"{e.id}:{e.state}" for e in decision.entries),
            ledger=tuple(f"{way}:{number}" for way, number in decision.ledger.by_way().items()),
            issued=cards_issued(worded.cards, snapshot.library, worded.carried),
        )

    def _begun(self, trace: Trace, client: Client, name: str, request: HookRequest) -> CallRecord:
        patient = self.snapshot.wording.ids.uuid("patient", client.id, request.patient)
        return CallRecord(trace.decision, client.id, name, "internal-error", 0.0, patient=patient)

    def _id(self, client: Client, request: HookRequest, at: datetime, facts: str = "") -> str:
        library, day = self.snapshot.library.digest, at.date().isoformat()
        return self.snapshot.wording.ids.decision(client.id, request.instance, library, facts, day)


def _claimed(hook: str) -> Json:
    # The models of the published standard know neither, and a validator of theirs would refuse the document (DISC-11, DISC-12).
    return {"version": CDS_HOOKS, **({"hookVersion": HOOK_VERSIONS[hook]} if hook in HOOK_VERSIONS else {})}


def _for_people(cards: Iterable[Json]) -> list[Json]:
    """The cards without what is for machines alone."""
    return [{key: value for key, value in card.items() if key != "extension"} for card in cards]


def _unread(chart: Chart) -> dict[str, str]:
    """Each key that could not be read to its end, with why."""
    return {key: read.detail for key, read in sorted(chart.reads.items()) if not read.complete}
