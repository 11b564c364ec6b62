"""CSV text as cells that know where they stand, as :mod:`reader` does for YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.diagnostics import Span

if TYPE_CHECKING:
    from fhirpath_spine.authoring.source.report import Report


def read_cells(text: str, file: str, report: Report) -> list[list[Scalar]]:
    """The rows of a CSV text, empty lines left out. A quote that is never closed is SP210, and ends the reading."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    rows: list[list[Scalar]] = []
    at, line, start = 0, 1, 0
    row: list[Scalar] = []
    while at < len(text):
        span = Span(file, line, at - start + 1)
        if text[at] == '"':
            value, end = _quoted(text, at)
            if end < 0:
                report.add("SP210", "this quote is never closed", span, "Close it, or double a quote that is meant.")
                return rows
            broken = text.rfind("\n", at, end)
            if broken >= 0:
                line, start = line + text.count("\n", at, end), broken + 1
        else:
            end = min((i for i in (text.find(",", at), text.find("\n", at)) if i >= 0), default=len(text))
            value = text[at:end]
        row.append(Scalar.of(value.strip(), span, text[at:end]))
        comma = text[end : end + 1] == ","
        if not comma and text[end : end + 1] not in ("", "\n"):
            report.add(
                "SP210", "text stands behind a quoted cell", Span(file, line, end - start + 1), "Quote it whole."
            )
            return rows
        at = end + 1
        if comma and at >= len(text):
            row.append(Scalar.of("", Span(file, line, at - start + 1)))
        if comma and text[at : at + 1] == "\n":
            row.append(Scalar.of("", Span(file, line, at - start + 1)))
            at, comma = at + 1, False
        if not comma:
            line, start = line + 1, at
            rows += [row] if any(row) else []
            row = []
    return [*rows, row] if any(row) else rows


def _quoted(text: str, at: int) -> tuple[str, int]:
    """The value of a quoted cell and where it ends, -1 if it never does."""
    parts: list[str] = []
    start = at + 1
    while (end := text.find('"', start)) >= 0:
        parts.append(text[start:end])
        if text[end + 1 : end + 2] != '"':
            return '"'.join(parts), end + 1
        start = end + 2
    return "", -1
