"""Addresses of FHIR servers: read strictly and compared exactly (threats T01 to T03). Nothing is resolved here.

A call names its FHIR server; what is contacted is the entry of our own list that equals it, never the text of the call.
Libraries disagree about odd addresses (``https://127.1``, a backslash, a full-width dot), so whatever two of them could
read in two ways is no address at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import unquote, urljoin

import idna

_LONGEST = 4096
_AUTHORITY = r"(?P<scheme>(?i:https?))://(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\\\[\]%]+)(?::(?P<port>[0-9]{1,5}))?"
_BASE = re.compile(_AUTHORITY + r"(?P<path>(?:/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*)*)")
_LINK = re.compile(_AUTHORITY + r"(?P<rest>(?:[/?][^\x00-\x20\x7f\\#]*)?)")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_\-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """An absolute HTTP address in the one form that we compare: lower-case ASCII host, explicit port, no last slash."""

    scheme: str
    host: str
    port: int
    path: str = ""

    @property
    def origin(self) -> str:
        """Scheme, host and port, as they are compared."""
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether it says, without asking any resolver, that it lies on this machine."""
        found = _literal(self.host)
        # Python 3.13 calls the loopback of IPv4 inside an address of IPv6 one, 3.11 does not: here it is none.
        if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
            return False
        return found.is_loopback if found is not None else self.host == "localhost"

    def __str__(self) -> str:
        shown = self.origin
        return (shown.removesuffix(f":{self.port}") if self.port == _PORTS[self.scheme] else shown) + self.path


def read_base(text: str) -> Address | None:
    """The base of a FHIR server, or None: no user, query, fragment, dot segment, odd number or odd character."""
    match = _BASE.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    path = match["path"].removesuffix("/")
    plain = unquote(path)
    if any(part in ("", ".", "..") for part in plain.split("/")[1:]) or "\\" in plain or "%" in plain:
        return None
    if plain.count("/") != path.count("/") or any(ord(c) < 0x21 for c in plain):
        return None
    return _address(match, path)


def read_origin(text: str) -> str | None:
    """An origin in the form of :attr:`Address.origin`, or None."""
    found = read_base(text)
    return found.origin if found is not None and not found.path else None


def read_link(text: str, page: str) -> tuple[str, str] | None:
    """The address and the origin that a link means on the page where it stands, or None if it is no plain HTTP address."""
    if len(text) > _LONGEST:
        return None
    if not re.match(r"(?i)https?://", text):
        if not text.startswith("/") or text.startswith("//"):
            return None
        text = urljoin(page, text)
    match = _LINK.fullmatch(text)
    found = _address(match, "") if match is not None else None
    if match is None or found is None:
        return None
    return found.origin + match["rest"], found.origin


def _address(match: re.Match[str], path: str) -> Address | None:
    scheme = match["scheme"].lower()
    port = int(match["port"] or _PORTS[scheme])
    host = _host(match["host"])
    return Address(scheme, host, port, path) if host and 0 < port < 65536 else None


def _host(text: str) -> str:
    """The host as it is compared, or an empty text if it could be read in more than one way."""
    if text.startswith("["):
        literal = _literal(text[1:-1])
        return str(literal) if isinstance(literal, IPv6Address) else ""
    host = text.lower()
    if not host.isascii():
        try:
            host = idna.encode(host, strict=True).decode("ascii")
        except idna.IDNAError:
            return ""
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return ""
    if _NUMBER.fullmatch(labels[-1]):
        return host if isinstance(_literal(host), IPv4Address) else ""
    return host


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Servers:
    """From which FHIR servers a caller may have us read. Without an entry: from none."""

    bases: frozenset[Address] = frozenset()
    next_link_origins: frozenset[str] = field(default=frozenset())
    """Further origins that a link to the next page may lead to."""
    private_network: bool = False
    """The servers' names may resolve to private addresses and to this machine."""
    loopback: bool = False
    """Any server on this machine, and no other (the built-in client of development)."""

    def admitted(self, named: str) -> Address | None:
        """The base to contact for the one that a call names, or None: it is not contacted."""
        found = read_base(named)
        if found is None:
            return None
        return found if found in self.bases or (self.loopback and found.is_loopback) else None
