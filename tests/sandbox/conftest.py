"""What the tests of the sandbox tools share: the command line, and a small FHIR server."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.kit.commands import Commands
from tests.sandbox.stub import Stub, serving


@pytest.fixture
def server() -> Iterator[Stub]:
    with serving() as stub:
        yield stub


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commands:
    """Runs ``fhirpath-spine`` without any setting of the machine."""
    for name in [n for n in os.environ if n.startswith("SPINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")

    return Commands(monkeypatch, capsys)
