"""What one patient gives: plain values without names and without chart text, ready for tables, files and comparison."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson


class Outcome:
    """What became of a patient."""

    JUDGED = "judged"
    SILENT = "silent"
    """Nothing is said on purpose: ``detail`` of the row says why."""
    REFUSED = "refused"
    """Nothing was judged; the refusal says why."""


class Criterion(NamedTuple):
    """One criterion of a verdict: its role and name, MET, NOT_MET or UNKNOWN, and the needs that answered or were asked."""

    role: str
    name: str
    answer: str
    needs: tuple[str, ...] = ()


class Entry(NamedTuple):
    """One pathway entered, for a lesion or for the patient (``lesion`` is empty). ``gate``: it is the emergency gate's."""

    pathway: str
    lesion: str
    levels: tuple[str, ...]
    version: str
    state: str
    certain: bool
    gate: bool


class Verdict(NamedTuple):
    """One recommendation, for a lesion or for the patient. ``by`` says what hides it."""

    pathway: str
    lesion: str
    id: str
    kind: str
    status: str
    indicator: str
    by: str
    safety: bool
    criteria: tuple[Criterion, ...]


class Missing(NamedTuple):
    """One datum that a verdict lacks, and why. ``status`` is the verdict's: needs-data waits for the datum, and so does blocked
    where the reason is conflict.
    """

    pathway: str
    lesion: str
    id: str
    status: str
    need: str
    reason: str


class Unrecognised(NamedTuple):
    """How many resources of a type ended in a way that says nothing, by code where they have one."""

    kind: str
    way: str
    system: str
    code: str
    number: int


class Refusal(NamedTuple):
    """Why nothing was judged: the code of the error, and where a bug stood or what could not be read."""

    code: str
    detail: str


class Row(NamedTuple):
    """One patient. Two rows are equal where the same resources were judged by the same library at the same instant."""

    patient: str
    outcome: str
    detail: str = ""
    resources: int = 0
    facts: str = ""
    unread: tuple[str, ...] = ()
    rejected: int = 0
    entries: tuple[Entry, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    missing: tuple[Missing, ...] = ()
    unrecognised: tuple[Unrecognised, ...] = ()
    refusal: Refusal | None = None


def pack(row: Row) -> bytes:
    """A row as JSON on one line; :func:`unpack` gives it back."""
    return orjson.dumps(row, default=list)


def unpack(line: bytes) -> Row:
    """The row of :func:`pack`."""
    row = Row(*orjson.loads(line))
    return row._replace(
        unread=tuple(row.unread),
        entries=tuple(map(_entry, row.entries)),
        verdicts=tuple(map(_verdict, row.verdicts)),
        missing=tuple(Missing(*one) for one in row.missing),
        unrecognised=tuple(Unrecognised(*one) for one in row.unrecognised),
        refusal=None if row.refusal is None else Refusal(*row.refusal),
    )


def _entry(value: Iterable[Any]) -> Entry:
    entry = Entry(*value)
    return entry._replace(levels=tuple(entry.levels))


def _verdict(value: Iterable[Any]) -> Verdict:
    verdict = Verdict(*value)
    criteria = (Criterion(*one) for one in verdict.criteria)
    return verdict._replace(criteria=tuple(c._replace(needs=tuple(c.needs)) for c in criteria))
