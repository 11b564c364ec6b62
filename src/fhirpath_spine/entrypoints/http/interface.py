"""The HTTP interface as an OpenAPI document, and as a page. It is written by hand: bodies are read raw, so the framework knows
neither what a call holds nor what is answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from fastapi import FastAPI, Response
from starlette.routing import Route

from fhirpath_spine import __version__
from fhirpath_spine.entrypoints.http.browsing import html
from fhirpath_spine.entrypoints.pages.rendering import render
from fhirpath_spine.exchange import Json

ABOUT = (
    "A CDS Hooks service. HEAD is answered as GET, without the body; a trailing slash changes nothing. What is refused is"
    " answered with a FHIR OperationOutcome that says why. In production a call has to be signed (Authorization: Bearer)."
)
JSON, FHIR, PAGE = "application/json", "application/fhir+json", "text/html"
READING = {
    400: "the caller has to change the request",
    408: "the body did not come to its end in time",
    413: "the body is larger, deeper or of more items than the service takes",
    415: "the body is not declared as the media type that is read here",
}
SIGNED = {401: "production: the token is not taken", 429: "production: too many calls at once, or a second"}
JUDGED = {
    412: "nothing was judged: another patient's data, no such patient, or what decides could not be read",
    503: "it could not be judged in the time of a call, or the store is away",
}
NO_SUCH = {404: "there is no such thing at this address"}
FAILED = {500: "the service failed; nothing was judged"}


@dataclass(frozen=True, slots=True)
class Operation:
    """What one method of one path takes and answers."""

    summary: str
    answer: str
    media: str = JSON
    refused: Mapping[int, str] = field(default_factory=dict)
    takes: str = ""
    of: str = JSON
    schema: str = ""
    body: str = ""


CALL = {**READING, **SIGNED, **JUDGED, **NO_SUCH}
TABLE: dict[tuple[str, str], Operation] = {
    ("GET", "/cds-services"): Operation(
        "Discovery: the services and their prefetch templates", "the services", schema="Services"
    ),
    ("POST", "/cds-services/{service_id}"): Operation(
        "One hook call", "the cards", schema="Cards", refused=CALL, takes="A CDS Hooks request.", body="Call"
    ),
    ("POST", "/cds-services/{service_id}/feedback"): Operation(
        "What became of cards",
        "it is kept",
        media="",
        refused={**READING, **SIGNED, **NO_SUCH, 501: "development: nothing is kept", 503: JUDGED[503]},
        takes="CDS Hooks feedback.",
        body="Feedback",
    ),
    ("GET", "/livez"): Operation("Whether the process answers", "it does"),
    ("GET", "/readyz"): Operation(
        "Whether to send calls here", "ready, or degraded with reasons", refused={503: "it is about to leave"}
    ),
    ("GET", "/fhir/metadata"): Operation("What the FHIR side offers", "a CapabilityStatement", FHIR),
    ("GET", "/fhir/PlanDefinition"): Operation("The pathways", "a searchset of PlanDefinitions", FHIR),
    ("GET", "/fhir/PlanDefinition/{plan_id}"): Operation("One pathway", "a PlanDefinition", FHIR, NO_SUCH),
    ("GET", "/fhir/PlanDefinition/{plan_id}/$apply"): Operation(
        "The plan of a pathway for a patient of a listed FHIR server",
        "a CarePlan",
        FHIR,
        {400: READING[400], **SIGNED, **JUDGED, **NO_SUCH, 422: "there is no plan to propose"},
    ),
    ("POST", "/fhir/PlanDefinition/{plan_id}/$apply"): Operation(
        "The plan of a pathway for a patient",
        "a CarePlan",
        FHIR,
        {**CALL, 422: "there is no plan to propose"},
        takes="FHIR Parameters.",
        of=FHIR,
    ),
    ("GET", "/pathways"): Operation("The pathways, for people", "a page", PAGE),
    ("GET", "/pathways/{name}"): Operation("One pathway, or the policy, for people", "a page", PAGE, NO_SUCH),
    ("GET", "/assets/{name}"): Operation("A file that the pages load", "the file", "text/css", NO_SUCH),
    ("GET", "/openapi.json"): Operation("This document", "OpenAPI"),
    ("GET", "/docs"): Operation("This document, for people", "a page", PAGE),
    ("GET", "/"): Operation("Development only: the start page", "a page", PAGE),
    ("GET", "/patient"): Operation("Development only: cards of an invented patient, and why", "a page", PAGE, NO_SUCH),
    ("POST", "/patient"): Operation(
        "Development only: the same of a Bundle from a form",
        "a page",
        PAGE,
        {**READING, 412: JUDGED[412], 503: JUDGED[503]},
        takes="The field bundle.",
        of="application/x-www-form-urlencoded",
    ),
    ("GET", "/caller"): Operation("Development only: a call to be composed", "a page", PAGE, NO_SUCH),
    ("POST", "/caller"): Operation(
        "Development only: a call that is sent, and what came back",
        "a page",
        PAGE,
        READING,
        takes="The field request.",
        of="application/x-www-form-urlencoded",
    ),
}
"""Each method of each path. The document lists those that a process serves."""

_TEXT: Json = {"type": "string"}
SCHEMAS: dict[str, Json] = {
    "Services": {
        "type": "object",
        "required": ["services"],
        "properties": {"services": {"type": "array", "items": {"$ref": "#/components/schemas/Service"}}},
    },
    "Service": {
        "type": "object",
        "required": ["hook", "id", "description"],
        "properties": {
            **dict.fromkeys(
                ("hook", "id", "title", "description", "version", "hookVersion", "usageRequirements"), _TEXT
            ),
            "prefetch": {"type": "object", "additionalProperties": _TEXT},
        },
    },
    "Call": {
        "type": "object",
        "required": ["hook", "hookInstance", "context"],
        "properties": {
            "hook": _TEXT,
            "hookInstance": _TEXT,
            "fhirServer": _TEXT,
            "fhirAuthorization": {"type": ["object", "null"]},
            "context": {
                "type": "object",
                "required": ["patientId"],
                "properties": {"patientId": _TEXT, "userId": _TEXT, "encounterId": {"type": ["string", "null"]}},
            },
            "prefetch": {"type": ["object", "null"], "additionalProperties": {"type": ["object", "null"]}},
        },
    },
    "Cards": {
        "type": "object",
        "required": ["cards"],
        "properties": {"cards": {"type": "array", "items": {"$ref": "#/components/schemas/Card"}}},
    },
    "Card": {
        "type": "object",
        "required": ["summary", "indicator", "source"],
        "properties": {
            "uuid": _TEXT,
            "summary": {"type": "string", "maxLength": 139},
            "detail": _TEXT,
            "indicator": {"enum": ["info", "warning", "critical"]},
            "source": {"type": "object", "required": ["label"], "properties": {"label": _TEXT}},
            "suggestions": {"type": "array", "items": {"type": "object"}},
            "links": {"type": "array", "items": {"type": "object"}},
        },
    },
    "Feedback": {
        "type": "object",
        "required": ["feedback"],
        "properties": {"feedback": {"type": "array", "items": {"type": "object"}}},
    },
    "OperationOutcome": {
        "type": "object",
        "required": ["resourceType", "issue"],
        "properties": {"resourceType": {"const": "OperationOutcome"}, "issue": {"type": "array", "minItems": 1}},
    },
}


def served(app: FastAPI) -> list[tuple[str, str]]:
    """Each method and path that the application serves, in its order."""
    routes = [route for route in app.routes if isinstance(route, Route)]
    return [(m, r.path) for r in routes for m in sorted(r.methods or ()) if m in ("GET", "POST")]


def document(operations: Iterable[tuple[str, str]]) -> Json:
    """The OpenAPI document of these operations. Raises KeyError for one that :data:`TABLE` does not describe."""
    paths: dict[str, Any] = {}
    for method, path in operations:
        paths.setdefault(path, {})[method.lower()] = _operation(method, path, TABLE[method, path])
    info = {"title": "fhirpath-spine", "version": __version__, "description": ABOUT}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": SCHEMAS}}


def _operation(method: str, path: str, told: Operation) -> Json:
    ok: Json = {"description": told.answer}
    if told.media:
        ok["content"] = {told.media: {"schema": _schema(told.schema)}}
    page = told.media == PAGE and method == "POST"
    media = PAGE if page else FHIR if path.startswith("/fhir/") else JSON
    problem = {} if page else _schema("OperationOutcome")
    refused = {
        str(status): {"description": said, "content": {media: {"schema": problem}}}
        for status, said in sorted({**told.refused, **FAILED}.items())
    }
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    out: Json = {
        "operationId": f"{method.lower()}{path}".translate({ord(sign): "-" for sign in "/{}$."}).strip("-"),
        "summary": told.summary,
        "parameters": [{"name": name, "in": "path", "required": True, "schema": _TEXT} for name in names],
        "responses": {"200": ok, **refused},
    }
    if told.takes:
        out["requestBody"] = {
            "required": True,
            "description": told.takes,
            "content": {told.of: {"schema": _schema(told.body)}},
        }
    return out


def _schema(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"} if name else {}


def mount(app: FastAPI, *, dev: bool = False) -> None:
    """Adds the document and its page. It describes what the application serves by then, and these two; where ``dev``, the page
    leads to those of development, too.
    """

    @app.get("/openapi.json")
    async def openapi() -> Response:
        return Response(orjson.dumps(document(served(app))), media_type=JSON, headers={"Cache-Control": "no-store"})

    @app.get("/docs")
    async def docs() -> Response:
        return html(render("interface", document=document(served(app)), dev=dev))
