"""From a chart to facts: which resources each need found, whether the search was complete, and what was rejected.

What counts is decided when a resource is filed; here recency, conflicts and completeness are applied (rulings 1.3, 2.4, 2.5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from fhirpath_spine.fhirpath import Incomplete
from fhirpath_spine.pathway.facts.chart import WHERE_OFFERED, Chart, Unread, type_of
from fhirpath_spine.pathway.facts.dates import apart, within
from fhirpath_spine.pathway.facts.filing import NOT_UNDERSTOOD, Bin, Found, Rejection, surely_older
from fhirpath_spine.pathway.facts.intake import Intake
from fhirpath_spine.pathway.facts.needs import Need
from fhirpath_spine.pathway.facts.pairs import lower_of_pairs
from fhirpath_spine.pathway.truth import Reason


@dataclass(slots=True, eq=False)
class Fact:
    """What one need gave, for the patient or for one lesion.

    ``items`` is the collection that expressions read; ``gap`` says why it may be empty. ``alternatives`` holds the
    statements that contradict each other; then ``items`` is one of them, and a criterion has to be asked for each.
    """

    need: Need
    found: tuple[Found, ...]
    items: Sequence[Any]
    gap: Reason
    stale: str = ""
    alternatives: tuple[Found, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    blurred: tuple[Rejection, ...] = ()
    """What stands there and was not understood, where nothing else of the need is usable: then nothing is not the answer."""


LesionsOf = Callable[[Found], frozenset[str] | None]
"""Keys of the lesions that a datum belongs to; empty if that cannot be told, None if its body site lies elsewhere."""
_EMPTY = Bin()
"""What a need holds that no resource answers."""


class Facts:
    """All facts of one chart. Needs are resolved when first asked for."""

    def __init__(
        self, needs: Mapping[str, Need], chart: Chart, intake: Intake, at: datetime, zone: tzinfo, conflict_days: int
    ) -> None:
        self._needs, self._chart, self._bins = needs, chart, intake.bins
        self.at, self.zone = at, zone
        self.today: date = at.astimezone(zone).date()
        self._conflict_days = conflict_days
        self._resolved: dict[tuple[str, str | None], Fact] = {}
        self._unread: dict[tuple[str, ...], list[Unread]] = {}
        self.patient, self.possible_patients = intake.patient, intake.possible_patients
        self.counts, self.used, self.ledger = intake.counts, intake.used, intake.ledger
        self.plans = tuple(intake.plans)
        self.orders = tuple(intake.orders)
        """What is on the screen to be ordered; empty where nobody asks for it."""
        self.deceased, self.warnings, self.types_unread = intake.deceased, tuple(intake.warnings), intake.unread
        read = chart.reads.get("patient")
        self.patient_read = read is not None and read.complete and "Patient" not in intake.unread
        self._lesions_of: LesionsOf = lambda _found: None
        self._lesions_complete = True

    def placed(self, lesions_of: LesionsOf, *, complete: bool) -> Facts:
        """The same facts, each datum of a need per lesion at its lesions.

        ``complete``: no lesion may be unread. Otherwise a datum that lies at none may lie at one of those.
        """
        at_lesion: dict[Found, frozenset[str] | None] = {}

        def once(found: Found) -> frozenset[str] | None:
            if found not in at_lesion:
                at_lesion[found] = lesions_of(found)
            return at_lesion[found]

        placed = copy(self)
        placed._lesions_of, placed._lesions_complete = once, complete
        placed._resolved = {key: fact for key, fact in self._resolved.items() if key[1] is None}
        return placed

    def all_found(self, name: str) -> list[Found]:
        """Every usable resource of a need, whatever its date; for lesions, which are built from them."""
        bin_ = self._bins.get(name)
        return bin_.found if bin_ else []

    def doubted(self, doubt: str, found: Iterable[Found]) -> None:
        """Adds data to what the needs collect that ask for this doubt. To be told before any of these needs is resolved."""
        for name, need in self._needs.items():
            if need.doubt == doubt:
                self._bins.setdefault(name, Bin()).found += found

    def name_unplaced(self, unplaced: Callable[[Found], bool]) -> None:
        """Names each datum of a need per lesion whose body site cannot be placed, so that it may concern any lesion."""
        for name, bin_ in self._bins.items():
            need = self._needs[name]
            for found in bin_.found if need.per_lesion else ():
                if unplaced(found) and self._lesions_of(found) == frozenset():
                    named = Rejection(name, need.label, "site-unplaced", found.reference, (), found.day)
                    bin_.rejected.append(named)

    @property
    def filed(self) -> frozenset[str]:
        """The needs under which an entry was filed, whatever became of it."""
        return frozenset(self._bins)

    def rejections(self, names: Iterable[str]) -> list[Rejection]:
        """What was rejected for these needs, each resource once."""
        found = {(r.reference, r.reason): r for n in names if n in self._bins for r in self._bins[n].rejected}
        return sorted(found.values(), key=lambda r: (r.label, r.reference, r.reason))

    def unread(self, need: Need) -> list[Unread]:
        """The keys of a need that could not be read to the end, or hold something that could not be used."""
        unread = self._unread.get(need.keys)
        if unread is None:
            unread = self._unread[need.keys] = list(self._unread_of(need.keys))
        return unread

    def _unread_of(self, keys: Iterable[str]) -> Iterator[Unread]:
        for key in keys:
            read, kind = self._chart.reads.get(key), type_of(key)
            if read is None and key in WHERE_OFFERED:
                continue
            if read is None or not read.complete:
                reason = (read.reason if read else None) or Reason.UNREAD
                yield Unread(key, kind, reason, read.detail if read else "absent")
            elif kind in self.types_unread:
                yield Unread(key, kind, Reason.UNREAD, self.types_unread[kind])

    def doubts(self, need: Need) -> list[Unread]:
        """What a need matched and could not use, by the keys that may hold it."""
        bin_ = self._bins.get(need.name)
        return [
            Unread(key, type_of(key), Reason.UNREAD, why) for why in (bin_.doubts if bin_ else ()) for key in need.keys
        ]

    def resolve(self, name: str, lesion: str | None = None) -> Fact:
        """The fact of a need, for one lesion where the need is per lesion and a lesion is given."""
        need = self._needs[name]
        key = (name, lesion if need.per_lesion else None)
        fact = self._resolved.get(key)
        if fact is None:
            fact = self._resolved[key] = self._resolve(need, key[1])
        return fact

    def _resolve(self, need: Need, lesion: str | None) -> Fact:
        bin_ = self._bins.get(need.name)
        if bin_ is None:
            gap = self._gap(need, _EMPTY, undecided=False, stale="", conflict=False, astray=False)
            return Fact(need, (), [] if gap is Reason.NOT_RECORDED else Incomplete(), gap)
        mine, astray = bin_.found, False
        if lesion is not None and bin_.found:
            places = [self._lesions_of(f) for f in bin_.found]
            mine = [f for f, keys in zip(bin_.found, places, strict=True) if keys and lesion in keys]
            astray = any(keys is not None and not keys for keys in places)
        usable, undecided, stale = self._recent(need, mine)
        # Another scale counts only where the need's own is not there.
        usable = [f for f in usable if "stated" not in f.item] or usable
        if len(usable) > 1:
            usable.sort(key=lambda f: f.reference)
            usable.sort(key=lambda f: f.order, reverse=True)
            usable = lower_of_pairs(need, usable)
        alternatives = self._conflict(need, usable)
        if need.latest:
            usable = usable[:1]
        gap = self._gap(need, bin_, undecided=undecided, stale=stale, conflict=bool(alternatives), astray=astray)
        blurred = () if usable else self._blurred(need, bin_)
        unsure = undecided or astray or bin_.unplaced
        open_ = gap in (Reason.UNREAD, Reason.NOT_OFFERED, Reason.UNVERIFIED) or unsure
        values: list[Any] = [f.item for f in usable]
        return Fact(
            need,
            tuple(usable),
            Incomplete(values) if open_ or blurred else values,
            gap if open_ or not blurred else Reason.REJECTED,
            stale,
            tuple(alternatives),
            tuple(bin_.rejected),
            () if open_ else blurred,
        )

    def _blurred(self, need: Need, bin_: Bin) -> tuple[Rejection, ...]:
        """What was not understood and may lie in the window of the need."""
        return tuple(
            r
            for r in bin_.rejected
            if r.reason in NOT_UNDERSTOOD
            and (need.within is None or not r.date or within(r.date, self.today, need.within) is not False)
        )

    def _recent(self, need: Need, found: list[Found]) -> tuple[list[Found], bool, str]:
        if need.within is None:
            return list(found), False, ""
        usable, undecided, stale = [], False, ""
        for one in found:
            answer = None if one.undecided else within(one.day, self.today, need.within) if one.day else False
            if answer:
                usable.append(one)
            elif answer is None:
                undecided = True
            elif one.day > stale:
                stale = one.day
        return usable, undecided, "" if usable else stale

    def _conflict(self, need: Need, usable: list[Found]) -> list[Found]:
        """The newest statement and each that contradicts it; none where no statement does.

        A statement contradicts the newest if both may be of one time. A statement of judgement data also does so if it is
        older by no more than the gap of the policy.
        """
        if len(usable) < 2 or not (need.latest or need.conflict) or "value" not in usable[0].item:
            return []
        newest = usable[0]
        others: dict[Any, Found] = {}
        for one in usable[1:]:
            days = apart(one.day, newest.day)
            same_time = one.order == newest.order or (bool(one.day) and not surely_older(one, newest))
            if one.meaning != newest.meaning and (
                same_time or (need.conflict and (days is None or days <= self._conflict_days))
            ):
                others.setdefault(one.meaning, one)
        return [newest, *others.values()] if others else []

    def _gap(self, need: Need, bin_: Bin, *, undecided: bool, stale: str, conflict: bool, astray: bool) -> Reason:
        unread = self.unread(need)
        if any(u.reason is Reason.UNREAD for u in unread) or bin_.unusable or (astray and not self._lesions_complete):
            return Reason.UNREAD
        if unread:
            return Reason.NOT_OFFERED
        if conflict:
            return Reason.CONFLICT
        if stale:
            return Reason.STALE
        if bin_.unverified:
            return Reason.UNVERIFIED
        if undecided or astray or bin_.unplaced or (bin_.rejected and not bin_.found):
            return Reason.REJECTED
        return Reason.NOT_RECORDED
