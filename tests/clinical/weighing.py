"""How much there is to read: characters and words of each card, against the bounds of what is read in half a minute.

python -m tests.clinical.weighing        all cases and invented patients, and what is beyond a bound; exit 1 if anything is
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path
from statistics import median

from fhirpath_spine.entrypoints.commands import as_document, judge_chart
from fhirpath_spine.exchange import EXTENSION, objects
from tests.clinical.clinical_kit import CASES, Json, judged
from tests.kit.content import shipped

PATIENTS = Path(__file__).resolve().parents[2] / "sandbox" / "patients"
AT = datetime.combine(datetime(2026, 6, 15, tzinfo=UTC), time.max, UTC)
LIMIT, MEDIAN, SUMMARY = 1_500, 900, 110
"""Characters: of a detail at most, of half of them, of a summary at most."""
PATHWAY_CARDS, REQUESTS = 3, 3


@dataclass(slots=True)
class Weighed:
    """What the cards of many patients come to."""

    patients: int = 0
    details: list[int] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    summaries: list[int] = field(default_factory=list)
    pathway_cards: list[int] = field(default_factory=list)
    with_action: int = 0
    without_action: int = 0
    beyond: list[str] = field(default_factory=list)
    """Each bound that is not held, with the patient."""

    def add(self, name: str, document: Json) -> None:
        """Weighs the cards of one patient."""
        cards = objects(document.get("cards"))
        self.patients += 1
        self.words.append(sum(len(f"{c['summary']} {c['detail']}".split()) for c in cards))
        pathways = sum(_of_a_pathway(card) for card in cards)
        self.pathway_cards.append(pathways)
        found = [(f"{pathways} pathway cards", pathways > PATHWAY_CARDS)]
        for card in cards:
            detail, summary = len(card["detail"]), len(card["summary"])
            self.details.append(detail)
            self.summaries.append(summary)
            offered = [objects(s.get("actions")) for s in objects(card.get("suggestions"))]
            bare = sum(not actions for actions in offered)
            self.with_action, self.without_action = self.with_action + len(offered) - bare, self.without_action + bare
            found += [
                (f"a detail of {detail} characters", detail > LIMIT),
                (f"a summary of {summary} characters", summary > SUMMARY),
                (f"{bare} suggestions without an action", bare > 0),
                (f"{_requests(card)} requests on a card", _requests(card) > REQUESTS),
            ]
        self.beyond += [f"{name}: {what}" for what, is_beyond in found if is_beyond]

    def close(self) -> None:
        """Weighs what only the whole can be held against."""
        if self.details and median(self.details) > MEDIAN:
            self.beyond.append(f"all: half of the details have more than {MEDIAN} characters")

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """What was measured, how much it is, and the bound."""
        yield "patients", str(self.patients), ""
        yield "cards", str(len(self.details)), ""
        yield "detail, characters (median, most)", _two(self.details), f"{MEDIAN}, {LIMIT}"
        yield "words of a patient (median, most)", _two([w for w in self.words if w]), ""
        yield "summary, characters (median, most)", _two(self.summaries), f"most {SUMMARY}"
        yield "pathway cards of a patient (most)", str(max(self.pathway_cards, default=0)), str(PATHWAY_CARDS)
        yield "suggestions with an action", str(self.with_action), ""
        yield "suggestions without one", str(self.without_action), "0"


def weigh_all(documents: Iterable[tuple[str, Json]]) -> Weighed:
    """The weight of the cards of all these patients."""
    weighed = Weighed()
    for name, document in documents:
        weighed.add(name, document)
    weighed.close()
    return weighed


def _of_a_pathway(card: Json) -> bool:
    """Whether a card counts as one of a pathway: safety cards, and what says only what could not be read, do not."""
    told = card.get("extension", {}).get(EXTENSION, {})
    return bool(told.get("pathway")) and "safety" not in card["source"]["topic"]["code"]


def _requests(card: Json) -> int:
    actions = [a for s in objects(card.get("suggestions")) for a in objects(s.get("actions"))]
    return sum(a["resource"]["resourceType"] == "ServiceRequest" for a in actions)


def _two(numbers: list[int]) -> str:
    return f"{median(numbers):.0f}, {max(numbers)}" if numbers else "-"


def names() -> tuple[str, ...]:
    """The cases and the invented patients."""
    return (*CASES, *(path.stem for path in sorted(PATIENTS.glob("*.json"))))


@cache
def documents() -> dict[str, Json]:
    """What is decided of each case and each invented patient."""
    found = {case: judged(case).document for case in CASES}
    for path in sorted(PATIENTS.glob("*.json")):
        found[path.stem] = as_document(judge_chart(shipped(), json.loads(path.read_bytes()), AT))
    return found


if __name__ == "__main__":
    total = weigh_all(documents().items())
    for what, much, bound in total.rows():
        print(f"{what:38} {much:>12}  {bound and f'bound {bound}'}")
    print("\n".join(total.beyond) or "Nothing is beyond a bound.")
    sys.exit(1 if total.beyond else 0)
