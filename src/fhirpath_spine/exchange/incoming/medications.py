"""Drugs that an order or an entry of the chart names by a reference to a Medication which did not come with it: which these are,
and how the FHIR server is asked for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fhirpath_spine.exchange.incoming.prefetch import Open
from fhirpath_spine.pathway.facts.chart import Chart, Resource, is_id
from fhirpath_spine.pathway.facts.reading import concept_of, is_referring, meaning
from fhirpath_spine.pathway.facts.signs import NO_SIGNS, Signs
from fhirpath_spine.pathway.facts.subjects import target_of

MOST = 32
"""Medications that one call asks for; of a longer list those that are ordered or in use come first."""
MEDICATION = "Medication"


def named_elsewhere(
    resources: Iterable[Resource], scope: Chart, signs: Signs = NO_SIGNS, most: int = MOST
) -> dict[str, Open]:
    """The reads that bring the Medications that these resources name and do not hold, each under its reference. What lies on
    another server than the chart's is none of them: nobody has given leave to read there.
    """
    drugs = [one for one in resources if one.get("resourceType") == MEDICATION or is_referring(one)]
    here = {f"{MEDICATION}/{one.get('id')}" for one in drugs if one.get("resourceType") == MEDICATION}
    in_use = sorted(drugs, key=lambda one: meaning(one) not in ("proposed", "active"))
    names = dict.fromkeys(name for one in in_use for name in _named(one, scope) if name not in here)
    return {name: Open(name, name, signs=signs) for name in [*names][:most]}


def is_medication(key: str) -> bool:
    """Whether what was read under a key is a Medication that something refers to."""
    return key.startswith(f"{MEDICATION}/")


def _named(resource: Resource, scope: Chart) -> Iterator[str]:
    holder = concept_of(resource)
    reference = holder.get("reference") if isinstance(holder, dict) else None
    name = target_of(reference, scope)
    if is_medication(name) and is_id(name.removeprefix(f"{MEDICATION}/")):
        yield name
