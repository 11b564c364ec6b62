"""Which verdicts stand together on one card, in which order, and what folds.

The gate stands alone on top, or the doubt that it could not be excluded. Then one card for each lesion, the weightiest first, up
to the number that the policy allows; the rest folds into the last of them. What could not be read, and safety lines, one card for
each lesion, stand beside them and are not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

from fhirpath_spine.pathway.decision import CardKind, Noticed, PathwayResult, PlannedCard, Status, Verdict
from fhirpath_spine.pathway.facts.chart import Unread
from fhirpath_spine.pathway.judging.weight import heaviest
from fhirpath_spine.pathway.model import Hook, Indicator, Policy
from fhirpath_spine.pathway.truth import Reason

_WISHES = (Reason.NOT_RECORDED, Reason.STALE, Reason.UNVERIFIED, Reason.NOT_CONFIGURED, Reason.NOT_OFFERED)
"""Reasons for a gap that only wish for data; any other is a finding of its own."""


def plan(
    policy: Policy,
    entries: Sequence[PathwayResult],
    verdicts: Sequence[Verdict],
    unread: Sequence[Unread],
    notices: Sequence[Noticed] = (),
    hook: Hook | None = None,
) -> tuple[PlannedCard, ...]:
    """The cards of one response. Each shown verdict is on one of them, unless all of its card only wish for data. At a hook that
    does not show all, none carries a plan, which would hold a part of it.
    """
    if hook is not None and hook.about_orders:
        return _of_orders(policy, entries, verdicts, unread, notices)
    if hook is not None and not hook.whole:
        return tuple(replace(card, plans=()) for card in plan(policy, entries, verdicts, unread, notices))
    noticed = [(n, PlannedCard(CardKind.NOTICE, n.indicator, None, notice=n)) for n in notices]
    first, last = [c for n, c in noticed if n.first], [c for n, c in noticed if not n.first]
    if not entries:
        return (*first, *last)
    cards = _of_entries(policy, entries, verdicts, unread, taken=bool(first))
    gate = policy.gate.pathway if policy.gate else ""
    if (
        first
        and cards
        and cards[0].indicator is not Indicator.CRITICAL
        and cards[0].entry
        and cards[0].entry.id == gate
    ):
        # A gate that is not excluded is one card: the doubt, with what waits for it.
        first[0] = replace(first[0], entry=cards[0].entry, entries=cards[0].entries, verdicts=cards[0].verdicts)
        cards = cards[1:]
    return (*first, *cards, *last)


def _of_orders(
    policy: Policy,
    entries: Sequence[PathwayResult],
    verdicts: Sequence[Verdict],
    unread: Sequence[Unread],
    notices: Sequence[Noticed],
) -> tuple[PlannedCard, ...]:
    """The cards about orders: an open gate on top, then one for all that is said of the same orders, the loudest first."""
    gate = policy.gate.pathway if policy.gate else ""
    top = [_card(Indicator.CRITICAL, e, tuple(v for v in verdicts if not v.orders)) for e in entries if e.id == gate]
    top = [replace(c, verdicts=tuple(v for v in c.verdicts if v.status.shown)) for c in top]
    top = [card for card in top if card.verdicts or card.notes]
    groups: dict[tuple[str, ...], PlannedCard] = {}
    for verdict in (v for v in verdicts if v.orders):
        home = _home_of_order(verdict, entries, gate)
        card = PlannedCard(CardKind.PATHWAY, verdict.indicator, home, (verdict,), entries=(home,))
        groups[verdict.orders] = _louder(groups[verdict.orders], card) if verdict.orders in groups else card
    cards = sorted(groups.values(), key=lambda c: (-c.indicator.rank, heaviest(c.verdicts)))
    room = max(1, policy.budget.cards - len(top))
    if len(cards) > room:
        cards = [*cards[: room - 1], reduce(_louder, cards[room - 1 :])]
    if any(u.reason is Reason.UNREAD for u in unread) and entries:
        top.append(PlannedCard(CardKind.INCOMPLETE, Indicator.WARNING, _shared(entries, gate)))
    return (*top, *cards, *(PlannedCard(CardKind.NOTICE, n.indicator, None, notice=n) for n in notices))


def _home_of_order(verdict: Verdict, entries: Sequence[PathwayResult], gate: str) -> PathwayResult:
    """The entry of a verdict about an order; the first that is not the gate's where its pathway has none."""
    key = verdict.lesion.key if verdict.lesion else None
    own = [e for e in entries if e.id == verdict.pathway and (key is None or (e.lesion and e.lesion.key == key))]
    return own[0] if own else _shared(entries, gate)


def _louder(one: PlannedCard, other: PlannedCard) -> PlannedCard:
    """Two cards about orders as one, at the louder indicator."""
    return replace(
        one,
        indicator=max(one.indicator, other.indicator, key=lambda i: i.rank),
        verdicts=(*one.verdicts, *other.verdicts),
        entries=tuple(dict.fromkeys((*one.entries, *other.entries))),
    )


def belonging(entries: Sequence[PathwayResult], verdicts: Sequence[Verdict], gate: str) -> list[tuple[Verdict, ...]]:
    """For each entry the verdicts that belong to it; those of the patient belong to the first of their pathway, or to the first
    that is not the gate's.
    """
    found: dict[int, list[Verdict]] = {id(entry): [] for entry in entries}
    for verdict in verdicts:
        home = _home(verdict, entries, _shared(entries, gate), gate) if entries else None
        if home is not None:
            found[id(home)].append(verdict)
    return [tuple(found[id(entry)]) for entry in entries]


def _of_entries(
    policy: Policy,
    entries: Sequence[PathwayResult],
    verdicts: Sequence[Verdict],
    unread: Sequence[Unread],
    *,
    taken: bool,
) -> list[PlannedCard]:
    gate = policy.gate.pathway if policy.gate else ""
    top: list[PlannedCard] = []
    safety: list[PlannedCard] = []
    groups: dict[str, PlannedCard] = {}
    for entry, mine in zip(entries, belonging(entries, verdicts, gate), strict=True):
        shown = tuple(v for v in mine if v.status.shown)
        apart = tuple(v for v in shown if v.safety)
        rest = tuple(v for v in shown if not v.safety)
        if entry.id == gate:
            sure = entry.notes or any(v.status is Status.RECOMMENDED for v in rest)
            top += [_card(Indicator.CRITICAL if sure else Indicator.WARNING, entry, rest)] if rest or sure else []
        elif rest or entry.notes:
            card = _card(Indicator.INFO, entry, rest)
            key = entry.lesion.key if entry.lesion else ""
            groups[key] = _joined((groups[key], card)) if key in groups else card
        if apart:
            loudest = max((Indicator.WARNING, *(v.indicator for v in apart)), key=lambda i: i.rank)
            safety.append(PlannedCard(CardKind.SAFETY, loudest, entry, apart, entries=(entry,)))
    cards = sorted(
        (_at_its_indicator(c) for c in groups.values() if not _only_wishes(c)), key=lambda c: heaviest(c.verdicts)
    )
    room = max(1, policy.budget.cards - len(top) - taken)
    if len(cards) > room:
        cards = [*cards[: room - 1], _at_its_indicator(_joined(cards[room - 1 :]))]
    if any(u.reason is Reason.UNREAD for u in unread):
        top.append(PlannedCard(CardKind.INCOMPLETE, Indicator.WARNING, _shared(entries, gate)))
    return _with_plans([*top, *safety, *cards], gate)


def _card(indicator: Indicator, entry: PathwayResult, verdicts: tuple[Verdict, ...]) -> PlannedCard:
    return PlannedCard(CardKind.PATHWAY, indicator, entry, verdicts, entry.notes, entries=(entry,))


def _joined(cards: Sequence[PlannedCard]) -> PlannedCard:
    """Several cards as one, about the weightiest of them; the others follow."""
    first = min(cards, key=lambda c: heaviest(c.verdicts))
    whole = (first, *(c for c in cards if c is not first))
    return replace(
        first,
        verdicts=tuple(v for c in whole for v in c.verdicts),
        notes=tuple(dict.fromkeys(n for c in whole for n in c.notes)),
        entries=tuple(e for c in whole for e in c.entries),
    )


def _at_its_indicator(card: PlannedCard) -> PlannedCard:
    recommended = (v.indicator for v in card.verdicts if v.status is Status.RECOMMENDED)
    return replace(card, indicator=max(recommended, key=lambda i: i.rank, default=Indicator.INFO))


def _only_wishes(card: PlannedCard) -> bool:
    """Whether all that a card holds is a wish for data that no ``when`` of a recommendation has reached."""
    return not card.notes and all(
        v.status is Status.NEEDS_DATA
        and not any(s.role == "when" and s.answer for s in v.steps)
        and all(m.reason in _WISHES for m in v.missing)
        for v in card.verdicts
    )


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
    # A pathway that only may apply stands before one that does: what is the patient's is said where it was judged.
    return next((e for e in own if e.id != gate), shared)


def _with_plans(cards: Sequence[PlannedCard], gate: str) -> list[PlannedCard]:
    """The plan of each entry once: on its card, never the gate's; on its safety card where nothing else of it is left."""
    carried = {id(e) for c in cards if c.kind is CardKind.PATHWAY for e in c.entries}
    found = []
    for card in cards:
        mine = [e for e in card.entries if e.id != gate]
        if card.kind is CardKind.SAFETY:
            mine = [e for e in mine if id(e) not in carried]
        found.append(replace(card, plans=tuple(mine)))
    return found
