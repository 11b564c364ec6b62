"""The memory of servers that asked to be left alone: bounded in time and in size."""

from __future__ import annotations

import pytest

from fhirpath_spine.adapters.ehr import LONGEST, SERVERS, BackOff
from fhirpath_spine.exchange.incoming import Address
from tests.adapters.fault_kit import Clock


def server(port: int) -> Address:
    return Address("https", "ehr.example.org", port)


@pytest.fixture
def memory() -> tuple[BackOff, Clock]:
    clock = Clock()
    return BackOff(clock), clock


def test_a_server_that_asks_for_a_day_is_left_alone_for_a_minute(memory: tuple[BackOff, Clock]) -> None:
    found, clock = memory
    found.leave(server(1), 86_400, "a")
    assert found.left(server(1)) == LONGEST
    clock.now += LONGEST
    assert found.left(server(1)) == 0
    assert len(found) == 0


def test_a_shorter_time_takes_nothing_off_a_longer_one(memory: tuple[BackOff, Clock]) -> None:
    found, _ = memory
    for seconds in (20, 5, 0):
        found.leave(server(1), seconds, "a")
    assert found.left(server(1)) == 20


def test_it_remembers_so_many_servers_and_drops_what_ends_first(memory: tuple[BackOff, Clock]) -> None:
    found, clock = memory
    for port in range(1, SERVERS + 11):
        clock.now += 0.01
        found.leave(server(port), 50, "a")
    assert len(found) == SERVERS
    assert found.left(server(10)) == 0
    assert found.left(server(11)) > 0
    clock.now += 60
    found.leave(server(1), 50, "a")
    assert len(found) == 1
