"""From prefetch to reads, key by key: present, complete and empty, failed, cut short, or open (design section 3).

A key that is absent is *open*: whoever may fetch does. ``null`` and an empty Bundle are a complete search that found
nothing. An OperationOutcome is a failure that is not asked for again. A ``next`` link means that there is more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhirpath_spine.errors import BodyTooLarge, PatientMismatch
from fhirpath_spine.exchange.templates import type_of
from fhirpath_spine.pathway.chart import Chart, Read, Resource
from fhirpath_spine.pathway.subjects import Subject, subject_of
from fhirpath_spine.pathway.truth import Reason

RESOURCES = 10_000
"""Resources of one call (rulings 2.9)."""
# A Medication rides beside the request or statement that names it.
_COMPANIONS = {"MedicationRequest": frozenset({"Medication"}), "MedicationStatement": frozenset({"Medication"})}


@dataclass(frozen=True, slots=True)
class Open:
    """A key that the prefetch leaves open: the query that would close it, what there is so far, and the next page if
    known.
    """

    key: str
    query: str
    partial: Read | None = None
    next: str = ""


@dataclass(slots=True)
class Retrieved:
    """What the prefetch gave. ``ignored`` counts entries that hold no resource, or one of a type that was not asked
    for.
    """

    reads: dict[str, Read] = field(default_factory=dict)
    open: dict[str, Open] = field(default_factory=dict)
    ignored: int = 0


def unread(detail: str, resources: Iterable[Resource] = (), source: str = "prefetch") -> Read:
    """A read that may miss something. ``detail`` is the tail of a phrase key: ``unread-<detail>``."""
    return Read(tuple(resources), complete=False, reason=Reason.UNREAD, detail=detail, source=source)


def read_prefetch(
    prefetch: Mapping[str, Any], templates: Mapping[str, str], patient: str, *, base: str = "", limit: int = RESOURCES
) -> Retrieved:
    """Reads every key of the templates; unknown keys are not looked at.

    Raises:
        BodyTooLarge: more resources than the limit.
        PatientMismatch: a resource that would be ignored belongs to another patient; the facts check all others.

    """
    out = Retrieved()
    scope = Chart(patient, {}, base=base)
    total = 0
    for key, query in templates.items():
        if key not in prefetch:
            out.open[key] = Open(key, query)
            continue
        page = _page(prefetch[key], type_of(key))
        total += len(page.resources)
        if total > limit:
            raise BodyTooLarge(
                f"The prefetch holds more than {limit} resources.",
                hint="Send what the templates of the discovery document ask for, and nothing else.",
                expression="prefetch",
            )
        _check_ignored(page.ignored, scope)
        out.ignored += len(page.ignored)
        if page.failed:
            out.reads[key] = unread(page.failed, page.resources)
        elif page.next is not None:
            out.open[key] = Open(key, query, unread("next-page", page.resources), page.next)
        else:
            out.reads[key] = Read(tuple(page.resources))
    return out


@dataclass(slots=True)
class _Page:
    resources: list[Resource] = field(default_factory=list)
    ignored: list[Any] = field(default_factory=list)
    failed: str = ""
    next: str | None = None


def _page(value: object, wanted: str) -> _Page:
    """One value of the prefetch."""
    page = _Page()
    if value is None:
        return page
    if not isinstance(value, dict):
        page.failed = "shape"
        return page
    kind = value.get("resourceType")
    if kind == "OperationOutcome":
        page.failed = "outcome"
    elif kind == wanted:
        page.resources.append(value)
    elif kind == "Bundle":
        _bundle(value, wanted, page)
    else:
        page.failed = "shape"
        page.ignored.append(value)
    return page


def _bundle(bundle: dict[str, Any], wanted: str, page: _Page) -> None:
    entries = bundle.get("entry")
    if entries is not None and not isinstance(entries, list):
        page.failed = "shape"
        return
    matches = 0
    for entry in entries or ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if resource is not None and kind == "OperationOutcome":
            if is_failure(resource):
                page.failed = "outcome"
        elif resource is not None and (kind == wanted or kind in _COMPANIONS.get(wanted, ())):
            page.resources.append(resource)
            matches += kind == wanted
        else:
            page.ignored.append(resource)
    links = bundle.get("link")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "next":
            page.next = link["url"] if isinstance(link.get("url"), str) else ""
    total = bundle.get("total")
    if page.next is None and not page.failed and isinstance(total, int) and total > matches:
        page.failed = "total"


def is_failure(outcome: Mapping[str, Any]) -> bool:
    """Whether an OperationOutcome says that something failed; warnings and information ride on good answers too."""
    issues = outcome.get("issue")
    severities = [i.get("severity") for i in issues if isinstance(i, dict)] if isinstance(issues, list) else []
    return not severities or any(s not in ("warning", "information", "success") for s in severities)


def _check_ignored(ignored: Iterable[Any], scope: Chart) -> None:
    for resource in ignored:
        if isinstance(resource, dict) and subject_of(resource, scope) is Subject.ANOTHER:
            raise PatientMismatch(
                "The prefetch holds a resource of another patient, so nothing was judged.",
                hint="Send data of the context's patient only, and check the cache that filled the prefetch.",
            )
