"""What can go wrong with one request to a FHIR server, in our own closed list of words.

Nothing of an answer that failed is read but its status and ``Retry-After``: not its body, which may hold a patient's value,
and not its ``Location``.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

from fhirpath_spine.adapters.network import AddressRefusedError
from fhirpath_spine.exchange.incoming.prefetch import Why


class FaultError(Exception):
    """One request failed. ``again`` is in how many seconds it may be asked once more, or None if that would not help;
    ``rest`` is for how long the server asked not to be asked at all.

    It never leaves this package: a need that could not be read is a result, no error.
    """

    def __init__(self, why: Why, again: float | None = None, rest: float = 0.0) -> None:
        super().__init__(why.value)
        self.why, self.again, self.rest = why, again, rest


def of_status(response: httpx2.Response) -> FaultError:
    """The fault of an answer that is not 200."""
    status = response.status_code
    if 300 <= status < 400:
        return FaultError(Why.REDIRECT_REFUSED)
    if status in (401, 403):
        return FaultError(Why.NOT_PERMITTED)
    if status in (404, 410):
        return FaultError(Why.NOT_FOUND)
    if status in (429, 500, 502, 503, 504):
        why = Why.THROTTLED if status == 429 else Why.UPSTREAM_ERROR
        stated = _retry_after(response)
        if stated is None:
            return FaultError(why, _soon())
        # All that were sent away at once would come back at once.
        return FaultError(why, stated + _soon(), rest=stated)
    if 400 <= status < 500:
        return FaultError(Why.QUERY_REFUSED)
    return FaultError(Why.UPSTREAM_ERROR if status >= 500 else Why.NOT_JSON)


def of_error(error: httpx2.TransportError) -> FaultError:
    """The fault of a request that got no answer, or not the whole of one."""
    if isinstance(error.__cause__, AddressRefusedError):
        return FaultError(Why.ADDRESS_REFUSED)
    if isinstance(error, httpx2.ConnectTimeout):
        # The server was asked nothing yet; one packet that is lost takes as long as this.
        return FaultError(Why.TIMED_OUT, _soon())
    if isinstance(error, httpx2.TimeoutException):
        return FaultError(Why.TIMED_OUT)
    if isinstance(error, httpx2.ConnectError):
        return FaultError(Why.UNREACHABLE, _soon())
    return FaultError(Why.CONNECTION_CUT, _soon())


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
