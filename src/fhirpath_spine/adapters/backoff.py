"""Which FHIR servers asked to be left alone, and for how long: one memory for all calls of a process (fault R04).

It is kept by the server, not by a token: a server that throttles us does not ask on whose behalf we came. A call that comes
too early for its server reads nothing from it, and says so of each key; no call gets another answer than it would by itself.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import orjson

from fhirpath_spine.exchange.incoming.addresses import Address

LONGEST = 60.0
"""Seconds that a server is left alone at most, whatever it asks for: one answer must not switch a hospital off for a day."""
SERVERS = 256
"""Servers that are remembered. Only listed ones are asked at all, so more are not to be expected."""

logger = logging.getLogger("fhirpath_spine.backoff")


class BackOff:
    """The memory. ``clock`` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[Address, float] = {}

    def left(self, base: Address) -> float:
        """Seconds until the server wants to be asked again; none if it never said so, or the time is over."""
        until = self._until.get(base, 0.0)
        rest = until - self._clock()
        if until and rest <= 0:
            del self._until[base]
        return max(0.0, rest)

    def leave(self, base: Address, seconds: float, client: str) -> None:
        """Leaves a server alone for that long, from now. A shorter time takes nothing off a longer one.

        ``client`` is the id of the entry whose call it was that the server answered so, for the log.
        """
        now, held = self._clock(), min(seconds, LONGEST)
        if held <= self.left(base):
            return
        if not self.left(base):
            logger.warning(
                "%s", orjson.dumps({"event": "backoff", "client": client, "seconds": round(held, 1)}).decode()
            )
        self._until = {known: until for known, until in self._until.items() if until > now}
        if len(self._until) >= SERVERS and base not in self._until:
            del self._until[min(self._until, key=self._until.__getitem__)]
        self._until[base] = now + held

    def __len__(self) -> int:
        return len(self._until)
