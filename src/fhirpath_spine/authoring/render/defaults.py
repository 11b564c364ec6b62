"""Which DEFAULT values act where: read from the page that a clinician signs, so that each stands on both."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_ROW = re.compile(r"^\| (?P<what>[^|]+) \| (?P<value>`[^|]+`) \| (?P<place>`[^|]+`) \| (?P<signed>[^|]*)\|$")
_NAMES = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Default:
    """One value that no document gives: in words, as it stands in the profiles, and the entries that hold it."""

    what: str
    value: str
    names: frozenset[str]
    signed: str


class Defaults:
    """The rows of the page of approvals."""

    def __init__(self, page: str) -> None:
        found = filter(None, map(_ROW.match, page.splitlines()))
        self._rows = [
            Default(m["what"].strip(), m["value"].strip(), frozenset(_NAMES.findall(m["place"])), m["signed"].strip())
            for m in found
        ]

    def of(self, names: Iterable[str]) -> list[Default]:
        """Those that one of these entries of the profiles holds."""
        wanted = frozenset(names)
        return [row for row in self._rows if row.names & wanted]
