"""What a judgement says: verdicts with their trace, states, lesions and the plan of the cards. Plain values, no behaviour.

A decision is phrased by ``exchange``; it holds no wire format. Text is a tuple of parts (``texts.Said``), in which what came
from the chart is marked, so that it is escaped exactly once. What one call makes by the hundred is a named tuple: as fixed as
a frozen dataclass, and made in a fifth of the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from fhirpath_spine.pathway.facts.chart import Unread
from fhirpath_spine.pathway.facts.filing import Rejection
from fhirpath_spine.pathway.facts.ledger import Ledger
from fhirpath_spine.pathway.facts.plans import PlanOnFile
from fhirpath_spine.pathway.lesions.lesion import LesionRef
from fhirpath_spine.pathway.model import Activity, Indicator
from fhirpath_spine.pathway.sentences import Said
from fhirpath_spine.pathway.truth import Reason, Truth


class Status(StrEnum):
    """Result of one recommendation, in the order in which it is decided (rulings 1.5)."""

    SUPPRESSED = "suppressed"
    SATISFIED = "satisfied"
    NOT_APPLICABLE = "not-applicable"
    BLOCKED = "blocked"
    NEEDS_DATA = "needs-data"
    RECOMMENDED = "recommended"

    @property
    def shown(self) -> bool:
        """Whether a card shows it: recommended, blocked and needs-data are."""
        return self in (Status.RECOMMENDED, Status.BLOCKED, Status.NEEDS_DATA)


class Evidence(NamedTuple):
    """One datum that was read: its name, its value in words, date, author and the resource it stands in."""

    need: str
    label: str
    value: Said
    date: str
    reference: str
    author: str = ""


class Missing(NamedTuple):
    """One datum that would decide: its name on the card and why it is unknown. ``date`` is that of a stale value."""

    item: str
    reason: Reason
    need: str = ""
    date: str = ""
    days: int | None = None
    alternatives: tuple[Evidence, ...] = ()


class Step(NamedTuple):
    """One criterion as it was answered. ``role`` is when, use, unless, blocked, caution, satisfied, hold, goal or gate."""

    role: str
    name: str
    answer: Truth
    expression: str
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[Missing, ...] = ()
    said: Said = ()


@dataclass(frozen=True, slots=True)
class Beside:
    """A fact of a published framework beside a recommendation, labelled as not from the documents."""

    framework: str
    grade: str
    said: Said


class Verdict(NamedTuple):
    """One recommendation's result for one lesion, or for the patient where ``lesion`` is None."""

    id: str
    title: str
    kind: str
    status: Status
    pathway: str
    lesion: LesionRef | None
    indicator: Indicator
    claims: tuple[str, ...]
    because: tuple[Said, ...]
    steps: tuple[Step, ...]
    by: str = ""
    missing: tuple[Missing, ...] = ()
    lines: tuple[Said, ...] = ()
    cautions: tuple[Said, ...] = ()
    alternatives: tuple[Said, ...] = ()
    beside: tuple[Beside, ...] = ()
    activity: Activity | None = None
    safety: bool = False
    on_gate: bool = False
    headline: Said = ()
    """What a card says first, if this leads it; empty where the profile has no sentence for it."""
    told: tuple[Said, ...] = ()
    """Those of the lines that are about this patient: they hold a datum, or stand there because of one."""
    orders: tuple[str, ...] = ()
    """The orders that it speaks of, by reference; none where it speaks of the chart."""
    changes: tuple[tuple[str, str], ...] = ()
    """Orders among these that should have another priority, each by reference with that."""
    step: str = ""
    """The step, or what stands against it or is missing, in a few words without a datum."""


@dataclass(frozen=True, slots=True)
class PathwayResult:
    """One entry (pathway, lesion): its state. ``certain`` is false where something unread could have made it another."""

    id: str
    version: str
    title: str
    digest: str
    state: str
    certain: bool
    lesion: LesionRef | None
    notes: tuple[Said, ...] = ()
    draft: bool = True


@dataclass(frozen=True, slots=True)
class Noticed:
    """A doubt that has a card of its own: what it says, what would decide it, and what it rests on. ``certain``: a line of it
    holds whatever else may be read.
    """

    id: str
    title: str
    topic: str
    indicator: Indicator
    first: bool
    headline: Said
    lines: tuple[Said, ...] = ()
    missing: tuple[Missing, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    certain: bool = False
    orders: tuple[str, ...] = ()
    """The orders that it speaks of, by reference."""


class CardKind(StrEnum):
    """What a planned card is for."""

    PATHWAY = "pathway"
    SAFETY = "safety"
    INCOMPLETE = "incomplete"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class PlannedCard:
    """Which verdicts stand together on one card. Each shown verdict sits on exactly one planned card."""

    kind: CardKind
    indicator: Indicator
    entry: PathwayResult | None
    verdicts: tuple[Verdict, ...] = ()
    notes: tuple[Said, ...] = ()
    notice: Noticed | None = None
    plans: tuple[PathwayResult, ...] = ()
    """The entries whose CarePlan rides on this card: those that it is about, never the gate's."""
    entries: tuple[PathwayResult, ...] = ()
    """All entries that it is about, the weightiest first; several where others were folded into it."""

    @property
    def orders(self) -> tuple[str, ...]:
        """The orders that it speaks of, by reference."""
        told = [reference for verdict in self.verdicts for reference in verdict.orders]
        return tuple(dict.fromkeys([*told, *(self.notice.orders if self.notice else ())]))


@dataclass(frozen=True, slots=True)
class Decision:
    """All that one call decided. Equal input gives an equal decision."""

    at: datetime
    patient: str
    library: str
    facts: str
    """Digest over the facts that were used, in canonical order."""
    entries: tuple[PathwayResult, ...]
    verdicts: tuple[Verdict, ...]
    cards: tuple[PlannedCard, ...]
    head: tuple[Said, ...] = ()
    """Lines at the head of each card (holds, an acknowledged deficit)."""
    rejections: tuple[Rejection, ...] = ()
    unread: tuple[Unread, ...] = ()
    notices: tuple[Noticed, ...] = ()
    ledger: Ledger = field(default_factory=Ledger)
    """What became of each resource that was sent."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Uncoded entries, unrecognised neoplasms and medications; they are named on a card that exists for other reasons."""
    warnings: tuple[str, ...] = ()
    """What is to be said of the Patient's record on the first card, as tails of phrase keys ``record-``."""
    silent: str = ""
    """Why there are deliberately no cards: ``deceased`` or ``audience``."""
    drafts: bool = True
    goals: tuple[Evidence, ...] = ()
    """The recorded goals of care that the policy's goals read; none where they contradict each other."""
    plans: tuple[PlanOnFile, ...] = ()
    """Plans of ours that the chart holds already."""
