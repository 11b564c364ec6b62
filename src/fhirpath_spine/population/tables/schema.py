"""The tables of a run, column by column, and the rows of each from the rows of patients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

import pyarrow as pa

from fhirpath_spine.population.rows.row import Row

SCHEMA = 1
"""Counts up when a column changes its meaning or goes away."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its Arrow type and what it means."""

    type: Any
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what a line of it is, its columns, and the lines that one patient gives."""

    name: str
    meaning: str
    columns: Mapping[str, Column]
    lines: Callable[[Row], Iterable[tuple[Any, ...]]]

    @property
    def schema(self) -> Any:
        """Its Arrow schema, meanings included."""
        return pa.schema(
            [
                pa.field(name, column.type, nullable=False, metadata={"meaning": column.meaning})
                for name, column in self.columns.items()
            ],
            metadata={"meaning": self.meaning, "schema": str(SCHEMA)},
        )

    @property
    def order(self) -> list[tuple[str, str]]:
        """The columns that it is sorted by: all that hold one value, in their order."""
        return [(name, "ascending") for name in self.columns_in_order]

    @property
    def columns_in_order(self) -> list[str]:
        """The same columns by name."""
        return [name for name, column in self.columns.items() if not pa.types.is_nested(column.type)]

    def of(self, rows: Iterable[Row]) -> Any:
        """The Arrow table of the lines that these rows give, sorted."""
        lines = [line for row in rows for line in self.lines(row)]
        columns: list[Any] = list(zip(*lines, strict=True)) or [() for _ in self.columns]
        arrays = [_array(values, field.type) for values, field in zip(columns, self.schema, strict=True)]
        return pa.Table.from_arrays(arrays, schema=self.schema).sort_by(self.order)


_TEXT, _TEXTS = pa.string(), pa.list_(pa.field("item", pa.string(), nullable=False))
_CRITERIA = pa.list_(
    pa.field(
        "item",
        pa.struct(
            [
                pa.field("role", pa.string(), nullable=False),
                pa.field("name", pa.string(), nullable=False),
                pa.field("answer", pa.string(), nullable=False),
                pa.field("needs", _TEXTS, nullable=False),
            ]
        ),
        nullable=False,
    )
)


def _array(values: Sequence[Any], type_: Any) -> Any:
    """The values of one column. Criteria are laid down member by member: Arrow takes thrice as long to look into each."""
    if type_ != _CRITERIA:
        return pa.array(values, type_)
    ends = list(accumulate(map(len, values), initial=0))
    members = list(zip(*chain.from_iterable(values), strict=True)) or [()] * _CRITERIA.value_type.num_fields
    arrays = [pa.array(found, field.type) for found, field in zip(members, _CRITERIA.value_type, strict=True)]
    held = pa.StructArray.from_arrays(arrays, fields=list(_CRITERIA.value_type))
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), held, type=_CRITERIA)


_PATIENT = Column(_TEXT, "logical id of the Patient, or its keyed HMAC")
_PATHWAY = Column(_TEXT, "id of the pathway")
_LESION = Column(_TEXT, "key of the lesion, class:levels; empty for the patient")

PATIENTS = Table(
    "patients",
    "one line for each patient of the export",
    {
        "patient": _PATIENT,
        "outcome": Column(_TEXT, "judged; silent, where nothing is said on purpose; refused, where nothing was judged"),
        "detail": Column(_TEXT, "why nothing is said: deceased"),
        "resources": Column(pa.int32(), "resources that were read, of types that a judgement reads"),
        "rejected": Column(pa.int32(), "data that were recognised and could not be used"),
        "unread": Column(_TEXTS, "key:why of what could not be read to its end"),
        "facts": Column(_TEXT, "digest of what was judged; equal in two runs where the data are"),
    },
    lambda r: ((r.patient, r.outcome, r.detail, r.resources, r.rejected, list(r.unread), r.facts),),
)
LESIONS = Table(
    "lesions",
    "one line for each pathway that a patient entered, for a lesion or for the patient",
    {
        "patient": _PATIENT,
        "pathway": _PATHWAY,
        "lesion": _LESION,
        "version": Column(_TEXT, "version of the pathway"),
        "state": Column(_TEXT, "state in the pathway; empty where it could not be told"),
        "certain": Column(pa.bool_(), "false where something unread could have made it another state"),
        "gate": Column(pa.bool_(), "whether the pathway is that of the emergency gate, so that the gate is open"),
        "levels": Column(_TEXTS, "levels of the spine that the lesion lies at"),
    },
    lambda r: (
        (r.patient, e.pathway, e.lesion, e.version, e.state, e.certain, e.gate, list(e.levels)) for e in r.entries
    ),
)
VERDICTS = Table(
    "verdicts",
    "one line for each recommendation of each pathway entered",
    {
        "patient": _PATIENT,
        "pathway": _PATHWAY,
        "lesion": _LESION,
        "id": Column(_TEXT, "id of the recommendation"),
        "kind": Column(_TEXT, "its kind, as the profile says"),
        "status": Column(_TEXT, "suppressed, satisfied, not-applicable, blocked, needs-data or recommended"),
        "indicator": Column(_TEXT, "info, warning or critical"),
        "by": Column(_TEXT, "what hides a suppressed one"),
        "safety": Column(pa.bool_(), "whether it is recommended and may never be hidden or folded"),
        "criteria": Column(_CRITERIA, "role, name, answer (MET, NOT_MET, UNKNOWN) and needs of each criterion asked"),
    },
    lambda r: (
        (
            r.patient,
            v.pathway,
            v.lesion,
            v.id,
            v.kind,
            v.status,
            v.indicator,
            v.by,
            v.safety,
            v.criteria,
        )
        for v in r.verdicts
    ),
)
MISSING = Table(
    "missing",
    "one line for each datum that a recommendation lacks",
    {
        "patient": _PATIENT,
        "pathway": _PATHWAY,
        "lesion": _LESION,
        "id": Column(_TEXT, "id of the recommendation"),
        "need": Column(_TEXT, "name of the datum"),
        "reason": Column(_TEXT, "unread, not-offered, conflict, stale, rejected or not-recorded"),
        "status": Column(
            _TEXT, "status of the recommendation: needs-data waits for the datum, and so does blocked by conflict"
        ),
    },
    lambda r: ((r.patient, m.pathway, m.lesion, m.id, m.need, m.reason, m.status) for m in r.missing),
)
REFUSALS = Table(
    "refusals",
    "one line for each patient who was not judged; of resources of nobody, one line for each type with an empty patient",
    {
        "patient": _PATIENT,
        "code": Column(_TEXT, "code of the error"),
        "detail": Column(_TEXT, "what could not be read, the place of a bug, or the type of the resources of nobody"),
        "count": Column(pa.int64(), "1, or how many resources are nobody's"),
    },
    lambda r: ((r.patient, r.refusal.code, r.refusal.detail, 1),) if r.refusal else (),
)
UNRECOGNISED = Table(
    "unrecognised",
    "what was in a chart and says nothing to any pathway, counted by patient and code",
    {
        "patient": _PATIENT,
        "kind": Column(_TEXT, "resource type; empty for a count over types"),
        "way": Column(_TEXT, "not-recognised, unreadable, or the name of the count"),
        "system": Column(_TEXT, "code system; empty where there is no code"),
        "code": Column(_TEXT, "code; empty where there is none"),
        "count": Column(pa.int32(), "how many resources"),
    },
    lambda r: ((r.patient, u.kind, u.way, u.system, u.code, u.number) for u in r.unrecognised),
)
TABLES = (PATIENTS, LESIONS, VERDICTS, MISSING, REFUSALS, UNRECOGNISED)
BY_NAME = {table.name: table for table in TABLES}


def nobody_lines(counts: Mapping[tuple[str, str], int]) -> list[tuple[str, str, str, int]]:
    """The lines of the refusals for resources of nobody, from ``(code, type)`` to how many."""
    return sorted(("", code, kind, number) for (code, kind), number in counts.items())


def nobody(counts: Mapping[tuple[str, str], int]) -> Any:
    """The same as a table."""
    columns = list(zip(*nobody_lines(counts), strict=True)) or [(), (), (), ()]
    arrays = [pa.array(list(v), f.type) for v, f in zip(columns, REFUSALS.schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=REFUSALS.schema)
