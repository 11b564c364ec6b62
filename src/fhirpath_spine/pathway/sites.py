"""Where something lies: levels and regions of the spine by body site, and what a resource names by reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from fhirpath_spine.pathway import reading
from fhirpath_spine.pathway.filing import Found
from fhirpath_spine.pathway.matching import known
from fhirpath_spine.pathway.model import Lesions
from fhirpath_spine.pathway.needs import Coding

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
