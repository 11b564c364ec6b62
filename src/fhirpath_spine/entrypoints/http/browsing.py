"""The pages over HTTP: which there are in which mode, what a form may send, and a call that a page makes to its own service.

A page asks the application itself, as an EHR would, so that what it shows is what an EHR gets.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import orjson
from fastapi import FastAPI, Request, Response

from fhirpath_spine.entrypoints.http.rim import check_size, collect
from fhirpath_spine.entrypoints.http.statuses import answer as status_of
from fhirpath_spine.entrypoints.pages.caller import BREAKS, brought_by, compose, orderable
from fhirpath_spine.entrypoints.pages.pathway import INDEX, Pages
from fhirpath_spine.entrypoints.pages.patient import cards, standings
from fhirpath_spine.entrypoints.pages.rendering import ASSETS, HEADERS, asset, render
from fhirpath_spine.entrypoints.patients import WRITTEN_FOR, Invented, invented
from fhirpath_spine.errors import MediaTypeUnsupported, RequestError, ScopeUndecidable, SpineError, UnknownService
from fhirpath_spine.exchange import Json, objects
from fhirpath_spine.exchange.ehr_side.shift import shift_dates
from fhirpath_spine.exchange.incoming.bundles import read_bundle
from fhirpath_spine.exchange.incoming.parsing import take_in
from fhirpath_spine.pathway.facts.chart import Chart
from fhirpath_spine.service import BYTES, HookService, Work, in_time

FORM = "application/x-www-form-urlencoded"
FORM_BYTES = 3 * BYTES + 1024
"""A form writes a sign in up to three bytes; what it holds is held to the size of a body afterwards."""
FIELDS = 64
SHOWN = 200_000
"""Characters of an answer that a page writes out."""


def mount(app: FastAPI, services: Sequence[HookService], *, patients: Path | None) -> None:
    """Adds the pages. Those of pathways are public; the others exist where ``patients`` names the folder of invented ones, which
    is in development only.
    """
    service = services[0]
    pathways = Pages(service.snapshot.library, service.snapshot.wording.phrases, dev=patients is not None)

    @app.get("/assets/{name}")
    async def assets(name: str) -> Response:
        if name not in ASSETS:
            raise UnknownService("There is no such file.", hint="GET /pathways is a page.")
        kept = {**HEADERS, "Cache-Control": "public, max-age=300"}
        return Response(asset(name), headers=kept, media_type=ASSETS[name])

    @app.get("/pathways")
    async def index() -> Response:
        return await pathway(INDEX)

    @app.get("/pathways/{name}")
    async def pathway(name: str) -> Response:
        found = await service.work(pathways.page, name)
        if found is None:
            raise UnknownService("There is no such pathway.", hint="GET /pathways lists them.")
        return html(found)

    if patients is not None:
        _mount_dev(app, services, pathways, patients)


def _mount_dev(app: FastAPI, services: Sequence[HookService], pathways: Pages, patients: Path) -> None:
    desk = Desk(app, services[0], pathways, patients, {service.hook: service for service in services})

    @app.get("/")
    async def start(request: Request) -> Response:
        here = str(request.base_url).rstrip("/")
        library = desk.service.snapshot.library
        given = {"services": services, "pathways": library.pathways, "here": here, "today": desk.now().date()}
        return html(render("start", patients=desk.patients(), **given))

    @app.get("/patient")
    async def patient(request: Request) -> Response:
        name = request.query_params.get("name", "")
        return await desk.patient(name, await desk.chart(name)) if name else html(desk.choose())

    @app.post("/patient")
    async def pasted(request: Request) -> Response:
        return await _in_words("/patient", lambda: desk.pasted(request))

    @app.get("/caller")
    async def compose_call(request: Request) -> Response:
        return await desk.compose(request.query_params)

    @app.post("/caller")
    async def send(request: Request) -> Response:
        return await _in_words("/caller", lambda: desk.send(request))


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service answered to a call, and how long it took (milliseconds)."""

    status: int
    body: Json
    text: str
    size: int
    milliseconds: float

    @property
    def refused(self) -> str:
        """The words of an OperationOutcome; nothing where cards came."""
        issues = objects(self.body.get("issue")) if self.status != 200 else []
        details = [issue.get("details") for issue in issues]
        said = [str(d.get("text", "")) for d in details if isinstance(d, dict)]
        return " ".join([*said, *(str(issue["diagnostics"]) for issue in issues if "diagnostics" in issue)])


@dataclass(frozen=True, slots=True)
class Desk:
    """What the pages of development work with."""

    app: FastAPI
    service: HookService
    pathways: Pages
    folder: Path
    services: Mapping[str, HookService]
    """All services by their hook, that of the page among them."""

    def now(self) -> datetime:
        """The clock of the service."""
        return self.service.clock()

    def patients(self) -> list[Invented]:
        """The invented patients, where this installation has some."""
        return invented(self.folder) if self.folder.is_dir() else []

    async def chart(self, name: str) -> Chart:
        """The chart of an invented patient, moved to the day of the clock.

        Raises:
            UnknownService: nobody is called so.

        """
        found = next((one for one in self.patients() if one.path.stem == name), None)
        if found is None:
            raise UnknownService("There is no such invented patient.", hint="GET / lists them.")
        days = (self.now().date() - WRITTEN_FOR).days
        return self._read(shift_dates(take_in(found.path.read_bytes()), days))

    def _read(self, bundle: object) -> Chart:
        return read_bundle(bundle, signs=self.service.snapshot.library.signs)

    def choose(self) -> str:
        """The patient page before a chart is chosen."""
        given = {"title": "Patient", "expect": "", "answer": None, "name": "", "today": self.now().date()}
        return render("patient", patients=self.patients(), **given)

    async def pasted(self, request: Request) -> Response:
        """The page of a Bundle that a form sent."""
        form = await read_form(request, self.service.work)
        raw = form.get("bundle", "").encode("utf-8")
        check_size(len(raw), BYTES)
        chart = await self._in_time(lambda: self._read(take_in(raw)))
        return await self.patient("", chart)

    async def _in_time(self, compute: Callable[[], Any]) -> Any:
        return await in_time(self.service.work, self.service.seconds, compute)

    async def patient(self, name: str, chart: Chart) -> Response:
        """The page of one chart: what the service answers when it is sent, and why."""
        templates = self.service.snapshot.templates
        request = await self._in_time(lambda: orjson.dumps(compose(chart, templates, self.now().date(), {})))
        answer = await self.ask(request)
        where, whole, undecided = [], "", ""
        try:
            where, whole = await self._in_time(
                lambda: standings(chart, self.service.snapshot, self.pathways, self.now())
            )
        except ScopeUndecidable as error:
            undecided = error.message
        told = next((one for one in self.patients() if one.path.stem == name), None)
        page = render(
            "patient",
            title=told.title if told else "The pasted chart",
            expect=told.expect if told else "",
            today=self.now().date(),
            name=name,
            patients=self.patients(),
            answer=answer,
            cards=cards(answer.body),
            standings=where,
            chart=whole,
            undecided=undecided,
        )
        return html(page)

    async def compose(self, query: Mapping[str, str]) -> Response:
        """The caller page with a request that is written and not yet sent."""
        patients = self.patients()
        name = query.get("name") or (patients[0].path.stem if patients else "")
        service = self._asked(query.get("hook", ""))
        templates, library = service.snapshot.templates, service.snapshot.library
        broken = {key: query[key] for key in templates if query.get(key, "") in BREAKS}
        chart = await self.chart(name) if name else Chart("example", {})
        order = query.get("order", "")
        brought = brought_by(library, service.hook, chart, order)
        body = compose(chart, templates, self.now().date(), broken, service.hook, brought=brought)
        sent = orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()
        return html(self._caller(service, name, broken, order, sent, None))

    def _asked(self, hook: str) -> HookService:
        return self.services.get(hook, self.service)

    async def send(self, request: Request) -> Response:
        """The caller page with what came back."""
        form = await read_form(request, self.service.work)
        sent = form.get("request", "").replace("\r\n", "\n")
        service = self._asked(form.get("hook", ""))
        answer = await self.ask(sent.encode("utf-8"), service)
        return html(self._caller(service, form.get("name", ""), {}, form.get("order", ""), sent, answer))

    def _caller(
        self, service: HookService, name: str, broken: Mapping[str, str], order: str, sent: str, answer: Answer | None
    ) -> str:
        library = service.snapshot.library
        return render(
            "caller",
            patients=self.patients(),
            name=name,
            keys=list(service.snapshot.templates),
            breaks=BREAKS,
            broken=broken,
            hooks=list(self.services),
            hook=service.hook,
            orders={k: v for hook in self.services for k, v in orderable(library, hook).items()},
            order=order,
            service=service.id,
            sent=sent,
            answer=answer,
            cards=cards(answer.body) if answer is not None else [],
        )

    async def ask(self, body: bytes, service: HookService | None = None) -> Answer:
        """Sends a call to the application itself, through all that a call from outside goes through; to the page's service, where
        none is named.
        """
        transport = httpx2.ASGITransport(app=self.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            started = time.monotonic()
            reply = await client.post(
                f"/cds-services/{(service or self.service).id}",
                content=body,
                headers={"content-type": "application/json"},
            )
            elapsed = round((time.monotonic() - started) * 1000, 1)
        value = orjson.loads(reply.content)
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
        shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}\n… ({len(text)} characters)"
        return Answer(reply.status_code, value, shown, len(reply.content), elapsed)


async def read_form(request: Request, work: Work) -> Mapping[str, str]:
    """What a form sent.

    Raises:
        MediaTypeUnsupported, BodyTooLarge, TooSlow: as for every body.
        RequestError: it is not UTF-8.

    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise MediaTypeUnsupported("The body is no form.", hint="Send it from the page.")
    raw = await collect(request, FORM_BYTES)
    try:
        return dict(await work(_fields, raw))
    except ValueError:
        raise RequestError("The form cannot be read.", hint="Send it from the page, as UTF-8.") from None


def _fields(raw: bytes) -> list[tuple[str, str]]:
    return parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS)


async def _in_words(back: str, page: Callable[[], Awaitable[Response]]) -> Response:
    """The page, or the service's own error as a page."""
    try:
        return await page()
    except SpineError as error:
        status, _ = status_of(error)
        return html(render("refused", status=status, message=error.message, hint=error.hint, back=back), status)


def html(page: str, status: int = 200) -> Response:
    """A page under the headers that every page has."""
    return Response(page, status, HEADERS, "text/html")
