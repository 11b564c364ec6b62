"""The sections that one run gives, counted column by column from its tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.dataset as ds

from fhirpath_spine.exchange import Json
from fhirpath_spine.population.report.section import Cell, Section
from fhirpath_spine.population.tables.merge import file_of
from fhirpath_spine.population.tables.schema import LESIONS, MISSING, PATIENTS, REFUSALS, UNRECOGNISED, VERDICTS, Table

_HELD_UP = (pc.field("status") == "needs-data") | (
    (pc.field("status") == "blocked") & (pc.field("reason") == "conflict")
)
"""Lines of what a decision waits for; a step that is blocked by a fact lacks other data, too, and does not wait for them."""
_BLOCKS = ("blocked", "hold")
"""Roles of criteria that block where they are met."""
_STATUSES = ("recommended", "needs-data", "blocked", "satisfied", "suppressed", "not-applicable")
_REASONS = ("not-recorded", "stale", "conflict", "rejected", "unread", "not-offered")

NO_CODE = "no code"
LISTED = 200
"""Rows of a table that may have as many as there are codes."""


class Counted:
    """The tables of one run, and the names that its record knows."""

    def __init__(self, folder: Path, record: Json) -> None:
        self._folder, self.record = folder, record

    def sections(self) -> list[Section]:
        """All sections, in the order of a page."""
        return [
            self.funnel(),
            self.states(),
            self.gates(),
            self.missing(),
            self.blocked(),
            self.steps(),
            self.unrecognised(),
            self.refusals(),
            self.unread(),
        ]

    def _read(self, table: Table, columns: Sequence[str], wanted: Any = None) -> Any:
        path = file_of(self._folder, table)
        return ds.dataset(path, schema=table.schema, format="parquet").to_table(columns=list(columns), filter=wanted)

    def _grouped(self, table: Table, keys: Sequence[str], wanted: Any = None) -> Iterator[dict[str, Any]]:
        """Lines and distinct patients of each group."""
        found = self._read(table, [*keys, "patient"], wanted).group_by(list(keys))
        return iter(found.aggregate([("patient", "count_distinct"), ("patient", "count")]).to_pylist())

    def _pathway(self, id_: str) -> str:
        return str(self.record["pathways"].get(id_, {}).get("title", id_))

    def _step(self, id_: str) -> str:
        return str(self.record["recommendations"].get(id_, id_))

    def _need(self, name: str) -> str:
        return str(self.record["needs"].get(name, name))

    def funnel(self) -> Section:
        """From the export to the pathways."""
        outcomes: Counter[str] = Counter(self.record["patients"])
        entered = pc.count_distinct(self._read(LESIONS, ["patient"]).column("patient")).as_py()
        total = sum(outcomes.values())
        rows = [
            ("in the export", total),
            ("judged", outcomes["judged"]),
            ("silent on purpose (deceased)", outcomes["silent"]),
            ("refused: nothing was judged", outcomes["refused"]),
            ("entered a pathway", entered),
        ]
        answer = f"Of {total:,} patients in the export, {outcomes['judged']:,} were judged and {entered:,} entered a pathway."
        return Section("funnel", "Patients", answer, ("patients", "number"), rows, bars=1)

    def states(self) -> Section:
        """Patients by pathway and state."""
        rows = sorted(
            (
                (
                    self._pathway(g["pathway"]),
                    g["state"] or "could not be told",
                    "yes" if g["certain"] else "no",
                    g["patient_count_distinct"],
                    g["patient_count"],
                )
                for g in self._grouped(LESIONS, ["pathway", "state", "certain"])
            ),
            key=lambda row: (row[0], -row[3], row[1]),
        )
        pathways = len({row[0] for row in rows})
        return Section(
            "states",
            "Pathways and states",
            f"Patients were found in {pathways} pathways. One patient may be in several, with one lesion or with more.",
            ("pathway", "state", "state is certain", "patients", "lesions or patients judged"),
            rows,
            bars=3,
            names=(0, 1),
            none="No patient entered a pathway.",
        )

    def gates(self) -> Section:
        """Emergency gates that are open."""
        rows = sorted(
            (
                self._pathway(g["pathway"]),
                g["state"] or "could not be told",
                "yes" if g["certain"] else "no, something unread decides it",
                g["patient_count_distinct"],
            )
            for g in self._grouped(LESIONS, ["pathway", "state", "certain"], pc.field("gate"))
        )
        number = sum(int(row[3]) for row in rows)
        says = "1 patient has" if number == 1 else f"{number:,} patients have"
        return Section(
            "gates",
            "Open emergency gates",
            f"{says} an open emergency gate.",
            ("gate", "state", "certain", "patients"),
            rows,
            none="No gate is open.",
        )

    def missing(self) -> Section:
        """Data by how many decisions wait for them."""
        decisions: dict[str, Counter[str]] = defaultdict(Counter)
        for group in self._grouped(MISSING, ["need", "reason"], _HELD_UP):
            decisions[group["need"]][group["reason"]] += group["patient_count"]
        patients = {g["need"]: g["patient_count_distinct"] for g in self._grouped(MISSING, ["need"], _HELD_UP)}
        rows = sorted(
            (
                (self._need(need), sum(by.values()), patients[need], *(by[reason] for reason in _REASONS))
                for need, by in decisions.items()
            ),
            key=lambda row: (-int(row[1]), str(row[0])),
        )
        answer = f"Most decisions wait for: {rows[0][0]} ({rows[0][1]:,} decisions)." if rows else "No decision waits."
        return Section(
            "missing",
            "Missing data, by decisions held up",
            answer,
            ("datum", "decisions held up", "patients", *_REASONS),
            rows,
            bars=1,
            none="No decision waits for a datum.",
        )

    def blocked(self) -> Section:
        """Steps that are blocked, and by which fact."""
        found: Counter[tuple[str, str, str]] = Counter()
        patients: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        for row in self._read(VERDICTS, ["patient", "id", "criteria"], pc.field("status") == "blocked").to_pylist():
            for name, needs in _blockers(row["criteria"]):
                key = (row["id"], name, ", ".join(sorted({self._need(n) for n in needs})))
                found[key] += 1
                patients[key].add(row["patient"])
        rows = sorted(
            ((self._step(k[0]), k[1], k[2], n, len(patients[k])) for k, n in found.items()),
            key=lambda row: (-row[3], row[:3]),
        )
        answer = f"{len({k[0] for k in found})} steps are blocked somewhere." if rows else "No step is blocked."
        return Section(
            "blocked",
            "Blocked steps, by the fact that blocks",
            answer,
            ("step", "criterion that blocks", "data that it rests on", "decisions", "patients"),
            rows,
            bars=3,
            names=(0, 1),
            none="No step is blocked.",
        )

    def steps(self) -> Section:
        """Verdicts by recommendation and status."""
        by: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for group in self._grouped(VERDICTS, ["id", "pathway", "status"]):
            by[group["id"], group["pathway"]][group["status"]] += group["patient_count"]
        rows: list[tuple[Cell, ...]] = [
            (self._step(id_), self._pathway(pathway), *(found[status] for status in _STATUSES))
            for (id_, pathway), found in sorted(by.items())
        ]
        number = sum(found["recommended"] for found in by.values())
        return Section(
            "steps",
            "Steps of the pathways",
            f"{number:,} steps are recommended.",
            ("step", "pathway", *_STATUSES),
            rows,
            none="No step was judged.",
        )

    def unrecognised(self) -> Section:
        """Codes and entries that say nothing to any pathway."""
        found = self._read(UNRECOGNISED, ["kind", "way", "system", "code", "count", "patient"])
        groups = found.group_by(["kind", "way", "system", "code"])
        rows = sorted(
            (
                (
                    g["way"],
                    g["kind"] or "any",
                    g["system"],
                    g["code"] or NO_CODE,
                    g["count_sum"],
                    g["patient_count_distinct"],
                )
                for g in groups.aggregate([("count", "sum"), ("patient", "count_distinct")]).to_pylist()
            ),
            key=lambda row: (-int(row[4]), row[:4]),
        )
        codes = {(row[2], row[3]) for row in rows if row[3] != NO_CODE}
        first = f"{len(codes):,} codes say nothing to any pathway"
        told = f"{first}; the {LISTED} most frequent rows are shown." if len(rows) > LISTED else f"{first}."
        return Section(
            "unrecognised",
            "Not recognised",
            told if rows else "Everything was recognised.",
            ("how it ended", "type", "code system", "code", "resources", "patients"),
            rows[:LISTED],
            bars=4,
            names=(1, 3),
            none="Everything was recognised.",
        )

    def refusals(self) -> Section:
        """Who was not judged, and what is nobody's."""
        found = self._read(REFUSALS, ["patient", "code", "detail", "count"])
        counts: Counter[tuple[str, str, str]] = Counter()
        for row in found.to_pylist():
            whose = "a patient" if row["patient"] else "resources of nobody who could be told"
            counts[whose, row["code"], row["detail"]] += row["count"]
        rows = sorted(((*key, number) for key, number in counts.items()), key=lambda row: (-row[3], row[:3]))
        astray = sum(row[3] for row in rows if row[0] != "a patient")
        answer = f"{self.record['patients'].get('refused', 0):,} patients were refused."
        if astray:
            answer += f" {astray:,} resources are of nobody who could be told, so any patient may lack them."
        return Section(
            "refusals",
            "Refused, and of nobody",
            answer,
            ("what", "reason", "detail", "number"),
            rows,
            none="Nobody was refused, and every resource has its patient.",
        )

    def unread(self) -> Section:
        """What could not be read of charts that were judged."""
        found: Counter[str] = Counter()
        for part in self._read(PATIENTS, ["unread"]).column("unread").to_pylist():
            found.update(part)
        rows = sorted(
            ((key, why, number) for (key, _, why), number in ((k.partition(":"), n) for k, n in found.items())),
            key=lambda row: (-row[2], row[:2]),
        )
        return Section(
            "unread",
            "Not read to the end",
            "What could not be read counts as unknown, never as absent.",
            ("part of the chart", "why", "patients"),
            rows,
            none="Every chart was read to its end.",
        )


def _blockers(criteria: Sequence[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """The criteria that block; where none is met, data contradict each other."""
    met = [c for c in criteria if c["role"] in _BLOCKS and c["answer"] == "MET"]
    if met:
        return [(c["name"].replace("-", " "), c["needs"]) for c in met]
    unknown = [n for c in criteria if c["answer"] == "UNKNOWN" for n in c["needs"]]
    return [("data contradict each other", unknown)]
