"""What became of everything that was sent: each resource of a type that some need reads ends in one of five ways, and is counted
once, by the worst of them. Nothing is dropped without a count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from fhirpath_spine.pathway.sentences import Charted


class Way(IntEnum):
    """How one resource ended for one need; the lower, the worse."""

    REJECTED = 0
    """Recognised and not used; named with its reason."""
    UNREADABLE = 1
    """Its shape says nothing."""
    NOT_RECOGNISED = 2
    """Coded or worded, and in no table."""
    READ = 3
    ELSEWHERE = 4
    """Known, and known not to matter here."""

    __hash__ = int.__hash__  # an enumeration's own runs in Python, once per resource

    @property
    def word(self) -> str:
        """Its name in records and explanations."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource that was not recognised, or could not be read at all: what it is called, and when it was.

    ``doubt`` is what its words may mean: ``strong`` and ``weak`` of a cancer, ``deficit`` of a neurological deficit.
    """

    kind: str
    reference: str
    way: Way
    said: Charted
    day: str = ""
    doubt: str = ""


class MiscountError(Exception):
    """The ledger does not add up: a resource was dropped, or counted twice."""


@dataclass(slots=True)
class Ledger:
    """The count of one chart, by resource type and way, and the entries that are named."""

    counts: Counter[tuple[str, Way]] = field(default_factory=Counter)
    entries: list[Entry] = field(default_factory=list)
    known: list[Entry] = field(default_factory=list)
    """Entries that are known and, by what was decided of their code, no reason for anything: named, so that it can be asked."""
    drugs: list[Entry] = field(default_factory=list)
    """Drugs in use that no table knows: named in the explanation, and counted on no card, as a chart holds many."""
    unheard: list[tuple[str, Way, Any]] = field(default_factory=list)
    """What says nothing here, as it stands: its type, whether it is in no table or has no form, and what it is about."""

    def add(self, kind: str, ways: Sequence[Way], concept: Any = None) -> None:
        """Counts one resource by the worst of the ways in which it ended; one that concerns no need is elsewhere. ``concept`` is
        what it is about.
        """
        worst = min(ways) if ways else Way.ELSEWHERE
        self.counts[kind, worst] += 1
        if worst is Way.NOT_RECOGNISED or worst is Way.UNREADABLE:
            self.unheard.append((kind, worst, concept))

    def check(self, taken: int) -> None:
        """Raises :class:`MiscountError` unless as many resources were counted as were taken."""
        if self.counts.total() != taken:
            raise MiscountError(f"{taken} resources were taken and {self.counts.total()} counted")

    def by_way(self) -> dict[str, int]:
        """Way -> how many resources, of all types."""
        sums = Counter[Way]()
        for (_, way), number in self.counts.items():
            sums[way] += number
        return {way.word: sums[way] for way in Way if sums[way]}

    def by_type(self) -> dict[str, dict[str, int]]:
        """Resource type -> way -> how many, both in a stable order."""
        types = sorted({kind for kind, _ in self.counts})
        return {t: {way.word: self.counts[t, way] for way in Way if self.counts[t, way]} for t in types}
