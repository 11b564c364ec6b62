"""``doctor``: what in the set-up will not work, why that matters, and what to do."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated

import typer

from fhirpath_spine.adapters.peer import Peer
from fhirpath_spine.entrypoints import doctor_keys, doctor_network, doctor_server, doctor_setup, doctor_token, human
from fhirpath_spine.entrypoints.cli_judge import print_json
from fhirpath_spine.entrypoints.content import Content
from fhirpath_spine.entrypoints.doctor_chart import of_chart
from fhirpath_spine.entrypoints.doctor_findings import Finding, as_json, fail, failed, info, show
from fhirpath_spine.entrypoints.settings import Settings, load
from fhirpath_spine.errors import RequestError, SettingsError
from fhirpath_spine.exchange.ehr_side import scopes
from fhirpath_spine.exchange.incoming.requests import logical_id
from fhirpath_spine.exchange.incoming.templates import templates
from fhirpath_spine.pathway.facts.chart import type_of
from fhirpath_spine.service import Client

Fhir = Annotated[
    str, typer.Option("--fhir", metavar="URL", envvar="SPINE_SANDBOX_URL", help="Base of the EHR's FHIR R4 server.")
]
Token = Annotated[
    str,
    typer.Option(
        "--token",
        envvar="SPINE_SANDBOX_TOKEN",
        show_envvar=True,
        help="Token of the FHIR server, or the whole token response.",
    ),
]
Patient = Annotated[
    str, typer.Option("--patient", metavar="ID", help="A patient to search for; best one with a long chart.")
]
ClientId = Annotated[str, typer.Option("--client", metavar="ID", help="Entry of clients.yaml; default: by the base.")]
Format = Annotated[human.Format, typer.Option("--format", help="human or json.")]


def doctor(
    fhir: Fhir = "",
    token: Token = "",
    patient: Patient = "",
    client: ClientId = "",
    form: Format = human.Format.HUMAN,
) -> None:
    """Check settings, profiles and clients, and a FHIR server against what the profiles need.

    Each finding is PASS, INFO, WARN or FAIL, with why it matters and what to do. No value of the patient is shown.

    Exit: 0 nothing will fail, 1 something will not work, 2 wrong use.
    """
    if patient and not logical_id(patient):
        raise RequestError("--patient is no logical id.", hint="Write the id as it stands after Patient/.")
    if patient and not fhir:
        raise RequestError("--patient needs --fhir.", hint="Name the server that holds the patient.")
    found = examine(fhir, scopes.read_token(token), logical_id(patient), client)
    print_json(as_json(found)) if form is human.Format.JSON else show(found)
    raise typer.Exit(1 if failed(found) else 0)


def examine(fhir: str, token: scopes.Token, patient: str, chosen: str) -> list[Finding]:
    """All findings, in the order in which they are made."""
    try:
        settings = load().settings
    except SettingsError as error:
        why = "`serve` ends at once. What depends on settings was not checked."
        return [fail(doctor_setup.AREA, "settings", error.message, why, error.hint)]
    found = list(doctor_setup.of_settings(settings))
    content = doctor_setup.load_all(settings, found)
    registry = doctor_setup.load_registry(settings, found)
    client = None
    if registry is not None:
        client = doctor_setup.find_client(settings, registry.clients, chosen, fhir, found)
        found += doctor_keys.of_issuers(registry.clients, registry.issuers, settings.mode)
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
        found += doctor_network.of_address(doctor_server.AREA, server.address, client)
    effect = "Nothing can be read from it: what the prefetch leaves open is unread in each call."
    found += doctor_network.of_certificate(doctor_server.AREA, "certificate", server.address, effect)
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
