"""A relay on loopback between the service and a FHIR server: it passes on, remembers, and can shorten pages or refuse.

It shows what went over the wire, and lets a server anywhere be read by a service in dev mode, which reads from loopback
alone: the server's own address in its answers becomes the relay's.
"""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Refusal = tuple[int, dict[str, Any]]
NOT_ASKED = frozenset({"host", "accept-encoding", "connection"})


@dataclass(frozen=True)
class Passed:
    """One request that was passed on or refused, and the status of its answer."""

    method: str
    target: str
    headers: dict[str, str]
    status: int


@dataclass
class Relay:
    """``page`` replaces the page size that a search asks for; ``refuse`` answers instead of the server."""

    base: str = ""
    page: int | None = None
    refuse: Callable[[str], Refusal | None] = lambda _target: None
    passed: list[Passed] = field(default_factory=list)

    @property
    def pages(self) -> list[Passed]:
        """The requests for a further page."""
        return [p for p in self.passed if "_getpages=" in p.target or "_page" in p.target]

    def target(self, path: str) -> str:
        return path if self.page is None else re.sub(r"(?<=[?&]_count=)\d+", str(self.page), path)


class Listener(ThreadingHTTPServer):
    """Takes in all searches of a call at once; the default would make the sixth wait a second."""

    request_queue_size = 128


@contextmanager
def relaying(upstream: str, tls: ssl.SSLContext | None = None) -> Iterator[Relay]:
    """A relay to the server with this base; with a context for TLS it is one of ``localhost``."""
    parts = urlsplit(upstream)
    origin = f"{parts.scheme}://{parts.netloc}"
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    relay = Relay()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            target = relay.target(self.path)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in NOT_ASKED}
            if (refusal := relay.refuse(target)) is not None:
                status, kind, body = refusal[0], "application/fhir+json", json.dumps(refusal[1]).encode()
            else:
                status, kind, body = forwarded(target, headers)
            relay.passed.append(Passed(self.command, target, dict(self.headers), status))
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):  # the service has given up
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    def forwarded(target: str, headers: dict[str, str]) -> tuple[int, str, bytes]:
        connection = connect(parts.netloc, timeout=60)
        try:
            connection.request("GET", target, headers={**headers, "Accept-Encoding": "identity"})
            answer = connection.getresponse()
            body = answer.read().replace(origin.encode(), relay.base[: relay.base.index("/", 8)].encode())
            return answer.status, answer.headers.get("Content-Type", ""), body
        finally:
            connection.close()

    server = Listener(("127.0.0.1", 0), Handler)
    relay.base = f"http://127.0.0.1:{server.server_address[1]}{parts.path}"
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        relay.base = f"https://localhost:{server.server_address[1]}{parts.path}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield relay
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
