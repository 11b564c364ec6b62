"""Verbs that serve: ``serve`` and ``demo``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from fhirpath_spine.entrypoints.logs import start_logging
from fhirpath_spine.entrypoints.printing import note

Host = Annotated[str, typer.Option("--host", help="Address to listen on.")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535)]
logger = logging.getLogger("fhirpath_spine.serve")


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="Processes that share the port.")] = 1,
) -> None:
    """Serve CDS Hooks. Settings come from SPINE_* and fhirpath-spine.toml; see `config`.

    SIGHUP loads the content anew. Exit: 0 after SIGTERM, 1 the content cannot be used, 2 the settings do not allow a start.
    """
    start_logging()  # before what may fail: an import, too, fails as a line of the log
    from fhirpath_spine.entrypoints.http.process import bound, check_free, check_start
    from fhirpath_spine.entrypoints.http.serving import announce, in_force, run
    from fhirpath_spine.entrypoints.settings import load

    settings = load().settings
    _, content = check_start(settings)
    if workers > 1:
        from fhirpath_spine.entrypoints.http.workers import run_many

        with bound(host, port) as shared:
            announce(settings, host, port, logger.warning)
            run_many(settings, shared, workers)
        return
    check_free(host, port)
    app = in_force(settings, content)
    announce(settings, host, port, logger.warning)
    run(app, host, port)


def demo(
    once: Annotated[bool, typer.Option("--once", help="Print and end; do not serve.")] = False,
    at: Annotated[str, typer.Option("--at", help="Day to judge at; the patients' dates move with it.")] = "",
    patients: Annotated[Path | None, typer.Option("--patients", help="Folder of invented patients.")] = None,
    full: Annotated[bool, typer.Option("--full", help="The cards of each patient, as a clinician reads them.")] = False,
    host: Host = "127.0.0.1",
    port: Port = 8000,
) -> None:
    """Show what the service says about invented patients; then keep serving, with its clock at that day.

    Exit: 0 shown, 1 the content cannot be used, 2 wrong use.
    """
    from fhirpath_spine.entrypoints.commands.demo import show_all
    from fhirpath_spine.entrypoints.content import load_content, moment
    from fhirpath_spine.entrypoints.http.process import check_free
    from fhirpath_spine.entrypoints.http.serving import announce, in_force, run
    from fhirpath_spine.entrypoints.patients import WRITTEN_FOR, patients_directory
    from fhirpath_spine.entrypoints.settings import load

    if not once:
        check_free(host, port)
    first = load(mode="dev", clock=None).settings
    content = load_content(first)
    when = moment(at or WRITTEN_FOR.isoformat(), content.site)
    folder = patients or patients_directory()
    show_all(content, folder, when, full=full)
    if not once:
        settings = load(mode="dev", clock=when).settings
        app = in_force(settings, content, folder)
        announce(settings, host, port, note)
        run(app, host, port)
