"""What tells what an entry of a chart is about, by a library and a site: made once for all that agree on it, and kept."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from fhirpath_spine.pathway.facts.matters import Matters
from fhirpath_spine.pathway.facts.needs import Matcher
from fhirpath_spine.pathway.facts.words import for_site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhirpath_spine.pathway.facts.needs import Coding
    from fhirpath_spine.pathway.facts.words import Lists
    from fhirpath_spine.pathway.model import Library, Site

RECOGNISED = {"chapter": "neoplasm-chapter", "neoplasms": "neoplasm-any-known", "medications": "medication-any-known"}
"""Value sets that tell a known entry from one that no table knows (rulings 2.2)."""


def matters_of(library: Library, site: Site) -> Matters:
    """The tables of a library as a site reads them. Libraries that share their tables, and sites that say the same of them, share
    what is made, so that a thousand cases, or a thousand libraries with another limit, cost it once.
    """
    return _matters(_Tables(library, _Said(site.code_map, site.systems, site.languages, site.words)))


class _Said(NamedTuple):
    """What a site says of codes and words."""

    code_map: Mapping[Coding, Coding]
    systems: Mapping[str, str]
    languages: tuple[str, ...]
    words: Lists


class _Tables(NamedTuple):
    """Library and site as a key: the very same tables, and equal words of the site."""

    library: Library
    said: _Said

    def parts(self) -> tuple[int, ...]:
        """The tables of the library, each as itself."""
        one = self.library
        return tuple(map(id, (one.needs, one.value_sets, one.spelling, one.recognition, one.words, one.signs)))

    def __hash__(self) -> int:
        return hash(self.parts())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Tables) and self.parts() == other.parts() and self.said == other.said


@lru_cache(maxsize=8)
def _matters(tables: _Tables) -> Matters:
    library, said = tables
    return Matters(
        Matcher(library.needs),
        said.code_map,
        {role: library.value_sets.get(name) for role, name in RECOGNISED.items()},
        library.spelling.with_site(said.systems),
        library.recognition,
        for_site(library.words, said.languages, said.words),
        library.signs,
    )
