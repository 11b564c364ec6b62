"""The page of values that no document gives, read once for all who need it: the page that a clinician signs, the rendered
pathways, and the coverage that lists where each value stands in the profiles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = "approvals.md"
_QUOTED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Default:
    """One chosen value: what it decides, in words; the texts that hold it; the entries of the profiles that hold it; who
    signed it; every place of it as ``file:line``.
    """

    meaning: str
    values: tuple[str, ...]
    names: frozenset[str] = frozenset()
    signed: str = ""
    places: tuple[str, ...] = ()

    @property
    def value(self) -> str:
        """The texts in one line."""
        return ", ".join(self.values)


class Defaults:
    """The rows of a page of approvals. ``profiles`` is the folder that the places are looked up in."""

    def __init__(self, page: str, profiles: Path | None = None) -> None:
        self.rows = list(_rows(page, profiles))

    def rows_for(self, names: Iterable[str]) -> list[Default]:
        """Those that one of these entries of the profiles holds."""
        wanted = frozenset(names)
        return [row for row in self.rows if row.names & wanted]


def defaults(profiles: Path) -> tuple[str, list[Default]]:
    """The page to sign, as it is named from here, and its rows with the lines of the profiles that hold them.

    Without the page, every line that says DEFAULT stands for itself.
    """
    page = next((p for p in (profiles / PAGE, profiles.parent / "docs" / PAGE) if p.is_file()), None)
    if page is None:
        return "", list(_marked(profiles))
    return page.as_posix(), Defaults(page.read_text(encoding="utf-8"), profiles).rows


def _rows(page: str, profiles: Path | None) -> Iterator[Default]:
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and _QUOTED.search(cells[2]):
            file, *keys = _QUOTED.findall(cells[2])
            values = _QUOTED.findall(cells[1])
            names = frozenset((file, *keys))
            places = tuple(dict.fromkeys(_places(profiles, file, keys, values))) if profiles is not None else ()
            yield Default(cells[0], tuple(values), names, cells[3], places)


def _places(profiles: Path, file: str, keys: list[str], values: list[str]) -> Iterator[str]:
    path = profiles / file
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for key in keys:
        yield from (f"{profiles.name}/{file}:{number}" for number in _lines(lines, key, values))


def _lines(lines: list[str], key: str, values: list[str]) -> Iterator[int]:
    """The numbers of the lines of an entry, its own and what is indented below it, that hold one of the values."""
    for number, line in enumerate(lines):
        if not re.match(rf" *(?:- )?(?:id: )?{re.escape(key)}(?::|$| )", line):
            continue
        depth = len(line) - len(line.lstrip(" "))
        for below, text in enumerate(lines[number:], number + 1):
            if below > number + 1 and text.strip() and len(text) - len(text.lstrip(" ")) <= depth:
                break
            if any(re.search(rf"(?<![\d.]){re.escape(value)}(?!\d)", text) for value in values):
                yield below


def _marked(profiles: Path) -> Iterator[Default]:
    for file in sorted(profiles.rglob("*.yaml")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if "DEFAULT" in line and "cases" not in file.parts:
                place = f"{profiles.name}/{file.relative_to(profiles).as_posix()}:{number}"
                yield Default(line.strip()[:100], (), places=(place,))
