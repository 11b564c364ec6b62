"""The examination from its beginning to its end: settings, content, the caller, then the server and the chart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

from fhirpath_spine.adapters.peer import Peer
from fhirpath_spine.entrypoints.content import Content
from fhirpath_spine.entrypoints.doctor import keys, network, setup
from fhirpath_spine.entrypoints.doctor import server as doctor_server
from fhirpath_spine.entrypoints.doctor import token as doctor_token
from fhirpath_spine.entrypoints.doctor.chart import check_chart
from fhirpath_spine.entrypoints.doctor.findings import Finding, fail, info
from fhirpath_spine.entrypoints.settings import Settings, load
from fhirpath_spine.errors import SettingsError
from fhirpath_spine.exchange.ehr_side import scopes
from fhirpath_spine.exchange.incoming.templates import prefetch_templates
from fhirpath_spine.pathway.facts.chart import type_of
from fhirpath_spine.service import Client


def examine(fhir: str, token: scopes.Token, patient: str, chosen: str) -> Iterator[Finding]:
    """All findings, in the order in which they are made."""
    try:
        settings = load().settings
    except SettingsError as error:
        why = "`serve` ends at once. What depends on settings was not checked."
        yield fail(setup.AREA, "settings", error.message, why, error.hint)
        return
    yield from setup.check_settings(settings)
    content = yield from setup.check_content(settings)
    registry = yield from setup.check_registry(settings)
    yield from setup.check_production(settings, content, registry)
    yield from setup.check_idle(settings, content, registry)
    client = None
    if registry is not None:
        client = yield from setup.check_client(settings, registry.clients, chosen, fhir)
        yield from keys.check_issuers(registry.clients, registry.issuers, settings.mode)
    if not fhir:
        what, why = "not looked at", "Most of what can go wrong lies there."
        yield info(doctor_server.AREA, "address", what, why, "Name the EHR's server with --fhir.")
    elif content is not None:
        caller = client or Client()
        limit = max(30.0, settings.deadline * 2)
        with closing(Peer(fhir, token.value, limit, origins=caller.servers.next_link_origins)) as server:
            server.direct()
            yield from _check_server(server, token, patient, settings, content, caller)


def _check_server(
    server: Peer, token: scopes.Token, patient: str, settings: Settings, content: Content, client: Client
) -> Iterator[Finding]:
    asked = prefetch_templates(content.library, content.site)
    types = [kind for kind in dict.fromkeys(map(type_of, asked)) if kind not in client.not_offered]
    if client.servers.admitted(server.base) is not None:
        yield from network.check_address(doctor_server.AREA, server.address, client)
    effect = "Nothing can be read from it: what the prefetch leaves open is unread in each call."
    yield from network.check_certificate(doctor_server.AREA, "certificate", server.address, effect)
    worth_while = yield from doctor_server.check_metadata(server, asked, client)
    if not worth_while:
        return
    if not patient:
        what, why = "not tried", "Whether the templates work shows only with a patient."
        yield info(doctor_server.AREA, "searches", what, why, "Name one with --patient.")
        yield from doctor_token.check_token(token, types, patient, datetime.now(UTC))
        yield from doctor_token.check_scopes(token, types, (), {})
        return
    examined = yield from doctor_server.check_searches(server, asked, patient, client)
    yield from doctor_server.check_speed(examined, settings.deadline)
    yield from doctor_server.check_paging(server, examined, client)
    yield from doctor_token.check_token(token, types, patient, datetime.now(UTC))
    yield from doctor_token.check_scopes(token, types, examined.types, examined.refused)
    if "patient" in examined.reads:
        at = settings.clock or datetime.now(UTC)
        yield from check_chart(examined.reads, patient, server.base, content, at)
