"""What was read of one patient, before any judgement: resources by prefetch key, each with its completeness; and one digest over
all of it, the same in any order (rulings 5.2).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

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
    "medicationAdministrations": "MedicationAdministration",
    "familyHistory": "FamilyMemberHistory",
    "allergies": "AllergyIntolerance",
    "carePlans": "CarePlan",
}
"""Stable prefetch keys and the type that each holds (rulings 2.8); Observations come as ``observations-<group>``."""
WHERE_OFFERED = frozenset({"medicationAdministrations", "carePlans"})
"""Keys that few EHRs have: read where they are offered; where one is not, nothing is missing."""
ALWAYS = ("patient", "carePlans")
"""Keys that are read though no need asks for them: whose chart it is, and which of our plans it holds already."""
OBSERVATION_GROUPS = ("neuro", "pain", "lesion", "imaging", "laboratory", "status", "decisions")
"""The groups, declared by hand, since EHR staff type the keys in."""
ORDER = (*KEYS, *(f"observations-{group}" for group in OBSERVATION_GROUPS))


def type_of(key: str) -> str:
    """The resource type that a key holds; a key that is a reference holds what it refers to."""
    kind, is_reference, _ = key.partition("/")
    return kind if is_reference else KEYS.get(key, "Observation")


TYPES = tuple(dict.fromkeys(type_of(key) for key in ORDER))
"""Resource types that a chart is read for."""


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


@dataclass(frozen=True, slots=True)
class Unread:
    """One prefetch key that could not be read: the resource type, why, and where it came from."""

    key: str
    resource: str
    reason: Reason
    detail: str = ""


UNREAD = ("meta", "text")
"""Members of a resource that no judgement reads: what a server writes beside the content (version, time of its storing, the
narrative that it makes). The same chart has other ones, or none, on the way through a prefetch.
"""


_ID = re.compile(r"[A-Za-z0-9\-._]{1,256}")
"""FHIR's alphabet and the underscore. FHIR allows 64 characters, Epic sends up to 200; nothing that could leave a path or a
sentence may stand in it.
"""


def is_id(text: object) -> bool:
    """Whether this can be a logical id. What cannot is treated as none, and is never repeated."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None and text.strip(".") != ""


_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


def canonical(resource: Resource) -> bytes:
    """A resource as the same bytes in whatever order its members stand."""
    return orjson.dumps(resource, option=_CANONICAL)


def facts_digest(chart: Chart, used: Mapping[str, Resource], unread: Mapping[str, str] | None = None) -> str:
    """SHA-256 over what was read of the Patient and of the resources that some need used, the patient's id, and the
    completeness of each key. ``unread`` are types of which something was found that could not be used.
    """
    patient = [r for read in chart.reads.values() for r in read.resources if r.get("resourceType") == "Patient"]
    lines = sorted({canonical(_content(r)) for r in patient})
    # Each used resource has a reference of its own, so that their order is settled before they are written out.
    lines.append(orjson.dumps([_content(used[name]) for name in sorted(used)], option=_CANONICAL))
    whole = hashlib.sha256(chart.patient.encode())
    for key in sorted(chart.reads):
        read = chart.reads[key]
        whole.update(f"{key}:{read.complete}:{read.reason or ''};".encode())
    for kind, why in sorted((unread or {}).items()):
        whole.update(f"{kind}:{why};".encode())
    whole.update(b"\n".join(lines))
    return whole.hexdigest()


def _content(resource: Resource) -> Resource:
    """A resource without what no judgement reads."""
    content = dict(resource)
    for name in UNREAD:
        content.pop(name, None)
    return content
