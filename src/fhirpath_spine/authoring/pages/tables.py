"""What a pathway reads, and what stands beside it: the tables of its page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fhirpath_spine.authoring.pages.english import English
from fhirpath_spine.authoring.pages.markup import code, details, sentence, table, text
from fhirpath_spine.pathway.asking import reach
from fhirpath_spine.pathway.facts.needs import Need
from fhirpath_spine.pathway.model import Library, Pathway, Recommendation, Selector


def names_read(library: Library, *records: object) -> list[str]:
    """All variables behind records of the library, in the order of the files."""
    read = reach.variables(library, records)
    order = (*library.needs, *library.findings, *library.ranked, *library.definitions)
    return [name for name in order if name in read]


def criterion_names(pathway: Pathway) -> Iterator[str]:
    """Names of the criteria, for the page of DEFAULT values names these too."""
    for use in pathway.uses:
        yield from (criterion.name for _, criterion in reach.criteria(use.recommendation))


def evidence(library: Library, claims: Iterable[str]) -> list[str]:
    """The claims, each with its document and how weak that is."""
    rows = []
    for claim in (library.claims[c] for c in claims if c in library.claims):
        source = library.sources.get(claim.source)
        about = [source.title, source.kind, source.date or "undated", source.certainty] if source else ["", "", "", ""]
        rows.append([claim.id, claim.use, text(claim.strength) or "none", *map(text, about)])
    head = ["claim", "use", "strength word of the source", "document", "kind", "date", "certainty (ours)"]
    return table(head, rows)


def selects(selectors: Iterable[Selector], one: Recommendation) -> bool:
    """Whether a selector can pick a recommendation, its condition left aside."""
    return any(s.ids & {one.id, f"kind:{one.kind}", "*"} for s in selectors)


def beside(library: Library, one: Recommendation, english: English) -> list[str]:
    """Facts of published frameworks that may stand beside a recommendation."""
    out = []
    for framework in library.frameworks:
        for fact in framework.lines:
            if selects(fact.on, one):
                where = f" Only where {text(english.say(fact.line.when))}." if fact.line.when is not None else ""
                switch = "always on" if framework.always else "off unless the site switches it on"
                said = sentence(fact.line.say)
                out.append(f"- {framework.id} (grade {fact.grade}, {framework.date}, {switch}): {said}{where}")
    return out


def bases(library: Library, names: Iterable[str]) -> Iterator[str]:
    """The needs of which the needs among the names are views: what these read is written there."""
    for name in names:
        one = library.needs.get(name)
        while one is not None and one.of:
            yield one.of
            one = library.needs.get(one.of)


def limits_read(library: Library, *records: object) -> list[str]:
    """The limits behind records of the library, through definitions and windows too, in the order of the files."""
    names = names_read(library, *records)
    definitions = [library.definitions[name] for name in names if name in library.definitions]
    read = {name for one in reach.expressions(*records, *definitions) for name in one.limits}
    return [name for name in library.limits if name in read or library.limits[name].windows & set(names)]


def limits(library: Library, names: Iterable[str]) -> list[str]:
    """Each limit with its number, where that comes from, and who has approved it here."""
    rows = (
        [code(limit.id), text(str(limit.value).replace("'", "")), limit.source, text(limit.approver or "not approved")]
        for limit in (library.limits[name] for name in names)
    )
    return table(["limit", "value", "source", "approved by"], rows)


def data(library: Library, names: Iterable[str]) -> list[str]:
    """The needs among the names: value set, window, and what a complete search without a find says."""
    needs: set[str] = set()
    for name in names:
        needs |= reach.needs_behind(library, [name])
    rows = [_row(need) for name, need in library.needs.items() if name in needs]
    head = ["datum", "read from", "value set", "window (DEFAULT)", "value", "nothing found means"]
    return table(head, rows)


def _row(need: Need) -> list[str]:
    value = need.value
    how = ""
    if value is not None:
        limits = f", {value.plausible[0]} to {value.plausible[1]}" if value.plausible else ""
        how = f"{value.kind}{f' in {value.unit}' if value.unit else ''}{limits}"
    absent = need.absent.value if need.absent is not None else "not recorded"
    sets = code(need.codes.name) if need.codes is not None else "all"
    window = f"{need.within} days" if need.within is not None else "none"
    newest = " (newest)" if need.latest else ""
    return [f"{text(need.label)} ({code(need.name)})", ", ".join(need.resources), sets, window, how + newest, absent]


def definitions(library: Library, names: Iterable[str], english: English) -> list[str]:
    """The named expressions that the criteria are built from, in words and as FHIRPath."""
    lines = []
    for name in names:
        if (test := library.definitions.get(name)) is not None:
            lines.append(f"- **{english.name(name)}**: {text(english.say(test))}. {code(test.text)}")
    return details("Definitions behind the criteria", lines) if lines else []
