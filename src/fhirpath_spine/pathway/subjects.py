"""Whose resource it is (rulings 2.3). Another patient's refuses the call; one that says nothing usable is rejected."""

from __future__ import annotations

import re
from enum import Enum

from fhirpath_spine.pathway.chart import Chart, Resource

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
