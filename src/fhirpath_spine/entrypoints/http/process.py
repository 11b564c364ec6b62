"""Starts the service: which mode may run, and what it is wired with."""

from __future__ import annotations

import gc
import logging
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI

from fhirpath_spine import __version__
from fhirpath_spine.adapters.ehr.client import Ehr
from fhirpath_spine.adapters.journal import LogJournal
from fhirpath_spine.entrypoints.clients import Registry, load_clients
from fhirpath_spine.entrypoints.content import Content, load_content, without_effect
from fhirpath_spine.entrypoints.http.app import SANDBOX, Standing, create
from fhirpath_spine.entrypoints.http.bounds import Places
from fhirpath_spine.entrypoints.http.threads import Threads
from fhirpath_spine.entrypoints.http.warming import warm
from fhirpath_spine.entrypoints.patients import patients_directory
from fhirpath_spine.entrypoints.production import approved, missing
from fhirpath_spine.entrypoints.settings import Settings
from fhirpath_spine.errors import SettingsError
from fhirpath_spine.exchange.incoming.addresses import Servers
from fhirpath_spine.service import Client, Count, HookService, Journal, Snapshot, uncounted

if TYPE_CHECKING:
    from fhirpath_spine.adapters.metrics import Metrics
    from fhirpath_spine.entrypoints.http.guard import Guard

logger = logging.getLogger("fhirpath_spine.start")


def check_mode(settings: Settings, registry: Registry | None = None, content: Content | None = None) -> None:
    """Refuses to run in production while something is missing, and says everything at once.

    Raises:
        SettingsError: the mode is ``prod``, and something stands against it.

    """
    if settings.mode == "dev" or not (reasons := missing(settings, registry, content)):
        return
    raise SettingsError(
        f"SPINE_MODE is prod, and the service refuses to start: {'; '.join(reasons)}.",
        hint="To try it on this machine with invented patients, set SPINE_MODE=dev.",
    )


def check_start(settings: Settings) -> tuple[Registry, Content]:
    """What a start loads, once nothing stands against it.

    Raises:
        SettingsError: as :func:`check_mode`, and where a setting cannot be used.
        ProfileError: the content or the file of the clients cannot be used.

    """
    registry, content = registered(settings), load_content(settings)
    check_mode(settings, registry, content)
    return registry, content


def build(
    settings: Settings, content: Content | None = None, servers: Servers | None = None, *, lasting: bool = True
) -> FastAPI:
    """The application of these settings. Where it lasts, invented charts are judged before the first call. The garbage collector
    is left alone: it belongs to whoever has the process (:func:`settle`).

    ``servers`` are those that a caller without an entry may have us read from; default: those on this machine.

    Raises:
        SettingsError: the mode may not run, or a setting cannot be used.
        ProfileError: the content or the file of the clients cannot be used.

    """
    content = content or load_content(settings)
    return Parts.of(settings, content, servers).application(content, lasting=lasting)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a process has once, whatever content is in force: connections, the store, threads, what counts."""

    settings: Settings
    registry: Registry
    servers: Servers
    standing: Standing
    work: Threads
    ehr: Ehr
    guard: Guard | None
    metrics: Metrics | None
    places: Places
    patients: Path
    """The folder of the invented patients that the pages of development show."""

    @classmethod
    def of(
        cls, settings: Settings, content: Content, servers: Servers | None = None, patients: Path | None = None
    ) -> Parts:
        """The parts of a process that may start with this content; metrics are offered from now on.

        Raises:
            SettingsError, ProfileError, StoreAway: something cannot be used.

        """
        registry = registered(settings)
        check_mode(settings, registry, content)
        metrics, guard = counting(settings), None
        if settings.mode == "prod":
            from fhirpath_spine.entrypoints.http.guard import Guard  # development waits for no database library

            guard = Guard.of(settings, registry, metrics.count if metrics else uncounted)
        # Whoever has no entry may have us read from this machine, and from nowhere else (rulings 7).
        here = servers or Servers(loopback=True)
        shown = patients or patients_directory()
        return cls(settings, registry, here, Standing(), Threads(), Ehr(), guard, metrics, Places(), shown)

    @property
    def count(self) -> Count:
        """What counts, if somebody asked for it."""
        return self.metrics.count if self.metrics else uncounted

    def application(self, content: Content, *, lasting: bool = True) -> FastAPI:
        """The application that judges with this content, once that is proven: all checks of a start, and a call of each kind.

        Raises:
            SettingsError: it is not approved as production asks for.

        """
        snapshot = self._proven(content)
        settings, guard = self.settings, self.guard
        services = [
            HookService(
                id=f"spine-{hook.name}",
                hook=hook.name,
                snapshot=snapshot.at(hook.name),
                retriever=self.ehr,
                journal=self._journal(),
                clock=clock(settings),
                seconds=settings.deadline,
                on_unavailable=settings.on_unavailable,
                cds_hooks=self.registry.cds_hooks,
                work=self.work,
            )
            for hook in snapshot.library.policy.hooks
        ]
        app = create(
            services,
            Client(emergency=settings.emergency, servers=self.servers),
            entries=self.registry.clients,
            origins=self.registry.cors_origins if guard else [SANDBOX, *self.registry.cors_origins],
            loopback=guard is None,
            closing=[self.work.aclose, self.ehr.aclose, *([guard.aclose] if guard else [])],
            public_url=settings.public_url,
            door=guard.door if guard else None,
            rates=guard.rates if guard else None,
            store=guard.keeping if guard else None,
            count=self.count,
            places=self.places,
            standing=self.standing,
            patients=None if guard else self.patients,
        )
        if self.metrics:
            self.metrics.of(snapshot.library, __version__)
        if lasting:
            warm(snapshot, clock(settings)())
        return app

    def _proven(self, content: Content) -> Snapshot:
        check_mode(self.settings, self.registry, content)
        if names := without_effect(self.settings, content.site, self.registry):
            logger.warning("Without effect in %s: %s.", self.settings.mode, ", ".join(names))
        if self.settings.mode == "prod":
            content, dropped = approved(content)
            if dropped:
                logger.warning("Without an approval of this site, and not loaded: %s.", ", ".join(dropped))
        content.prepare()
        # Only what is kept is asked for: in development nothing is.
        wording = replace(content.wording, feedback=self.guard is not None)
        return Snapshot.of(content.library, content.site, wording)

    def _journal(self) -> Journal:
        journal: Journal = self.guard.recorder if self.guard else LogJournal()
        if self.metrics is None:
            return journal
        from fhirpath_spine.adapters.metrics import Counting

        return Counting(self.count, journal)


def settle() -> None:
    """Takes what is loaded out of the collector's sight, and what was loaded before out of memory."""
    # Collections over the compiled library are what makes the slowest calls slow (30 ms against 3 ms, measured).
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    # What a call makes holds no circles, so it is gone with the call. Looking for them after each 700 objects, as Python does by
    # default, costs a chart of 5,000 resources a seventh of its time. The old are looked at rarely, and the middle ones often:
    # each look stops everything, and 400,000 objects of a large chart at once stopped it for a quarter of a second.
    gc.set_threshold(20_000, 3, 1_000)


def counting(settings: Settings) -> Metrics | None:
    """What counts, where metrics are asked for; they are offered from now on, unless a worker's are offered for it.

    Raises:
        SettingsError: their address cannot be listened on.

    """
    if not settings.metrics_addr:
        return None
    from fhirpath_spine.adapters.metrics import Metrics, are_shared, offer  # nobody else waits for its library

    metrics = Metrics()
    if not are_shared():
        offer(settings.metrics_addr, metrics.registry, pages(settings))
    return metrics


def pages(settings: Settings) -> Mapping[str, Callable[[], str]]:
    """What the operator's address shows beside the metrics: feedback, where some is kept."""
    if settings.mode == "dev":
        return {}

    def feedback() -> str:
        from fhirpath_spine.entrypoints.acceptance import stored_page  # nobody waits for it who never looks

        return stored_page(settings)

    return {"/feedback": feedback}


def registered(settings: Settings) -> Registry:
    if settings.clients is None:
        return Registry()
    return load_clients(settings.clients, plain_http=settings.mode == "dev", emergency=settings.emergency)


def clock(settings: Settings) -> Callable[[], datetime]:
    """The clock: fixed by ``SPINE_CLOCK``, else the machine's."""
    fixed = settings.clock
    return (lambda: fixed) if fixed is not None else (lambda: datetime.now(UTC))


def check_free(host: str, port: int) -> None:
    """Refuses an address that cannot be listened on, before anything is loaded or shown.

    Raises:
        SettingsError: another program listens there, or the address is none of this machine.

    """
    bound(host, port).close()


def bound(host: str, port: int) -> socket.socket:
    """A socket that has an address, at which nobody listens yet: who asks before a worker is there is told so at once.

    Raises:
        SettingsError: another program listens there, or the address is none of this machine.

    """
    found = None
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except OSError as error:
        if found is not None:
            found.close()
        raise SettingsError(
            f"Port {port} of {host} cannot be listened on: {error.strerror or 'the name is not known'}.",
            hint="Choose another with --port or --host, or end what listens there.",
        ) from None
    return found
