"""The part of ``doctor`` that asks a FHIR server: is it there, does it speak R4, and does it do what the profiles need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from fhirpath_spine.adapters.peer import Peer, Reply
from fhirpath_spine.entrypoints.doctor.findings import Checking, Finding, fail, info, passed, warn
from fhirpath_spine.errors import ServerError
from fhirpath_spine.exchange import Json, objects
from fhirpath_spine.exchange.incoming.addresses import read_link
from fhirpath_spine.exchange.incoming.answers import UnreadReason, next_link, read_page
from fhirpath_spine.exchange.incoming.templates import asks_for, without_codes
from fhirpath_spine.pathway.facts.chart import WHERE_OFFERED, Read, type_of
from fhirpath_spine.service import Client

AREA = "FHIR server"
SLACK, LIMIT = 30, 300
"""Seconds by which clocks may differ; more than ``LIMIT`` and what was recorded just now counts as in the future."""
INDISPENSABLE = frozenset({"Patient", "Condition", "Observation"})
"""Without these no pathway can be decided."""
_REFUSED = {
    401: ("the token is not taken", "Pass a valid token with --token; the service uses that of the call."),
    403: ("the token does not permit it", "Have its scopes widened; see under token below."),
    404: ("the server does not know it", "List the type under not_offered of the client, if the server lacks it."),
    429: ("the server asks to come back later", "Raise the limit for this service, or ask who runs the server."),
}


@dataclass(slots=True)
class Examined:
    """What was learned of the server on the way: what each key gave, and how long it took."""

    reads: dict[str, Read] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)
    """Key -> query, filled in, of the keys that could be read."""
    refused: dict[str, int] = field(default_factory=dict)
    """Type -> 401 or 403, of the types that the token may not read."""

    @property
    def types(self) -> frozenset[str]:
        """The types that could be read."""
        return frozenset(map(type_of, self.reads))


def check_metadata(server: Peer, templates: Mapping[str, str], client: Client) -> Checking[bool]:
    """Whether it is worth while to ask further: it answers, and as FHIR R4."""
    try:
        reply = server.get("metadata")
    except ServerError as error:
        yield fail(AREA, "reachable", error.message, "Nothing can be read from it.", error.hint)
        return False
    yield from _time(reply)
    if reply.status in (401, 403):
        what, why = "it keeps its CapabilityStatement to itself", "What it can do is seen from the searches alone."
        yield info(AREA, "CapabilityStatement", what, why)
        return True
    try:
        statement = reply.json()
    except ServerError as error:
        yield fail(AREA, "reachable", error.message, "So it is no base of a FHIR server.", error.hint)
        return False
    if statement.get("resourceType") != "CapabilityStatement":
        what, why = "it answers, but not with a CapabilityStatement", "So it is no base of a FHIR server."
        yield fail(AREA, "reachable", what, why, "Check the path of the address.")
        return False
    yield passed(AREA, "reachable", f"it answers in {reply.seconds * 1000:.0f} ms")
    version = str(statement.get("fhirVersion", "unknown"))
    if not version.startswith(("4.0", "4.3")):
        why = "Resources of another release read differently, and nothing of them is used."
        yield fail(AREA, "FHIR version", f"it speaks FHIR {version}", why, "Name an R4 base of the server.")
        return False
    yield passed(AREA, "FHIR version", version)
    yield from _capability(statement, templates, client)
    return True


def _time(reply: Reply) -> Iterator[Finding]:
    try:
        there = parsedate_to_datetime(reply.date)
    except ValueError:
        yield info(AREA, "time", "it sends no Date", "Whether its clock and this one agree cannot be seen.")
        return
    skew = abs((there.replace(tzinfo=there.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    if skew <= SLACK:
        yield passed(AREA, "time", "its clock and this one agree")
        return
    what, do = f"its clock and this one differ by {skew:.0f} seconds", "Synchronise both by NTP."
    if skew > LIMIT:
        yield fail(AREA, "time", what, "What was recorded a moment ago counts as in the future, and is not used.", do)
    else:
        yield warn(AREA, "time", what, "Tokens may count as expired, or not yet valid.", do)


def _capability(statement: Json, templates: Mapping[str, str], client: Client) -> Iterator[Finding]:
    """The CapabilityStatement against what the templates ask for."""
    rests = [r for r in objects(statement.get("rest")) if r.get("mode", "server") == "server"]
    listed = {str(r.get("type")): r for rest in rests for r in objects(rest.get("resource"))}
    wanted = dict.fromkeys(map(type_of, templates))
    optional = client.not_offered | {type_of(key) for key in WHERE_OFFERED}
    missing = [kind for kind in wanted if kind not in listed and kind not in optional]
    for kind in missing:
        why = "Each call asks for it and gets an error, so each card would say that data are incomplete."
        if kind in INDISPENSABLE:
            what = f"it does not offer {kind}"
            yield fail(AREA, "types", what, "Without it no pathway can be decided.", "Read from another server.")
        else:
            do = f"Write not_offered: [{', '.join(sorted({*client.not_offered, *missing}))}] in the client's entry."
            yield warn(AREA, "types", f"it does not offer {kind}", why, do)
    for kind in sorted(client.not_offered & set(listed)):
        what, why = f"it offers {kind}, the client's entry says not_offered", "The service does not look at it."
        yield warn(AREA, "types", what, why, "Take it out of not_offered.")
    odd = False
    for kind in (k for k in wanted if k in listed and k != "Patient"):
        needed = ["patient", *(["code"] if kind == "Observation" else [])]
        names = {str(p.get("name")) for p in objects(listed[kind].get("searchParam"))}
        if names and (lacking := [n for n in needed if n not in names]):
            odd = True
            what, why = f"{kind} by {', '.join(lacking)} is not declared", "The templates search by it."
            yield warn(AREA, "search parameters", what, why, "See below whether the search works all the same.")
    for kind in (k for k in wanted if k in listed):
        codes = {str(i.get("code")) for i in objects(listed[kind].get("interaction"))}
        needed_code = "read" if kind == "Patient" else "search-type"
        if codes and needed_code not in codes:
            odd = True
            what, why = f"{kind}: {needed_code} is not declared", "The templates ask for it."
            yield warn(AREA, "interactions", what, why, "See below whether it works all the same.")
    if not missing and not odd:
        yield passed(
            AREA, "CapabilityStatement", "every type, interaction and search parameter of the templates is declared"
        )


# ------------------------------------------------------------------ searches


def check_searches(server: Peer, templates: Mapping[str, str], patient: str, client: Client) -> Checking[Examined]:
    """Asks every template for one patient, to its last page, as the service would."""
    examined = Examined()
    for key, template in templates.items():
        kind = type_of(key)
        if kind in client.not_offered:
            yield info(AREA, key, f"not asked: the client's entry says not_offered: {kind}")
            continue
        query = template.replace("{{context.patientId}}", patient)
        try:
            pages = list(server.pages(server.search(query)))
        except ServerError as error:
            if key in WHERE_OFFERED:
                yield info(AREA, key, "the server does not give it", "It is read where it is offered, and not missed.")
                continue
            yield fail(AREA, key, error.message, "This part of the chart is unread in each call.", error.hint)
            continue
        read = _read(pages, kind)
        examined.seconds[key] = sum(p.seconds for p in pages)
        if isinstance(read, str):
            if pages[-1].status in (401, 403):
                examined.refused[kind] = pages[-1].status
            elif len(pages) == 1 and (whole := _by_patient(server, query, pages[0].status)) is not None:
                examined.reads[key], examined.first[key] = whole, without_codes(query)
                what = f"it refuses to search by code (HTTP {pages[0].status})"
                why = f"The service reads all {kind}s of the patient instead and filters them, which takes longer."
                yield warn(AREA, key, what, why, "Have the server support the code parameter, if it can.")
                continue
            if key in WHERE_OFFERED:
                yield info(AREA, key, "the server does not give it", "It is read where it is offered, and not missed.")
                continue
            yield _refusal(key, kind, pages[-1], read)
            continue
        examined.reads[key], examined.first[key] = read, query
        many = f" on {len(pages)} pages" if len(pages) > 1 else ""
        if len(pages) > client.pages:
            what, why = (
                f"{len(read.resources)} resources{many}, the service reads {client.pages}",
                "The rest is unread.",
            )
            do = f"Have the server give larger pages, or write limits: {{pages: {len(pages)}}} in the client's entry."
            yield fail(AREA, key, what, why, do)
            continue
        yield passed(AREA, key, f"{len(read.resources)} resources{many}, {examined.seconds[key] * 1000:.0f} ms")
    return examined


def _by_patient(server: Peer, query: str, status: int) -> Read | None:
    """What the service gets of a refused search by code: from one by patient alone, or None if there is none."""
    if not (whole := without_codes(query)) or not 400 <= status < 500 or status == 429:
        return None
    try:
        read = _read(list(server.pages(server.search(whole))), query.partition("?")[0])
    except ServerError:
        return None
    if isinstance(read, str):
        return None
    return Read(tuple(r for r in read.resources if asks_for(query, r)), source="search")


def _read(pages: Sequence[Reply], kind: str) -> Read | str:
    """What the pages give, or in a word why they give nothing."""
    resources: list[Any] = []
    for reply in pages:
        if not reply.ok:
            return "status"
        page = read_page(reply.value, kind)
        if page.failed is not None or page.astray:
            return (page.failed or UnreadReason.SHAPE).value
        resources += page.resources
    return Read(tuple(resources), source="search")


def _refusal(key: str, kind: str, reply: Reply, why: str) -> Finding:
    effect = "This part of the chart is unread in each call, and the cards say so."
    if why != "status":
        what = (
            "it answers with an OperationOutcome" if why == "outcome" else f"it answers with something else than {kind}"
        )
        return fail(AREA, key, what, effect, "The server's log says why.")
    if reply.status < 300:
        return fail(
            AREA, key, "it answers with no JSON object", effect, "Check the address; a log-in page may stand there."
        )
    word, do = _REFUSED.get(reply.status, ("the search is refused", "The server's log says why."))
    if key == "patient" and reply.status == 404:
        word, do = "there is no such Patient", "Check --patient."
    return fail(AREA, key, f"HTTP {reply.status}, {word}", effect, do)


def check_speed(examined: Examined, deadline: float) -> Iterator[Finding]:
    """The slowest search against the deadline of a call; the service asks all at once."""
    if not examined.seconds:
        return
    key, slowest = max(examined.seconds.items(), key=lambda item: item[1])
    what = f"the slowest search ({key}) takes {slowest * 1000:.0f} ms, a call has {deadline:g} s"
    if slowest > deadline:
        why = "It is cut off, and that part of the chart is unread."
        yield fail(AREA, "speed", what, why, "Have the EHR send it as prefetch, or raise SPINE_DEADLINE.")
    elif slowest > deadline / 2:
        why = "On a busy day it would be cut off."
        yield warn(AREA, "speed", what, why, "Have the EHR send it as prefetch, or raise SPINE_DEADLINE.")
    else:
        yield passed(AREA, "speed", what)


def check_paging(server: Peer, examined: Examined, client: Client) -> Iterator[Finding]:
    """Whether pages are made as asked, and lead to where the service may follow."""
    key = next((k for k, r in examined.reads.items() if k != "patient" and len(r.resources) > 1), "")
    if not key:
        yield info(
            AREA,
            "paging",
            "not tried: no search gave two resources",
            "A chart that is cut off at the first page looks empty from there on.",
            "Name a patient with more data with --patient.",
        )
        return
    query = examined.first[key].split("&_count=")[0] + "&_count=1"
    try:
        reply = server.search(query)
        value = reply.json()
    except ServerError as error:
        yield fail(AREA, "paging", error.message, "The templates ask for a page size.", error.hint)
        return
    count = len([e for e in objects(value.get("entry")) if isinstance(e.get("resource"), dict)])
    link = next_link(value)
    if not link:
        if count < len(examined.reads[key].resources):
            what, why = "a page of one resource has no link to the next", "The rest of a long chart is never seen."
            yield fail(AREA, "paging", what, why, "The server's paging is at fault; it has to send link.relation=next.")
        else:
            what, why = "it does not heed _count", "Answers may grow large; 8 MiB are read of each."
            yield warn(AREA, "paging", what, why, "Nothing, as long as the searches above succeed.")
        return
    target = read_link(link, reply.url)
    if target is None or (target[1] != server.address.origin and target[1] not in client.servers.next_link_origins):
        what = f"the next page lies at {target[1] if target else 'an address that cannot be read'}"
        why = "A token is sent to no other origin than the base's, so a long chart is cut off after its first page."
        do = (
            f"Write next_link_origins: [{target[1]}] in the client's entry." if target else "Have the server corrected."
        )
        yield fail(AREA, "paging", what, why, do)
    elif target[1] != server.address.origin:
        yield passed(AREA, "paging", f"the next page lies at {target[1]}, which the client's entry lists")
    else:
        yield passed(AREA, "paging", "pages are made as asked, and the next one lies on the same server")
