"""Reads from the EHR's FHIR server what the prefetch left open: the retriever of the service.

Each key comes back as resources, complete or with the reason why not. One that fails leaves the others alone. Requirements
FHIR-01 to FHIR-12 of the CDS Hooks catalogue; threats T01 to T03, T08, T11; faults R01 to R10, R13.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from weakref import WeakValueDictionary

import httpx2

from fhirpath_spine.adapters.ehr.body import PLAIN, Allowance
from fhirpath_spine.adapters.ehr.faults import BackOff
from fhirpath_spine.adapters.ehr.keys import Reader
from fhirpath_spine.adapters.ehr.network import GuardedTransport
from fhirpath_spine.adapters.ehr.session import Session
from fhirpath_spine.exchange.incoming.addresses import Address
from fhirpath_spine.exchange.incoming.answers import UnreadReason, unread
from fhirpath_spine.exchange.incoming.medications import MOST, is_medication, named_elsewhere
from fhirpath_spine.exchange.incoming.prefetch import Open
from fhirpath_spine.exchange.incoming.requests import HookRequest
from fhirpath_spine.pathway.facts.chart import Chart, Read
from fhirpath_spine.pathway.facts.signs import NO_SIGNS
from fhirpath_spine.pathway.facts.subjects import check_ignored
from fhirpath_spine.service import Budget, Client

AT_ONCE = 64
"""Requests to one server at a time, over all calls; one call makes no more than it has keys. A server that stalls
cannot take the connections that others need.
"""


class Ehr:
    """The one HTTP client of a process. It holds no token and no cookie, and follows no redirect."""

    def __init__(
        self,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        at_once: int = AT_ONCE,
    ) -> None:
        _quiet()
        self._http = httpx2.AsyncClient(
            transport=transport or GuardedTransport(),
            headers={"Accept": "application/fhir+json", "Accept-Encoding": PLAIN, "Cache-Control": "no-cache"},
            # A session cookie of one user's answer must not ride on the next user's request.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
        )
        self._backoff, self._at_once = BackOff(clock), at_once
        self._gates: WeakValueDictionary[Address, asyncio.Semaphore] = WeakValueDictionary()

    async def fetch(
        self, request: HookRequest, wanted: Mapping[str, Open], client: Client, budget: Budget
    ) -> Mapping[str, Read]:
        """One read for each wanted key, all fetched at once, from the server of the call if its caller's entry lists it; then
        the Medications that what came refers to, within the same bounds.

        Raises:
            PatientMismatch: an entry that would be ignored belongs to another patient; the facts check all others.

        """
        base = client.servers.admitted(request.server)
        if base is None:
            why = UnreadReason.BASE_NOT_LISTED if request.server else UnreadReason.NO_ACCESS
            return _all_unread(why, wanted)
        deadline = asyncio.get_running_loop().time() + budget.seconds
        if not await self._in_time(base, budget.seconds):
            return _all_unread(UnreadReason.BACKING_OFF, wanted)
        session = Session(
            http=self._http,
            base=base,
            servers=client.servers,
            token=request.access.token if request.access else None,
            deadline=deadline,
            gate=self._gates.setdefault(base, asyncio.Semaphore(self._at_once)),
            resources=budget.resources,
            pages=client.pages,
            allowance=Allowance(budget.bytes),
            backoff=self._backoff,
            client=client.id,
        )
        reader, scope = Reader(session, request.patient), Chart(request.patient, {}, base=request.server)
        try:
            found = await _at_once(reader, wanted)
            found |= await _at_once(reader, _referred(found, scope, wanted))
        except ExceptionGroup as bugs:
            # A key raises nothing, so this is a bug; the rim shall name it, not the group.
            raise bugs.exceptions[0] from None
        finally:
            session.end()
        check_ignored(reader.unjudged, scope)
        return found

    async def _in_time(self, base: Address, seconds: float) -> bool:
        """Whether the server may be asked: at once, or after a rest that leaves half of the time for its answers."""
        rest = self._backoff.left(base)
        if rest > seconds / 2:
            return False
        await asyncio.sleep(rest)
        return True

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._http.aclose()


async def _at_once(reader: Reader, wanted: Mapping[str, Open]) -> dict[str, Read]:
    async with asyncio.TaskGroup() as group:
        tasks = {key: group.create_task(reader.read(item)) for key, item in wanted.items()}
    return {key: task.result() for key, task in tasks.items()}


def _referred(found: Mapping[str, Read], scope: Chart, wanted: Mapping[str, Open]) -> dict[str, Open]:
    """The Medications that are named in what came, and neither came with it nor were asked for."""
    asked = [key for key in wanted if is_medication(key)]
    signs = next((item.signs for item in wanted.values()), NO_SIGNS)
    named = named_elsewhere((one for read in found.values() for one in read.resources), scope, signs, MOST)
    return {key: named[key] for key in [key for key in named if key not in asked][: MOST - len(asked)]}


def _all_unread(why: UnreadReason, wanted: Mapping[str, Open]) -> dict[str, Read]:
    """Each key as unread for one reason, with what was sent of it."""
    return {key: unread(why, item.partial.resources if item.partial else ()) for key, item in wanted.items()}


def _quiet() -> None:
    """Silences the loggers of the HTTP libraries: their lines hold whole URLs, and with them a patient's id (threat T14)."""
    for name in ("httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
