"""A small FHIR server for tests: one patient's chart, searched and paged as HAPI does it, with faults on demand.

It answers in process (:class:`InProcess`) or over a real socket of this machine (:meth:`Stub.serve`), where it can be slow,
break off, or send what no HTTP library would.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx2

from fhirpath_spine.exchange.incoming import read_bundle
from fhirpath_spine.pathway.facts import type_of

Json = dict[str, Any]
FHIR = {"Content-Type": "application/fhir+json;charset=UTF-8"}


@dataclass(frozen=True)
class Answer:
    """What the server sends: of ``body`` only the first ``cut`` bytes, then nothing more, either with the connection closed
    or, with ``stall``, held open. ``drip`` sends byte by byte with that pause.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: FHIR)
    delay: float = 0.0
    cut: int | None = None
    stall: bool = False
    drip: float = 0.0


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    target: str
    headers: Mapping[str, str]

    @property
    def kind(self) -> str:
        path = urlsplit(self.target).path.split("/")
        return "page" if "_getpages" in self.target or len(path) < 3 else path[2]


Fault = Callable[[Asked], Answer | None]


def outcome(severity: str = "error", text: str = "") -> Json:
    issue = {"severity": severity, "code": "exception", "diagnostics": text}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def of_json(value: Any, status: int = 200, **changes: Any) -> Answer:
    return Answer(status, json.dumps(value).encode(), **changes)


def tokens(concept: Any) -> set[str]:
    """What a search may call a concept by: each code with its system, and without."""
    coded = concept.get("coding", []) if isinstance(concept, dict) else []
    return {token for c in coded for token in (f"{c.get('system', '')}|{c.get('code', '')}", c.get("code", ""))}


@dataclass
class Stub:
    """The server. ``faults`` maps a resource type, or ``page`` for later pages, to what happens instead of an answer."""

    resources: list[Json]
    page_size: int = 1000
    token: str = ""
    origin: str = "http://127.0.0.1:1"
    latency: float = 0.0
    faults: dict[str, Fault] = field(default_factory=dict)
    everywhere: Fault | None = None
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    busy: int = 0
    most: int = 0
    stalled: int = 0
    _searches: dict[str, list[Json]] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"{self.origin}/fhir"

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if self.token and asked.headers.get("authorization") != f"Bearer {self.token}":
            return of_json(outcome(), 401)
        fault = self.faults.get(asked.kind) or self.everywhere
        if fault is not None and (instead := fault(asked)) is not None:
            return instead
        url = urlsplit(asked.target)
        query = parse_qs(url.query)
        if "_getpages" in query:
            return self._page(query["_getpages"][0], int(query["_getpagesoffset"][0]))
        if not url.path.startswith("/fhir/"):
            return of_json(outcome(), 404)
        parts = url.path.removeprefix("/fhir/").split("/")
        if len(parts) == 2:
            found = [r for r in self.resources if (r["resourceType"], r.get("id")) == (parts[0], unquote(parts[1]))]
            return of_json(found[0]) if found else of_json(outcome(), 404)
        return self._search(parts[0], query)

    def _search(self, kind: str, query: Mapping[str, list[str]]) -> Answer:
        patient = query["patient"][0]
        codes = set(query["code"][0].split(",")) if "code" in query else None
        found = []
        for resource in self.resources:
            holder = resource.get("subject", resource.get("patient", {}))
            if resource["resourceType"] != kind or holder.get("reference", "").split("/")[-1] != patient:
                continue
            if codes is None or tokens(resource.get("code")) & codes:
                found.append(resource)
        name = f"{kind}-{len(self._searches)}"
        self._searches[name] = found
        return self._page(name, 0)

    def _page(self, name: str, offset: int) -> Answer:
        found = self._searches[name]
        end = offset + self.page_size
        bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
        if end < len(found):
            url = f"{self.base}?_getpages={name}&_getpagesoffset={end}&_count={self.page_size}&_bundletype=searchset"
            bundle["link"] = [{"relation": "next", "url": url}]
        if part := found[offset:end]:
            bundle["entry"] = [{"resource": r, "search": {"mode": "match"}} for r in part]
        return of_json(bundle)

    # ------------------------------------------------------------------ over a socket

    @asynccontextmanager
    async def serve(self, name: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> AsyncIterator[Stub]:
        """Listens on a free port of this machine, under whatever name it is to be known by."""
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        self.origin = f"{'http' if tls is None else 'https'}://{name}:{port}"
        try:
            yield self
        finally:
            server.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.busy += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.busy -= 1
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.split(":", 1) for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, value in pairs}
        answer = self.answer(Asked(head[0].split(" ")[1], headers))
        await asyncio.sleep(self.latency + answer.delay)
        sent = {**answer.headers}
        if "Transfer-Encoding" not in sent:
            sent["Content-Length"] = str(len(answer.body))
        lines = [f"HTTP/1.1 {answer.status} X", *(f"{name}: {value}" for name, value in sent.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        body = answer.body if answer.cut is None else answer.body[: answer.cut]
        if answer.drip:
            for byte in body:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(answer.drip)
        writer.write(body)
        await writer.drain()
        if answer.stall:
            # Nothing more comes from here; it ends when the client hangs up.
            self.stalled += 1
            await reader.read(1)
            self.stalled -= 1
            return False
        return answer.cut is None


class InProcess(httpx2.AsyncBaseTransport):
    """Hands requests to the stub without a socket; how far a connection may reach is not a question here."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        asked = Asked(request.url.raw_path.decode(), {k.lower(): v for k, v in request.headers.items()})
        answer = self._stub.answer(asked)
        self._stub.busy += 1
        self._stub.most = max(self._stub.most, self._stub.busy)
        try:
            await asyncio.sleep(self._stub.latency + answer.delay)
        finally:
            self._stub.busy -= 1
        return httpx2.Response(answer.status, headers=dict(answer.headers), stream=_Sent(answer))


class _Sent(httpx2.AsyncByteStream):
    """The body as it would come off a socket."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        answer = self._answer
        for byte in answer.body if answer.drip else b"":
            yield bytes([byte])
            await asyncio.sleep(answer.drip)
        if not answer.drip:
            yield answer.body[: answer.cut]
        if answer.stall:
            await asyncio.sleep(86_400)
        if answer.cut is not None:
            raise httpx2.ReadError("cut")


def from_bundle(bundle: Json, **changes: Any) -> Stub:
    """A server that holds the resources of a Bundle, with ``urn:uuid`` references rewritten as a server does. Types that the
    Bundle says could not be read cannot be read here either.
    """
    reads = read_bundle(bundle).reads
    stub = Stub([dict(r) for read in reads.values() for r in read.resources], **changes)
    stub.faults = {
        type_of(key): (lambda _: of_json(outcome(), 500)) for key, read in reads.items() if not read.complete
    }
    return stub
