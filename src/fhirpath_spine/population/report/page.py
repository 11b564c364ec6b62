"""Sections as one HTML page that needs no network and no script: each picture has its table, a script only sorts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from fhirpath_spine.population.report.section import Cell, Section

DRAWN = 15
"""Bars of one picture; the table has all rows."""
_WIDTH, _LABEL, _BAR, _STEP = 960, 420, 400, 26
_LONGEST = 58
"""Characters of a label that fit beside its bar."""


def html_page(title: str, facts: Sequence[tuple[str, str]], sections: Sequence[Section]) -> str:
    """The page. ``facts`` are what the head says of the run: name and value."""
    style, script = _file("report.css"), _file("report.js")
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    parts = [
        f'<nav aria-label="Sections"><ul>{"".join(map(_link, sections))}</ul></nav>',
        *map(_section, sections),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#main">Skip to the content</a>\n<header><h1>{escape(title)}</h1>{_facts(facts)}</header>\n'
        f'<main id="main">\n{"".join(parts)}</main>\n<script>{script}</script>\n</body>\n</html>\n'
    )


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<div><dt>{escape(n)}</dt><dd>{escape(v)}</dd></div>" for n, v in facts) + "</dl>"


def _link(section: Section) -> str:
    return f'<li><a href="#{section.id}">{escape(section.title)}</a></li>'


def _section(section: Section) -> str:
    head = f'<section aria-labelledby="{section.id}"><h2 id="{section.id}">{escape(section.title)}</h2>\n'
    head += f'<p class="answer">{escape(section.answer)}</p>\n'
    if not section.rows:
        return f"{head}<p>{escape(section.none)}</p></section>\n"
    return f"{head}{_picture(section)}{_table(section)}</section>\n"


def _picture(section: Section) -> str:
    """Bars with their numbers, the largest of the table; for who does not see them, the table says the same."""
    if section.bars is None:
        return ""
    ranked = sorted(section.rows, key=lambda row: -int(row[section.bars or 0]))[:DRAWN]
    most = max(int(row[section.bars]) for row in ranked) or 1
    bars = []
    for number, row in enumerate(ranked):
        value, y = int(row[section.bars]), number * _STEP
        label = _short(", ".join(str(row[n]) for n in section.names))
        width = max(1, round(_BAR * value / most)) if value else 0
        bars.append(
            f'<text class="label" x="{_LABEL - 10}" y="{y + 18}">{escape(label)}</text>'
            f'<rect x="{_LABEL}" y="{y + 4}" width="{width}" height="{_STEP - 8}"/>'
            f'<text x="{_LABEL + width + 8}" y="{y + 18}">{value:,}</text>'
        )
    more = len(section.rows) - len(ranked)
    title = f"{section.title}: {section.heads[section.bars]}" + (
        f", the first {DRAWN} of {DRAWN + more}" if more else ""
    )
    height = len(ranked) * _STEP + 4
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="{section.id}-picture">'
        f'<title id="{section.id}-picture">{escape(title)}; the table below has the numbers</title>{"".join(bars)}</svg>'
        f"<figcaption>{escape(title)}</figcaption></figure>\n"
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"


def _table(section: Section) -> str:
    heads = "".join(
        f'<th scope="col"{_numeric(section.rows, n)}>{escape(head)}</th>' for n, head in enumerate(section.heads)
    )
    rows = "".join(f"<tr>{''.join(_cell(n, cell) for n, cell in enumerate(row))}</tr>\n" for row in section.rows)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="Table: {escape(section.title)}"><table>'
        f"<caption>{escape(section.title)}</caption><thead><tr>{heads}</tr></thead>\n<tbody>{rows}</tbody></table></div>\n"
    )


def _numeric(rows: Sequence[tuple[Cell, ...]], column: int) -> str:
    return ' class="number"' if isinstance(rows[0][column], int) else ""


def _cell(column: int, cell: Cell) -> str:
    if isinstance(cell, int):
        return f'<td class="number" data-value="{cell}">{cell:,}</td>'
    return f'<th scope="row">{escape(cell)}</th>' if column == 0 else f"<td>{escape(cell)}</td>"
