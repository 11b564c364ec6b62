"""Ports that stand in for real ones: a retriever that fetches nothing, so that what the prefetch leaves open is not read."""

from __future__ import annotations

from collections.abc import Mapping

from fhirpath_spine.exchange.incoming import HookRequest, Open, UnreadReason, unread
from fhirpath_spine.pathway.facts import Read
from fhirpath_spine.service import Budget, Client


class Unfetched:
    """A port that is closed. An absent key is never taken for an empty one."""

    async def fetch(
        self, request: HookRequest, wanted: Mapping[str, Open], client: Client, budget: Budget | None = None
    ) -> Mapping[str, Read]:
        """Each key as unread; of a Bundle that was cut short, what was sent is kept."""
        del request, client, budget
        return {key: item.partial or unread(UnreadReason.ABSENT) for key, item in wanted.items()}
