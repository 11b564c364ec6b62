"""Content that is loaded anew while the service runs: all of it or nothing, and several workers behind one port."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from fhirpath_spine.adapters.callers import Signer, public_keys
from fhirpath_spine.adapters.journal import LogJournal
from fhirpath_spine.diagnostics import Diagnostic, Span
from fhirpath_spine.entrypoints.http import BoundedProtocol, InForce, Leaving, Standing, Threads, create
from fhirpath_spine.errors import ProfileError
from fhirpath_spine.pathway.model import Site
from fhirpath_spine.service import Client, HookService, Snapshot
from tests.adapters.virtual_time import ahead, put_forward
from tests.entrypoints.test_production import CLIENTS, ISSUER, PUBLIC, URL, with_approvals
from tests.entrypoints.test_serve import PATIENCE, discovered, free_port, said, start
from tests.kit import decisions as make
from tests.kit.content import shipped
from tests.kit.ports import Unfetched


@dataclass
class Parts:
    """What of a process a reload needs."""

    standing: Standing = field(default_factory=Standing)
    counted: list[str] = field(default_factory=list)

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        assert (name, amount) == ("spine_reloads_total", 1.0)
        self.counted.append(labels["result"])


def application(parts: Parts, digest: str, judge: Callable[..., Any] | None = None) -> FastAPI:
    library = replace(make.library(), digest=digest)
    service = HookService(
        id="spine-patient-view",
        hook="patient-view",
        snapshot=Snapshot.of(library, Site(), make.wording(library)),
        retriever=Unfetched(),
        journal=LogJournal(),
        clock=lambda: make.AT,
        judge=judge or (lambda *_, **__: make.decision()),
        seconds=PATIENCE,
        work=Threads(),
    )
    return create([service], Client(), standing=parts.standing)


def asking(app: Any) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1")


def broken() -> FastAPI:
    raise ProfileError("Wrong.", diagnostics=[Diagnostic("SP000", "What.", Span("", 1, 1), "Do.")])


def test_a_set_that_cannot_be_used_leaves_the_one_before_in_force_and_is_said() -> None:
    parts = Parts()
    makes = [broken, lambda: application(parts, "second")]
    app = InForce(parts, application(parts, "first"), lambda: makes.pop(0)())  # type: ignore[arg-type]

    async def story() -> list[dict[str, Any]]:
        found = []
        async with asking(app) as client:
            for _ in range(2):
                await app.reload()
                answer = await client.get("/readyz")
                assert answer.status_code == 200
                found.append(answer.json())
        return found

    refused, done = asyncio.run(story())
    assert (refused["status"], refused["content"]) == ("degraded", ["first"])
    assert "could not be" in refused["reasons"][0]
    assert (done["status"], done["content"]) == ("ok", ["second"])
    assert parts.counted == ["refused", "done"]


def test_a_call_that_is_under_way_ends_with_the_content_that_it_began_with(body: Any) -> None:
    parts, begun, go_on = Parts(), threading.Event(), threading.Event()

    def judge(library: Any, *_: Any, **__: Any) -> Any:
        begun.set()
        assert go_on.wait(PATIENCE)
        judged.append(library.digest)
        return make.decision()

    judged: list[str] = []
    app = InForce(parts, application(parts, "first", judge), lambda: application(parts, "second"))  # type: ignore[arg-type]

    async def story() -> tuple[int, list[str]]:
        async with asking(app) as client:
            call = asyncio.create_task(client.post(URL, json=body()))
            while not begun.is_set():
                await asyncio.sleep(0.001)
            await app.reload()
            ready = (await client.get("/readyz")).json()
            go_on.set()
            return (await call).status_code, ready["content"]

    assert asyncio.run(story()) == (200, ["second"])
    assert judged == ["first"]


def test_who_asks_whether_it_is_ready_is_told_that_it_leaves_before_it_does() -> None:
    parts, drain, heard = Parts(), 3600.0, list[int]()
    app = InForce(parts, application(parts, "first"), broken)  # type: ignore[arg-type]

    async def story() -> list[tuple[int, str]]:
        config = uvicorn.Config(app, http=BoundedProtocol, ws="none", lifespan="off", log_config=None)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            server = Leaving(config, app, drain)
            serving = asyncio.create_task(server.serve([listening]))
            while not server.started:
                await asyncio.sleep(0.01)
            base = f"http://127.0.0.1:{listening.getsockname()[1]}"
            async with httpx2.AsyncClient(base_url=base, trust_env=False, timeout=PATIENCE) as client:
                before = await client.get("/readyz")
                signal.raise_signal(signal.SIGTERM)
                leaving = await client.get("/readyz")
            put_forward(drain)
            await asyncio.wait_for(serving, PATIENCE)
        return [(answer.status_code, answer.json()["status"]) for answer in (before, leaving)]

    # The server hands on the signal that ended it.
    whose = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        assert ahead(story) == [(200, "ok"), (503, "leaving")]
    finally:
        signal.signal(signal.SIGTERM, whose)
    assert heard == [signal.SIGTERM]


# ------------------------------------------------------------------ as processes

SIGNER = Signer.generated(ISSUER)


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """The settings of a service that may start."""
    approvals = with_approvals(shipped()).site.approvals
    (tmp_path / "site.yaml").write_text(f"timezone: UTC\napprovals: {json.dumps(list(approvals))}\n", encoding="utf-8")
    (tmp_path / "clients.yaml").write_text(CLIENTS, encoding="utf-8")
    (tmp_path / "keys.json").write_text(json.dumps(public_keys(SIGNER)), encoding="utf-8")
    (tmp_path / "key").write_bytes(bytes(range(32)))
    return {
        "SPINE_CLIENTS": str(tmp_path / "clients.yaml"),
        "SPINE_HMAC_KEY_FILE": str(tmp_path / "key"),
        "SPINE_DATA_DIR": str(tmp_path / "data"),
        "SPINE_SITE": str(tmp_path / "site.yaml"),
        "SPINE_PUBLIC_URL": PUBLIC,
    }


def reloads(address: str) -> str:
    page = httpx2.get(address, trust_env=False, timeout=PATIENCE).text
    return "".join(line for line in page.splitlines(keepends=True) if "reloads_total{" in line)


@pytest.mark.thorough
def test_workers_share_a_port_what_was_used_and_what_is_counted(production: Any, tmp_path: Path, body: Any) -> None:
    port, metrics = free_port(), f"127.0.0.1:{free_port()}"
    process = start(port, "--workers", "2", SPINE_METRICS_ADDR=metrics, **production)
    base, lines = f"http://127.0.0.1:{port}", list[str]()
    try:
        discovered(port, seconds=3 * PATIENCE)  # three processes load the content, one after another
        headers = {"authorization": f"Bearer {SIGNER.token(PUBLIC + URL)}"}
        # Each call by a connection of its own, so that either worker may take it.
        statuses = [
            httpx2.post(base + URL, json=body(), headers=headers, trust_env=False, timeout=PATIENCE).status_code
            for _ in range(12)
        ]
        assert sorted(statuses) == [200] + [401] * 11
        page = httpx2.get(f"http://{metrics}/metrics", trust_env=False, timeout=PATIENCE).text
        assert 'spine_unauthorized_total{reason="replayed"} 11.0' in page
        shown = httpx2.get(f"http://{metrics}/feedback", trust_env=False, timeout=PATIENCE)
        assert (shown.status_code, shown.headers["x-frame-options"]) == (200, "DENY")
        assert "Nobody has answered yet." in shown.text

        process.send_signal(signal.SIGHUP)
        ends = time.monotonic() + PATIENCE
        while 'result="done"' not in reloads(f"http://{metrics}/metrics") and time.monotonic() < ends:
            time.sleep(0.1)
        (tmp_path / "site.yaml").write_text("timezone: Nowhere/Nothing\n", encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        assert httpx2.get(f"{base}/readyz", trust_env=False, timeout=PATIENCE).json()["status"] == "ok"
        assert process.stderr is not None
        for line in process.stderr:  # the parent tells what it refused at its next look
            lines.append(line)
            if "the one before stays in force" in line:
                break
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (0, "")
    told = said("".join(lines) + err)
    assert "The content was loaded anew, and is in force." in told
    assert "the one before stays in force" in told
    assert "started again" not in told
