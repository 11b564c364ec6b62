"""What a pathway may read of a patient: typed retrieves and how a value is taken from a resource.

A need is pure data. It says which resources count (type, value set, status), how their value is read (type, unit,
answers, plausible range), how old it may be, and what its absence means. Nothing else of the core touches a resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from fhirpath_spine.fhirpath import ValueSet

Coding = tuple[str, str]
"""(system, code), interned; the display is never matched."""


class Absent(StrEnum):
    """What a complete search that finds nothing says about a need of type boolean (rulings 1.1)."""

    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Value:
    """How the value of an Observation is read.

    ``kind`` is quantity, integer, boolean, word (a coded answer named by the profile) or concept (the CodeableConcept).
    ``unit`` is the canonical UCUM unit; ``factors`` maps each accepted unit to the number that turns it into ``unit``.
    ``answers`` maps a coded answer to the word or integer it stands for. Outside ``plausible`` a value is rejected.
    ``component`` reads the value of the component with such a code instead of the Observation's own.
    """

    kind: str
    unit: str = ""
    factors: Mapping[str, Decimal] = field(default_factory=dict)
    answers: Mapping[Coding, str | int] = field(default_factory=dict)
    plausible: tuple[Decimal, Decimal] | None = None
    component: ValueSet | None = None

    @property
    def words(self) -> frozenset[str]:
        """The words that an answer can be; empty unless ``kind`` is word."""
        return frozenset(a for a in self.answers.values() if isinstance(a, str))


@dataclass(frozen=True, slots=True)
class Need:
    """One typed retrieve.

    ``statuses`` are the admitted values of ``status`` (Condition: of ``clinicalStatus``, with *active* standing for active,
    recurrence and relapse, *history* for inactive, remission and resolved); ``verification`` those of verificationStatus, with
    *provisional* standing for unconfirmed, provisional and differential. ``within`` is a number of calendar days up to today.
    ``key`` names the prefetch keys that may hold its resources. ``label`` names the datum on a card.
    """

    name: str
    label: str
    resources: tuple[str, ...]
    keys: tuple[str, ...]
    codes: ValueSet | None = None
    statuses: frozenset[str] = frozenset()
    verification: frozenset[str] = frozenset()
    meaning: frozenset[str] = frozenset()
    value: Value | None = None
    components: Mapping[str, Value] = field(default_factory=dict)
    within: int | None = None
    latest: bool = False
    absent: Absent | None = None
    conflict: bool = False
    per_lesion: bool = False
    sites: ValueSet | None = None
    drafts: bool = False
