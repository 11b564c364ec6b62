"""The retriever of this release: it fetches nothing, so what the prefetch leaves open could not be read."""

from __future__ import annotations

from collections.abc import Mapping

from fhirpath_spine.exchange.requests import HookRequest
from fhirpath_spine.exchange.retrieval import Open, unread
from fhirpath_spine.pathway.chart import Read


class Unfetched:
    """A port that is closed. An absent key is never taken for an empty one."""

    async def fetch(self, request: HookRequest, wanted: Mapping[str, Open], deadline: float) -> Mapping[str, Read]:
        """Each key as unread; of a Bundle that was cut short, what was sent is kept."""
        del request, deadline
        return {key: item.partial or unread("absent") for key, item in wanted.items()}
