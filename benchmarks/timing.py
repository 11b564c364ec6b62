"""How a time is taken: warm, many times, under a bound; the median is told, and the worst percent beside it.

Work in this process is told in processor time, so that what else the machine does is not counted in; a call to a server
can only be told by the clock on the wall.
"""

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of one kind of work."""

    samples: tuple[float, ...]

    def at(self, share: float) -> float:
        """The time that so great a share of the runs did not exceed."""
        ordered = sorted(self.samples)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def p50(self) -> float:
        """The median."""
        return self.at(0.5)

    @property
    def p99(self) -> float:
        """What one run in a hundred exceeds; the slowest, of fewer than a hundred runs."""
        return self.at(0.99)


def measure(
    work: Callable[[], object], *, seconds: float = 2.0, runs: int = 400, warm: int = 3, wall: bool = False
) -> Times:
    """Runs the work until ``seconds`` or ``runs`` are spent, at least once after warming up."""
    clock = time.perf_counter if wall else time.process_time
    for _ in range(warm):
        work()
    gc.collect()
    samples: list[float] = []
    end = time.perf_counter() + seconds
    while not samples or (len(samples) < runs and time.perf_counter() < end):
        started = clock()
        work()
        samples.append((clock() - started) * 1000)
    return Times(tuple(samples))


def in_turns(
    *works: tuple[Callable[[], object], int], rounds: int, warm: bool = True, wall: bool = False
) -> list[list[float]]:
    """Milliseconds of each work in each round: the median of as many runs as stand beside it. The works take turns."""
    clock = time.perf_counter if wall else time.process_time
    if warm:
        for work, _ in works:
            work()
    told: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for (work, runs), found in zip(works, told, strict=True):
            samples = []
            for _ in range(runs):
                started = clock()
                work()
                samples.append((clock() - started) * 1000)
            found.append(median(samples))
    return told


async def by_turns(*works: Callable[[], Awaitable[object]], runs: int = 30, seconds: float = 4.0) -> list[Times]:
    """Times on the wall of each work. They take turns, so that whatever else the machine does falls on all of them."""
    samples: list[list[float]] = [[] for _ in works]
    for work in works:
        await work()
    end = time.perf_counter() + seconds
    while len(samples[0]) < runs and (not samples[0] or time.perf_counter() < end):
        for work, found in zip(works, samples, strict=True):
            started = time.perf_counter()
            await work()
            found.append((time.perf_counter() - started) * 1000)
    return [Times(tuple(found)) for found in samples]


def peak_megabytes() -> float:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
