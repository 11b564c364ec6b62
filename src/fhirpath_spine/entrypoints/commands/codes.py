"""Verbs about codes: ``codes expand`` and ``codes missing`` have files of their own, ``codes where`` looks up."""

from __future__ import annotations

from typing import Annotated

import typer

from fhirpath_spine.entrypoints.commands.expand import expand
from fhirpath_spine.entrypoints.commands.missing import missing
from fhirpath_spine.entrypoints.content import load_content
from fhirpath_spine.entrypoints.printing import Format, note, print_json
from fhirpath_spine.entrypoints.settings import load
from fhirpath_spine.errors import RequestError
from fhirpath_spine.exchange import Json
from fhirpath_spine.pathway.asking.reach import pathway_needs
from fhirpath_spine.pathway.facts.needs import Need
from fhirpath_spine.pathway.model import Library

app = typer.Typer(name="codes", help="Codes: what reads one, and a site's own expansions.", no_args_is_help=True)
app.command()(expand)
app.command()(missing)
Form = Annotated[Format, typer.Option("--format", help="human or json.")]


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
