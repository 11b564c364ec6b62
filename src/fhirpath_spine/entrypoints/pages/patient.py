"""The patient page: the cards that the service answers for one chart, why, and where on each pathway it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from fhirpath_spine.entrypoints.pages.markdown import card_html
from fhirpath_spine.entrypoints.pages.pathway import Pages
from fhirpath_spine.exchange import Json, objects
from fhirpath_spine.exchange.outgoing.explanation import Explained, explain
from fhirpath_spine.exchange.outgoing.offline import decision_id
from fhirpath_spine.exchange.outgoing.verdicts import reasons
from fhirpath_spine.pathway.decision import Decision, PathwayResult, Status, Verdict
from fhirpath_spine.pathway.facts.chart import Chart
from fhirpath_spine.pathway.judging.evaluate import decide
from fhirpath_spine.service import Snapshot

ORDER = (Status.RECOMMENDED, Status.BLOCKED, Status.NEEDS_DATA, Status.SATISFIED, Status.SUPPRESSED)


@dataclass(frozen=True, slots=True)
class Card:
    """A card as a page draws it."""

    summary: str
    indicator: str
    detail: Markup
    source: str
    suggestions: tuple[str, ...]
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One recommendation of a pathway on this chart: what came of it, and why."""

    status: str
    title: str
    id: str
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """One pathway on this chart: its drawing with the state, its steps, and the full text."""

    id: str
    title: str
    where: str
    graph: Markup
    steps: tuple[Step, ...]
    text: Markup


def cards(answer: Json) -> list[Card]:
    """The cards of an answer, in its order."""
    return [_card(card) for card in objects(answer.get("cards"))]


def _card(card: Json) -> Card:
    source, links = card.get("source"), objects(card.get("links"))
    return Card(
        str(card.get("summary", "")),
        str(card.get("indicator", "info")),
        card_html(str(card.get("detail", ""))),
        str(source.get("label", "")) if isinstance(source, dict) else "",
        tuple(str(s.get("label", "")) for s in objects(card.get("suggestions"))),
        tuple((str(one.get("label", "")), str(one.get("url", ""))) for one in links),
    )


def standings(chart: Chart, snapshot: Snapshot, pages: Pages, at: datetime) -> tuple[list[Standing], Markup]:
    """Where the chart stands on each pathway, and the text about it as a whole.

    Raises:
        ScopeUndecidable: it could not be read whether a pathway applies.

    """
    library, phrases = snapshot.library, snapshot.wording.phrases
    decision = decide(library, chart, at, snapshot.site)
    told = explain(decision, decision_id(decision, snapshot.wording), library, phrases)
    found = [_standing(one.entry, one, decision, snapshot, pages) for one in told if one.entry is not None]
    return found, card_html("\n\n".join(one.text for one in told if one.entry is None))


def _standing(entry: PathwayResult, told: Explained, decision: Decision, snapshot: Snapshot, pages: Pages) -> Standing:
    phrases = snapshot.wording.phrases
    pathway = pages.pathway(entry.id)
    graph = pages.graph(pathway, entry.state, certain=entry.certain) if pathway is not None else Markup("")
    mine = [v for v in decision.verdicts if v.pathway == entry.id and v.lesion in (None, entry.lesion)]
    where = str(phrases.lesion(entry.lesion)) if entry.lesion is not None else ""
    steps = tuple(Step(v.status.value, v.title, v.id, tuple(reasons(v, phrases))) for v in _in_order(mine))
    return Standing(entry.id, entry.title, where, graph, steps, card_html(told.text))


def _in_order(verdicts: Sequence[Verdict]) -> Iterable[Verdict]:
    return (v for status in ORDER for v in verdicts if v.status is status)
