"""Several workers behind one port: processes that share a socket, and a parent that starts them, ends them and starts them again.

Any worker answers any call. What has to be known to all (used tokens, feedback) stands in the store, and their metrics in a
folder that the parent makes; back-off, rates and places are each worker's own.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from types import FrameType

from fhirpath_spine.entrypoints.content import load_content
from fhirpath_spine.entrypoints.http.process import check_start, pages
from fhirpath_spine.entrypoints.http.serving import in_force, run
from fhirpath_spine.entrypoints.logs import start_logging
from fhirpath_spine.entrypoints.settings import Settings
from fhirpath_spine.errors import ProfileError, SettingsError

logger = logging.getLogger("fhirpath_spine.start")
LOOK = 0.25
"""Seconds between two looks at the workers."""
REST = 1.0
"""Seconds before a worker that ended by itself is started again: one that ends at each start must not take the machine."""
PATIENCE = 20.0
"""Seconds that workers have to end what is in flight."""


class Crew:
    """The workers of a parent. ``work`` is what a worker does, with the socket that it listens on."""

    def __init__(
        self, number: int, work: Callable[[Settings, socket.socket], None], settings: Settings, listening: socket.socket
    ) -> None:
        self._spawn = multiprocessing.get_context("spawn")
        self._work, self._settings, self._listening = work, settings, listening
        self._workers = [self._started() for _ in range(number)]
        self._ending = self._reloading = False

    def _started(self) -> SpawnProcess:
        worker = self._spawn.Process(target=self._work, args=(self._settings, self._listening), name="worker")
        worker.start()
        return worker

    def end(self, number: int = 0, frame: FrameType | None = None) -> None:
        """Has all workers end; a second time, at once."""
        del number, frame
        self._ending = True
        self.tell(signal.SIGTERM)

    def reload(self, number: int = 0, frame: FrameType | None = None) -> None:
        """Has the content loaded anew at the next look."""
        del number, frame
        self._reloading = True

    def tell(self, number: int) -> None:
        """Sends a signal to all workers."""
        for worker in self._workers:
            if worker.pid is not None and worker.is_alive():
                os.kill(worker.pid, number)

    def watch(self, proven: Callable[[], bool]) -> None:
        """Keeps the workers going until they shall end. ``proven`` loads the content as they would: only then are they told."""
        while not self._ending:
            wait([worker.sentinel for worker in self._workers], LOOK)
            if self._reloading:
                self._reloading = False
                if proven():
                    self.tell(signal.SIGHUP)
            for place, worker in enumerate(self._workers):
                if not worker.is_alive() and not self._ending:
                    logger.error("A worker ended with %s, and is started again.", worker.exitcode)
                    time.sleep(REST)
                    self._workers[place] = self._started()
        ends = time.monotonic() + PATIENCE
        for worker in self._workers:
            worker.join(max(0.0, ends - time.monotonic()))
            if worker.is_alive():
                worker.kill()


def run_many(settings: Settings, listening: socket.socket, number: int) -> None:
    """Serves with so many workers until SIGTERM or SIGINT; SIGHUP loads the content anew, in all of them or in none.

    Raises:
        SettingsError: the store or the address of the metrics cannot be used.

    """
    start_logging()
    if settings.mode == "prod":
        from fhirpath_spine.entrypoints.http.guard import prepare_store

        prepare_store(settings)  # once, before several would
    with _common_metrics(settings):
        crew = Crew(number, work, settings, listening)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, crew.end)
        signal.signal(signal.SIGHUP, crew.reload)
        crew.watch(lambda: _proven(settings))


def work(settings: Settings, listening: socket.socket) -> None:
    """What a worker does."""
    start_logging()
    # Until it listens, a reload has nothing to do: what it loads is what is there.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    host, port = listening.getsockname()[:2]
    run(in_force(settings, load_content(settings)), host, port, [listening])


def _proven(settings: Settings) -> bool:
    try:
        check_start(settings)
    except (ProfileError, SettingsError) as error:
        logger.error("The content was not loaded anew, and the one before stays in force: %s", error)
        return False
    return True


@contextmanager
def _common_metrics(settings: Settings) -> Iterator[None]:
    """A folder in which workers count together, offered by this process; gone afterwards."""
    if not settings.metrics_addr:
        yield
        return
    # The library reads the name of the folder when it is loaded, here and in each worker.
    folder = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="spine-metrics-")
    try:
        from prometheus_client import CollectorRegistry

        from fhirpath_spine.adapters.metrics import offer

        offer(settings.metrics_addr, CollectorRegistry(), pages(settings))
        yield
    finally:
        del os.environ["PROMETHEUS_MULTIPROC_DIR"]
        shutil.rmtree(folder, ignore_errors=True)
