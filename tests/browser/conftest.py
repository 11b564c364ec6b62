"""A service with its pages on a port of this machine, a browser before it, and axe, which looks for what hinders people."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from fhirpath_spine.entrypoints.patients import patients_directory
from tests.browser.chromium import PATIENCE, Tab, browsing, found
from tests.entrypoints.pages_kit import application

AXE = Path(os.environ.get("SPINE_AXE", str(Path(__file__).parents[2] / ".cache" / "axe-core" / "axe.min.js")))
"""Where ``.ci/run`` lays it; its checksum is looked at there."""


def lacking(what: str) -> None:
    """Skips, loudly; fails where the machine is there to run this."""
    words = f"NOT RUN: {what} is not here. `.ci/run` installs it; Debian and Ubuntu: apt install chromium"
    if os.environ.get("CI", "false") not in ("", "false"):
        pytest.fail(words)
    pytest.skip(words)


@pytest.fixture(scope="session")
def service() -> Iterator[str]:
    """The address of a service in development, with its clock at the day that the invented patients were written for."""
    config = uvicorn.Config(application(patients=patients_directory()), port=0, log_config=None, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + PATIENCE
    while not server.started:
        assert time.monotonic() < end, "the service did not start"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(PATIENCE)


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that looks for hindrances."""
    if not AXE.is_file():
        lacking(f"axe-core ({AXE.name})")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture
def tab() -> Iterator[Tab]:
    """A browser that was never anywhere."""
    program = found()
    if program is None:
        lacking("Chromium")
    assert program is not None
    with browsing(program) as opened:
        opened.size(1280)
        yield opened
