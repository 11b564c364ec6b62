"""Where a card leads: to the service's own pages of pathways, which hold rules, claims and sources, and nothing of a patient."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.outgoing.phrases import Phrases
from fhirpath_spine.pathway.decision import PathwayResult


def page(base: str, pathway: str) -> str:
    """The address of the page of a pathway, below the public address of the service."""
    return f"{base}/pathways/{quote(pathway, safe='')}"


def opens(hosts: frozenset[str] | None, base: str) -> bool:
    """Whether an EHR that opens these hosts opens the pages of the service; without a list it opens any."""
    return bool(base) and (hosts is None or urlsplit(base).netloc.lower() in hosts)


def links(base: str, entries: Iterable[PathwayResult], phrases: Phrases) -> list[Json]:
    """A link to the page of each pathway of a card, once."""
    titles = {entry.id: entry.title for entry in entries}
    return [
        {"label": phrases.text("link-pathway", title=title), "url": page(base, pathway), "type": "absolute"}
        for pathway, title in titles.items()
    ]
