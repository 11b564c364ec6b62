"""What changed between two runs: each state and verdict that differs, and the criteria that made it so.

Both tables are sorted in one way, so they are read side by side and neither is held whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.dataset as ds

from fhirpath_spine.exchange import Json
from fhirpath_spine.population.tables.merge import file_of
from fhirpath_spine.population.tables.schema import LESIONS, PATIENTS, VERDICTS, Table

ABSENT = ""
"""Before or after, where one of the runs has no such line."""
_BATCH = 4096


class Turned(NamedTuple):
    """A criterion that is answered otherwise; an answer is empty where the criterion was not asked."""

    role: str
    name: str
    before: str
    after: str


class Change(NamedTuple):
    """A verdict, or where ``id`` is empty the state of a pathway, that the two runs see otherwise.

    ``cause`` is rules where the data are equal, data where the rules are, both, or chance where neither differs.
    """

    patient: str
    pathway: str
    lesion: str
    id: str
    before: str
    after: str
    cause: str
    criteria: tuple[Turned, ...] = ()


class _Line(NamedTuple):
    key: tuple[str, ...]
    side: int
    value: str
    batch: Any
    row: int


def changes(before: Path, after: Path, old: Json, new: Json) -> Iterator[Change]:
    """All changes from one run to another, sorted; states first. ``old`` and ``new`` are the records of the two runs."""
    moved = _moved(before, after)
    rules = old["library"] != new["library"]
    for table, keys, value in ((LESIONS, 3, "state"), (VERDICTS, 4, "status")):
        for key, lines in _side_by_side(before, after, table, keys, value):
            one, other = lines
            was, now = (one.value if one else ABSENT), (other.value if other else ABSENT)
            if (one is None) != (other is None) or was != now:
                patient, pathway, lesion, id_ = (*key, "")[:4]
                cause = _cause(rules, patient in moved)
                yield Change(patient, pathway, lesion, id_, was, now, cause, _turned(one, other, table))


def _cause(rules: bool, data: bool) -> str:
    if rules and data:
        return "both"
    return "rules" if rules else "data" if data else "chance"


def _moved(before: Path, after: Path) -> set[str]:
    """Patients of whom something else was judged, or who are in one of the runs only."""
    pairs = _side_by_side(before, after, PATIENTS, 1, "facts")
    return {key[0] for key, (a, b) in pairs if a is None or b is None or a.value != b.value}


def _side_by_side(
    before: Path, after: Path, table: Table, keys: int, value: str
) -> Iterator[tuple[tuple[str, ...], tuple[_Line | None, _Line | None]]]:
    sides = [_lines(folder, table, keys, value, side) for side, folder in enumerate((before, after))]
    for key, group in groupby(merge(*sides, key=lambda x: x[:2]), key=lambda x: x.key):
        found: list[_Line | None] = [None, None]
        for line in group:
            found[line.side] = line
        yield key, (found[0], found[1])


def _lines(folder: Path, table: Table, keys: int, value: str, side: int) -> Iterator[_Line]:
    names = list(table.columns)[:keys]
    wanted = [*names, value, *(["criteria"] if "criteria" in table.columns else [])]
    held = ds.dataset(file_of(folder, table), schema=table.schema, format="parquet")
    for batch in held.to_batches(columns=wanted, batch_size=_BATCH, batch_readahead=1, fragment_readahead=1):
        columns = [batch.column(name).to_pylist() for name in names]
        for row, (*key, found) in enumerate(zip(*columns, batch.column(value).to_pylist(), strict=True)):
            yield _Line(tuple(key), side, found, batch, row)


def _turned(one: _Line | None, other: _Line | None, table: Table) -> tuple[Turned, ...]:
    """The criteria that are answered otherwise, or asked on one side only."""
    if "criteria" not in table.columns:
        return ()
    was, now = _answers(one), _answers(other)
    names = dict.fromkeys([*was, *now])
    pairs = ((key, was.get(key, ABSENT), now.get(key, ABSENT)) for key in names)
    return tuple(Turned(*key, a, b) for key, a, b in pairs if a != b)


def _answers(line: _Line | None) -> dict[tuple[str, str], str]:
    if line is None:
        return {}
    return {(c["role"], c["name"]): c["answer"] for c in line.batch.column("criteria")[line.row].as_py()}
