"""The local engine: a two-stage file shuffle on all cores of one machine, in bounded memory, that goes on after a kill."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from fhirpath_spine.errors import RequestError
from fhirpath_spine.exchange import Json
from fhirpath_spine.population.engines import medications
from fhirpath_spine.population.engines.job import Job
from fhirpath_spine.population.engines.part import judge_part, rows_of
from fhirpath_spine.population.engines.pool import Pool, Steps, cannot_write
from fhirpath_spine.population.engines.split import (
    check_promised,
    counts,
    is_split,
    number_of_parts,
    pieces_of,
    split,
    stretches,
)
from fhirpath_spine.population.tables import run
from fhirpath_spine.population.tables.merge import merge
from fhirpath_spine.population.tables.schema import nobody

WORK = ".work"
"""Folder inside the output for what is under way; it is gone when the run is done."""
_YOUNG = 50_000
"""Objects that are made before the collector looks at them."""
PATIENCE = 10.0
"""Seconds to wait for the workers of a run that was killed to notice it."""

Watch = Callable[[str, int, int], None]
"""Hears the stage (``split`` or ``judge``), how much of it is done, and how much there is: bytes, then resources."""


def unwatched(stage: str, done: int, total: int) -> None:
    """Nobody looks."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What must be the same when a run goes on: what it judges, and into how many parts."""

    mark: str
    parts: int
    attempt: int


def judge_locally(job: Job, workers: int, watch: Watch = unwatched) -> Json:
    """Judges an export into ``job.out`` and returns the record of the run. One that was stopped goes on; one that is done is
    left as it is.

    Raises:
        RequestError: the folder holds another run, or another process is at work in it.
        ExportUnusable: a file of the export cannot be read to its end.
        RunFailed: nothing can be written, or the workers die.

    """
    job.content.ready()
    mark = job.mark()
    if (job.out / run.FILE).is_file():
        return _done(job.out, mark)
    try:
        work = job.out / WORK
        (work / "split").mkdir(parents=True, exist_ok=True)
        (work / "rows").mkdir(exist_ok=True)
        with _alone(work), _shared_memory():
            plan = _plan(work, mark, job.at, number_of_parts(job.export, workers))
            found = _split_all(job, plan, work, workers, watch)
            seen = counts(work / "split", found)
            check_promised(job.export, seen)
            _judge_all(job, plan, work, found, workers, watch, seen.owned.total())
            folders = [rows_of(work, part) for part in range(plan.parts)]
            tallies = [orjson.loads((folder / "counts.json").read_bytes()) for folder in folders]
            rows = merge(folders, nobody(seen.nobody), job.out)
            value = run.record(
                library=job.content.library,
                at=job.at,
                engine="local",
                base=job.export.base,
                taken=job.export.taken,
                files=len(job.export.sources),
                errors=job.export.errors,
                pseudonyms=job.pseudonyms.mark,
                lines=seen,
                rows=rows,
                outcomes=_sum(t["outcomes"] for t in tallies),
                attempts=_sum(t["attempts"] for t in tallies),
                notes=_notes(job),
            )
            run.write({**value, "mark": mark}, job.out)
        shutil.rmtree(work)
    except OSError as error:
        raise cannot_write(error) from error
    return value


def under_way(out: Path) -> datetime | None:
    """The instant of the run in a folder, finished or not; who goes on with it tomorrow means today."""
    for path in (out / run.FILE, out / WORK / "plan.json"):
        if path.is_file():
            return datetime.fromisoformat(str(orjson.loads(path.read_bytes())["at"]))
    return None


def _sum(counted: Iterator[dict[str, int]] | Any) -> Counter[str]:
    return sum((Counter(one) for one in counted), Counter())


def _done(out: Path, mark: str) -> Json:
    value = run.read(out)
    if value.get("mark") != mark:
        raise RequestError(
            f"{out} holds a finished run of another export, day, library or version.", hint="Name another --out."
        )
    return value


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    """Keeps a second run out. The lock is inherited, so it is held as long as a worker of a killed run still writes."""
    with (work / "lock").open("w") as lock:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise RequestError(
                        "Another run is at work in this folder.", hint="Wait for it, or name another --out."
                    ) from None
                time.sleep(0.1)
        yield


_FROZEN = gc.get_freeze_count()
"""What Python itself keeps away from the collector."""


@contextmanager
def _shared_memory() -> Iterator[None]:
    """Keeps the collector away from what is loaded: the workers share its memory as long as nobody writes to it. Whoever calls
    and did so already keeps what it put away. The rows of a part it leaves alone for long, as it would look at all of them again
    with every few charts, and a chart leaves a dozen objects to it.
    """
    ours, usual = gc.get_freeze_count() <= _FROZEN, gc.get_threshold()
    if ours:
        gc.collect()
        gc.freeze()
    gc.set_threshold(_YOUNG)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        if ours:
            gc.unfreeze()


def _plan(work: Path, mark: str, at: datetime, parts: int) -> _Plan:
    path = work / "plan.json"
    attempt = 1
    if path.is_file():
        held = orjson.loads(path.read_bytes())
        if held["mark"] != mark:
            raise RequestError(
                f"{work.parent} holds an unfinished run of another export, day, library or version.",
                hint="Name another --out, or remove the folder.",
            )
        parts, attempt = held["parts"], held["attempt"] + 1
    draft = path.with_suffix(".tmp")
    draft.write_bytes(orjson.dumps({"mark": mark, "at": at.isoformat(), "parts": parts, "attempt": attempt}))
    os.replace(draft, path)
    return _Plan(mark, parts, attempt)


def _split_all(job: Job, plan: _Plan, work: Path, workers: int, watch: Watch) -> range:
    """Stage one. Returns the numbers of all stretches."""
    whole, folder = stretches(job.export), work / "split"
    left = [s for s in whole if not is_split(folder, s.number)]
    total = sum(s.size for s in whole)
    before, under_way = total - sum(s.size for s in left), dict.fromkeys((s.number for s in left), 0)
    watch("split", before, total)
    for step in Pool(partial(_split_one, plan.parts, folder), workers).run(left):
        under_way[step.task.number] = max(under_way[step.task.number], step.done)
        watch("split", before + sum(under_way.values()), total)
    numbers = range(len(whole))
    index = work / "medications.sqlite"
    if not index.is_file():
        medications.keep(pieces_of(plan.parts, plan.parts, folder, numbers), index)
    return numbers


def _split_one(parts: int, folder: Path, stretch: Any, left_out: frozenset[str]) -> Steps:
    del left_out
    yield from (("", done) for done in split(stretch, parts, folder))


def _judge_all(job: Job, plan: _Plan, work: Path, numbers: range, workers: int, watch: Watch, total: int) -> None:
    """Stage two."""
    left = [part for part in range(plan.parts) if not rows_of(work, part).is_dir()]
    # What the finished parts held is only known when all is done: until then it is taken to be of average size.
    done = total * (plan.parts - len(left)) // plan.parts
    watch("judge", done, total)
    for step in Pool(partial(_judge_one, job, plan, work, numbers), workers).run(left):
        done += step.done
        watch("judge", min(done, total), total)


def _judge_one(job: Job, plan: _Plan, work: Path, numbers: range, part: int, lost: frozenset[str]) -> Steps:
    yield from judge_part(part, plan.parts, numbers, job, work, plan.attempt, lost)


def _notes(job: Job) -> tuple[str, ...]:
    return ("export-errors",) if job.export.errors else ()
