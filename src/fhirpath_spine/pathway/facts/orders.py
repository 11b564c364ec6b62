"""What stands on the screen to be ordered, as the rules of orders look at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fhirpath_spine.pathway.facts import reading
from fhirpath_spine.pathway.facts.chart import Resource
from fhirpath_spine.pathway.facts.matters import MEDICATION, Matter
from fhirpath_spine.pathway.facts.needs import Coding
from fhirpath_spine.pathway.facts.recognising import said

PRIORITIES = ("routine", "urgent", "asap", "stat")
"""FHIR's priorities of a request, the least urgent first."""
OVER = reading.ERASED | {"stopped", "completed", "revoked"}
"""Statuses of an order that nobody gives any more."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """One order: its reference, its codings, and what it is called in its own words; empty where it has none. ``recognised``: a
    table knows what it is, or it is no drug. ``ours``: it names the patient of the context, and no other.
    """

    reference: str
    codes: tuple[Coding, ...]
    called: str
    recognised: bool
    priority: str = ""
    ours: bool = True

    def is_below(self, priority: str) -> bool:
        """Whether it is less urgent than that; an order that says nothing is routine (FHIR R4)."""
        own = self.priority if self.priority in PRIORITIES else PRIORITIES[0]
        return PRIORITIES.index(own) < PRIORITIES.index(priority)


def read_order(resource: Resource, reference: str, concept: Any, matter: Matter, *, ours: bool) -> Ordered | None:
    """The order in a resource; None where it orders nothing (any more), or asks not to give it."""
    if reading.plain_status(resource.get("status")) in OVER or resource.get("doNotPerform") is True:
        return None
    holder = resource.get("medicationReference")
    shown = holder.get("display") if isinstance(holder, dict) else None
    called = str(said(concept, matter.codes)) or (shown if isinstance(shown, str) else "")
    priority = reading.plain_status(resource.get("priority"))
    return Ordered(reference, matter.codes, called, matter.counted != MEDICATION, priority, ours)
