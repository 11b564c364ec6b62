"""Medications, which belong to nobody, by their id: in a file, so that a hospital's whole formulary needs no memory."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson

from fhirpath_spine.population.rows.owners import medications_named


def keep(lines: Iterable[bytes], path: Path) -> None:
    """Writes the index of all Medications, whole or not at all."""
    draft = path.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    store = sqlite3.connect(draft)
    try:
        store.execute("PRAGMA journal_mode = OFF")
        store.execute("CREATE TABLE medication (id TEXT, line BLOB, PRIMARY KEY (id, line)) WITHOUT ROWID")
        store.executemany("INSERT OR IGNORE INTO medication VALUES (?, ?)", _named(lines))
        store.commit()
    finally:
        store.close()
    os.replace(draft, path)


def _named(lines: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    for line in lines:
        try:
            id_ = orjson.loads(line).get("id")
        except orjson.JSONDecodeError:
            continue  # whoever names it lacks it, and has a medication without a code
        if isinstance(id_, str):
            yield id_, line


class Medications:
    """Looks up the Medications that lines refer to."""

    def __init__(self, path: Path) -> None:
        self._store = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) if path.is_file() else None

    def named_in(self, lines: Iterable[bytes]) -> list[bytes]:
        """Each Medication that one of the lines names, in an order of its own."""
        if self._store is None:
            return []
        ids = sorted({id_ for line in lines for id_ in medications_named(line)})
        ask = "SELECT line FROM medication WHERE id = ? ORDER BY line"
        return [line for id_ in ids for (line,) in self._store.execute(ask, (id_,))]

    def close(self) -> None:
        """Closes its file."""
        if self._store is not None:
            self._store.close()
