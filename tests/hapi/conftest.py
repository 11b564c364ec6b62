"""A real FHIR server for the tests of this folder: the one that SPINE_SANDBOX_URL names, else the local HAPI.

In CI (``CI=true``) a server that does not start is a failure. Elsewhere, without Java or Maven, one test is left and
skipped, and says so.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi import FastAPI
from starlette.testclient import TestClient

from fhirpath_spine.adapters.peer import Peer
from fhirpath_spine.adapters.sandbox import Sandbox
from fhirpath_spine.entrypoints.content import Content, load_content
from fhirpath_spine.entrypoints.http import build
from fhirpath_spine.entrypoints.settings import load
from sandbox import local_hapi
from tests.hapi.hospital import AT, CLINICAL, PATIENTS, TOKEN, Server, Service, fill, sandbox
from tests.hapi.relay import Relay, relaying

URL = "SPINE_SANDBOX_URL"
IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")
_seen: dict[str, str] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    mine = [item for item in items if Path(item.path).parent == Path(__file__).parent]
    for item in mine:
        item.add_marker(pytest.mark.hapi)
    wanted = mine and "not hapi" not in config.getoption("markexpr")
    missing = local_hapi.missing() if wanted and not os.environ.get(URL) and not IN_CI else []
    if missing:
        why = f"NO REAL FHIR SERVER WAS TRIED, {len(mine)} tests did not run. Needed: {'; '.join(missing)}"
        mine[0].add_marker(pytest.mark.skip(reason=why))
        config.hook.pytest_deselected(items=mine[1:])
        items[:] = [item for item in items if item not in mine[1:]]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    def count(outcome: str) -> int:
        reports = terminalreporter.getreports(outcome)
        return sum(getattr(r, "when", "") in ("call", "setup") and "tests/hapi/" in r.nodeid for r in reports)

    if _seen:
        numbers = f"{count('passed')} passed, {count('failed') + count('error')} failed, {count('skipped')} skipped"
        terminalreporter.write_line(f"HAPI tests: {numbers}, against {_seen['software']} at {_seen['base']}")


# ------------------------------------------------------------------ the server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The server, empty of our charts."""
    if url := os.environ.get(URL):
        yield _known(Server(url, os.environ.get(TOKEN, "")))
        return
    token = secrets.token_urlsafe(16)
    try:
        with local_hapi.running(local_hapi.free_port(0), {"HAPI_PAGE": "5", "HAPI_TOKEN": token}) as base:
            yield _known(Server(base, token))
    except local_hapi.StartError as error:
        pytest.fail(f"{error} Missing: {'; '.join(local_hapi.missing()) or 'nothing'}")


def _known(server: Server) -> Server:
    server.software = Sandbox(Peer(server.base, server.token)).check()
    _seen.update(base=server.base, software=server.software)
    return server


@pytest.fixture(scope="session")
def hapi(server: Server) -> Iterator[Server]:
    """The server with every chart on it; at the end they are taken away again."""
    fill(server)
    yield server
    assert sandbox(server, "clear").returncode == 0


@pytest.fixture
def relay(hapi: Server) -> Iterator[Relay]:
    """A relay to the server."""
    with relaying(hapi.base) as found:
        yield found


@pytest.fixture(scope="session")
def needs_token(hapi: Server) -> None:
    """Only against a server that asks for a token."""
    if Server(hapi.base, "").holds("Patient/spine-demo-resectable"):
        pytest.skip(f"NOT CHECKED: {hapi.base} asks for no token")


# ------------------------------------------------------------------ the service


def built(**given: Any) -> tuple[FastAPI, Content, datetime]:
    """The application that ``serve`` builds, with its clock at the end of the day that the charts are written for."""
    at = datetime.combine(AT, time(23, 59, 59), UTC)
    chosen = {"mode": "dev", "clock": at, "site": CLINICAL / "site.yaml", "deadline": 60, **given}
    settings = load(environ={}, directory=PATIENTS, **chosen).settings
    content = load_content(settings)
    return build(settings, content), content, at


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """The service without ``clients.yaml``: it reads from any FHIR server on this machine."""
    app, content, at = built()
    with TestClient(app) as client:
        yield Service(client, content, at)


@pytest.fixture(scope="session")
def ordering(tmp_path_factory: pytest.TempPathFactory, hapi: Server) -> Iterator[Service]:
    """The service with a client entry for this very server, whose EHR takes ServiceRequests too."""
    entry = {"id": "hapi", "fhir_servers": [hapi.base], "private_network": True}
    entry |= {"cards": {"actions": ["CarePlan", "ServiceRequest"]}}
    path = tmp_path_factory.mktemp("clients") / "clients.yaml"
    path.write_text(yaml.safe_dump({"clients": [entry]}), encoding="utf-8")
    app, content, at = built(clients=path)
    with TestClient(app) as client:
        yield Service(client, content, at)
