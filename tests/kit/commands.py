"""The command line, run in this process as its console script runs it."""

from __future__ import annotations

import json
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT: str = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]["fhirpath-spine"]
"""What the console script calls, as ``module:function``."""
PROGRAM = f"from pkgutil import resolve_name; resolve_name({SCRIPT!r})()"
"""The same for ``python -c``."""


@dataclass(frozen=True)
class Ran:
    """What one command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Commands:
    """Runs ``fhirpath-spine`` and takes what it prints."""

    def __init__(self, patched: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]) -> None:
        self._patched, self._captured = patched, captured

    def __call__(self, *words: str | Path, **given: Any) -> Ran:
        self._patched.setattr(sys, "argv", ["fhirpath-spine", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            resolve_name(SCRIPT)(**given)
        printed = self._captured.readouterr()
        code = left.value.code
        return Ran(code if isinstance(code, int) else 0, printed.out, printed.err)
