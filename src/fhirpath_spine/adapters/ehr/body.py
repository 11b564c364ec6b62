"""The body of an answer under a bound. It is asked for as it is, and one that is compressed all the same is refused unread: what
is never inflated cannot expand (threat T11).
"""

from __future__ import annotations

import httpx2

from fhirpath_spine.adapters.ehr.faults import FaultError
from fhirpath_spine.exchange.incoming.answers import UnreadReason

PLAIN = "identity"
"""The content encoding that is asked for, and the only one that is read."""
PAGE_BYTES = 8 * 1024 * 1024


class Allowance:
    """The bytes that one call may still read. Fetches of the call share it."""

    def __init__(self, left: int) -> None:
        self.left = left


async def read_body(response: httpx2.Response, allowance: Allowance, limit: int = PAGE_BYTES) -> bytes:
    """The body.

    Raises:
        FaultError: it is compressed, or too large, for a page or for what the call has left.

    """
    if response.headers.get("content-encoding", PLAIN).strip().lower() not in (PLAIN, ""):
        raise FaultError(UnreadReason.NOT_JSON)
    chunks: list[bytes] = []
    size, complete = 0, False
    try:
        async for chunk in response.aiter_raw():
            size += len(chunk)
            allowance.left -= len(chunk)
            if size > limit or allowance.left < 0:
                raise FaultError(UnreadReason.TOO_LARGE)
            chunks.append(chunk)
        complete = True
    finally:
        if not complete:
            # What is dropped does not count against the other fetches of the call.
            allowance.left += size
    return b"".join(chunks)
