"""``doctor``: what in the set-up will not work, why that matters, and what to do."""

from __future__ import annotations

from typing import Annotated

import typer

from fhirpath_spine.entrypoints.doctor.examine import examine
from fhirpath_spine.entrypoints.doctor.findings import as_json, failed, show
from fhirpath_spine.entrypoints.printing import Format, print_json
from fhirpath_spine.errors import RequestError
from fhirpath_spine.exchange.ehr_side import scopes
from fhirpath_spine.exchange.incoming.requests import logical_id

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
Form = Annotated[Format, typer.Option("--format", help="human or json.")]


def doctor(
    fhir: Fhir = "",
    token: Token = "",
    patient: Patient = "",
    client: ClientId = "",
    form: Form = Format.HUMAN,
) -> None:
    """Check settings, profiles and clients, and a FHIR server against what the profiles need.

    Each finding is PASS, INFO, WARN or FAIL, with why it matters and what to do. No value of the patient is shown.

    Exit: 0 nothing will fail, 1 something will not work, 2 wrong use.
    """
    if patient and not logical_id(patient):
        raise RequestError("--patient is no logical id.", hint="Write the id as it stands after Patient/.")
    if patient and not fhir:
        raise RequestError("--patient needs --fhir.", hint="Name the server that holds the patient.")
    found = list(examine(fhir, scopes.read_token(token), logical_id(patient), client))
    print_json(as_json(found)) if form is Format.JSON else show(found)
    raise typer.Exit(1 if failed(found) else 0)
