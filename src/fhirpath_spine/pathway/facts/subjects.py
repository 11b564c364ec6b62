"""Whose each resource is (rulings 2.3), and what a reference means: absolute, versioned, relative, ``urn:`` or contained."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from typing import Any

from fhirpath_spine.errors import PatientMismatch
from fhirpath_spine.pathway.facts.chart import Chart, Resource

_REFERENCE = re.compile(
    r"(?:(?P<base>(?i:[a-z][a-z0-9+.-]*)://.+?)/)?(?P<type>[A-Za-z]+)/(?P<id>[^/?#]+)(?:/_history/[^/]+)?\Z"
)
_PERSON = re.compile(r"(?:^|/)(?:Patient|RelatedPerson|Person|Group)/")
_BASE = re.compile(
    r"(?P<scheme>(?i:https?))://(?P<host>[^/?#:\[\]]+|\[[^\]]*\])(?::(?P<port>[0-9]*))?(?P<path>/.*)?\Z", re.DOTALL
)
_PORTS = {"http": "80", "https": "443"}


class Subject(Enum):
    """What a resource's subject turned out to be."""

    OURS = "ours"
    ANOTHER = "another"
    ELSEWHERE = "elsewhere"
    """Our patient's id on another server: it may be another person, and cannot be told."""
    UNUSABLE = "unusable"


def subject_of(resource: Resource, chart: Chart) -> Subject:
    """Whether a resource belongs to the patient of the context, and is about that patient."""
    reference = reference_of(resource)
    if reference is None:
        return _misplaced(resource.get("subject", resource.get("patient")), chart)
    found = whose(reference, chart)
    if found is Subject.OURS and ("focus" in resource or ("subject" in resource and "patient" in resource)):
        return _doubted(resource, chart)
    return found


def reference_of(resource: Resource) -> object:
    """The reference to the person it is about."""
    holder = resource.get("subject", resource.get("patient"))
    return holder.get("reference") if isinstance(holder, dict) else None


def _misplaced(holder: object, chart: Chart) -> Subject:
    """Of a subject in no form of FHIR: what it names is not ours because of that, but may well be another's."""
    for one in holder if isinstance(holder, list) else [holder]:
        named = one.get("reference") if isinstance(one, dict) else one
        if isinstance(named, str) and whose(named, chart) is Subject.ANOTHER:
            return Subject.ANOTHER
    return Subject.UNUSABLE


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
    if match is None or match["type"] != "Patient":
        return Subject.UNUSABLE
    if match["id"] != chart.patient:
        return Subject.ANOTHER
    return Subject.OURS if _is_here(match["base"], chart) else Subject.ELSEWHERE


def target_of(reference: object, chart: Chart) -> str:
    """``Type/id`` of what a reference means on the server of the chart, in whatever form it stands; else an empty text."""
    match = _REFERENCE.match(reference) if isinstance(reference, str) else None
    return f"{match['type']}/{match['id']}" if match is not None and _is_here(match["base"], chart) else ""


def _is_here(base: str | None, chart: Chart) -> bool:
    return not base or not chart.base or plain_base(base) == plain_base(chart.base)


@lru_cache(maxsize=64)
def plain_base(text: str) -> str:
    """The base of a server as bases are compared: scheme and host in one case, no default port, no slash at the end."""
    match = _BASE.match(text)
    if match is None:
        return text.rstrip("/")
    scheme, port = match["scheme"].lower(), match["port"] or ""
    shown = f":{port}" if port not in ("", _PORTS[scheme]) else ""
    return f"{scheme}://{match['host'].lower()}{shown}{(match['path'] or '').rstrip('/')}"


def refuse(kind: str) -> PatientMismatch:
    """The refusal of a call that holds another patient's resource."""
    return PatientMismatch(
        f"The data hold a resource of another patient ({kind}), so nothing was judged.",
        hint="Send data of the context's patient only, and check the cache that filled the prefetch.",
    )


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
