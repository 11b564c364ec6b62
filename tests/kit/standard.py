"""The page of the standard as data: its lines, and what it says holds each of them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[2] / "docs" / "standard.md"
_NUMBER = r"[A-Z]{2,5}-\d\d"
_ROW = re.compile(rf"^\| ({_NUMBER}) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
_TEST = re.compile(r"\[(test_\w+)\]\(\.\./([^)]+)\)")
OTHERS = ("client", "not done", "open")
"""What stands where no test holds a line, each with a reason behind a colon."""


class Line(NamedTuple):
    """One line of the standard."""

    number: str
    strength: str
    rule: str
    why: str
    held: str

    @property
    def tests(self) -> list[tuple[str, str]]:
        """Each test that is named, with its file."""
        return _TEST.findall(self.held)

    @property
    def kind(self) -> str:
        """``tests``, or one of :data:`OTHERS`; empty where it is neither."""
        word = self.held.split(":")[0]
        return word if word in OTHERS else "tests" if self.held.startswith("[test_") else ""

    @property
    def reason(self) -> str:
        """What is said behind the colon where no test holds the line."""
        return self.held.partition(": ")[2] if self.kind in OTHERS else ""


def lines() -> list[Line]:
    """The lines of the page, in its order."""
    return [Line(*found) for found in _ROW.findall(PAGE.read_text(encoding="utf-8"))]


def summary() -> str:
    """How many lines there are of each kind, as the page has to say it."""
    found = Counter(line.kind for line in lines())
    return (
        f"Of {found.total()} lines {found['tests']} are held by tests, {found['client']} are the client's, "
        f"{found['not done']} are not done, and {found['open']} are open."
    )
