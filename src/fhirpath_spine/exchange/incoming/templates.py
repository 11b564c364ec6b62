"""The searches of the needs as prefetch templates, and what can be seen of a template: its codes, and the same one without."""

from __future__ import annotations

from fhirpath_spine.pathway.asking.occasions import hook_needs
from fhirpath_spine.pathway.facts.chart import Resource, type_of
from fhirpath_spine.pathway.facts.plans import CARE_PLAN
from fhirpath_spine.pathway.facts.reading import codings
from fhirpath_spine.pathway.facts.searches import searches
from fhirpath_spine.pathway.model import HOOKS, Library, Site


def prefetch_templates(library: Library, site: Site, hook: str = HOOKS[0]) -> dict[str, str]:
    """Key -> FHIR query with ``{{context.patientId}}``, in a stable order; only keys that some need of the hook reads."""
    shown = library.policy.hook(hook)
    wanted = hook_needs(library, shown)
    needs = [need for name, need in library.needs.items() if name in wanted]
    found = searches(needs, site.code_map, library.spelling.with_site(site.systems))
    # What is on file already is of interest where a plan is offered.
    return found if shown.whole else {key: query for key, query in found.items() if type_of(key) != CARE_PLAN}


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
