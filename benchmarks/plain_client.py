"""A FHIR client that asks, follows the pages and does nothing else: what a server itself takes for the searches of a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import quote, urlsplit

import orjson

from fhirpath_spine.errors import ServerError
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.incoming import next_link


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one side got: for each key the ids of its resources, and the number of its requests, a page each."""

    ids: Mapping[str, frozenset[str]]
    requests: Mapping[str, int]


@dataclass(slots=True)
class Plain:
    """A client that asks, follows the pages, and does nothing else; a connection for each key."""

    base: str
    token: str = field(repr=False)
    queries: Mapping[str, str]
    _connections: dict[str, HTTPConnection] = field(default_factory=dict)

    def chain(self, key: str) -> tuple[frozenset[str], int]:
        """All pages of one key: ids, and how many requests that took."""
        parts = urlsplit(self.base)
        if key not in self._connections:
            made = HTTPSConnection if parts.scheme == "https" else HTTPConnection
            self._connections[key] = made(parts.hostname or "", parts.port, timeout=60)
        path, mark, search = self.queries[key].partition("?")
        target = f"{parts.path.rstrip('/')}/{path}{mark}{quote(search, safe='=&,:/')}"
        ids: set[str] = set()
        count = 0
        while target:
            found = self._ask(self._connections[key], target)
            count += 1
            listed = [e["resource"] for e in found.get("entry", ())] if found["resourceType"] == "Bundle" else [found]
            ids.update(resource["id"] for resource in listed)
            link = urlsplit(next_link(found))
            target = f"{link.path}?{link.query}" if link.netloc else ""
        return frozenset(ids), count

    def _ask(self, connection: HTTPConnection, target: str) -> Json:
        headers = {"Accept": "application/fhir+json", "Cache-Control": "no-cache"}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        connection.request("GET", target, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise ServerError(f"The server answers the plain client HTTP {answer.status}.", hint="Its log says why.")
        return dict(orjson.loads(body))

    def all(self) -> Fetched:
        """Every key, one after another."""
        found = {key: self.chain(key) for key in self.queries}
        return Fetched({k: ids for k, (ids, _) in found.items()}, {k: count for k, (_, count) in found.items()})

    def close(self) -> None:
        """Closes all connections."""
        for connection in self._connections.values():
            connection.close()
