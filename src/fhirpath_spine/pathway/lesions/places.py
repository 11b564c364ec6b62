"""Where something lies: levels and regions of the spine by body site; what a resource names by reference; and to which lesion
a resource belongs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import TypeVar

from fhirpath_spine.pathway.facts import reading
from fhirpath_spine.pathway.facts.chart import Resource
from fhirpath_spine.pathway.facts.filing import Found
from fhirpath_spine.pathway.facts.needs import Coding, known
from fhirpath_spine.pathway.lesions.lesion import Lesion
from fhirpath_spine.pathway.lesions.table import Lesions

_T = TypeVar("_T")


class Place(Enum):
    """What the body sites of a resource say of where it is."""

    NOT_SAID = "not said"
    SPINE = "spine"
    ELSEWHERE = "elsewhere"
    UNPLACED = "cannot be placed"


def place_of(config: Lesions, resource: Resource) -> Place:
    """Where a resource lies. Elsewhere is only what is known to be elsewhere: a site that no table knows, one in words alone,
    and one that may hold a part of the spine cannot be placed.
    """
    concepts = reading.site_concepts(resource)
    if not concepts:
        return Place.NOT_SAID
    if any(levels_of(config, sites) or regions_of(config, sites) for sites in concepts):
        return Place.SPINE
    known_elsewhere = all(known(config.elsewhere, sites) and not known(config.unspecific, sites) for sites in concepts)
    return Place.ELSEWHERE if known_elsewhere else Place.UNPLACED


def levels_of(config: Lesions, sites: Iterable[Coding]) -> set[str]:
    """The spinal levels that body sites name; a disc names both of its vertebrae."""
    return {level for site in sites for level in config.levels.get(site, ())}


def regions_of(config: Lesions, sites: set[Coding]) -> frozenset[str]:
    """The regions of the spine that body sites lie in."""
    return frozenset(r for r, value_set in config.regions.items() if known(value_set, sites))


def exact(config: Lesions, regions: frozenset[str]) -> frozenset[str]:
    """The regions that are no union of others: the spine as a whole says nothing about where."""
    between = {site for site, levels in config.levels.items() if len(levels) > 1}
    members = {name: value_set.members - between for name, value_set in config.regions.items()}
    return frozenset(
        r for r in regions if sum(bool(members[r] & theirs) for name, theirs in members.items() if name != r) < 2
    )


def near(config: Lesions, these: frozenset[str], those: frozenset[str]) -> bool:
    """Whether two places may be one, by their regions."""
    if not these:
        return False
    here, there = exact(config, these), exact(config, those)
    return not here or not there or bool(here & there)


def named_by(found: Found, by_condition: Mapping[str, _T]) -> list[_T]:
    """Those that the focus or reason of a resource names by their Condition."""
    for element in ("focus", "reasonReference"):
        targets = [
            str(t.get("reference", "")) for t in reading.items(found.resource.get(element)) if isinstance(t, dict)
        ]
        named = dict.fromkeys(by_condition[key] for t in targets if (key := _relative(t)) in by_condition)
        if named:
            return list(named)
    return []


def _references(value: object) -> list[str]:
    return [str(one.get("reference", "")) for one in reading.items(value) if isinstance(one, dict)]


def _relative(reference: str) -> str:
    return "/".join(reference.split("/_history/")[0].split("/")[-2:])


def assigner(
    config: Lesions,
    lesions: Sequence[Lesion],
    *,
    results: Mapping[str, Found] = MappingProxyType({}),
    complete: bool = True,
) -> Callable[[Found], frozenset[str] | None]:
    """Says to which lesions a resource belongs: by focus, else reason, else body site, else to the only one (rulings 3).

    A report has no body site: it belongs where its results do, ``results`` by reference. While there may be further lesions,
    only a focus and a level say so for sure.
    """
    by_condition = {c.reference: one.key for one in lesions for c in one.conditions}
    only = frozenset({lesions[0].key}) if len(lesions) == 1 else frozenset()

    def assign(found: Found) -> frozenset[str] | None:
        if found.resource.get("resourceType") == "DiagnosticReport":
            named_there = (results.get(_relative(t)) for t in _references(found.resource.get("result")))
            return frozenset().union(*(assign(r) or frozenset() for r in named_there if r is not None)) or None
        if named := named_by(found, by_condition):
            return frozenset(named)
        sites = reading.body_sites(found.resource)
        levels = levels_of(config, sites)
        if not complete:
            return frozenset(x.key for x in lesions if x.levels & levels)
        if not sites:
            # A site in words alone is one, and may be any.
            return only if place_of(config, found.resource) is Place.NOT_SAID else frozenset()
        if levels:
            return _at(levels, lesions, only)
        regions = regions_of(config, sites)
        if not regions:
            return None if place_of(config, found.resource) is Place.ELSEWHERE else frozenset()
        here = [x.key for x in lesions if near(config, regions, x.regions)]
        return frozenset(here) if len(here) == 1 else (frozenset() if here else None)

    return assign


def _at(levels: set[str], lesions: Sequence[Lesion], only: frozenset[str]) -> frozenset[str] | None:
    at = frozenset(x.key for x in lesions if x.levels & levels)
    if at:
        return at
    return only if only and not lesions[0].levels else None
