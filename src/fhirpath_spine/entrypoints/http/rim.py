"""The HTTP rim: what comes in, under the limits of its caller (threat T10), and what goes out as an error, by the table of
:mod:`statuses`. One of the package's two catch-alls.

It stands inside CORS, so that a browser may read errors too, and around everything else, so that no exception reaches
the server's own handler, which would write its message, and with it a patient's value, to the log.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fhirpath_spine.entrypoints.http.bounds import BODY_SECONDS, Places
from fhirpath_spine.entrypoints.http.statuses import answer
from fhirpath_spine.entrypoints.logs import places
from fhirpath_spine.errors import BodyTooLarge, MediaTypeUnsupported, SpineError, TooSlow
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.incoming.addresses import read_base
from fhirpath_spine.exchange.incoming.parsing import check_depth, take_in
from fhirpath_spine.exchange.outgoing.outcomes import of_error, outcome
from fhirpath_spine.service import SMALL, Client, Count, Work, at_once, in_time, uncounted

if TYPE_CHECKING:
    from fhirpath_spine.adapters.callers.door import Door  # development waits for no cryptography
    from fhirpath_spine.adapters.callers.rates import Rates

_HINT = "Send UTF-8 JSON as application/json, without Content-Encoding."


async def read_bytes(
    request: Request, limit: int, seconds: float = BODY_SECONDS, take: Callable[[int], None] = lambda _: None
) -> bytes:
    """The body of a request that says it is JSON; ``take`` is told of each part how many bytes it has, and may refuse it.

    Raises:
        MediaTypeUnsupported: it is not declared as JSON in UTF-8, or is compressed.
        BodyTooLarge: more bytes than allowed; counted while reading, whatever the header claims.
        TooSlow: it did not end in so many seconds.

    """
    _check_media_type(request)
    return await collect(request, limit, seconds, take)


async def collect(
    request: Request, limit: int, seconds: float = BODY_SECONDS, take: Callable[[int], None] = lambda _: None
) -> bytes:
    """The body of a request, whatever it is declared as; otherwise as :func:`read_bytes`."""
    declared = request.headers.get("content-length", "")
    check_size(int(declared) if declared.isdigit() else 0, limit)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                check_size(size, limit)
                take(len(chunk))
                chunks.append(chunk)
    except TimeoutError:
        raise TooSlow("The body did not come to its end in time.", hint="Send it again.") from None
    return b"".join(chunks)


def _check_media_type(request: Request) -> None:
    # A header that stands twice may say two things: it is read as one that says both.
    media, _, parameters = _header(request, "content-type").partition(";")
    kind = media.strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise MediaTypeUnsupported("The body is not declared as JSON.", hint=_HINT)
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8"):
            raise MediaTypeUnsupported("The body is not declared as UTF-8.", hint=_HINT)
    if _header(request, "content-encoding").strip().lower() not in ("", "identity"):
        raise MediaTypeUnsupported("The body is compressed.", hint=_HINT)


def _header(request: Request, name: str) -> str:
    return ", ".join(request.headers.getlist(name))


def check_size(size: int, limit: int) -> None:
    """Refuses a body with :class:`BodyTooLarge` if it is over the limit, in bytes."""
    if size > limit:
        raise BodyTooLarge(
            f"The body is larger than {limit // (1024 * 1024)} MiB.",
            hint="Send what the prefetch templates of the discovery document ask for, and nothing else.",
        )


T = TypeVar("T")
CALLER_LEFT = 499
"""Status of an answer that nobody receives any more."""


@dataclass(frozen=True, slots=True)
class Received:
    """A request that was read: its JSON, whose it is, how many bytes it had, and when they were all here (by the stopwatch)."""

    body: Any
    client: Client
    size: int
    ended: float


@dataclass(frozen=True, slots=True)
class Callers:
    """The clients of a process. With a door, a client is who signed the call; without one (dev) nobody is authenticated, and an
    entry is known by the server that a call names.
    """

    builtin: Client
    entries: tuple[Client, ...] = ()
    door: Door | None = None
    places: Places = field(default_factory=Places)
    rates: Rates | None = None
    work: Work = at_once
    seconds: float = 4.0
    """For parsing: as long as for the whole call."""
    stopwatch: Callable[[], float] = time.monotonic

    async def admit(self, request: Request) -> Client | None:
        """Who signed a request, of which no byte of the body is read yet; None where nobody has to sign.

        Raises:
            Unauthorized, StoreAway: as :meth:`Door.admit`.
            TooMany: its client has too many calls under way, or calls too often; this one counts until its answer is sent.

        """
        if self.door is None:
            return None
        client = await self.door.admit(request.headers.getlist("authorization"), request.url.path)
        if self.rates is not None:
            self.rates.take(client)
        request.state.place = self.places.enter(client.id)
        return client

    def client_of(self, body: Any) -> Client:
        """The entry that lists the call's ``fhirServer``, else the built-in client."""
        named = body.get("fhirServer") if isinstance(body, dict) else None
        base = read_base(named) if isinstance(named, str) else None
        return next((c for c in self.entries if base is not None and base in c.servers.bases), self.builtin)

    async def read(self, request: Request) -> Received:
        """The body of a request and the client that it is of, under the limits of that client.

        Raises:
            Unauthorized, StoreAway: it is not signed as it has to be; nothing of it was read.
            RequestError: it cannot be read, or is too large or too deep.
            Overdue: it cannot be read in the time that a call has.

        """
        signer = await self.admit(request)
        all_ = (signer,) if signer is not None else (self.builtin, *self.entries)
        take = request.state.place.take if signer is not None else lambda _: None
        raw = await read_bytes(request, limit=max(c.body for c in all_), take=take)
        ended = self.stopwatch()
        parsing = partial(take_in, raw, depth=max(c.depth for c in all_))
        body = parsing() if len(raw) <= SMALL else await in_time(self.work, self.seconds, parsing)
        client = signer or self.client_of(body)
        check_size(len(raw), client.body)
        if client.depth < max(c.depth for c in all_):
            await in_time(self.work, self.seconds, check_depth, raw, client.depth)
        return Received(body, client, len(raw), ended)


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


logger = logging.getLogger("fhirpath_spine.errors")


class Rim:
    """ASGI middleware that answers every error with an OperationOutcome."""

    def __init__(self, app: ASGIApp, count: Count = uncounted) -> None:
        self._app, self._count = app, count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a call on, and answers what it raises."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, again = False, 0

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        state = scope.setdefault("state", {})
        try:
            await self._app(scope, receive, watched)
        except SpineError as error:
            status, code = answer(error)
            logger.log(logging.ERROR if status == 500 else logging.INFO, "refused %s %s", status, error.code)
            self._count("spine_refused_total", code=error.code)
            body, again = of_error(error, code, _decision(state)), getattr(error, "again", 0)
        except ClientDisconnect:
            # The caller left while it was sending: nobody receives an answer, and nothing failed here.
            logger.info("caller left while sending")
            return
        except Exception as error:
            logger.error("internal error %s at %s", type(error).__name__, places(error))
            self._count("spine_refused_total", code="internal-error")
            text = "The service failed. Nothing was judged; this is not a statement that nothing is needed."
            status, body = 500, outcome("exception", text, code="internal-error", decision=_decision(state))
        else:
            return
        finally:
            if place := state.get("place"):
                place.leave()
        if not started:
            fields = {"allow": state["allow"]} if status == 405 and state.get("allow") else {}
            fields |= _FIELDS.get(status, {})
            if again:
                fields["retry-after"] = str(again)
            media = "application/fhir+json" if scope["path"].startswith("/fhir/") else "application/json"
            await _respond(send, status, body, {"content-type": media, **fields})


_FIELDS = {401: {"www-authenticate": "Bearer"}, 503: {"retry-after": "5"}}
"""Status -> what its answer carries beside the body."""


def _decision(state: Json) -> str:
    trace = state.get("trace")
    return trace.decision if trace is not None else ""


async def _respond(send: Send, status: int, body: Json, fields: dict[str, str]) -> None:
    content = orjson.dumps(body)
    fields = {**fields, "content-length": str(len(content))}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": content})
