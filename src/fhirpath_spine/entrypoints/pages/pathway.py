"""The pages of pathways: what ``render`` writes, as HTML, with the drawing as a list that can be read aloud."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup

from fhirpath_spine.authoring.pages import English, pages
from fhirpath_spine.authoring.pages.markup import anchor
from fhirpath_spine.entrypoints.pages.markdown import document_html
from fhirpath_spine.entrypoints.pages.rendering import render
from fhirpath_spine.exchange.outgoing.phrases import Phrases
from fhirpath_spine.pathway.model import Library, Pathway

INDEX = "README"
_PART = re.compile(r"^## (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Node:
    """One state of a pathway: its name, in words, where it holds, and whether it is the state of the chart that is shown."""

    name: str
    said: str
    where: str
    here: bool = False


class Pages:
    """The pathway pages of one library. They are written when the first is asked for, and kept. ``dev``: they lead to the pages
    of development, too.
    """

    def __init__(self, library: Library, phrases: Phrases, *, dev: bool = False) -> None:
        self._library, self._phrases, self._dev = library, phrases, dev
        self._texts: dict[str, str] = {}
        self._pages: dict[str, str] = {}

    def page(self, name: str = INDEX) -> str | None:
        """The whole page of that pathway, of the policy, or the index; None where there is none."""
        if not self._texts:
            self._texts = {file.removesuffix(".md"): text for file, text in pages(self._library).items()}
        if name in self._texts and name not in self._pages:
            self._pages[name] = self._page(name)
        return self._pages.get(name)

    def _page(self, name: str) -> str:
        pathway = self.pathway(name)
        drawn = self.graph(pathway) if pathway is not None else ""
        text = self._texts[name]
        title = text.partition("\n")[0].removeprefix("# ")
        content = document_html(text, frozenset(self._texts), drawn)
        parts = [(anchor(part), part) for part in _PART.findall(text)]
        return render("pathway", title=title, content=content, parts=parts, dev=self._dev)

    def pathway(self, name: str) -> Pathway | None:
        """The pathway of an id."""
        return next((p for p in self._library.pathways if p.id == name), None)

    def graph(self, pathway: Pathway, state: str = "", *, certain: bool = True) -> Markup:
        """The states in their order, the one that holds marked by words; without a state none is."""
        english = English(self._library)
        nodes = [
            Node(
                s.name,
                self._phrases.word("state", s.name),
                "otherwise" if s.test.text == "true" else english.say(s.test),
                s.name == state,
            )
            for s in pathway.states
        ]
        opens = [criterion.label for criterion in pathway.applies]
        # What a template made is escaped.
        return Markup(  # noqa: S704
            render("graph", pathway=pathway, opens=opens, nodes=nodes, certain=certain)
        )
