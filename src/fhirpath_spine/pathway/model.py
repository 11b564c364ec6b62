"""The loaded library: pathways, modules, policy and lesions, compiled and immutable.

``authoring`` builds it from files; ``evaluate`` reads it. All expressions are compiled and checked; no text of a profile is
parsed after the load. A library is safe to share between threads and calls.

It is long because the forms refer to one another and are read together; each is a record without behaviour of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fhirpath_spine.fhirpath import Amount, Expression, ValueSet
from fhirpath_spine.pathway.facts.needs import Coding, Need
from fhirpath_spine.pathway.facts.recognising import Recognition
from fhirpath_spine.pathway.facts.signs import NO_SIGNS, Signs
from fhirpath_spine.pathway.facts.spelling import PLAIN, Spelling
from fhirpath_spine.pathway.facts.words import Lists
from fhirpath_spine.pathway.lesions.table import Lesions
from fhirpath_spine.pathway.sentences import Text


class Unknown(StrEnum):
    """What a criterion does when its answer is UNKNOWN (rulings 1.6)."""

    DEFAULT = "default"
    """A ``when`` asks; a blocker cautions when not recorded and asks when not read."""
    ASK = "ask"
    HIDE = "hide"
    CAUTION = "caution"
    MET = "met"


class Indicator(StrEnum):
    """CDS Hooks urgency of a card, quietest first."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info, 1 for warning, 2 for critical."""
        return list(Indicator).index(self)


@dataclass(frozen=True, slots=True)
class Limit:
    """A number that a judgement turns on, by name. ``source`` is a document, a framework or DEFAULT; ``approver`` is empty
    where nobody has approved it here; ``pathway`` where one pathway keeps it for itself.
    """

    id: str
    value: Amount
    """Printed as FHIRPath writes it: ``30 'mL/min'``, ``7 days``."""
    source: str
    approver: str = ""
    pathway: str = ""
    windows: frozenset[str] = frozenset()
    """The needs, findings and ranked facts whose window or gap it is."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """A named three-valued question. ``say`` words it for the card when it matters; ``unknown`` says what UNKNOWN does.

    ``any_lesion``: a question about the patient that is asked of each lesion, and holds if it holds for one of them.
    """

    name: str
    test: Expression
    unknown: Unknown = Unknown.DEFAULT
    say: Text | None = None
    any_lesion: bool = False

    @property
    def label(self) -> str:
        """The name as words."""
        return self.name.replace("-", " ")


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence for a card, shown when ``when`` is true (or absent) and every placeholder has a value."""

    say: Text
    when: Expression | None = None


@dataclass(frozen=True, slots=True)
class ClaimRef:
    """A claim of the documents, cited only where ``when`` is true (or absent) (rulings 5.2)."""

    id: str
    when: Expression | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """What a CarePlan proposes for a recommendation: a request kind and words, never a drug, dose or named operation."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class OnOrder:
    """An order that a recommendation speaks of when it is chosen or signed: one whose code ``codes`` hold, where ``when`` is true
    (or absent). ``of`` is how the profile names these codes; ``says`` are the values of ``Status`` at which it speaks;
    ``headline`` stands in the place of the recommendation's own. ``priority`` is that which the order should have: the rule
    speaks of those alone that have a lower one. ``drugs``: it is of drugs, which no order of the recommendation's activity is.
    """

    of: tuple[str, ...]
    codes: tuple[ValueSet, ...]
    says: frozenset[str]
    when: Expression | None = None
    headline: tuple[Text, ...] = ()
    priority: str = ""
    drugs: bool = False


ACTIVITY_KINDS = ("ServiceRequest", "Task", "Appointment", "CommunicationRequest", "NutritionOrder")
"""Kinds of request that a CarePlan may propose; FHIR's others are drugs, devices and lenses."""


@dataclass(frozen=True, slots=True, eq=False)
class Recommendation:
    """One recommendation as its profile declares it; see ``docs/profiles.md`` for the meaning of each part."""

    id: str
    title: str
    kind: str
    claims: tuple[ClaimRef, ...]
    indicator: tuple[tuple[Indicator, Expression | None], ...]
    when: tuple[Criterion, ...] = ()
    blocked: tuple[Criterion, ...] = ()
    caution: tuple[Criterion, ...] = ()
    satisfied: tuple[Criterion, ...] = ()
    excluded: tuple[Criterion, ...] = ()
    suppressed: str = ""
    unreachable: str = ""
    follows: tuple[str, ...] = ()
    """``with:`` ids or ``kind:<kind>``: recommended if any of them is."""
    unless: tuple[str, ...] = ()
    """``unless:`` ids or ``kind:<kind>``: holds only if each of them is not-applicable, satisfied or suppressed."""
    lines: tuple[Line, ...] = ()
    alternatives: tuple[Line, ...] = ()
    headline: tuple[Text, ...] = ()
    """What a card says first where it is recommended: the first sentence of which every placeholder has a value. The last has
    no placeholder and is the step in a few words. ``ask`` and ``against`` are the same where data are missing, or it is blocked.
    """
    ask: tuple[Text, ...] = ()
    against: tuple[Text, ...] = ()
    activity: Activity | None = None
    per_patient: bool = False
    safety: Expression | bool = False
    """Where true: never hidden by a hold, never folded, on a card of its own."""
    on_order: tuple[OnOrder, ...] = ()
    """The orders that it speaks of at the hooks of orders, whatever ``when`` asks: who orders it has decided that."""


@dataclass(frozen=True, slots=True)
class Use:
    """A module entry that a pathway uses, where ``when`` is true (or absent)."""

    recommendation: Recommendation
    when: Expression | None = None


@dataclass(frozen=True, slots=True)
class State:
    """A state and the predicate that holds in it; the first in the list that is true is the state (rulings 4.1)."""

    name: str
    test: Expression


@dataclass(frozen=True, slots=True)
class Pathway:
    """One treatment pathway. ``per_lesion`` pathways are judged once for each lesion, others once for the patient."""

    id: str
    version: str
    title: str
    folder: str
    status: str
    digest: str
    applies: tuple[Criterion, ...]
    states: tuple[State, ...]
    uses: tuple[Use, ...]
    notes: tuple[Line, ...] = ()
    per_lesion: bool = True
    without_lesion: tuple[Criterion, ...] = ()
    """For a per-lesion pathway: when it applies to a patient of whom no lesion is on record."""
    fallback: bool = False
    """Takes the lesions that no other pathway takes."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Picks recommendations by id, by ``kind:<kind>`` or all by ``*``, where ``when`` is true (or absent)."""

    ids: frozenset[str]
    when: Expression | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A safety hold (section 7 of the pathways page): when ``test`` is met it hides, blocks, asks or cautions."""

    id: str
    test: Expression
    hide: tuple[Selector, ...] = ()
    block: tuple[Selector, ...] = ()
    ask: tuple[Selector, ...] = ()
    caution: tuple[Selector, ...] = ()
    unknown: Unknown = Unknown.DEFAULT
    """``ask``: what it would hide or block asks while the test is UNKNOWN because nothing is recorded."""
    say: Text | None = None
    """The reason on what it hides, blocks, asks or cautions."""
    headline: str = ""
    """What a card says first of what it blocks."""
    head: tuple[Line, ...] = ()
    """Lines at the head of each card while it holds."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The patient-level emergency gate (D2): while open, only what ``visible`` selects is shown."""

    pathway: str
    open: Expression
    acknowledged: Expression
    visible: tuple[Selector, ...]
    attached: tuple[Selector, ...]
    hidden: Text
    unread: Text
    acknowledged_line: Text
    scope_stop: Text


class Holds(StrEnum):
    """For which answer to its test a line of a notice is said."""

    MET = "met"
    UNREAD = "unread"
    """Unknown, because something could not be read."""
    REJECTED = "rejected"
    """Unknown, because something stands there that was not understood."""


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One reason for a notice: when it holds, the sentence that sums it up, and what the card says of it."""

    name: str
    test: Expression
    holds: Holds
    headline: Text
    say: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """A card of the patient that belongs to no pathway: a doubt that has to be named. It stands above all other cards where it is
    ``first``, and is not shown where ``unless`` is met. Its summary is the headline of the first line that holds.
    """

    id: str
    title: str
    topic: str
    """Code of the card's topic: static, since EHRs key the suppression of repeats on it."""
    indicator: Indicator
    first: bool
    unless: Expression | None
    lines: tuple[NoticeLine, ...]


@dataclass(frozen=True, slots=True)
class Goal:
    """A recorded goal of care that hides recommendations (D10)."""

    id: str
    test: Expression
    hide: tuple[Selector, ...]
    say: Text
    unread: Text


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Mutual exclusion between recommendations: where ``test`` is met, ``hide`` is hidden with ``say``."""

    id: str
    test: Expression
    hide: tuple[Selector, ...]
    say: Text


@dataclass(frozen=True, slots=True)
class Budget:
    """How many cards of pathways one response may carry, the gate's among them, before the rest folds into the last."""

    cards: int = 3


HOOKS = (
    "patient-view",
    "encounter-start",
    "problem-list-item-create",
    "encounter-discharge",
    "order-select",
    "order-sign",
)
"""The hooks of the standard that a profile set may be shown at; the first shows all of it where the policy says nothing."""
ABOUT_ORDERS = frozenset({"order-select", "order-sign"})
"""The hooks that fire while something is ordered: they speak about the order, and of an open gate."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Recommendations that a hook shows, and the indicator that they have there; None where it is their own."""

    ids: frozenset[str]
    indicator: Indicator | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """What one hook shows. ``whole``: all, as it is judged. Otherwise ``shows``, the gate, and of the notices those that stand
    first and those that are named.
    """

    name: str
    whole: bool = True
    shows: tuple[Shown, ...] = ()
    notices: frozenset[str] = frozenset()

    @property
    def about_orders(self) -> bool:
        """Whether it speaks about what is ordered, and of nothing else but an open gate."""
        return self.name in ABOUT_ORDERS

    def names(self, recommendation: str) -> bool:
        """Whether it shows a recommendation."""
        return self.whole or any(recommendation in one.ids for one in self.shows)

    def indicator(self, recommendation: str) -> Indicator | None:
        """The indicator that a recommendation has at this hook; None where it is its own."""
        return next((one.indicator for one in self.shows if recommendation in one.ids), None)


@dataclass(frozen=True, slots=True)
class Policy:
    """What stands above the pathways: order, gate, holds, goals, exclusions, budget, who may be told."""

    order: tuple[str, ...]
    gate: Gate | None
    holds: tuple[Hold, ...]
    goals: tuple[Goal, ...]
    exclusions: tuple[Exclusion, ...]
    budget: Budget
    conflict_days: int
    """Days within which two statements of one rank contradict each other; after them the newer one replaces the older."""
    notices: tuple[Notice, ...] = ()
    lead: tuple[str, ...] = ()
    """The kinds that a patient chooses between, in the order in which they lead a card where neither urgency nor a block does."""
    then: tuple[str, ...] = ()
    """The other kinds, in the order in which they follow."""
    hooks: tuple[Hook, ...] = (Hook(HOOKS[0]),)
    """What each hook shows that a service answers."""

    def hook(self, name: str) -> Hook:
        """What a hook shows; all, where the policy does not name it."""
        return next((one for one in self.hooks if one.name == name), Hook(name))


@dataclass(frozen=True, slots=True)
class FindingSource:
    """One need that shows, worsens or clears a kind of deficit (rulings 2.6).

    ``abnormal`` and ``normal`` are asked of each item; ``grade`` orders items (lower is worse), or None where it has no order.
    With ``only_worse`` an item shows a deficit only if its grade is below that of the item before it.
    """

    need: str
    abnormal: Expression
    normal: Expression | None = None
    grade: Expression | None = None
    only_worse: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A kind of deficit: yields present, onset, since, new, open, pressing, settled, undated.

    A deficit is open up to ``open_days`` after its onset or worsening, as long as no need of ``answered`` has an item since.
    """

    name: str
    label: str
    new_days: int
    open_days: int
    answered: tuple[str, ...]
    sources: tuple[FindingSource, ...]
    course: str
    """Name of the component that states the course; its words are new, worse, unchanged, improving and resolved."""


@dataclass(frozen=True, slots=True)
class RankedSource:
    """One need of a rank: where ``answer`` has a value for an item, the item states it."""

    need: str
    answer: Expression


@dataclass(frozen=True, slots=True)
class RankedFact:
    """A judgement read from several needs in order of rank (D9), each rank the needs that weigh the same.

    A lower rank never overrides a higher; it conflicts.
    """

    name: str
    label: str
    ranks: tuple[tuple[RankedSource, ...], ...]
    gap_days: int
    type: str = "boolean"

    @property
    def needs(self) -> tuple[str, ...]:
        """The needs of all ranks, highest first."""
        return tuple(source.need for rank in self.ranks for source in rank)


@dataclass(frozen=True, slots=True)
class Source:
    """One document or framework: what kind it is, of when, and how weak."""

    id: str
    title: str
    publisher: str
    date: str
    kind: str
    certainty: str
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class FrameworkLine:
    """A fact of a framework, the recommendations it stands on, and its grade of verification (A to C)."""

    on: tuple[Selector, ...]
    grade: str
    line: Line


@dataclass(frozen=True, slots=True)
class Framework:
    """A published framework beside the documents, off unless the site switches it on, or ``always`` for safety texts."""

    id: str
    title: str
    publisher: str
    date: str
    jurisdiction: str
    always: bool
    lines: tuple[FrameworkLine, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """One atomic statement of a document: its use, and the source's own strength words."""

    id: str
    source: str
    use: str
    strength: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """The code by which a site orders what an activity proposes."""

    activity: str
    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True)
class Site:
    """What a site decides for itself. ``flags`` missing a name means not configured, so unknown."""

    timezone: str = "UTC"
    flags: Mapping[str, bool] = field(default_factory=dict)
    frameworks: tuple[str, ...] = ()
    code_map: Mapping[Coding, Coding] = field(default_factory=dict)
    variants: tuple[str, ...] = ()
    """Genes whose variants the site has approved as targets; none ships. Read as ``%site.approved_variants``."""
    approvals: tuple[Mapping[str, str], ...] = ()
    expansions: Mapping[str, frozenset[Coding]] = field(default_factory=dict)
    """Value set -> codes that the site adds to it, from its own expansion files."""
    files: tuple[str, ...] = ()
    """Names of expansion files and code maps, which lie beside ``site.yaml``."""
    languages: tuple[str, ...] = ("en",)
    """The languages that free text of this site is written in; the lists of words are those of the library."""
    words: Lists = field(default_factory=Lists)
    """The site's own words that raise a doubt."""
    systems: Mapping[str, str] = field(default_factory=dict)
    """What the site's charts call a code system -> the system's own URI."""
    orders: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Library:
    """All of it, with the digest that a decision names. Compared by identity, so that what is derived from it is kept."""

    digest: str
    pathways: tuple[Pathway, ...]
    policy: Policy
    lesions: Lesions
    needs: Mapping[str, Need]
    definitions: Mapping[str, Expression]
    findings: Mapping[str, Finding]
    ranked: Mapping[str, RankedFact]
    labels: Mapping[str, str]
    """Variable name -> what a card calls it (needs, findings, ranked facts, definitions, flags)."""
    phrases: Mapping[str, Any]
    sources: Mapping[str, Source]
    claims: Mapping[str, Claim]
    value_sets: Mapping[str, ValueSet]
    limits: Mapping[str, Limit] = field(default_factory=dict)
    """Every number that stands under a name of its own."""
    flags: tuple[str, ...] = ()
    """Names of the site flags that expressions read."""
    frameworks: tuple[Framework, ...] = ()
    words: Mapping[str, Lists] = field(default_factory=dict)
    """Language -> the words of free text that raise a doubt."""
    recognition: Recognition = field(default_factory=Recognition)
    """What is known though no need reads it, and what raises a doubt."""
    spelling: Spelling = PLAIN
    """How charts spell the code systems and the codes of some."""
    signs: Signs = NO_SIGNS
    """By which codes an EHR says that not all is here."""

    def pathway(self, id: str) -> Pathway | None:  # noqa: A002 - the field's own word
        """The pathway of that id, if the library holds it."""
        return next((p for p in self.pathways if p.id == id), None)
