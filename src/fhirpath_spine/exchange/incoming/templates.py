"""Prefetch templates, compiled from what the loaded profiles read: nothing else is asked for (threat T18).

Keys are stable, since EHR staff type them in by hand (rulings 2.8). Observations are asked for by code, in groups
declared by hand; every other type whole. A code map of the site adds the codes that it translates from (rulings 6).
"""

from __future__ import annotations

from collections.abc import Mapping

from fhirpath_spine.pathway.facts.chart import KEYS, ORDER, Resource
from fhirpath_spine.pathway.facts.needs import Coding, Need
from fhirpath_spine.pathway.facts.reading import codings
from fhirpath_spine.pathway.model import Library, Site

PAGE = 1000
"""Asked page size: a server's default of 20 would cut a chart short (HAPI)."""
GROUP_LIMIT = 1500
"""Longest template of one group of Observations; longer ones fail as URLs. It is never cut anew: lint refuses it."""


def templates(library: Library, site: Site) -> dict[str, str]:
    """Key -> FHIR query with ``{{context.patientId}}``, in a stable order; only keys that some need reads.

    ``patient`` is always asked for: subject check, age and death stand on it.
    """
    codes: dict[str, set[Coding]] = {"patient": set()}
    for need in library.needs.values():
        for key in need.keys:
            codes.setdefault(key, set()).update(_codes(need, site.code_map))
    return {key: query(key, codes[key]) for key in ORDER if key in codes}


def _codes(need: Need, code_map: Mapping[Coding, Coding]) -> set[Coding]:
    if need.codes is None or "Observation" not in need.resources:
        return set()
    wanted = set(need.codes.members)
    return wanted | {source for source, target in code_map.items() if target in wanted}


def query(key: str, codes: set[Coding]) -> str:
    """The query of one key, in the subset of search that a template may use (PRE-04)."""
    if key == "patient":
        return "Patient/{{context.patientId}}"
    if key in KEYS:
        return f"{KEYS[key]}?patient={{{{context.patientId}}}}&_count={PAGE}"
    listed = ",".join(sorted(f"{system}|{code}" for system, code in codes))
    return f"Observation?patient={{{{context.patientId}}}}&code={listed}&_count={PAGE}"


def asks_for(query: str, resource: Resource) -> bool:
    """Whether a query by code asks for a resource, as a server compares tokens: system and code of one coding."""
    asked = _code_part(query).removeprefix("code=").split(",")
    return any(f"{system}|{code}" in asked for system, code in codings(resource.get("code")))


def without_codes(query: str) -> str:
    """The same query for all codes, or an empty text if it names none."""
    part = _code_part(query)
    return query.replace(f"&{part}", "") if part else ""


def _code_part(query: str) -> str:
    return next((part for part in query.partition("?")[2].split("&") if part.startswith("code=")), "")
