"""Stage two of the file shuffle: one part, patient by patient, into tables.

Each row is written to the part's journal before the next patient is judged. A run that is killed goes on from the journals: who
stands in one is not judged again, and the last line of a journal counts only if it is whole.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

import orjson

from fhirpath_spine.population.engines.job import Job
from fhirpath_spine.population.engines.medications import Medications
from fhirpath_spine.population.engines.split import pieces_of
from fhirpath_spine.population.rows.gathering import PATIENT_BYTES
from fhirpath_spine.population.rows.judging import patient_row, refused
from fhirpath_spine.population.rows.row import Row, pack, unpack
from fhirpath_spine.population.tables.merge import file_of, write
from fhirpath_spine.population.tables.schema import TABLES

LOST = "worker-lost"
"""Code of a patient at whom a worker died twice."""


class Journal:
    """The rows of one part as they are judged: attempt, a space, the row."""

    def __init__(self, path: Path, attempt: int) -> None:
        self._attempt = b"%d " % attempt
        self.rows: list[Row] = []
        self.attempts: Counter[str] = Counter()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._read(path)

    def _read(self, path: Path) -> None:
        # A pipe or device in its place has no length; there is nothing in it to go on from.
        kept = path.read_bytes() if path.is_file() else b""
        whole = kept[: kept.rfind(b"\n") + 1]
        if len(whole) < len(kept):
            os.ftruncate(self._file, len(whole))
        for line in whole.split(b"\n")[:-1]:
            attempt, _, row = line.partition(b" ")
            self._take(attempt.decode(), unpack(row))

    def add(self, row: Row) -> None:
        """Keeps a row."""
        line = b"%b%b\n" % (self._attempt, pack(row))
        while line:
            line = line[os.write(self._file, line) :]
        self._take(self._attempt.decode().strip(), row)

    def _take(self, attempt: str, row: Row) -> None:
        self.rows.append(row)
        self.attempts[attempt] += 1

    def close(self) -> None:
        """Closes its file."""
        os.close(self._file)


def judge_part(
    part: int, parts: int, stretches: range, job: Job, work: Path, attempt: int, lost: Collection[str]
) -> Iterator[tuple[str, int]]:
    """Judges one part; yields each patient before the judgement, with how many resources were judged since the last.

    Raises:
        OSError: nothing can be written.

    """
    library, site = job.content.ready().library, job.content.site
    held = _by_owner(part, parts, work / "split", stretches)
    journal = Journal(work / "rows" / f"{part:05d}.journal", attempt)
    done = {row.patient for row in journal.rows}
    judged = sum(len(lines) for owner, lines in held.items() if owner in done)
    with closing(Medications(work / "medications.sqlite")) as medications:
        for owner in sorted(held.keys() - done):
            yield owner, judged
            lines = held.pop(owner)
            judged = len(lines)
            if owner in lost:
                journal.add(refused(owner, LOST))
            else:
                whole = [*lines, *medications.named_in(lines), *job.export.told]
                journal.add(patient_row(owner, whole, library, job.at, site, base=job.export.base))
    _finish(part, journal, job, work)
    yield "", judged


def _by_owner(part: int, parts: int, folder: Path, stretches: range) -> dict[str, list[bytes]]:
    """The lines of each patient. Past what may be judged of one, lines are counted only: the row says so either way."""
    held: dict[str, list[bytes]] = {}
    weights: Counter[str] = Counter()
    for piece in pieces_of(part, parts, folder, stretches):
        raw, _, line = piece.partition(b"\t")
        owner = raw.decode()
        if weights[owner] <= PATIENT_BYTES:
            weights[owner] += len(line)
            held.setdefault(owner, []).append(line)
    return held


def _finish(part: int, journal: Journal, job: Job, work: Path) -> None:
    folder = rows_of(work, part)
    draft = folder.with_suffix(".tmp")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    rows = sorted((job.pseudonyms.of(row) for row in journal.rows), key=lambda row: row.patient)
    for table in TABLES:
        write(table.of(rows), file_of(draft, table))
    outcomes = Counter(row.outcome for row in rows)
    (draft / "counts.json").write_bytes(orjson.dumps({"outcomes": outcomes, "attempts": journal.attempts}))
    os.replace(draft, folder)
    journal.close()
    (work / "rows" / f"{part:05d}.journal").unlink(missing_ok=True)


def rows_of(work: Path, part: int) -> Path:
    """The folder of a part's tables; it is there once the part is whole."""
    return work / "rows" / f"{part:05d}"
