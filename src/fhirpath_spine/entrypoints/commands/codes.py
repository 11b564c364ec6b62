"""Verbs about codes: ``codes expand`` and ``codes missing`` have files of their own, ``codes where`` looks up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from fhirpath_spine.entrypoints.commands.expand import expand
from fhirpath_spine.entrypoints.commands.missing import missing
from fhirpath_spine.entrypoints.content import Content, load_content
from fhirpath_spine.entrypoints.printing import Format, note, print_json
from fhirpath_spine.entrypoints.settings import load
from fhirpath_spine.errors import RequestError
from fhirpath_spine.exchange import Json
from fhirpath_spine.pathway.asking.reach import pathway_needs
from fhirpath_spine.pathway.facts.needs import Coding, Need
from fhirpath_spine.pathway.model import Library

app = typer.Typer(name="codes", help="Codes: what reads one, and a site's own expansions.", no_args_is_help=True)
app.command()(expand)
app.command()(missing)
Form = Annotated[Format, typer.Option("--format", help="human or json.")]


SiteFile = Annotated[Path | None, typer.Option("--site", metavar="FILE", help="site.yaml; default: SPINE_SITE.")]


@app.command()
def where(
    code: Annotated[str, typer.Argument(help="CODE or SYSTEM|CODE, as a chart writes it.")],
    site: SiteFile = None,
    form: Form = Format.HUMAN,
) -> None:
    """Show what reads a code: value sets, needs, and the pathways that can read these needs.

    A code is looked up as a chart is read: however its system and it are spelt, and by what the site maps it to.

    Exit: 0 something reads it, 1 nothing does, 2 wrong use.
    """
    content = load_content(load(site=site).settings)
    system, bar, bare = code.rpartition("|")
    if bar and not system:
        raise RequestError("The system before | is empty.", hint="Write CODE or SYSTEM|CODE.")
    read = [one for named in _named(content, system, bare) for one in _readings(content, *named)]
    found = [row for one in dict.fromkeys(read) for row in _found(content.library, one)]
    if form is Format.JSON:
        print_json(found)
    elif found:
        from fhirpath_spine.entrypoints.show import show_table

        show_table(
            ("system", "value set", "needs", "pathways"),
            [(r["system"], r["valueSet"], ", ".join(r["needs"]), ", ".join(r["pathways"])) for r in found],
        )
        for line in dict.fromkeys(f"{code} is read as {r['readAs']}." for r in found if "readAs" in r):
            typer.echo(line)
    if not found:
        note("Nothing reads this code. A code map or an expansion of the site could add it.")
    raise typer.Exit(0 if found else 1)


class _Reading(NamedTuple):
    """A coding as it is read, and by what, where a chart writes it in another way."""

    system: str
    code: str
    by: str = ""


def _named(content: Content, system: str, code: str) -> list[Coding]:
    """The codings that are meant: of each system that knows the code, where none is named."""
    if system:
        return [(system, code)]
    sets = content.library.value_sets.values()
    systems = {s for v in sets for s, _ in v.members} | {s for v in sets for s in v.prefixes}
    return [(one, code) for one in sorted(systems | {s for s, c in content.site.code_map if c == code})]


def _readings(content: Content, system: str, code: str) -> Iterator[_Reading]:
    """What a chart's coding is read as."""
    own, *others = content.library.spelling.with_site(content.site.systems).codings((system, code))
    found = [_Reading(*own, by="" if own == (system, code) else "another spelling")]
    found += [_Reading(*one, by="a code of another system that says the same") for one in others]
    yield from found
    for one in found:
        target = content.site.code_map.get((one.system, one.code))
        if target is not None:
            yield _Reading(*target, by="code_map of the site")


def _found(library: Library, read: _Reading) -> Iterator[Json]:
    for name, value_set in sorted(library.value_sets.items()):
        if value_set.contains(read.system, read.code):
            needs = sorted(n.name for n in library.needs.values() if _reads(n, read.system, read.code))
            by = [p.id for p in library.pathways if pathway_needs(library, p.id) & set(needs)]
            otherwise = {"readAs": f"{read.system}|{read.code}: {read.by}"} if read.by else {}
            yield {"system": read.system, "valueSet": name, "needs": needs, "pathways": by, **otherwise}


def _reads(need: Need, system: str, code: str) -> bool:
    """Whether a need looks at a code: as its own, as a place, a component, or an answer."""
    values = [v for v in (need.value, *need.components.values()) if v is not None]
    sets = [s for s in (need.codes, need.sites, *(v.component for v in values)) if s is not None]
    return any(s.contains(system, code) for s in sets) or any((system, code) in v.answers for v in values)
