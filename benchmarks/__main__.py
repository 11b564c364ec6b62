"""``python -m benchmarks``: comparisons in one run, ratios first. Exit 1 if any answer differs; times never decide.

Each part runs under a bound of its own, the whole in less than five minutes. The last asks a real FHIR server, and fails in CI
where there is none.
"""

from __future__ import annotations

import cProfile
import gc
import io
import pstats
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from benchmarks import (
    bodies,
    calls,
    fallback,
    fallback_hapi,
    headline,
    impact,
    pathways,
    profile_set,
    questions,
    served,
    stacks,
    workload,
)
from benchmarks.timing import Times, measure, peak_megabytes
from fhirpath_spine import authoring
from fhirpath_spine.exchange.incoming import parse
from fhirpath_spine.pathway.facts import Chart, Read
from fhirpath_spine.pathway.judging import decide
from fhirpath_spine.pathway.model import Library, Site

SIZES = (50, 200, 1_000, 5_000)
RESOURCES = 200
EXPRESSIONS_TARGET = 100


def main() -> int:
    """Runs everything; the number of answers that differ decides the exit."""
    body = orjson.dumps(workload.hook(RESOURCES))
    chart = stacks.resources(orjson.loads(body))
    print(f"Fixed workload: {RESOURCES} resources, {len(body) / 1024:.0f} KB, {len(workload.EXPRESSIONS)} questions.\n")
    headline.main()
    different = _verbatim(body, chart)
    different += _as_pathway(chart)
    _growing()
    pathways.main()
    impact.main(rounds=1)
    different += fallback.main()
    different += fallback_hapi.main()
    if different:
        print(f"\nFAILED: {different} differences; each is named above.")
    return 1 if different else 0


def _verbatim(body: bytes, chart: Sequence[object]) -> int:
    theirs, ours = stacks.fhirpathpy_compiled(), stacks.ours()
    answers = ours(chart)
    different = _compare(answers, theirs(chart), "fhirpathpy") + _compare(
        answers, stacks.naive(body), "the naive stack"
    )
    _freeze()
    compiled, mine = measure(lambda: theirs(chart), seconds=3, warm=1), measure(lambda: ours(chart))
    ratio = compiled.p50 / mine.p50
    print(f"(a) The 60 expressions verbatim: {ratio:.0f} times fhirpathpy compiled (target {EXPRESSIONS_TARGET}).")
    _row("fhirpathpy compiled, expressions only", compiled)
    _row("ours, expressions only", mine)
    _answers(answers, different)
    print()
    if ratio < EXPRESSIONS_TARGET:
        _where("ours", lambda: ours(chart))
    return different


def _as_pathway(chart: Sequence[dict[str, object]]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        library = profile_set.load(Path(folder) / "profiles")
    request = workload.hook(RESOURCES)
    request["prefetch"][f"observations-{questions.GROUP}"] = request["prefetch"].pop("observations")
    body, theirs = orjson.dumps(request), stacks.fhirpathpy_compiled()
    answers = calls.sixty_answers(library, request)
    different = _compare(answers, theirs(questions.as_read(chart)), "fhirpathpy on the chart as we read it")
    verbatim = sum(a == b for a, b in zip(answers, theirs(chart), strict=True))
    answered = calls.caller(library)(body)
    _freeze()
    print("(b) The same as needs and criteria, trace on, whole call.")
    print(f"    the answer is {len(answered) / 1024:.0f} KB: each recommendation with reason, data, source, suggestion")
    _answers(answers, different)
    print(f"    {verbatim} of 60 equal on the chart as it is; newest first and final only, as we read, all do")
    _stages(library, body)
    return different


def _stages(library: Library, body: bytes) -> None:
    """What a whole call spends where, each part alone."""
    service, request = calls.service(library), parse(body)
    found = {
        key: Read(tuple(e["resource"] for e in value["entry"]) if "entry" in value else (value,))
        for key, value in request["prefetch"].items()
    }
    chart, site = Chart(request["context"]["patientId"], found), Site()
    decision = decide(library, chart, stacks.AT, site)
    parts: dict[str, Callable[[], object]] = {
        "parse": lambda: parse(body),
        "facts and judgement": lambda: decide(library, chart, stacks.AT, site),
        "words": lambda: calls.worded(decision, service),
    }
    told = {name: measure(work, seconds=1).p50 for name, work in parts.items()}
    print(f"    of it, in ms: {', '.join(f'{name} {spent:.2f}' for name, spent in told.items())}\n")


def _growing() -> None:
    library = authoring.load(authoring.profiles_directory())
    service, call = calls.service(library), calls.caller(library)
    templates = service.snapshot.templates
    asked = {(n, spinal): bodies.body_for(templates, n, spinal=spinal) for spinal in (False, True) for n in SIZES}
    cards = {key: len(orjson.loads(call(body))["cards"]) for key, body in asked.items()}
    _freeze()
    inside = {key: measure(lambda body=body: call(body), seconds=1.5) for key, body in asked.items()}  # type: ignore[misc]
    memory = peak_megabytes()
    with served.empty() as nothing:
        floor = {key: nothing.times(body, 1.0) for key, body in asked.items()}
        floor_memory = nothing.peak_megabytes()
    with served.ours() as real:
        outside = {key: real.times(body, 1.5) for key, body in asked.items()}
        real_memory = real.peak_megabytes()
    loaded = ", ".join(p.id for p in library.pathways)
    print(f"(c) The whole call with the shipped pathways ({loaded}); ms.")
    print("    In process: processor time. Over HTTP: time on the wall, one call after another on one connection.")
    print("    x is the ratio to an empty FastAPI and orjson endpoint that parses the same body.\n")
    print(f"    {'chart':<22}{'KB':>6}{'cards':>7}{'in process':>18}{'over HTTP':>18}{'empty HTTP':>18}{'x':>7}")
    print(f"    {'':<35}" + f"{'p50':>9}{'p99':>9}" * 3)
    for (size, spinal), body in asked.items():
        key = (size, spinal)
        name = f"{size:,}{' + spinal patient' if spinal else ''}"
        times = "".join(f"{t.p50:>9.2f}{t.p99:>9.2f}" for t in (inside[key], outside[key], floor[key]))
        ratio = outside[key].p50 / floor[key].p50
        print(f"    {name:<22}{len(body) / 1024:>6.0f}{cards[key]:>7}{times}{ratio:>7.1f}")
    print(f"\n    memory at most: our server {real_memory:.0f} MB, the empty one {floor_memory:.0f} MB,")
    print(f"    this process with every stack and body {memory:.0f} MB\n")


def _compare(ours: stacks.Answers, theirs: stacks.Answers, name: str) -> int:
    wrong = [n for n, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b]
    for n in wrong:
        print(f"DIFFERENT from {name}: {ours[n]} and {theirs[n]}: {workload.EXPRESSIONS[n]}")
    return len(wrong)


def _answers(answers: stacks.Answers, different: int) -> None:
    true, false, unknown = (sum(a is value for a in answers) for value in (True, False, None))
    verdict = f"{different} DIFFER" if different else "all equal, one by one"
    print(f"    answers: {true} true, {false} false, {unknown} unknown; {verdict}")


def _row(name: str, times: Times) -> None:
    print(f"    {name:<42} p50 {times.p50:>8.2f} ms   p99 {times.p99:>8.2f} ms   n = {len(times.samples)}")


def _where(name: str, work: Callable[[], object], runs: int = 30) -> None:
    """The functions that the time goes to. Under the profiler everything is slower; the shares are what to read."""
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(runs):
        work()
    profiler.disable()
    out = io.StringIO()
    pstats.Stats(profiler, stream=out).strip_dirs().sort_stats("tottime").print_stats(15)
    table = [line for line in out.getvalue().splitlines() if line.strip()]
    print(f"    Short of the target. Where {name} spends its time ({runs} runs under cProfile):")
    print("\n".join(f"    {line}" for line in table[3:]), end="\n\n")


def _freeze() -> None:
    """What was loaded is taken out of the garbage collector's sight, as the server does after its start."""
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    sys.exit(main())
