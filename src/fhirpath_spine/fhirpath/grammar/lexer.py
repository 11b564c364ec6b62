"""Text to tokens. Strict: what FHIRPath does not know is refused here, with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.fhirpath.values.temporal import Date, DateTime, Temporal, Time

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from fhirpath_spine.fhirpath.grammar.problems import Report
_TOKEN = re.compile(
    r"""
    (?P<skip>[ \t\r\n]+|//[^\n]*|/\*.*?\*/)
  | (?P<open_comment>/\*)
  | (?P<time>@T\d{2}(?::\d{2}(?::\d{2}(?:\.\d+)?)?)?)
  | (?P<datetime>@\d{4}(?:-\d{2}(?:-\d{2})?)?T(?:\d{2}(?::\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:Z|[+-]\d{2}:\d{2})?)?)
  | (?P<date>@\d{4}(?:-\d{2}(?:-\d{2})?)?)
  | (?P<number>\d+(?:\.\d+)?)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<quoted>`(?:[^`\\]|\\.)*`)
  | (?P<string>'(?:[^'\\]|\\.)*')
  | (?P<variable>%(?:[A-Za-z_][A-Za-z0-9_]*|`(?:[^`\\]|\\.)*`|'(?:[^'\\]|\\.)*'))
  | (?P<special>\$(?:this|index|total)\b)
  | (?P<foreign>==|&&|\|\||<>|!(?![=~]))
  | (?P<op><=|>=|!=|!~|[-+*/<>=~&|.,()\[\]{}])
    """,
    re.VERBOSE | re.DOTALL,
)
_HYPHENATED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"'": "'", '"': '"', "`": "`", "\\": "\\", "/": "/", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_FOREIGN = {"==": "=", "&&": "and", "||": "or", "<>": "!=", "!": "not()"}
_BEHIND = "not()"
"""The one that stands elsewhere than its likeness: behind what it denies."""


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is name, quoted, string, number, date, variable, special, op or end; ``value`` is what it stands for."""

    kind: str
    text: str
    value: Any
    start: int
    end: int


def _unescape(report: Report, body: str, start: int) -> str:
    def one(match: re.Match[str]) -> str:
        code = match[1]
        if len(code) == 5:
            return chr(int(code[1:], 16))
        if code not in _ESCAPES:
            at = start + match.start()
            raise report.fail(
                "SP103", at, at + 2, f"'\\{code}' is not an escape of FHIRPath.", "Write '\\\\' for a backslash."
            )
        return _ESCAPES[code]

    return _ESCAPE.sub(one, body) if "\\" in body else body


def _temporal(report: Report, kind: str, text: str, start: int) -> Any:
    read: Callable[[str], Temporal | None] = {"time": Time.parse, "datetime": DateTime.parse, "date": Date.parse}[kind]
    found = read(text.lstrip("@T"))
    if found is None:
        raise report.fail("SP103", start, start + len(text), f"'{text}' is not a date or time that exists.")
    return found


def _unreadable(report: Report, text: str, at: int) -> Exception:
    char = text[at]
    if char in "'`":
        return report.fail("SP101", at, at + 1, "This quotation is not closed.", f"Add the closing {char}.")
    if char == '"':
        return report.fail("SP101", at, at + 1, "Strings stand in single quotes.", "Write '...'.")
    if char == "@":
        return report.fail("SP103", at, at + 1, "This is not a date or time.", "Write @2026-11-01 or @T10:30.")
    return report.fail("SP101", at, at + 1, f"'{char}' has no meaning here.")


def tokens(report: Report, declared: Collection[str]) -> Iterator[Token]:
    """Tokens of the report's text, closed by an ``end`` token.

    After ``%`` the longest hyphen-joined name among ``declared`` is one token; otherwise ``-`` is the operator.
    Raises :class:`CompileError` at the first stretch that is no token.
    """
    text, at = report.text, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _unreadable(report, text, at)
        kind, raw, start, at = str(match.lastgroup), match[0], at, match.end()
        if kind == "skip":
            continue
        if kind == "open_comment":
            raise report.fail("SP101", start, start + 2, "This comment is not closed.", "Add '*/'.")
        if kind == "foreign":
            message, meant = f"'{raw}' is not an operator of FHIRPath.", _FOREIGN[raw]
            raise report.fail("SP102", start, at, message, f"Write '{meant}'.", _instead(text, start, at, meant))
        value: Any = raw
        if kind in ("time", "datetime", "date"):
            value, kind = _temporal(report, kind, raw, start), "date"
        elif kind == "number":
            value = Decimal(raw) if "." in raw else int(raw)
        elif kind in ("quoted", "string"):
            value = _unescape(report, raw[1:-1], start + 1)
        elif kind == "special":
            value = raw[1:]
        elif kind == "variable":
            value, at = _variable(report, raw, start, at, declared)
        yield Token(kind, text[start:at], value, start, at)
    yield Token("end", "", None, len(text), len(text))


def _instead(text: str, start: int, end: int, meant: str) -> str:
    """The operator for the place of a foreign one, apart from a name beside it; empty where it has to stand elsewhere."""
    if meant == _BEHIND:
        return ""
    before, after = text[start - 1 : start], text[end : end + 1]
    return " " * (before.strip() != "") + meant + " " * (after.strip() != "") if meant.isalpha() else meant


def _variable(report: Report, raw: str, start: int, end: int, declared: Collection[str]) -> tuple[str, int]:
    if raw[1] in "`'":
        return _unescape(report, raw[2:-1], start + 2), end
    match = _HYPHENATED.match(report.text, start + 1)
    wide = match[0] if match else raw[1:]
    name = wide
    while "-" in name:
        if name in declared:
            return name, start + 1 + len(name)
        name = name.rpartition("-")[0]
    if name not in declared and did_you_mean(wide, [known for known in declared if "-" in known]):
        # Surely one misspelt name and no subtraction; the checker says so.
        return wide, start + 1 + len(wide)
    return name, end
