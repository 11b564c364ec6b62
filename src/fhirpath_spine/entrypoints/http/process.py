"""Starts the service: which mode may run, what it is wired with, how it ends."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from types import FrameType

import uvicorn
from fastapi import FastAPI

from fhirpath_spine import __version__
from fhirpath_spine.adapters.ehr.client import Ehr
from fhirpath_spine.adapters.journal import LogJournal
from fhirpath_spine.entrypoints.clients import Registry, load_clients
from fhirpath_spine.entrypoints.content import HOOKS, Content, load_content, without_effect
from fhirpath_spine.entrypoints.http.app import SANDBOX, create
from fhirpath_spine.entrypoints.http.bounds import BoundedProtocol
from fhirpath_spine.entrypoints.http.threads import Threads
from fhirpath_spine.entrypoints.http.warming import warm
from fhirpath_spine.entrypoints.logs import start_logging
from fhirpath_spine.entrypoints.production import approved, missing
from fhirpath_spine.entrypoints.settings import Settings
from fhirpath_spine.errors import SettingsError
from fhirpath_spine.exchange.incoming.addresses import Servers
from fhirpath_spine.pathway.model import Library
from fhirpath_spine.service import Client, Count, HookService, Journal, Snapshot, uncounted

logger = logging.getLogger("fhirpath_spine.start")
DRAIN = 3.0
"""Seconds from SIGTERM to the end of listening in production, in which ``/readyz`` answers 503."""
BANNER = (
    "SPINE_MODE=dev: callers are NOT authenticated, drafts are judged, nothing is stored. "
    "Only for this machine and invented patients."
)


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


def build(settings: Settings, content: Content | None = None, servers: Servers | None = None) -> FastAPI:
    """The application of these settings. All that was loaded is taken out of the garbage collector's sight.

    ``servers`` are those that a caller without an entry may have us read from; default: those on this machine.

    Raises:
        SettingsError: the mode may not run, or a setting cannot be used.
        ProfileError: the content or the file of the clients cannot be used.

    """
    registry = registered(settings)
    content = content or load_content(settings)
    check_mode(settings, registry, content)
    if names := without_effect(settings, content.site, registry):
        logger.warning("Without effect in %s: %s.", settings.mode, ", ".join(names))
    if settings.mode == "prod":
        content, dropped = approved(content)
        if dropped:
            logger.warning("Without an approval of this site, and not loaded: %s.", ", ".join(dropped))
    content.prepare()
    snapshot = Snapshot.of(content.library, content.site, content.wording)
    work, count = Threads(), counting(settings, content.library)
    ehr, guard = Ehr(), None
    if settings.mode == "prod":
        from fhirpath_spine.entrypoints.http.guard import Guard  # development waits for no database library

        guard = Guard.of(settings, registry, count)
    journal: Journal = guard.recorder if guard else LogJournal()
    if count is not uncounted:
        journal = counted(count, journal)
    services = [
        HookService(
            id=f"spine-{hook}",
            hook=hook,
            snapshot=snapshot,
            retriever=ehr,
            journal=journal,
            clock=clock(settings),
            seconds=settings.deadline,
            on_unavailable=settings.on_unavailable,
            work=work,
        )
        for hook in HOOKS
    ]
    app = create(
        services,
        # Whoever has no entry may have us read from this machine, and from nowhere else (rulings 7).
        Client(emergency=settings.emergency, servers=servers or Servers(loopback=True)),
        entries=registry.clients,
        origins=registry.cors_origins if guard else [SANDBOX, *registry.cors_origins],
        loopback=guard is None,
        closing=[work.aclose, ehr.aclose, *([guard.aclose] if guard else [])],
        public_url=settings.public_url,
        door=guard.door if guard else None,
        rates=guard.rates if guard else None,
        store=guard.keeping if guard else None,
        count=count,
    )
    warm(snapshot, clock(settings)())
    # Collections over the compiled library are what makes the slowest calls slow (30 ms against 3 ms, measured).
    gc.collect()
    gc.freeze()
    # What a call makes holds no circles, so it is gone with the call. Looking for them after each 700 objects, as Python does by
    # default, costs a chart of 5,000 resources a seventh of its time. The old are looked at rarely, and the middle ones often:
    # each look stops everything, and 400,000 objects of a large chart at once stopped it for a quarter of a second.
    gc.set_threshold(20_000, 3, 1_000)
    return app


def counting(settings: Settings, library: Library) -> Count:
    """What counts, where metrics are asked for; they are offered from now on.

    Raises:
        SettingsError: their address cannot be listened on.

    """
    if not settings.metrics_addr:
        return uncounted
    from fhirpath_spine.adapters.metrics import Metrics, offer  # nobody else waits for its library

    metrics = Metrics()
    metrics.of(library, __version__)
    offer(settings.metrics_addr, metrics.registry)
    return metrics.count


def counted(count: Count, journal: Journal) -> Journal:
    """The journal, which counts what it keeps."""
    from fhirpath_spine.adapters.metrics import Counting

    return Counting(count, journal)


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
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.create_server(address[:2], family=family):
            pass
    except OSError as error:
        raise SettingsError(
            f"Port {port} of {host} cannot be listened on: {error.strerror or 'the name is not known'}.",
            hint="Choose another with --port or --host, or end what listens there.",
        ) from None


def run(app: FastAPI, settings: Settings, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT; then ends what is in flight and leaves with 0. ``announce`` says what one has to know
    before that.
    """
    if settings.mode == "dev":
        announce(BANNER)
    if not _is_loopback(host):
        announce(f"Listening on {host}, which other machines may reach.")
    if settings.clock is not None:
        announce(f"The clock stands at {settings.clock.isoformat()} (SPINE_CLOCK).")
    announce(f"Discovery: http://{host}:{port}/cds-services")
    start_logging()
    # The server restores these handlers and raises the signal again when it has ended.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        http=BoundedProtocol,
        # No path takes a WebSocket, and the server would write the address of one that is tried to the log.
        ws="none",
        timeout_keep_alive=5,
        timeout_graceful_shutdown=10,
    )
    Leaving(config, app, DRAIN if settings.mode == "prod" else 0.0).run()


class Leaving(uvicorn.Server):
    """A server that says that it leaves before it does: whoever asks ``/readyz`` sends nobody here any more (fault R23)."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, drain: float) -> None:
        super().__init__(config)
        self._app, self._drain, self._told = app, drain, False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Goes on serving for a moment after the first signal; ends at once on the second."""
        self._app.state.leaving = True
        if self._told or not self._drain:
            super().handle_exit(sig, frame)
            return
        self._told = True
        loop = asyncio.get_running_loop()
        # A signal comes between any two steps, so the loop is spoken to as from another thread.
        loop.call_soon_threadsafe(loop.call_later, self._drain, super().handle_exit, sig, frame)


def _leave(number: int, frame: FrameType | None) -> None:
    del number, frame
    sys.exit(0)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
