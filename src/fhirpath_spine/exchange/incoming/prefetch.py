"""From prefetch to reads, key by key: present, complete and empty, failed, cut short, or open (design section 3).

A key that is absent is *open*: whoever may fetch does. ``null`` and an empty Bundle are a complete search that found
nothing (faults R11, R12). An OperationOutcome is a failure that is not asked for again. A ``next`` link means that there is
more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhirpath_spine.errors import BodyTooLarge, PatientUnknown
from fhirpath_spine.exchange.incoming.answers import Page, UnreadReason, read_page, unread
from fhirpath_spine.pathway.facts.chart import Chart, Read, Resource, type_of
from fhirpath_spine.pathway.facts.signs import NO_SIGNS, Signs
from fhirpath_spine.pathway.facts.subjects import check_ignored
from fhirpath_spine.pathway.truth import Reason

RESOURCES = 10_000
"""Resources of one call (rulings 2.9)."""


@dataclass(frozen=True, slots=True)
class Open:
    """A key that the prefetch leaves open: the query that would close it, what there is so far, of how many entries, and the
    next page if known; ``signs`` are those by which an answer says that not all is there.
    """

    key: str
    query: str
    partial: Read | None = None
    next: str = ""
    entries: int = 0
    total: int = 0
    signs: Signs = NO_SIGNS


@dataclass(slots=True)
class Retrieved:
    """What the prefetch gave. ``ignored`` counts entries of a type that was not asked for, or that hold no resource;
    ``taken`` counts all entries, those too.
    """

    reads: dict[str, Read] = field(default_factory=dict)
    open: dict[str, Open] = field(default_factory=dict)
    ignored: int = 0
    taken: int = 0

    @property
    def resources(self) -> Iterator[Resource]:
        """All that was taken, of keys that are still open, too."""
        partial = (item.partial for item in self.open.values() if item.partial is not None)
        return (one for read in (*self.reads.values(), *partial) for one in read.resources)


def read_prefetch(
    prefetch: Mapping[str, Any],
    templates: Mapping[str, str],
    patient: str,
    *,
    base: str = "",
    limit: int = RESOURCES,
    not_offered: frozenset[str] = frozenset(),
    signs: Signs = NO_SIGNS,
) -> Retrieved:
    """Reads every key of the templates; unknown keys are not looked at. ``not_offered`` are types that this EHR cannot
    give: they are neither asked for nor counted as a failure (rulings 2.10). ``signs`` say that not all is here.

    Raises:
        BodyTooLarge: more resources than the limit.
        PatientMismatch: a resource that would be ignored belongs to another patient; the facts check all others.

    """
    out = Retrieved()
    scope = Chart(patient, {}, base=base)
    misplaced: set[str] = set()
    for key, query in templates.items():
        if key not in prefetch:
            if type_of(key) in not_offered:
                out.reads[key] = _NOT_OFFERED
            else:
                out.open[key] = Open(key, query, signs=signs)
            continue
        value = prefetch[key]
        page = Page() if value is None else read_page(value, type_of(key), signs)
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
            misplaced |= page.misplaced
        elif page.next is not None:
            partial = unread(UnreadReason.NEXT_PAGE, page.resources)
            out.open[key] = Open(key, query, partial, page.next, page.entries, page.total, signs)
        elif page.total > page.entries:
            out.reads[key] = unread(UnreadReason.TOTAL, page.resources)
        elif page.astray:
            out.reads[key] = unread(UnreadReason.SHAPE, page.resources)
            misplaced |= page.misplaced
        else:
            out.reads[key] = Read(tuple(page.resources))
    for key, read in out.reads.items():
        if read.complete and type_of(key) in misplaced:
            # What belongs here stands under another key: the two were taken for one another.
            out.reads[key] = unread(UnreadReason.SHAPE, read.resources)
    return out


_NOT_OFFERED = Read((), complete=False, reason=Reason.NOT_OFFERED, detail=UnreadReason.NOT_OFFERED.value)


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
