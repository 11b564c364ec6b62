"""What of an answer feedback can name: each card, and each suggestion with the recommendation that it carries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fhirpath_spine.exchange import Json
from fhirpath_spine.pathway.model import Library


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


def cards_issued(cards: Iterable[Json], library: Library, carried: Mapping[str, str]) -> tuple[Issued, ...]:
    """The cards of an answer and their suggestions, in their order. ``carried`` says what each id stands for: the pathway of a
    card, the recommendation of a suggestion, or that it carries a plan.
    """
    places = {use.recommendation.id: p.id for p in reversed(library.pathways) for use in p.uses}
    versions = {p.id: p.version for p in library.pathways}
    return tuple(one for card in cards for one in _of_card(card, carried, places, versions))


def _of_card(
    card: Json, carried: Mapping[str, str], places: Mapping[str, str], versions: Mapping[str, str]
) -> Iterator[Issued]:
    of_card, indicator = carried.get(card["uuid"], ""), str(card.get("indicator", ""))
    yield Issued(card["uuid"], "", "", of_card, versions.get(of_card, ""), indicator)
    for suggestion in card.get("suggestions", ()):
        recommendation = carried[suggestion["uuid"]]
        pathway = of_card or places.get(recommendation, "")
        yield Issued(card["uuid"], suggestion["uuid"], recommendation, pathway, versions.get(pathway, ""), indicator)
