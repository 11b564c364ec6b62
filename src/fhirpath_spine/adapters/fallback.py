"""The keys of one call, each by its own search; or, where the server refuses to search by code, all of its type from one
search by patient, filtered here by the same codes (fault R06).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from fhirpath_spine.adapters.paging import Chain
from fhirpath_spine.adapters.session import Session
from fhirpath_spine.exchange.incoming.prefetch import Open, Why, unread
from fhirpath_spine.exchange.incoming.templates import asks_for, without_codes
from fhirpath_spine.pathway.facts.chart import Read, Resource


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
            return unread(Why.TIMED_OUT, source="search")
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
