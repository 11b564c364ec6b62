"""What all questions about one chart share: the content, the facts and the lesions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from fhirpath_spine.fhirpath import Incomplete
from fhirpath_spine.pathway.asking.untold import LESIONS, Untold, told_of, untold
from fhirpath_spine.pathway.facts.facts import Facts
from fhirpath_spine.pathway.facts.filing import Found
from fhirpath_spine.pathway.facts.recognising import Doubt
from fhirpath_spine.pathway.lesions.building import build
from fhirpath_spine.pathway.lesions.lesion import Lesion, as_partly_read, behaviour
from fhirpath_spine.pathway.lesions.places import Place, assigner, place_of
from fhirpath_spine.pathway.lesions.table import Lesions
from fhirpath_spine.pathway.model import Library, Site


@dataclass(frozen=True, slots=True)
class Circumstances:
    """``complete``: there can be no lesion besides ``lesions``, since all that founds one was read.

    ``told`` names the needs of which the chart tells something, if only that they were not read to the end; and ``lesion`` and
    ``lesions`` where there is, or may be, one; ``untold`` is what the library answers of which a chart tells nothing.
    """

    library: Library
    facts: Facts
    site: Site
    told: frozenset[str]
    untold: Untold
    lesions: tuple[Lesion, ...] = ()
    complete: bool = True

    def with_lesions(self, lesions: Iterable[Lesion]) -> Circumstances:
        """The same circumstances once more is known of the lesions."""
        return replace(self, lesions=tuple(lesions))


def gather(library: Library, facts: Facts, site: Site) -> Circumstances:
    """The lesions of a chart, each described with what belongs to it, and the facts at their lesions."""
    config = library.lesions
    conditions, imaging = (isinstance(facts.resolve(n).items, Incomplete) for n in (config.conditions, config.imaging))
    complete = not (conditions or imaging)
    tumours = facts.all_found(config.conditions)
    lesions = build(config, tumours, facts.all_found(config.imaging))
    facts.doubted(Doubt.UNPLACED, _unplaced(config, tumours, lesions))
    placed = facts.placed(
        assigner(config, lesions, results=_observations(library, facts), complete=complete), complete=complete
    )
    placed.name_unplaced(lambda found: place_of(config, found.resource) is Place.UNPLACED)
    known = (x.told(behaviour=behaviour(config, x, _histology(library, placed, x))) for x in lesions)
    described = (as_partly_read(config, x, conditions=conditions, imaging=imaging) for x in known)
    told = told_of(library, placed)
    told = told if complete and not lesions else told | LESIONS
    return Circumstances(library, placed, site, told, untold(library), tuple(described), complete)


def _unplaced(config: Lesions, tumours: Iterable[Found], lesions: Iterable[Lesion]) -> list[Found]:
    """The tumours that found no lesion, for they need a site of the spine, and lie where nobody can tell."""
    founding = {found.reference for lesion in lesions for found in lesion.conditions}
    return [
        found
        for found in tumours
        if found.reference not in founding
        and found.item["current"]
        and place_of(config, found.resource) is Place.UNPLACED
    ]


def _observations(library: Library, facts: Facts) -> dict[str, Found]:
    """The Observations that some need reads at a lesion, by reference: what a report may name as its results."""
    found = (f for need in library.needs.values() if need.per_lesion for f in facts.all_found(need.name))
    return {f.reference: f for f in found if f.resource.get("resourceType") == "Observation"}


def _histology(library: Library, facts: Facts, lesion: Lesion) -> list[Any]:
    """The answers of the histology of a lesion; Incomplete where there may be more."""
    name = library.lesions.histology
    if not name:
        return []
    items = facts.resolve(name, lesion.key).items
    answers = [item["value"] for item in items if "value" in item]
    return Incomplete(answers) if isinstance(items, Incomplete) else answers
