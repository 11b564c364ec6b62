"""An expansion file of many codes as a CSV table: classified once by ``codes expand``, owned by the site, read at load.

Its head names where the codes come from and a digest of all that stands there, so that an edit by hand is noticed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.profile.expansions import anew, unknown
from fhirpath_spine.diagnostics import Span

if TYPE_CHECKING:
    from fhirpath_spine.authoring.profile.terminology import Terminology
    from fhirpath_spine.authoring.source.folder import Folder
    from fhirpath_spine.authoring.source.nodes import Scalar
    from fhirpath_spine.pathway.facts.needs import Coding
SIZE = 32 << 20
"""Largest table, in bytes: all tumours of SNOMED CT are below two million."""
COLUMNS = ["value_sets", "system", "code", "display", "class", "organ"]
_HEAD = "# Written by fhirpath-spine codes expand. Codes of other licences may stand here: it is the site's own file.\n"
_DIGEST = "# sha256: "


@dataclass(frozen=True, slots=True)
class Classified:
    """One code, what its display says, and the value sets that take it."""

    value_sets: tuple[str, ...]
    system: str
    code: str
    display: str
    name: str
    organ: str


def table(rows: Iterable[Classified], source: str, server: str, date: str) -> str:
    """The file of these codes."""
    out = io.StringIO()
    out.write(f"{_HEAD}# source: {_line(source)}\n# server: {_line(server)}\n# date: {date}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([" ".join(row.value_sets), row.system, row.code, row.display, row.name, row.organ])
    content = out.getvalue()
    return f"{_DIGEST}{_digest(content)}\n{content}"


def _line(text: str) -> str:
    return " ".join(text.split())


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def read_table(name: Scalar, beside: Folder, terminology: Terminology) -> Mapping[str, set[Coding]]:
    """The codes that a table adds, by value set. What is wrong with it is in the report: it cannot be read, or has another
    digest than it says (SP224), or names a value set that no profile has (SP301).
    """
    text = beside.read(str(name), SIZE)
    if text is None:
        beside.report.add("SP224", f"the expansion file '{name}' cannot be read", name.span, "Name a file beside.")
        return {}
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    line, _, content = text.partition("\n")
    head, _, lines = content.partition(f"\n{','.join(COLUMNS)}\n")
    if line != f"{_DIGEST}{_digest(content)}" or not lines:
        anew(beside, Span(beside.name(str(name)), 1, 1, len(line) or 1))
        return {}
    found: dict[str, set[Coding]] = {}
    reader = csv.reader(io.StringIO(lines))
    before = head.count("\n") + 3
    for row in reader:
        sets, system, code, *_ = [*row, "", "", ""]
        for value_set in sets.split():
            if value_set not in terminology.value_sets:
                span = Span(beside.name(str(name)), before + reader.line_num, 1)
                unknown(value_set, beside, span, terminology)
                continue
            found.setdefault(value_set, set()).add((sys.intern(system), sys.intern(code)))
    return found
