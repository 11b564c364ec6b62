"""Connections to FHIR servers: each name is resolved once, each address checked, and the checked one connected to.

The second layer behind the list of bases (threat T01): a listed name may still resolve to the inside of our own network,
at once or on the second query. TLS goes on verifying the name, since only the connection is made by address.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable, Sequence
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Protocol

import httpcore2
import httpx2

from fhirpath_spine.adapters.trust import context
from fhirpath_spine.exchange.incoming.addresses import Address, Servers

CONNECTIONS = 256
"""Connections of one process, over all FHIR servers."""
REACH = "fhirpath-spine.reach"
"""Extension of a request that says how far its connection may reach."""


class Reach(StrEnum):
    """Which addresses a connection may lead to."""

    PUBLIC = "public"
    PRIVATE = "private"
    """Public ones, private ranges and this machine (``private_network: true``, rulings 7)."""
    LOOPBACK = "loopback"
    """This machine only."""


def reach_of(servers: Servers, base: Address) -> Reach:
    """How far a caller's entry lets a connection to one of its FHIR servers reach."""
    if servers.private_network:
        return Reach.PRIVATE
    return Reach.LOOPBACK if servers.loopback and base not in servers.bases else Reach.PUBLIC


_LOOPBACK_6 = IPv6Address("::1")
_ROUTED, _UNIQUE_LOCAL = IPv6Network("2000::/3"), IPv6Network("fc00::/7")
_PRIVATE = [ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]
# Addresses that hold another address: what they lead to is not what they look like.
_WRAPPED = [
    IPv6Network(n) for n in ("::ffff:0:0/96", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
]
# Protocol assignments, of which older Pythons know only a part (a metadata service lies there), and the 6to4 relays.
_ASSIGNED = [ip_network(n) for n in ("192.0.0.0/24", "192.88.99.0/24")]
# Metadata services that lie in a public range or in a private one (Azure, AWS); the others are link-local.
_METADATA = frozenset({ip_address("168.63.129.16"), ip_address("fd00:ec2::254"), ip_address("100.100.100.200")})


def is_admitted(address: str, reach: Reach) -> bool:
    """Whether a connection of that reach may lead to an address, as a resolver gave it."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if found == _LOOPBACK_6 or (found.version == 4 and found.is_loopback):
        return reach is not Reach.PUBLIC
    if reach is Reach.LOOPBACK or found in _METADATA or _is_wrapped(found):
        return False
    if _in(found, _PRIVATE):
        return reach is Reach.PRIVATE
    return found.is_global and not (found.is_multicast or found.is_reserved or _in(found, _ASSIGNED))


def _in(found: IPv4Address | IPv6Address, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    return any(found.version == network.version and found in network for network in networks)


def _is_wrapped(found: IPv4Address | IPv6Address) -> bool:
    """Whether it holds another address, or is of no range that the internet routes."""
    if isinstance(found, IPv4Address):
        return False
    return any(found in network for network in _WRAPPED) or not (found in _ROUTED or found in _UNIQUE_LOCAL)


class AddressRefusedError(httpcore2.ConnectError):
    """A name resolved to an address that its client may not reach. No connection was made."""


class Resolver(Protocol):
    """Name to addresses; replaced in tests."""

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """All addresses of a host, in the order in which they are tried."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses that the system's resolver gives."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Checked(httpcore2.AsyncNetworkBackend):
    """Connects by address, after all addresses of the name were admitted."""

    def __init__(self, reach: Reach, resolver: Resolver, inner: httpcore2.AsyncNetworkBackend | None = None) -> None:
        self._reach, self._resolve = reach, resolver
        self._inner = inner or httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._resolve(host, port)
        except TimeoutError:
            raise httpcore2.ConnectTimeout from None
        except OSError:
            raise httpcore2.ConnectError("the name does not resolve") from None
        if not addresses or not all(is_admitted(address, self._reach) for address in addresses):
            raise AddressRefusedError("the name resolves to an address that may not be reached")
        for last, address in enumerate(addresses, start=1 - len(addresses)):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if not last:
                    raise
        raise httpcore2.ConnectError  # pragma: no cover - the last address has raised


class _Pool(httpx2.AsyncHTTPTransport):
    """The library's transport over connections of one reach. Its constructor takes no network backend, so the pool that it
    would make is made here; were the attribute renamed, no request would be answered, rather than one unchecked.
    """

    def __init__(self, reach: Reach, trusted: ssl.SSLContext, resolver: Resolver) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=trusted,
            max_connections=CONNECTIONS,
            max_keepalive_connections=CONNECTIONS // 4,
            keepalive_expiry=30.0,
            network_backend=Checked(reach, resolver),
        )


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Sends each request over a connection of the reach that it asks for; without a word, of the public one.

    Pools are apart by reach, so that a connection that one client may have is never handed to another that may not.
    """

    def __init__(self, resolver: Resolver = resolve, trusted: ssl.SSLContext | None = None) -> None:
        # No proxy is read from the environment.
        trusted = trusted or context()
        self._pools = {reach: _Pool(reach, trusted, resolver) for reach in Reach}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Passes the request on."""
        reach = Reach(request.extensions.get(REACH, Reach.PUBLIC))
        return await self._pools[reach].handle_async_request(request)

    async def aclose(self) -> None:
        """Closes all connections."""
        for pool in self._pools.values():
            await pool.aclose()
