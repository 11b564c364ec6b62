"""What each pathway adds to a call: the shipped library with one pathway, with two, and so on to all of them.

The gate comes first, the others in the order of the policy. The data are shared, so the first line holds what it costs to read
the chart for all. Two charts: an ordinary one, in which no pathway applies, and one in which one does.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import orjson

from benchmarks import bodies, calls
from benchmarks.timing import Times
from fhirpath_spine import authoring
from fhirpath_spine.pathway.model import Library

RESOURCES = 200
RUNS = 80
CHARTS = {"ordinary chart": False, "spinal patient": True}
"""What a chart is called in the table, and whether it has something to say about the spine."""


def main(library: Library | None = None, runs: int = RUNS) -> None:
    """Measures and prints, by default over the pathways that ship; nothing here can differ."""
    whole = library or authoring.load(authoring.profiles_directory())
    libraries = prefixes(whole)
    templates = calls.service(whole).snapshot.templates
    asked = {name: bodies.body_for(templates, RESOURCES, spinal=spinal) for name, spinal in CHARTS.items()}
    callers = [calls.caller(part) for part in libraries]
    cards = [{name: len(orjson.loads(call(body))["cards"]) for name, body in asked.items()} for call in callers]
    gc.collect()
    gc.freeze()
    told = {name: _by_turns([lambda c=c, b=body: c(b) for c in callers], runs) for name, body in asked.items()}  # type: ignore[misc]
    print(
        f"(d) What each pathway adds to a call with {RESOURCES} resources: in process, processor time, fastest tenth of the runs."
    )
    print("    x is the ratio to the call with the first pathway alone.\n")
    print(f"    {'':<15}" + "".join(f"{name:>34}" for name in asked))
    print(f"    {'':<15}" + f"{'cards':>10}{'ms':>8}{'adds':>8}{'x':>8}" * len(asked))
    for number, part in enumerate(libraries):
        row = f"    {'+ ' * bool(number) + part.pathways[-1].id:<15}"
        for name, times in told.items():
            now, before = times[number], times[number - 1] if number else 0.0
            row += f"{cards[number][name]:>10}{now:>8.2f}{now - before:>8.2f}{now / times[0]:>8.2f}"
        print(row)
    for name, times in told.items():
        mean = (times[-1] - times[0]) / (len(times) - 1)
        print(f"    {name}: a pathway more adds {mean:.2f} ms on average, {mean / times[-1]:.1%} of the call with all")
    print()


def prefixes(whole: Library) -> list[Library]:
    """The library with its first pathway, its first two, and so on; policy and data are those of all."""
    return [replace(whole, pathways=whole.pathways[:number]) for number in range(1, len(whole.pathways) + 1)]


def _by_turns(works: list[Callable[[], object]], runs: int) -> list[float]:
    """Milliseconds of each. They take turns, and the fastest tenth is told: what a pathway adds is less than what the median
    sways by on a busy machine.
    """
    samples: list[list[float]] = [[] for _ in works]
    for _ in range(runs):
        for work, found in zip(works, samples, strict=True):
            started = time.process_time()
            work()
            found.append((time.process_time() - started) * 1000)
    return [Times(tuple(found)).at(0.1) for found in samples]


if __name__ == "__main__":
    sys.exit(main())
