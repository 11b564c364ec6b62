"""Mends what has exactly one reading: findings that carry their edit, made in the text as it stands; comments and layout stay.

The set is checked again after each round, since one mistake may hide another, until nothing is left to mend.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.loading import check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from fhirpath_spine.authoring.loading import PathLike
    from fhirpath_spine.diagnostics import Diagnostic, Edit
    from fhirpath_spine.pathway.model import Site

ROUNDS = 100
"""Most rounds: each mends something, so this is only reached where hundreds of mistakes hide one another."""


@dataclass(slots=True)
class Mended:
    """What came of it: the findings that were mended, those that are left, and each file that changes, before and after."""

    done: list[Diagnostic] = field(default_factory=list)
    left: list[Diagnostic] = field(default_factory=list)
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    """By the path of the file relative to the set."""

    def diff(self, directory: PathLike) -> Iterator[str]:
        """The lines of a unified diff, without line breaks."""
        for name, text in sorted(self.after.items()):
            shown = f"{Path(directory).as_posix()}/{name}"
            old, new = (one.replace("\r\n", "\n").splitlines() for one in (self.before[name], text))
            yield from unified_diff(old, new, shown, shown, lineterm="")

    def write(self, directory: PathLike) -> None:
        """Puts each file in its place, whole or not at all."""
        for name, text in self.after.items():
            path = Path(directory) / name
            beside = path.with_name(f".{path.name}.mended")
            beside.write_bytes(text.encode())
            shutil.copymode(path, beside)
            os.replace(beside, path)


def mend(
    directory: PathLike,
    site: Site | PathLike | None = None,
    wanted: Callable[[str], bool] = lambda _: True,
) -> Mended:
    """What mending the ``wanted`` files of a set would change; nothing is written. ``wanted`` is asked with the name of a file as
    findings have it. Raises as :func:`check` does.
    """
    out = Mended(left=check(directory, site))
    root = Path(directory).as_posix() + "/"
    for _ in range(ROUNDS):
        edits: dict[str, dict[Edit, Diagnostic]] = {}
        for one in out.left:
            if one.edit is not None and one.edit.span.file.startswith(root) and wanted(one.edit.span.file):
                edits.setdefault(one.edit.span.file.removeprefix(root), {})[one.edit] = one
        if not edits:
            break
        for name, of_file in edits.items():
            if name not in out.before:
                out.before[name] = out.after[name] = (Path(directory) / name).read_bytes().decode()
            made, out.after[name] = _made(out.after[name], of_file)
            out.done += [of_file[edit] for edit in made]
        out.left = check(directory, site, out.after)
    return out


def _made(text: str, edits: Iterable[Edit]) -> tuple[list[Edit], str]:
    """The edits that were made, from the end to the beginning, and the text after them; of two that overlap the later one."""
    lines = text.split("\n")
    bom = text.startswith("\ufeff")
    made: list[Edit] = []
    last = (len(lines) + 1, 0)
    for edit in sorted(edits, key=lambda e: (e.span.line, e.span.column), reverse=True):
        span, line = edit.span, edit.span.line - 1
        start = span.column - 1 + (bom and line == 0)
        end = start + span.length
        if line == last[0] and end > last[1]:
            continue
        lines[line] = f"{lines[line][:start]}{edit.text}{lines[line][end:]}"
        last = (line, start)
        made.append(edit)
    return made[::-1], "\n".join(lines)
