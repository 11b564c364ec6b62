"""What a pathway may read of a patient: typed retrieves, how a value is taken from a resource, and which needs a coding answers,
by an index over all value sets, so that a resource is looked up and never scanned.

A need is pure data. It says which resources count (type, value set, status), how their value is read (type, unit,
answers, plausible range), how old it may be, and what its absence means. Nothing else of the core touches a resource.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
class Conversion:
    """Another scale that a need takes where its own is not recorded, by a published table.

    ``codes`` are those of the other scale, ``value`` how it is read; ``steps`` maps the least value of each band to what it
    means. ``label`` names the datum then.
    """

    codes: ValueSet
    value: Value
    steps: Mapping[int, int]
    label: str

    def read(self, stated: int) -> int | None:
        """What a value of the other scale means; None below its lowest band."""
        floors = [floor for floor in self.steps if floor <= stated]
        return self.steps[max(floors)] if floors else None


@dataclass(frozen=True, slots=True)
class Value:
    """How the value of an Observation is read.

    ``kind`` is quantity, integer, boolean, word (a coded answer named by the profile) or concept (the CodeableConcept).
    ``unit`` is the canonical UCUM unit; ``factors`` maps each accepted unit to the number that turns it into ``unit``, and
    ``printed`` the same by how such units are printed (:func:`printed`).
    ``answers`` maps a coded answer to the word, number or truth that it stands for. Outside ``plausible`` a value is rejected.
    ``component`` are codes of components that carry the value where the Observation has none of its own.
    ``conversion`` is another scale that is read where this one is not recorded. ``pair`` are codes that a laboratory gives two
    of for one sample, by race: the lower one counts. ``concepts`` are those that a value of kind concept may be; any, if None.
    """

    kind: str
    unit: str = ""
    factors: Mapping[str, Decimal] = field(default_factory=dict)
    printed: Mapping[str, Decimal] = field(default_factory=dict)
    answers: Mapping[Coding, str | int] = field(default_factory=dict)
    plausible: tuple[Decimal, Decimal] | None = None
    component: ValueSet | None = None
    conversion: Conversion | None = None
    pair: ValueSet | None = None
    concepts: ValueSet | None = None

    @property
    def words(self) -> frozenset[str]:
        """The words that an answer can be; empty unless ``kind`` is word."""
        return frozenset(a for a in self.answers.values() if isinstance(a, str))

    def factor(self, units: Iterable[object]) -> Decimal | None:
        """The factor of the first unit that is known: as UCUM writes it, else as it is printed."""
        told = [unit for unit in units if isinstance(unit, str)]
        for unit in told:
            if unit in self.factors:
                return self.factors[unit]
        return next((self.printed[form] for unit in told if (form := printed(unit)) in self.printed), None)


def printed(unit: str) -> str:
    """A unit as printed forms are compared: without blanks, in one case."""
    return "".join(unit.split()).casefold()


@dataclass(frozen=True, slots=True)
class Need:
    """One typed retrieve.

    ``statuses`` are the admitted values of ``status`` (Condition: of ``clinicalStatus``, with *active* standing for active,
    recurrence and relapse, *history* for inactive, remission and resolved); ``verification`` those of verificationStatus, with
    *provisional* standing for unconfirmed, provisional and differential. ``within`` is a number of calendar days up to today.
    ``key`` names the prefetch keys that may hold its resources. ``label`` names the datum on a card. A need with a ``doubt``
    (a value of :class:`recognising.Doubt`) collects the entries that no table knows and that raise it.
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
    elsewhere: ValueSet | None = None
    """Body sites that are surely none of ``sites``; what lies at any other cannot be placed."""
    drafts: bool = False
    doubt: str = ""
    of: str = ""
    """The need of which it was written as a view, for those who look up where a part of it is written."""

    @property
    def own_codes(self) -> ValueSet | None:
        """Its codes without those of another scale that is read where this one is not recorded."""
        if self.codes is None or self.value is None or self.value.conversion is None:
            return self.codes
        return ValueSet(self.name, self.codes.members - self.value.conversion.codes.members, self.codes.prefixes)


_CACHE_LIMIT = 10_000
_CACHED_CODINGS, _CACHED_CODE = 8, 64
"""Codings of a resource, and length of a code, that are worth remembering: a chart must not fill the memory of the process."""


class Matcher:
    """Finds the needs of a resource by its type and codings. Safe to share: its only state is a bounded cache."""

    def __init__(self, needs: Mapping[str, Need]) -> None:
        exact: dict[tuple[str, Coding], list[str]] = {}
        self._by_prefix: dict[tuple[str, str], list[Need]] = {}
        self._whole: dict[str, tuple[str, ...]] = {}
        self._doubts: dict[tuple[str, str], tuple[str, ...]] = {}
        for need in needs.values():
            for kind in need.resources:
                if need.doubt:
                    self._doubts[kind, need.doubt] = (*self._doubts.get((kind, need.doubt), ()), need.name)
                    continue
                if need.codes is None:
                    self._whole[kind] = (*self._whole.get(kind, ()), need.name)
                    continue
                for member in need.codes.members:
                    exact.setdefault((kind, member), []).append(need.name)
                for system in need.codes.prefixes:
                    self._by_prefix.setdefault((kind, system), []).append(need)
        self._exact = {key: tuple(names) for key, names in exact.items()}
        self._together: dict[tuple[str, tuple[Coding, ...]], tuple[str, ...]] = {}
        self._systems = frozenset(
            system
            for need in needs.values()
            if need.codes is not None
            for system in (*(s for s, _ in need.codes.members), *need.codes.prefixes)
        )

    def needs(self, kind: str, codings: Iterable[Coding]) -> tuple[str, ...]:
        """Names of the needs that a resource of this type with these codings answers, each once."""
        codings = tuple(codings)
        together = self._together.get((kind, codings))
        if together is not None:
            return together
        found: dict[str, None] = dict.fromkeys(self._whole.get(kind, ()))
        for coding in codings:
            found.update(dict.fromkeys(self._exact.get((kind, coding), ())))
            for need in self._by_prefix.get((kind, coding[0]), ()):
                if need.codes is not None and need.codes.contains(*coding):
                    found[need.name] = None
        names = tuple(found)
        if len(codings) <= _CACHED_CODINGS and all(len(s) + len(c) <= _CACHED_CODE for s, c in codings):
            if len(self._together) >= _CACHE_LIMIT:
                self._together.clear()
            self._together[kind, codings] = names
        return names

    def coded(self, kind: str, codings: Iterable[Coding]) -> tuple[str, ...]:
        """Of :meth:`needs`, those that ask for a code; none of those that take a whole type."""
        whole = self._whole.get(kind, ())
        found = self.needs(kind, codings)
        return tuple(name for name in found if name not in whole) if whole else found

    def doubting(self, kind: str, doubts: Iterable[str]) -> tuple[str, ...]:
        """Names of the needs that collect entries of this type which raise one of the doubts."""
        return tuple(dict.fromkeys(name for doubt in doubts for name in self._doubts.get((kind, doubt), ())))

    def readable(self, codings: Iterable[Coding]) -> bool:
        """Whether any of the codings is of a code system that some need reads."""
        return any(system in self._systems for system, _ in codings)


def known(value_set: ValueSet | None, codings: Iterable[Coding]) -> bool:
    """Whether any of the codings is in the value set."""
    return value_set is not None and any(value_set.contains(system, code) for system, code in codings)
