"""What a call costs that has to fetch: the same chart searched instead of sent, from a server with a latency per request.

The fetches must overlap: together they may take 2.5 times what the slowest chain of pages takes alone. It takes half a
minute. ``main`` returns how many answers differ from those of the same call with a prefetch; times never decide.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import orjson
import uvloop

from benchmarks import bodies, calls
from benchmarks.timing import by_turns
from fhirpath_spine import authoring
from fhirpath_spine.adapters.ehr import Ehr
from fhirpath_spine.exchange.incoming import Open, Servers, parse_request
from fhirpath_spine.service import Budget, Client, HookService, Trace

LATENCIES = (1, 5, 50)
RESOURCES = 200
TARGET = 2.5


def main() -> int:
    """Runs everything and prints it, ratios first."""
    library = authoring.load(authoring.profiles_directory())
    service = calls.service(library)
    request = orjson.loads(bodies.body_for(service.snapshot.templates, RESOURCES, spinal=True))
    print(
        f"(e) The same chart searched instead of sent: {RESOURCES} resources, {len(service.snapshot.templates)} keys."
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
        reads = await ehr.fetch(parsed, keys, client, Budget(60))
        assert all(read.complete for read in reads.values())

    chains = {
        key: (await by_turns(lambda item=item: fetch({item.key: item}), runs=8))[0] for key, item in wanted.items()
    }
    longest = max(chains, key=lambda key: chains[key].p50)
    chain, together = await by_turns(lambda: fetch({longest: wanted[longest]}), lambda: fetch(wanted))
    whole, sent = await by_turns(
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
    return int(verdicts(answers[0]) != verdicts(answers[1]))


def verdicts(answer: dict[str, Any]) -> list[Any]:
    """What the cards say for machines, without the ids of this call."""
    return [{k: v for k, v in e.items() if k != "decision"} for c in answer["cards"] for e in c["extension"].values()]


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
