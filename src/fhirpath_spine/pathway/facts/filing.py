"""One resource filed under one need: whether it counts there, how it is dated, and what expressions see of it.

Status, dates, sites, values and units are applied here (rulings section 2, fault R14); what does not count is rejected by name.

It is long because a resource meets its need once, and each reason to reject it stands where it is found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any, NamedTuple

from fhirpath_spine.pathway.facts import reading, values
from fhirpath_spine.pathway.facts.chart import Resource
from fhirpath_spine.pathway.facts.dates import SLACK, Order, day_of, is_before, stamp
from fhirpath_spine.pathway.facts.needs import Need, Value, known
from fhirpath_spine.pathway.facts.signs import NO_SIGNS, Signs
from fhirpath_spine.pathway.sentences import Charted, Said

NOT_UNDERSTOOD = frozenset(
    {"no-unit", "unlisted-unit", "implausible", "comparator", "two-answers", "unknown-answer"}
    | {values.UNREADABLE, values.MALFORMED}
)
"""Reasons of a value that stands there and could not be understood: it may be anything, so it is not the absence of one."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A resource, or a date of one, that was not used. ``reason`` is a key of the phrase book."""

    need: str
    label: str
    reason: str
    reference: str
    value: Said = ()
    date: str = ""


@dataclass(slots=True, eq=False)
class Found:
    """One usable resource of a need: the item that expressions see, and what places it in time."""

    item: dict[str, Any]
    resource: Resource
    reference: str
    day: str
    order: Order
    undecided: bool = False
    """Whether a date stands there that cannot be read: it may be any."""

    @property
    def meaning(self) -> Any:
        """What two statements are compared by: the value as read."""
        value = self.item.get("value")
        return repr(sorted(reading.codings(value))) if isinstance(value, dict) else value


def surely_older(one: Found, other: Found) -> bool:
    """Whether the dates of two data tell, at their precision, that one is older; a day without a time is any time of it."""
    if one.day != other.day:
        return is_before(one.day, other.day)
    return 0.0 not in (one.order[1], other.order[1]) and one.order < other.order


class Dating(NamedTuple):
    """When a resource counts as dated; ``problem`` is the phrase key of an impossible date, ``unusable`` if nothing is left.
    ``undecided``: a date stands there, and no one can read it. ``raw`` is what stands there for an impossible or unreadable one.
    """

    day: str = ""
    order: Order = (date.min, 0.0)
    problem: str = ""
    unusable: bool = False
    undecided: bool = False
    raw: str = ""


DOUBTS = ("no-subject", "other-server", "modifier", "implicit-rules", "withheld", "status", "value", "date", "versions")
"""Why something that was read could not be used, so that its need counts as unread; each the tail of a phrase key ``unread-``."""


@dataclass(slots=True)
class Bin:
    """Resources that a need matched, as they come. ``doubts`` are why the need cannot be said to be read whole, as tails of
    phrase keys ``unread-<doubt>``.
    """

    found: list[Found] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    doubts: dict[str, None] = field(default_factory=dict)
    unverified: bool = False
    unplaced: bool = False
    """Whether one was left out whose body site may be that of the need, or not."""

    @property
    def unusable(self) -> bool:
        """Whether something that the need matched could not be used."""
        return bool(self.doubts)


@dataclass(slots=True)
class Sheet:
    """One resource as all needs read it alike: what does not depend on the need is read once.

    ``concept`` is what the resource is about, ``reference`` its name on a card. ``status`` is its own, ``clinical`` and
    ``verified`` those of a Condition, ``meaning`` that of a drug; those are empty where the kind has none.
    """

    resource: Resource
    kind: str
    concept: Any
    reference: str
    dating: Dating
    status: str | None = None
    clinical: str = ""
    verified: str = ""
    meaning: str = ""
    open_end: bool = False
    """Whether something stands for the end of a Condition that ends nothing."""
    members: dict[str, Any] = field(default_factory=dict)
    """What expressions see of it under each need that admits it; empty until one does."""


class Filer:
    """Files resources under needs, at one instant, for a patient born on a day (if known)."""

    def __init__(self, at: datetime, zone: tzinfo, signs: Signs = NO_SIGNS) -> None:
        self.zone, self._signs = zone, signs
        self.born: date | None = None
        self._limit = (at + SLACK).timestamp()
        # The slack is between clocks: a day without a time is compared as a day.
        self._today = at.astimezone(zone).date()

    def read(self, resource: Resource, kind: str, concept: Any, reference: str) -> Sheet:
        """The sheet of a resource, before any need has seen it."""
        sheet = Sheet(resource, kind, concept, reference, self.date(resource), reading.status_of(resource))
        match kind:
            case "Observation" | "DiagnosticReport" | "Procedure":
                pass
            case "MedicationRequest" | "MedicationStatement" | "MedicationAdministration":
                sheet.meaning = reading.meaning(resource)
            case "Condition":
                sheet.clinical = reading.clinical_status(resource, ended=self._has_ended(resource))
                sheet.verified = reading.verification(resource)
            case _:
                sheet.verified = reading.verification(resource)
        return sheet

    def file(self, bin_: Bin, need: Need, sheet: Sheet) -> bool | values.Reading:
        """Puts the resource into the need's bin, as found or as rejected; true if it was found.

        Where all that hinders is that this need finds no value in it, that reading is given back: another need may find one.
        """
        resource, dating = sheet.resource, sheet.dating
        if not _admitted(bin_, need, sheet):
            return False
        if need.sites is not None and not known(need.sites, reading.body_sites(resource)):
            if not all(known(need.elsewhere, sites) for sites in reading.site_concepts(resource)):
                bin_.unplaced = True
                _reject(bin_, need, sheet, "site-unplaced", day=dating.day)
            return False
        if dating.problem:
            _reject(bin_, need, sheet, dating.problem, day=dating.raw)
            if dating.unusable:
                return False
        value, stated = None, None
        if need.value is not None:
            result, stated = _valued(resource, sheet.concept, need.value)
            if result.value is None:
                if result.problem in ("", values.UNREADABLE, values.MALFORMED):
                    return self._valueless(resource, bin_, result)
                _reject(bin_, need, sheet, result.problem, result.raw, dating.day)
                return False
            value = result.value
        if not sheet.members:
            sheet.members = self._members(sheet)
        item = {**sheet.members, "label": need.label}
        if value is not None:
            item["value"] = value
        if stated is not None and need.value is not None and need.value.conversion is not None:
            item |= {"stated": stated, "label": f"{need.value.conversion.label} {stated}"}
        for name, rule in need.components.items():
            for part in reading.items(resource.get("component")):
                if not isinstance(part, dict) or not known(rule.component, reading.codings(part.get("code"))):
                    continue
                if (answer := values.read_value(part, rule)).value is not None:
                    item[name] = answer.value
        if dating.undecided:
            _reject(bin_, need, sheet, "date-unreadable", dating.raw)
            if sheet.kind != "Condition" or need.within is not None or need.latest:
                # Whatever is asked of its date is unread. A Condition is there whenever it began.
                bin_.doubts["date"] = None
        if sheet.open_end:
            _reject(bin_, need, sheet, "end-unreadable")
        bin_.found.append(Found(item, resource, sheet.reference, dating.day, dating.order, dating.undecided))
        return True

    def _valueless(self, resource: Resource, bin_: Bin, result: values.Reading) -> values.Reading:
        """Why there is no value: it is kept from us, or it stands there in another form, or not at all."""
        reasons = resource.get("dataAbsentReason")
        if any(code.lower() in self._signs.absent for _, code in reading.codings(reasons)) or any(
            reading.stated_absent(resource, name, self._signs.absent)
            for name in resource
            if name.removeprefix("_").startswith("value")
        ):
            bin_.doubts["withheld"] = None
            return values.Reading(problem="withheld")
        if result.problem:
            return result
        # Under another name there is one all the same.
        return values.Reading(problem=values.MALFORMED if reading.strange_members(resource, "value") else "no-value")

    def _has_ended(self, resource: Resource) -> bool:
        """Whether a Condition is said to be over: by a date that is no later than today, or by an age. What cannot be read ends
        nothing.
        """
        if reading.ABATEMENTS.isdisjoint(resource):
            return False
        period = resource.get("abatementPeriod")
        told = [
            resource.get("abatementDateTime"),
            *(period.get(e) for e in ("end", "start") if isinstance(period, dict)),
        ]
        days = [read for text in told if isinstance(text, str) and (read := stamp(text, self.zone)) is not None]
        if days:
            return days[0].first <= self._today
        return resource.get("abatementBoolean") is True or any(isinstance(resource.get(n), dict) for n in reading.ENDS)

    def _members(self, sheet: Sheet) -> dict[str, Any]:
        """The resource's own members, with what was read of it beside them."""
        members: dict[str, Any] = {**sheet.resource, "source": sheet.reference}
        members.pop("date", None)
        if sheet.dating.day:
            members["date"] = sheet.dating.day
        if by := reading.author(sheet.resource):
            members["author"] = by
        if sheet.meaning:
            concept = sheet.concept
            members["meaning"] = sheet.meaning
            members["code"] = concept if isinstance(concept, dict) else next(iter(reading.items(concept)), {})
        if sheet.kind == "Condition":
            members["clinical"], members["current"] = sheet.clinical, sheet.clinical in reading.ACTIVE
            if sheet.verified:
                members["confirmed"] = sheet.verified == "confirmed"
            resource = sheet.resource
            if abated := day_of(resource.get("abatementDateTime"), self.zone):
                members["abated"] = abated
            elif sheet.clinical == "active" and "batement" in " ".join(resource):
                sheet.open_end = not reading.states_course(resource)
        return members

    def date(self, resource: Resource) -> Dating:
        """The first date of a resource that is possible. Of a Condition, an impossible onset gives way to recordedDate."""
        condition = resource.get("resourceType") == "Condition"
        impossible = raw = ""
        for name, texts in reading.date_groups(resource):
            for text in texts:
                read = stamp(text, self.zone)
                if read is None:
                    continue
                if read.first > self._today if read.seconds is None else read.seconds > self._limit:
                    impossible, raw = "future", raw or text[:10]
                elif self.born is not None and read.before(self.born):
                    impossible, raw = "before-birth", raw or text[:10]
                else:
                    return Dating(read.day, read.order, impossible and f"onset-{impossible}", raw=raw)
                if not condition:
                    # The date is that of the datum itself: it cannot have been seen then, so it is not used at all.
                    return Dating(problem=impossible, unusable=True, raw=raw)
            if not impossible and (told := reading.unreadable_date(resource, name)) is not None:
                return Dating(undecided=True, raw=told)
        if not impossible and (told := reading.foreign_date(resource)) is not None:
            return Dating(undecided=True, raw=told)
        return Dating(problem=impossible and f"date-{impossible}", raw=raw)


_IMPLAUSIBLE = values.Reading(problem="implausible")


def _valued(resource: Resource, concept: Any, rule: Value) -> tuple[values.Reading, int | None]:
    """The value of a resource by the need's rule; with what another scale stated, where it is read from one."""
    other = rule.conversion
    if other is None or not known(other.codes, reading.codings(concept)):
        return _own_value(resource, rule), None
    result = _own_value(resource, other.value)
    if result.problem or result.value is None:
        return result, None
    meant = other.read(result.value)
    return (result._replace(value=meant), result.value) if meant is not None else (_IMPLAUSIBLE, None)


def _own_value(resource: Resource, rule: Value) -> values.Reading:
    """The value of the resource itself, else of its component, else of its interpretation where answers are listed."""
    result = values.read_value(resource, rule)
    if result is not values.NOTHING:
        return result
    parts = [
        values.read_value(part, rule)
        for part in (reading.items(resource.get("component")) if rule.component is not None else ())
        if isinstance(part, dict) and known(rule.component, reading.codings(part.get("code")))
    ]
    if parts:
        return next((r for r in parts if r.value is not None), parts[0])
    if rule.answers:
        for one in reading.items(resource.get("interpretation")):
            if any(coding in rule.answers for coding in reading.codings(one)):
                return values.read_value({"valueCodeableConcept": one}, rule)
    return result


def _reject(bin_: Bin, need: Need, sheet: Sheet, reason: str, value: str = "", day: str = "") -> None:
    said = (Charted(value),) if value else ()
    bin_.rejected.append(Rejection(need.name, need.label, reason, sheet.reference, said, day))


def _admitted(bin_: Bin, need: Need, sheet: Sheet) -> bool:
    """Whether the status of a resource lets it count for a need; what may count once it is final is rejected by name."""
    kind, status, day = sheet.kind, sheet.status, sheet.dating.day
    match kind:
        case "Condition":
            return _condition_admitted(bin_, need, sheet)
        case "MedicationRequest" | "MedicationStatement" | "MedicationAdministration":
            if status not in reading.MEDICATION:
                _reject(bin_, need, sheet, "no-status", day=day)
                bin_.doubts["status"] = None
                return False
            return sheet.meaning in (need.meaning or {"active"})
        case "Observation" | "DiagnosticReport":
            if status in reading.FINAL[kind]:
                return True
            if reading.is_garbled(sheet.resource, "status", coded=False):
                bin_.doubts["status"] = None
            if status in reading.PRELIMINARY[kind]:
                _reject(bin_, need, sheet, "preliminary", day=day)
            elif status not in reading.ERASED and status != "registered":
                _reject(bin_, need, sheet, "no-status", day=day)
            return False
        case "Procedure":
            if status in (need.statuses or {"completed"}):
                return True
            if reading.is_garbled(sheet.resource, "status", coded=False):
                bin_.doubts["status"] = None
            if status is None or status == "unknown":
                _reject(bin_, need, sheet, "no-status", day=day)
            return False
        case _:
            return status not in reading.ERASED and sheet.verified != "refuted"


def _condition_admitted(bin_: Bin, need: Need, sheet: Sheet) -> bool:
    if sheet.verified == "refuted":
        return False
    if not sheet.verified and reading.is_garbled(sheet.resource, "verificationStatus"):
        _reject(bin_, need, sheet, "no-status")
        bin_.doubts["status"] = None
    clinical, wanted = sheet.clinical, need.statuses
    if wanted and not (
        clinical in wanted
        or ("active" in wanted and clinical in reading.ACTIVE)
        or ("history" in wanted and clinical in reading.HISTORY)
        or "any" in wanted
    ):
        return False
    if need.verification and sheet.verified not in need.verification:
        bin_.unverified = bin_.unverified or not sheet.verified
        return False
    return True
