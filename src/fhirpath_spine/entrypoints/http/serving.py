"""Serves an application: what one has to know before, how a signal loads the content anew, how it ends."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from fhirpath_spine.entrypoints.content import Content, load_content
from fhirpath_spine.entrypoints.http.bounds import BoundedProtocol
from fhirpath_spine.entrypoints.http.process import Parts, settle
from fhirpath_spine.entrypoints.logs import start_logging
from fhirpath_spine.entrypoints.settings import Settings
from fhirpath_spine.errors import ProfileError, SettingsError

logger = logging.getLogger("fhirpath_spine.start")
DRAIN = 3.0
"""Seconds from SIGTERM to the end of listening in production, in which ``/readyz`` answers 503."""
BANNER = (
    "SPINE_MODE=dev: callers are NOT authenticated, drafts are judged, nothing is stored. "
    "Only for this machine and invented patients."
)


class InForce:
    """The application in force. A reload makes another one beside it, and puts it in its place once it is proven; calls that are
    under way end with the content that they began with.
    """

    def __init__(self, parts: Parts, first: FastAPI, make: Callable[[], FastAPI]) -> None:
        self.parts, self._app, self._make = parts, first, make
        self._again = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands a call to the application in force."""
        await self._app(scope, receive, send)

    async def reload(self) -> None:
        """Loads the content anew: all of it or nothing."""
        async with self._again:
            try:
                made = await asyncio.to_thread(self._make)
            except (ProfileError, SettingsError) as error:
                self.parts.standing.refused = True
                self.parts.count("spine_reloads_total", result="refused")
                logger.error("The content was not loaded anew, and the one before stays in force: %s", error)
            else:
                self._app = made
                self.parts.standing.refused = False
                self.parts.count("spine_reloads_total", result="done")
                logger.warning("The content was loaded anew, and is in force.")


def in_force(settings: Settings, content: Content, patients: Path | None = None) -> InForce:
    """The application of the settings, with its first content; it can load it anew. ``patients`` is the folder of the invented
    patients that the pages of development show; default: those of the package.

    Raises:
        SettingsError, ProfileError: as :func:`process.build`.

    """
    parts = Parts.of(settings, content, patients=patients)

    def made(content: Content) -> FastAPI:
        app = parts.application(content)
        settle()
        return app

    return InForce(parts, made(content), lambda: made(load_content(settings)))


def announce(settings: Settings, host: str, port: int, say: Callable[[str], None]) -> None:
    """Says what one has to know before it serves."""
    if settings.mode == "dev":
        say(BANNER)
    if not _is_loopback(host):
        say(f"Listening on {host}, which other machines may reach.")
    if settings.clock is not None:
        say(f"The clock stands at {settings.clock.isoformat()} (SPINE_CLOCK).")
    say(f"Discovery: http://{host}:{port}/cds-services")
    page = "" if settings.mode == "dev" else "pathways"
    say(f"Open in a browser: http://{host}:{port}/{page}")


def run(app: InForce, host: str, port: int, listening: Sequence[socket.socket] | None = None) -> None:
    """Serves until SIGTERM or SIGINT; then ends what is in flight and leaves with 0. ``listening`` is given where the port is
    shared.
    """
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
    drain = DRAIN if app.parts.settings.mode == "prod" else 0.0
    Leaving(config, app, drain).run(sockets=list(listening) if listening else None)


class Leaving(uvicorn.Server):
    """A server that says that it leaves before it does: whoever asks ``/readyz`` sends nobody here any more (fault R23)."""

    def __init__(self, config: uvicorn.Config, app: InForce, drain: float) -> None:
        super().__init__(config)
        self._app, self._drain, self._told = app, drain, False
        self._reloads: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to listen, to callers and to the signal that asks for a reload."""
        await super().startup(sockets)
        if hasattr(signal, "SIGHUP"):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload)

    def _reload(self) -> None:
        task = asyncio.create_task(self._app.reload())
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Goes on serving for a moment after the first signal; ends at once on the second."""
        self._app.parts.standing.leaving = True
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
