"""``python -m benchmarks.population``: a whole population beside a plain loop and beside Spark; rows are compared, times printed.

Each side is a process of its own and runs alone. Memory is the sum of the proportional set sizes of the process and all its
children, sampled ten times a second. The loop has its lines sorted by patient in memory before its clock starts; it is told apart
in parsing and judging, in processor time, since it is bound by nothing else.

With ``--growth`` the local engine runs at 10,000, 100,000 and 1 million resources (``--to 10000000`` for more).
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from benchmarks import population_export
from fhirpath_spine.authoring import profiles_directory
from fhirpath_spine.errors import SpineError
from fhirpath_spine.population.engines import Content
from fhirpath_spine.population.exports import find_export, read_lines
from fhirpath_spine.population.rows import Fate, chart_of, patient_row, pieces
from fhirpath_spine.population.tables import REFUSALS, TABLES, file_of, write

COMMAND = "from fhirpath_spine.entrypoints.commands.main import main; main()"
AT, END_OF_DAY = str(population_export.AT), dt.time(23, 59, 59)


@dataclass(frozen=True, slots=True)
class Ran:
    """Seconds on the wall and of processors, and the most memory of a process with all its children, in megabytes."""

    seconds: float
    processor: float
    peak: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.processor:.1f} s of processors, at most {self.peak:.0f} MB"


def run(words: list[str]) -> Ran:
    """Runs a command, and watches its memory."""
    started, peak, before = time.perf_counter(), 0.0, resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while process.poll() is None:
        peak = max(peak, sum(map(_pss, _family(process.pid))) / 1024)
        time.sleep(0.1)
    if process.returncode not in (0, 1):
        raise SystemExit(process.stderr.read().decode() if process.stderr else "failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ran(time.perf_counter() - started, processor, peak)


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                yield from _family(int(child))
    except OSError:
        return


def _pss(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(x.split()[1]) for x in rollup.splitlines() if x.startswith("Pss:")), 0)


def local(export: Path, out: Path, workers: int) -> Ran:
    """The local engine."""
    words = ["population", "judge", str(export), "--out", str(out), "--at", AT, "--workers", str(workers)]
    return run([sys.executable, "-c", COMMAND, *words])


def spark(export: Path, out: Path, workers: int) -> Ran:
    """Spark on as many threads."""
    words = ["population", "judge", str(export), "--out", str(out), "--at", AT, "--engine", "spark"]
    return run([sys.executable, "-c", COMMAND, *words, "--master", f"local[{workers}]"])


def loop(export: Path, out: Path) -> dict[str, float]:
    """The plain loop, in a process of its own; its seconds of parsing and of judging, and how many patients it had."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.population", "--loop", export, out], capture_output=True)
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    return dict(json.loads(done.stdout))


def _loop(export: Path, out: Path) -> None:
    content = Content.of(profiles_directory())
    found = find_export(export)
    held: dict[str, list[bytes]] = defaultdict(list)
    for source in found.sources:
        for _, line in read_lines(source):
            for piece in pieces(line):
                for owner in piece.owners if piece.fate is Fate.OWNED else ():
                    held[owner].append(piece.line)
    at, rows, parsing, whole = dt.datetime.combine(population_export.AT, END_OF_DAY, dt.UTC), [], 0.0, 0.0
    for owner in sorted(held):
        mine = held.pop(owner)
        began = time.process_time()
        rows.append(patient_row(owner, mine, content.library, at, content.site, base=found.base))
        whole += time.process_time() - began
        began = time.process_time()
        _parse(owner, mine)
        parsing += time.process_time() - began
    out.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        write(table.of(rows), file_of(out, table))
    print(json.dumps({"parsing": parsing, "judging": whole - parsing, "patients": len(rows)}))


def _parse(owner: str, mine: list[bytes]) -> None:
    try:
        chart_of(owner, mine)
    except SpineError:
        return


def different(one: Path, other: Path) -> int:
    """How many tables differ between two runs; lines of nobody are no patient's and a loop has none."""
    wrong = 0
    for table in TABLES:
        wanted = ds.field("patient") != "" if table is REFUSALS else None
        a, b = (
            ds.dataset(file_of(folder, table), schema=table.schema, format="parquet").to_table(filter=wanted)
            for folder in (one, other)
        )
        if not a.equals(b):
            print(f"DIFFERENT: {table.name} ({a.num_rows} lines, {b.num_rows} lines)")
            wrong += 1
    return wrong


def compare(folder: Path, resources: int, per_patient: int, workers: int, *, with_spark: bool) -> int:
    """The local engine beside the loop and Spark, on one export; how many tables differ."""
    export = folder / "export"
    patients = population_export.write(export, resources, per_patient=per_patient, dirty=True)
    print(f"{resources:,} resources, {patients:,} patients, {workers} workers.")
    ours = local(export, folder / "local", workers)
    speed = 1 / ours.seconds / workers
    print(f"  local engine: {ours}")
    print(f"    {resources * speed:,.0f} resources and {patients * speed:,.0f} patients a second and core", flush=True)
    plain = loop(export, folder / "loop")
    whole, judging = plain["parsing"] + plain["judging"], plain["judging"]
    print(f"  plain loop: parsing {plain['parsing']:.1f} s, judging {judging:.1f} s of one core")
    print(f"    {plain['patients'] / whole:,.0f} patients a second and core")
    for what, seconds in (("parsing and judging", whole), ("judging", judging)):
        wall, processor = ours.seconds * workers / seconds, ours.processor / seconds
        print(
            f"    the engine by the loop's {what}: {wall:.2f} on the wall, {processor:.2f} in processor time",
            flush=True,
        )
    wrong = different(folder / "local", folder / "loop")
    if with_spark:
        theirs = spark(export, folder / "spark", workers)
        # The JVM's own processes are nobody's children at the end, so that their processor time is not known here.
        print(f"  Spark local[{workers}]: {theirs.seconds:.1f} s, at most {theirs.peak:.0f} MB", flush=True)
        wrong += different(folder / "local", folder / "spark")
    print("  rows are equal" if not wrong else f"FAILED: {wrong} tables differ")
    return wrong


def growth(folder: Path, most: int, workers: int) -> None:
    """The local engine on ten times as much, and again."""
    resources = 10_000
    while resources <= most:
        export, out = folder / f"export-{resources}", folder / f"out-{resources}"
        population_export.write(export, resources)
        ran = local(export, out, workers)
        print(f"  {resources:>11,} resources: {ran}; {resources / ran.seconds:,.0f} a second", flush=True)
        shutil.rmtree(export)
        shutil.rmtree(out)
        resources *= 10


def main(arguments: list[str] | None = None) -> Any:
    """Measures as asked; 1 if rows differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.population", description=__doc__.split("\n")[0])
    parser.add_argument("--resources", type=int, default=100_000)
    parser.add_argument("--per-patient", type=int, default=population_export.PER_PATIENT)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--spark", action="store_true")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--to", type=int, default=1_000_000)
    parser.add_argument("--loop", nargs=2, type=Path, metavar=("EXPORT", "OUT"), help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.loop:
        _loop(*asked.loop)
        return 0
    with tempfile.TemporaryDirectory(prefix="population-") as folder:
        if asked.growth:
            growth(Path(folder), asked.to, asked.workers)
            return 0
        return (
            1 if compare(Path(folder), asked.resources, asked.per_patient, asked.workers, with_spark=asked.spark) else 0
        )


if __name__ == "__main__":
    sys.exit(main())
