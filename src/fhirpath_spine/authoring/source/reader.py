"""Reads YAML text into nodes with positions, from the parser's event stream.

Refused: anchors, aliases, merge keys, tags, directives, several documents, duplicate keys, keys that are not text, values left
empty, tabs and invisible characters, and nesting beyond :data:`DEPTH`. Building from events keeps hostile nesting flat: no
recursion happens before the depth is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

from fhirpath_spine.authoring.source.layout import mend_signs
from fhirpath_spine.authoring.source.nodes import Block, Items, Node, Scalar
from fhirpath_spine.authoring.source.report import Report
from fhirpath_spine.authoring.source.slips import CURLY, OPENS, slip
from fhirpath_spine.authoring.source.unfinished import MARK, tell_unfinished
from fhirpath_spine.diagnostics import Edit, Span

if TYPE_CHECKING:
    from fhirpath_spine.diagnostics import Diagnostic

DEPTH = 50
"""Deepest nesting of mappings and lists."""

_FORBIDDEN = re.compile("[\t\r\x85\u2028\u2029\ufeff\u200b-\u200f\u202a-\u202e\u2060-\u2069]")
_PLAIN = {True: "Indent with spaces, two for each level.", False: "Delete it, and write plain text."}
TOLD = 20
"""Most signs of one file that are told at once."""
_EMPTY = ("", "~", "null", "Null", "NULL")
_NOBODY = "approver"
"""The one key that may say ``null``: nobody has approved it."""


DOCUMENTS = 256
"""Documents that :func:`document` remembers: two profile sets with their cases."""


class _RefusedError(Exception):
    """Ends the reading of one file; the finding is in the report already."""


@dataclass(slots=True)
class _Open:
    """A collection that has not ended yet, and the key that waits for its value."""

    node: Block | Items
    key: Scalar | None = None
    repeated: bool = field(default=False)


@lru_cache(maxsize=DOCUMENTS)
def document(text: str, file: str) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """The document in ``text`` and what is found about it. The same text under the same name is read once: of a set that is read
    again after an edit, one file is new. So nobody may change a node.
    """
    report = Report()
    node = read_yaml(text, file, report)
    if node is not None and MARK in text:
        tell_unfinished(node, report)
    return node, tuple(report.sorted())


def read_yaml(text: str, file: str, report: Report) -> Node | None:
    """The document in ``text``, or None if it cannot be used; the report says why and where."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    forbidden = list(_FORBIDDEN.finditer(text))
    mends = mend_signs(text, file, _meaning, TOLD) if forbidden else {}
    for match in forbidden[:TOLD]:
        line = text.count("\n", 0, match.start()) + 1
        column = match.start() - text.rfind("\n", 0, match.start())
        tab = match.group() == "\t"
        what = "a tab" if match.group() == "\t" else f"the invisible character U+{ord(match.group()):04X}"
        report.add("SP202", f"{what} stands here", Span(file, line, column), _PLAIN[tab], mends.get(match.start()))
    if forbidden:
        return None
    before = report.errors
    try:
        root = _Builder(text, file, report).build()
    except _RefusedError:
        return None
    except yaml.YAMLError as error:
        if (told := slip(error, text, file)) is not None:
            report.add("SP202", *told)
        else:
            report.add("SP202", f"this is not YAML: {_problem(error)}", _place(error, file), _advice(error, text))
        return None
    return root if report.errors == before else None


def _meaning(text: str) -> Node | None:
    """What a text means; None where anything is wrong with it."""
    report = Report()
    try:
        root = None if _FORBIDDEN.search(text) else _Builder(text, "", report).build()
    except (_RefusedError, yaml.YAMLError):
        return None
    return None if report.errors else root


class _Builder:
    def __init__(self, text: str, file: str, report: Report) -> None:
        self._text, self._file, self._report = text, file, report
        self._open: list[_Open] = []
        self._root: Node | None = None

    def build(self) -> Node | None:
        documents = 0
        for event in yaml.parse(self._text, Loader=yaml.CSafeLoader):
            match event:
                case yaml.DocumentStartEvent():
                    documents += 1
                    if documents > 1 or event.version or event.tags:
                        self._refuse("SP203", event, "a second document or a directive is not allowed")
                case yaml.AliasEvent():
                    self._refuse("SP203", event, f"the alias *{event.anchor} is not allowed")
                case yaml.ScalarEvent():
                    self._scalar(event)
                case yaml.MappingStartEvent():
                    self._start(event, Block())
                case yaml.SequenceStartEvent():
                    self._start(event, Items())
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self._open.pop()
        if self._root is None:
            self._report.add("SP201", "the file is empty", Span(self._file, 1, 1))
        return self._root

    def _span(self, event: Any) -> Span:
        start, end = event.start_mark, event.end_mark
        same_line = start.line == end.line
        stop = end.index if same_line else self._text.find("\n", start.index)
        return Span(self._file, start.line + 1, start.column + 1, max(1, stop - start.index))

    def _refuse(self, code: str, event: Any, message: str) -> None:
        self._report.add(code, message, self._span(event), "Write the value out where it is needed.")
        raise _RefusedError

    def _check(self, event: Any) -> None:
        if event.anchor:
            self._refuse("SP203", event, f"the anchor &{event.anchor} is not allowed")
        if event.tag:
            self._refuse("SP203", event, f"the tag {event.tag} is not allowed")

    def _start(self, event: Any, node: Block | Items) -> None:
        self._check(event)
        node.span = self._span(event)
        if len(self._open) >= DEPTH:
            self._refuse("SP203", event, f"this is nested deeper than {DEPTH} levels")
        if self._open and isinstance(self._open[-1].node, Block) and self._open[-1].key is None:
            self._refuse("SP202", event, "a key has to be text")
        self._put(node)
        self._open.append(_Open(node))

    def _scalar(self, event: Any) -> None:
        self._check(event)
        span = self._span(event)
        raw = self._text[event.start_mark.index : event.end_mark.index]
        plain = event.style in (None, "")
        scalar = Scalar.of(event.value, span, raw, event.style or "")
        if plain and event.value[:1] in OPENS and event.value:
            edit = _straight(raw, span)
            self._report.add("SP202", "a text stands in curly quotes", span, CURLY, edit)
            raise _RefusedError
        top = self._open[-1] if self._open else None
        if top is not None and isinstance(top.node, Block) and top.key is None:
            self._key(top, scalar, plain, event)
            return
        if plain and event.value in _EMPTY and not (top is not None and top.key == _NOBODY and event.value == "null"):
            if top is None:
                return
            where = top.key.span if top.key is not None else span
            self._report.add("SP206", "no value stands here", where, 'Leave the key out, or write [], {} or "".')
        self._put(scalar)

    def _key(self, top: _Open, key: Scalar, plain: bool, event: Any) -> None:
        if plain and key == "<<":
            self._refuse("SP203", event, "the merge key << is not allowed")
        if plain and key in _EMPTY:
            self._report.add("SP202", "a key is missing here", key.span)
        top.key, top.repeated = key, key in top.node
        if top.repeated:
            first = top.node.key(key) if isinstance(top.node, Block) else None
            where = f" (first in line {first.span.line})" if first is not None else ""
            self._report.add("SP204", f"the key '{key}' stands twice{where}", key.span, "Keep one of them.")

    def _put(self, node: Node) -> None:
        if not self._open:
            self._root = node
            return
        top = self._open[-1]
        if isinstance(top.node, Items):
            top.node.append(node)
        elif top.key is not None:
            if not top.repeated:
                top.node[top.key] = node
            top.key, top.repeated = None, False


def _straight(raw: str, span: Span) -> Edit | None:
    """Straight quotes for the curly ones around a text that has no others."""
    inner = raw[1:-1]
    lone = len(raw) > 1 and raw[-1] in OPENS and not set(inner) & {*OPENS, '"', "\\", "\n"}
    return Edit(span, f'"{inner}"') if lone else None


def _problem(error: yaml.YAMLError) -> str:
    problem = getattr(error, "problem", None) or getattr(error, "reason", None)
    return str(problem or "it cannot be read")


def _place(error: yaml.YAMLError, file: str) -> Span:
    mark = getattr(error, "problem_mark", None)
    return Span(file, mark.line + 1, mark.column + 1) if mark is not None else Span(file, 1, 1)


def _advice(error: yaml.YAMLError, text: str) -> str:
    """What to do, from the line at which the parser gave up."""
    mark = getattr(error, "problem_mark", None)
    lines = text.split("\n")
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    above = next((one for one in reversed(lines[: mark.line if mark is not None else 0]) if one.strip()), "")
    if line.strip() and above and _indent(line) != _indent(above):
        return (
            f"The indentation does not fit: this line begins at column {_indent(line) + 1}, the one above at"
            f" {_indent(above) + 1}. Entries of one list or mapping begin at the same column."
        )
    return "Check the indentation, quotes and brackets in this line and the one above."


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
