"""The service as a small FHIR server: its pathways as PlanDefinitions, ``$apply`` for EHRs that take no CarePlan in a card,
and a CapabilityStatement that says just this. The rules for callers are those of the hooks.
"""

from __future__ import annotations

from functools import cache
from urllib.parse import urlencode

import orjson
from fastapi import FastAPI, Request, Response

from fhirpath_spine.entrypoints.http.rim import CALLER_LEFT, Callers, while_connected
from fhirpath_spine.errors import UnknownService
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.fhir.apply import ApplyRequest, check_query, from_parameters, from_query
from fhirpath_spine.exchange.fhir.capability import MEDIA_TYPE, SEARCH, capability_statement
from fhirpath_spine.exchange.fhir.plandefinition import plan_definition, searchset
from fhirpath_spine.service import Client, HookService, Trace

ROOT = "/fhir"


def mount(app: FastAPI, service: HookService, callers: Callers, public_url: str = "") -> None:
    """Adds the FHIR routes to the application. ``public_url`` is how the service is reached from outside; where it is not
    configured, the address that a caller used stands in the answers.
    """
    snapshot = service.snapshot

    @cache
    def plans() -> dict[str, Json]:
        """All of them, written when the first is asked for: most that start a service never ask."""
        library, phrases = snapshot.library, snapshot.wording.phrases
        return {pathway.id: plan_definition(pathway, library, phrases) for pathway in library.pathways}

    since = service.clock().date()

    def here(request: Request) -> str:
        return (public_url.rstrip("/") or str(request.base_url).rstrip("/")) + ROOT

    @app.get(f"{ROOT}/metadata")
    async def metadata(request: Request) -> Response:
        return _fhir(capability_statement(here(request), since))

    @app.get(f"{ROOT}/PlanDefinition")
    async def search(request: Request) -> Response:
        wanted = [(name, value) for name, value in request.query_params.multi_items() if name in SEARCH]
        found = [plan for plan in plans().values() if all(_matches(plan, name, value) for name, value in wanted)]
        query = f"?{urlencode(wanted)}" if wanted else ""
        return _fhir(searchset(found, here(request), f"{here(request)}/PlanDefinition{query}"))

    @app.get(f"{ROOT}/PlanDefinition/{{plan_id}}")
    async def read(plan_id: str) -> Response:
        return _fhir(_find(plans(), plan_id))

    @app.get(f"{ROOT}/PlanDefinition/{{plan_id}}/$apply")
    async def apply_by_query(plan_id: str, request: Request) -> Response:
        _find(plans(), plan_id)
        signer = await callers.admit(request)
        return await answer(plan_id, from_query(request.query_params.multi_items()), request, signer)

    @app.post(f"{ROOT}/PlanDefinition/{{plan_id}}/$apply")
    async def apply(plan_id: str, request: Request) -> Response:
        _find(plans(), plan_id)
        got = await callers.read(request)
        check_query(request.query_params.multi_items())
        return await answer(plan_id, from_parameters(got.body), request, got.client if callers.door else None)

    async def answer(plan_id: str, asked: ApplyRequest, request: Request, signer: Client | None) -> Response:
        request.state.trace = trace = Trace()
        # Where nobody has to sign, the entry of the caller is found as for a hook: by the FHIR server that it names.
        caller = signer or callers.client_of({"fhirServer": asked.server})
        found = await while_connected(request, service.apply(plan_id, asked, caller, trace))
        return Response(status_code=CALLER_LEFT) if found is None else _fhir(found)


def _find(plans: dict[str, Json], plan_id: str) -> Json:
    if plan_id not in plans:
        raise UnknownService("There is no such PlanDefinition.", hint="GET /fhir/PlanDefinition lists them.")
    return plans[plan_id]


def _matches(plan: Json, name: str, value: str) -> bool:
    """Whether a plan is one of the comma-separated values. A canonical may carry its version (``url|version``)."""
    held = str(plan.get(name.removeprefix("_"), ""))
    accepted = {held, f"{held}|{plan['version']}"} if name == "url" else {held}
    return any(one in accepted for one in value.split(","))


def _fhir(resource: Json) -> Response:
    return Response(orjson.dumps(resource), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})
