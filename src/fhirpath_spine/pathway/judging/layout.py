"""Which verdicts stand together on one card, in which order, and what folds (rulings 5.1).

One card per (pathway or gate, lesion, indicator). Lines that are blocked or need data sit on the quietest card of their entry
and never raise an indicator. Critical, safety and data-incomplete cards never fold; the rest folds in priority order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fhirpath_spine.pathway.decision import CardKind, Noticed, PathwayResult, PlannedCard, Status, Verdict
from fhirpath_spine.pathway.facts.chart import Unread
from fhirpath_spine.pathway.model import Budget, Indicator, Policy
from fhirpath_spine.pathway.truth import Reason


def plan(
    policy: Policy,
    entries: Sequence[PathwayResult],
    verdicts: Sequence[Verdict],
    unread: Sequence[Unread],
    notices: Sequence[Noticed] = (),
) -> tuple[PlannedCard, ...]:
    """The cards of one response. Each shown verdict is on exactly one of them."""
    noticed = [(n, PlannedCard(CardKind.NOTICE, n.indicator, None, notice=n)) for n in notices]
    first, last = [c for n, c in noticed if n.first], [c for n, c in noticed if not n.first]
    return (*first, *(_of_entries(policy, entries, verdicts, unread) if entries else ()), *last)


def _of_entries(
    policy: Policy, entries: Sequence[PathwayResult], verdicts: Sequence[Verdict], unread: Sequence[Unread]
) -> tuple[PlannedCard, ...]:
    gate = policy.gate.pathway if policy.gate else ""
    shared = _shared(entries, gate)
    cards: list[PlannedCard] = []
    for entry, verdicts_of in zip(entries, belonging(entries, verdicts, gate), strict=True):
        mine = [v for v in verdicts_of if v.status.shown]
        cards += _cards_of(entry, mine, is_gate=entry.id == gate)
    cards = _with_plans(_fold(cards, policy.budget), gate)
    if any(u.reason is Reason.UNREAD for u in unread):
        incomplete = PlannedCard(CardKind.INCOMPLETE, Indicator.WARNING, shared)
        critical = [c for c in cards if c.indicator is Indicator.CRITICAL]
        cards = [*critical, incomplete, *(c for c in cards if c.indicator is not Indicator.CRITICAL)]
    return tuple(cards)


def belonging(entries: Sequence[PathwayResult], verdicts: Sequence[Verdict], gate: str) -> list[tuple[Verdict, ...]]:
    """For each entry the verdicts that belong to it; those of the patient belong to the first that is not the gate's."""
    found: dict[int, list[Verdict]] = {id(entry): [] for entry in entries}
    for verdict in verdicts:
        home = _home(verdict, entries, _shared(entries, gate), gate) if entries else None
        if home is not None:
            found[id(home)].append(verdict)
    return [tuple(found[id(entry)]) for entry in entries]


def _shared(entries: Sequence[PathwayResult], gate: str) -> PathwayResult:
    return next((e for e in entries if e.id != gate), entries[0])


def _home(verdict: Verdict, entries: Sequence[PathwayResult], shared: PathwayResult, gate: str) -> PathwayResult | None:
    if verdict.on_gate:
        return next((e for e in entries if e.id == gate), None)
    key = verdict.lesion.key if verdict.lesion else None
    own = [e for e in entries if e.id == verdict.pathway]
    exact = next((e for e in own if (e.lesion.key if e.lesion else None) == key), None)
    if exact is not None and (key is not None or exact.id == gate or exact.lesion is None):
        return exact
    return shared


def _cards_of(entry: PathwayResult, verdicts: Sequence[Verdict], *, is_gate: bool) -> list[PlannedCard]:
    recommended = [v for v in verdicts if v.status is Status.RECOMMENDED]
    lines = tuple(v for v in verdicts if v.status is not Status.RECOMMENDED)
    safety = [PlannedCard(CardKind.SAFETY, v.indicator, entry, (v,)) for v in recommended if v.safety]
    rest = [v for v in recommended if not v.safety]
    cards: list[PlannedCard] = []
    for indicator in reversed(Indicator):
        # What is attached to the gate is a line of its critical card, whatever its own indicator (rulings 4.2).
        group = tuple(v for v in rest if (Indicator.CRITICAL if v.on_gate else v.indicator) is indicator)
        if group or (is_gate and indicator is Indicator.CRITICAL and entry.notes):
            cards.append(PlannedCard(CardKind.PATHWAY, indicator, entry, group))
    if not cards and (lines or entry.notes):
        cards.append(PlannedCard(CardKind.PATHWAY, Indicator.INFO, entry))
    if cards and lines:
        cards[-1] = replace(cards[-1], verdicts=(*cards[-1].verdicts, *lines))
    if cards and entry.notes:
        position = 0 if is_gate else -1
        cards[position] = replace(cards[position], notes=entry.notes)
    return [*safety, *cards] if not is_gate else [*cards, *safety]


def _fold(cards: Sequence[PlannedCard], budget: Budget) -> list[PlannedCard]:
    left = {Indicator.WARNING: budget.warning, Indicator.INFO: budget.info}
    kept: list[PlannedCard] = []
    folded: list[PlannedCard] = []
    for card in cards:
        if card.kind is CardKind.SAFETY or card.indicator is Indicator.CRITICAL:
            kept.append(card)
        elif left[card.indicator] > 0:
            left[card.indicator] -= 1
            kept.append(card)
        else:
            folded.append(card)
    if folded:
        verdicts = tuple(v for card in folded for v in card.verdicts)
        notes = tuple(n for card in folded for n in card.notes)
        entries = {id(card.entry): card.entry for card in folded if card.entry is not None}
        kept.append(
            PlannedCard(CardKind.MORE, Indicator.INFO, folded[0].entry, verdicts, notes, plans=tuple(entries.values()))
        )
    return kept


def _with_plans(cards: Sequence[PlannedCard], gate: str) -> list[PlannedCard]:
    """The plan of each entry on the first of its cards that is left, never the gate's; on the folded card if none is left."""
    place: dict[int, int] = {}
    # A safety card is about one drug: it carries the plan only where nothing else of its entry is left.
    for kind in (CardKind.PATHWAY, CardKind.SAFETY):
        for number, card in enumerate(cards):
            if card.kind is kind and card.entry is not None and card.entry.id != gate:
                place.setdefault(id(card.entry), number)
    found = []
    for number, card in enumerate(cards):
        plans: tuple[PathwayResult, ...] = ()
        if card.kind is CardKind.MORE:
            plans = tuple(e for e in card.plans if e.id != gate and id(e) not in place)
        elif card.entry is not None and place.get(id(card.entry)) == number:
            plans = (card.entry,)
        found.append(replace(card, plans=plans) if plans or card.plans else card)
    return found
