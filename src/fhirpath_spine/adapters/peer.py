"""Whoever is on the other side of HTTP for a command that a person waits for: a FHIR server, a CDS service, a terminology
server. Plain and synchronous; no hook call goes this way.

A token goes to the base's own origin, and to others only if they are named: no redirect is followed, no ``.netrc`` is looked at.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import ProtocolError

from fhirpath_spine.adapters.trust import trusting
from fhirpath_spine.errors import RequestError, ServerError
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.incoming.addresses import Address, read_base, read_link
from fhirpath_spine.exchange.incoming.answers import next_link

PAGES = 100
"""Pages of one search that are read."""
ADVICE = {
    400: "The server could not read the request; what we send is FHIR R4.",
    401: "Pass a token that it takes, with --token, or in SPINE_SANDBOX_TOKEN.",
    403: "The token does not permit it: its scopes have to cover what is asked for, for the sandbox writing and deleting too.",
    404: "Check the path of the address: a FHIR base often ends in /fhir, /r4 or /baseR4.",
    405: "The server takes no such request there; try another server, for example `make hapi`.",
    409: "Something else on the server is in the way; `fhirpath-spine sandbox clear` removes what was loaded before.",
    412: "Something else on the server is in the way; `fhirpath-spine sandbox clear` removes what was loaded before.",
    413: "The server takes only smaller requests; load one file at a time.",
    422: "The server's own rules refuse the resource; try a server without profiles of its own.",
    429: "The server wants fewer requests; wait a while and do it again.",
}
"""What to do about a status; of any other, the server's log has to tell."""


def refusal(status: int, value: Mapping[str, Any] | None = None, leads_to: str = "") -> ServerError:
    """The error of an answer that is no success; ``leads_to`` is the origin that a redirect names."""
    if 300 <= status < 400:
        to = f" to {leads_to}" if leads_to else ""
        return ServerError(
            f"The server sends elsewhere (HTTP {status}{to}), and nothing is sent on.",
            hint="Pass the address that it leads to, if you trust it.",
        )
    hint = ADVICE.get(status) or "The fault is the server's: its log says why. Do it again later."
    return ServerError(f"The server answers HTTP {status}.", hint=hint, said=said(value))


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. ``value`` is its JSON object, None where it is something else; ``seconds`` is how long it took."""

    status: int
    value: Json | None
    seconds: float
    url: str = field(repr=False)
    media: str = ""
    date: str = ""
    leads_to: str = ""
    """Origin that a redirect names: its path and query may hold what is not for a terminal."""

    @property
    def ok(self) -> bool:
        """Whether it is a JSON object with a status of success."""
        return 200 <= self.status < 300 and self.value is not None

    def json(self) -> Json:
        """The JSON object of a success.

        Raises:
            ServerError: it is none; the error says what to do.

        """
        if self.status >= 300:
            raise refusal(self.status, self.value, self.leads_to)
        if self.value is None:
            what = "with a web page" if "html" in self.media else "with something that is no JSON object"
            raise ServerError(f"The server answers {what}, so this is not the base that was meant.", hint=ADVICE[404])
        return self.value


@dataclass(frozen=True, slots=True)
class Peer:
    """One server by its base address.

    Raises :class:`RequestError` if the address or the token is none.
    """

    base: str
    token: str = field(default="", repr=False)
    timeout: float = 30.0
    what: str = "FHIR server"
    origins: frozenset[str] = frozenset()
    """Further origins that a link may lead to, and the token with it."""
    session: requests.Session = field(default_factory=requests.Session, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Checks the address, and prepares the session."""
        found = read_base(self.base)
        if found is None:
            raise RequestError(
                f"The address of the {self.what} cannot be used.",
                hint="Write it like https://host[:port]/path, without user, query or fragment.",
            )
        if self.token and not (self.token.isascii() and self.token.isprintable() and " " not in self.token):
            raise RequestError("The token is no bearer token.", hint="Pass it as it was issued.")
        object.__setattr__(self, "base", self.base.rstrip("/"))
        self.session.auth = Bearer(self.token)
        trusting(self.session)
        self.session.trust_env = not found.is_loopback  # a proxy cannot reach this machine's loopback
        self.session.headers.update({"Accept": "application/fhir+json, application/json", "Cache-Control": "no-cache"})

    @property
    def address(self) -> Address:
        """The base as addresses are compared."""
        found = read_base(self.base)
        assert found is not None  # noqa: S101 - checked when this was made
        return found

    def direct(self) -> None:
        """Looks at nothing of the environment, no proxy either: as the service itself connects."""
        self.session.trust_env = False

    def close(self) -> None:
        """Closes its connections."""
        self.session.close()

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Reply:
        """The answer to a GET below the base, or at an absolute address of the base's origin.

        Raises:
            ServerError: there was no answer at all, or the address leads to another server.

        """
        if path.startswith(("http://", "https://")):
            found = read_link(path, self.base)
            if found is None or found[1] not in {self.address.origin, *self.origins}:
                raise ServerError(
                    "A link leads to another server, and was not followed.", hint="Pass that server's own address."
                )
            return self._ask("GET", path)
        return self._ask("GET", f"{self.base}/{path.lstrip('/')}", params)

    def post(self, path: str, body: Json, media: str = "application/json") -> Reply:
        """The answer to a POST of JSON below the base, or at the base itself. Raises as :meth:`get`."""
        url = f"{self.base}/{path.lstrip('/')}" if path else self.base
        return self._ask("POST", url, body=body, media=media)

    def search(self, query: str) -> Reply:
        """The first page of a search in the form of a template. Raises as :meth:`get`."""
        path, mark, search = query.partition("?")
        return self.get(f"{path}{mark}{quote(search, safe='=&,:/')}")

    def pages(self, first: Reply, most: int = PAGES) -> Iterator[Reply]:
        """An answer and the pages that follow it, at most so many, up to the first that is no success.

        Raises:
            ServerError: the links lead in a circle, on without end, or to another server.

        """
        seen: set[str] = set()
        reply = first
        while True:
            yield reply
            link = next_link(reply.value) if reply.ok else ""
            if not link:
                return
            if link in seen or len(seen) >= most:
                raise ServerError("The pages of a search do not end.", hint="The server's paging is at fault.")
            seen.add(link)
            reply = self.get(link)

    def _ask(
        self, method: str, url: str, params: Mapping[str, str] | None = None, body: Json | None = None, media: str = ""
    ) -> Reply:
        started = time.monotonic()
        try:
            answer = self.session.request(
                method,
                url,
                params=params,
                json=body,
                headers={"Content-Type": media} if media else {},
                timeout=self.timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise self._unanswered(error) from None
        seconds = time.monotonic() - started
        try:
            value = answer.json()
        except ValueError:
            value = None
        headers = answer.headers
        return Reply(
            status=answer.status_code,
            value=value if isinstance(value, dict) else None,
            seconds=seconds,
            url=url,
            media=headers.get("Content-Type", "").lower(),
            date=headers.get("Date", ""),
            leads_to=_origin(headers.get("Location", "")),
        )

    def _unanswered(self, error: requests.RequestException) -> ServerError:
        where = f"the {self.what} at {self.base}"
        if isinstance(error, requests.exceptions.SSLError):
            return ServerError(
                f"The certificate of {where} is not trusted.", hint="Name your authority's file in SSL_CERT_FILE."
            )
        if isinstance(error, requests.Timeout):
            return ServerError(
                f"{where[0].upper()}{where[1:]} did not answer in time.",
                hint="It may be starting or overloaded; do it again.",
            )
        broken = bool(error.args) and isinstance(error.args[0], ProtocolError)
        if broken or isinstance(error, requests.exceptions.ChunkedEncodingError):
            return ServerError(
                f"{where[0].upper()}{where[1:]} broke off in the middle of an answer.", hint="Do it again."
            )
        return ServerError(
            f"Nothing answers for {where}.",
            hint="Check address and port, and whether it is running; a proxy may stand between.",
        )


def _origin(location: str) -> str:
    try:
        found = urlsplit(location)
    except ValueError:
        return ""
    return f"{found.scheme}://{found.netloc.rpartition('@')[2]}" if found.netloc else ""


def said(value: Mapping[str, Any] | None) -> str:
    """The words of an OperationOutcome, for the terminal of the person who asked."""
    issues = value.get("issue") if value is not None else None
    out: list[str] = []
    for issue in issues if isinstance(issues, list) else ():
        if isinstance(issue, dict):
            details = issue.get("details")
            text = details.get("text") if isinstance(details, dict) else None
            out += [found for found in (text, issue.get("diagnostics")) if isinstance(found, str)]
    return "; ".join(out)


class Bearer(AuthBase):
    """Sets the token, or nothing; either way no other credential of the machine is sent."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Signs one request."""
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request
