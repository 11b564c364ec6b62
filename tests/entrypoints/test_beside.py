"""Beside a call that is judged the service answers others, and a call whose time is over is told so."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import httpx2
from fastapi import FastAPI

from fhirpath_spine.adapters.journal import LogJournal
from fhirpath_spine.entrypoints.http import THREADS, Threads, create
from fhirpath_spine.pathway.model import Site
from fhirpath_spine.service import Client, HookService, Snapshot
from tests.adapters.virtual_time import ahead, put_forward
from tests.entrypoints.test_serve import PATIENCE
from tests.kit import decisions as make
from tests.kit.ports import Unfetched

URL = "/cds-services/spine-patient-view"
SECONDS = 120.0


def application(judge: Callable[..., Any], work: Threads) -> FastAPI:
    library = make.library()
    service = HookService(
        id="spine-patient-view",
        hook="patient-view",
        snapshot=Snapshot.of(library, Site(), make.wording(library)),
        retriever=Unfetched(),
        journal=LogJournal(),
        clock=lambda: make.AT,
        seconds=SECONDS,
        judge=judge,
        work=work,
    )
    return create([service], Client(), closing=[work.aclose])


def asking(app: FastAPI) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1")


def test_while_one_call_is_judged_another_path_answers(body: Any) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def judge(*_: Any, **__: Any) -> Any:
        begun.set()
        assert go_on.wait(PATIENCE)
        return make.decision()

    async def story() -> list[int]:
        async with asking(application(judge, Threads())) as client:
            call = asyncio.create_task(client.post(URL, json=body()))
            while not begun.is_set():
                await asyncio.sleep(0.001)
            live = await client.get("/livez")  # would never come if the judgement held the event loop
            go_on.set()
            return [live.status_code, (await call).status_code]

    assert asyncio.run(story()) == [200, 200]


def test_a_judgement_without_end_is_answered_503_and_leaves_room_for_others(body: Any) -> None:
    go_on = threading.Event()
    asked = []

    def judge(*_: Any, **__: Any) -> Any:
        asked.append(1)
        if len(asked) == 1:
            assert go_on.wait(PATIENCE)
        return make.decision()

    async def story() -> tuple[httpx2.Response, httpx2.Response]:
        async with asking(application(judge, Threads())) as client:
            call = asyncio.create_task(client.post(URL, json=body()))
            while not asked:
                await asyncio.sleep(0.001)
            put_forward(SECONDS)
            late = await call
            good = await client.post(URL, json=body())
            go_on.set()
            return late, good

    late, good = ahead(story)
    assert (late.status_code, late.headers["retry-after"], late.json()["issue"][0]["code"]) == (503, "5", "timeout")
    assert good.status_code == 200


def test_whoever_is_given_up_before_its_turn_is_never_computed() -> None:
    go_on, computed = threading.Event(), []

    async def story() -> None:
        work = Threads()
        holding = [asyncio.create_task(work(go_on.wait, PATIENCE)) for _ in range(THREADS)]
        waiting = asyncio.create_task(work(computed.append, 1))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        go_on.set()
        await asyncio.gather(*holding)
        await work.aclose()

    asyncio.run(story())
    assert computed == []
