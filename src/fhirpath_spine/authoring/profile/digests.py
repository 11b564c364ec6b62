"""The digests of the library and of each pathway, over just the content that each depends on: comments, layout and quotes of a
file do not count, order does.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.profile.compiler import value_sets_in
from fhirpath_spine.authoring.source.folder import SHARED
from fhirpath_spine.pathway.asking.reach import pathway_needs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fhirpath_spine.authoring.profile.files import Files
    from fhirpath_spine.authoring.source.nodes import Node
    from fhirpath_spine.fhirpath import ValueSet
    from fhirpath_spine.pathway.facts.needs import Need
    from fhirpath_spine.pathway.lesions.table import Lesions
    from fhirpath_spine.pathway.model import Library, Pathway


TERMINOLOGY = "terminology"
"""The folder that value sets are named by, as files are by theirs."""
SITE_WORDS = "words of the site"
"""What a site adds to the words counts for each pathway, as the words do."""


def with_digests(library: Library, files: Files) -> tuple[Library, dict[str, frozenset[str]]]:
    """The same library with its digests; and for each pathway the files and value sets that its digest is made of, by name."""
    lines = {name: canonical(content) for name, content in files.content.items()}
    folders = {str(form.id): folder for folder, form in files.pathways.items()}
    written: dict[int, str] = {}  # most value sets are read by most pathways
    pathways, counted = [], dict[str, frozenset[str]]()
    for pathway in library.pathways:
        mine = {name: line for name, line in lines.items() if _belongs(name, folders[pathway.id], files)}
        sets = _value_sets(library, pathway, " ".join(mine.values()))
        codes = [written.get(id(v)) or written.setdefault(id(v), value_set_line(v)) for v in sets]
        pathways.append(replace(pathway, digest=digest(mine, codes)))
        counted[pathway.id] = frozenset((*mine, *(f"{TERMINOLOGY}/{v.name}" for v in sets)))
    return replace(library, digest=digest(lines), pathways=tuple(pathways)), counted


def _belongs(name: str, folder: str, files: Files) -> bool:
    if name in (*SHARED, SITE_WORDS) or name.startswith(f"{folder}/"):
        return True
    used = files.pathways[folder].use
    module = next((m for m, (file, _) in files.catalogue.modules.items() if file == name), None)
    return module is not None and module in used


def _value_sets(library: Library, pathway: Pathway, text: str) -> list[ValueSet]:
    """Those of the needs that it reads, of lesions, and those that its expressions name."""
    found: dict[str, ValueSet] = {}
    for name in pathway_needs(library, pathway.id):
        found |= {v.name: v for v in _of_need(library.needs[name])}
    found |= {v.name: v for v in _of_lesions(library.lesions)}
    named = {n: library.value_sets[n] for n in value_sets_in(text) if n in library.value_sets}
    return list({**found, **named}.values())


def _of_need(need: Need) -> Iterator[ValueSet]:
    values = [v for v in (need.value, *need.components.values()) if v is not None]
    parts = (need.codes, need.sites, *(v.component for v in values))
    yield from (p for p in parts if p is not None)


def _of_lesions(lesions: Lesions) -> Iterator[ValueSet]:
    for kind in lesions.classes:
        for source in kind.sources:
            yield source.codes
            if source.site is not None:
                yield source.site
    for flag in lesions.flags:
        yield from (p for p in (flag.sites, flag.codes) if p is not None)
    yield from lesions.regions.values()
    for behaviour in lesions.behaviour.values():
        yield behaviour.benign
        yield behaviour.malignant


def canonical(content: Node | str) -> str:
    """One line that stands for the content of a file."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def value_set_line(value_set: ValueSet) -> str:
    """One line that stands for a value set: which codes it holds, whatever the order of its rows."""
    prefixes = sorted((system, code) for system, codes in value_set.prefixes.items() for code in codes)
    return json.dumps([value_set.name, sorted(value_set.members), prefixes], ensure_ascii=False)


def digest(files: Mapping[str, str], value_sets: Iterable[str] = ()) -> str:
    """SHA-256 over canonical files by relative name, and over the lines of value sets."""
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(f"{name}\n{files[name]}\n".encode())
    for line in sorted(value_sets):
        whole.update(f"{line}\n".encode())
    return whole.hexdigest()
