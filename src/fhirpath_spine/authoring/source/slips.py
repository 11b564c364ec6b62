"""Where a file is no YAML: the mistake that its author most likely made, in words about the text and not about the parser."""

from __future__ import annotations

import re
from typing import NamedTuple

import yaml

from fhirpath_spine.authoring.source.layout import lacks_quotes, mend_colon
from fhirpath_spine.diagnostics import Edit, Span

QUOTE = "A text that holds a colon needs quotes: write it in double quotes."
CURLY = "Curly quotes are signs like any other: write straight ones, \" or '."
OPENS = "“”„‟‘’‚"
_CURLY = re.compile(rf"(?:[:,\[{{]\s*|^\s*(?:- +)?|- +)([{OPENS}])")
_KEY = re.compile(r"(?:^|[{,\s])([A-Za-z][\w-]*):(?=\s|$)", re.MULTILINE)
_INSIDE = re.compile(r"[{,]\s*[\w-]+:\s+(?P<text>[^\s\"'{}\[\],|>#&*!%@`][^\"'{}\[\],\\#]*)$")
_REST = re.compile(r"[^\"'{}\[\],\\#]*")
_WHOLE = re.compile(r"[^\s\"\\#{}\[\]](?:[^\"\\#:]|:(?!\s))*$")


class Slip(NamedTuple):
    """What is wrong, where, what to do, and the edit that does it where there is one reading."""

    message: str
    span: Span
    hint: str
    edit: Edit | None = None


def slip(error: yaml.YAMLError, text: str, file: str) -> Slip | None:
    """The likely mistake behind an error of the parser; None where it is not known."""
    if not isinstance(error, yaml.MarkedYAMLError) or (mark := error.problem_mark) is None:
        return None
    lines = text.split("\n")
    line = lines[mark.line] if mark.line < len(lines) else ""
    here = Span(file, mark.line + 1, mark.column + 1)
    if (opened := _opened(error, text, mark.line)) is not None:
        row, column, end = opened
        closed = f"in line {end + 1} only" if end is not None else "nowhere"
        message = f"the quote that opens here is closed {closed}"
        return Slip(message, Span(file, row + 1, column + 1), "Write the second quote at the end of the text.")
    if (curly := _CURLY.search(line)) is not None:
        return Slip("a text stands in curly quotes", Span(file, mark.line + 1, curly.start(1) + 1), CURLY)
    if (error.problem or "").endswith("cannot start any token") and line[mark.column :]:
        sign = line[mark.column]
        hint = "Put it in double quotes." if sign == "%" else "Put the text in double quotes."
        what = "an expression" if sign == "%" else "a text"
        message = f"{what} without quotes begins with {sign}"
        return Slip(message, here, hint, _quoted(lines, mark.line, mark.column, file))
    if line[mark.column : mark.column + 1] == ":" and (inside := _INSIDE.search(line[: mark.column])) is not None:
        edit = _in_braces(lines, mark.line, mark.column, inside.start("text"), file)
        return Slip("a text without quotes holds a colon", here, QUOTE, edit)
    if lacks_quotes(line):
        return Slip("a text without quotes holds a colon", here, QUOTE, mend_colon(text, file, mark.line))
    return None


def _opened(error: yaml.MarkedYAMLError, text: str, at: int) -> tuple[int, int, int | None] | None:
    """Where the quote opens that is never closed, or that the next quote of another text closes in the line ``at``, and that."""
    if error.context == "while scanning a quoted scalar":
        opens = error.context_mark
        return (opens.line, opens.column, None) if opens is not None else None
    found: tuple[int, int, int | None] | None = None
    try:
        for token in yaml.scan(text, Loader=yaml.CSafeLoader):
            start, end = token.start_mark, token.end_mark
            if isinstance(token, yaml.ScalarToken) and not token.plain and start.line < end.line <= at:
                found = (start.line, start.column, end.line)
    except yaml.YAMLError:
        pass
    return found if found is not None and found[2] == at else None


def _quoted(lines: list[str], row: int, column: int, file: str) -> Edit | None:
    """The quotes for what is the rest of its line and goes on nowhere."""
    rest, before = lines[row][column:].rstrip(), lines[row][:column]
    below = next((one for one in lines[row + 1 :] if one.strip()), "")
    deeper = len(below) - len(below.lstrip(" ")) > len(before) - len(before.lstrip(" "))
    if deeper or "{" in before or "[" in before or _WHOLE.fullmatch(rest) is None:
        return None
    return Edit(Span(file, row + 1, column + 1, len(rest)), f'"{rest}"')


def _in_braces(lines: list[str], row: int, column: int, start: int, file: str) -> Edit | None:
    """The quotes for a text that ends at a brace and whose colon is no key's. Before a comma the next text may belong to it."""
    line = lines[row]
    rest = _REST.match(line, column)
    end = rest.end() if rest is not None else column
    others = "\n".join([*lines[:row], line[:start], line[end:], *lines[row + 1 :]])
    before = line[start:column].rsplit(" ", 1)[-1]
    if line[end : end + 1] != "}" or before in set(_KEY.findall(others)):
        return None
    written = line[start:end].rstrip()
    return Edit(Span(file, row + 1, start + 1, len(written)), f'"{written}"')
