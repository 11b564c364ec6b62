"""One resource filed under one need: whether it counts there, how it is dated, and what expressions see of it.

Status, dates, sites, values and units are applied here (rulings section 2, fault R14); what does not count is rejected by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any, NamedTuple

from fhirpath_spine.pathway.facts import reading
from fhirpath_spine.pathway.facts.chart import Resource
from fhirpath_spine.pathway.facts.dates import SLACK, Order, day_of, is_before, stamp
from fhirpath_spine.pathway.facts.needs import Need, Value, known
from fhirpath_spine.pathway.sentences import Charted, Said

NOT_UNDERSTOOD = frozenset(
    {"no-unit", "unlisted-unit", "implausible", "comparator", "two-answers", "unknown-answer", "unreadable-value"}
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
    """When a resource counts as dated; ``problem`` is the phrase key of an impossible date, ``unusable`` if nothing is left."""

    day: str = ""
    order: Order = (date.min, 0.0)
    problem: str = ""
    unusable: bool = False


@dataclass(slots=True)
class Bin:
    """Resources that a need matched, as they come."""

    found: list[Found] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    unusable: bool = False
    unverified: bool = False
    unplaced: bool = False
    """Whether one was left out whose body site may be that of the need, or not."""


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
    members: dict[str, Any] = field(default_factory=dict)
    """What expressions see of it under each need that admits it; empty until one does."""


class Filer:
    """Files resources under needs, at one instant, for a patient born on a day (if known)."""

    def __init__(self, at: datetime, zone: tzinfo) -> None:
        self.zone = zone
        self.born: date | None = None
        self._limit = (at + SLACK).timestamp()
        # The slack is between clocks: a day without a time is compared as a day.
        self._today = at.astimezone(zone).date()

    def read(self, resource: Resource, kind: str, concept: Any, reference: str) -> Sheet:
        """The sheet of a resource, before any need has seen it."""
        status = resource.get("status")
        sheet = Sheet(
            resource, kind, concept, reference, self.date(resource), status if isinstance(status, str) else None
        )
        match kind:
            case "Observation" | "DiagnosticReport" | "Procedure":
                pass
            case "MedicationRequest" | "MedicationStatement" | "MedicationAdministration":
                sheet.meaning = reading.meaning(resource)
            case "Condition":
                sheet.clinical, sheet.verified = reading.clinical_status(resource), reading.verification(resource)
            case _:
                sheet.verified = reading.verification(resource)
        return sheet

    def file(self, bin_: Bin, need: Need, sheet: Sheet) -> bool:
        """Puts the resource into the need's bin, as found or as rejected; true if it was found."""
        resource, dating = sheet.resource, sheet.dating
        if not _admitted(bin_, need, sheet):
            return False
        if need.sites is not None and not known(need.sites, reading.body_sites(resource)):
            if not all(known(need.elsewhere, sites) for sites in reading.site_concepts(resource)):
                bin_.unplaced = True
                _reject(bin_, need, sheet, "site-unplaced", day=dating.day)
            return False
        if dating.problem:
            _reject(bin_, need, sheet, dating.problem, day=_text(resource))
            if dating.unusable:
                return False
        value, stated = None, None
        if need.value is not None:
            result, stated = _valued(resource, sheet.concept, need.value)
            if result.problem:
                _reject(bin_, need, sheet, result.problem, result.raw, dating.day)
                return False
            if result.value is None:
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
                if (answer := reading.read_value(part, rule)).value is not None:
                    item[name] = answer.value
        bin_.found.append(Found(item, resource, sheet.reference, dating.day, dating.order))
        return True

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
            if abated := day_of(sheet.resource.get("abatementDateTime"), self.zone):
                members["abated"] = abated
        return members

    def date(self, resource: Resource) -> Dating:
        """The first date of a resource that is possible. Of a Condition, an impossible onset gives way to recordedDate."""
        condition = resource.get("resourceType") == "Condition"
        impossible = ""
        for text in reading.date_texts(resource):
            read = stamp(text, self.zone)
            if read is None:
                continue
            if read.first > self._today if read.seconds is None else read.seconds > self._limit:
                impossible = "future"
            elif self.born is not None and read.before(self.born):
                impossible = "before-birth"
            else:
                return Dating(read.day, read.order, impossible and f"onset-{impossible}")
            if not condition:
                # The date is that of the datum itself: it cannot have been seen then, so it is not used at all.
                return Dating(problem=impossible, unusable=True)
        return Dating(problem=impossible and f"date-{impossible}")


_IMPLAUSIBLE = reading.Reading(problem="implausible")


def _valued(resource: Resource, concept: Any, rule: Value) -> tuple[reading.Reading, int | None]:
    """The value of a resource by the need's rule; with what another scale stated, where it is read from one."""
    other = rule.conversion
    if other is None or not known(other.codes, reading.codings(concept)):
        return _own_value(resource, rule), None
    result = _own_value(resource, other.value)
    if result.problem or result.value is None:
        return result, None
    meant = other.read(result.value)
    return (result._replace(value=meant), result.value) if meant is not None else (_IMPLAUSIBLE, None)


def _own_value(resource: Resource, rule: Value) -> reading.Reading:
    """The value of the resource itself, else of its component, else of its interpretation where answers are listed."""
    result = reading.read_value(resource, rule)
    if result is not reading.NOTHING:
        return result
    for part in reading.items(resource.get("component")) if rule.component is not None else ():
        if isinstance(part, dict) and known(rule.component, reading.codings(part.get("code"))):
            return reading.read_value(part, rule)
    if rule.answers and not any(member.startswith("value") for member in resource):
        for one in reading.items(resource.get("interpretation")):
            if any(coding in rule.answers for coding in reading.codings(one)):
                return reading.read_value({"valueCodeableConcept": one}, rule)
    return result


def _text(resource: Resource) -> str:
    return next((t for t in reading.date_texts(resource)), "")[:10]


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
            return sheet.meaning in (need.meaning or {"active"})
        case "Observation" | "DiagnosticReport":
            if status in reading.FINAL[kind]:
                return True
            if status in reading.PRELIMINARY[kind]:
                _reject(bin_, need, sheet, "preliminary", day=day)
            elif status not in reading.ERASED and status != "registered":
                _reject(bin_, need, sheet, "no-status", day=day)
            return False
        case "Procedure":
            if status in (need.statuses or {"completed"}):
                return True
            if status is None or status == "unknown":
                _reject(bin_, need, sheet, "no-status", day=day)
            return False
        case _:
            return status not in reading.ERASED and sheet.verified != "refuted"


def _condition_admitted(bin_: Bin, need: Need, sheet: Sheet) -> bool:
    if sheet.verified == "refuted":
        return False
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
