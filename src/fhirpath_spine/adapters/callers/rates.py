"""How many calls a second a client may make: a token bucket for each, in the memory of one worker (threat T22)."""

from __future__ import annotations

import math

from throttled import MemoryStore, Throttled
from throttled.rate_limiter import per_sec

from fhirpath_spine.errors import TooMany
from fhirpath_spine.service import Client

BURST = 4
"""So many seconds' calls may come at once, after a time without: a clinic's charts are opened together in the morning."""


class Rates:
    """The buckets of all clients."""

    def __init__(self) -> None:
        self._store = MemoryStore()
        self._made: dict[str, Throttled] = {}

    def take(self, client: Client) -> None:
        """Takes a token of a client's bucket.

        Raises:
            TooMany: it is empty; the error says for how many seconds.

        """
        bucket = self._made.get(client.id)
        if bucket is None:
            quota = per_sec(client.calls, burst=client.calls * BURST)
            bucket = self._made[client.id] = Throttled(using="token_bucket", quota=quota, store=self._store)
        found = bucket.limit(client.id)
        if found.limited:
            raise TooMany(
                "The client makes more calls a second than it may.",
                hint="Send this one again after Retry-After.",
                again=max(1, math.ceil(found.state.retry_after)),
            )
