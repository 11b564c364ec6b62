"""What a page holds, as a browser's outline of it: headings, landmarks, controls with their labels, addresses."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser

LANDMARKS = ("header", "nav", "main", "footer")
EMPTY = {"meta", "link", "input", "br", "img", "hr"}
LOADS = {
    "link": "href",
    "script": "src",
    "img": "src",
    "iframe": "src",
    "form": "action",
    "object": "data",
    "base": "href",
}


@dataclass
class Page(HTMLParser):
    """One page, read."""

    text: str
    headings: list[int] = field(default_factory=list)
    landmarks: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    """What ``aria-labelledby`` and ``for`` point at."""
    controls: list[str] = field(default_factory=list)
    """The id of each control that a person fills in."""
    labelled: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    lang: str = ""
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.attributes |= set(given)
        if tag == "html":
            self.lang = given.get("lang", "")
        if tag in LANDMARKS:
            self.landmarks.append(tag)
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))
        if "id" in given:
            self.ids.append(given["id"])
        if "aria-labelledby" in given:
            self.named.append(given["aria-labelledby"])
        if tag == "label":
            self.labelled.append(given.get("for", ""))
            self.named.append(given.get("for", ""))
        if tag in ("select", "textarea") or (tag == "input" and given.get("type") != "hidden"):
            self.controls.append(given.get("id", ""))
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag in LOADS:
            self.loads.append(given.get(LOADS[tag], ""))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()


@lru_cache(maxsize=32)
def read(text: str) -> Page:
    """A page, which several tests look at and none changes."""
    return Page(text)


def faults(text: str) -> list[str]:
    """What an outline must not have: a list of words, empty for a page that is as it should be."""
    page = read(text)
    jumps = [(a, b) for a, b in zip(page.headings, page.headings[1:], strict=False) if b > a + 1]
    found = {
        "not closed": page.open,
        "no language": [] if page.lang else ["html"],
        "landmarks": [n for n in LANDMARKS if page.landmarks.count(n) != 1],
        "not one h1, or not the first": []
        if page.headings[:1] == [1] and page.headings.count(1) == 1
        else page.headings,
        "a heading level is left out": jumps,
        "the same id twice": sorted(i for i, times in Counter(page.ids).items() if times > 1),
        "a name that is nowhere": sorted(set(page.named) - set(page.ids)),
        "a control without a label": sorted(set(page.controls) - set(page.labelled)),
        "from elsewhere": [a for a in page.loads if not a.startswith("/") or a.startswith("//")],
        "script or style in the page": sorted(page.tags & {"script", "style", "iframe", "object", "base"}),
        "an attribute that acts": sorted(a for a in page.attributes if a == "style" or a.startswith("on")),
    }
    return [f"{name}: {what}" for name, what in found.items() if what]
