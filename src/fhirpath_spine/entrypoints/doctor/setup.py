"""The part of ``doctor`` that looks at this side: settings, content, clients, topics, and data that no code can reach."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from fhirpath_spine.entrypoints.clients import Registry, load_clients
from fhirpath_spine.entrypoints.content import Content, load_content, without_effect
from fhirpath_spine.entrypoints.doctor.findings import Checking, Finding, fail, info, passed, warn
from fhirpath_spine.entrypoints.http.process import check_mode
from fhirpath_spine.entrypoints.production import missing
from fhirpath_spine.entrypoints.settings import Settings
from fhirpath_spine.errors import ProfileError, SettingsError, SpineError
from fhirpath_spine.exchange.ehr_side.registration import NEVER
from fhirpath_spine.exchange.incoming.addresses import Servers, read_base
from fhirpath_spine.exchange.outgoing.cards import topic_code
from fhirpath_spine.pathway.facts.needs import Coding, Need
from fhirpath_spine.pathway.model import Indicator, Library
from fhirpath_spine.service import Client

AREA = "this service"
OWN = "urn:fhirpath-spine:"
"""Code systems of ours begin so; no EHR sends their codes by itself."""


def check_settings(settings: Settings) -> Iterator[Finding]:
    """Whether the service would start, and what is odd about how."""
    try:
        check_mode(settings)
    except SettingsError as error:
        yield fail(AREA, "mode", error.message, "`serve` ends at once.", error.hint)
    else:
        yield passed(AREA, "mode", f"SPINE_MODE={settings.mode}, the service would start")
    if settings.clock is not None:
        yield warn(
            AREA,
            "clock",
            f"the clock stands at {settings.clock.isoformat()}",
            "What is newer than five minutes after that counts as in the future, and is not used.",
            "Remove SPINE_CLOCK, except to try charts that are written for that day.",
        )
    if settings.site is None:
        yield info(
            AREA,
            "site",
            "there is no site file",
            "Days are those of UTC, site flags are unknown, and no code of the site is translated.",
            "Write site.yaml and name it in SPINE_SITE.",
        )
    if not settings.public_url.startswith("https://"):
        yield info(
            AREA,
            "public address",
            "SPINE_PUBLIC_URL names no https address",
            "The registration sheet has a gap there, and an EHR calls by TLS.",
            "Set it to how the EHR reaches the service.",
        )


def check_content(settings: Settings) -> Checking[Content | None]:
    """The content, if profiles, site and key can be used."""
    try:
        content = load_content(settings)
    except ProfileError as error:
        yield fail(AREA, "content", error.message, "Nothing is loaded by halves, so `serve` ends.", error.hint)
        return None
    except SettingsError as error:
        yield fail(AREA, "content", error.message, "Ids of decisions and plans need the key.", error.hint)
        return None
    yield from _content(content)
    return content


def _content(content: Content) -> Iterator[Finding]:
    library = content.library
    yield passed(AREA, "content", f"{len(library.pathways)} pathways, digest {library.digest[:12]}")
    if drafts := [p.id for p in library.pathways if p.status != "active"]:
        yield info(
            AREA,
            "approval",
            f"drafts: {', '.join(drafts)}",
            "No clinician of this site has approved them, and every card says so.",
            "See docs/approvals.md; `fhirpath-spine config --approvals` prints what to sign.",
        )
    yield from _topics(library)
    yield from _out_of_reach(content)


def _topics(library: Library) -> Iterator[Finding]:
    gate = library.policy.gate
    if gate is None:
        return
    codes = ", ".join(topic_code(f"{gate.pathway}{i.value}") for i in reversed(Indicator))
    yield info(
        AREA,
        "topics",
        f"{codes}: {NEVER}",
        "EHRs let users silence a topic for good; these announce a possible emergency.",
        "Tell the staff who set up suppression in the EHR, and check it there: it cannot be seen from here.",
    )


def _out_of_reach(content: Content) -> Iterator[Finding]:
    """Data that only codes of ours stand for: without a code map they are "not recorded" for ever (rulings 6)."""
    mapped = frozenset(content.site.code_map.values())
    names = {need.label for need in content.library.needs.values() if _is_ours_alone(need, mapped)}
    if names:
        yield info(
            AREA,
            "codes",
            f"{len(names)} data have no public code: {', '.join(sorted(names))}",
            'An EHR sends its own codes for these, so they stay "not recorded" until they are translated.',
            "List the EHR's codes under code_map in site.yaml, or add some by `fhirpath-spine codes expand`.",
        )


def _is_ours_alone(need: Need, mapped: frozenset[Coding]) -> bool:
    """Whether only codes of our own system find it, or answer it, and no code of the site is translated to one of them."""
    asked = need.codes is not None and not need.codes.prefixes and _ours(need.codes.members, mapped)
    return asked or (need.value is not None and bool(need.value.answers) and _ours(need.value.answers, mapped))


def _ours(codes: Collection[Coding], mapped: frozenset[Coding]) -> bool:
    return all(system.startswith(OWN) for system, _ in codes) and mapped.isdisjoint(codes)


def check_registry(settings: Settings) -> Checking[Registry | None]:
    """The clients of SPINE_CLIENTS, none without it; None if the file cannot be used."""
    if settings.clients is None:
        yield info(
            AREA,
            "clients",
            "there is no clients.yaml",
            "In development, FHIR servers on this machine may be read from, and no others.",
            "Write clients.yaml and name it in SPINE_CLIENTS.",
        )
        return Registry()
    try:
        registry = load_clients(settings.clients, plain_http=settings.mode == "dev", emergency=settings.emergency)
    except SpineError as error:
        why = "None of the file is in use, so `serve` ends."
        yield fail(AREA, "clients", str(error), why, "Correct the file.")
        return None
    yield passed(AREA, "clients", f"{len(registry.clients)} entries")
    return registry


def check_client(settings: Settings, entries: Sequence[Client], chosen: str, fhir: str) -> Checking[Client | None]:
    """The client whose calls come from this FHIR server, or that was chosen."""
    builtin = Client(emergency=settings.emergency, servers=Servers(loopback=True))
    named = next((c for c in entries if c.id == chosen), None)
    if chosen and named is None:
        known = ", ".join(c.id for c in entries) or "none"
        what, why = "no entry has the id of --client", "Its calls would not be known."
        yield fail(AREA, "client", what, why, f"Known: {known}.")
        return None
    base = read_base(fhir) if fhir else None
    client = named or next((c for c in entries if base is not None and base in c.servers.bases), builtin)
    if base is not None and client.servers.admitted(fhir) is None:
        yield fail(
            AREA,
            "FHIR server listed",
            "no entry lists this base",
            "The service never contacts a server that is not listed: what the prefetch leaves open is unread.",
            f"Add it under fhir_servers of the client, to the letter: {base}",
        )
    elif base is not None:
        yield passed(AREA, "FHIR server listed", f"calls from this base are those of the client {client.id}")
    return client


def check_production(settings: Settings, content: Content | None, registry: Registry | None) -> Iterator[Finding]:
    """What of clients and content stands against a start in production; the settings are told with the mode."""
    told = missing(settings, None, None)
    found = [reason for reason in missing(settings, registry, content) if reason not in told]
    if settings.mode == "prod" and found:
        what = "; ".join(found)
        yield fail(AREA, "production", what, "`serve` ends at once.", "docs/production.md says what is asked for.")


def check_idle(settings: Settings, content: Content | None, registry: Registry | None) -> Iterator[Finding]:
    """What is set and does nothing."""
    if names := without_effect(settings, content.site if content else None, registry):
        why = f"In {settings.mode} this release reads and checks them, and does nothing by them."
        yield info(
            AREA,
            "without effect",
            ", ".join(names),
            why,
            "Leave them for production or a later release, or take them out.",
        )
