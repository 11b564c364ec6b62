"""A FHIR server on this machine for the tests of the command line: one chart, searched and paged, with faults on demand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from threading import Thread
from time import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fhirpath_spine.exchange.incoming import read_bundle

Json = dict[str, Any]
Reply = tuple[int, Any]
"""Status and body: an object is sent as FHIR JSON, bytes as a web page."""
TYPES = (
    "Patient",
    "Condition",
    "Procedure",
    "DiagnosticReport",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
    "FamilyMemberHistory",
    "AllergyIntolerance",
    "CarePlan",
    "Observation",
)
OUTCOME: Json = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}


@dataclass
class FhirStub:
    """What the server holds and how it behaves. ``faults`` maps a type, ``metadata``, ``page`` or ``*`` to a reply."""

    resources: list[Json] = field(default_factory=list)
    page_size: int = 1000
    token: str = ""
    version: str = "4.0.1"
    types: tuple[str, ...] = TYPES
    params: tuple[str, ...] = ("patient", "code")
    skew: float = 0.0
    heeds_count: bool = True
    searches_by_code: bool = True
    next_origin: str = ""
    faults: dict[str, Reply] = field(default_factory=dict)
    expand: Callable[[dict[str, str]], Reply] | None = None
    origin: str = ""
    asked: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    _searches: list[tuple[list[Json], int]] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"{self.origin}/fhir"

    def reply(self, target: str, authorization: str) -> Reply:
        self.asked.append(target)
        self.tokens.append(authorization)
        url = urlsplit(target)
        parts = url.path.removeprefix("/fhir").strip("/").split("/")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        kind = "page" if "_getpages" in query else parts[0]
        fault = self.faults.get(kind) or self.faults.get("*")
        if fault is not None:
            return fault
        if kind == "metadata":
            return 200, self._metadata()
        if self.token and authorization != f"Bearer {self.token}":
            return 401, OUTCOME
        if kind == "page":
            return self._page(int(query["_getpages"]), int(query["_getpagesoffset"]))
        if parts[:2] == ["ValueSet", "$expand"] and self.expand is not None:
            return self.expand(query)
        if kind not in self.types:
            return 404, OUTCOME
        if len(parts) == 2:
            found = [r for r in self.resources if (r["resourceType"], r.get("id")) == (kind, parts[1])]
            return (200, found[0]) if found else (404, OUTCOME)
        return self._search(kind, query)

    def take(self, bundle: Json) -> Json:
        """Puts or deletes what a transaction or batch says."""
        for entry in bundle["entry"]:
            name = entry["request"]["url"]
            self.resources = [r for r in self.resources if f"{r['resourceType']}/{r.get('id')}" != name]
            if entry["request"]["method"] == "PUT":
                self.resources.append(entry["resource"])
        done = [{"response": {"status": "200 OK"}} for _ in bundle["entry"]]
        return {"resourceType": "Bundle", "type": f"{bundle['type']}-response", "entry": done}

    def _metadata(self) -> Json:
        params = [{"name": name, "type": "token"} for name in self.params]
        codes = [{"code": "read"}, {"code": "search-type"}]
        listed = [{"type": kind, "interaction": codes, "searchParam": params} for kind in self.types]
        return {
            "resourceType": "CapabilityStatement",
            "fhirVersion": self.version,
            "rest": [{"mode": "server", "resource": listed}],
        }

    def _search(self, kind: str, query: dict[str, str]) -> Reply:
        if "code" in query and not self.searches_by_code:
            return 400, OUTCOME
        wanted = set(query["code"].split(",")) if "code" in query else None
        found = []
        for resource in self.resources:
            holder = resource.get("subject", resource.get("patient", {})).get("reference", "")
            codings = resource.get("code", {}).get("coding", [])
            coded = {t for c in codings for t in (f"{c.get('system', '')}|{c.get('code', '')}", c.get("code", ""))}
            if resource["resourceType"] == kind and holder == f"Patient/{query.get('patient', holder[8:])}":
                found += [resource] if wanted is None or coded & wanted else []
        size = min(int(query["_count"]), self.page_size) if "_count" in query and self.heeds_count else self.page_size
        self._searches.append((found, size))
        return self._page(len(self._searches) - 1, 0)

    def _page(self, name: int, offset: int) -> Reply:
        found, size = self._searches[name]
        end = offset + size
        bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
        if end < len(found):
            base = f"{self.next_origin or self.origin}/fhir"
            bundle["link"] = [{"relation": "next", "url": f"{base}?_getpages={name}&_getpagesoffset={end}"}]
        if part := found[offset:end]:
            bundle["entry"] = [{"resource": r, "search": {"mode": "match"}} for r in part]
        return 200, bundle


def of_bundle(bundle: Json, **changes: Any) -> FhirStub:
    """A server that holds the resources of a Bundle, as a real one would after loading it."""
    reads = read_bundle(bundle).reads
    return FhirStub([dict(r) for read in reads.values() for r in read.resources], **changes)


@contextmanager
def serving(stub: FhirStub, tls: SSLContext | None = None) -> Iterator[FhirStub]:
    """The stub, listening on a free port of this machine, with TLS if its side of it is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(*stub.reply(self.path, self.headers.get("Authorization", "")))

        def do_POST(self) -> None:
            self._send(200, stub.take(json.loads(self.rfile.read(int(self.headers["Content-Length"])))))

        def _send(self, status: int, body: Any) -> None:
            page = isinstance(body, bytes)
            raw = body if page else json.dumps(body).encode()
            self.send_response_only(status)
            self.send_header("Date", formatdate(timeval=time() + stub.skew, usegmt=True))
            self.send_header("Content-Type", "text/html" if page else "application/fhir+json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128  # all fetches of a call connect at once

        def handle_error(self, *_: Any) -> None:
            """A client that does not trust the certificate leaves; the tests know."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    scheme = "http" if tls is None else "https"
    stub.origin = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    try:
        yield stub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
