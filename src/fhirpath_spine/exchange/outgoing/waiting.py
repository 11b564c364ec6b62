"""What several recommendations wait for is said once: a line for what all wait for, a letter for a list that some share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from fhirpath_spine.exchange.outgoing.phrases import Phrases, joined
from fhirpath_spine.pathway.decision import Missing, Verdict
from fhirpath_spine.pathway.sentences import Said
from fhirpath_spine.pathway.truth import Reason

FEW = 3
"""Fewer verdicts, or fewer items for a letter, are not worth a line of their own."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The lines to say first, and what is left to say of each verdict."""

    lines: tuple[Said, ...]
    left: tuple[tuple[Missing, ...], ...]


def gather(verdicts: Sequence[Verdict], phrases: Phrases) -> Waiting:
    """Gathers the unread items of verdicts that need data."""
    waiting_for: dict[str, list[int]] = {}
    for number, verdict in enumerate(verdicts):
        for item in dict.fromkeys(m.item for m in verdict.missing if m.reason is Reason.UNREAD):
            waiting_for.setdefault(item, []).append(number)
    alike: dict[tuple[int, ...], list[str]] = {}
    for item, who in waiting_for.items():
        alike.setdefault(tuple(who), []).append(item)
    everyone = tuple(range(len(verdicts)))
    said_first = set(alike.pop(everyone, ())) if len(verdicts) >= FEW else set()
    lines: list[Said] = []
    if said_first:
        lines.append(phrases.say("waiting-all", items=joined([i for i in waiting_for if i in said_first])))
    names: dict[str, str] = {}
    groups = [items for who, items in alike.items() if len(who) > 1 and len(items) >= FEW]
    for letter, items in zip(ascii_uppercase, groups, strict=False):
        names |= dict.fromkeys(items, phrases.text("waiting-name", name=letter))
        lines.append(phrases.say("waiting-group", name=letter, items=joined(items)))
    return Waiting(tuple(lines), tuple(_left(v, said_first, names) for v in verdicts))


def _left(verdict: Verdict, said_first: set[str], names: dict[str, str]) -> tuple[Missing, ...]:
    out: dict[tuple[str, Reason], Missing] = {}
    for one in verdict.missing:
        if one.reason is Reason.UNREAD:
            if one.item in said_first:
                continue
            one = one._replace(item=names.get(one.item, one.item))
        out.setdefault((one.item, one.reason), one)
    return tuple(out.values())
