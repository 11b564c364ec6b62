"""A FHIR server of a few lines: it keeps what a transaction puts, finds it by tag, and deletes it unless it is in use."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]
CAPABILITIES: Json = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "software": {"name": "Stub", "version": "1"},
    "rest": [{"mode": "server", "interaction": [{"code": "transaction"}, {"code": "batch"}]}],
}


@dataclass
class Reply:
    """One answer as it goes over the wire."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/fhir+json"})

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Reply:
        return cls(status, json.dumps(value).encode())


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]


@dataclass
class Stub:
    """What the server holds, what it was asked, and an answer that goes before its own."""

    base: str = ""
    held: dict[str, Json] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    instead: Callable[[str, str], Reply | None] = lambda _method, _path: None
    in_use: set[str] = field(default_factory=set)

    def answer(self, method: str, path: str, body: bytes) -> Reply:
        if (own := self.instead(method, path)) is not None:
            return own
        parts = urlsplit(path)
        if method == "POST":
            return Reply.json(self._bundle(json.loads(body)))
        if parts.path == "/fhir/metadata":
            return Reply.json(CAPABILITIES)
        return Reply.json(self._search(parts.path.rsplit("/", 1)[-1], parse_qs(parts.query)))

    def _bundle(self, bundle: Json) -> Json:
        responses = []
        for entry in bundle["entry"]:
            name = entry["request"]["url"]
            status = "200 OK"
            if entry["request"]["method"] == "PUT":
                status = "200 OK" if name in self.held else "201 Created"
                self.held[name] = entry["resource"]
            elif name in self.in_use:
                status = "409 Conflict"
            else:
                self.held.pop(name, None)
                status = "204 No Content"
            responses.append({"response": {"status": status}})
        return {"resourceType": "Bundle", "type": f"{bundle['type']}-response", "entry": responses}

    def _search(self, kind: str, query: dict[str, list[str]]) -> Json:
        system, code = query["_tag"][0].split("|")
        found = [
            {"resource": {"resourceType": kind, "id": r["id"]}}
            for r in self.held.values()
            if r["resourceType"] == kind and {"system": system, "code": code} in r.get("meta", {}).get("tag", [])
        ]
        bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
        if "_count" in query and (page := found[: int(query["_count"][0])]):
            bundle["entry"] = page
        return bundle


@contextmanager
def serving() -> Iterator[Stub]:
    """The stub on a loopback port."""
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._do()

        def do_POST(self) -> None:
            self._do()

        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            stub.asked.append(Asked(self.command, self.path, dict(self.headers)))
            reply = stub.answer(self.command, self.path, body)
            self.send_response(reply.status)
            own = {"Content-Length": str(len(reply.body)), "Connection": "close"}  # or the test waits for the client
            for name, value in {**own, **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):  # the client has given up
                self.wfile.write(reply.body)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub.base = f"http://127.0.0.1:{server.server_address[1]}/fhir"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
