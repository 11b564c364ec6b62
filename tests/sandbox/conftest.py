"""What the tests of the sandbox tools share: the command line, and a small FHIR server."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fhirpath_spine.entrypoints.commands import main
from tests.sandbox.stub import Stub, serving

Run = Callable[..., "Ran"]


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture
def server() -> Iterator[Stub]:
    with serving() as stub:
        yield stub


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``fhirpath-spine`` without any setting of the machine."""
    for name in [n for n in os.environ if n.startswith("SPINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")

    def command(*words: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["fhirpath-spine", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main.main()
        printed = capsys.readouterr()
        return Ran(left.value.code if isinstance(left.value.code, int) else 0, printed.out, printed.err)

    return command
