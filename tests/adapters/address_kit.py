"""Calls over a real socket where the resolver is the test's own: what both kinds of address tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from fhirpath_spine.adapters.ehr import Ehr
from fhirpath_spine.exchange.incoming import Servers, read_base
from fhirpath_spine.service import Client
from tests.adapters.whole_service import AMPLE, Setup, Unhurried, chart, patient_of, request_body

CHART = chart("C13")
PATIENT = patient_of(CHART)
EHR = "https://ehr.example.org/fhir"


def listed(*bases: str, **changes: Any) -> Servers:
    found = frozenset(base for text in bases if (base := read_base(text)) is not None)
    assert len(found) == len(bases)
    return Servers(found, **changes)


class Names:
    """A resolver of the test's own: every name leads to this machine, and each question is counted."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses or ("127.0.0.1",)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        assert 0 < port < 65536
        self.asked.append(host)
        return self.addresses


@asynccontextmanager
async def asking(servers: Servers, names: Names) -> AsyncIterator[Setup]:
    """A service that may ask these servers, for several calls."""
    ehr = Ehr(Unhurried(names))
    try:
        yield Setup(ehr, Client(servers=servers), AMPLE)
    finally:
        await ehr.aclose()


async def called(servers: Servers, base: str, names: Names, **changes: Any) -> tuple[Setup, httpx2.Response]:
    async with asking(servers, names) as setup:
        return setup, await setup.call(request_body(PATIENT, base, **changes))
