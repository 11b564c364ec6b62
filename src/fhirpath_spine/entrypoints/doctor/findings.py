"""What ``doctor`` can say: each finding with why it matters and what to do. No value of a patient, no token."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from rich.text import Text

from fhirpath_spine.entrypoints.show import console
from fhirpath_spine.exchange import Json, lean


class Level(StrEnum):
    """How a check came out. Only FAIL means that something will not work."""

    PASS = "PASS"  # noqa: S105 - no password
    INFO = "INFO"
    WARN = "WARN"
    FAIL = "FAIL"


STYLES = {Level.PASS: "green", Level.INFO: "cyan", Level.WARN: "bold yellow", Level.FAIL: "bold white on red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: its area and name, what was found, why that matters, and what to do about it."""

    level: Level
    area: str
    check: str
    what: str
    why: str = ""
    do: str = ""

    def json(self) -> Json:
        """The finding for machines."""
        named = {"level": self.level.value, "area": self.area, "check": self.check, "what": self.what}
        return lean({**named, "why": self.why, "do": self.do})


T = TypeVar("T")
Checking = Generator[Finding, None, T]
"""A check that yields what it finds, and returns what the next ones need."""


def passed(area: str, check: str, what: str) -> Finding:
    """What is as it should be."""
    return Finding(Level.PASS, area, check, what)


def info(area: str, check: str, what: str, why: str = "", do: str = "") -> Finding:
    """What one should know."""
    return Finding(Level.INFO, area, check, what, why, do)


def warn(area: str, check: str, what: str, why: str, do: str) -> Finding:
    """What works, but not as well as it could."""
    return Finding(Level.WARN, area, check, what, why, do)


def fail(area: str, check: str, what: str, why: str, do: str) -> Finding:
    """What will not work."""
    return Finding(Level.FAIL, area, check, what, why, do)


def failed(found: Sequence[Finding]) -> bool:
    """Whether something will not work."""
    return any(f.level is Level.FAIL for f in found)


def as_json(found: Sequence[Finding]) -> Json:
    """All findings, and how many of each level."""
    return {
        "findings": [f.json() for f in found],
        "summary": {level.value: sum(f.level is level for f in found) for level in Level},
    }


def show(found: Sequence[Finding]) -> None:
    """All findings for a person, in the order in which they were made."""
    out = console()
    area = ""
    for finding in found:
        if finding.area != area:
            area = finding.area
            out.print(Text(area, style="bold"))
        line = Text("  ")
        line.append(f"{finding.level.value:4}", style=STYLES[finding.level])
        line.append(f"  {finding.check}: {finding.what}")
        out.print(line, soft_wrap=True)
        for text in (finding.why, finding.do and f"Do: {finding.do}"):
            if text:
                out.print(Text(f"        {text}", style="dim"), soft_wrap=True)
    counts = ", ".join(f"{n} {level}" for level, n in as_json(found)["summary"].items() if n)
    out.print(Text(counts, style="bold"))
