"""From the tables of many parts to one table each, sorted, with as much in memory as one range of patients needs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from fhirpath_spine.population.tables.schema import PATIENTS, REFUSALS, TABLES, Table

RANGE = 40_000
"""Lines of one table that are sorted at a time; those of verdicts weigh half a kilobyte each."""


def file_of(folder: Path, table: Table) -> Path:
    """Where a table lies."""
    return folder / f"{table.name}.parquet"


def write(table: Any, path: Path) -> None:
    """Writes one table, whole or not at all."""
    draft = path.with_suffix(".tmp")
    pq.write_table(table, draft, compression="zstd")
    os.replace(draft, path)


def merge(parts: Sequence[Path], nobody: Any, out: Path) -> dict[str, int]:
    """Joins the tables of the parts, each sorted by patient and no patient in two of them; how many lines each table has.

    ``nobody`` are the lines of the refusals that belong to no patient.
    """
    return {table.name: _merge_one(table, parts, nobody if table is REFUSALS else None, out) for table in TABLES}


def _merge_one(table: Table, parts: Sequence[Path], nobody: Any, out: Path) -> int:
    files = [file_of(part, table) for part in parts]
    lines: int = sum(pq.read_metadata(f).num_rows for f in files)
    path = file_of(out, table)
    draft = path.with_suffix(".tmp")
    with pq.ParquetWriter(draft, table.schema, compression="zstd") as writer:
        if nobody is not None and nobody.num_rows:
            writer.write_table(nobody)
            lines += nobody.num_rows
        for low, high in _ranges(parts, -(-lines // RANGE)):
            found = _read(files, table, low, high)
            if found.num_rows:
                writer.write_table(found.sort_by(table.order), row_group_size=RANGE)
    os.replace(draft, path)
    return lines


def _read(files: Sequence[Path], table: Table, low: str | None, high: str | None) -> Any:
    """The lines of the patients from ``low`` to before ``high``."""
    wanted = None
    if low is not None:
        wanted = pc.field("patient") >= low
    if high is not None:
        below = pc.field("patient") < high
        wanted = below if wanted is None else wanted & below
    held = ds.dataset([str(f) for f in files], schema=table.schema, format="parquet") if files else None
    return held.to_table(filter=wanted) if held is not None else table.schema.empty_table()


def _ranges(parts: Sequence[Path], number: int) -> Iterator[tuple[str | None, str | None]]:
    """Ranges of patients of about one size each, the first and the last open."""
    if number <= 1:
        yield None, None
        return
    samples: list[str] = []
    for part in parts:
        names = pq.read_table(file_of(part, PATIENTS), columns=["patient"]).column("patient")
        samples += (
            names.take(pa.array(range(0, len(names), max(1, len(names) // 64)))).to_pylist() if len(names) else []
        )
    samples.sort()
    step = max(1, len(samples) // number)
    borders = sorted(set(samples[step::step]))
    yield from zip([None, *borders], [*borders, None], strict=True)
