"""CDS Hooks cards from a decision. Which verdicts stand on which card is decided already; here they are worded.

Requirements: CARD, SRC, SUG and ACT lines of the CDS Hooks catalogue. Summaries hold no identifier and no chart text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fhirpath_spine.exchange import BASE, EXTENSION, Json, lean
from fhirpath_spine.exchange.outgoing.careplan import careplan, members, service_request
from fhirpath_spine.exchange.outgoing.detail import Writer
from fhirpath_spine.exchange.outgoing.ids import Ids
from fhirpath_spine.exchange.outgoing.markdown import bullets, plain, render
from fhirpath_spine.exchange.outgoing.phrases import Phrases, fit
from fhirpath_spine.exchange.outgoing.verdicts import extension
from fhirpath_spine.pathway.decision import CardKind, Decision, PathwayResult, PlannedCard, Status, Verdict
from fhirpath_spine.pathway.model import Indicator, Library, Source

SUMMARY = 139
"""Longest summary: CARD-02 wants strictly less than 140 characters."""
TOPIC_SYSTEM = f"{BASE}/CodeSystem/card-topic"
REASON_SYSTEM = f"{BASE}/CodeSystem/override-reason"
_REASON_KEY = "override-reason-"


@dataclass(frozen=True, slots=True)
class CardPolicy:
    """What one EHR takes on a card: which resources as actions, how many actions in one suggestion, how one may
    select.
    """

    selection_behavior: str = "any"
    actions: frozenset[str] = frozenset({"CarePlan"})
    actions_per_suggestion: int = 1


@dataclass(frozen=True, slots=True)
class Wording:
    """What every card of one service is written with."""

    library: Library
    phrases: Phrases
    ids: Ids


@dataclass(frozen=True, slots=True)
class Cards:
    """The cards of one decision, and the CarePlans that ride on them."""

    cards: list[Json]
    careplans: list[Json]


def write_cards(decision: Decision, decision_id: str, wording: Wording, card_policy: CardPolicy | None = None) -> Cards:
    """All cards of a decision in their order."""
    composer = _Composer(decision, decision_id, wording, card_policy or CardPolicy())
    return Cards([composer.card(c, first=n == 0) for n, c in enumerate(decision.cards)], composer.careplans)


def unavailable(decision_id: str, wording: Wording, unread: Mapping[str, str]) -> Json:
    """The one card that says that nothing could be decided (``SPINE_ON_UNAVAILABLE=card``), with each key and why it
    could not be read.
    """
    phrases = wording.phrases
    keys = [f"{key}: {phrases.word('unread', why)}" for key, why in unread.items()]
    return lean(
        {
            "uuid": wording.ids.uuid("card", decision_id, "unavailable"),
            "summary": phrases.text("summary-unavailable"),
            "detail": "\n\n".join(b for b in (render(phrases.say("unavailable")), bullets(keys)) if b),
            "indicator": Indicator.INFO.value,
            "source": {"label": phrases.text("source-own"), "topic": topic("SPINEunavailable")},
            "extension": {EXTENSION: {"decision": decision_id}},
        }
    )


def topic(code: str) -> Json:
    """A static topic: EHRs key the suppression of repeats on it, and take letters and digits only (SRC-05)."""
    return {"system": TOPIC_SYSTEM, "code": "".join(c for c in code if c.isalnum())}


class _Composer:
    def __init__(self, decision: Decision, decision_id: str, wording: Wording, card_policy: CardPolicy) -> None:
        self._decision, self._id, self._card_policy = decision, decision_id, card_policy
        self._library, self._say, self._ids = wording.library, wording.phrases, wording.ids
        self._writer = Writer(decision, decision_id, wording.library, wording.phrases)
        self.careplans: list[Json] = []

    def card(self, card: PlannedCard, *, first: bool) -> Json:
        code = self._topic_code(card)
        lesion = card.entry.lesion.key if card.entry is not None and card.entry.lesion is not None else ""
        entry = card.entry
        if card.kind is CardKind.MORE:
            # A folded card mixes pathways and lesions: none of them is named for machines, each beside its options for readers.
            entry, card = None, replace(card, verdicts=tuple(map(self._with_lesion, card.verdicts)))
        suggestions = self._suggestions(card, code, lesion)
        return lean(
            {
                "uuid": self._ids.uuid("card", self._id, code, lesion),
                "summary": self._summary(card),
                "detail": self._writer.write(card, first=first),
                "indicator": card.indicator.value,
                "source": self._source(card, code),
                "suggestions": suggestions,
                "selectionBehavior": self._card_policy.selection_behavior if suggestions else None,
                "overrideReasons": self._override_reasons() if card.indicator is not Indicator.INFO else None,
                "extension": {EXTENSION: extension(self._id, entry, card.verdicts, self._say)},
            }
        )

    def _with_lesion(self, verdict: Verdict) -> Verdict:
        """The verdict with its lesion in its title."""
        if verdict.lesion is None:
            return verdict
        where = self._say.lesion(verdict.lesion)
        return verdict._replace(title=self._say.text("title-at", title=verdict.title, lesion=where))

    def _topic_code(self, card: PlannedCard) -> str:
        match card.kind:
            case CardKind.INCOMPLETE:
                return "SPINEdataincomplete"
            case CardKind.MORE:
                return "SPINEmore"
            case CardKind.NOTICE:
                return card.notice.topic if card.notice else "SPINE"
            case CardKind.SAFETY:
                return f"{card.entry.id if card.entry else 'SPINE'}safety{''.join(v.id for v in card.verdicts)}"
            case CardKind.PATHWAY:
                return f"{card.entry.id if card.entry else 'SPINE'}{card.indicator.value}"

    # ------------------------------------------------------------------ summary

    def _summary(self, card: PlannedCard) -> str:
        titles = [v.title for v in card.verdicts if v.status is Status.RECOMMENDED]
        subject = self._subject(card)
        match card.kind:
            case CardKind.INCOMPLETE:
                return fit(self._say.text("summary-incomplete"), SUMMARY)
            case CardKind.MORE:
                return fit(self._say.text("summary-more", count=str(len(card.verdicts))), SUMMARY)
            case CardKind.NOTICE if card.notice is not None:
                return fit(plain(card.notice.headline), SUMMARY)
            case CardKind.SAFETY if titles:
                return fit(self._say.text("summary-safety", title=titles[0]), SUMMARY)
        if card.indicator is Indicator.CRITICAL:
            # Where the gate only says that it is open (scope-stop) there is no title; its own name must still alarm.
            return fit(self._say.text("summary-urgent", title=titles[0] if titles else subject), SUMMARY)
        if titles:
            return self._options(subject, titles)
        if card.verdicts:
            return fit(self._say.text("summary-open", subject=subject), SUMMARY)
        # Of an entry that offers nothing, what is said of it is the point.
        return fit(plain(card.notes[0]) if card.notes else self._say.text("summary-notes", subject=subject), SUMMARY)

    def _subject(self, card: PlannedCard) -> str:
        if card.entry is None:
            return ""
        lesion = card.entry.lesion
        return card.entry.title if lesion is None else self._say.lesion(lesion)

    def _options(self, subject: str, titles: Sequence[str]) -> str:
        """As many titles as fit; the others are counted, so that a reader knows of them."""
        for shown in range(len(titles), 0, -1):
            fields = {"subject": subject, "titles": "; ".join(titles[:shown])}
            more = len(titles) - shown
            key = "summary-options-more" if more else "summary-options"
            text = self._say.text(key, **fields, **({"more": str(more)} if more else {}))
            if len(text) <= SUMMARY:
                return text
        return fit(text, SUMMARY)

    # ------------------------------------------------------------------ source

    def _source(self, card: PlannedCard, code: str) -> Json:
        ranked = sorted(card.verdicts, key=lambda v: v.status is not Status.RECOMMENDED)
        sources = self._writer.sources(ranked) if card.kind is not CardKind.INCOMPLETE else []
        url = sources[0].url if sources and sources[0].url.startswith("https://") else ""
        return lean({"label": self._source_label(sources), "url": url, "topic": topic(code)})

    def _source_label(self, sources: Sequence[Source]) -> str:
        if not sources:
            return self._say.text("source-own")
        first = sources[0]
        fields = {"title": first.title, "publisher": first.publisher, "date": first.date or self._say.text("undated")}
        if len(sources) > 1:
            return self._say.text("source-label-more", **fields, more=str(len(sources) - 1))
        return self._say.text("source-label", **fields)

    def _override_reasons(self) -> list[Json]:
        return [
            {"system": REASON_SYSTEM, "code": key.removeprefix(_REASON_KEY), "display": self._say.text(key)}
            for key in self._say.keys
            if key.startswith(_REASON_KEY)
        ]

    # ------------------------------------------------------------------ suggestions

    def _suggestions(self, card: PlannedCard, code: str, lesion: str) -> list[Json]:
        out = [
            self._suggestion(v, code, v.lesion.key if v.lesion else lesion)
            for v in card.verdicts
            if v.status is Status.RECOMMENDED
        ]
        for entry in card.plans:
            if verdicts := members(self._decision, entry):
                plan = careplan(self._decision, entry, verdicts, self._library, self._say, self._ids)
                self.careplans.append(plan)
                if "CarePlan" in self._card_policy.actions:
                    out.append(self._plan_suggestion(plan, entry, code, alone=card.kind is not CardKind.MORE))
        return out

    def _suggestion(self, verdict: Verdict, code: str, lesion: str) -> Json:
        identifier = self._ids.uuid("suggestion", self._id, code, lesion, verdict.id)
        actions: list[Json] = []
        if "ServiceRequest" in self._card_policy.actions:
            request = service_request(self._decision, verdict, self._ids.uuid("request", identifier))
            if request is not None:
                text = request["code"]["text"]
                actions.append(
                    {"type": "create", "description": self._say.text("request-action", text=text), "resource": request}
                )
        return lean(
            {"label": verdict.title, "uuid": identifier, "actions": actions[: self._card_policy.actions_per_suggestion]}
        )

    def _plan_suggestion(self, plan: Json, entry: PathwayResult, code: str, *, alone: bool) -> Json:
        """The suggestion of one plan. Where it is not ``alone``, its label says of which pathway and lesion it is."""
        lesion = entry.lesion.key if entry.lesion else ""
        where = self._say.lesion(entry.lesion) if entry.lesion else ""
        of = self._say.text("title-at", title=entry.title, lesion=where) if where else entry.title
        label = self._say.text("plan-label") if alone else self._say.text("plan-label-of", plan=of)
        action = {
            "type": "create",
            "description": plain(self._say.say("plan-action", title=entry.title)),
            "resource": plan,
        }
        return {
            "label": label,
            "uuid": self._ids.uuid("suggestion", self._id, code, entry.id, lesion, "careplan"),
            "actions": [action],
        }
