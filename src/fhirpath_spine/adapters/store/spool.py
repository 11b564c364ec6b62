"""Where records of calls wait while the store is away: lines of a file, on the disk before they count, emptied in order.

Workers of one host share it, so whoever writes or empties it holds its lock. It is bounded; what finds no place is counted
(faults R19, R21).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import orjson

FILE = "spool.ndjson"
LARGEST = 64 * 1024 * 1024
"""Bytes that wait at most."""
_AT_ONCE = 200
Records = Sequence[Mapping[str, Any]]


class Spool:
    """The file in a folder."""

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        self._path, self._largest = folder / FILE, largest

    @property
    def waiting(self) -> int:
        """Bytes that wait."""
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def add(self, records: Records) -> int:
        """Lets records wait; how many found no place, all of them where the disk takes nothing."""
        lines = b"".join(orjson.dumps(record, default=str) + b"\n" for record in records)
        try:
            with self._open() as file:
                before = file.seek(0, os.SEEK_END)
                if before + len(lines) > self._largest:
                    return len(records)
                try:
                    _write(file.fileno(), lines)
                except OSError:
                    # The beginning of a line would spoil the next one.
                    file.truncate(before)
                    raise
        except OSError:
            return len(records)
        return 0

    def empty(self, into: Callable[[Records], None]) -> None:
        """Hands over all that waits, oldest first, and forgets it once all was taken. What ``into`` raises passes through, and
        then all goes on waiting: taking a record twice changes nothing.
        """
        if not self.waiting:
            return
        with self._open() as file:
            file.seek(0)
            found = list(_records(file.read().splitlines()))
            for start in range(0, len(found), _AT_ONCE):
                into(found[start : start + _AT_ONCE])
            file.truncate(0)

    @contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        number = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(number, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file


def _write(number: int, data: bytes) -> None:
    while data:
        data = data[os.write(number, data) :]
    os.fsync(number)


def _records(lines: Sequence[bytes]) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError:
            continue  # the machine went down in the middle of it
