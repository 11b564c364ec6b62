"""What a call costs that has to fetch: the same chart searched instead of sent, from a server with a latency per request.

The fetches must overlap: together they may take 2.5 times what the slowest chain of pages takes alone. ``main`` returns how
many answers differ from those of the same call with a prefetch; times never decide.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import orjson
import uvloop

from benchmarks import bodies, calls
from benchmarks.timing import Times
from fhirpath_spine import authoring
from fhirpath_spine.adapters.ehr import Ehr
from fhirpath_spine.exchange.addresses import Servers
from fhirpath_spine.exchange.requests import parse_request
from fhirpath_spine.exchange.retrieval import Open
from fhirpath_spine.service import Budget, Client, HookService, Trace

LATENCIES = (1, 5, 50)
RESOURCES = 200
TARGET = 2.5
RUNS = 30
SECONDS = 4.0
"""Bound of each measurement; the whole takes half a minute."""


def main() -> int:
    """Runs everything and prints it, ratios first."""
    library = authoring.load(authoring.profiles_directory())
    service = calls.service(library)
    request = orjson.loads(bodies.body_for(service.snapshot.templates, RESOURCES, spinal=True))
    print(
        f"(d) The same chart searched instead of sent: {RESOURCES} resources, {len(service.snapshot.templates)} keys."
    )
    different = 0
    with _server(request, dict(service.snapshot.templates)) as port:
        for latency in LATENCIES:
            # The loop that a worker of the service runs on.
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                different += runner.run(_at(latency, port, service, request))
    print(f"    target: below {TARGET}\n")
    return different


async def _at(latency: int, port: int, service: HookService, request: dict[str, Any]) -> int:
    """One row: all fetches against the slowest of them alone, and the whole call against one with a prefetch."""
    ehr, client = Ehr(), Client(servers=Servers(loopback=True))
    fetching = replace(service, retriever=ehr, seconds=60.0)
    asking = {**request, "prefetch": {}, "fhirServer": f"http://127.0.0.1:{port}/{latency}/fhir"}
    parsed = parse_request(asking, service.hook)
    wanted = {key: Open(key, query) for key, query in service.snapshot.templates.items()}

    async def fetch(keys: dict[str, Open]) -> None:
        reads = await ehr.fetch(parsed, keys, client, Budget(time.monotonic() + 60))
        assert all(read.complete for read in reads.values())

    chains = {
        key: (await _measure(lambda item=item: fetch({item.key: item}), runs=8))[0] for key, item in wanted.items()
    }
    longest = max(chains, key=lambda key: chains[key].p50)
    # By turns, so that whatever else the machine does falls on both sides of the ratio.
    chain, together = await _measure(lambda: fetch({longest: wanted[longest]}), lambda: fetch(wanted))
    whole, sent = await _measure(
        lambda: fetching.answer(asking, client, Trace()), lambda: service.answer(request, client, Trace())
    )
    answers = [await s.answer(r, client, Trace()) for s, r in ((fetching, asking), (service, request))]
    await ehr.aclose()
    row = sum(t.p50 for t in chains.values())
    ratio = together.p50 / chain.p50
    verdict = "" if ratio < TARGET else "  ABOVE THE TARGET"
    print(
        f"    {latency:>2} ms a request: all fetches {ratio:.2f} times the slowest chain"
        f" ({together.p50:.1f} ms, p99 {together.p99:.1f}; chain {chain.p50:.1f}; one after another {row / chain.p50:.1f} times;"
        f" whole call {whole.p50:.1f} ms, with prefetch {sent.p50:.1f}){verdict}"
    )
    return int(_verdicts(answers[0]) != _verdicts(answers[1]))


def _verdicts(answer: dict[str, Any]) -> list[Any]:
    """What the cards say for machines, without the ids of this call."""
    return [{k: v for k, v in e.items() if k != "decision"} for c in answer["cards"] for e in c["extension"].values()]


async def _measure(*works: Callable[[], Awaitable[object]], runs: int = RUNS) -> list[Times]:
    """Wall times of each work, done by turns; waiting is what is measured."""
    samples: list[list[float]] = [[] for _ in works]
    for work in works:
        await work()
    end = time.perf_counter() + SECONDS
    while len(samples[0]) < runs and (not samples[0] or time.perf_counter() < end):
        for work, found in zip(works, samples, strict=True):
            started = time.perf_counter()
            await work()
            found.append((time.perf_counter() - started) * 1000)
    return [Times(tuple(found)) for found in samples]


@contextmanager
def _server(request: dict[str, Any], templates: dict[str, str]) -> Iterator[int]:
    """The stub in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.fallback_stub"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(orjson.dumps({"request": request, "templates": templates}) + b"\n")
        process.stdin.flush()
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(timeout=10)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
