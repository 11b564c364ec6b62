"""CDS Hooks cards from a decision. Which verdicts stand on which card is decided already; here they are worded.

Requirements: CARD, SRC, SUG and ACT lines of the CDS Hooks catalogue. A summary holds no identifier.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from fhirpath_spine.exchange import BASE, EXTENSION, Json, lean
from fhirpath_spine.exchange.outgoing.detail import Writer
from fhirpath_spine.exchange.outgoing.explanation import Explained, explain
from fhirpath_spine.exchange.outgoing.ids import Ids
from fhirpath_spine.exchange.outgoing.links import links, opens, page
from fhirpath_spine.exchange.outgoing.markdown import bullets, render
from fhirpath_spine.exchange.outgoing.overrides import reasons
from fhirpath_spine.exchange.outgoing.phrases import Phrases
from fhirpath_spine.exchange.outgoing.suggestions import Offering, Offers
from fhirpath_spine.exchange.outgoing.summary import Summaries
from fhirpath_spine.exchange.outgoing.verdicts import extension
from fhirpath_spine.pathway.decision import CardKind, Decision, PlannedCard, Status
from fhirpath_spine.pathway.model import Indicator, Library, Order

TOPIC_SYSTEM = f"{BASE}/CodeSystem/card-topic"


@dataclass(frozen=True, slots=True)
class CardPolicy:
    """What one EHR takes on a card: which resources as actions, how one may select, suggestions on the gate's card, the whole
    explanation below the detail, the hosts that it opens (None: any), which orders a card may offer to take back, and to change.
    """

    selection_behavior: str = "any"
    actions: frozenset[str] = frozenset({"CarePlan", "ServiceRequest"})
    gate_suggestions: bool = False
    full: bool = False
    links: frozenset[str] | None = None
    deletes: frozenset[str] = frozenset()
    updates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wording:
    """What every card of one service is written with. ``feedback``: it is kept, so a card may ask for a reason; ``orders`` are
    the codes of the site; ``pages`` is the public address of the service, if it is known.
    """

    library: Library
    phrases: Phrases
    ids: Ids
    feedback: bool = False
    orders: tuple[Order, ...] = ()
    pages: str = ""


@dataclass(frozen=True, slots=True)
class Cards:
    """The cards of one decision, and the CarePlans that ride on them. ``carried`` says what each id stands for: the pathway of a
    card, the recommendation or plan of a suggestion.
    """

    cards: list[Json]
    careplans: list[Json]
    carried: Mapping[str, str] = field(default_factory=dict)


def write_cards(
    decision: Decision,
    decision_id: str,
    wording: Wording,
    card_policy: CardPolicy | None = None,
    drafts: Mapping[str, Json] = MappingProxyType({}),
) -> Cards:
    """All cards of a decision in their order. ``drafts`` are the orders on the screen as they were sent, by reference."""
    composer = _Composer(decision, decision_id, wording, card_policy or CardPolicy(), drafts)
    cards = [composer.card(c, first=n == 0) for n, c in enumerate(decision.cards)]
    return Cards(cards, composer.offers.careplans, composer.offers.carried)


def unavailable(decision_id: str, wording: Wording, unread: Mapping[str, str]) -> Json:
    """The one card that says that nothing could be decided (``SPINE_ON_UNAVAILABLE=card``), with each key and why it
    could not be read.
    """
    phrases = wording.phrases
    parts: dict[str, list[str]] = {}
    for key, why in unread.items():
        parts.setdefault(phrases.word("unread", why), []).append(phrases.word("part", key))
    lines = [phrases.markdown("not-read-part", parts=", ".join(names), why=why) for why, names in parts.items()]
    return lean(
        {
            "uuid": wording.ids.uuid("card", decision_id, "unavailable"),
            "summary": phrases.text("summary-unavailable"),
            "detail": "\n\n".join(b for b in (render(phrases.say("unavailable")), bullets(lines)) if b),
            "indicator": Indicator.WARNING.value,
            "source": {
                "label": phrases.text("source-own"),
                "topic": topic("SPINEunavailable", phrases.text("topic-unavailable")),
            },
            "extension": {EXTENSION: {"decision": decision_id}},
        }
    )


def topic(code: str, display: str) -> Json:
    """A static topic: EHRs key the suppression of repeats on it."""
    return {"system": TOPIC_SYSTEM, "code": topic_code(code), "display": display}


def topic_code(code: str) -> str:
    """The code of a topic as it goes over the wire: EHRs take letters and digits only (SRC-05)."""
    return "".join(c for c in code if c.isalnum())


class _Composer:
    def __init__(
        self,
        decision: Decision,
        decision_id: str,
        wording: Wording,
        card_policy: CardPolicy,
        drafts: Mapping[str, Json],
    ) -> None:
        self._decision, self._id, self._card_policy, self._wording = decision, decision_id, card_policy, wording
        self._say, self._ids = wording.phrases, wording.ids
        self._writer = Writer(decision, wording.library, wording.phrases)
        self._summaries = Summaries(decision, wording.library, wording.phrases)
        offering = Offering(
            card_policy.actions,
            wording.orders,
            card_policy.gate_suggestions,
            card_policy.deletes,
            card_policy.updates,
            drafts,
        )
        self.offers = Offers(decision, decision_id, wording.library, wording.phrases, wording.ids, offering)
        self._pages = wording.pages if opens(card_policy.links, wording.pages) else ""
        self._told: tuple[Explained, ...] = ()
        if card_policy.full:
            self._told = explain(decision, decision_id, wording.library, wording.phrases)

    def card(self, card: PlannedCard, *, first: bool) -> Json:
        code = self._topic_code(card)
        lesion = card.entry.lesion.key if card.entry is not None and card.entry.lesion is not None else ""
        suggestions = self.offers.of(card, code, lesion)
        identifier = self._ids.uuid("card", self._id, code, lesion, *card.orders)
        if card.entry is not None and card.kind is not CardKind.INCOMPLETE:
            self.offers.carried[identifier] = card.entry.id
        entry = card.entry if card.kind is not CardKind.INCOMPLETE else None
        told = extension(self._id, entry, card.verdicts, self._say, mixed=len(card.entries) > 1)
        if card.orders:
            told["orders"] = list(card.orders)
        return lean(
            {
                "uuid": identifier,
                "summary": self._summaries.of(card),
                "detail": self._detail(card, first=first),
                "indicator": card.indicator.value,
                "source": self._source(card, code),
                "suggestions": suggestions,
                "selectionBehavior": self._card_policy.selection_behavior if suggestions else None,
                "overrideReasons": self._override_reasons(card),
                "links": links(self._pages, card.entries, self._say) if self._pages else None,
                "extension": {EXTENSION: told},
            }
        )

    def _detail(self, card: PlannedCard, *, first: bool) -> str:
        brief = self._writer.write(card, first=first, filed=self.offers.filed)
        wanted = {id(e) for e in card.entries}
        texts = [one.text for one in self._told if (one.entry is None and first) or id(one.entry) in wanted]
        return "\n\n---\n\n".join([brief, *(["\n\n".join(texts)] if texts else [])])

    # ------------------------------------------------------------------ source and topic

    def _source(self, card: PlannedCard, code: str) -> Json:
        """What the advice rests on: the pathway, and its page where an EHR opens it."""
        entry = card.entry if self._pages and card.kind is not CardKind.INCOMPLETE else None
        url = page(self._pages, entry.id) if entry is not None else None
        return lean({"label": self._label(card), "url": url, "topic": topic(code, self._topic_display(card))})

    def _label(self, card: PlannedCard) -> str:
        if card.entry is None or card.kind is CardKind.INCOMPLETE:
            return self._say.text("source-own")
        return card.entry.title

    def _topic_code(self, card: PlannedCard) -> str:
        match card.kind:
            case CardKind.INCOMPLETE:
                return "SPINEdataincomplete"
            case CardKind.NOTICE:
                return card.notice.topic if card.notice else "SPINE"
            case CardKind.SAFETY:
                return f"{card.entry.id if card.entry else 'SPINE'}safety{card.verdicts[0].id}"
            case CardKind.PATHWAY if card.orders:
                # Who silences one rule of orders silences no other, and no option.
                return f"{card.entry.id if card.entry else 'SPINE'}order{card.verdicts[0].id}"
            case CardKind.PATHWAY:
                return f"{card.entry.id if card.entry else 'SPINE'}{card.indicator.value}"

    def _topic_display(self, card: PlannedCard) -> str:
        title = self._label(card)
        match card.kind:
            case CardKind.INCOMPLETE:
                return self._say.text("topic-incomplete")
            case CardKind.NOTICE:
                return card.notice.title if card.notice else title
            case CardKind.SAFETY:
                return self._say.text("topic-safety", title=title)
            case CardKind.PATHWAY if card.orders:
                return self._say.text("topic-order", title=card.verdicts[0].title)
            case CardKind.PATHWAY:
                return self._say.text("topic", title=title, indicator=card.indicator.value)

    def _override_reasons(self, card: PlannedCard) -> list[Json]:
        """Reasons for not following a card, by what it is; none where nobody keeps them, or nothing is offered."""
        if not self._wording.feedback or not any(v.status is Status.RECOMMENDED for v in card.verdicts):
            return []
        gate = self._wording.library.policy.gate
        on_gate = gate is not None and card.entry is not None and card.entry.id == gate.pathway
        return reasons(self._say, "gate" if on_gate else "options")
