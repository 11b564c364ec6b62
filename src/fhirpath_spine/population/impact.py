"""What another library would say of the same population: both judged over one export, and the lines that differ joined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fhirpath_spine.exchange import Json
from fhirpath_spine.population.engines.job import Job
from fhirpath_spine.population.report.comparing import Change, changes

FILE = "changes.parquet"
_TEXT = pa.string()
_CRITERIA = pa.list_(pa.struct([("role", _TEXT), ("name", _TEXT), ("before", _TEXT), ("after", _TEXT)]))
SCHEMA = pa.schema([*((name, _TEXT) for name in Change._fields[:-1]), ("criteria", _CRITERIA)])
_BATCH = 10_000

Engine = Callable[[Job], Json]
"""Runs a job and returns its record: the local engine or another, with what it needs besides."""


@dataclass(frozen=True, slots=True)
class Impact:
    """The records of the two runs, and where the joined lines are."""

    before: Json
    after: Json
    changes: Path
    number: int


def impact(before: Job, after: Job, engine: Engine, out: Path) -> Impact:
    """Runs both jobs, which differ in their content, and joins what they say into ``changes.parquet`` in ``out``.

    Each line is a state or a verdict that turned, with the criteria that turned it and whether the rules or the data did.

    Raises: as the engine does.
    """
    old, new = engine(before), engine(after)
    path = out / FILE
    out.mkdir(parents=True, exist_ok=True)
    number = 0
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for batch in _batches(changes(before.out, after.out, old, new)):
            number += len(batch)
            writer.write_table(pa.Table.from_pylist(batch, schema=SCHEMA))
    return Impact(old, new, path, number)


def _batches(found: Iterator[Change]) -> Iterator[list[dict[str, Any]]]:
    held: list[dict[str, Any]] = []
    for one in found:
        held.append({**one._asdict(), "criteria": [c._asdict() for c in one.criteria]})
        if len(held) >= _BATCH:
            yield held
            held = []
    if held:
        yield held
