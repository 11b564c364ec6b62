"""``codes expand``: writes a file of the site once, from what a terminology server lists, or from the deployer's own list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from fhirpath_spine import authoring
from fhirpath_spine.adapters.peer import Peer
from fhirpath_spine.adapters.terminology import expand as ask
from fhirpath_spine.authoring.profile.displays import OTHER, Displays, load_displays
from fhirpath_spine.authoring.profile.expansion_tables import Classified, table
from fhirpath_spine.authoring.profile.expansions import Expanded, text
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.entrypoints.commands.watching import progress
from fhirpath_spine.entrypoints.kept import cache, compiled_here
from fhirpath_spine.entrypoints.printing import failing, note
from fhirpath_spine.entrypoints.settings import load
from fhirpath_spine.errors import RequestError
from fhirpath_spine.exchange.ehr_side import listing
from fhirpath_spine.exchange.ehr_side.expanding import TUMOURS, Row
from fhirpath_spine.pathway.model import Library

Out = Annotated[
    Path, typer.Option("--out", metavar="FILE", help="Where to write; beside site.yaml, which has to name it.")
]
Tx = Annotated[str, typer.Option("--tx", metavar="URL", help="Base of a FHIR R4 terminology server.")]
ValueSets = Annotated[
    list[str] | None,
    typer.Option("--valueset", metavar="NAME=SPEC", help="A value set of the profiles, and a canonical URL or ECL."),
]
Tumours = Annotated[
    str, typer.Option("--tumours", metavar="SPEC", help="Canonical URL or ECL of tumours, to be classified by display.")
]
Listed = Annotated[
    Path | None,
    typer.Option("--list", metavar="FILE", help="Your own SNOMED CT list to classify: CSV, TSV, or RF2 descriptions."),
]
AllTumours = Annotated[bool, typer.Option("--all-tumours", help="Every code of the list is a tumour.")]
Token = Annotated[str, typer.Option("--token", envvar="SPINE_SANDBOX_TOKEN", help="Bearer token, if the server asks.")]
ENTRIES = 2_000_000
"""Most lines of a list: a whole release has about one and a half million descriptions."""


def expand(
    out: Out,
    tx: Tx = "",
    valueset: ValueSets = None,
    tumours: Tumours = "",
    listed: Listed = None,
    all_tumours: AllTumours = False,
    token: Token = "",
) -> None:
    """Write an expansion file: codes that a site adds to value sets of the profiles.

    With --valueset they are what a terminology server lists; with --tumours or --list the displays of SNOMED CT say by their
    words which value sets take a code. It is asked now, and never again: a file that was changed is refused at load.

    Exit: 0 written, 1 the server did not list the codes, 2 wrong use.
    """
    if sum(map(bool, (valueset, tumours, listed))) != 1:
        raise RequestError("One of --valueset, --tumours and --list is needed.", hint="Write a file for each.")
    if not tx and not listed:
        raise RequestError("--tx is missing.", hint="Name the base of a terminology server.")
    if (out.suffix == ".csv") == bool(valueset):
        kind = "value sets are written as YAML" if valueset else "classified codes are written as a table"
        raise RequestError(f"--out: {kind}.", hint="Name a file that ends in .yaml or .csv accordingly.")
    # Without the site: an expansion file of its own that is broken is what one writes anew.
    settings = load().settings
    profiles = settings.profiles or authoring.profiles_directory()
    library = compiled_here(profiles, None, cache(settings.cache)).library
    today = datetime.now(UTC).date().isoformat()
    if valueset:
        written = _value_sets(valueset, library, tx, token, today)
    else:
        rules = load_displays(profiles)
        source, server, rows = _rows(listed, tumours, tx, token)
        written = _classified(rows, rules, library, (source, server, today), tumours=all_tumours or not listed)
    try:
        out.write_text(written, encoding="utf-8")
    except OSError as error:
        raise RequestError(f"--out: it cannot be written: {type(error).__name__}.", hint="Name another file.") from None
    note(f"Name it in site.yaml: expansions: [{out.name}]. Pathways that read these value sets have new digests.")
    typer.echo(out)


def _value_sets(specs: list[str], library: Library, tx: str, token: str, today: str) -> str:
    wanted = dict(_wanted(one, library) for one in specs)
    if len(wanted) < len(specs):
        raise RequestError("A value set is named twice.", hint="Name each once; an ECL can join several sources.")
    found: dict[str, Expanded] = {}
    with failing(), closing(Peer(tx, token, timeout=120, what="terminology server")) as server:
        for name, source in wanted.items():
            with progress(name) as told:
                rows = tuple(ask(server, source, told=told))
            found[name] = Expanded(source, server.base, today, rows)
            known = sum(library.value_sets[name].contains(system, code) for system, code, _ in rows)
            note(f"{name}: {len(rows)} codes, {len(rows) - known} of them new.")
    return text(found)


def _wanted(given: str, library: Library) -> tuple[str, str]:
    name, sign, source = given.partition("=")
    if not sign or not source.strip():
        raise RequestError("--valueset wants NAME=SPEC.", hint="For example drug=https://tx.example.org/ValueSet/drug.")
    if name not in library.value_sets:
        raise RequestError(
            f"No value set is called '{name}'.",
            hint=did_you_mean(name, library.value_sets) or "`fhirpath-spine codes where CODE` names some.",
        )
    return name, source.strip()


def _rows(listed: Path | None, tumours: str, tx: str, token: str) -> tuple[str, str, Iterable[Row]]:
    """Where the codes come from, in words, and the codes."""
    if listed is not None:
        return listed.name, "a list of the site", _lines(listed)
    with failing(), closing(Peer(tx, token, timeout=120, what="terminology server")) as server:
        with progress("asked") as told:
            rows = ask(server, tumours, TUMOURS, told)
        return tumours, server.base, rows


def _lines(path: Path) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield from listing.rows(lines)
    except OSError as error:
        raise RequestError(f"--list: it cannot be read: {type(error).__name__}.", hint="Check the name.") from None
    except UnicodeDecodeError:
        raise RequestError("--list: it is not UTF-8.", hint="Save it as UTF-8.") from None


def _classified(
    rows: Iterable[Row], rules: Displays, library: Library, origin: tuple[str, str, str], *, tumours: bool
) -> str:
    """The table of those codes that a value set takes, and in words what became of all of them."""
    counted: Counter[str] = Counter()
    kept: dict[tuple[str, str], Classified] = {}
    with progress("classified") as told:
        for number, (system, code, display) in enumerate(rows, start=1):
            if number > ENTRIES:
                raise RequestError(f"The list has more than {ENTRIES} lines.", hint="Take a part of it.")
            named = rules.read(display, tumours=tumours)
            counted[named.name] += 1
            if named.to:
                kept.setdefault((system, code), Classified(named.to, system, code, display, named.name, named.organ))
            told(number, 0)
    for name, count in sorted(counted.items()):
        note(f"{name}: {count} codes" + (", no tumours by their words." if name == OTHER else "."))
    known = sum(any(library.value_sets[s].contains(*key) for s in one.value_sets) for key, one in kept.items())
    note(f"Written: {len(kept)} codes, {len(kept) - known} of them new.")
    if not kept:
        raise RequestError("No display of the list names a cancer.", hint="Are the columns code and display?")
    return table((kept[key] for key in sorted(kept)), *origin)
