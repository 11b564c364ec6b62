"""Whom our connections trust: SSL_CERT_FILE or SSL_CERT_DIR where one is set, else the authorities of this machine.

One context for the service and for the tools, so that ``doctor`` cannot find a server trustworthy that the service refuses.
"""

from __future__ import annotations

import math
import os
import socket
import ssl
import time
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import httpx2
import requests
from requests.adapters import HTTPAdapter

from fhirpath_spine.exchange.incoming.addresses import Address

CONNECT = 5.0
"""Seconds for a connection of which nothing but the certificate is wanted."""


def context() -> ssl.SSLContext:
    """The context of every connection (rulings 7: a private authority comes by SSL_CERT_FILE). TLS 1.2 is the least.

    Reading the authorities of a machine takes longer than a call, so one context serves until what it was made from changes.
    """
    return _context(*((name, _stamp(name)) for name in map(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR"))))


def _stamp(name: str | None) -> tuple[int, ...]:
    """What changes with a file or folder: its number, size and time; nothing where there is none."""
    try:
        known = os.stat(name) if name else None
    except OSError:
        known = None
    return (known.st_ino, known.st_size, known.st_mtime_ns) if known else ()


@lru_cache(maxsize=2)
def _context(*_made_from: tuple[str | None, tuple[int, ...]]) -> ssl.SSLContext:
    found = httpx2.create_ssl_context()
    found.minimum_version = ssl.TLSVersion.TLSv1_2
    return found


class TrustingAdapter(HTTPAdapter):
    """Makes a session of ``requests`` trust the same, and not the list of authorities that it brings along."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Connections straight to a server."""
        super().init_poolmanager(*args, **kwargs, ssl_context=context())

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Connections through a proxy of the environment."""
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=context())

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leaves the check to the context, which never goes without."""


def trusting(session: requests.Session) -> None:
    """Has a session trust what the service trusts."""
    session.mount("https://", TrustingAdapter())


class Fault(StrEnum):
    """What is wrong with a certificate, or with the TLS around it."""

    EXPIRED = "it has expired"
    NOT_YET = "it is not valid yet"
    SELF_SIGNED = "it is self-signed"
    AUTHORITY = "its authority is not known here"
    NAME = "it is for another name"
    OTHER = "it is not accepted"
    TLS = "no TLS 1.2 or newer is spoken there"
    UNREACHABLE = "nothing answers"


# Numbers of OpenSSL (X509_V_ERR_...), the same since 1.1.
_CODES = {
    9: Fault.NOT_YET,
    10: Fault.EXPIRED,
    18: Fault.SELF_SIGNED,
    19: Fault.AUTHORITY,
    20: Fault.AUTHORITY,
    21: Fault.AUTHORITY,
    62: Fault.NAME,
    64: Fault.NAME,
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate, as the service would judge it: how many whole days it still holds, or what is wrong."""

    days: int = 0
    fault: Fault | None = None


def certificate(address: Address, seconds: float = CONNECT) -> Certificate:
    """The certificate of the server at an address of scheme ``https``, if it connects in time; no request is made."""
    try:
        with (
            socket.create_connection((address.host, address.port), seconds) as plain,
            context().wrap_socket(plain, server_hostname=address.host) as secure,
        ):
            ends = str((secure.getpeercert() or {})["notAfter"])
    except ssl.SSLCertVerificationError as error:
        return Certificate(fault=_CODES.get(error.verify_code, Fault.OTHER))
    except ssl.SSLError:
        return Certificate(fault=Fault.TLS)
    except OSError:
        return Certificate(fault=Fault.UNREACHABLE)
    return Certificate(days=math.floor((ssl.cert_time_to_seconds(ends) - time.time()) / 86400))
