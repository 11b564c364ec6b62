"""To which lesion a resource belongs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fhirpath_spine.pathway import reading
from fhirpath_spine.pathway.filing import Found
from fhirpath_spine.pathway.lesions import Lesion
from fhirpath_spine.pathway.model import Lesions
from fhirpath_spine.pathway.sites import levels_of, named_by, near, regions_of


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
