"""Sections as one HTML page that needs no network and no script: each picture has its table, a script only sorts and unfolds."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from itertools import groupby

from fhirpath_spine.population.report.picture import picture
from fhirpath_spine.population.report.section import Cell, Coded, Rows, Section, Summary, words_of

Facts = Sequence[tuple[str, str]]
"""What is said of a run: name and value."""


def html_page(
    title: str, facts: Facts, sections: Sequence[Section], summary: Summary | None = None, about: Facts = ()
) -> str:
    """The page: its head with the facts, what is to be known first, the contents, the sections, and more about the run."""
    style, script = _file("report.css"), _file("report.js")
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    links = [(s.id, s.title) for s in sections] + ([("about", "About this run")] if about else [])
    parts = [
        _summary(summary) if summary else "",
        f'<nav id="contents" aria-labelledby="contents-head"><h2 id="contents-head">Contents</h2>'
        f"<ul>{''.join(map(_link, links))}</ul></nav>\n",
        *map(_section, sections),
        f'<section aria-labelledby="about"><h2 id="about">About this run</h2>{_facts(about)}</section>\n'
        if about
        else "",
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


def _link(link: tuple[str, str]) -> str:
    return f'<li><a href="#{link[0]}">{escape(link[1])}</a></li>'


def _summary(summary: Summary) -> str:
    lines = "".join(f"<li>{_line(*line)}</li>" for line in summary.lines)
    terms = "".join(f"<p><dfn>{escape(term)}</dfn> {escape(text)}</p>" for term, text in summary.terms)
    tables = "".join(f"<div>{_table(one, one.rows, one.title)}</div>" for one in summary.tables if one.rows)
    return (
        f'<section aria-labelledby="summary"><h2 id="summary">In short</h2>\n<ul class="short">{lines}</ul>\n'
        f'<div class="terms">{terms}</div>\n<div class="pair">{tables}</div></section>\n'
    )


def _line(name: str, text: str, section: str) -> str:
    label = f'<a href="#{section}">{escape(name)}</a>' if section else escape(name)
    return f"<strong>{label}:</strong> {escape(text)}"


def _section(section: Section) -> str:
    head = f'<section aria-labelledby="{section.id}"><h2 id="{section.id}">{escape(section.title)}</h2>\n'
    head += f'<p class="answer">{escape(section.answer)}</p>\n'
    back = '<p class="back"><a href="#contents">Back to the contents</a></p>'
    if not section.rows:
        return f"{head}<p>{escape(section.none)}</p>{back}</section>\n"
    body = _folds(section) if section.folded else _table(section, section.rows, section.title)
    return f"{head}{picture(section)}{body}{back}</section>\n"


def _folds(section: Section) -> str:
    """A fold for each group, which says what is in it; the groups come in the order of the rows."""

    def key(row: tuple[Cell, ...]) -> tuple[Cell, ...]:
        return tuple(row[n] for n in section.folded)

    out = []
    for group, found in groupby(section.rows, key):
        rows = list(found)
        # Two criteria may be called the same and be two: a hold, and what a step itself asks.
        name = ": ".join(filter(None, map(_told, group)))
        told = [f"{sum(int(str(r[n])) for r in rows):,} {words_of(section.heads[n])}" for n in section.totals]
        held = ", ".join(one for one in told if not one.startswith("0 "))
        label = ": ".join(filter(None, map(_said, group)))
        table = _table(section, rows, f"{section.title}: {name}")
        out.append(f"<details><summary><strong>{label}</strong> ({escape(held)})</summary>\n{table}</details>\n")
    return "".join(out)


def _table(section: Section, rows: Rows, title: str) -> str:
    shown = [n for n in range(len(section.heads)) if n not in section.folded]
    heads = "".join(f'<th scope="col"{_numeric(rows, n)}>{_said(section.heads[n])}</th>' for n in shown)
    body = "".join(f"<tr>{''.join(_cell(n == shown[0], row[n]) for n in shown)}</tr>\n" for row in rows)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="Table: {escape(title)}"><table>'
        f"<caption>{escape(title)}</caption><thead><tr>{heads}</tr></thead>\n<tbody>{body}</tbody>"
        f"{_totals(section, rows, shown)}</table></div>\n"
    )


def _totals(section: Section, rows: Rows, shown: Sequence[int]) -> str:
    if not section.totals or len(rows) == 1:
        return ""
    sums = (_cell(False, sum(int(str(r[n])) for r in rows)) if n in section.totals else "<td></td>" for n in shown[1:])
    return f'<tfoot><tr><th scope="row">In all</th>{"".join(sums)}</tr></tfoot>'


def _numeric(rows: Rows, column: int) -> str:
    return ' class="number"' if isinstance(rows[0][column], int) else ""


def _cell(first: bool, cell: Cell) -> str:
    if isinstance(cell, int):
        return f'<td class="number" data-value="{int(cell)}">{words_of(cell)}</td>'
    return f'<th scope="row">{_said(cell)}</th>' if first else f"<td>{_said(cell)}</td>"


def _said(cell: Cell) -> str:
    """Words, and beside them in small the code that they stand for, if it is another."""
    code = _code(cell)
    return f"{escape(words_of(cell))} <small>{escape(code)}</small>" if code else escape(words_of(cell))


def _told(cell: Cell) -> str:
    """The same as text for those who hear it."""
    return f"{words_of(cell)} {_code(cell)}".rstrip()


def _code(cell: Cell) -> str:
    return cell.code if isinstance(cell, Coded) and cell.code != cell.words else ""
