"""Verbs about codes: ``codes expand`` asks a terminology server once and writes a file of the site, ``codes where`` looks up."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from fhirpath_spine import authoring
from fhirpath_spine.adapters.peer import Peer
from fhirpath_spine.adapters.terminology import expand as ask
from fhirpath_spine.authoring.profile.expansions import Expanded, text
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.entrypoints.content import load_content
from fhirpath_spine.entrypoints.printing import Format, failing, note, print_json
from fhirpath_spine.entrypoints.settings import load
from fhirpath_spine.errors import RequestError
from fhirpath_spine.exchange import Json
from fhirpath_spine.pathway.asking.reach import pathway_needs
from fhirpath_spine.pathway.facts.needs import Need
from fhirpath_spine.pathway.model import Library

app = typer.Typer(name="codes", help="Codes: what reads one, and a site's own expansions.", no_args_is_help=True)
Tx = Annotated[str, typer.Option("--tx", metavar="URL", help="Base of a FHIR R4 terminology server.")]
ValueSets = Annotated[
    list[str],
    typer.Option("--valueset", metavar="NAME=SPEC", help="A value set of the profiles, and a canonical URL or ECL."),
]
Out = Annotated[
    Path, typer.Option("--out", metavar="FILE", help="Where to write; beside site.yaml, which has to name it.")
]
Token = Annotated[str, typer.Option("--token", envvar="SPINE_SANDBOX_TOKEN", help="Bearer token, if the server asks.")]
Form = Annotated[Format, typer.Option("--format", help="human or json.")]


@app.command()
def expand(tx: Tx, valueset: ValueSets, out: Out, token: Token = "") -> None:
    """Write an expansion file: codes that a site adds to value sets of the profiles, listed by its terminology server.

    It is asked now, and never again: at load the file is read, and refused if it was changed.

    Exit: 0 written, 1 the server did not list the codes, 2 wrong use.
    """
    # Without the site: an expansion file of its own that is broken is what one writes anew.
    library = authoring.load(load().settings.profiles or authoring.profiles_directory())
    wanted = dict(_wanted(one, library) for one in valueset)
    if len(wanted) < len(valueset):
        raise RequestError("A value set is named twice.", hint="Name each once; an ECL can join several sources.")
    today = datetime.now(UTC).date().isoformat()
    found: dict[str, Expanded] = {}
    with failing(), closing(Peer(tx, token, timeout=120, what="terminology server")) as server:
        for name, source in wanted.items():
            rows = tuple(ask(server, source))
            found[name] = Expanded(source, server.base, today, rows)
            known = sum(library.value_sets[name].contains(system, code) for system, code, _ in rows)
            note(f"{name}: {len(rows)} codes, {len(rows) - known} of them new.")
    try:
        out.write_text(text(found), encoding="utf-8")
    except OSError as error:
        raise RequestError(f"--out: it cannot be written: {type(error).__name__}.", hint="Name another file.") from None
    note(f"Name it in site.yaml: expansions: [{out.name}]. Pathways that read these value sets have new digests.")
    typer.echo(out)


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


@app.command()
def where(code: Annotated[str, typer.Argument(help="CODE or SYSTEM|CODE.")], form: Form = Format.HUMAN) -> None:
    """Show what reads a code: value sets, needs, and the pathways that can read these needs.

    Exit: 0 something reads it, 1 nothing does, 2 wrong use.
    """
    content = load_content(load().settings)
    system, bar, bare = code.rpartition("|")
    if bar and not system:
        raise RequestError("The system before | is empty.", hint="Write CODE or SYSTEM|CODE.")
    found = _found(content.library, system, bare)
    if form is Format.JSON:
        print_json(found)
    elif found:
        from fhirpath_spine.entrypoints.show import show_table

        show_table(
            ("system", "value set", "needs", "pathways"),
            [(r["system"], r["valueSet"], ", ".join(r["needs"]), ", ".join(r["pathways"])) for r in found],
        )
    if not found:
        note("Nothing reads this code. A code map or an expansion of the site could add it.")
    raise typer.Exit(0 if found else 1)


def _found(library: Library, system: str, code: str) -> list[Json]:
    systems = {s for v in library.value_sets.values() for s, _ in v.members}
    systems |= {s for v in library.value_sets.values() for s in v.prefixes}
    out = []
    for one in sorted(systems) if not system else [system]:
        for name, value_set in sorted(library.value_sets.items()):
            if not value_set.contains(one, code):
                continue
            needs = sorted(n.name for n in library.needs.values() if _reads(n, one, code))
            by = [p.id for p in library.pathways if pathway_needs(library, p.id) & set(needs)]
            out.append({"system": one, "valueSet": name, "needs": needs, "pathways": by})
    return out


def _reads(need: Need, system: str, code: str) -> bool:
    """Whether a need looks at a code: as its own, as a place, a component, or an answer."""
    values = [v for v in (need.value, *need.components.values()) if v is not None]
    sets = [s for s in (need.codes, need.sites, *(v.component for v in values)) if s is not None]
    return any(s.contains(system, code) for s in sets) or any((system, code) in v.answers for v in values)
