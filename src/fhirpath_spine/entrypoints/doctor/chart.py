"""The part of ``doctor`` that looks at one chart: which data no code reached, and what the service could not recognise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from fhirpath_spine.entrypoints.content import Content
from fhirpath_spine.entrypoints.doctor.findings import Finding, fail, info, passed, warn
from fhirpath_spine.errors import SpineError
from fhirpath_spine.pathway.facts.chart import Chart, Read
from fhirpath_spine.pathway.facts.needs import Coding, Matcher
from fhirpath_spine.pathway.facts.reading import codings, concept_of
from fhirpath_spine.pathway.judging.evaluate import decide

AREA = "this patient's chart"
_COUNTS = {
    "uncoded": ("entries have no code of a system that is read", "They are text to this service, and not judged."),
    "unrecognisedNeoplasms": ("neoplasms are in no table", "They found no lesion, so no pathway applies to them."),
    "unrecognisedMedications": ("active drugs are in no table", "An anticoagulant among them would not be seen."),
}
_DO = "Translate the codes under code_map in site.yaml, or add them by `fhirpath-spine codes expand`."


def check_chart(
    reads: Mapping[str, Read], patient: str, base: str, content: Content, at: datetime
) -> Iterator[Finding]:
    """What could be seen of the chart. Codes and texts of a patient are counted, never shown; names of systems are."""
    chart = Chart(patient, reads, base=base)
    try:
        decision = decide(content.library, chart, at, content.site)
    except SpineError as error:
        yield fail(AREA, "judgement", error.message, "A call for this patient is refused.", error.hint)
    else:
        pathways = ", ".join(dict.fromkeys(e.id for e in decision.entries)) or decision.silent or "none"
        yield passed(AREA, "judgement", f"it can be judged; pathways: {pathways}")
        ended = ", ".join(f"{way} {number}" for way, number in decision.ledger.by_way().items()) or "nothing was sent"
        yield info(
            AREA,
            "what was sent",
            f"each resource was counted once, by how it ended: {ended}",
            "What is not recognised or unreadable never counts as absent where a verdict could change.",
            "`fhirpath-spine codes missing --fhir URL` lists the codes that nothing reads, to be filled in.",
        )
        doubtful = sum(bool(entry.doubt) for entry in decision.ledger.entries)
        if doubtful:
            what = f"{doubtful} entries that no table knows may be a tumour or a deficit"
            yield warn(AREA, "codes", what, "They raise a doubt on a card, and settle nothing.", _DO)
        for name, (what, why) in _COUNTS.items():
            if number := decision.counts.get(name):
                yield warn(AREA, "codes", f"{number} {what}", why, _DO)
    yield from _reached(reads, content)


def _reached(reads: Mapping[str, Read], content: Content) -> Iterator[Finding]:
    needs = {name: need for name, need in content.library.needs.items() if need.codes is not None}
    matcher = Matcher(needs)
    found: set[str] = set()
    strange: Counter[tuple[str, str]] = Counter()
    for read in reads.values():
        for resource in read.resources:
            kind = str(resource.get("resourceType"))
            codes = [*codings(concept_of(resource))]
            mapped = [content.site.code_map[c] for c in codes if c in content.site.code_map]
            names = matcher.needs(kind, [*codes, *mapped])
            found.update(names)
            if not names:
                strange.update({(kind, system) for system in _unknown(codes, matcher)})
    unreached = sorted({need.label for name, need in needs.items() if name not in found})
    yield info(
        AREA,
        "data",
        f"{len(found)} of {len(needs)} data were found; not found: {', '.join(unreached) or 'none'}",
        "They may simply not be recorded. If the chart does hold one, its code is in no value set.",
        "`fhirpath-spine codes where CODE` tells whether something reads a code.",
    )
    for (kind, system), number in sorted(strange.items()):
        what = f"{number} {kind} resources have codes of {system}, which nothing reads"
        yield info(AREA, "code systems", what, "If they mean something to the pathways, it is not seen.", _DO)


def _unknown(codes: list[Coding], matcher: Matcher) -> set[str]:
    """The systems of codes of which no need reads any; none where one of the codes is of a system that is read."""
    return set() if matcher.readable(codes) else {system for system, _ in codes}
