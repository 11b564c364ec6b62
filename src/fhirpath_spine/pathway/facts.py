"""From a chart to facts: which resources each need found, whether the search was complete, and what was rejected.

Everything that rulings section 2 says about reading is applied here, once: status, subject, dates, units, recency and
conflicts. What a clinical word means is not: that stands in the profiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from hashlib import sha256
from typing import Any

from fhirpath_spine.errors import PatientMismatch
from fhirpath_spine.fhirpath import Incomplete
from fhirpath_spine.pathway import reading
from fhirpath_spine.pathway.chart import KEYS, Chart, Resource
from fhirpath_spine.pathway.dates import (
    SLACK,
    Order,
    apart,
    day_of,
    first_day,
    overlaps,
    stamp,
    within,
    years_between,
)
from fhirpath_spine.pathway.decision import Rejection, Unread
from fhirpath_spine.pathway.digests import canonical
from fhirpath_spine.pathway.matching import Matcher, known
from fhirpath_spine.pathway.needs import Coding, Need
from fhirpath_spine.pathway.subjects import Subject, reference_of, whose
from fhirpath_spine.pathway.texts import Charted
from fhirpath_spine.pathway.truth import Reason


@dataclass(slots=True, eq=False)
class Found:
    """One usable resource of a need: the item that expressions see, and what places it in time and at a lesion."""

    item: dict[str, Any]
    resource: Resource
    reference: str
    day: str
    order: Order
    undecided: bool = False
    lesions: frozenset[str] | None = None
    """Keys of the lesions it belongs to; empty if that cannot be told, None if its body site lies elsewhere."""

    @property
    def meaning(self) -> Any:
        """What two statements are compared by: the value as read."""
        value = self.item.get("value")
        return repr(sorted(reading.codings(value))) if isinstance(value, dict) else value


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


@dataclass(frozen=True, slots=True)
class _Dating:
    """When a resource counts as dated; ``problem`` is the phrase key of an impossible date, ``unusable`` if nothing is left."""

    day: str = ""
    order: Order = (date.min, 0.0)
    problem: str = ""
    unusable: bool = False


@dataclass(slots=True)
class _Bin:
    """Resources that a need matched, as they come."""

    found: list[Found] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    unusable: bool = False
    unverified: bool = False


class Facts:
    """All facts of one chart. Needs are resolved when first asked for."""

    def __init__(
        self,
        needs: Mapping[str, Need],
        matcher: Matcher,
        chart: Chart,
        at: datetime,
        zone: tzinfo,
        code_map: Mapping[Coding, Coding],
        recognised: Mapping[str, Any],
        conflict_days: int,
    ) -> None:
        self._needs, self._matcher, self._chart = needs, matcher, chart
        self.at, self.zone = at, zone
        self.today: date = at.astimezone(zone).date()
        self._limit = at + SLACK
        self._last_day = self._limit.astimezone(zone).date()
        self._born: date | None = None
        self._subjects: dict[str, Subject] = {}
        self._code_map = code_map
        self._recognised = recognised
        self._conflict_days = conflict_days
        self._bins: dict[str, _Bin] = {}
        self._resolved: dict[tuple[str, str | None], Fact] = {}
        self._medications: dict[str, Resource] = {}
        self.patient: dict[str, Any] | None = None
        read = chart.reads.get("patient")
        self.patient_read = read is not None and read.complete
        self.counts = {"uncoded": 0, "unrecognisedNeoplasms": 0, "unrecognisedMedications": 0}
        self.used: dict[str, Resource] = {}
        self.lesions_unread = False
        """Whether there may be lesions that could not be read, so that what lies at none may lie at one of them."""
        self._read()

    # ------------------------------------------------------------------ one pass over the chart

    def _resources(self) -> Iterator[tuple[Resource, bool]]:
        """Every resource once. Of two that share an id and differ, the later version counts, in whatever order they come."""
        kept: dict[Any, tuple[Resource, bool]] = {}
        drafts = ((r, True) for r in self._chart.drafts)
        charted = ((r, False) for read in self._chart.reads.values() for r in read.resources)
        for number, (resource, draft) in enumerate((*charted, *drafts)):
            kind, id_ = resource.get("resourceType"), resource.get("id")
            key = (kind, id_) if isinstance(kind, str) and isinstance(id_, str) and id_ else number
            other = kept.get(key)
            if other is None or (resource != other[0] and _version(resource) > _version(other[0])):
                kept[key] = (resource, draft if other is None else other[1])
        for resource, draft in kept.values():
            yield (self._mapped(resource) if self._code_map else resource), draft

    def _read(self) -> None:
        resources = list(self._resources())
        for resource, _ in resources:
            kind = resource.get("resourceType")
            if kind == "Patient":
                self._take_patient(resource)
            elif kind == "Medication":
                self._medications[f"Medication/{resource.get('id')}"] = resource
        for resource, draft in resources:
            if resource.get("resourceType") not in ("Patient", "Medication"):
                self._take(resource, draft)

    def _take_patient(self, resource: Resource) -> None:
        if resource.get("id") != self._chart.patient:
            raise PatientMismatch(
                "The chart holds a Patient that is not the patient of the context, so nothing was judged.",
                hint="Send data of the context's patient only, and check the cache that filled the prefetch.",
            )
        birth = day_of(resource.get("birthDate"), self.zone)
        age = years_between(birth, self.today) if birth else None
        self._born = first_day(birth)
        self.patient = (
            {**resource, "birthDate": birth} if birth else {k: v for k, v in resource.items() if k != "birthDate"}
        )
        if age is not None and age >= 0:
            self.patient["age"] = age

    def _take(self, resource: Resource, draft: bool) -> None:
        kind = str(resource.get("resourceType"))
        concept = reading.concept_of(resource)
        if isinstance(concept, dict) and "reference" in concept:
            concept = reading.medication_concepts(self._medications.get(str(concept["reference"]), {}))
        codes = tuple(reading.codings(concept))
        subject = self._subject(resource)
        if subject is Subject.ANOTHER:
            raise PatientMismatch(
                f"A {kind} of another patient is among the data, so nothing was judged.",
                hint="Send data of the context's patient only, and check the cache that filled the prefetch.",
            )
        names = self._matcher.needs(kind, codes)
        if not names or not codes:
            self._count(kind, resource, codes, names)
        if not names:
            return
        reference = (
            f"{kind}/{resource['id']}" if isinstance(resource.get("id"), str) else f"{kind}#{_nameless(resource)}"
        )
        dating = self._date(resource)
        for name in names:
            need = self._needs[name]
            if draft and not need.drafts:
                continue
            bin_ = self._bins.get(name)
            if bin_ is None:
                bin_ = self._bins[name] = _Bin()
            if subject is Subject.UNUSABLE:
                bin_.unusable = True
                bin_.rejected.append(Rejection(name, need.label, "no-subject", reference))
                continue
            self._file(bin_, need, resource, concept, reference, dating)

    def _subject(self, resource: Resource) -> Subject:
        reference = reference_of(resource)
        if not isinstance(reference, str):
            return Subject.UNUSABLE
        found = self._subjects.get(reference)
        if found is None:
            found = self._subjects[reference] = whose(reference, self._chart)
        return found

    def _count(self, kind: str, resource: Resource, codes: Sequence[Coding], names: Sequence[str]) -> None:
        if (
            kind in ("Condition", "Observation", "Procedure")
            and not self._matcher.readable(codes)
            and reading.concept_of(resource)
        ):
            self.counts["uncoded"] += 1
        elif kind == "Condition" and not names:
            chapter, tables = self._recognised.get("chapter"), self._recognised.get("neoplasms")
            self.counts["unrecognisedNeoplasms"] += known(chapter, codes) and not known(tables, codes)
        elif kind in ("MedicationRequest", "MedicationStatement") and not names:
            unknown = not known(self._recognised.get("medications"), codes)
            self.counts["unrecognisedMedications"] += unknown and reading.meaning(resource) in ("active", "proposed")

    def _mapped(self, resource: Resource) -> Resource:
        """The resource with the site's translations beside its own codings."""

        def translate(value: Any) -> Any:
            if isinstance(value, list):
                return [translate(v) for v in value]
            if not isinstance(value, dict):
                return value
            out = {k: translate(v) for k, v in value.items()}
            if isinstance(out.get("coding"), list):
                added = [self._code_map[c] for c in reading.codings(out) if c in self._code_map]
                out["coding"] += [{"system": system, "code": code} for system, code in added]
            return out

        return dict(translate(dict(resource)))

    # ------------------------------------------------------------------ one resource for one need

    def _file(self, bin_: _Bin, need: Need, resource: Resource, concept: Any, reference: str, dating: _Dating) -> None:
        def reject(reason: str, value: str = "", day: str = "") -> None:
            said = (Charted(value),) if value else ()
            bin_.rejected.append(Rejection(need.name, need.label, reason, reference, said, day))

        kind = str(resource.get("resourceType"))
        item: dict[str, Any] = {**resource, "source": reference, "label": need.label}
        day, order = dating.day, dating.order
        if not self._status(bin_, need, resource, item, kind, day, reject):
            return
        if kind in ("MedicationRequest", "MedicationStatement"):
            item["code"] = concept if isinstance(concept, dict) else next(iter(reading.items(concept)), {})
        if need.sites is not None and not known(need.sites, reading.body_sites(resource)):
            return
        if dating.problem:
            reject(dating.problem, day=_text(resource))
            if dating.unusable:
                return
        if need.value is not None:
            element = self._element(resource, need)
            result = reading.read_value(element, need.value) if element else reading.NOTHING
            if result.problem:
                reject(result.problem, result.raw, day)
                return
            if result.value is None:
                return
            item["value"] = result.value
        for name, rule in need.components.items():
            for part in reading.items(resource.get("component")):
                if not isinstance(part, dict) or not known(rule.component, reading.codings(part.get("code"))):
                    continue
                if (answer := reading.read_value(part, rule)).value is not None:
                    item[name] = answer.value
        item.pop("date", None)
        if day:
            item["date"] = day
        if by := reading.author(resource):
            item["author"] = by
        self.used[reference] = resource
        bin_.found.append(Found(item, resource, reference, day, order))

    def _status(
        self, bin_: _Bin, need: Need, resource: Resource, item: dict[str, Any], kind: str, day: str, reject: Any
    ) -> bool:
        status = resource.get("status")
        match kind:
            case "Condition":
                return self._condition(bin_, need, resource, item)
            case "MedicationRequest" | "MedicationStatement":
                item["meaning"] = reading.meaning(resource)
                return item["meaning"] in (need.meaning or {"active"})
            case "Observation" | "DiagnosticReport":
                if status in reading.FINAL:
                    return True
                if status == "preliminary":
                    reject("preliminary", day=day)
                elif status not in reading.ERASED and status != "registered":
                    reject("no-status", day=day)
                return False
            case "Procedure":
                if status in (need.statuses or {"completed"}):
                    return True
                if not isinstance(status, str) or status == "unknown":
                    reject("no-status", day=day)
                return False
            case _:
                return status not in reading.ERASED and reading.verification(resource) != "refuted"

    def _condition(self, bin_: _Bin, need: Need, resource: Resource, item: dict[str, Any]) -> bool:
        verified = reading.verification(resource)
        if verified == "refuted":
            return False
        clinical = reading.clinical_status(resource)
        wanted = need.statuses
        if wanted and not (
            clinical in wanted
            or ("active" in wanted and clinical in reading.ACTIVE)
            or ("history" in wanted and clinical in reading.HISTORY)
            or "any" in wanted
        ):
            return False
        if need.verification and verified not in need.verification:
            bin_.unverified = bin_.unverified or not verified
            return False
        item["clinical"] = clinical
        item["current"] = clinical in reading.ACTIVE
        if verified:
            item["confirmed"] = verified == "confirmed"
        if abated := day_of(resource.get("abatementDateTime"), self.zone):
            item["abated"] = abated
        return True

    def _date(self, resource: Resource) -> _Dating:
        """The first date of a resource that is possible. Of a Condition, an impossible onset gives way to recordedDate."""
        condition = resource.get("resourceType") == "Condition"
        impossible = ""
        for text in reading.date_texts(resource):
            read = stamp(text, self.zone)
            if read is None:
                continue
            if read.moment > self._limit if read.moment else read.first > self._last_day:
                impossible = "future"
            elif self._born is not None and read.before(self._born):
                impossible = "before-birth"
            else:
                return _Dating(read.day, read.order, impossible and f"onset-{impossible}")
            if not condition:
                # The date is that of the datum itself: it cannot have been seen then, so it is not used at all.
                return _Dating(problem=impossible, unusable=True)
        return _Dating(problem=impossible and f"date-{impossible}")

    @staticmethod
    def _element(resource: Resource, need: Need) -> Mapping[str, Any] | None:
        if need.value is None or need.value.component is None:
            return resource
        for part in reading.items(resource.get("component")):
            if isinstance(part, dict) and known(need.value.component, reading.codings(part.get("code"))):
                return part
        return None

    # ------------------------------------------------------------------ a need resolved

    def all_found(self, name: str) -> list[Found]:
        """Every usable resource of a need, whatever its date; for lesions, which are built from them."""
        bin_ = self._bins.get(name)
        return bin_.found if bin_ else []

    def rejections(self, names: Iterable[str]) -> list[Rejection]:
        """What was rejected for these needs, each resource once."""
        found = {(r.reference, r.reason): r for n in names if n in self._bins for r in self._bins[n].rejected}
        return sorted(found.values(), key=lambda r: (r.label, r.reference, r.reason))

    def unread(self, need: Need) -> list[Unread]:
        """The keys of a need that could not be read to the end."""
        out = []
        for key in need.keys:
            read = self._chart.reads.get(key)
            if read is None or not read.complete:
                reason = (read.reason if read else None) or Reason.UNREAD
                out.append(Unread(key, KEYS.get(key, "Observation"), reason, read.detail if read else "absent"))
        return out

    def resolve(self, name: str, lesion: str | None = None) -> Fact:
        """The fact of a need, for one lesion where the need is per lesion and a lesion is given."""
        need = self._needs[name]
        key = (name, lesion if need.per_lesion else None)
        fact = self._resolved.get(key)
        if fact is None:
            fact = self._resolved[key] = self._resolve(need, key[1])
        return fact

    def _resolve(self, need: Need, lesion: str | None) -> Fact:
        bin_ = self._bins.get(need.name, _Bin())
        mine = [f for f in bin_.found if lesion is None or not need.per_lesion or (f.lesions and lesion in f.lesions)]
        astray = lesion is not None and need.per_lesion and any(f.lesions == frozenset() for f in bin_.found)
        usable, undecided, stale = self._recent(need, mine)
        usable.sort(key=lambda f: f.reference)
        usable.sort(key=lambda f: f.order, reverse=True)
        alternatives = self._conflict(need, usable)
        if need.latest:
            usable = usable[:1]
        gap = self._gap(need, bin_, undecided, stale, bool(alternatives), astray)
        open_ = gap in (Reason.UNREAD, Reason.NOT_OFFERED, Reason.UNVERIFIED) or undecided or astray
        values: list[Any] = [f.item for f in usable]
        return Fact(
            need,
            tuple(usable),
            Incomplete(values) if open_ else values,
            gap,
            stale,
            tuple(alternatives),
            tuple(bin_.rejected),
        )

    def _recent(self, need: Need, found: list[Found]) -> tuple[list[Found], bool, str]:
        if need.within is None:
            return list(found), False, ""
        usable, undecided, stale = [], False, ""
        for one in found:
            answer = within(one.day, self.today, need.within) if one.day else False
            if answer:
                usable.append(one)
            elif answer is None:
                undecided = True
            elif one.day > stale:
                stale = one.day
        return usable, undecided, "" if usable else stale

    def _conflict(self, need: Need, usable: list[Found]) -> list[Found]:
        """Statements that contradict the newest: of the same time always, of judgement data within the gap too."""
        if len(usable) < 2 or not (need.latest or need.conflict) or "value" not in usable[0].item:
            return []
        newest = usable[0]
        others: dict[Any, Found] = {}
        for one in usable[1:]:
            days = apart(one.day, newest.day)
            same_time = one.order == newest.order or _either(one, newest)
            if one.meaning != newest.meaning and (
                same_time or (need.conflict and (days is None or days <= self._conflict_days))
            ):
                others.setdefault(one.meaning, one)
        return [newest, *others.values()] if others else []

    def _gap(self, need: Need, bin_: _Bin, undecided: bool, stale: str, conflict: bool, astray: bool) -> Reason:
        unread = self.unread(need)
        if any(u.reason is Reason.UNREAD for u in unread) or bin_.unusable or (astray and self.lesions_unread):
            return Reason.UNREAD
        if unread:
            return Reason.NOT_OFFERED
        if conflict:
            return Reason.CONFLICT
        if stale:
            return Reason.STALE
        if bin_.unverified:
            return Reason.UNVERIFIED
        if undecided or astray or (bin_.rejected and not bin_.found):
            return Reason.REJECTED
        return Reason.NOT_RECORDED


def _either(one: Found, other: Found) -> bool:
    """Whether the dates of two statements do not tell which of them is newer, because one of them is partial."""
    partial = min(len(one.day), len(other.day)) < len("2026-06-15")
    return partial and bool(one.day and other.day) and overlaps(one.day, other.day)


def _version(resource: Resource) -> tuple[str, bytes]:
    """Orders the versions of one resource: by when it was last updated, and at last by what stands in it."""
    meta = resource.get("meta")
    updated = meta.get("lastUpdated") if isinstance(meta, dict) else None
    return updated if isinstance(updated, str) else "", canonical(resource)


def _nameless(resource: Resource) -> str:
    """A name for a resource without an id that does not depend on where in the chart it stands."""
    return sha256(canonical(resource)).hexdigest()[:8]


def _text(resource: Resource) -> str:
    return next((t for t in reading.date_texts(resource)), "")[:10]
