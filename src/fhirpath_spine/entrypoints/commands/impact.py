"""The verb ``impact``: two states of the profiles beside each other, in the words of the files and over patients."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from fhirpath_spine import authoring
from fhirpath_spine.authoring.comparing.patients import Patient, Sealed, patients_of_cases
from fhirpath_spine.authoring.comparing.sets import Side, side
from fhirpath_spine.authoring.comparing.sources import kept_sources
from fhirpath_spine.authoring.comparing.structure import differences
from fhirpath_spine.authoring.comparing.turning import Criterion, LeftOut, Turn, turns
from fhirpath_spine.authoring.comparing.versions import unbumped
from fhirpath_spine.authoring.comparing.weighing import in_order, is_seen
from fhirpath_spine.entrypoints.commands.impacting import ImpactFormat, Told, written
from fhirpath_spine.entrypoints.content import moment
from fhirpath_spine.entrypoints.patients import INDEX, WRITTEN_FOR, invented, patients_directory
from fhirpath_spine.entrypoints.printing import note
from fhirpath_spine.entrypoints.settings import load
from fhirpath_spine.errors import SettingsError
from fhirpath_spine.exchange.incoming.bundles import read_bundle
from fhirpath_spine.exchange.incoming.parsing import parse
from fhirpath_spine.pathway.model import Site

SET = "A folder of profiles, or a git revision such as HEAD or main."
Old = Annotated[str, typer.Argument(metavar="OLD", help=SET)]
New = Annotated[str, typer.Argument(metavar="NEW", help=SET)]
Whom = Annotated[
    Path | None,
    typer.Argument(
        metavar="[PATIENTS]",
        help="A folder of Bundles, NDJSON of a Bundle each, or an export; default: the cases and the sandbox patients.",
    ),
]
At = Annotated[str, typer.Option("--at", help="Day that PATIENTS are judged at; default: today.")]
SiteFile = Annotated[Path | None, typer.Option("--site", help="site.yaml; default: SPINE_SITE.")]
Form = Annotated[ImpactFormat, typer.Option("--format", help="human, json, or markdown for a pull request.")]


def impact(
    old: Old,
    new: New,
    patients: Whom = None,
    at: At = "",
    site: SiteFile = None,
    form: Form = ImpactFormat.HUMAN,
) -> None:
    """Say what an edit of the profiles changes: in the files, and for which patients and why.

    Exit: 0 compared, 1 a pathway means something else under the same version, 2 OLD or NEW does not load, or wrong use.
    """
    settings = load(site=site).settings
    profiles = settings.profiles or authoring.profiles_directory()
    with ExitStack() as held:
        sides = [held.enter_context(side(named, profiles, settings.site)) for named in (old, new)]
        if any(s.checked.library is None for s in sides):
            _refuse(sides)
        one, other = sides
        whom = None if patients is not None and _is_export(patients) else _patients(other, patients, at)
        found = list(_over_export(one, other, patients, at)) if whom is None else list(_over(one, other, whom))
        for kept in kept_sources(one.checked, other.checked):
            note(str(kept).replace(other.folder.as_posix(), new, 1))
        for left in (turn for turn in found if isinstance(turn, LeftOut)):
            note(f"{left.patient} is left out: {left.why}")
        turned = [turn for turn in found if isinstance(turn, Turn)]
        seen = in_order(turn for turn in turned if is_seen(turn))
        told = Told(
            old,
            new,
            tuple(differences(one.checked.written, other.checked.written)),
            tuple(seen),
            None if whom is None else len(whom) - (len(found) - len(turned)),
            tuple(str(d).replace(other.folder.as_posix(), new, 1) for d in unbumped(one.checked, other.checked)),
            len(turned) - len(seen),
        )
    typer.echo(written(told, form))
    raise typer.Exit(1 if told.unbumped else 0)


def _refuse(sides: Sequence[Side]) -> None:
    for one in sides:
        for error in one.errors:
            note(str(error))
    names = " and ".join(s.named for s in sides if s.checked.library is None)
    note(f"{names}: cannot be loaded. Nothing was compared.", bad=True)
    raise typer.Exit(2)


def _over(one: Side, other: Side, whom: Sequence[Patient | Sealed]) -> Iterator[Turn | LeftOut]:
    old, new = one.checked.library, other.checked.library
    if old is None or new is None:
        return iter(())
    return turns(old, new, whom, processes=len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1)


# ---------------------------------------------------------------------- of whom


def _patients(new: Side, named: Path | None, at: str) -> list[Patient | Sealed]:
    site = new.checked.written.site
    if named is not None:
        when = moment(at or datetime.now(UTC).date().isoformat(), site)
        return list(_bundles(named, when, site))
    cases, untold = patients_of_cases(new.folder, new.checked)
    found: list[Patient | Sealed] = [*cases]
    if untold:
        note(f"{untold} cases of {new.named} cannot be told; see `fhirpath-spine test`.")
    folder = patients_directory()
    if not (folder / INDEX).is_file():
        return found
    when = datetime.combine(WRITTEN_FOR, time(23, 59, 59), UTC)
    for one in invented(folder):
        found.append(_sealed(one.path.name, one.path.read_bytes(), when, site))
    return found


def _bundles(named: Path, when: datetime, site: Site) -> Iterator[Sealed]:
    """The patients of a folder of Bundles, or of a file with one on each line."""
    try:
        files = sorted(p for p in named.rglob("*.json")) if named.is_dir() else [named]
        for path in files:
            if path.suffix == ".ndjson":
                for number, line in enumerate(path.read_bytes().splitlines(), start=1):
                    if line.strip():
                        yield _sealed(f"{path.name}:{number}", line, when, site)
            else:
                yield _sealed(path.name, path.read_bytes(), when, site)
    except OSError as error:
        raise SettingsError(f"The patients cannot be read: {type(error).__name__}.", hint="Name Bundles.") from None
    if not files:
        raise SettingsError("There are no Bundles in this folder.", hint="Name a folder of *.json or *.ndjson.")


def _sealed(name: str, body: bytes, when: datetime, site: Site) -> Sealed:
    return Sealed(name, lambda: Patient(name, read_bundle(parse(body), not_read=()), when, site))


# ---------------------------------------------------------------------- over an export


def _is_export(named: Path) -> bool:
    """Whether lines of resources are meant: a folder with NDJSON, or a file of it whose first line is no Bundle."""
    files = sorted(named.glob("*.ndjson*")) if named.is_dir() else [named]
    if not files or ".ndjson" not in files[0].name:
        return False
    return files[0].suffix == ".gz" or b'"Bundle"' not in files[0].read_bytes()[:2_000].splitlines()[:1][0]


def _over_export(one: Side, other: Side, named: Path | None, at: str) -> Iterator[Turn]:
    """As :func:`turns`, over a Bulk Data export, by the engine for populations."""
    from fhirpath_spine.entrypoints.commands.population import _needs

    _needs("pyarrow", "population")
    import pyarrow.parquet as pq

    from fhirpath_spine.population.engines.job import Content, Job
    from fhirpath_spine.population.engines.local import judge_locally
    from fhirpath_spine.population.exports.export import find_export
    from fhirpath_spine.population.impact import impact as compare

    export = find_export(named or Path())
    with TemporaryDirectory(prefix="impact-") as made:
        out, jobs = Path(made), []
        for name, of in (("before", one), ("after", other)):
            library, written_ = of.checked.library, of.checked.written
            if library is None:
                return
            criteria = tuple(e.expression for e in written_.expressions if e.criterion)
            when = moment(at or datetime.now(UTC).date().isoformat(), written_.site)
            jobs.append(Job(export, Content(library, written_.site, criteria, ""), when, out / name))
        done = compare(jobs[0], jobs[1], lambda job: judge_locally(job, 2), out)
        for row in pq.read_table(done.changes).to_pylist():
            criteria_ = tuple(Criterion(**c) for c in row["criteria"] or ())
            yield Turn(
                row["patient"],
                row["pathway"],
                row["lesion"],
                row["id"],
                row["before"] or "absent",
                row["after"] or "absent",
                criteria_,
            )
