"""Which addresses a connection may lead to, and that no other is connected to, however a name resolves (threat T01)."""

from __future__ import annotations

import asyncio
from typing import Any

import httpcore2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.adapters.ehr import Checked, Reach, is_admitted
from tests.adapters.address_kit import Names

PUBLIC = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "8.8.8.8"]
PRIVATE = ["10.1.2.3", "172.16.0.1", "192.168.1.1", "fd12:3456::1", "127.0.0.1", "127.8.9.1", "::1"]
NEVER = [
    "0.0.0.0",  # noqa: S104 - an address to be refused
    "::",
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "100.64.0.1",
    "168.63.129.16",
    "192.0.0.192",
    "192.88.99.1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "240.0.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:93.184.216.34",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:53aa:64c:0:fffe:80ff:fffe",
    "localhost",
    "127.1",
    "",
]


def test_which_addresses_a_connection_may_lead_to() -> None:
    table = {reach: {a for a in (*PUBLIC, *PRIVATE, *NEVER) if is_admitted(a, reach)} for reach in Reach}
    assert table[Reach.PUBLIC] == set(PUBLIC)
    assert table[Reach.PRIVATE] == {*PUBLIC, *PRIVATE}
    assert table[Reach.LOOPBACK] == {a for a in PRIVATE if a.startswith("127.") or a == "::1"}


class Recorder(httpcore2.AsyncNetworkBackend):
    """Makes no connection, and remembers to where it would have."""

    def __init__(self) -> None:
        self.connected: list[str] = []

    async def connect_tcp(self, host: str, *_: Any, **__: Any) -> Any:
        self.connected.append(host)
        raise httpcore2.ConnectError


@given(st.lists(st.sampled_from([*PUBLIC, *PRIVATE, *NEVER]), max_size=4), st.sampled_from(list(Reach)))
def test_one_bad_address_among_a_names_addresses_is_enough_to_connect_to_none(found: list[str], reach: Reach) -> None:
    recorder = Recorder()
    backend = Checked(reach, Names(*found) if found else Names(""), recorder)

    async def run() -> None:
        with pytest.raises(httpcore2.ConnectError):
            await backend.connect_tcp("ehr.example.org", 443, 1.0)

    asyncio.run(run())
    admitted = bool(found) and all(is_admitted(a, reach) for a in found)
    assert recorder.connected == (found if admitted else [])


def test_each_connection_is_checked_anew_so_that_rebinding_does_not_help() -> None:
    names, recorder = Names("93.184.216.34"), Recorder()
    backend = Checked(Reach.PUBLIC, names, recorder)

    async def run() -> None:
        for addresses in (("93.184.216.34",), ("127.0.0.1",)):
            names.addresses = addresses
            with pytest.raises(httpcore2.ConnectError):
                await backend.connect_tcp("ehr.example.org", 443, 1.0)

    asyncio.run(run())
    assert len(names.asked) == 2
    assert recorder.connected == ["93.184.216.34"]
