"""What can be said about a file: where, which rule, what is wrong and what to do.

The catalogue of rules is ``rules.toml`` beside this module; ``fhirpath-spine rule SPnnn`` prints an entry.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(StrEnum):
    """An error stops the load; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of one line of a file. Lines and columns count from 1; ``length`` counts characters."""

    file: str
    line: int
    column: int
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.file else f"{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the catalogue: its stable code, name, reason, and an example of each kind."""

    code: str
    name: str
    severity: Severity
    why: str
    bad: str
    good: str
    mends: str = ""
    """What of it ``lint --fix`` mends, since it has one reading; empty where only the author knows."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What should stand at a place instead of what does."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: the rule's code, the place, what is wrong there and what to do.

    ``edit`` mends it, where it has exactly one reading.
    """

    code: str
    message: str
    span: Span
    hint: str = ""
    severity: Severity = Severity.ERROR
    edit: Edit | None = None

    def at(self, span: Span) -> Diagnostic:
        """The same finding at another place."""
        return replace(self, span=span)

    def __str__(self) -> str:
        return f"{self.span}: {self.severity} {self.code}: {self.message}" + (f" {self.hint}" if self.hint else "")


@cache
def catalogue() -> dict[str, Rule]:
    """All rules by code, in order of their codes."""
    data = tomllib.loads(files("fhirpath_spine").joinpath("rules.toml").read_text(encoding="utf-8"))
    return {
        code: Rule(
            code, r["name"], Severity(r.get("severity", "error")), r["why"], r["bad"], r["good"], r.get("mends", "")
        )
        for code, r in sorted(data.items())
    }


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``Did you mean 'x'?`` for the closest known word, else an empty string."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean '{close[0]}'?" if close else ""
