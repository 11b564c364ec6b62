"""Worker processes that may die: each has one task at a time, says how far it is, and is replaced when it is gone.

A task whose worker died is given to another. Who dies twice at one thing of a task (a patient) has it left out the third time, so
that one chart that kills a process costs one row and not the run.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple

from fhirpath_spine.errors import SpineError

Steps = Iterator[tuple[str, int]]
Work = Callable[[Any, frozenset[str]], Steps]
"""Does a task but for what is left out; yields what it turns to next, and how much was done since the last."""
MOST_DEATHS = 3
"""Deaths of workers at one task, and not at one thing of it, after which the run ends."""


class RunFailed(SpineError):
    """The run cannot go on; what is done is kept, and the same command goes on from there."""

    code = "run-failed"


class Step(NamedTuple):
    """How far a task is: what was done since the last step, and whether it is finished."""

    task: Any
    done: int
    finished: bool


@dataclass(slots=True, eq=False)
class _Worker:
    process: BaseProcess
    pipe: Connection
    task: Any = None
    at: str = ""


@dataclass(slots=True)
class Pool:
    """Runs tasks on so many workers."""

    work: Work
    workers: int
    _left: list[Any] = field(default_factory=list)
    _idle: list[_Worker] = field(default_factory=list)
    _busy: list[_Worker] = field(default_factory=list)
    _deaths: dict[Any, list[str]] = field(default_factory=dict)

    def run(self, tasks: Iterable[Any]) -> Iterator[Step]:
        """Does all tasks, in any order.

        Raises:
            RunFailed: a task cannot be done on this machine.
            SpineError: what a task says is wrong with its input.

        """
        self._left = list(tasks)[::-1]
        try:
            self._idle = [self._new() for _ in range(min(self.workers, len(self._left)))]
            while self._left or self._busy:
                self._assign()
                for worker in self._ready():
                    yield from self._hear(worker)
        finally:
            self._end()

    def _new(self) -> _Worker:
        # A fork shares the loaded library with its parent; where there is none, each worker loads it.
        context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self.work), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _assign(self) -> None:
        while self._left and self._idle:
            worker = self._idle.pop()
            worker.task, worker.at = self._left.pop(), ""
            died = self._deaths.get(worker.task, [])
            self._busy.append(worker)
            worker.pipe.send((worker.task, frozenset(at for at in died if at and died.count(at) > 1)))

    def _ready(self) -> list[_Worker]:
        ready = set(wait([w.pipe for w in self._busy]))
        return [w for w in self._busy if w.pipe in ready]

    def _hear(self, worker: _Worker) -> Iterator[Step]:
        try:
            kind, *said = worker.pipe.recv()
        except (EOFError, ConnectionError):
            self._bury(worker)
            return
        if kind == "failed":
            raise said[0]
        worker.at, done = said
        finished = kind == "finished"
        if finished:
            self._busy.remove(worker)
            self._idle.append(worker)
        yield Step(worker.task, done, finished)

    def _bury(self, worker: _Worker) -> None:
        worker.process.join()
        self._busy.remove(worker)
        worker.pipe.close()
        deaths = self._deaths.setdefault(worker.task, [])
        deaths.append(worker.at)
        if deaths.count("") >= MOST_DEATHS:
            raise RunFailed(
                f"Workers died {MOST_DEATHS} times at one task (exit {worker.process.exitcode}), so the run was ended.",
                hint="Look for a lack of memory; fewer --workers need less. The same command goes on from here.",
            )
        self._left.append(worker.task)
        self._idle.append(self._new())

    def _end(self) -> None:
        for worker in (*self._idle, *self._busy):
            worker.process.terminate()
            worker.process.join()
            worker.pipe.close()


def _serve(pipe: Connection, work: Work) -> None:
    """What a worker does, until its parent is gone."""
    try:
        while True:
            task, left_out = pipe.recv()
            pipe.send(_do(pipe, task, left_out, work))
    except (EOFError, ConnectionError, KeyboardInterrupt):
        return


def _do(pipe: Connection, task: Any, left_out: frozenset[str], work: Work) -> tuple[Any, ...]:
    parent = os.getppid()
    try:
        for at, since in work(task, left_out):
            if os.getppid() != parent:
                raise EOFError  # whoever goes on with the run must not find us still writing
            pipe.send(("step", at, since))
    except SpineError as error:
        return "failed", error
    except OSError as error:
        return "failed", cannot_write(error)
    return "finished", "", 0


def cannot_write(error: OSError) -> RunFailed:
    """What a full or broken disk, or a folder that is none, means for the run."""
    room = "Make room (a run needs as much as the export, while it lasts)"
    mend = (
        room if error.errno in (errno.ENOSPC, errno.EDQUOT) else "Look at the folder of --out, and who may write there"
    )
    return RunFailed(
        f"A file of the run could not be written or read: {error.strerror or type(error).__name__}.",
        hint=f"{mend}; the same command goes on from here.",
    )
