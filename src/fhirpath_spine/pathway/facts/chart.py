"""What was read of one patient, before any judgement: resources by prefetch key, each with its completeness; whose each
resource is (rulings 2.3); and one digest over all of it, the same in any order (rulings 5.2).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import orjson

from fhirpath_spine.errors import PatientMismatch
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
}
"""Stable prefetch keys and the type that each holds (rulings 2.8); Observations come as ``observations-<group>``."""
WHERE_OFFERED = frozenset({"medicationAdministrations"})
"""Keys that few EHRs have: read where they are offered; where one is not, nothing is missing."""
OBSERVATION_GROUPS = ("neuro", "pain", "lesion", "imaging", "laboratory", "status", "decisions")
"""The groups, declared by hand, since EHR staff type the keys in."""
ORDER = (*KEYS, *(f"observations-{group}" for group in OBSERVATION_GROUPS))


def type_of(key: str) -> str:
    """The resource type that a key holds."""
    return KEYS.get(key, "Observation")


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


_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


def canonical(resource: Resource) -> bytes:
    """A resource as the same bytes in whatever order its members stand."""
    return orjson.dumps(resource, option=_CANONICAL)


def facts_digest(chart: Chart, used: Mapping[str, Resource]) -> str:
    """SHA-256 over what was read of the Patient and of the resources that some need used, the patient's id, and the
    completeness of each key.
    """
    patient = [r for read in chart.reads.values() for r in read.resources if r.get("resourceType") == "Patient"]
    lines = sorted({canonical(_content(r)) for r in patient})
    # Each used resource has a reference of its own, so that their order is settled before they are written out.
    lines.append(orjson.dumps([_content(used[name]) for name in sorted(used)], option=_CANONICAL))
    whole = hashlib.sha256(chart.patient.encode())
    for key in sorted(chart.reads):
        read = chart.reads[key]
        whole.update(f"{key}:{read.complete}:{read.reason or ''};".encode())
    whole.update(b"\n".join(lines))
    return whole.hexdigest()


def _content(resource: Resource) -> Resource:
    """A resource without what no judgement reads."""
    content = dict(resource)
    for name in UNREAD:
        content.pop(name, None)
    return content


_REFERENCE = re.compile(
    r"(?:(?P<base>[a-z][a-z0-9+.-]*://.+?)/)?(?P<type>[A-Za-z]+)/(?P<id>[^/?#]+)(?:/_history/[^/]+)?\Z"
)
_PERSON = re.compile(r"(?:^|/)(?:Patient|RelatedPerson|Person|Group)/")


class Subject(Enum):
    """What a resource's subject turned out to be."""

    OURS = "ours"
    ANOTHER = "another"
    UNUSABLE = "unusable"


def subject_of(resource: Resource, chart: Chart) -> Subject:
    """Whether a resource belongs to the patient of the context, and is about that patient."""
    found = whose(reference_of(resource), chart)
    if found is Subject.OURS and ("focus" in resource or ("subject" in resource and "patient" in resource)):
        return _doubted(resource, chart)
    return found


def reference_of(resource: Resource) -> object:
    """The reference to the person it is about."""
    holder = resource.get("subject", resource.get("patient"))
    return holder.get("reference") if isinstance(holder, dict) else None


def _doubted(resource: Resource, chart: Chart) -> Subject:
    """Of a resource whose ``subject`` is ours: whether ``patient`` says the same, and whether its focus is someone else, as
    of what was observed of a fetus, a donor or a relative and stands in the patient's chart.
    """
    other = resource.get("patient")
    if "subject" in resource and isinstance(other, dict):
        found = whose(other.get("reference"), chart)
        if found is not Subject.OURS:
            return found
    focus = resource.get("focus")
    for one in focus if isinstance(focus, list) else [focus]:
        reference = one.get("reference") if isinstance(one, dict) else None
        if isinstance(reference, str) and _PERSON.search(reference) and whose(reference, chart) is not Subject.OURS:
            return Subject.UNUSABLE
    return Subject.OURS


def whose(reference: object, chart: Chart) -> Subject:
    """Whether a reference means the patient of the context."""
    if not isinstance(reference, str) or not reference or reference.startswith("#"):
        return Subject.UNUSABLE
    if reference in chart.aliases:
        return Subject.OURS
    if reference.startswith("urn:"):
        return Subject.ANOTHER
    match = _REFERENCE.match(reference)
    if match is None:
        return Subject.UNUSABLE
    if match["type"] != "Patient":
        return Subject.UNUSABLE
    if match["id"] != chart.patient:
        return Subject.ANOTHER
    base = match["base"]
    # The same id on another server may be another person: it cannot be told, so it is not used.
    return Subject.UNUSABLE if base and chart.base and base.rstrip("/") != chart.base.rstrip("/") else Subject.OURS


def check_ignored(ignored: Iterable[Any], scope: Chart) -> None:
    """Refuses entries that are not used but belong to another patient; the facts check those that are used.

    Raises:
        PatientMismatch: one of them does.

    """
    for resource in ignored:
        if not isinstance(resource, dict):
            continue
        other = resource.get("resourceType") == "Patient" and resource.get("id") != scope.patient
        if other or subject_of(resource, scope) is Subject.ANOTHER:
            raise PatientMismatch(
                "The data hold a resource of another patient, so nothing was judged.",
                hint="Send data of the context's patient only, and check the cache that filled the prefetch.",
            )
