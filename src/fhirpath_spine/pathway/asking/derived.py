"""What is derived from several needs: kinds of deficit, since when one stands, whether it is new and whether its course is
settled (rulings 2.6); and judgements that several needs may state, in order of rank (D9), where a lower rank never overrides
but conflicts.

The onset of a kind is its earliest evidence since the last recorded normal finding or abatement. Repeating a finding is not
new; a worse grade, a new Condition with its own onset, or a stated course new or worse is, from the day it was recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fhirpath_spine.fhirpath import Expression
from fhirpath_spine.pathway.facts.dates import Order, apart, is_before, is_since, within
from fhirpath_spine.pathway.facts.facts import Fact
from fhirpath_spine.pathway.facts.filing import Found, Rejection, surely_older
from fhirpath_spine.pathway.model import Finding, RankedFact, RankedSource

WORSENS = ("new", "worse")
SETTLES = ("unchanged", "improving", "resolved")
Ask = Callable[[Expression, Any], Any]
"""Evaluates an expression on one item: a truth, or the single value, or None."""


@dataclass(slots=True)
class _Evidence:
    day: str
    order: Order
    need: str
    grade: Any
    course: str
    condition: bool
    own_onset: bool
    undecided: bool


def deficit(finding: Finding, found: Callable[[str], Sequence[Found]], today: date, ask: Ask) -> dict[str, Any]:
    """The finding as an item: present, onset, since, new, open, settled, undated, and ``recent``, new by a date of its own.
    Absent members are unknown.
    """
    shown, cleared = _gather(finding, found, ask)
    last_normal = max(cleared, default="")
    # Of a day on which both were found, the abnormal finding stands: it is the one that must not be missed.
    # So does one of which the date does not tell whether it was before.
    standing = [e for e in shown if not e.day or not is_before(e.day, last_normal)]
    if not standing:
        return {"present": False, "new": False, "open": False, "settled": False, "undated": False, "recent": False}
    dated = sorted((e for e in standing if e.day), key=lambda e: e.order)
    item: dict[str, Any] = {"present": True, "undated": not dated}
    if not dated or any(e.undecided for e in standing):
        # Of what stands there with a date that no one can read, none of its days can be said to be over.
        return {**item, "undated": True, "new": True, "open": False, "settled": False, "recent": False}
    onset = dated[0]
    starts = [onset, *_worsenings(dated)]
    since = max(starts, key=lambda e: e.order)
    item["onset"], item["since"] = onset.day, since.day
    in_window = [within(e.day, today, finding.new_days) is not False for e in starts]
    item["recent"] = any(within(e.day, today, finding.new_days) is True for e in starts)
    course = next((e.course for e in reversed(dated) if e.course), "")
    settled = course in SETTLES
    if settled:
        # A course settles the kind unless something of its own dates it in the window.
        own = [*(e for e in starts if e.course not in SETTLES), *(e for e in dated if e.condition)]
        recent = [e for e in own if within(e.day, today, finding.new_days) is not False]
        item["since"] = max((since, *recent), key=lambda e: e.order).day
        item["recent"] = any(within(e.day, today, finding.new_days) is True for e in recent)
        return {**item, "settled": not recent, "new": bool(recent), "open": False}
    answered = any(is_since(f.day, since.day) for name in finding.answered for f in found(name))
    open_ = within(since.day, today, finding.open_days) is not False and not answered
    return {**item, "settled": False, "new": any(in_window), "open": open_}


def unreadable(
    finding: Finding, found: Callable[[str], Sequence[Found]], blurred: Sequence[Rejection], today: date
) -> bool:
    """Whether the newest of the kind stands there without being understood: dated in the window in which the kind is new, and
    nothing readable of the kind is of that day or later.
    """
    for rejection in blurred:
        if rejection.date and within(rejection.date, today, finding.new_days) is False:
            continue
        if not any(f.day and is_since(f.day, rejection.date) for s in finding.sources for f in found(s.need)):
            return True
    return False


def _gather(finding: Finding, found: Callable[[str], Sequence[Found]], ask: Ask) -> tuple[list[_Evidence], list[str]]:
    """What shows the kind, and the days on which it was found normal or ended; a day that is not exact clears nothing."""
    shown: list[_Evidence] = []
    cleared: list[str] = []
    for source in finding.sources:
        earlier: Any = None
        for one in sorted(found(source.need), key=lambda f: f.order):
            condition = one.resource.get("resourceType") == "Condition"
            course = str(one.item.get(finding.course, ""))
            grade = ask(source.grade, one.item) if source.grade else None
            steady = source.only_worse and (earlier is None or grade is None or grade >= earlier)
            earlier = earlier if grade is None else grade
            if (
                ask(source.abnormal, one.item) is True
                and course != "resolved"
                and not (steady and course not in WORSENS)
            ):
                own = condition and any(key.startswith("onset") for key in one.resource)
                shown.append(_Evidence(one.day, one.order, source.need, grade, course, condition, own, one.undecided))
            elif (source.normal is not None and ask(source.normal, one.item) is True) or course == "resolved":
                ended = one.item.get("abated", "") if condition else one.day
                if len(ended) == len("2026-06-15"):
                    cleared.append(ended)
    return shown, cleared


def _worsenings(dated: Sequence[_Evidence]) -> list[_Evidence]:
    out = []
    latest_grade: dict[str, Any] = {}
    for number, one in enumerate(dated):
        earlier = latest_grade.get(one.need)
        worse = earlier is not None and one.grade is not None and one.grade < earlier
        # A Condition that a later encounter records again, without an onset of its own, repeats the finding.
        fresh = one.own_onset and number > 0
        if worse or fresh or one.course in WORSENS:
            out.append(one)
        if one.grade is not None:
            latest_grade[one.need] = one.grade
    return out


@dataclass(frozen=True, slots=True)
class Statement:
    """What one resource says of a ranked fact, and the need that found it."""

    answer: Any
    need: str
    found: Found


def ranked(fact: RankedFact, need: Callable[[str], Fact], ask: Callable[[Expression, Any], Any]) -> Sequence[Statement]:
    """The newest statement of the highest rank that says anything, followed by one of each answer that contradicts it.

    All needs of one rank weigh the same: a newer statement replaces one that is older by more than the gap; inside the gap the
    two conflict. A lower rank conflicts unless it is surely older (rulings 1.7, 2.4, section 6 rule 5 of the pathways page).
    """
    told: list[Statement] = []
    top_rank = 0
    for number, rank in enumerate(fact.ranks):
        for one in _newest_first(rank, need, ask):
            if not told:
                told.append(one)
                top_rank = number
            elif all(one.answer != other.answer for other in told):
                days = apart(one.found.day, told[0].found.day)
                close = days is None or days <= fact.gap_days
                if close if number == top_rank else not surely_older(one.found, told[0].found):
                    told.append(one)
    return told


def _newest_first(
    rank: Sequence[RankedSource], need: Callable[[str], Fact], ask: Callable[[Expression, Any], Any]
) -> Sequence[Statement]:
    told = list(_statements(rank, need, ask))
    if len(rank) > 1:
        told.sort(key=lambda one: one.found.reference)
        told.sort(key=lambda one: one.found.order, reverse=True)
    return told


def _statements(
    rank: Sequence[RankedSource], need: Callable[[str], Fact], ask: Callable[[Expression, Any], Any]
) -> Iterator[Statement]:
    for source in rank:
        for found in need(source.need).found:
            answer = ask(source.answer, found.item)
            if answer is not None:
                yield Statement(answer, source.need, found)
