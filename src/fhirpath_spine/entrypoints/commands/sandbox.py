"""Verbs of the sandbox: ``sandbox load`` and ``sandbox clear`` fill a FHIR server with invented patients and empty it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from fhirpath_spine.adapters.peer import Peer
from fhirpath_spine.adapters.sandbox import SECONDS, Sandbox
from fhirpath_spine.entrypoints.patients import INDEX, WRITTEN_FOR, invented, patients_directory
from fhirpath_spine.entrypoints.printing import failing
from fhirpath_spine.entrypoints.show import talk
from fhirpath_spine.errors import RequestError
from fhirpath_spine.exchange.ehr_side.seeding import Seed, seed
from fhirpath_spine.exchange.ehr_side.shift import shift_dates
from fhirpath_spine.exchange.incoming.parsing import parse

app = typer.Typer(
    name="sandbox", help="Fill a FHIR server with invented patients, and empty it again.", no_args_is_help=True
)
Fhir = Annotated[
    str,
    typer.Option(
        "--fhir", metavar="URL", envvar="SPINE_SANDBOX_URL", help="Base of a FHIR R4 server; see also `make hapi`."
    ),
]
Token = Annotated[
    str,
    typer.Option("--token", envvar="SPINE_SANDBOX_TOKEN", show_envvar=True, help="Bearer token, if the server asks."),
]
Paths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[DIR|FILES]", help="Bundles, one patient each; default: sandbox/patients of a checkout."),
]
At = Annotated[str, typer.Option("--at", help="Day that the charts are moved to; default: yesterday.")]


@app.command()
def load(fhir: Fhir, paths: Paths = None, token: Token = "", at: At = "") -> None:
    """Load invented patients. Doing it again changes nothing: ids are fixed, and begin with spine-demo- or spine-case-.

    Dates are moved so that each chart is as old at --at as it was written to be. The default is yesterday, so that
    nothing lies in the future in any time zone.

    Exit: 0 loaded, 1 the server did not take it, 2 wrong use.
    """
    day = _day(at)
    files = _files(paths or [patients_directory()])
    seeds = [(path, _seed(path, (day - WRITTEN_FOR).days)) for path in files]
    server = Sandbox(Peer(fhir, token, SECONDS))
    out = talk()
    with failing(), closing(server.peer):
        out.print(f"{server.peer.base}: {escape(server.check())}")
        with _bar() as bar:
            task = bar.add_task("loading", total=len(seeds))
            for path, one in seeds:
                bar.update(task, description=path.stem)
                server.load(one.transaction)
                bar.advance(task)
            bar.update(task, description="loaded")
    total = sum(len(one.transaction["entry"]) for _, one in seeds)
    out.print(f"{len(seeds)} patients with {total} resources, dated for {day.isoformat()}.")
    if left_out := sum(one.left_out for _, one in seeds):
        out.print(
            f"{left_out} OperationOutcome left out: no server keeps one, so nothing of these charts is unreadable."
        )
    for _, one in seeds:
        typer.echo(one.patient)


@app.command()
def clear(fhir: Fhir, token: Token = "") -> None:
    """Remove what `sandbox load` made, and nothing else: resources that bear its tag and its prefix.

    Exit: 0 nothing of it is left, 1 the server did not do it, 2 wrong use.
    """
    server = Sandbox(Peer(fhir, token, SECONDS))
    out = talk()
    gone = 0
    with failing(), closing(server.peer):
        out.print(f"{server.peer.base}: {escape(server.check())}")
        with _bar() as bar:
            task = bar.add_task("clearing", total=server.count())
            for some in server.clear():
                gone += some
                bar.advance(task, some)
            bar.update(task, description="cleared", total=gone)
    out.print(f"{gone} resources removed.")


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=talk())


def _day(text: str) -> date:
    if not text:
        return datetime.now(UTC).date() - timedelta(days=1)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RequestError("--at is no date.", hint="Write a day like 2026-06-15.") from None


def _files(paths: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            indexed = (path / INDEX).is_file()
            listed = [p.path for p in invented(path) if p.loadable] if indexed else sorted(path.glob("*.json"))
            found += listed
        else:
            found.append(path)
    if not found:
        raise RequestError("There is no Bundle to load.", hint="Name JSON files, or a folder that holds some.")
    return found


def _seed(path: Path, days: int) -> Seed:
    try:
        body = path.read_bytes()
    except OSError as error:
        raise RequestError(
            f"{path.name} cannot be read: {type(error).__name__}.", hint="Name JSON files, or a folder of them."
        ) from None
    try:
        return seed(shift_dates(parse(body), days))
    except RequestError as error:
        raise RequestError(f"{path.name}: {error.message}", hint=error.hint) from None
