"""The body of an answer under a bound, inflated by ourselves: a bomb is noticed before it expands (threat T11).

A client that inflates by itself hands over what one chunk of the wire expands to, measured at 67 MB; here each chunk is
inflated up to what is still allowed, and not a byte further.
"""

from __future__ import annotations

import zlib

import httpx2

from fhirpath_spine.adapters.ehr.faults import FaultError
from fhirpath_spine.exchange.incoming.prefetch import Why

PAGE_BYTES = 8 * 1024 * 1024
_GZIP = zlib.MAX_WBITS | 16
_AT_ONCE = 256 * 1024


class Allowance:
    """The bytes that one call may still read. Fetches of the call share it."""

    def __init__(self, left: int) -> None:
        self.left = left


async def read_body(response: httpx2.Response, allowance: Allowance, limit: int = PAGE_BYTES) -> bytes:
    """The inflated body.

    Raises:
        FaultError: it is too large, for a page or for what the call has left; it is no gzip, or compressed otherwise.

    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("gzip", "x-gzip", "identity", ""):
        raise FaultError(Why.NOT_JSON)
    body = _Body(allowance, limit, compressed="gzip" in encoding)
    whole: bytes | None = None
    try:
        async for chunk in response.aiter_raw():
            body.add(chunk)
        whole = body.whole()
        return whole
    finally:
        if whole is None:
            body.drop()


class _Body:
    """What has come so far of one body."""

    def __init__(self, allowance: Allowance, limit: int, *, compressed: bool) -> None:
        self._allowance, self._limit = allowance, limit
        self._inflater = zlib.decompressobj(_GZIP) if compressed else None
        self._parts: list[bytes] = []
        self.size = 0

    def add(self, chunk: bytes) -> None:
        """Takes one chunk off the wire."""
        if self._inflater is None:
            self._keep(chunk)
            return
        pending = False
        while chunk or pending:
            if self._inflater.eof:
                # A gzip file may consist of several members.
                self._inflater = zlib.decompressobj(_GZIP)
            try:
                part = self._inflater.decompress(chunk, _AT_ONCE)
            except zlib.error:
                raise FaultError(Why.NOT_JSON) from None
            self._keep(part)
            chunk = self._inflater.unconsumed_tail or self._inflater.unused_data
            # A full portion may have left more inside, although all that came in is consumed.
            pending = len(part) == _AT_ONCE and not self._inflater.eof

    def _keep(self, part: bytes) -> None:
        self.size += len(part)
        self._allowance.left -= len(part)
        self._parts.append(part)
        if self.size > self._limit or self._allowance.left < 0:
            raise FaultError(Why.TOO_LARGE)

    def drop(self) -> None:
        """Lets go of what came, so that it does not count against the other fetches of the call."""
        self._parts.clear()
        self._allowance.left += self.size

    def whole(self) -> bytes:
        """The body, if it has come to its end."""
        if self._inflater is not None and not self._inflater.eof and self.size:
            raise FaultError(Why.CONNECTION_CUT)
        return b"".join(self._parts)
