"""Verbs over a whole population: ``population judge`` and ``population report``.

What they need of an extra is imported when it is used, so that the other verbs start without it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from fhirpath_spine.authoring import profiles_directory
from fhirpath_spine.entrypoints.content import moment, read_key
from fhirpath_spine.entrypoints.kept import cache, compiled_here
from fhirpath_spine.entrypoints.printing import Format, note, print_json
from fhirpath_spine.entrypoints.settings import load
from fhirpath_spine.errors import SettingsError
from fhirpath_spine.exchange import Json

app = typer.Typer(
    name="population", help="Judge the patients of a Bulk Data export, and report on them.", no_args_is_help=True
)


@app.callback()
def population() -> None:
    """Judge the patients of a Bulk Data export, and report on them."""


class Engine(StrEnum):
    """Where the work is done; the rows are the same."""

    LOCAL = "local"
    SPARK = "spark"


ExportPath = Annotated[
    str, typer.Argument(metavar="EXPORT", help="A manifest, a folder of .ndjson and .ndjson.gz, or one such file.")
]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the tables and of run.json.")]
At = Annotated[str, typer.Option("--at", help="Day (its end in the site's zone) or instant; default: today.")]
SiteFile = Annotated[Path | None, typer.Option("--site", help="site.yaml; default: SPINE_SITE.")]
Profiles = Annotated[
    Path | None, typer.Option("--profiles", metavar="FOLDER", help="What is judged with; default: SPINE_PROFILES.")
]
EngineName = Annotated[Engine, typer.Option("--engine", help="local, or spark (fhirpath-spine[spark]).")]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Processes; default: one for each core.")]
KeyFile = Annotated[
    Path | None,
    typer.Option("--pseudonyms", metavar="KEYFILE", help="Name patients by HMAC with the key in this file."),
]
Master = Annotated[str, typer.Option("--master", help="Spark master; default: what spark-submit says, else local[*].")]
Form = Annotated[Format, typer.Option("--format", help="human or json.")]


@app.command()
def judge(
    export: ExportPath,
    out: Out,
    at: At = "",
    site: SiteFile = None,
    profiles: Profiles = None,
    engine: EngineName = Engine.LOCAL,
    workers: Workers = None,
    pseudonyms: KeyFile = None,
    master: Master = "",
    form: Form = Format.HUMAN,
) -> None:
    """Judge every patient of an export, into Parquet. The same command goes on after it was stopped.

    Exit: 0 judged, 1 there is no patient, or one was refused or a resource is nobody's, 2 wrong use or it cannot go on.
    """
    _needs("pyarrow", "population")
    from fhirpath_spine.population.engines.job import Content, Job, mark_of
    from fhirpath_spine.population.engines.local import judge_locally, under_way
    from fhirpath_spine.population.exports.export import find_export
    from fhirpath_spine.population.tables.pseudonyms import Pseudonyms

    settings = load(site=site, profiles=profiles).settings
    found = compiled_here(settings.profiles or profiles_directory(), settings.site, cache(settings.cache))
    content = Content(found.library, found.site, found.criteria, mark_of(settings.site))
    key = read_key(pseudonyms, "--pseudonyms") if pseudonyms else b""
    when = moment(at or datetime.now(UTC).date().isoformat(), found.site)
    if not at and engine is Engine.LOCAL:
        when = under_way(out) or when
    if engine is Engine.SPARK:
        _needs("pyspark", "spark")
        from fhirpath_spine.population.engines.spark import judge_on_spark

        value = judge_on_spark(export, content, when, str(out), Pseudonyms(key), master)
    else:
        job = Job(find_export(Path(export)), content, when, out, Pseudonyms(key))
        with _bar() as watch:
            value = judge_locally(job, workers or os.cpu_count() or 1, watch)
    _say(value, out, form)
    raise typer.Exit(1 if value["rows"]["refusals"] or value["export"]["errors"] or not value["patients"] else 0)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a finished run.")],
    compare: Annotated[
        Path | None, typer.Option("--compare", metavar="DIR2", help="An earlier run: what changed since.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The page; default: DIR/report.html.")
    ] = None,
    who: Annotated[
        bool,
        typer.Option("--who", help="A CSV more: by id, who has an open gate, waits for a datum or was not judged."),
    ] = False,
) -> None:
    """Write what a run found as one page without network, as CSV beside it, and as FHIR MeasureReports.

    Exit: 0 written, 2 wrong use.
    """
    _needs("pyarrow", "population")
    from fhirpath_spine.population.report.writing import write_report

    try:
        for path in write_report(folder, out or folder / "report.html", compare, named=who):
            typer.echo(str(path))
    except OSError as error:
        raise SettingsError(
            f"The report cannot be written: {type(error).__name__}.", hint="Name another --out."
        ) from None


def _needs(package: str, extra: str) -> None:
    """Refuses a verb whose extra is not installed.

    Raises:
        SettingsError: it is not.

    """
    try:
        import_module(package)
    except ModuleNotFoundError:
        raise SettingsError(
            f"This needs {package}, which is not installed.", hint=f"Install fhirpath-spine[{extra}]."
        ) from None


@contextmanager
def _bar() -> Iterator[Any]:
    """A progress bar that is drawn by hand: the engine forks, and a thread that draws would be forked with it."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from fhirpath_spine.entrypoints.show import talk

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f}%"))
    rate = TextColumn("{task.fields[rate]}")
    bar = Progress(*columns, rate, TimeRemainingColumn(), console=talk(), auto_refresh=False)
    stages: dict[str, Any] = {}
    drawn = 0.0

    def watch(stage: str, done: int, total: int) -> None:
        nonlocal drawn
        if stage not in stages:
            stages[stage] = bar.add_task(stage, total=total, completed=done, rate="")
        # A rate is the sum of all that was told of late, so the bar is told only what it draws.
        if time.monotonic() - drawn > 0.2 or done >= total:
            drawn = time.monotonic()
            bar.update(stages[stage], completed=done)
            bar.update(stages[stage], rate=_rate(stage, bar.tasks[stages[stage]].speed or 0.0))
            bar.refresh()

    with bar:
        yield watch


def _rate(stage: str, speed: float) -> str:
    return f"{speed / 1e6:.0f} MB/s" if stage == "split" else f"{speed:,.0f} resources/s"


def _say(value: Json, out: Path, form: Format) -> None:
    if form is Format.JSON:
        print_json(value)
        return
    patients = ", ".join(f"{number:,} {outcome}" for outcome, number in value["patients"].items()) or "none"
    typer.echo(f"{out}: patients: {patients}; judged at {value['at']} with library {value['library'][:12]}")
    typer.echo("rows: " + ", ".join(f"{name} {number:,}" for name, number in value["rows"].items()))
    if not value["patients"]:
        note("The export holds no patient: nobody was judged.", bad=True)
    for code, kind, number in value["lines"]["nobody"]:
        note(f"{code}: {number:,} {kind or 'lines of no type'}; any patient may lack them", bad=True)
    if value["export"]["errors"]:
        note(f"The manifest lists {value['export']['errors']} error files: the export is not whole.", bad=True)
