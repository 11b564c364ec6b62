"""The examination from its beginning to its end: settings, content, the caller, then the server and the chart."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

from fhirpath_spine.adapters.peer import Peer
from fhirpath_spine.entrypoints.content import Content
from fhirpath_spine.entrypoints.doctor import keys, network, setup
from fhirpath_spine.entrypoints.doctor import server as doctor_server
from fhirpath_spine.entrypoints.doctor import token as doctor_token
from fhirpath_spine.entrypoints.doctor.chart import of_chart
from fhirpath_spine.entrypoints.doctor.findings import Finding, fail, info
from fhirpath_spine.entrypoints.settings import Settings, load
from fhirpath_spine.errors import SettingsError
from fhirpath_spine.exchange.ehr_side import scopes
from fhirpath_spine.exchange.incoming.templates import templates
from fhirpath_spine.pathway.facts.chart import type_of
from fhirpath_spine.service import Client


def examine(fhir: str, token: scopes.Token, patient: str, chosen: str) -> list[Finding]:
    """All findings, in the order in which they are made."""
    try:
        settings = load().settings
    except SettingsError as error:
        why = "`serve` ends at once. What depends on settings was not checked."
        return [fail(setup.AREA, "settings", error.message, why, error.hint)]
    found = list(setup.of_settings(settings))
    content = setup.load_all(settings, found)
    registry = setup.load_registry(settings, found)
    client = None
    if registry is not None:
        client = setup.find_client(settings, registry.clients, chosen, fhir, found)
        found += keys.of_issuers(registry.clients, registry.issuers, settings.mode)
    if not fhir:
        what, why = "not looked at", "Most of what can go wrong lies there."
        found.append(info(doctor_server.AREA, "address", what, why, "Name the EHR's server with --fhir."))
    elif content is not None:
        caller = client or Client()
        limit = max(30.0, settings.deadline * 2)
        with closing(Peer(fhir, token.value, limit, origins=caller.servers.next_link_origins)) as server:
            server.direct()
            _of_server(server, token, patient, settings, content, caller, found)
    return found


def _of_server(
    server: Peer,
    token: scopes.Token,
    patient: str,
    settings: Settings,
    content: Content,
    client: Client,
    found: list[Finding],
) -> None:
    asked = templates(content.library, content.site)
    types = [kind for kind in dict.fromkeys(map(type_of, asked)) if kind not in client.not_offered]
    if client.servers.admitted(server.base) is not None:
        found += network.of_address(doctor_server.AREA, server.address, client)
    effect = "Nothing can be read from it: what the prefetch leaves open is unread in each call."
    found += network.of_certificate(doctor_server.AREA, "certificate", server.address, effect)
    if not doctor_server.of_metadata(server, asked, client, found):
        return
    if not patient:
        what, why = "not tried", "Whether the templates work shows only with a patient."
        found.append(info(doctor_server.AREA, "searches", what, why, "Name one with --patient."))
        found += doctor_token.of_token(token, types, patient, datetime.now(UTC))
        found += doctor_token.of_scopes(token, types, (), {})
        return
    examined = doctor_server.of_searches(server, asked, patient, client, found)
    found += doctor_server.of_speed(examined, settings.deadline)
    found += doctor_server.of_paging(server, examined, client)
    found += doctor_token.of_token(token, types, patient, datetime.now(UTC))
    found += doctor_token.of_scopes(token, types, examined.types, examined.refused)
    if "patient" in examined.reads:
        at = settings.clock or datetime.now(UTC)
        found += of_chart(examined.reads, patient, server.base, content, at)
