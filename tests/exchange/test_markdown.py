"""Chart text can do nothing on a card, whatever renders it (threat T09)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from fhirpath_spine.exchange.outgoing import CAP, clean, escape, plain, render, section
from fhirpath_spine.pathway.sentences import Charted

# The worst renderer that is in use: raw HTML on, tables and strikethrough on.
RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = {"p", "ul", "li", "strong"}

PAYLOADS = [
    "<img src=x onerror=alert(1)>",
    "<script>fetch('//evil.example')</script>",
    "<div onclick=x",
    "<!-- hidden",
    "<script src=//evil.example",
    "<pre ",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/p.png)",
    "| a | b |\n|---|---|\n| c | d |",
    "# heading\n\n1. list\n- item\n***",
    "&lt;b&gt; &#60;i&#62;",
    "`code` ~~gone~~ *em* __strong__ $x$",
    "\u202egnp.exe\u200b\u2066 hidden",
    "<https://evil.example> https://evil.example www.evil.example a@evil.example mailto:a@b.example",
    "line\u2028break\x85 and\r\nmore\x00\x07",
    "\\<b> \\\\*x*",
]


def tags(markdown: str) -> set[str]:
    return set(re.findall(r"<\s*([a-zA-Z][a-zA-Z0-9]*|!--)", RENDERER.render(markdown)))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_renders_as_text(payload: str) -> None:
    block = section("Data used", [render(("Note: ", Charted(payload)))])[0]
    assert tags(block) <= OURS


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_at_the_beginning_of_a_line_renders_as_text(payload: str) -> None:
    assert tags(render((Charted(payload),))) <= {"p"}
    assert tags(f"- {render((Charted(payload),))}") <= {"ul", "li", "p"}


@given(st.text(max_size=400))
def test_any_text_renders_as_text(text: str) -> None:
    assert tags(f"- {render(('Value: ', Charted(text)))}") <= {"ul", "li", "p"}


@given(st.text(alphabet="\\`*_{}[]()#+-.!|~<>&@:/w=h1 \n$;ab\"'", max_size=60))
def test_any_mixture_of_signs_renders_as_text(text: str) -> None:
    assert tags(render((Charted(text),))) <= {"p"}


def test_an_address_in_a_chart_is_broken_so_that_no_renderer_links_it() -> None:
    shown = render((Charted("see https://evil.example, www.evil.example or a@evil.example"),))
    assert not re.search(r"https?\\?://|www\.|\w@\w", shown)


LINKING = MarkdownIt("commonmark", {"html": True, "linkify": True}).enable(["linkify", "table", "strikethrough"])
ADDRESSES = [
    "see https://evil.example/x or evil.com",
    "//evil.com/x",
    "http:\\/\\/evil.com",
    "HTTP://EVIL.COM",
    "ftp://evil.example",
    "www.evil.com",
    "mailto:a@evil.com a@evil.com",
    "evil.com.evil.org",
    "163.com 1.2.com a_.com",
    "evil．com evil.рф münchen.de",
    "(evil.com) [evil.com](x) `evil.com` <evil.com>",
]


def linked(markdown: str) -> bool:
    return "<a" in LINKING.render(markdown)


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_becomes_a_link_where_bare_ones_do(address: str) -> None:
    assert not linked(f"- {render(('Value: ', Charted(address)))}")


def test_the_renderer_that_makes_links_does_make_them() -> None:
    assert linked("see evil.com")
    assert linked("see //evil.com")


@given(st.text(alphabet="htps:/.wcomevil@m a1-_~\\", max_size=60))
def test_no_text_becomes_a_link_where_bare_addresses_do(text: str) -> None:
    assert not linked(render((Charted(text),)))


def test_both_slashes_and_the_dots_of_an_address_are_broken() -> None:
    shown = render((Charted("https://evil.example/x or evil.com, 1.90 mg/dL"),))
    assert shown == "https: / /evil\\.example/x or evil\\.com, 1.90 mg/dL"


def test_chart_text_is_one_line_of_visible_characters_and_capped() -> None:
    assert clean("a\u200b\u202eb\n\u2028 c\x00") == "ab c"
    assert clean("a \u200b b") == "a b"
    assert len(plain((Charted("x" * 500),))) == CAP
    assert plain((Charted("x" * 500),)).endswith("…")


@given(st.text(max_size=60))
def test_cleaning_is_the_same_for_printable_text_and_done_once(text: str) -> None:
    found = clean(text)
    assert found.isprintable()
    assert clean(found) == found
    assert found == found.strip()


def test_values_and_dates_read_as_they_stand() -> None:
    assert render((Charted("1.90 mg/dL"), " of ", Charted("2026-06-14"))) == "1.90 mg/dL of 2026-06-14"


def test_a_sentence_of_a_profile_is_text_and_not_markup() -> None:
    assert RENDERER.render(escape("95 10*9/L and 1.2 10*9/L, < 50, TREAT_PLAN, <b>")) == (
        "<p>95 10*9/L and 1.2 10*9/L, &lt; 50, TREAT_PLAN, &lt;b&gt;</p>\n"
    )
    assert escape("platelets < 50") == "platelets < 50"


def test_a_list_says_each_line_once_and_an_empty_list_says_nothing() -> None:
    assert section("T", ["a", "b", "a", ""]) == ["**T**\n\n- a\n- b"]
    assert section("T", []) == []
