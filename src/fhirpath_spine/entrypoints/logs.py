"""What the service says, as JSON lines on stderr, from the first character to the last: its own records, those of the web server,
warnings, and whatever else writes to stderr.

One thread writes, from a queue of bounded length: a pipe that nobody reads takes lines from the log and nothing from the service.
Lines that found no place are counted, and the count is a line as soon as the pipe takes one again.
"""

from __future__ import annotations

import atexit
import io
import logging
import os
import queue
import select
import sys
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

QUEUE = 1000
"""Lines that wait for the pipe at most; what comes after them is dropped and counted."""
LONGEST = 16_384
"""Characters of a message that are kept."""
PATIENCE = 2.0
"""Seconds that an end waits for the last lines to be taken."""


class LineFormatter(logging.Formatter):
    """A record as one JSON object. What is an object already, as the journal's lines are, keeps its fields. Of an exception stand
    type and place: its message may hold a patient's value.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, Any] = {"at": at, "level": record.levelname, "logger": record.name}
        message = record.getMessage()[:LONGEST]
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            # asyncio puts the exception, words and all, into the lines below the first.
            fields |= {"message": message.split("\n", 1)[0], "error": type(error).__name__, "places": places(error)}
        else:
            fields |= _fields(message)
        return orjson.dumps(fields, default=str).decode()


def _fields(message: str) -> dict[str, Any]:
    if message.startswith("{"):
        try:
            found = orjson.loads(message)
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
    return {"message": message}


def places(error: BaseException) -> str:
    """Where an error happened, from the outside in; never the message, which may hold a value."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return " > ".join(f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in frames)


class QueuedHandler(logging.Handler):
    """Hands lines to the one thread that writes them. Nobody who logs ever waits for the pipe."""

    def __init__(self, write: Callable[[bytes], None], length: int = QUEUE) -> None:
        super().__init__()
        self.setFormatter(LineFormatter())
        self._write = write
        self._lines: queue.Queue[bytes | None] = queue.Queue(length)
        self._dropped = 0
        self._counting = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queues a line, or counts it as dropped."""
        try:
            self._lines.put_nowait(self.format(record).encode() + b"\n")
        except queue.Full:
            self._drop(1)
        except (TypeError, ValueError):
            self._drop(1)  # a record whose arguments do not fit its text

    def settle(self, seconds: float = PATIENCE) -> bool:
        """Waits until all lines are written, for no longer than that; whether they are."""
        ends = time.monotonic() + seconds
        while self._lines.unfinished_tasks and time.monotonic() < ends:
            time.sleep(0.01)
        return not self._lines.unfinished_tasks

    def close(self) -> None:
        """Ends the thread once it has written what waits, or leaves it behind where the pipe takes nothing."""
        if not self._ended and self.settle():
            self._ended = True
            self._lines.put_nowait(None)
            self._thread.join(PATIENCE)
        self._ended = True
        super().close()

    def _drop(self, count: int) -> None:
        with self._counting:
            self._dropped += count

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._write(line)
            except OSError:
                self._drop(1)  # nobody is at the other end any more
            else:
                self._tell()
            self._lines.task_done()

    def _tell(self) -> None:
        """Writes how many lines were dropped, now that one was taken."""
        with self._counting:
            count, self._dropped = self._dropped, 0
        if not count:
            return
        text = orjson.dumps({"event": "dropped", "lines": count}).decode()
        record = logging.LogRecord(__name__, logging.WARNING, __file__, 0, "%s", (text,), None)
        try:
            self._write(self.format(record).encode() + b"\n")
        except OSError:
            self._drop(count)


class Lines(io.TextIOBase):
    """Takes the place of stderr: each line that is written becomes a record."""

    def __init__(self, handler: QueuedHandler) -> None:
        self._handler = handler
        self._begun = ""
        self._logger = logging.getLogger("stderr")

    def writable(self) -> bool:
        """It is there to be written."""
        return True

    def write(self, text: str) -> int:
        """Logs what makes up whole lines, and keeps the rest for the next time."""
        *whole, self._begun = (self._begun + text).split("\n")
        for line in whole:
            if line.strip():
                self._logger.warning("%s", line)
        return len(text)

    def flush(self) -> None:
        """Nothing waits here but the beginning of a line."""


def to_descriptor(number: int) -> Callable[[bytes], None]:
    """What writes bytes to a file descriptor, past the buffers and locks of the interpreter, which has to end without them."""

    def write(data: bytes) -> None:
        while data:
            try:
                data = data[os.write(number, data) :]
            except BlockingIOError:
                select.select([], [number], [])

    return write


def start_logging() -> None:
    """Has everything that this process says be a JSON line on stderr until it ends; doing it again changes nothing."""
    if isinstance(sys.stderr, Lines):
        return
    handler = QueuedHandler(to_descriptor(sys.stderr.fileno()))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.captureWarnings(True)
    sys.stderr = Lines(handler)
    atexit.register(handler.close)
