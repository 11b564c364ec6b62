"""Markdown of cards, explanations and pathway pages as HTML. No raw HTML passes, no image, and no address becomes a link that
was not written as one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup, escape

from fhirpath_spine.authoring.pages.markup import anchor

_FOLDS = re.compile(r"&lt;(/?details|/?summary)&gt;")
"""The tags that our own pages are folded with, after escaping."""
_PAGE = re.compile(r"(?P<name>[\w-]+)\.md(?P<at>#.*)?\Z")


def card_html(text: str) -> Markup:
    """The text of a card or of an explanation. A heading in it is a line in bold: the headings of a page are the page's own."""
    return Markup(_card().render(text))  # noqa: S704 - raw HTML is switched off


def document_html(text: str, pages: frozenset[str], graph: str = "") -> Markup:
    """One of our own pages. Its drawing is replaced by ``graph``, which is HTML; a link to another page of ``pages`` leads to its
    address here, and a link to a page that is not served is text. Headings have the addresses that a code host gives them.
    """
    rendered = _document().render(text, {"pages": pages, "graph": graph})
    return Markup(rendered)  # noqa: S704 - of raw HTML only what folds passes


@cache
def _card() -> MarkdownIt:
    found = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    found.add_render_rule("heading_open", lambda *_: "<p><strong>")
    found.add_render_rule("heading_close", lambda *_: "</strong></p>\n")
    found.add_render_rule("link_open", _link)
    return found


@cache
def _document() -> MarkdownIt:
    found = MarkdownIt("commonmark", {"html": True}).enable("table").disable("image")
    found.add_render_rule("html_block", _folds)
    found.add_render_rule("html_inline", _folds)
    found.add_render_rule("heading_open", _heading)
    found.add_render_rule("link_open", _link)
    found.add_render_rule("link_close", _link_end)
    found.add_render_rule("fence", _fence)
    found.add_render_rule("table_open", _table)
    found.add_render_rule("table_close", lambda *_: "</table></div>\n")
    found.add_render_rule("th_open", _head)
    found.add_render_rule("th_close", lambda _, tokens, at, *__: "</th>" if tokens[at - 1].content else "</td>")
    return found


def _folds(_: RendererHTML, tokens: Sequence[Token], at: int, __: OptionsDict, ___: MutableMapping[str, Any]) -> str:
    return _FOLDS.sub(r"<\1>", str(escape(tokens[at].content)))


def _heading(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, _: MutableMapping[str, Any]
) -> str:
    tokens[at].attrSet("id", anchor(tokens[at + 1].content))
    return renderer.renderToken(tokens, at, options, {})


def _fence(_: RendererHTML, tokens: Sequence[Token], at: int, __: OptionsDict, given: MutableMapping[str, Any]) -> str:
    if tokens[at].info == "mermaid":
        return str(given["graph"])
    return f"<pre><code>{escape(tokens[at].content)}</code></pre>\n"


def _table(_: RendererHTML, tokens: Sequence[Token], at: int, __: OptionsDict, ___: MutableMapping[str, Any]) -> str:
    """A table may be wider than a window; whoever has no mouse moves it by the keys, and hears which it is."""
    number = sum(token.type == "table_open" for token in tokens[: at + 1])
    return f'<div class="wide" role="region" aria-label="Table {number}" tabindex="0"><table>'


def _head(_: RendererHTML, tokens: Sequence[Token], at: int, __: OptionsDict, ___: MutableMapping[str, Any]) -> str:
    """A column without a name has an empty cell above it: it heads nothing."""
    return '<th scope="col">' if tokens[at + 1].content else "<td>"


def _link(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, given: MutableMapping[str, Any]
) -> str:
    token = tokens[at]
    href = str(token.attrGet("href") or "")
    if href.startswith(("https://", "http://")):
        token.attrSet("rel", "noreferrer noopener")
    elif "pages" in given and not href.startswith("#"):
        here = _address(href, given)
        if not here:
            return ""
        token.attrSet("href", here)
    return renderer.renderToken(tokens, at, options, {})


def _link_end(_: RendererHTML, tokens: Sequence[Token], at: int, __: OptionsDict, ___: MutableMapping[str, Any]) -> str:
    opened = next(t for t in reversed(tokens[:at]) if t.type == "link_open")
    href = str(opened.attrGet("href") or "")
    served = href.startswith(("https://", "http://", "#", "/pathways"))
    return "</a>" if served else ""


def _address(href: str, given: Mapping[str, Any]) -> str:
    found = _PAGE.match(href)
    if found is None or found["name"] not in given["pages"]:
        return ""
    page = "" if found["name"] == "README" else f"/{found['name']}"
    return f"/pathways{page}{found['at'] or ''}"
