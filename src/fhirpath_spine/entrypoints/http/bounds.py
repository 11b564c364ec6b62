"""What a caller may take: seconds to send, bytes of headers, calls at once (threats T10, T22).

The web server waits for a half-sent header without end, and has no bound on its size; both are set here, on its own protocol.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fhirpath_spine.errors import TooMany

HEADER_SECONDS, BODY_SECONDS = 10.0, 30.0
"""From the first byte, or the connection, to the end of the headers; and from there to the end of the body."""
HEADER_BYTES = 64 * 1024
EACH, ALL = 16, 64
"""Calls at once of one client, and of all together."""
BYTES_EACH, BYTES_ALL = 64 * 1024 * 1024, 192 * 1024 * 1024
"""Bytes of bodies that are under way, of one client and of all together."""


class Places:
    """Counts the calls that are under way, and the bytes of their bodies. A client that takes all of its own leaves those of the
    others free.
    """

    def __init__(
        self, each: int = EACH, everyone: int = ALL, bytes_each: int = BYTES_EACH, bytes_everyone: int = BYTES_ALL
    ) -> None:
        self._each, self._everyone = each, everyone
        self._bytes_each, self._bytes_everyone = bytes_each, bytes_everyone
        self._taken: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()

    def enter(self, client: str) -> Place:
        """Takes a place.

        Raises:
            TooMany: there is none.

        """
        if self._taken[client] >= self._each or self._taken.total() >= self._everyone:
            raise TooMany("Too many calls are under way.", hint="Send this one again in a moment.")
        self._taken[client] += 1
        return Place(self, client)

    def _weigh(self, client: str, size: int) -> None:
        total = self._bytes.total() + size
        if self._bytes[client] + size > self._bytes_each or total > self._bytes_everyone:
            raise TooMany("Too many bytes are under way.", hint="Send this call again in a moment.")
        self._bytes[client] += size

    def _leave(self, client: str, size: int) -> None:
        self._taken[client] -= 1
        self._bytes[client] -= size


class Place:
    """One call's place. It is given back once, with the bytes that it took."""

    def __init__(self, places: Places, client: str) -> None:
        self._places, self._client, self._size = places, client, 0

    def take(self, size: int) -> None:
        """Takes in so many bytes more.

        Raises:
            TooMany: the client, or all clients together, have too many under way.

        """
        self._places._weigh(self._client, size)
        self._size += size

    def leave(self) -> None:
        """Gives the place back."""
        self._places._leave(self._client, self._size)


class BoundedProtocol(HttpToolsProtocol):
    """The server's protocol, which ends a connection whose headers do not come to an end."""

    _waiting: asyncio.TimerHandle | None = None
    _received = 0

    def connection_made(self, transport: Any) -> None:
        """A connection has so long for its first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """So has a later request from its first byte on."""
        if self._waiting is None and (self.cycle is None or self.cycle.response_complete):
            self._wait()
        if self._waiting is not None:
            self._received += len(data)
            # A body may begin in the same bytes; what counts is whether the headers end in them.
            super().data_received(data)
            if self._waiting is not None and self._received > HEADER_BYTES:
                self._end()
            return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """The headers have come to their end."""
        self._stop()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits any more."""
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._received = 0
        self._waiting = self.loop.call_later(HEADER_SECONDS, self._end)

    def _stop(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _end(self) -> None:
        self._stop()
        if self.transport is not None and not self.transport.is_closing():
            self.transport.close()
