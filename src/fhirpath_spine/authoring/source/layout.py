"""What can be mended of a text that is no YAML yet, since every reading of it means the same: tabs, characters without width, and
a text with a colon that lacks its quotes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fhirpath_spine.diagnostics import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Read = Callable[[str], object | None]
    """The document of a text, or None where it cannot be used."""

WIDTHS = (2, 4, 8)
"""How many spaces a tab may stand for."""
_WIDTHLESS = "\u200b\u2060\ufeff"
"""What is seen without these characters is what is seen with them."""
_LEAD = re.compile(r"^ *(?:\t *)+", re.MULTILINE)
_KEY = re.compile(r"^\s*(?:- +)?([A-Za-z][\w-]*):(?:\s|$)", re.MULTILINE)
_ENTRY = re.compile(r"(?P<key>\s*(?:- +)?[^\s:\"'{\[#][^:\"'{\[]*:\s+)(?P<text>[^\s\"'{\[|>#].*?)(?P<rest>\s+#.*|\s*)")
"""A key, a text without quotes, and what follows that is no part of it."""
_BEFORE_COLON = re.compile(r"([^\s:]+)\s*:(?:\s|$)")


def mend_signs(text: str, file: str, read: Read, most: int) -> dict[int, Edit]:
    """For the first ``most`` tabs and characters without width that can go, by offset, what should stand there."""
    plain = text.translate(dict.fromkeys(map(ord, _WIDTHLESS)))
    width = _width(plain, read)
    edits: dict[int, Edit] = {}
    for match in re.finditer(f"[\t{_WIDTHLESS}]", text):
        if len(edits) >= most:
            break
        instead = "" if match[0] != "\t" else _instead(text, match.start(), width, read)
        if instead is not None:
            edits[match.start()] = Edit(_span(text, file, match.start()), instead)
    return edits


def _width(plain: str, read: Read) -> int | None:
    """How wide the tabs are that lines begin with; None where it makes a difference, or nothing can be read."""
    if "\t" not in plain:
        return None
    found = [(width, read(_spread(plain, width))) for width in WIDTHS]
    readable = [(k, one) for k, one in found if one is not None]
    return readable[0][0] if readable and all(one == readable[0][1] for _, one in readable) else None


def _spread(text: str, width: int) -> str:
    """The text with tabs of that width where lines begin, and of one blank elsewhere."""
    return _LEAD.sub(lambda m: m[0].expandtabs(width), text).replace("\t", " ")


def _instead(text: str, at: int, width: int | None, read: Read) -> str | None:
    if width is None:
        return None
    line = text[text.rfind("\n", 0, at) + 1 : at]
    if not line.strip(" \t"):
        column = len(line.expandtabs(width))
        return " " * (width - column % width)

    def spread(spaces: str) -> object | None:
        whole = f"{text[:at]}{spaces}{text[at + 1 :]}".translate(dict.fromkeys(map(ord, _WIDTHLESS)))
        return read(_spread(whole, width))

    return " " if spread(" ") == spread("  ") else None


def lacks_quotes(line: str) -> bool:
    """Whether a line is a key and a text without quotes that holds a colon."""
    match = _ENTRY.fullmatch(line)
    return match is not None and _BEFORE_COLON.search(match["text"]) is not None


def mend_colon(text: str, file: str, line: int) -> Edit | None:
    """The quotes for the text of a line whose colon is no key's; ``line`` counts from 0."""
    lines = text.split("\n")
    match = _ENTRY.fullmatch(lines[line])
    if match is None or _goes_on(lines, line):
        return None
    written, keys = match["text"], set(_KEY.findall("\n".join(lines[:line] + lines[line + 1 :])))
    key = match["key"].strip()
    if key.startswith("- ") and key.strip("- :") not in keys:
        return None  # the entry may be one text
    if any(word in keys for word in _BEFORE_COLON.findall(written)):
        return None
    quotes: Sequence[str] = [q for q in ('"', "'") if not set(f"{q}\\") & set(written)]
    if not quotes:
        return None
    quoted = f"{quotes[0]}{written}{quotes[0]}"
    return Edit(Span(file, line + 1, match.start("text") + 1, len(written)), quoted)


def _goes_on(lines: list[str], line: int) -> bool:
    """Whether the text of a line is continued in the next that is not empty."""
    below: Iterator[str] = (one for one in lines[line + 1 :] if one.strip())
    return _indent(next(below, "")) > _indent(lines[line])


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _span(text: str, file: str, at: int) -> Span:
    return Span(file, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
