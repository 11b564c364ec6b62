"""A deployer's own flat list of codes and displays, line by line: CSV or TSV with or without a head, or the description
snapshot of an RF2 release. For ``codes expand``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from fhirpath_spine.errors import RequestError
from fhirpath_spine.exchange.ehr_side.expanding import SNOMED, Row
from fhirpath_spine.exchange.outgoing.markdown import clean

FIELD = 4_000
"""Longest field of a line."""
_CODE = re.compile(r"[1-9][0-9]{5,17}")
_NAMES = {"code": ("conceptid", "code", "concept_id", "sctid"), "display": ("term", "display", "fsn", "name")}
_ACTIVE, _SYSTEM = "active", "system"
_FULL = re.compile(r"\S \([a-z][a-z /]*\)$")
"""A fully specified name ends with its semantic tag; the other descriptions of a release are left out."""


class _Released(csv.excel_tab):
    """In a tab-separated release quotes are letters like any other."""

    quoting = csv.QUOTE_NONE


def rows(lines: Iterable[str]) -> Iterator[Row]:
    """The rows of a list, each code as it comes. Of an RF2 snapshot the active fully specified names.

    Raises:
        RequestError: the list has no column of codes or displays, or a line holds no code; the line is named.

    """
    lines = iter(lines)
    first = next(lines, "").removeprefix("\ufeff")
    mark = "\t" if "\t" in first else ";" if ";" in first and "," not in first else ","
    reader = csv.reader(chain([first], lines), dialect=_Released if mark == "\t" else csv.excel, delimiter=mark)
    try:
        yield from _rows(reader, first.count(mark))
    except csv.Error as error:
        raise RequestError(f"Line {reader.line_num} of the list is no CSV: {error}.", hint=_HINT) from None


_HINT = "Give a CSV or TSV with the columns code and display, or the description snapshot of an RF2 release."


def _rows(reader: Iterator[list[str]], width: int) -> Iterator[Row]:
    head = next(reader, [])
    places = _places(head)
    if not places:
        places = {"code": 0, "display": 1}
        if width < 1 or not _CODE.fullmatch(head[0].strip()):
            raise RequestError("The list has no columns of codes and displays.", hint=_HINT)
        yield _row(head, places, 1)
    is_release = _ACTIVE in places
    for number, row in enumerate(reader, start=2):
        if not row or (is_release and not _counts(row, places)):
            continue
        yield _row(row, places, number)


def _places(head: list[str]) -> dict[str, int]:
    names = [name.strip().lower() for name in head]
    found = {key: names.index(name) for key, known in _NAMES.items() for name in known[::-1] if name in names}
    if len(found) < len(_NAMES):
        return {}
    is_release = "typeid" in names and _ACTIVE in names
    more = (_ACTIVE,) if is_release else (_SYSTEM,)
    return found | {name: names.index(name) for name in more if name in names}


def _counts(row: list[str], places: dict[str, int]) -> bool:
    if len(row) <= max(places.values()):
        return True  # refused as a line without a code
    return row[places[_ACTIVE]] == "1" and bool(_FULL.search(row[places["display"]].strip()))


def _row(row: list[str], places: dict[str, int], number: int) -> Row:
    if len(row) <= max(places.values()):
        raise RequestError(f"Line {number} of the list has too few columns.", hint=_HINT)
    system = row[places[_SYSTEM]].strip() if _SYSTEM in places else SNOMED
    code, display = row[places["code"]].strip(), row[places["display"]].strip()
    if system == SNOMED and not _CODE.fullmatch(code):
        raise RequestError(f"Line {number} of the list holds no code of SNOMED CT.", hint=_HINT)
    return system, code, clean(display[:FIELD])
