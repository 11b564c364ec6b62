"""``codes missing``: which codes a site's charts send and no table reads, as the file that ``code_map`` takes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated

import orjson
import typer

from fhirpath_spine.adapters.peer import Peer
from fhirpath_spine.entrypoints.commands.watching import progress
from fhirpath_spine.entrypoints.content import load_content
from fhirpath_spine.entrypoints.printing import failing, note
from fhirpath_spine.entrypoints.settings import load
from fhirpath_spine.errors import RequestError, ServerError
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.ehr_side.missing import MOST, Missing, table

Fhir = Annotated[str, typer.Option("--fhir", metavar="URL", help="Base of a FHIR R4 server; it is read, type by type.")]
Ndjson = Annotated[
    Path | None, typer.Option("--ndjson", metavar="DIR", help="Folder of *.ndjson files, as a bulk export writes them.")
]
Token = Annotated[
    str, typer.Option("--token", envvar="SPINE_SANDBOX_TOKEN", show_envvar=True, help="Token of the FHIR server.")
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where to write; default: stdout.")]
WithText = Annotated[
    bool, typer.Option("--with-text", help="Displays, and answers written as text. They may hold a name.")
]
PAGE, PAGES = 500, 100_000
LINE = 16 << 20
"""Longest line of an NDJSON file, in bytes."""


def missing(
    fhir: Fhir = "", ndjson: Ndjson = None, token: Token = "", out: Out = None, with_text: WithText = False
) -> None:
    """List the codes that charts send and no table reads, the most frequent first, as a CSV that `code_map` takes back.

    Fill in `to`, `claim` and `when` where a code means one of ours, and name the file under code_map in site.yaml.

    Exit: 0 listed, 1 the server could not be read, 2 wrong use.
    """
    if bool(fhir) == bool(ndjson):
        raise RequestError(
            "Either --fhir or --ndjson is needed.", hint="Name a FHIR base, or a folder of NDJSON files."
        )
    content = load_content(load().settings)
    counted = Missing(content.library, content.site)
    if ndjson is not None:
        _read_files(ndjson, counted)
    else:
        with failing(), closing(Peer(fhir, token, timeout=120)) as server:
            _read_server(server, counted)
    gaps = list(counted.gaps())
    _write(table(gaps, with_text=with_text), out)
    note(f"{counted.read} resources, {len(gaps)} codes and answers that no table reads.")
    if counted.uncoded:
        note(f"{counted.uncoded} resources have no code at all.")
    if counted.further:
        note(f"More than {MOST} different codes: {counted.further} further mentions are left out.")
    if hidden := sum(gap.is_text for gap in gaps) * (not with_text):
        note(f"{hidden} answers written as text are left out; --with-text lists them, to be bound to answers.")


def _write(text: str, out: Path | None) -> None:
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RequestError(f"--out: it cannot be written: {type(error).__name__}.", hint="Name another file.") from None
    typer.echo(out)


def _read_files(folder: Path, counted: Missing) -> None:
    files = sorted(folder.glob("*.ndjson")) if folder.is_dir() else []
    if not files:
        raise RequestError("--ndjson: no *.ndjson file lies there.", hint="Name the folder of a bulk export.")
    for path in files:
        with progress(path.name) as told:
            for number, resource in enumerate(_lines(path), start=1):
                counted.take(resource)
                told(number, 0)


def _lines(path: Path) -> Iterator[Json]:
    number = 0
    try:
        with path.open("rb") as lines:
            while line := lines.readline(LINE + 1):
                number += 1
                if len(line) > LINE:
                    raise _unreadable(path, number, f"is longer than {LINE >> 20} MiB")
                if line.strip():
                    yield _resource(line, path, number)
    except OSError as error:
        raise RequestError(f"{path.name} cannot be read: {type(error).__name__}.", hint="Check the file.") from None


def _resource(line: bytes, path: Path, number: int) -> Json:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise _unreadable(path, number, "is no JSON") from None
    if not isinstance(found, dict):
        raise _unreadable(path, number, "is no JSON object")
    return found


def _unreadable(path: Path, number: int, what: str) -> RequestError:
    return RequestError(f"Line {number} of {path.name} {what}.", hint="An NDJSON file holds one resource on each line.")


def _read_server(server: Peer, counted: Missing) -> None:
    """Reads each type to its end. A type that the server does not list as a whole is named, and the others are read."""
    refused = []
    for kind in counted.types:
        first = server.get(kind, {"_count": str(PAGE)})
        if not first.ok:
            refused.append(kind)
            note(f"{kind}: the server answers HTTP {first.status}, so its codes are not listed.")
            continue
        with progress(kind) as told:
            for page in server.pages(first, PAGES):
                _take(page.json(), counted, told)
    if len(refused) == len(counted.types):
        raise ServerError(
            "The server lists no type as a whole.",
            hint="Its token may be of one patient: use a bulk export, and --ndjson.",
        )


def _take(page: Json, counted: Missing, told: Callable[[int, int], None]) -> None:
    entries = page.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            counted.take(resource)
    total = page.get("total")
    told(counted.read, total if isinstance(total, int) else 0)
