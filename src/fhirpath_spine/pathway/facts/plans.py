"""CarePlans of this service that a chart already holds: by their identifier, whatever became of them since."""

from __future__ import annotations

from typing import NamedTuple

from fhirpath_spine.pathway.facts.chart import Resource
from fhirpath_spine.pathway.facts.reading import items

CARE_PLAN = "CarePlan"
SYSTEM = "https://fhirpath-spine.org/fhir/identifier/careplan"
"""The system of our identifiers: it tells a plan of ours from the plans of others."""
OVER = frozenset({"completed", "revoked", "entered-in-error"})
"""Statuses of a plan that is no longer on file: what it proposed may be proposed again."""
DRAFT = "draft"


class PlanOnFile(NamedTuple):
    """A plan of ours in the chart: the value of its identifier, its status, when it was made, and itself."""

    identifier: str
    status: str
    created: str
    reference: str
    resource: Resource

    @property
    def has_id(self) -> bool:
        """Whether it has an id by which it can be changed."""
        return self.reference.startswith(f"{CARE_PLAN}/")


def of_ours(resource: Resource, reference: str) -> PlanOnFile | None:
    """What a CarePlan is to us; nothing where it is not ours, or its time is over. A status that cannot be read ends nothing."""
    named = [one for one in items(resource.get("identifier")) if isinstance(one, dict) and one.get("system") == SYSTEM]
    value = next((one["value"] for one in named if isinstance(one.get("value"), str)), "")
    status, created = (v if isinstance(v := resource.get(name), str) else "" for name in ("status", "created"))
    if not value or status in OVER:
        return None
    return PlanOnFile(value, status, created, reference, resource)
