"""What of an answer feedback can name: each card, and each suggestion with the recommendation that it carries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fhirpath_spine.exchange import EXTENSION, Json
from fhirpath_spine.pathway.model import Library

PLAN = "plan"
"""Stands where a suggestion carries the plan of a whole pathway and no single recommendation."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A card, or one of its suggestions: ids of ours and words of ours, nothing of a patient."""

    card: str
    suggestion: str = ""
    """Empty for the card itself."""
    recommendation: str = ""
    pathway: str = ""
    version: str = ""
    indicator: str = ""


def cards_issued(cards: Iterable[Json], library: Library) -> tuple[Issued, ...]:
    """The cards of an answer and their suggestions, in their order."""
    places = {use.recommendation.id: p.id for p in reversed(library.pathways) for use in p.uses}
    versions = {p.id: p.version for p in library.pathways}
    return tuple(one for card in cards for one in _of_card(card, places, versions))


def _of_card(card: Json, places: Mapping[str, str], versions: Mapping[str, str]) -> Iterator[Issued]:
    told = card.get("extension", {}).get(EXTENSION, {})
    of_card, indicator = str(told.get("pathway", "")), str(card.get("indicator", ""))
    yield Issued(card["uuid"], "", "", of_card, versions.get(of_card, ""), indicator)
    # Suggestions stand in the order of the verdicts that they carry; those of whole plans come after them.
    carried = [v["id"] for v in told.get("verdicts", ()) if v.get("status") == "recommended"]
    for position, suggestion in enumerate(card.get("suggestions", ())):
        recommendation = carried[position] if position < len(carried) else PLAN
        pathway = of_card or places.get(recommendation, "")
        yield Issued(card["uuid"], suggestion["uuid"], recommendation, pathway, versions.get(pathway, ""), indicator)
