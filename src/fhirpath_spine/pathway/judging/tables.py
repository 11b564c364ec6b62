"""What tells what an entry of a chart is about, by a library and a site: made once for both, and kept."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from fhirpath_spine.pathway.facts.matters import Matters
from fhirpath_spine.pathway.facts.needs import Matcher
from fhirpath_spine.pathway.facts.words import for_site
from fhirpath_spine.pathway.model import Library, Site

RECOGNISED = {"chapter": "neoplasm-chapter", "neoplasms": "neoplasm-any-known", "medications": "medication-any-known"}
"""Value sets that tell a known entry from one that no table knows (rulings 2.2)."""


def matters_of(library: Library, site: Site) -> Matters:
    """The tables of a library as a site reads them."""
    return _matters(library, _Same(site))


@lru_cache(maxsize=8)
def _matcher(library: Library) -> Matcher:
    return Matcher(library.needs)


class _Same(NamedTuple):
    """A site as a key: the very same one, whatever it holds."""

    site: Site

    def __hash__(self) -> int:
        return id(self.site)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.site is other.site


@lru_cache(maxsize=8)
def _matters(library: Library, same: _Same) -> Matters:
    site = same.site
    return Matters(
        _matcher(library),
        site.code_map,
        {role: library.value_sets.get(name) for role, name in RECOGNISED.items()},
        library.spelling.with_site(site.systems),
        library.recognition,
        for_site(library.words, site.languages, site.words),
        library.signs,
    )
