"""The few numbers to look at first, each with the bar that a change has to keep. They are printed, and never decide.

Every number is a ratio of two kinds of work that took turns in one run, so that what else the machine does falls on both; beside
them stand counts of instructions, which do not sway. A *whole call* goes from the bytes of the request to the bytes of cards and
CarePlan, with everything between that the service does.
"""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import orjson

from benchmarks import bodies, calls, instructions, profile_set, questions, served, stacks, workload
from benchmarks.timing import in_turns
from fhirpath_spine import authoring
from fhirpath_spine.exchange.incoming import prefetch_templates
from fhirpath_spine.pathway.model import Site

RESOURCES, MANY = 200, 5_000
SIXTY, SPINAL, ORDINARY = "the sixty questions", "the spinal patient", "the ordinary patient"
LOADS = "orjson.loads of "


@dataclass(frozen=True, slots=True)
class Bar:
    """What a ratio has to keep, and what it shall come to; ``least``: the ratio shall be at least that, else at most."""

    name: str
    keep: float
    aim: float | None = None
    least: bool = False

    def line(self, ratio: float | None) -> str:
        """The line of the ratio beside its bar."""
        aim = f", aim {self.aim:g}" if self.aim is not None else ""
        bar = f"bar {self.keep:g}{aim}"
        if ratio is None:
            return f"    {self.name:<92}{'not counted':>12}   {bar} (valgrind is not here)"
        kept = ratio >= self.keep if self.least else ratio <= self.keep
        return f"    {self.name:<92}{ratio:>11.1f}x   {bar}: {'kept' if kept else 'MISSED'}"


NAIVE = Bar("a whole call of the sixty questions is faster than the naive stack by", 121, 140, least=True)
PARSING = Bar("instructions of a whole call of the spinal patient, to those of orjson.loads of it", 11, 9)
HTTP = Bar("the ordinary patient over HTTP, to an empty FastAPI call with the same body", 3)
ORDER = Bar("an ordinary drug signed for a patient without a tumour, to a call of ours that brings nothing", 2)
ORDER_HTTP = Bar("the same, to an empty FastAPI call with the same body", 2)
GROWTH = Bar(f"an ordinary chart of {MANY:,} resources, to one of {RESOURCES}", 40)
FIRST = Bar("the first call of a server that was just started, to a steady one", 3)


def asked() -> dict[str, tuple[bytes, Callable[[bytes], bytes]]]:
    """The body of each headline row, and who answers it."""
    request = workload.hook(RESOURCES)
    request["prefetch"][f"observations-{questions.GROUP}"] = request["prefetch"].pop("observations")
    with tempfile.TemporaryDirectory() as folder:
        sixty = profile_set.load(Path(folder) / "profiles")
    shipped = authoring.load(authoring.profiles_directory())
    templates, call = calls.service(shipped).snapshot.templates, calls.caller(shipped)
    return {
        SIXTY: (orjson.dumps(request), calls.caller(sixty)),
        SPINAL: (bodies.body_for(templates, RESOURCES, spinal=True), call),
        ORDINARY: (bodies.body_for(templates, RESOURCES), call),
    }


def works() -> dict[str, Callable[[], object]]:
    """What instructions are counted of: each whole call, and the mere parsing of its body."""
    counted: dict[str, Callable[[], object]] = {}
    for name, (body, call) in asked().items():
        counted[name] = lambda body=body, call=call: call(body)  # type: ignore[misc]
        counted[LOADS + name] = lambda body=body: orjson.loads(body)  # type: ignore[misc]
    return counted


def main() -> None:
    """Measures and prints."""
    rows = asked()
    counts = instructions.counted()
    print(
        f"Whole calls, {RESOURCES} resources, trace on; ms of processor time, by turns with the naive stack, which is json,"
    )
    print("fhir.resources and fhirpathpy with the sixty questions of the workload on the same chart.\n")
    print(f"    {'':<24}{'naive':>10}{'ours':>9}{'x':>7}{'instructions':>15}{'orjson.loads':>15}{'x':>7}")
    times_naive = {name: _row(name, body, call, counts) for name, (body, call) in rows.items()}
    spinal, parsing = counts.get(SPINAL), counts.get(LOADS + SPINAL)
    print()
    print(NAIVE.line(times_naive[SIXTY]))
    print(PARSING.line(spinal / parsing if spinal and parsing else None))
    print(HTTP.line(_over_http(rows[ORDINARY][0])))
    for bar, ratio in zip((ORDER, ORDER_HTTP), _order(), strict=True):
        print(bar.line(ratio))
    print(GROWTH.line(_grown(rows[ORDINARY][1])))
    print(FIRST.line(_first(rows[SPINAL][0])))
    print()


def _row(name: str, body: bytes, call: Callable[[bytes], bytes], counts: dict[str, int]) -> float:
    call(body)
    gc.collect()
    gc.freeze()
    naive, ours = in_turns((lambda: stacks.naive(body), 1), (lambda: call(body), 8), rounds=5)
    ratio = median(a / b for a, b in zip(naive, ours, strict=True))
    whole, parsing = counts.get(name), counts.get(LOADS + name)
    line = f"    {name:<24}{median(naive):>10.1f}{median(ours):>9.2f}{ratio:>6.0f}x"
    if whole and parsing:
        line += f"{whole / 1e6:>14.1f}M{parsing / 1e6:>14.1f}M{whole / parsing:>6.1f}x"
    print(line)
    return ratio


def _over_http(body: bytes) -> float:
    with served.empty() as nothing, served.ours() as real:
        floor, whole = in_turns((lambda: nothing.call(body), 5), (lambda: real.call(body), 5), rounds=20, wall=True)
    return median(b / a for a, b in zip(floor, whole, strict=True))


def _order() -> tuple[float, float]:
    """Of an ordinary order, to a call of the same service that brings nothing, and to one of the empty one. A card fails."""
    shipped = authoring.load(authoring.profiles_directory())
    templates, path = prefetch_templates(shipped, Site(), "order-sign"), "/cds-services/spine-order-sign"
    body, bare = bodies.order_for(templates), bodies.order_for(templates, bare=True)
    with served.empty() as nothing, served.ours() as real:
        for sent in (body, bare):
            said = orjson.loads(real.call(sent, path=path))
            if said != {"cards": []}:
                raise AssertionError(f"An ordinary order has {len(said['cards'])} cards.")
        floor, least, whole = in_turns(
            (lambda: nothing.call(body), 20),
            (lambda: real.call(bare, path=path), 20),
            (lambda: real.call(body, path=path), 20),
            rounds=20,
            wall=True,
        )
    return (
        median(b / a for a, b in zip(least, whole, strict=True)),
        median(b / a for a, b in zip(floor, whole, strict=True)),
    )


def _grown(call: Callable[[bytes], bytes]) -> float:
    templates = calls.service(authoring.load(authoring.profiles_directory())).snapshot.templates
    few, many = (bodies.body_for(templates, size) for size in (RESOURCES, MANY))
    short, long = in_turns((lambda: call(few), 8), (lambda: call(many), 1), rounds=5)
    return median(b / a for a, b in zip(short, long, strict=True))


def _first(body: bytes, starts: int = 3) -> float:
    ratios = []
    for _ in range(starts):
        with served.ours() as server:
            (first,) = in_turns((lambda s=server: s.call(body), 1), rounds=1, warm=False, wall=True)  # type: ignore[misc]
            (steady,) = in_turns((lambda s=server: s.call(body), 5), rounds=6, warm=False, wall=True)  # type: ignore[misc]
        ratios.append(first[0] / median(steady))
    return median(ratios)


if __name__ == "__main__":
    main()
