"""How far a long command is, drawn on stderr while a person watches, and not at all otherwise; and a folder that is watched."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

POLL = 0.5
"""Seconds between two looks at the files of a folder."""


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yields what to tell: so many are done, of so many (0: it is not known)."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from fhirpath_spine.entrypoints.show import talk

    console = talk()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


def changes(folder: Path, poll: float = POLL) -> Iterator[None]:
    """Yields at once, and again whenever a file of the folder was written, added or removed. It ends with the process."""
    while True:
        seen = _looks(folder)
        yield
        while _looks(folder) == seen:
            time.sleep(poll)


def _looks(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for file in folder.rglob("*.*"):
        try:
            about = file.stat()
        except FileNotFoundError:
            continue  # it went between the list and the look
        found[str(file)] = (about.st_mtime_ns, about.st_size)
    return found
