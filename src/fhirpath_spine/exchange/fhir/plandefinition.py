"""A pathway as a FHIR R4 PlanDefinition, made from the loaded library: what it may recommend, when, and on which documents.

It is for reading and for cataloguing. Its conditions are the profile's own FHIRPath over variables that only this service
knows (``%lesion``, ``%operated``), judged three-valued; what applies to a patient says ``$apply``, not another engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fhirpath_spine import __version__
from fhirpath_spine.exchange import BASE, Json, lean
from fhirpath_spine.exchange.outgoing.markdown import plain
from fhirpath_spine.exchange.outgoing.phrases import Phrases
from fhirpath_spine.pathway.model import ClaimRef, Criterion, Library, Pathway, Recommendation, Source, Use

LANGUAGE = "text/fhirpath"
TYPE = {
    "coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/plan-definition-type", "code": "clinical-protocol"},
    ]
}
ID = 64
"""Characters that FHIR's type id may have; the name of an expression is one."""
NEVER = "false"
"""Condition of what is written down but never recommended."""


def url(pathway: str) -> str:
    """The canonical of a pathway, without its version; an identifier, not a location (rulings 5.3)."""
    return f"{BASE}/PlanDefinition/{pathway}"


def plan_definition(pathway: Pathway, library: Library, phrases: Phrases) -> Json:
    """The PlanDefinition of one pathway of the library."""
    return lean(
        {
            "resourceType": "PlanDefinition",
            "id": pathway.id,
            "url": url(pathway.id),
            "version": pathway.version,
            "name": "".join(c for c in pathway.id if c.isalnum()),
            "title": pathway.title,
            "type": TYPE,
            "status": pathway.status,
            "experimental": pathway.status != "active",
            "publisher": f"fhirpath-spine {__version__}",
            "description": phrases.text("service-description"),
            "usage": phrases.text("intended"),
            "relatedArtifact": [_document(s, phrases) for s in _sources(pathway, library)],
            "action": [
                lean(
                    {
                        "id": pathway.id,
                        "title": pathway.title,
                        "description": _scope(pathway),
                        "condition": [_condition(c) for c in pathway.applies],
                        "selectionBehavior": "any",
                        "action": [_action(use, library) for use in pathway.uses],
                    }
                )
            ],
        }
    )


def _scope(pathway: Pathway) -> str:
    """What the conditions do not say of where a pathway applies."""
    said = ["Judged once for each lesion." if pathway.per_lesion else "Judged once for the patient."]
    if pathway.fallback:
        said.append("Takes what no other pathway takes.")
    if pathway.without_lesion:
        said.append(f"Where no lesion is on record, instead: {'; '.join(c.label for c in pathway.without_lesion)}.")
    return " ".join(said)


def _action(use: Use, library: Library) -> Json:
    one = use.recommendation
    return lean(
        {
            "id": one.id,
            "prefix": one.id,
            "title": one.title,
            "description": " ".join(_described(one)),
            "textEquivalent": one.activity.text if one.activity else one.title,
            "code": [{"text": one.kind}],
            "documentation": [d for c in one.claims if (d := _claim(c, library))],
            "condition": list(_conditions(use)),
        }
    )


def _conditions(use: Use) -> Iterator[Json]:
    """What has to be MET, all of it. What blocks stands in words: a negation would not say what *unknown* does."""
    one = use.recommendation
    if one.suppressed or one.unreachable:
        yield {"kind": "applicability", "expression": {"language": LANGUAGE, "expression": NEVER}}
    if use.when is not None:
        yield {"kind": "applicability", "expression": {"language": LANGUAGE, "expression": use.when.filled}}
    yield from (_condition(c) for c in one.when)


def _condition(criterion: Criterion) -> Json:
    name = criterion.name if len(criterion.name) <= ID else ""
    expression = {
        "description": criterion.label,
        "name": name,
        "language": LANGUAGE,
        "expression": criterion.test.filled,
    }
    return {"kind": "applicability", "expression": lean(expression)}


def _described(one: Recommendation) -> Iterator[str]:
    for title, criteria in (
        ("Blocked where", one.blocked),
        ("With a caution where", one.caution),
        ("Already satisfied where", one.satisfied),
        ("Left out where", one.excluded),
    ):
        if criteria:
            yield f"{title}: {'; '.join(c.label for c in criteria)}."
    if one.follows:
        yield f"Goes with: {', '.join(one.follows)}."
    if one.unless:
        yield f"Only without: {', '.join(one.unless)}."
    if one.suppressed:
        yield f"Never recommended: {one.suppressed}."
    if one.unreachable:
        yield f"No data can answer its conditions today: {one.unreachable}."


def _sources(pathway: Pathway, library: Library) -> list[Source]:
    """The documents that its recommendations cite, in the library's order."""
    claims = (library.claims.get(c.id) for use in pathway.uses for c in use.recommendation.claims)
    cited = {claim.source for claim in claims if claim is not None}
    return [source for id_, source in library.sources.items() if id_ in cited]


def _document(source: Source, phrases: Phrases) -> Json:
    key = f"label-{source.kind}"
    said = phrases.say(
        "source",
        id=source.id,
        title=source.title,
        publisher=source.publisher,
        date=source.date or phrases.text("undated"),
        kind=phrases.word("kind", source.kind),
        certainty=phrases.word("certainty", source.certainty),
        label=phrases.text(key if key in phrases.keys else "label-other"),
    )
    return lean(
        {"type": "citation", "label": source.id, "display": source.title, "citation": plain(said), "url": source.url}
    )


def _claim(reference: ClaimRef, library: Library) -> Json | None:
    claim = library.claims.get(reference.id)
    if claim is None:
        return None
    source = library.sources.get(claim.source)
    where = f"{source.title} ({', '.join(x for x in (source.publisher, source.date) if x)})" if source else claim.source
    return lean({"type": "justification", "label": claim.id, "display": claim.strength, "citation": where})


def searchset(found: Iterable[Json], here: str, self_link: str) -> Json:
    """The answer to a search; ``here`` is the address of this service's own FHIR base."""
    entry = [
        {"fullUrl": f"{here}/PlanDefinition/{plan['id']}", "resource": plan, "search": {"mode": "match"}}
        for plan in found
    ]
    return lean(
        {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": len(entry),
            "link": [{"relation": "self", "url": self_link}],
            "entry": entry,
        }
    )
