"""The same chart searched on a real HAPI FHIR server, with HAPI's own time for the searches apart from ours.

HAPI's own time is that of a client that does nothing but ask and follow the pages: each chain alone, and all at once. The
server is the one that SPINE_SANDBOX_URL names (token: SPINE_SANDBOX_TOKEN), else that of ``sandbox/hapi``. In CI a server
that is not there counts as a difference; elsewhere it is said, and nothing is measured.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import httpx2
import orjson
import uvloop

from benchmarks import bodies, calls
from benchmarks.plain_client import Fetched, Plain
from benchmarks.stacks import resources
from benchmarks.timing import Times, by_turns
from fhirpath_spine import authoring
from fhirpath_spine.adapters.ehr import Ehr, GuardedTransport
from fhirpath_spine.adapters.peer import Peer
from fhirpath_spine.adapters.sandbox import FHIR, SECONDS, Sandbox
from fhirpath_spine.errors import SpineError
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.ehr_side import DEMO, TYPES, removal, seed
from fhirpath_spine.exchange.incoming import Open, Servers, parse_request, read_base
from fhirpath_spine.pathway.model import Library
from fhirpath_spine.service import Budget, Client, HookService, Trace
from sandbox import local_hapi

RESOURCES = 200
PAGE = 20
WARM = 5
"""Rounds before it counts: HAPI compiles while it answers."""
_UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def main() -> int:
    """Runs it and prints it, ratios first; how many differences there were."""
    in_ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
    url, token = os.environ.get("SPINE_SANDBOX_URL", ""), os.environ.get("SPINE_SANDBOX_TOKEN", "")
    if not url and (absent := local_hapi.missing()):
        print(
            "(f) NOT MEASURED: the same on a real HAPI. Neither is SPINE_SANDBOX_URL set, nor can one be started here:"
        )
        print(*(f"    - {line}" for line in absent), sep="\n", end="\n\n")
        return int(in_ci)
    try:
        local = local_hapi.running(local_hapi.free_port(0), {"HAPI_PAGE": str(PAGE), "HAPI_TOKEN": token})
        with nullcontext(url) if url else local as base:
            return against(base, token)
    except (SpineError, local_hapi.StartError) as error:
        print(f"(f) FAILED: the same on a real HAPI. {error}\n")
        return 1


def against(base: str, token: str = "", seconds: float = 3.5, library: Library | None = None) -> int:
    """The measurement against one server; ``seconds`` bounds each part of it. ``library`` is judged by; default: what ships.

    Raises:
        SpineError: the server is none, or does not take the chart.

    """
    server = Peer(base, token, SECONDS)
    software = Sandbox(server).check()
    service = calls.service(library or authoring.load(authoring.profiles_directory()))
    chart = seed({"resourceType": "Bundle", "entry": list(_entries(service))}).transaction
    # As shipped a page holds a whole chart; in pages of 20, what a server gives that heeds no larger wish.
    paged = {key: re.sub("_count=[0-9]+", f"_count={PAGE}", q) for key, q in service.snapshot.templates.items()}
    different = 0
    print(f"(f) The same on {software}.")
    with _loaded(server, chart):
        for asked in (service, replace(service, snapshot=replace(service.snapshot, templates=paged))):
            # The loop that a worker of the service runs on.
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                found = [entry["resource"] for entry in chart["entry"]]
                different += runner.run(_compared(asked, server, found, seconds))
    print()
    return different


def _entries(service: HookService) -> Iterator[Json]:
    """The benchmark's chart as entries of a Bundle, under ids that no other chart has. A reference that leads out of it goes:
    a server refuses what leads nowhere.
    """
    whole = orjson.loads(bodies.body_for(service.snapshot.templates, RESOURCES, spinal=True))
    found = {f"{r['resourceType']}/{r['id']}": r for r in resources(whole)}
    for name, one in found.items():
        kept = {key: value for key, value in one.items() if _references(value) <= found.keys()}
        # Others refer to the entry by what it was called.
        yield {"fullUrl": name, "resource": {**kept, "id": f"bench-{one['id'].removeprefix(DEMO)}"}}


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["reference"]} if isinstance(value.get("reference"), str) else set()
        return own.union(*map(_references, value.values()))
    return set().union(*map(_references, value)) if isinstance(value, list) else set()


@contextmanager
def _loaded(server: Peer, chart: Json) -> Iterator[None]:
    """The chart on the server; what was there before stays, and what was put there goes."""
    names = [entry["request"]["url"] for entry in chart["entry"]]
    Sandbox(server).load(chart)
    try:
        yield
    finally:
        names.sort(key=lambda name: TYPES.index(name.partition("/")[0]))
        server.post("", removal(names), FHIR).json()


class Counting(httpx2.AsyncBaseTransport):
    """The service's own transport; it counts the requests."""

    def __init__(self) -> None:
        self.requests, self._inner = 0, GuardedTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Counts and passes on."""
        self.requests += 1
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._inner.aclose()


async def _compared(service: HookService, server: Peer, chart: list[Json], seconds: float) -> int:
    templates = dict(service.snapshot.templates)
    patient = next(r["id"] for r in chart if r["resourceType"] == "Patient")
    asking = _request(patient, server)
    sent = {**asking, "prefetch": bodies.laid(chart, templates)}
    queries = {key: query.replace("{{context.patientId}}", patient) for key, query in templates.items()}
    base = read_base(server.base)
    assert base is not None
    client = Client(servers=Servers(bases=frozenset({base}), private_network=True))
    transport = Counting()
    ehr = Ehr(transport)
    fetching = replace(service, retriever=ehr, seconds=60.0)
    parsed = parse_request(asking, service.hook)
    wanted = {key: Open(key, query) for key, query in templates.items()}

    async def fetch() -> None:
        await ehr.fetch(parsed, wanted, client, Budget(60))

    async def alone(item: Open) -> tuple[frozenset[str], int]:
        before = transport.requests
        reads = await ehr.fetch(parsed, {item.key: item}, client, Budget(60))
        return frozenset(r["id"] for r in reads[item.key].resources), transport.requests - before

    plain = Plain(server.base, server.token, queries)
    pool = ThreadPoolExecutor(len(queries))

    async def at_once() -> None:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(pool, plain.chain, key) for key in queries))

    async def one(key: str) -> None:
        await asyncio.get_running_loop().run_in_executor(pool, plain.chain, key)

    try:
        mine = {key: await alone(item) for key, item in wanted.items()}
        ours = Fetched({k: ids for k, (ids, _) in mine.items()}, {k: count for k, (_, count) in mine.items()})
        before = transport.requests
        searched = await fetching.answer(asking, client, Trace())
        made = transport.requests - before
        theirs = plain.all()
        wrong = [
            *differences(ours, theirs, {k: frozenset(_ids(v)) for k, v in sent["prefetch"].items()}),
            *_one_call(made, sum(theirs.requests.values()), searched, await service.answer(sent, client, Trace())),
        ]
        warm = time.monotonic() + seconds
        for _ in range(WARM):
            await at_once()
            if time.monotonic() > warm:
                break
        chains = await by_turns(*(lambda key=key: one(key) for key in queries), runs=15, seconds=seconds)  # type: ignore[misc]
        hapi, fetched, whole, judged = await by_turns(
            at_once,
            fetch,
            lambda: fetching.answer(asking, client, Trace()),
            lambda: service.answer(sent, client, Trace()),
            runs=40,
            seconds=seconds,
        )
        busy = await _busy(lambda: fetching.answer(asking, client, Trace()), seconds)
    finally:
        await ehr.aclose()
        pool.shutdown()
        plain.close()
    _told(theirs, dict(zip(queries, chains, strict=True)), hapi, fetched, whole, judged, busy)
    for line in wrong:
        print(f"        DIFFERENT: {line}")
    if not wrong:
        print(
            "        resources of each key and the answer are those of the prefetch, the requests those of the plain client"
        )
    return len(wrong)


async def _busy(work: Callable[[], Awaitable[object]], seconds: float, most: int = 20) -> float:
    """Milliseconds of processor time that this process spends on one run: waiting is not counted."""
    started, ends, runs = time.process_time(), time.monotonic() + seconds, 0
    while runs < most and (runs == 0 or time.monotonic() < ends):
        await work()
        runs += 1
    return (time.process_time() - started) / runs * 1000


def _request(patient: str, server: Peer) -> Json:
    access = {"access_token": server.token, "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs"}
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "fhirServer": server.base,
        "context": {"userId": "Practitioner/p1", "patientId": patient},
        **({"fhirAuthorization": {**access, "subject": "fhirpath-spine"}} if server.token else {}),
    }


def _ids(value: Json) -> Iterator[str]:
    for one in [e["resource"] for e in value["entry"]] if value["resourceType"] == "Bundle" else [value]:
        yield one["id"]


def differences(ours: Fetched, plain: Fetched, sent: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Where the resources of a key are not those of the prefetch, or the requests not those of the plain client."""
    for key, ids in sent.items():
        for side, found in (("the service", ours), ("the plain client", plain)):
            if found.ids[key] != ids:
                yield f"{key}: {side} found {len(found.ids[key])} resources, sent are {len(ids)}"
        if ours.requests[key] != plain.requests[key]:
            yield f"{key}: the service made {ours.requests[key]} requests, the plain client {plain.requests[key]}"


def _one_call(made: int, expected: int, searched: Json, sent: Json) -> Iterator[str]:
    if made != expected:
        yield f"the call made {made} requests, its pages are {expected}"
    if _plain(searched) != _plain(sent):
        yield f"the answer has {len(searched['cards'])} cards, with a prefetch {len(sent['cards'])}, or other words on them"


def _plain(answer: Json) -> bytes:
    """The whole answer, without the ids that each decision has anew."""
    return _UUID.sub(b"", orjson.dumps(answer))


def _told(
    plain: Fetched, chains: Mapping[str, Times], hapi: Times, fetched: Times, whole: Times, judged: Times, busy: float
) -> None:
    key, slowest = max(chains.items(), key=lambda item: item[1].p50)
    row = sum(times.p50 for times in chains.values())
    requests, resources = sum(plain.requests.values()), sum(map(len, plain.ids.values()))
    print(
        f"    {resources} resources in {requests} requests for {len(chains)} keys:"
        f" whole call {whole.p50 / hapi.p50:.2f} times HAPI's own time for the same searches at once"
    )
    print(
        f"        to HAPI's slowest chain alone: whole call {whole.p50 / slowest.p50:.2f}, all fetches"
        f" {fetched.p50 / slowest.p50:.2f}, HAPI at once {hapi.p50 / slowest.p50:.2f}, one after another {row / slowest.p50:.2f}"
    )
    print(
        f"        HAPI, ms: slowest chain {slowest.p50:.1f} ({key}, {plain.requests[key]} requests), all at once"
        f" {hapi.p50:.1f} (p99 {hapi.p99:.1f}), one after another {row:.1f}"
    )
    print(
        f"        ours, ms: {busy:.1f} of processor time in a whole call of {whole.p50:.1f} (p99 {whole.p99:.1f}),"
        f" {busy / whole.p50:.0%}; the same call with a prefetch {judged.p50:.1f}"
    )


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
