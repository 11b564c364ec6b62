"""The keys of one call, each read by its own search to its last page, or up to where it failed. Where the server refuses to
search by code, one search by patient reads all of the type, and the same codes filter it here (fault R06).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from fhirpath_spine.adapters.ehr.faults import FaultError
from fhirpath_spine.adapters.ehr.session import Session
from fhirpath_spine.exchange.incoming.answers import Page, UnreadReason, read_page, unread
from fhirpath_spine.exchange.incoming.prefetch import Open
from fhirpath_spine.exchange.incoming.templates import asks_for, without_codes
from fhirpath_spine.pathway.facts.chart import Read, Resource, type_of


@dataclass(slots=True)
class Chain:
    """The pages of one key so far. What was read before a failure is kept, and known to be incomplete."""

    item: Open
    resources: list[Resource] = field(default_factory=list)
    ignored: list[Any] = field(default_factory=list)
    pages: int = 0
    entries: int = 0
    total: int = 0
    refused: bool = False
    """The server would not make the search at all; another search might be made."""

    @classmethod
    def of(cls, item: Open) -> Chain:
        """The chain of an open key, from what the prefetch gave of it on."""
        sent = item.partial.resources if item.partial is not None else ()
        return cls(item, list(sent), entries=item.entries, total=item.total)

    async def read(self, session: Session, patient: str) -> Read:
        """Reads on to the end. Whatever goes wrong with the server is in the result; it raises nothing."""
        try:
            async with asyncio.timeout(session.left):
                await self._follow(session, patient)
        except TimeoutError:
            return unread(UnreadReason.TIMED_OUT, self.resources, source="search")
        except FaultError as fault:
            self.refused = fault.why in (UnreadReason.QUERY_REFUSED, UnreadReason.NOT_FOUND) and not self.pages
            return unread(fault.why, self.resources, source="search")
        return Read(tuple(self.resources), source="search")

    async def _follow(self, session: Session, patient: str) -> None:
        start = session.first(self.item.query, patient)
        continued = self.item.partial is not None
        url = session.following(self.item.next, start) if continued else start
        seen: set[str] = set()
        while url not in seen:
            if len(seen) >= session.pages:
                raise FaultError(UnreadReason.TRUNCATED)
            seen.add(url)
            value = await session.ask(url)
            if not self._is_answer(value):
                raise FaultError(UnreadReason.SHAPE)
            page = read_page(value, type_of(self.item.key), self.item.signs)
            self._take(page, session)
            if page.next is None:
                if self.total > self.entries:
                    raise FaultError(UnreadReason.TOTAL)
                if self._is_astray:
                    raise FaultError(UnreadReason.SHAPE)
                return
            url = session.following(page.next, url)
        raise FaultError(UnreadReason.PAGING_LOOP)

    def _is_answer(self, value: Any) -> bool:
        """Whether a server answers such a query so. Of a prefetch more shapes are taken; here a ``null``, or one resource
        where a search was asked for, would pass for a complete answer.
        """
        if not isinstance(value, dict):
            return False
        kind = value.get("resourceType")
        if kind == "Bundle":
            return "?" in self.item.query and value.get("type", "searchset") == "searchset"
        return kind == "OperationOutcome" or ("?" not in self.item.query and kind == type_of(self.item.key))

    @property
    def _is_astray(self) -> bool:
        """Whether nothing of the wanted type came on any page, and something else did."""
        wanted = type_of(self.item.key)
        return self.entries > 0 and not any(r.get("resourceType") == wanted for r in self.resources)

    def _take(self, page: Page, session: Session) -> None:
        room = max(0, session.resources)
        self.pages += 1
        session.resources -= len(page.resources) + len(page.ignored)
        self.resources += page.resources[:room]
        self.ignored += page.ignored
        self.entries += page.entries
        self.total = max(self.total, page.total)
        if page.failed is not None:
            raise FaultError(page.failed)
        if session.resources < 0:
            raise FaultError(UnreadReason.TRUNCATED)


class Reader:
    """Reads keys. The second search of a type is made once for all keys that need it, within the bounds of the same call."""

    def __init__(self, session: Session, patient: str) -> None:
        self._session, self._patient = session, patient
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._whole: dict[str, tuple[Chain, Read]] = {}
        self._chains: list[Chain] = []

    async def read(self, item: Open) -> Read:
        """One key to its end, or with the reason why not; it raises nothing."""
        chain = Chain.of(item)
        self._chains.append(chain)
        found = await chain.read(self._session, self._patient)
        if not (chain.refused and (query := without_codes(item.query))):
            return found
        try:
            async with asyncio.timeout(self._session.left), self._locks[query]:
                if query not in self._whole:
                    # What times out in here is in the result of this key, and the others of its type are as late.
                    self._whole[query] = await self._by_patient(replace(item, query=query))
        except TimeoutError:
            return unread(UnreadReason.TIMED_OUT, source="search")
        _, whole = self._whole[query]
        return replace(whole, resources=tuple(r for r in whole.resources if asks_for(item.query, r)))

    async def _by_patient(self, item: Open) -> tuple[Chain, Read]:
        chain = Chain.of(item)
        return chain, await chain.read(self._session, self._patient)

    @property
    def unjudged(self) -> Iterator[Resource]:
        """What came and may not be judged, but may belong to another patient."""
        for chain in self._chains:
            yield from chain.ignored
        for chain, whole in self._whole.values():
            yield from (*chain.ignored, *whole.resources)
