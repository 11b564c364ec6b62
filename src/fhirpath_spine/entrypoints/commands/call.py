"""Verbs that play the EHR: ``call`` builds a hook call from a FHIR server and shows the cards, ``replay`` sends kept ones."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import orjson
import typer

from fhirpath_spine.adapters.peer import Peer, Reply, said
from fhirpath_spine.entrypoints.commands.asking import Sign, service_at
from fhirpath_spine.entrypoints.printing import Format, failing, note, print_json
from fhirpath_spine.entrypoints.show import show_cards
from fhirpath_spine.errors import RequestError, ServerError, SettingsError
from fhirpath_spine.exchange import Json, objects
from fhirpath_spine.exchange.ehr_side.calling import Occasion, whole, with_token, without_token
from fhirpath_spine.exchange.incoming.parsing import parse
from fhirpath_spine.exchange.incoming.requests import logical_id

Hook = Annotated[str, typer.Argument(metavar="HOOK", help="For example patient-view.")]
Patient = Annotated[str, typer.Option("--patient", metavar="ID", help="Logical id of the Patient on the FHIR server.")]
Fhir = Annotated[
    str, typer.Option("--fhir", metavar="URL", envvar="SPINE_SANDBOX_URL", help="Base of a FHIR R4 server.")
]
ServiceUrl = Annotated[
    str, typer.Option("--service", metavar="URL", help="Where the service runs; default: in this process, as in dev.")
]
Token = Annotated[
    str, typer.Option("--token", envvar="SPINE_SANDBOX_TOKEN", show_envvar=True, help="Token of the FHIR server.")
]
NoPrefetch = Annotated[bool, typer.Option("--no-prefetch", help="Send no prefetch: the service reads by itself.")]
FirstPage = Annotated[bool, typer.Option("--first-page", help="Prefetch page 1 only, as many clients do.")]
User = Annotated[str, typer.Option("--user", help="Who opens the chart.")]
Encounter = Annotated[str, typer.Option("--encounter", metavar="ID", help="Encounter, for hooks that have one.")]
With = Annotated[
    Path | None,
    typer.Option("--with", metavar="FILE", help="What the hook brings: drafts of orders, or new problems, as JSON."),
]
Save = Annotated[
    Path | None, typer.Option("--save", metavar="FILE", help="Keep the request, without token, for `replay`.")
]
Form = Annotated[Format, typer.Option("--format", help="human or json.")]
Full = Annotated[bool, typer.Option("--full", help="All of each card, and the reasons for not following it.")]
KeyFile = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="Private key to sign the call with: JSON Web Key or PEM.")
]
IssuerUrl = Annotated[str, typer.Option("--issuer", metavar="URL", help="Who signs, as clients.yaml names it.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Tenant in the token.")]
Wrong = Annotated[
    str, typer.Option("--sign-wrongly", metavar="HOW", help="Sign so that it has to be refused; `help` lists the ways.")
]


def call(
    hook: Hook,
    patient: Patient,
    fhir: Fhir,
    service: ServiceUrl = "",
    token: Token = "",
    no_prefetch: NoPrefetch = False,
    first_page: FirstPage = False,
    user: User = "Practitioner/example",
    encounter: Encounter = "",
    brought: With = None,
    save: Save = None,
    key: KeyFile = None,
    issuer: IssuerUrl = "",
    tenant: Tenant = "",
    sign_wrongly: Wrong = "",
    form: Form = Format.HUMAN,
    full: Full = False,
) -> None:
    """Call the service as an EHR does: prefetch from a FHIR server by the discovered templates, send, show the cards.

    Exit: 0 cards (or none, as an answer), 1 the FHIR server or the service refused or failed, 2 wrong use.
    """
    if not (bare := logical_id(patient)):
        raise RequestError("--patient is no logical id.", hint="Write the id as it stands after Patient/.")
    brings = _brought(brought, bare) if brought is not None else ()
    sign = signing(service, key, issuer, tenant, sign_wrongly)
    with failing(), closing(Peer(fhir, token)) as ehr, closing(service_at(service, ehr.base, sign)) as asked:
        check_r4(ehr)
        entry = asked.entry(hook)
        occasion = Occasion(hook, bare, user, datetime.now(UTC).date(), ehr.base, encounter, token, brings)
        check_patient(ehr, occasion)
        prefetch = {} if no_prefetch else fill(ehr, occasion, _templates(entry), first_page=first_page)
        request = occasion.request(str(uuid4()), prefetch)
        if save is not None:
            _keep(save, request)
        ok = show(asked.send(entry, request), form, full=full)
    raise typer.Exit(0 if ok else 1)


def replay(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Requests kept by `call --save`, or captured.")
    ],
    service: ServiceUrl = "",
    token: Token = "",
    key: KeyFile = None,
    issuer: IssuerUrl = "",
    tenant: Tenant = "",
    sign_wrongly: Wrong = "",
    form: Form = Format.HUMAN,
    full: Full = False,
) -> None:
    """Send kept requests again. The hookInstance stays, so that cards keep their ids.

    Exit: 0 all were answered with cards, 1 one was refused or failed, 2 wrong use.
    """
    requests = [(path, _kept(path)) for path in files]
    fine, sign = True, signing(service, key, issuer, tenant, sign_wrongly)
    with failing():
        for path, request in requests:
            server = request.get("fhirServer")
            with closing(service_at(service, server if isinstance(server, str) else "", sign)) as asked:
                if len(requests) > 1 and form is Format.HUMAN:
                    note(f"{path.name}:")
                entry = asked.entry(str(request.get("hook")))
                fine = show(asked.send(entry, with_token(request, token)), form, full=full) and fine
    raise typer.Exit(0 if fine else 1)


# ------------------------------------------------------------------ what an EHR does


def signing(service: str, key: Path | None, issuer: str, tenant: str = "", wrong: str = "") -> Sign | None:
    """What signs a call, where it is to be signed: with the key of a file, or with one that is generated, which no service knows.

    Raises:
        SettingsError: key and issuer do not go together, or there is no such way to sign wrongly.

    """
    if key is None and not issuer and not wrong:
        return None
    from fhirpath_spine.adapters.callers.signing import Signer, wrongs

    if wrong and wrong not in wrongs():
        raise SettingsError("--sign-wrongly: there is no such way.", hint=f"Known are {', '.join(wrongs())}.")
    if not service or not issuer:
        raise SettingsError("A signed call needs --service and --issuer.", hint="Name both as clients.yaml has them.")
    signer = Signer.from_file(key, issuer) if key is not None else Signer.generated(issuer)
    signer = replace(signer, tenant=tenant)
    return lambda audience: signer.token(audience, wrong=wrong)


def check_r4(ehr: Peer) -> None:
    """Makes sure that it is a FHIR R4 server; one that keeps its CapabilityStatement to itself is tried all the same.

    Raises:
        ServerError: it is none, or of another release.

    """
    reply = ehr.get("metadata")
    if reply.status in (401, 403):
        return
    found = reply.json()
    if found.get("resourceType") != "CapabilityStatement":
        raise ServerError("The server answers, but is no FHIR server.", hint="Check the path of the address.")
    version = str(found.get("fhirVersion", ""))
    if not version.startswith(("4.0", "4.3")):
        raise ServerError(
            f"The server speaks FHIR {version or 'of no known release'}, not R4.", hint="Name an R4 base."
        )


def check_patient(ehr: Peer, occasion: Occasion) -> None:
    """Makes sure that the patient can be read.

    Raises:
        ServerError: it cannot.

    """
    reply = ehr.get(f"Patient/{occasion.patient}")
    if reply.status in (404, 410):
        raise ServerError("The FHIR server has no such Patient.", hint="Check --patient, and that the chart is loaded.")
    if reply.json().get("resourceType") != "Patient":
        raise ServerError("The FHIR server answered with something that is no Patient.", hint="Check the address.")


def fill(ehr: Peer, occasion: Occasion, templates: Mapping[str, str], *, first_page: bool) -> Json:
    """The prefetch. What cannot be had is left out, or sent as the OperationOutcome that came instead, as the standard says.

    Raises:
        ServerError: the server does not answer, or does not take the token.

    """
    out: Json = {}
    for key, template in templates.items():
        query = occasion.fill(template)
        if query is None:
            note(f"{key}: left out, its template holds a token that cannot be filled.")
            continue
        first = ehr.search(query)
        if first.status == 401:
            first.json()
        pages = [first] if first_page else list(ehr.pages(first))
        last = pages[-1]
        if last.ok and last.value is not None:
            values = [p.value for p in pages if p.value is not None]
            out[key] = values[0] if len(values) == 1 else whole(values)
        elif last.value is not None and last.value.get("resourceType") == "OperationOutcome":
            note(f"{key}: the FHIR server answers HTTP {last.status}; its OperationOutcome is sent.")
            out[key] = last.value
        else:
            note(f"{key}: left out, the FHIR server answers HTTP {last.status}.")
    return out


def _templates(entry: Json) -> dict[str, str]:
    found = entry.get("prefetch")
    return {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}


# ------------------------------------------------------------------ what comes back


def show(reply: Reply, form: Format, *, full: bool = False) -> bool:
    """Prints an answer; whether it is one with cards."""
    value = reply.value
    cards = value.get("cards") if value is not None and reply.status == 200 else None
    fine = isinstance(cards, list)
    if form is Format.JSON and value is not None:
        print_json(value)
    elif isinstance(cards, list):
        show_cards([c for c in cards if isinstance(c, dict)], reply.seconds, full=full)
    if not fine:
        words = said(value) if form is Format.HUMAN else ""
        note(f"The service answers HTTP {reply.status}, without cards." + (f" {words}" if words else ""), bad=True)
    return fine


def _keep(path: Path, request: Json) -> None:
    """Writes the request for its owner's eyes only: it holds a chart."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(orjson.dumps(without_token(request), option=orjson.OPT_INDENT_2))
    except OSError as error:
        raise RequestError(
            f"--save: the file cannot be written: {type(error).__name__}.", hint="Name another."
        ) from None
    note("The request is kept, without its token. It holds the chart: treat the file as such.")


def _brought(path: Path, patient: str) -> tuple[Json, ...]:
    """The resources of a file: a Bundle, a list, or one; of the patient of the call, each with an id."""
    found = _json(path)
    if isinstance(found, dict) and found.get("resourceType") == "Bundle":
        found = [entry.get("resource") for entry in objects(found.get("entry"))]
    resources = found if isinstance(found, list) else [found]
    if not all(isinstance(one, dict) and isinstance(one.get("resourceType"), str) for one in resources):
        raise RequestError(
            f"{path.name} holds no FHIR resources.", hint="Write a resource, a list of them, or a Bundle."
        )
    subject = {"reference": f"Patient/{patient}"}
    return tuple({"id": f"draft-{n}", "subject": subject, **one} for n, one in enumerate(resources, start=1))


def _json(path: Path) -> Any:
    """What a file holds; its name stands in each error, and nothing else of it."""
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise RequestError(f"{path.name} cannot be read: {type(error).__name__}.", hint="Name a JSON file.") from None
    except RequestError as error:
        raise RequestError(f"{path.name}: {error.message}", hint=error.hint) from None


def _kept(path: Path) -> dict[str, Any]:
    body = _json(path)
    if not isinstance(body, dict) or not isinstance(body.get("hook"), str):
        raise RequestError(f"{path.name} is no CDS Hooks request.", hint="Name files that `call --save` wrote.")
    return body
