"""Where something lies: levels and regions of the spine by body site; what a resource names by reference; and to which lesion
a resource belongs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from fhirpath_spine.pathway.facts import reading
from fhirpath_spine.pathway.facts.filing import Found
from fhirpath_spine.pathway.facts.needs import Coding, known
from fhirpath_spine.pathway.lesions.lesion import Lesion
from fhirpath_spine.pathway.lesions.table import Lesions

_T = TypeVar("_T")


def levels_of(config: Lesions, sites: Iterable[Coding]) -> set[str]:
    """The spinal levels that body sites name."""
    return {config.levels[site] for site in sites if site in config.levels}


def regions_of(config: Lesions, sites: set[Coding]) -> frozenset[str]:
    """The regions of the spine that body sites lie in."""
    return frozenset(r for r, value_set in config.regions.items() if known(value_set, sites))


def exact(config: Lesions, regions: frozenset[str]) -> frozenset[str]:
    """The regions that are no union of others: the spine as a whole says nothing about where."""
    members = {name: value_set.members for name, value_set in config.regions.items()}
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


def _relative(reference: str) -> str:
    return "/".join(reference.split("/_history/")[0].split("/")[-2:])


def assigner(
    config: Lesions, lesions: Sequence[Lesion], *, complete: bool = True
) -> Callable[[Found], frozenset[str] | None]:
    """Says to which lesions a resource belongs: by focus, else reason, else body site, else to the only one (rulings 3).

    While there may be further lesions, only a focus and a level say so for sure.
    """
    by_condition = {c.reference: one.key for one in lesions for c in one.conditions}
    only = frozenset({lesions[0].key}) if len(lesions) == 1 else frozenset()

    def assign(found: Found) -> frozenset[str] | None:
        if named := named_by(found, by_condition):
            return frozenset(named)
        sites = reading.body_sites(found.resource)
        levels = levels_of(config, sites)
        if not complete:
            return frozenset(x.key for x in lesions if x.levels & levels)
        if not sites:
            return only
        if levels:
            return _at(levels, lesions, only)
        regions = regions_of(config, sites)
        if not regions:
            return None
        here = [x.key for x in lesions if near(config, regions, x.regions)]
        return frozenset(here) if len(here) == 1 else (frozenset() if here else None)

    return assign


def _at(levels: set[str], lesions: Sequence[Lesion], only: frozenset[str]) -> frozenset[str] | None:
    at = frozenset(x.key for x in lesions if x.levels & levels)
    if at:
        return at
    return only if only and not lesions[0].levels else None
