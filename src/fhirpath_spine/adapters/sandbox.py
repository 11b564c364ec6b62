"""Loads invented patients into a FHIR server, and clears it of them; a person waits for it, no hook call does.

Whatever is wrong is a :class:`ServerError` that says what to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fhirpath_spine.adapters.peer import ADVICE, Peer, refusal
from fhirpath_spine.errors import ServerError
from fhirpath_spine.exchange import Json, objects
from fhirpath_spine.exchange.ehr_side.seeding import TAG, TYPES, ours, removal

FHIR = "application/fhir+json"
CHUNK = 100
"""Resources that are looked up, and deleted, in one request."""
SECONDS = 60.0
"""How long a server may take for one transaction."""
_GONE = ("200", "202", "204", "404", "410")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What the sandbox tools do to one FHIR R4 server."""

    peer: Peer

    def check(self) -> str:
        """Makes sure that this is a FHIR R4 server that takes transactions; its name and version."""
        found = self.peer.get("metadata").json()
        if found.get("resourceType") != "CapabilityStatement":
            raise ServerError(
                "The server answers, but not with a CapabilityStatement, so it is no FHIR server.", hint=ADVICE[404]
            )
        version = str(found.get("fhirVersion", "unknown"))
        if not version.startswith("4.0"):
            raise ServerError(
                f"The server speaks FHIR {version}; the invented patients are R4 (4.0).", hint="Name an R4 base."
            )
        offered = [code for rest in objects(found.get("rest")) for code in _codes(rest.get("interaction"))]
        if offered and "transaction" not in offered:
            raise ServerError("The server says that it takes no transactions.", hint=ADVICE[405])
        software = found.get("software")
        named = software if isinstance(software, dict) else {}
        return " ".join(str(named[key]) for key in ("name", "version") if key in named) or "FHIR server"

    def load(self, transaction: Json) -> None:
        """Writes one transaction; all of it or nothing."""
        statuses = [int(code) for code in self._send(transaction)]
        if len(statuses) != len(transaction["entry"]) or not all(200 <= s < 300 for s in statuses):
            raise ServerError(
                "The server answered a transaction without saying that every entry was written.",
                hint="Clear it and load again; if that does not help, the server's log says why.",
            )

    def count(self) -> int:
        """How many resources bear our tag."""
        return sum(self._total(kind) for kind in TYPES)

    def clear(self) -> Iterator[int]:
        """Deletes what was loaded, and only that: resources with our tag *and* our prefix, referring ones first.

        Yields how many are gone, as they go. What others refer to is tried again while anything moves.

        Raises:
            ServerError: the server failed, or keeps a resource because others refer to it.

        """
        kept = 0
        for kind in TYPES:
            before: list[str] = []
            while names := self._loaded(kind):
                if names == before:
                    raise ServerError(
                        "The server still lists resources that it said are deleted.", hint="Wait a minute, clear again."
                    )
                gone = self._delete(names)
                yield gone
                if not gone:
                    kept += len(names)
                    break
                before = names
        if kept:
            raise ServerError(
                f"{kept} resources were kept, because others on the server refer to them.",
                hint="Delete what was added to the invented patients, then clear again.",
            )

    def _loaded(self, kind: str) -> list[str]:
        found = self.peer.get(kind, {"_tag": _tag(), "_elements": "id", "_count": str(CHUNK)}).json()
        return [name for entry in objects(found.get("entry")) if (name := ours(entry.get("resource")))]

    def _total(self, kind: str) -> int:
        total = self.peer.get(kind, {"_tag": _tag(), "_summary": "count"}).json().get("total")
        return total if isinstance(total, int) else 0

    def _delete(self, names: Sequence[str]) -> int:
        statuses = self._send(removal(names))
        if wrong := sorted({s for s in statuses if s not in (*_GONE, "409")}):
            raise refusal(int(wrong[0]))
        return sum(s != "409" for s in statuses)

    def _send(self, bundle: Json) -> list[str]:
        """Sends a Bundle to the base; the status code of each entry."""
        found = self.peer.post("", bundle, FHIR).json()
        responses = [entry.get("response") for entry in objects(found.get("entry"))]
        statuses = [str(r.get("status", ""))[:3] if isinstance(r, dict) else "" for r in responses]
        return [status if status.isdecimal() else "0" for status in statuses]


def _codes(interactions: object) -> list[object]:
    return [item.get("code") for item in objects(interactions)]


def _tag() -> str:
    return f"{TAG['system']}|{TAG['code']}"
