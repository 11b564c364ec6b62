"""Who calls, and for how long: the client entry of a request, its limits, and the end of it when the caller leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request

from fhirpath_spine.entrypoints.body import check_size, read_bytes
from fhirpath_spine.exchange.incoming.addresses import read_base
from fhirpath_spine.exchange.incoming.parsing import check_depth, parse
from fhirpath_spine.service import Client

T = TypeVar("T")

CALLER_LEFT = 499
"""Status of an answer that nobody receives any more."""


@dataclass(frozen=True, slots=True)
class Received:
    """A request that was read: its JSON, whose it is, and how many bytes it had."""

    body: Any
    client: Client
    size: int


@dataclass(frozen=True, slots=True)
class Callers:
    """The clients of a process. No caller is authenticated yet (dev): an entry is known by the server that a call names."""

    builtin: Client
    entries: tuple[Client, ...] = ()

    def of(self, body: Any) -> Client:
        """The entry that lists the call's ``fhirServer``, else the built-in client."""
        named = body.get("fhirServer") if isinstance(body, dict) else None
        base = read_base(named) if isinstance(named, str) else None
        return next((c for c in self.entries if base is not None and base in c.servers.bases), self.builtin)

    async def read(self, request: Request) -> Received:
        """The body of a request and the client that it is of, under the limits of that client.

        Raises:
            RequestError: it cannot be read, or is too large or too deep.

        """
        all_ = (self.builtin, *self.entries)
        raw = await read_bytes(request, limit=max(c.body for c in all_))
        body = parse(raw, depth=max(c.depth for c in all_))
        client = self.of(body)
        check_size(len(raw), client.body)
        if self.entries:
            check_depth(raw, client.depth)
        return Received(body, client, len(raw))


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """The result of some work, or None if the caller left before it was done: the work is cancelled, and with it every
    request to a FHIR server (fault R24). The body of the request has to be read already.
    """
    task = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        return await task if task.done() else None
    finally:
        watch.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
