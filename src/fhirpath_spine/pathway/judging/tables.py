"""What tells what an entry of a chart is about, by a library and a site: made once for all that agree on it, and kept."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from fhirpath_spine.pathway.facts.matters import Matters
from fhirpath_spine.pathway.facts.needs import Matcher
from fhirpath_spine.pathway.facts.words import for_site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhirpath_spine.fhirpath import ValueSet
    from fhirpath_spine.pathway.facts.needs import Coding, Need
    from fhirpath_spine.pathway.facts.recognising import Recognition
    from fhirpath_spine.pathway.facts.signs import Signs
    from fhirpath_spine.pathway.facts.spelling import Spelling
    from fhirpath_spine.pathway.facts.words import Lists
    from fhirpath_spine.pathway.model import Library, Site

RECOGNISED = {"chapter": "neoplasm-chapter", "neoplasms": "neoplasm-any-known", "medications": "medication-any-known"}
"""Value sets that tell a known entry from one that no table knows (rulings 2.2)."""


def matters_of(library: Library, site: Site) -> Matters:
    """The tables of a library as a site reads them. Libraries that share their tables, and sites that say the same of them, share
    what is made, so that a thousand cases, or a thousand libraries with another limit, cost it once.
    """
    parts = library.needs, library.value_sets, library.spelling, library.recognition, library.words, library.signs
    return _matters(_Tables(*parts, _Said(site.code_map, site.systems, site.languages, site.words)))


class _Said(NamedTuple):
    """What a site says of codes and words."""

    code_map: Mapping[Coding, Coding]
    systems: Mapping[str, str]
    languages: tuple[str, ...]
    words: Lists


class _Tables(NamedTuple):
    """The tables of a library as a key, and equal words of the site: the very same tables, whatever they hold. The library itself
    is not held.
    """

    needs: Mapping[str, Need]
    value_sets: Mapping[str, ValueSet]
    spelling: Spelling
    recognition: Recognition
    words: Mapping[str, Lists]
    signs: Signs
    said: _Said

    def __hash__(self) -> int:
        return hash(tuple(map(id, self[:-1])))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Tables)
            and all(one is two for one, two in zip(self[:-1], other[:-1], strict=True))
            and self.said == other.said
        )


@lru_cache(maxsize=8)
def _matters(tables: _Tables) -> Matters:
    said = tables.said
    return Matters(
        Matcher(tables.needs),
        said.code_map,
        {role: tables.value_sets.get(name) for role, name in RECOGNISED.items()},
        tables.spelling.with_site(said.systems),
        tables.recognition,
        for_site(tables.words, said.languages, said.words),
        tables.signs,
    )
