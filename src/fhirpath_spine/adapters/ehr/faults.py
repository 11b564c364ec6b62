"""What can go wrong with one request to a FHIR server, in our own closed list of words; and which servers asked to be left
alone, for how long (fault R04): one memory for all calls of a process, kept by the server, since a server that throttles
does not ask on whose behalf we came.

Nothing of an answer that failed is read but its status and ``Retry-After``: not its body, which may hold a patient's value,
and not its ``Location``.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2
import orjson

from fhirpath_spine.adapters.ehr.network import AddressRefusedError
from fhirpath_spine.exchange.incoming.addresses import Address
from fhirpath_spine.exchange.incoming.answers import UnreadReason


class FaultError(Exception):
    """One request failed. ``again`` is in how many seconds it may be asked once more, or None if that would not help;
    ``rest`` is for how long the server asked not to be asked at all.

    It never leaves this package: a need that could not be read is a result, no error.
    """

    def __init__(self, why: UnreadReason, again: float | None = None, rest: float = 0.0) -> None:
        super().__init__(why.value)
        self.why, self.again, self.rest = why, again, rest


def of_status(response: httpx2.Response) -> FaultError:
    """The fault of an answer that is not 200."""
    status = response.status_code
    if 300 <= status < 400:
        return FaultError(UnreadReason.REDIRECT_REFUSED)
    if status in (401, 403):
        return FaultError(UnreadReason.NOT_PERMITTED)
    if status in (404, 410):
        return FaultError(UnreadReason.NOT_FOUND)
    if status in (429, 500, 502, 503, 504):
        why = UnreadReason.THROTTLED if status == 429 else UnreadReason.UPSTREAM_ERROR
        stated = _retry_after(response)
        if stated is None:
            return FaultError(why, _soon())
        # All that were sent away at once would come back at once.
        return FaultError(why, stated + _soon(), rest=stated)
    if 400 <= status < 500:
        return FaultError(UnreadReason.QUERY_REFUSED)
    return FaultError(UnreadReason.UPSTREAM_ERROR if status >= 500 else UnreadReason.NOT_JSON)


def of_error(error: httpx2.TransportError) -> FaultError:
    """The fault of a request that got no answer, or not the whole of one."""
    if isinstance(error.__cause__, AddressRefusedError):
        return FaultError(UnreadReason.ADDRESS_REFUSED)
    if isinstance(error, httpx2.ConnectTimeout):
        # The server was asked nothing yet; one packet that is lost takes as long as this.
        return FaultError(UnreadReason.TIMED_OUT, _soon())
    if isinstance(error, httpx2.TimeoutException):
        return FaultError(UnreadReason.TIMED_OUT)
    if isinstance(error, httpx2.ConnectError):
        return FaultError(UnreadReason.UNREACHABLE, _soon())
    return FaultError(UnreadReason.CONNECTION_CUT, _soon())


def _soon() -> float:
    """A moment with jitter, so that the fetches of a call do not come back all at once."""
    return random.uniform(0.05, 0.2)  # noqa: S311 - spreads load, keeps no secret


def _retry_after(response: httpx2.Response) -> float | None:
    """Seconds until the server wants to be asked again: a number or a date (RFC 9110, 10.2.3); None without a word."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


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
