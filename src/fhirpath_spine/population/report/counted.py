"""The tables of one run, read column by column and counted by group; what every section is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.compute as pc
import pyarrow.dataset as ds

from fhirpath_spine.exchange import Json
from fhirpath_spine.population.report.words import Words
from fhirpath_spine.population.tables.merge import file_of
from fhirpath_spine.population.tables.schema import LESIONS, MISSING, VERDICTS, Table

HELD_UP = (pc.field("status") == "needs-data") | (
    (pc.field("status") == "blocked") & (pc.field("reason") == "conflict")
)
"""Lines of what a decision waits for; a step that is blocked by a fact lacks other data, too, and does not wait for them."""
_DECISION = ("patient", "pathway", "lesion", "id", "status")


class Lacked(NamedTuple):
    """A datum that decisions wait for: how many do, by reason, and of how many patients."""

    need: str
    decisions: int
    patients: int
    reasons: Counter[str]


class Counted:
    """One run: its folder, its record, what its codes are called, and its numbers."""

    def __init__(self, folder: Path, record: Json) -> None:
        self._folder, self.record, self.words = folder, record, Words(record)

    def read(self, table: Table, columns: Sequence[str], wanted: Any = None) -> Any:
        """Some columns of a table, in Arrow."""
        path = file_of(self._folder, table)
        return ds.dataset(path, schema=table.schema, format="parquet").to_table(columns=list(columns), filter=wanted)

    def grouped(self, table: Table, keys: Sequence[str], wanted: Any = None) -> Iterator[dict[str, Any]]:
        """Lines and distinct patients of each group."""
        found = self.read(table, [*keys, "patient"], wanted).group_by(list(keys))
        return iter(found.aggregate([("patient", "count_distinct"), ("patient", "count")]).to_pylist())

    @cached_property
    def outcomes(self) -> Counter[str]:
        """Patients by what became of them."""
        return Counter(self.record["patients"])

    @cached_property
    def entered(self) -> int:
        """Patients who entered a pathway."""
        return self._distinct(LESIONS)

    @cached_property
    def open_gates(self) -> int:
        """Patients with an open emergency gate."""
        return self._distinct(LESIONS, pc.field("gate"))

    @cached_property
    def decisions(self) -> Counter[str]:
        """Decisions by status."""
        return Counter({g["status"]: g["patient_count"] for g in self.grouped(VERDICTS, ["status"])})

    @cached_property
    def held_up(self) -> Counter[str]:
        """Decisions that wait for a datum, by their status, each counted once however many data it waits for."""
        found = self.read(MISSING, _DECISION, HELD_UP).group_by(list(_DECISION)).aggregate([])
        return Counter(found.column("status").to_pylist())

    @cached_property
    def lacked(self) -> list[Lacked]:
        """The data that decisions wait for, the one that most wait for first."""
        reasons: dict[str, Counter[str]] = {}
        for group in self.grouped(MISSING, ["need", "reason"], HELD_UP):
            reasons.setdefault(group["need"], Counter())[group["reason"]] += group["patient_count"]
        patients = {g["need"]: g["patient_count_distinct"] for g in self.grouped(MISSING, ["need"], HELD_UP)}
        found = [Lacked(need, by.total(), patients[need], by) for need, by in reasons.items()]
        return sorted(found, key=lambda one: (-one.decisions, self.words.need(one.need)))

    def _distinct(self, table: Table, wanted: Any = None) -> int:
        return int(pc.count_distinct(self.read(table, ["patient"], wanted).column("patient")).as_py())
