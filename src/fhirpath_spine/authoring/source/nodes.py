"""YAML values that know where they stand: text, mappings and lists, each with a span.

Every scalar is text. ``no``, ``22:22``, ``0755`` and ``1.10`` stay what the author typed; the schema gives them a type.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fhirpath_spine.diagnostics import Span

_ESCAPE_LENGTH = {"x": 4, "u": 6, "U": 10}
_FOLD = re.compile(r"[ ]*\n[ \n]*")


class Scalar(str):
    """Text of a YAML scalar. ``span`` is where it starts; :meth:`place` finds any part of it in the file."""

    span: Span
    _raw: str
    _style: str

    @classmethod
    def of(cls, value: str, span: Span, raw: str = "", style: str = "") -> Scalar:
        """A scalar with its place, the way it was written, and its YAML style (quote or block sign, empty if plain)."""
        made = cls(value)
        made.span, made._raw, made._style = span, raw or value, style
        return made

    @property
    def is_plain(self) -> bool:
        """Whether it was written without quotes and not as a block."""
        return not self._style

    def place(self, offset: int, length: int = 1) -> Span:
        """Where the character at ``offset`` of the value stands in the file, past quotes, escapes and folded lines."""
        starts = self._starts()
        if not starts:
            return self.span
        at = starts[min(offset, len(starts) - 1)] + max(0, offset - len(starts) + 1)
        stop = starts[min(offset + max(length, 1), len(starts)) - 1] + 1
        line_start = self._raw.rfind("\n", 0, at) + 1
        line_end = self._raw.find("\n", at)
        stop = min(stop, line_end) if line_end >= 0 else stop
        lines = self._raw.count("\n", 0, at)
        column = at - line_start + (self.span.column if lines == 0 else 1)
        return replace(self.span, line=self.span.line + lines, column=column, length=max(1, stop - at))

    def _starts(self) -> list[int]:
        """For each character of the value, where in the raw text it is written."""
        raw, at, starts = self._raw, 0, list[int]()
        if self._style == "|":
            return self._literal_starts()
        if self._style in ('"', "'"):
            at = 1
        elif self._style == ">":
            at = raw.find("\n") + 1
        for number, char in enumerate(self):
            at = self._skip(raw, at, char)
            starts.append(min(at, max(0, len(raw) - 1)))
            if self._style == '"' and raw[at : at + 1] == "\\":
                at += _ESCAPE_LENGTH.get(raw[at + 1 : at + 2], 2)
            elif self._style == "'" and raw.startswith("''", at):
                at += 2
            elif char in " \n" and (fold := _FOLD.match(raw, at)):
                follows_break = self[number + 1 : number + 2] == "\n"
                at = at + 1 if follows_break else fold.end()
            else:
                at += 1
        return starts

    def _literal_starts(self) -> list[int]:
        """A literal block keeps its lines; only the common indent is cut."""
        start, starts = self._raw.find("\n") + 1, list[int]()
        written = self._raw[start:].split("\n")
        lines = self.split("\n")
        pairs = zip(written, lines, strict=False)
        indent = next((len(w.rstrip()) - len(v.rstrip()) for w, v in pairs if v.strip()), 0)
        for line, value in zip(written, lines, strict=False):
            starts.extend(start + indent + i for i in range(len(value)))
            starts.append(start + len(line))
            start += len(line) + 1
        return starts[: len(self)]

    def _skip(self, raw: str, at: int, char: str) -> int:
        """Past what YAML leaves out before ``char``: an escaped line break, or the indent of a block."""
        if self._style == '"':
            while (gap := re.compile(r"\\\n[ ]*").match(raw, at)) is not None:
                at = gap.end()
            return at
        if self._style == ">" and char not in " \n":
            while raw[at : at + 1] in (" ", "\n") and at < len(raw):
                at += 1
        return at


class Block(dict[str, "Node"]):
    """A YAML mapping; its keys are :class:`Scalar`."""

    span: Span

    def key(self, name: str) -> Scalar | None:
        """The key as it stands in the file."""
        return next((k for k in self if k == name and isinstance(k, Scalar)), None)


class Items(list["Node"]):
    """A YAML list."""

    span: Span


Node = Scalar | Block | Items
