"""One call's leave to read from one FHIR server: where to, with which token, how long, how much."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx2

from fhirpath_spine.adapters.ehr.body import Allowance, read_body
from fhirpath_spine.adapters.ehr.faults import BackOff, FaultError, of_error, of_status
from fhirpath_spine.adapters.ehr.network import REACH, reach_of
from fhirpath_spine.errors import BodyTooLarge, RequestError
from fhirpath_spine.exchange.incoming.addresses import Address, Servers, read_link
from fhirpath_spine.exchange.incoming.answers import UnreadReason
from fhirpath_spine.exchange.incoming.parsing import LARGE, take_in
from fhirpath_spine.exchange.incoming.requests import Secret

CONNECT, WRITE = 1.0, 1.0
READ = 2.0
"""Longest silence of a server in seconds; of a long deadline, half of it."""
_R4 = frozenset({"4.0", "4.3"})


@dataclass(slots=True)
class Session:
    """What the fetches of one call share. It ends with the call, and the token with it (FHIR-05)."""

    http: httpx2.AsyncClient
    base: Address
    servers: Servers
    token: Secret | None = field(repr=False)
    deadline: float
    """By the clock of the event loop, as its timeouts are."""
    gate: asyncio.Semaphore
    resources: int
    """Resources that the call may still take in."""
    pages: int
    """Pages of one search."""
    allowance: Allowance
    backoff: BackOff
    client: str
    """Id of the client entry."""
    answered: bool = False
    """Some request was answered with JSON."""
    down: float = 0.0
    """For how many seconds the server says that it is not able to answer."""

    @property
    def left(self) -> float:
        """Seconds until the deadline, none if it has passed."""
        return max(0.0, self.deadline - asyncio.get_running_loop().time())

    def first(self, query: str, patient: str) -> str:
        """The address of a template's query, with the patient's id filled in and what is no URL character encoded."""
        path, mark, search = query.replace("{{context.patientId}}", patient).partition("?")
        return f"{self.base.origin}{self.base.path}/{path}{mark}{quote(search, safe='=&,:/')}"

    def following(self, link: str, page: str) -> str:
        """The address that a ``next`` link means, if it may be followed.

        Raises:
            FaultError: it leads away from the base's origin, and to none that the client entry lists.

        """
        found = read_link(link, page)
        if found is None or not self._may_ask(found[1]):
            raise FaultError(UnreadReason.NEXT_REFUSED)
        return found[0]

    def _may_ask(self, origin: str) -> bool:
        return origin == self.base.origin or origin in self.servers.next_link_origins

    async def ask(self, url: str) -> Any:
        """The JSON value at an address. A failure that may pass is tried once more, if the deadline allows.

        Raises:
            FaultError: there is none.

        """
        before = self.left
        try:
            return await self._once(url)
        except FaultError as fault:
            self._heed(fault)
            spent = before - self.left
            if fault.again is None or fault.again + min(spent, READ) >= self.left:
                raise
            await asyncio.sleep(fault.again)
        try:
            return await self._once(url)
        except FaultError as fault:
            self._heed(fault)
            raise

    def _heed(self, fault: FaultError) -> None:
        if fault.why is UnreadReason.THROTTLED:
            self.backoff.leave(self.base, fault.rest, self.client)
        else:
            self.down = max(self.down, fault.rest)

    def end(self) -> None:
        """Leaves a server alone that said it is down. One that answered anything is not: what it says of one search is no
        reason not to make the others.
        """
        if not self.answered:
            self.backoff.leave(self.base, self.down, self.client)

    async def _once(self, url: str) -> Any:
        request = self._request(url)
        async with self.gate:
            try:
                response = await self.http.send(request, stream=True)
                try:
                    return await self._read(response)
                finally:
                    await response.aclose()
            except httpx2.TransportError as error:
                raise of_error(error) from None

    def _request(self, url: str) -> httpx2.Request:
        """A request with the token on it, after its target was checked as the library reads it (threats T02, T03)."""
        try:
            target = httpx2.URL(url)
        except httpx2.InvalidURL:
            raise FaultError(UnreadReason.NEXT_REFUSED) from None
        port = target.port or {"http": 80, "https": 443}.get(target.scheme, 0)
        host = f"[{target.host}]" if ":" in target.host else target.host
        if not self._may_ask(f"{target.scheme}://{host}:{port}") or target.userinfo:
            raise FaultError(UnreadReason.NEXT_REFUSED)
        left = self.left
        timeout = httpx2.Timeout(connect=CONNECT, read=max(READ, left / 2), write=WRITE, pool=left)
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.http.build_request(
            "GET", target, headers=headers, timeout=timeout, extensions={REACH: reach_of(self.servers, self.base).value}
        )

    async def _read(self, response: httpx2.Response) -> Any:
        if response.status_code != 200:
            raise of_status(response)
        _check_media_type(response.headers)
        body = await read_body(response, self.allowance)
        try:
            # A large page is parsed beside the event loop, which other calls wait for.
            value = take_in(body) if len(body) <= LARGE else await asyncio.to_thread(take_in, body)
        except BodyTooLarge:
            raise FaultError(UnreadReason.TOO_LARGE) from None
        except RequestError:
            raise FaultError(UnreadReason.NOT_JSON) from None
        self.answered = True
        return value


def _check_media_type(headers: Mapping[str, str]) -> None:
    """Refuses what says itself that it is no JSON (a log-in page), or FHIR of another release (fault R13)."""
    media, _, parameters = headers.get("content-type", "").lower().partition(";")
    if media and "json" not in media:
        raise FaultError(UnreadReason.NOT_JSON)
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        version = ".".join(value.strip().strip('"').split(".")[:2])
        if name.strip() == "fhirversion" and version not in _R4:
            raise FaultError(UnreadReason.FHIR_VERSION)
