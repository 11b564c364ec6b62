"""What one call may read in all: bodies that are kept count, bodies that are dropped do not (threat T10)."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from fhirpath_spine.adapters.ehr import Allowance, FaultError, read_body
from fhirpath_spine.exchange.incoming import UnreadReason


def body_read(body: bytes, allowance: Allowance, **changes: int) -> bytes:
    async def run() -> bytes:
        return await read_body(httpx2.Response(200, stream=httpx2.ByteStream(body)), allowance, **changes)

    return asyncio.run(run())


def test_bodies_that_are_kept_count_against_the_call() -> None:
    allowance = Allowance(100)
    assert body_read(b"x" * 60, allowance) == b"x" * 60
    with pytest.raises(FaultError) as caught:
        body_read(b"x" * 60, allowance)
    assert caught.value.why is UnreadReason.TOO_LARGE


def test_bodies_that_are_dropped_do_not_count_against_the_other_fetches() -> None:
    allowance = Allowance(100)
    with pytest.raises(FaultError):
        body_read(b"x" * 60, allowance, limit=50)
    assert allowance.left == 100
    assert body_read(b"x" * 100, allowance) == b"x" * 100
