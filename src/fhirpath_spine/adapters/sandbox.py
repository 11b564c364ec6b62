"""A FHIR server that the sandbox tools load and clear. Plain and synchronous: a person waits for it, no hook call does.

Whatever is wrong is a :class:`ServerError` that says what to do. A token is sent to the base alone: redirects are not
followed, and a ``.netrc`` of the machine is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ProtocolError

from fhirpath_spine.adapters.peer import Bearer
from fhirpath_spine.adapters.trust import trusting
from fhirpath_spine.errors import RequestError, ServerError
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.ehr_side.seeding import TAG, TYPES, ours, removal

FHIR = "application/fhir+json"
CHUNK = 100
"""Resources that are looked up, and deleted, in one request."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_ADVICE = {
    400: "The server could not read the request; the invented patients are FHIR R4.",
    401: "Pass a token that it takes with --token, or in SPINE_SANDBOX_TOKEN.",
    403: "The token must be allowed to write, search and delete; ask who runs the server.",
    404: "Check the path of the address: HAPI's own base ends in /fhir, the public one's in /baseR4.",
    405: "The server takes no transactions at its base; try another server, for example `make hapi`.",
    409: "Something else on the server is in the way; `fhirpath-spine sandbox clear` removes what was loaded before.",
    412: "Something else on the server is in the way; `fhirpath-spine sandbox clear` removes what was loaded before.",
    413: "The server takes only smaller requests; load one file at a time.",
    422: "The server's own rules refuse the resource; try a server without profiles of its own.",
    429: "The server wants fewer requests; wait a while and do it again, nothing is loaded twice.",
}


@dataclass(frozen=True, slots=True)
class FhirServer:
    """A FHIR R4 server by its base address.

    Raises :class:`RequestError` if the address is none.
    """

    base: str
    token: str = field(default="", repr=False)
    timeout: float = 60.0
    session: requests.Session = field(default_factory=requests.Session, repr=False)

    def __post_init__(self) -> None:
        """Checks the address, and prepares the session."""
        try:
            parts = urlsplit(self.base)
            _ = parts.port
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise RequestError(
                "The address is no base of a FHIR server.", hint="Write it like http://127.0.0.1:18080/fhir."
            )
        if parts.username is not None:
            raise RequestError("The address holds a user name.", hint="Leave it out, and pass a token with --token.")
        object.__setattr__(self, "base", self.base.rstrip("/"))
        self.session.auth = Bearer(self.token)
        trusting(self.session)
        self.session.trust_env = parts.hostname not in _LOOPBACK  # a proxy cannot reach this machine's loopback
        self.session.headers.update({"Accept": FHIR, "Cache-Control": "no-cache"})

    def check(self) -> str:
        """Makes sure that this is a FHIR R4 server that takes transactions; its name and version."""
        found = self._ask("GET", "/metadata")
        if found.get("resourceType") != "CapabilityStatement":
            raise ServerError(
                "The server answers, but not with a CapabilityStatement, so it is no FHIR server.", hint=_ADVICE[404]
            )
        version = str(found.get("fhirVersion", "unknown"))
        if not version.startswith("4.0"):
            raise ServerError(
                f"The server speaks FHIR {version}; the invented patients are R4 (4.0).", hint="Name an R4 base."
            )
        offered = [code for rest in _dicts(found.get("rest")) for code in _codes(rest.get("interaction"))]
        if offered and "transaction" not in offered:
            raise ServerError("The server says that it takes no transactions.", hint=_ADVICE[405])
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
        found = self._ask("GET", f"/{kind}", params={"_tag": _tag(), "_elements": "id", "_count": str(CHUNK)})
        return [name for entry in _dicts(found.get("entry")) if (name := ours(entry.get("resource")))]

    def _total(self, kind: str) -> int:
        total = self._ask("GET", f"/{kind}", params={"_tag": _tag(), "_summary": "count"}).get("total")
        return total if isinstance(total, int) else 0

    def _delete(self, names: Sequence[str]) -> int:
        statuses = self._send(removal(names))
        if wrong := sorted({s for s in statuses if s not in ("200", "202", "204", "404", "409", "410")}):
            raise _refused(int(wrong[0]), {}, "")
        return sum(s != "409" for s in statuses)

    def _send(self, bundle: Json) -> list[str]:
        """Sends a Bundle to the base; the status code of each entry."""
        found = self._ask("POST", "", body=bundle)
        responses = [entry.get("response") for entry in _dicts(found.get("entry"))]
        statuses = [str(r.get("status", ""))[:3] if isinstance(r, dict) else "" for r in responses]
        return [status if status.isdecimal() else "0" for status in statuses]

    def _ask(self, method: str, path: str, *, params: dict[str, str] | None = None, body: Json | None = None) -> Json:
        headers = {"Content-Type": FHIR} if body is not None else {}
        try:
            answer = self.session.request(
                method,
                self.base + path,
                params=params,
                json=body,
                headers=headers,
                timeout=self.timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _unreached(error, self.base) from None
        return _read(answer)


def _read(answer: requests.Response) -> Json:
    try:
        found = answer.json()
    except ValueError:
        found = None
    body = found if isinstance(found, dict) else {}
    if answer.status_code >= 300:
        raise _refused(answer.status_code, body, answer.headers.get("Location", ""))
    if not body:
        html = "html" in answer.headers.get("Content-Type", "")
        what = "with a web page" if html else "with something that is no JSON object"
        raise ServerError(f"The server answers {what}, so this is no FHIR base.", hint=_ADVICE[404])
    return body


def _refused(status: int, body: Json, location: str) -> ServerError:
    if 300 <= status < 400:
        origin = urlsplit(location)
        to = f" to {origin.scheme}://{origin.netloc}" if origin.netloc else ""
        return ServerError(
            f"The server sends elsewhere (HTTP {status}{to}), and a token is not sent on.",
            hint="Pass the address that it names, if you trust it.",
        )
    hint = _ADVICE.get(status) or "The fault is the server's: its log says why. Do it again later."
    said = [str(i["diagnostics"]) for i in _dicts(body.get("issue")) if isinstance(i.get("diagnostics"), str)]
    return ServerError(f"The server answers HTTP {status}.", hint=hint, said="; ".join(said))


def _unreached(error: requests.RequestException, base: str) -> ServerError:
    if isinstance(error, requests.exceptions.SSLError):
        return ServerError(
            f"The certificate of {base} is not trusted.", hint="Name your authority's file in SSL_CERT_FILE."
        )
    if isinstance(error, requests.Timeout):
        return ServerError(f"{base} did not answer in time.", hint="It may be starting or overloaded; do it again.")
    # A connection that broke is told apart from one that was never made by what lies under the library's one error.
    broken = bool(error.args) and isinstance(error.args[0], ProtocolError)
    if broken or isinstance(error, requests.exceptions.ChunkedEncodingError):
        return ServerError(f"{base} broke off in the middle of an answer.", hint="Do it again.")
    return ServerError(
        f"Nothing answers at {base}.",
        hint="Start a server with `make hapi`, or check address and port; a proxy may stand between.",
    )


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _codes(interactions: object) -> list[object]:
    return [item.get("code") for item in _dicts(interactions)]


def _tag() -> str:
    return f"{TAG['system']}|{TAG['code']}"
