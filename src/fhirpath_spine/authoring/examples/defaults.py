"""Where the values without a source stand in the profiles: what a clinician has to sign (the page ``approvals.md``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = "approvals.md"
_QUOTED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Default:
    """One chosen value: what it decides, the text that holds it, and every place of it as ``file:line``."""

    meaning: str
    value: str
    places: tuple[str, ...]


def defaults(profiles: Path) -> tuple[str, list[Default]]:
    """The page to sign, as it is named from here, and its rows with the lines of the profiles that hold them.

    Without the page, every line that says DEFAULT stands for itself.
    """
    page = next((p for p in (profiles / PAGE, profiles.parent / "docs" / PAGE) if p.is_file()), None)
    return ("", list(_marked(profiles))) if page is None else (page.as_posix(), list(_rows(profiles, page)))


def _rows(profiles: Path, page: Path) -> Iterator[Default]:
    for line in page.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and _QUOTED.search(cells[2]):
            file, *keys = _QUOTED.findall(cells[2])
            values = _QUOTED.findall(cells[1])
            places = dict.fromkeys(
                f"{profiles.name}/{file}:{n}" for key in keys for n in _lines(profiles / file, key, values)
            )
            yield Default(cells[0], ", ".join(values), tuple(places))


def _lines(file: Path, key: str, values: list[str]) -> Iterator[int]:
    """The lines of an entry, its own and what is indented below it, that hold one of the values."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
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
                yield Default(line.strip()[:100], "", (place,))
