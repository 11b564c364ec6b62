"""What was read of one patient, before any judgement: resources by prefetch key, each with its completeness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fhirpath_spine.pathway.truth import Reason

Resource = Mapping[str, Any]
"""A FHIR R4 resource as plain JSON."""

KEYS: Mapping[str, str] = {
    "patient": "Patient",
    "conditions": "Condition",
    "procedures": "Procedure",
    "reports": "DiagnosticReport",
    "medicationRequests": "MedicationRequest",
    "medicationStatements": "MedicationStatement",
    "familyHistory": "FamilyMemberHistory",
    "allergies": "AllergyIntolerance",
}
"""Stable prefetch keys and the type that each holds (rulings 2.8); Observations come as ``observations-<group>``."""

OBSERVATION_GROUPS = ("neuro", "pain", "lesion", "imaging", "laboratory", "status", "decisions")
"""The groups, declared by hand, since EHR staff type the keys in."""


@dataclass(frozen=True, slots=True)
class Read:
    """What one key gave. ``complete`` is false where something may be missing; ``reason`` and ``detail`` then say why."""

    resources: tuple[Resource, ...] = ()
    complete: bool = True
    reason: Reason | None = None
    detail: str = ""
    source: str = "prefetch"


@dataclass(frozen=True, slots=True)
class Chart:
    """All reads of one patient. A key that is absent from ``reads`` was not read.

    ``patient`` is the logical id of the context; ``aliases`` are further references that mean the same patient (a Bundle's
    ``urn:uuid``). ``base`` is the FHIR server's base, if known: an absolute reference below another base is unusable.
    """

    patient: str
    reads: Mapping[str, Read]
    aliases: frozenset[str] = frozenset()
    base: str = ""
    drafts: tuple[Resource, ...] = field(default=())
