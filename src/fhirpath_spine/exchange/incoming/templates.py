"""The searches of the needs as prefetch templates, and what can be seen of a template: its codes, and the same one without."""

from __future__ import annotations

from fhirpath_spine.pathway.facts.chart import Resource
from fhirpath_spine.pathway.facts.reading import codings
from fhirpath_spine.pathway.facts.searches import searches
from fhirpath_spine.pathway.model import Library, Site


def prefetch_templates(library: Library, site: Site) -> dict[str, str]:
    """Key -> FHIR query with ``{{context.patientId}}``, in a stable order; only keys that some need reads."""
    return searches(library.needs.values(), site.code_map, library.spelling.with_site(site.systems))


def asks_for(query: str, resource: Resource) -> bool:
    """Whether a query by code asks for a resource, as a server compares tokens: system and code of one coding."""
    asked = _code_part(query).removeprefix("code=").split(",")
    return any(f"{system}|{code}" in asked or code in asked for system, code in codings(resource.get("code")))


def without_codes(query: str) -> str:
    """The same query for all codes, or an empty text if it names none."""
    part = _code_part(query)
    return query.replace(f"&{part}", "") if part else ""


def _code_part(query: str) -> str:
    return next((part for part in query.partition("?")[2].split("&") if part.startswith("code=")), "")
