"""The journal of production: each record goes to the log, and by a thread of its own to the store. No call waits for a disk.

While the store is away, records wait in the spool; when it is back, those that waited go first.
"""

from __future__ import annotations

import dataclasses
import logging
import queue
import threading
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import orjson

from fhirpath_spine.adapters.store.keeping import Keeping
from fhirpath_spine.adapters.store.spool import Spool
from fhirpath_spine.errors import StoreAway
from fhirpath_spine.service import CallRecord, Clock, Count, Journal, uncounted

QUEUE = 10_000
"""Records that wait for the thread at most."""
_AT_ONCE = 100
_GATHERED = 0.2
"""Seconds in which records are gathered, to go to the disk together: while one waits for the disk, callers wait for the lock."""
_AGAIN = 1.0
"""Seconds between two tries to empty the spool."""
logger = logging.getLogger("fhirpath_spine.store")


class Recorder:
    """Keeps records of calls."""

    def __init__(self, keeping: Keeping, spool: Spool, clock: Clock, log: Journal, count: Count = uncounted) -> None:
        self._keeping, self._spool, self._clock, self._log, self._count = keeping, spool, clock, log, count
        self._queue: queue.Queue[Mapping[str, Any] | None] = queue.Queue(QUEUE)
        self._thread = threading.Thread(target=self._run, name="records", daemon=True)
        self._thread.start()

    def keep(self, record: CallRecord) -> None:
        """Logs a record, and hands it to the thread."""
        self._log.keep(record)
        row = dataclasses.asdict(record)
        row |= {"key": str(uuid4()), "at": self._clock().timestamp()}
        row |= {name: orjson.dumps(row[name]).decode() for name in ("pathways", "unread")}
        try:
            self._queue.put_nowait(row)
        except queue.Full:
            self._lost(1)

    def close(self, seconds: float = 5.0) -> None:
        """Ends the thread once all is kept or spooled."""
        self._queue.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        ended = False
        while not ended:
            rows, ended = self._next()
            try:
                self._spool.empty(self._keeping.calls)
                if rows:
                    self._keeping.calls(rows)
            except (StoreAway, OSError):
                if rows and (lost := self._spool.add(rows)):
                    self._lost(lost)
            self._count("spine_spool_bytes", self._spool.waiting)

    def _next(self) -> tuple[list[Mapping[str, Any]], bool]:
        """The records that wait, and whether there come no more; none where only the spool is to be tried again."""
        rows: list[Mapping[str, Any]] = []
        try:
            row = self._queue.get(timeout=_AGAIN if self._spool.waiting else None)
            ends = time.monotonic() + _GATHERED
            while row is not None:
                rows.append(row)
                if len(rows) == _AT_ONCE:
                    return rows, False
                row = self._queue.get(timeout=max(0.0, ends - time.monotonic()))
        except queue.Empty:
            return rows, False
        return rows, True

    def _lost(self, number: int) -> None:
        self._count("spine_records_lost_total", number)
        logger.error("%s", orjson.dumps({"event": "lost", "records": number}).decode())
