"""The web application: discovery, hook calls, feedback, health. Raw bodies in, no model on the way.

``create`` wires one application; it reads no setting and no clock by itself.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from fhirpath_spine import __version__
from fhirpath_spine.entrypoints.http import browsing, fhir_api, interface
from fhirpath_spine.entrypoints.http.bounds import Places
from fhirpath_spine.entrypoints.http.courtesies import Courtesies
from fhirpath_spine.entrypoints.http.rim import CALLER_LEFT, Callers, Rim, while_connected
from fhirpath_spine.errors import MethodNotAllowed, NotImplementedYet, RequestError, UnknownService
from fhirpath_spine.exchange.feedback.items import Item, parse_feedback
from fhirpath_spine.service import Client, Count, HookService, Trace, at_once, uncounted

if TYPE_CHECKING:
    from fhirpath_spine.adapters.callers.door import Door
    from fhirpath_spine.adapters.callers.rates import Rates

LOOPBACK = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?"
"""Origins of a browser on this machine (dev only)."""
SANDBOX = "https://sandbox.cds-hooks.org"


class Store(Protocol):
    """Keeps feedback."""

    async def feedback(self, client: str, items: Sequence[Item]) -> None:
        """Keeps it, so that no end of this process loses it.

        Raises:
            StoreAway: it cannot be kept now.

        """

    async def is_there(self) -> bool:
        """Whether it would keep something now."""


@dataclass(slots=True)
class Standing:
    """How a process stands, beside its content: it leaves soon, or what was to be loaded anew could not be."""

    leaving: bool = False
    refused: bool = False


def create(
    services: Sequence[HookService],
    client: Client,
    *,
    entries: Sequence[Client] = (),
    origins: Sequence[str] = (),
    loopback: bool = False,
    closing: Sequence[Callable[[], Awaitable[None]]] = (),
    public_url: str = "",
    door: Door | None = None,
    rates: Rates | None = None,
    store: Store | None = None,
    count: Count = uncounted,
    places: Places | None = None,
    standing: Standing | None = None,
    patients: Path | None = None,
) -> FastAPI:
    """The application that offers these services to one built-in client, and to the clients that have an entry.

    ``origins`` are the browser origins that may call; ``loopback`` adds those of this machine. ``closing`` is called when
    the application ends. ``public_url`` is how the service is reached from outside, if that is configured.
    ``door`` admits who signed a call, as often as ``rates`` allow; without one, nobody is authenticated (dev). ``store`` keeps
    feedback, if there is one.
    ``count`` counts what becomes of requests, ``places`` those under way, and ``standing`` is what ``/readyz`` says beside.
    ``patients`` is the folder of the invented ones: with it, and so in development only, there are pages about patients; those of
    pathways are there always.
    """
    seconds = max((service.seconds for service in services), default=0.0)
    work = services[0].work if services else at_once
    stopwatch = services[0].stopwatch if services else time.monotonic
    callers = Callers(client, tuple(entries), door, places or Places(), rates, work, seconds, stopwatch)
    stands = standing or Standing()
    by_id = {service.id: service for service in services}
    discovery = {"services": [s.describe() for s in services]}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        for close in closing:
            await close()

    app = FastAPI(
        title="fhirpath-spine",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        middleware=[*_cors(origins, loopback=loopback), Middleware(Rim, count=count), Middleware(Courtesies)],
        exception_handlers={HTTPException: _refused, RequestValidationError: _invalid},
    )

    @app.get("/cds-services")
    async def discover() -> Response:
        return _json(discovery)

    @app.post("/cds-services/{service_id}")
    async def call(service_id: str, request: Request) -> Response:
        service = _find(by_id, service_id)
        request.state.trace = trace = Trace()
        got = await callers.read(request)
        answer = await while_connected(request, service.answer(got.body, got.client, trace, got.size, got.ended))
        return Response(status_code=CALLER_LEFT) if answer is None else _json(answer)

    @app.post("/cds-services/{service_id}/feedback")
    async def feedback(service_id: str, request: Request) -> Response:
        _find(by_id, service_id)
        if store is None:
            raise NotImplementedYet(
                "Feedback is not kept in development.", hint="Keep it, or do not send it: nothing was stored."
            )
        got = await callers.read(request)
        items = parse_feedback(got.body)
        await store.feedback(got.client.id, items)
        for item in items:
            count("spine_feedback_total", outcome=item.outcome)
        return Response(status_code=200)

    @app.get("/livez")
    async def live() -> Response:
        return _json({"status": "ok"})

    @app.get("/readyz")
    async def ready() -> Response:
        contents = [s.snapshot.library for s in services]
        reasons = [] if store is None or await store.is_there() else ["the store is away"]
        ages = door.ages if door is not None else {}
        reasons += [
            f"no keys of {name} were read yet, or they are too old" for name, age in ages.items() if age is None
        ]
        if stands.refused:
            reasons.append("the content was to be loaded anew and could not be; the one before is in force")
        return _json(
            {
                "status": "leaving" if stands.leaving else "degraded" if reasons else "ok",
                **({"reasons": reasons} if reasons else {}),
                **({"keys": {name: round(age) for name, age in ages.items() if age is not None}} if ages else {}),
                "version": __version__,
                "content": sorted({c.digest for c in contents}),
                "pathways": sorted({f"{p.id} {p.version} {p.status}" for c in contents for p in c.pathways}),
            },
            503 if stands.leaving else 200,
        )

    if services:
        # All services of a process share one content; PlanDefinitions are of the content, not of a hook.
        fhir_api.mount(app, services[0], callers, public_url)
        browsing.mount(app, services, patients=patients if door is None else None)
    interface.mount(app, dev=bool(services) and door is None and patients is not None)
    return app


def _cors(origins: Sequence[str], *, loopback: bool) -> list[Middleware]:
    if not origins and not loopback:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_origin_regex=LOOPBACK if loopback else None,
            allow_methods=["GET", "POST", "OPTIONS"],
            allow_headers=["Authorization", "Content-Type", "Accept"],
            allow_credentials=False,
            # A browser asks so before a public page may call a service on this machine.
            allow_private_network=loopback,
            max_age=600,
        )
    ]


def _find(services: Mapping[str, HookService], service_id: str) -> HookService:
    if service_id not in services:
        raise UnknownService("There is no such service.", hint="GET /cds-services lists the services.")
    return services[service_id]


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, {"Cache-Control": "no-store"}, "application/json")


async def _refused(request: Request, error: Exception) -> NoReturn:
    """The framework's own refusals, as errors of ours; its texts are not passed on."""
    status = error.status_code if isinstance(error, HTTPException) else 0
    if status == 405 and isinstance(error, HTTPException):
        request.state.allow = (error.headers or {}).get("Allow", "")
        raise MethodNotAllowed("The path does not take this method.", hint="See the Allow header.") from None
    if status == 404:
        raise UnknownService("There is no such page.", hint="GET /cds-services lists the services.") from None
    raise RequestError("The request cannot be read.", hint="Send a CDS Hooks request.") from None


async def _invalid(_: Request, __: Exception) -> NoReturn:
    """FastAPI's own answer would echo the whole body, with token and patient (measured, threat T14)."""
    raise RequestError("The request cannot be read.", hint="Send a CDS Hooks request.") from None
