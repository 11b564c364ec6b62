"""The CDS service that a command asks: at an address, or this package's own in this process, as development mode runs it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import closing
from functools import partial
from typing import Any, Protocol, TypeVar

import httpx2
import orjson
from fastapi import FastAPI

from fhirpath_spine.adapters.peer import Peer, Reply
from fhirpath_spine.entrypoints.content import load_content
from fhirpath_spine.entrypoints.http.process import build
from fhirpath_spine.entrypoints.settings import load
from fhirpath_spine.errors import ServerError
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.incoming.addresses import Servers, read_base

T = TypeVar("T")
DISCOVERY = "cds-services"


class Service(Protocol):
    """A CDS service as its clients see it."""

    def entry(self, hook: str) -> Json:
        """What discovery says of the service for a hook.

        Raises:
            ServerError: there is none, or no service answers at all.

        """

    def send(self, entry: Json, request: Json) -> Reply:
        """The answer to a call."""

    def close(self) -> None:
        """Ends what was started for it."""


Sign = Callable[[str], str]
"""Address of a service -> the token for one call of it."""


def service_at(url: str, fhir: str, sign: Sign | None = None) -> Service:
    """The service at an address (with or without ``/cds-services``), or in this process if there is none. In this process
    it may read from the FHIR server that the person named, whatever lies there. ``sign`` is for one that asks who calls.
    """
    if not url:
        return _Here(fhir)
    return _There(Peer(url.rstrip("/").removesuffix(f"/{DISCOVERY}"), what="CDS service"), sign)


def _entry(discovery: Json, hook: str) -> Json:
    listed = discovery.get("services")
    if not isinstance(listed, list):
        raise ServerError("The service's discovery lists no services.", hint="Check the address: is it a CDS service?")
    services = [s for s in listed if isinstance(s, dict) and isinstance(s.get("id"), str)]
    found = next((s for s in services if s.get("hook") == hook), None)
    if found is None:
        hooks = ", ".join(dict.fromkeys(str(s.get("hook")) for s in services)) or "none"
        raise ServerError(f"The service offers nothing for this hook. It offers: {hooks}.", hint="Name one of these.")
    return found


_Asked = Callable[[httpx2.AsyncClient], Coroutine[Any, Any, httpx2.Response]]
"""What is asked of the service, through a client of it."""


class _There:
    def __init__(self, peer: Peer, sign: Sign | None) -> None:
        self._peer, self._sign = peer, sign

    def entry(self, hook: str) -> Json:
        return _entry(self._peer.get(DISCOVERY).json(), hook)

    def send(self, entry: Json, request: Json) -> Reply:
        path = f"{DISCOVERY}/{entry['id']}"
        if self._sign is None:
            return self._peer.post(path, request)
        # A token is for one path and for one use.
        with closing(Peer(self._peer.base, self._sign(f"{self._peer.base}/{path}"), what=self._peer.what)) as signed:
            return signed.post(path, request)

    def close(self) -> None:
        self._peer.close()


class _Here:
    def __init__(self, fhir: str) -> None:
        base = read_base(fhir) if fhir else None
        servers = Servers(frozenset({base} if base else ()), private_network=True, loopback=True)
        settings = load(mode="dev").settings
        content = load_content(settings)
        self._app: Callable[..., FastAPI] = partial(build, settings, content, servers)

    def entry(self, hook: str) -> Json:
        return _entry(self._run(lambda http: http.get(f"/{DISCOVERY}"), lasting=False).json(), hook)

    def send(self, entry: Json, request: Json) -> Reply:
        body = orjson.dumps(request)
        headers = {"Content-Type": "application/json"}
        return self._run(lambda http: http.post(f"/{DISCOVERY}/{entry['id']}", content=body, headers=headers))

    def close(self) -> None:
        pass

    def _run(self, work: _Asked, *, lasting: bool = True) -> Reply:
        return asyncio.run(self._ask(work, lasting))

    async def _ask(self, work: _Asked, lasting: bool) -> Reply:
        app = self._app(lasting=lasting)
        transport = httpx2.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=120) as http,
        ):
            started = time.monotonic()
            answer = await work(http)
            seconds = time.monotonic() - started
        value = answer.json() if answer.content else None
        return Reply(answer.status_code, value if isinstance(value, dict) else None, seconds, "")
