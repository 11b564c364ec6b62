"""The sheet that EHR staff type in by hand: services, prefetch keys, scopes, topics (catalogue PRE-13; Epic and Oracle Health
register a service from a form, not from discovery).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhirpath_spine import __version__
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.incoming.medications import MEDICATION
from fhirpath_spine.exchange.outgoing.cards import TOPIC_SYSTEM, topic_code
from fhirpath_spine.exchange.outgoing.links import page
from fhirpath_spine.exchange.outgoing.phrases import Phrases
from fhirpath_spine.pathway.facts.chart import type_of
from fhirpath_spine.pathway.model import Indicator, Library

PLACE = "(to be filled in)"
MAY = "may be offered"
NEVER = "must never be offered for suppression"
RATHER_NOT = "better not offered: it warns"
_ALWAYS = {
    "patient": "age, whether the patient is alive, and whose chart it is",
    "carePlans": "which draft plans of this service the chart holds already",
}
_OWN = {
    "SPINEdataincomplete": "A part of the chart could not be read",
    "SPINEunavailable": "The chart could not be read, nothing was judged",
}
CONTACTS = ("clinical owner", "technical contact", "security contact")
RETENTION = (
    "No data of a patient is stored. Each call leaves one log line with the id of the decision, the client, the service, the "
    "outcome, counts and the names of prefetch keys that could not be read. Access tokens are used during the call and forgotten."
)


def sheet(
    library: Library, templates: Mapping[str, str], services: Sequence[Mapping[str, Any]], phrases: Phrases, url: str
) -> Json:
    """All of the sheet as data. ``services`` are ids with their hooks and the templates of what each needs; ``url`` is where the
    service is reached, if known.
    """
    base = url.rstrip("/") or "https://" + PLACE
    return {
        "title": phrases.text("service-title"),
        "description": phrases.text("service-description"),
        "version": __version__,
        "content": library.digest,
        "discovery": f"{base}/cds-services",
        "services": [{**s, "url": f"{base}/cds-services/{s['id']}"} for s in services],
        "audience": "Clinicians. For a patient or a relative who opens the chart the answer is empty.",
        "prefetch": [_key(key, template, library) for key, template in templates.items()],
        "scopes": {"v1": _scopes(templates, "read"), "v2": _scopes(templates, "rs")},
        "links": [page(url.rstrip("/"), pathway.id) for pathway in library.pathways] if url else [],
        "actions": [
            "CarePlan (create, as a draft)",
            "ServiceRequest (create, as a draft; if the client entry says so)",
            "MedicationRequest, ServiceRequest (delete, of an order that a warning is about; if the client entry says so)",
            "MedicationRequest, ServiceRequest (update, of the priority of an order; if the client entry says so)",
        ],
        "plans": f"{base}/fhir/PlanDefinition/{{id}}/$apply",
        "topics": {"system": TOPIC_SYSTEM, "codes": list(_topics(library))},
        "retention": RETENTION,
        "contacts": dict.fromkeys(CONTACTS, PLACE),
    }


def _key(key: str, template: str, library: Library) -> Json:
    mine = [need for need in library.needs.values() if key in need.keys]
    # What a key is for: the names that a card gives to what is read from it.
    names = [_ALWAYS[key]] if key in _ALWAYS else sorted({need.label for need in mine}, key=str.lower)
    return {"key": key, "type": type_of(key), "template": template, "for": names}


def _scopes(templates: Mapping[str, str], right: str) -> list[str]:
    # A drug may be named by a reference to a Medication, which is then read by itself.
    return [f"patient/{kind}.{right}" for kind in dict.fromkeys((*map(type_of, templates), MEDICATION))]


def _topics(library: Library) -> Iterator[Json]:
    """Every topic that a card can have. Those of the gate are marked: suppressed once, an emergency would stay unseen."""
    gate = library.policy.gate.pathway if library.policy.gate else ""
    shared = [u.recommendation for p in library.pathways for u in p.uses if u.recommendation.per_patient]
    for pathway in library.pathways:
        # A pathway with nothing but open questions has an info card; what is said once for the patient rides on any.
        listed = {r.id: r for r in (*(use.recommendation for use in pathway.uses), *shared)}.values()
        indicators = {i for one in listed if one.safety is not True for i, _ in one.indicator} | {Indicator.INFO}
        for indicator in (i for i in reversed(Indicator) if i in indicators):
            code = topic_code(f"{pathway.id}{indicator.value}")
            yield _topic(code, f"{pathway.title}: {indicator.value}", NEVER if pathway.id == gate else MAY)
        for one in (one for one in listed if one.safety is not False):
            code = topic_code(f"{pathway.id}safety{one.id}")
            yield _topic(code, f"{pathway.title}: safety, {one.title}", NEVER if pathway.id == gate else RATHER_NOT)
        for one in (one for one in listed if one.on_order):
            code = topic_code(f"{pathway.id}order{one.id}")
            yield _topic(code, f"{pathway.title}: an order, {one.title}", NEVER if pathway.id == gate else RATHER_NOT)
    for notice in library.policy.notices:
        yield _topic(topic_code(notice.topic), notice.title, NEVER if notice.first else RATHER_NOT)
    for code, title in _OWN.items():
        yield _topic(code, title, RATHER_NOT)


def _topic(code: str, title: str, suppression: str) -> Json:
    return {"code": code, "title": title, "suppression": suppression}


def markdown(found: Json) -> str:
    """The sheet for people, as Markdown without HTML."""
    blocks = [
        f"# Registration: {found['title']}",
        found["description"],
        _table(
            ("field", "value"),
            [
                ("discovery", f"`{found['discovery']}`"),
                *((f"service for `{s['hook']}`", f"`{s['url']}` (id `{s['id']}`)") for s in found["services"]),
                ("CDS Hooks", "3.0, reads as 2.0"),
                ("FHIR", "R4 (4.0.1)"),
                ("audience", found["audience"]),
                ("links in cards", ", ".join(found["links"]) or "none"),
                ("actions in suggestions", "; ".join(found["actions"])),
                ("a plan on its own", f"`{found['plans']}`"),
                ("version", f"{found['version']}, content `{found['content'][:12]}`"),
            ],
        ),
        "## Prefetch",
        "Every key is needed. A key that is left out counts as not read, never as empty; `null` means searched and nothing "
        "found. Type each template as it stands, on one line.",
        *(_prefetch(key) for key in found["prefetch"]),
        *_by_service(found),
        "## Scopes",
        _table(
            ("SMART v1", "SMART v2"),
            [(f"`{a}`", f"`{b}`") for a, b in zip(found["scopes"]["v1"], found["scopes"]["v2"], strict=True)],
        ),
        "## Topics of cards",
        f"System `{found['topics']['system']}`. EHRs key the suppression of repeats on these codes; they never change. "
        f"What is marked **{NEVER}** announces a possible emergency.",
        _table(
            ("code", "card", "suppression"),
            [
                (f"`{t['code']}`", t["title"], f"**{NEVER}**" if t["suppression"] == NEVER else t["suppression"])
                for t in found["topics"]["codes"]
            ],
        ),
        "## Data retention",
        found["retention"],
        "## Contacts",
        _table(("role", "who"), list(found["contacts"].items())),
    ]
    return "\n\n".join(blocks)


def _by_service(found: Json) -> Iterator[str]:
    """What each service needs of these keys, where it is not all of them as they stand above."""
    whole = {key["key"]: key["template"] for key in found["prefetch"]}
    for service in found["services"]:
        own = service.get("prefetch", whole)
        if own == whole:
            continue
        yield f"### For `{service['hook']}`"
        yield "These keys, and no others: " + ", ".join(f"`{key}`" for key in own) + "."
        shorter = [(key, template) for key, template in own.items() if template != whole.get(key)]
        if shorter:
            yield "With fewer codes:\n\n" + "\n".join(f"    {key}: {template}" for key, template in shorter)


def _prefetch(key: Json) -> str:
    return f"### `{key['key']}`\n\n{key['type']}: {', '.join(key['for'])}.\n\n    {key['template']}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
