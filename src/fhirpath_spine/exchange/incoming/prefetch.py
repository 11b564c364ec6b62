"""From prefetch to reads, key by key: present, complete and empty, failed, cut short, or open (design section 3).

A key that is absent is *open*: whoever may fetch does. ``null`` and an empty Bundle are a complete search that found
nothing (faults R11, R12). An OperationOutcome is a failure that is not asked for again. A ``next`` link means that there is
more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fhirpath_spine.errors import BodyTooLarge, PatientUnknown
from fhirpath_spine.pathway.facts.chart import Chart, Read, Resource, check_ignored, type_of
from fhirpath_spine.pathway.facts.reading import MEDICATIONS
from fhirpath_spine.pathway.truth import Reason


def next_link(bundle: Mapping[str, Any] | None) -> str:
    """The address of the next page of a Bundle; empty on the last."""
    links = bundle.get("link") if bundle is not None else None
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "next" and isinstance(link.get("url"), str):
            return str(link["url"])
    return ""


RESOURCES = 10_000
"""Resources of one call (rulings 2.9)."""
# A Medication rides beside the request or statement that names it.
_COMPANIONS = {kind: frozenset({"Medication"}) for kind in MEDICATIONS}


class UnreadReason(StrEnum):
    """Why a key could not be read to its end. A closed list; each is the tail of a phrase key, ``unread-<why>``."""

    ABSENT = "absent"
    OUTCOME = "outcome"
    NEXT_PAGE = "next-page"
    TOTAL = "total"
    SHAPE = "shape"
    STATED = "stated"
    NOT_OFFERED = "not-offered"
    NO_ACCESS = "no-access"
    BASE_NOT_LISTED = "base-not-listed"
    ADDRESS_REFUSED = "address-refused"
    UNREACHABLE = "unreachable"
    CONNECTION_CUT = "connection-cut"
    TIMED_OUT = "timed-out"
    NOT_PERMITTED = "not-permitted"
    NOT_FOUND = "not-found"
    QUERY_REFUSED = "query-refused"
    THROTTLED = "throttled"
    BACKING_OFF = "backing-off"
    UPSTREAM_ERROR = "upstream-error"
    REDIRECT_REFUSED = "redirect-refused"
    NOT_JSON = "not-json"
    FHIR_VERSION = "fhir-version"
    TOO_LARGE = "too-large"
    NEXT_REFUSED = "next-refused"
    PAGING_LOOP = "paging-loop"
    TRUNCATED = "truncated"


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
    """What the prefetch gave. ``ignored`` counts entries of a type that was not asked for, or that hold no resource;
    ``taken`` counts all entries, those too.
    """

    reads: dict[str, Read] = field(default_factory=dict)
    open: dict[str, Open] = field(default_factory=dict)
    ignored: int = 0
    taken: int = 0


def unread(why: UnreadReason, resources: Iterable[Resource] = (), source: str = "prefetch") -> Read:
    """A read that may miss something."""
    return Read(tuple(resources), complete=False, reason=Reason.UNREAD, detail=why.value, source=source)


def read_prefetch(
    prefetch: Mapping[str, Any],
    templates: Mapping[str, str],
    patient: str,
    *,
    base: str = "",
    limit: int = RESOURCES,
    not_offered: frozenset[str] = frozenset(),
) -> Retrieved:
    """Reads every key of the templates; unknown keys are not looked at. ``not_offered`` are types that this EHR cannot
    give: they are neither asked for nor counted as a failure (rulings 2.10).

    Raises:
        BodyTooLarge: more resources than the limit.
        PatientMismatch: a resource that would be ignored belongs to another patient; the facts check all others.

    """
    out = Retrieved()
    scope = Chart(patient, {}, base=base)
    for key, query in templates.items():
        if key not in prefetch:
            if type_of(key) in not_offered:
                out.reads[key] = _NOT_OFFERED
            else:
                out.open[key] = Open(key, query)
            continue
        value = prefetch[key]
        page = Page() if value is None else read_page(value, type_of(key))
        out.taken += len(page.resources) + len(page.ignored)
        if out.taken > limit:
            raise BodyTooLarge(
                f"The prefetch holds more than {limit} resources.",
                hint="Send what the templates of the discovery document ask for, and nothing else.",
                expression="prefetch",
            )
        check_ignored(page.ignored, scope)
        out.ignored += len(page.ignored)
        if page.failed is UnreadReason.OUTCOME and type_of(key) in not_offered:
            out.reads[key] = _NOT_OFFERED
        elif page.failed is not None:
            out.reads[key] = unread(page.failed, page.resources)
        elif page.next is not None:
            out.open[key] = Open(key, query, unread(UnreadReason.NEXT_PAGE, page.resources), page.next)
        elif page.total > page.matches:
            out.reads[key] = unread(UnreadReason.TOTAL, page.resources)
        else:
            out.reads[key] = Read(tuple(page.resources))
    return out


_NOT_OFFERED = Read((), complete=False, reason=Reason.NOT_OFFERED, detail=UnreadReason.NOT_OFFERED.value)


@dataclass(slots=True)
class Page:
    """One answer, read. ``matches`` counts the resources of the wanted type, ``total`` what the server says there are;
    ``next`` is the link to the next page, empty if it leads nowhere, None on the last page.
    """

    resources: list[Resource] = field(default_factory=list)
    ignored: list[Any] = field(default_factory=list)
    failed: UnreadReason | None = None
    next: str | None = None
    total: int = 0
    matches: int = 0


def read_page(value: object, wanted: str) -> Page:
    """One value of the prefetch, or one answer of a FHIR server."""
    page = Page()
    if not isinstance(value, dict):
        page.failed = UnreadReason.SHAPE
        return page
    kind = value.get("resourceType")
    if kind == "OperationOutcome":
        page.failed = UnreadReason.OUTCOME
    elif kind == wanted:
        page.resources.append(value)
        page.matches = 1
    elif kind == "Bundle":
        _bundle(value, wanted, page)
    else:
        page.failed = UnreadReason.SHAPE
        page.ignored.append(value)
    return page


def _bundle(bundle: dict[str, Any], wanted: str, page: Page) -> None:
    entries = bundle.get("entry")
    if entries is not None and not isinstance(entries, list):
        page.failed = UnreadReason.SHAPE
        return
    for entry in entries or ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        kind = str(resource.get("resourceType")) if isinstance(resource, dict) else None
        if resource is not None and kind == "OperationOutcome":
            if is_failure(resource):
                page.failed = UnreadReason.OUTCOME
        elif resource is not None and (kind == wanted or kind in _COMPANIONS.get(wanted, ())):
            page.resources.append(resource)
            page.matches += kind == wanted
        else:
            page.ignored.append(resource)
            # What was found stands here, and cannot be read: this is no complete answer.
            if not is_resource(resource):
                page.failed = page.failed or UnreadReason.SHAPE
    links, total = bundle.get("link"), bundle.get("total")
    if not isinstance(links, list | None) or not isinstance(total, int | None):
        page.failed = page.failed or UnreadReason.SHAPE
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "next":
            page.next = link["url"] if isinstance(link.get("url"), str) else ""
    page.total = total if isinstance(total, int) else 0


def is_resource(value: object) -> bool:
    """Whether an entry holds one resource of a type: not another Bundle, and not something that names no type."""
    kind = value.get("resourceType") if isinstance(value, dict) else None
    return isinstance(kind, str) and kind[:1].isupper() and kind != "Bundle"


def is_failure(outcome: Mapping[str, Any]) -> bool:
    """Whether an OperationOutcome says that something failed; warnings and information ride on good answers too."""
    issues = outcome.get("issue")
    severities = [i.get("severity") for i in issues if isinstance(i, dict)] if isinstance(issues, list) else []
    return not severities or any(s not in ("warning", "information", "success") for s in severities)


def check_known(chart: Chart) -> None:
    """Refuses a chart in which nothing was found of a patient whom the FHIR server does not know: it was deleted or merged, or
    lies on another server. Where nothing else could be read either, whether a pathway applies is undecidable anyway.

    Raises:
        PatientUnknown: it is one.

    """
    patient = chart.reads.get("patient")
    if patient is None or patient.detail != UnreadReason.NOT_FOUND or any(r.resources for r in chart.reads.values()):
        return
    if any(read.complete for read in chart.reads.values()):
        raise PatientUnknown(
            "The FHIR server has no such Patient and no data of one, so nothing was judged.",
            hint="Check that fhirServer is the server of this chart, and whether the patient was merged or deleted; then "
            "send the id in use now. This is not a statement that nothing is needed.",
        )
