"""What the components of an Observation say: those that a need reads by their own code are data of their own, whatever the whole
is called; the rest may be the value that the whole does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhirpath_spine.pathway.facts import reading
from fhirpath_spine.pathway.facts.chart import Resource
from fhirpath_spine.pathway.facts.matters import Matters
from fhirpath_spine.pathway.facts.needs import Matcher, Need, known
from fhirpath_spine.pathway.facts.values import values_of

_OF_THE_WHOLE = frozenset({"code", "component", "hasMember", "contained", "interpretation", "dataAbsentReason"})
"""What is said of the whole and of none of its parts."""


def members(resource: Resource, matters: Matters, needs: Mapping[str, Need]) -> Iterator[tuple[Resource, str]]:
    """Each component that a need reads by its code and that no need of the whole reads as its part, as an Observation of the same
    time, subject and status; with its code.
    """
    kind = "Observation"
    parts = [part for part in reading.items(resource.get("component")) if isinstance(part, dict)]
    told = [(part, matters.of(kind, part.get("code")).codes) for part in parts]
    coded = [(part, codes) for part, codes in told if matters.matcher.coded(kind, codes)]
    if not coded or resource.get("resourceType") != kind:
        return
    of_whole = [needs[name] for name in matters.of(kind, resource.get("code")).needs]
    taken = [
        rule.component for need in of_whole for rule in (need.value, *need.components.values()) if rule is not None
    ]
    whole = {
        k: v for k, v in resource.items() if k not in _OF_THE_WHOLE and not k.removeprefix("_").startswith("value")
    }
    for part, codes in coded:
        if not any(known(of_part, codes) for of_part in taken):
            yield {**whole, **part}, codes[0][1]


def speaks_elsewhere(resource: Resource, matcher: Matcher) -> bool:
    """Whether an Observation without a value says something all the same: in a component that no need reads, in an extension,
    by an interpretation or a note, or under a name that FHIR does not have. One that says why it has none says nothing.
    """
    if "dataAbsentReason" in resource:
        return False
    parts = [part for part in reading.items(resource.get("component")) if isinstance(part, dict)]
    if any(values_of(p) and not matcher.coded("Observation", tuple(reading.codings(p.get("code")))) for p in parts):
        return True
    if any(_extends(holder) for name, holder in resource.items() if name.startswith("_value")):
        return True
    if _extends(resource) or any(resource.get(name) for name in ("interpretation", "note")):
        return True
    return bool(reading.strange_members(resource))


def _extends(holder: Any) -> bool:
    """Whether an extension holds a value, and not merely why there is none."""
    told = (
        [e for e in reading.items(holder.get("extension")) if isinstance(e, dict)] if isinstance(holder, dict) else []
    )
    return any(values_of(e) and e.get("url") not in reading.ABSENT_REASONS for e in told)
