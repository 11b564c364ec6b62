"""The ``summary`` of a card: one sentence about this patient, from the weightiest verdict that the card carries."""

from __future__ import annotations

from fhirpath_spine.exchange.outgoing.dates import dated, day
from fhirpath_spine.exchange.outgoing.facts import mild, told
from fhirpath_spine.exchange.outgoing.markdown import clean, cut, inert
from fhirpath_spine.exchange.outgoing.phrases import Phrases, fit, joined
from fhirpath_spine.pathway.decision import CardKind, Decision, Missing, PlannedCard, Status, Verdict
from fhirpath_spine.pathway.judging.weight import Weight, heaviest_first, speaks, weigh
from fhirpath_spine.pathway.model import Library
from fhirpath_spine.pathway.sentences import SUMMARY, WORDS, Charted, Said
from fhirpath_spine.pathway.truth import Reason

PAIR = 2


class Summaries:
    """Sums up the cards of one decision."""

    def __init__(self, decision: Decision, library: Library, phrases: Phrases) -> None:
        self._library, self._say, self._today = library, phrases, decision.at.date()

    def of(self, card: PlannedCard) -> str:
        """The summary of a card, never longer than :data:`SUMMARY`."""
        if card.kind is CardKind.INCOMPLETE:
            return fit(self._say.text("summary-incomplete"), SUMMARY)
        if card.notice is not None:
            return self._fit(card.notice.headline)
        ranked = heaviest_first(card.verdicts, self._library.policy)
        if not ranked or (card.notes and weigh(ranked[0]) is Weight.WAITS and not speaks(ranked[0])):
            # Of an entry that offers nothing, what is said of it is the point.
            said = told(card.notes[0], self._today, self._say) if card.notes else ()
            return fit(self._about(card, self._words(said).rstrip(".")) if said else self._subject(card), SUMMARY)
        return fit(self._about(card, self._first(ranked[0])), SUMMARY)

    def _first(self, lead: Verdict) -> str:
        """The sentence of the verdict that leads."""
        if contested := next((m for m in lead.missing if m.reason is Reason.CONFLICT), None):
            return self._conflict(contested)
        step = lead.step or lead.title
        if speaks(lead):
            return self._words(lead.headline)
        if lead.status is Status.NEEDS_DATA:
            return self._say.text("summary-waits", step=step)
        return step

    def _about(self, card: PlannedCard, text: str) -> str:
        """The sentence with the lesion before it, where it does not name it and has room."""
        lesion = card.entry.lesion if card.entry is not None else None
        if lesion is None or not lesion.called or lesion.called in text:
            return text
        key = "summary-of-finding" if ":" in text else "summary-of"
        whole = self._say.text(key, lesion=lesion.called, text=mild(text))
        return whole if len(whole) <= SUMMARY else text

    def _conflict(self, item: Missing) -> str:
        topic = self._say.word("statement", item.need)
        days = sorted({one.date for one in item.alternatives if one.date})
        if len(days) > PAIR:
            return self._say.text("summary-conflict", item=topic)
        said = [day(one, self._today, self._say) for one in days]
        if len(said) == PAIR and days[0][:7] == days[1][:7]:
            said[0] = said[0].split()[0]
        when = f" {self._say.text('and')} ".join(said)
        if not when:
            return self._say.text("summary-conflict", item=topic)
        return self._say.text("summary-conflict-dated", item=topic, dates=when)

    def _subject(self, card: PlannedCard) -> str:
        if card.entry is None:
            return self._say.text("source-own")
        return (
            card.entry.lesion.called if card.entry.lesion is not None and card.entry.lesion.called else card.entry.title
        )

    def _words(self, said: Said) -> str:
        parts = (cut(inert(p), WORDS) if isinstance(p, Charted) else p for p in dated(said, self._today, self._say))
        return clean("".join(parts))

    def _fit(self, said: Said) -> str:
        return fit(self._words(joined([said])).rstrip("."), SUMMARY)
