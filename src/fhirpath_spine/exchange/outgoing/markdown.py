"""Text for a card: GitHub-flavoured Markdown without HTML, in which nothing that came from a chart can act.

Some EHRs and the public sandbox render ``detail`` with raw HTML switched on, so chart text must be inert under any
renderer (threat T09). :func:`escape` is the only place where that happens.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from fhirpath_spine.pathway.sentences import Charted, Said

CAP = 200
"""Characters of one piece of chart text that a card shows."""
_BREAKS = re.compile(r"[\s\u2028\u2029\x85]+")
_CHARTED = re.compile(r"([\\`*_{}\[\]#|~!$])")
# What could open a list, a heading or a rule if the text came to stand at the beginning of a line.
_LEADING = re.compile(r"^([-+=]|\d{1,9}(?=[.)](?:\s|$)))")
# A renderer that links bare addresses does so after unescaping; only a broken address stays text.
_ADDRESS = re.compile(r"(?i)(:)(?=//)|(/)(?=/)|(\bwww)(?=\.)|(?<=\S)(?=@)|(\bmailto|\bxmpp|\btel)(?=:)")
# Some link whatever looks like the name of a host. A number has no letter beside its point.
_NAMED = re.compile(r"(?<=\w)\.(?=[^\W\d])|(?<=[^\W\d])\.(?=\w)")
_TAGS = str.maketrans("", "", "<>`")
_HARMLESS = re.compile(r"[A-Za-z][A-Za-z0-9 /,%-]*\Z")
_SIGNS = frozenset("\\`*[]~_<&")
_AUTHORED = re.compile(r"([\\`*\[\]~])|(?<!\w)(_)|(_)(?!\w)|([<&])(?=[A-Za-z/!?#])")


def clean(text: str) -> str:
    """One line of visible characters: breaks folded, control, bidirectional and zero-width characters dropped."""
    if text.isprintable():  # nearly always: then the only white space in it is the plain blank
        return " ".join(text.split())
    folded = _BREAKS.sub(" ", text)
    kept = (c for c in folded if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return " ".join("".join(kept).split())


def cut(text: str, length: int = CAP) -> str:
    """The text at no more than so many characters, with an ellipsis where something is missing."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def escape(part: str) -> str:
    """A part of a sentence as Markdown.

    Chart text is folded, capped, HTML-escaped and backslash-escaped, and its addresses are broken. A sentence of a
    profile is plain text too, not Markdown: its signs are escaped just enough to be read as they stand, also where
    Markdown is not rendered.
    """
    if not isinstance(part, Charted):
        if _SIGNS.isdisjoint(part):
            return part
        return _AUTHORED.sub(r"\\\g<0>", part)
    if _HARMLESS.match(part):  # as nearly all references and values are
        return cut(clean(part))
    text = _ADDRESS.sub(lambda m: f"{m[0]} ", cut(clean(part)))
    text = (
        _NAMED.sub(r"\.", _CHARTED.sub(r"\\\1", text)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    )
    return _LEADING.sub(lambda m: f"{m[0]}\\" if m[0].isdigit() else f"\\{m[0]}", text)


def inert(text: str) -> str:
    """Chart text for a field that is no Markdown: nothing in it is a tag, and no renderer finds an address to link."""
    bare = clean(text).translate(_TAGS)
    return _NAMED.sub(". ", _ADDRESS.sub(lambda m: f"{m[0]} ", bare))


def render(said: Said) -> str:
    """A sentence as Markdown."""
    return "".join([part if type(part) is str and _SIGNS.isdisjoint(part) else escape(part) for part in said])


def plain(said: Said) -> str:
    """A sentence as plain text on one line: for machines, labels and CarePlans, where nothing is rendered."""
    return clean("".join([cut(clean(part)) if isinstance(part, Charted) else part for part in said]))


def bullets(lines: Iterable[str]) -> str:
    """A Markdown list; it reads as a list without rendering, and in a narrow column."""
    return "\n".join(f"- {line}" for line in lines)


def section(title: str, lines: Iterable[str]) -> list[str]:
    """A titled list as one block, or nothing where there are no lines. Repeated lines are said once."""
    unique = list(dict.fromkeys(line for line in lines if line))
    return [f"**{title}**\n\n{bullets(unique)}"] if unique else []
