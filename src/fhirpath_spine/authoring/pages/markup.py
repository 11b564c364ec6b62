"""Small pieces of Markdown for pages that are read on a code host: text is escaped, code is fenced by backticks."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fhirpath_spine.pathway.sentences import Text

_SIGNS = re.compile(r"([\\`*\[\]<>|])")


def text(said: str) -> str:
    """A sentence as it stands, with the signs of Markdown escaped."""
    return _SIGNS.sub(r"\\\1", said)


def sentence(said: Text | None) -> str:
    """A sentence of a profile; its placeholders stay, as what they are, and limits are told."""
    return text("".join(p if isinstance(p, str) else f"{{{p.source}}}" for p in said.parts)) if said else ""


def code(said: str) -> str:
    """A piece of FHIRPath in a line."""
    return f"`{said}`"


def cell(said: str) -> str:
    """Text for a cell of a table: code in it may hold the sign that ends a cell."""
    return said.replace("\n", " ").replace("\\|", "|").replace("|", "\\|")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A table, or nothing where there is no row."""
    names = list(head)
    body = [f"| {' | '.join(cell(c) for c in row)} |" for row in rows]
    rule = f"|{'|'.join(' --- ' for _ in names)}|"
    return [f"| {' | '.join(names)} |", rule, *body, ""] if body else []


def details(title: str, lines: Iterable[str]) -> list[str]:
    """What is folded away until it is asked for."""
    return ["<details>", f"<summary>{title}</summary>", "", *lines, "", "</details>", ""]


def anchor(heading: str) -> str:
    """The address of a heading on its page, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
