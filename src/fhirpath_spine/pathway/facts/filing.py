"""One resource filed under one need: whether it counts there, how it is dated, and what expressions see of it.

Status, dates, sites, values and units are applied here (rulings section 2, fault R14); what does not count is rejected by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any, NamedTuple

from fhirpath_spine.pathway.facts import reading
from fhirpath_spine.pathway.facts.chart import Resource
from fhirpath_spine.pathway.facts.dates import SLACK, Order, day_of, is_before, stamp
from fhirpath_spine.pathway.facts.needs import Need, known
from fhirpath_spine.pathway.sentences import Charted, Said


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


class Filer:
    """Files resources under needs, at one instant, for a patient born on a day (if known)."""

    def __init__(self, at: datetime, zone: tzinfo) -> None:
        self.zone = zone
        self.born: date | None = None
        self._limit = at + SLACK
        # The slack is between clocks: a day without a time is compared as a day.
        self._today = at.astimezone(zone).date()

    def file(self, bin_: Bin, need: Need, resource: Resource, concept: Any, reference: str, dating: Dating) -> bool:
        """Puts the resource into the need's bin, as found or as rejected; true if it was found.

        ``concept`` is what the resource is about, ``reference`` its name on a card.
        """

        def reject(reason: str, value: str = "", day: str = "") -> None:
            said = (Charted(value),) if value else ()
            bin_.rejected.append(Rejection(need.name, need.label, reason, reference, said, day))

        kind = str(resource.get("resourceType"))
        item: dict[str, Any] = {**resource, "source": reference, "label": need.label}
        day, order = dating.day, dating.order
        if not self._status(bin_, need, resource, item, kind, day, reject):
            return False
        if kind in ("MedicationRequest", "MedicationStatement"):
            item["code"] = concept if isinstance(concept, dict) else next(iter(reading.items(concept)), {})
        if need.sites is not None and not known(need.sites, reading.body_sites(resource)):
            return False
        if dating.problem:
            reject(dating.problem, day=_text(resource))
            if dating.unusable:
                return False
        if need.value is not None:
            element = self._element(resource, need)
            result = reading.read_value(element, need.value) if element else reading.NOTHING
            if result.problem:
                reject(result.problem, result.raw, day)
                return False
            if result.value is None:
                return False
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
        bin_.found.append(Found(item, resource, reference, day, order))
        return True

    def _status(
        self, bin_: Bin, need: Need, resource: Resource, item: dict[str, Any], kind: str, day: str, reject: Any
    ) -> bool:
        status = resource["status"] if isinstance(resource.get("status"), str) else None
        match kind:
            case "Condition":
                return self._condition(bin_, need, resource, item)
            case "MedicationRequest" | "MedicationStatement":
                item["meaning"] = reading.meaning(resource)
                return item["meaning"] in (need.meaning or {"active"})
            case "Observation" | "DiagnosticReport":
                if status in reading.FINAL[kind]:
                    return True
                if status in reading.PRELIMINARY[kind]:
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

    def _condition(self, bin_: Bin, need: Need, resource: Resource, item: dict[str, Any]) -> bool:
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

    def date(self, resource: Resource) -> Dating:
        """The first date of a resource that is possible. Of a Condition, an impossible onset gives way to recordedDate."""
        condition = resource.get("resourceType") == "Condition"
        impossible = ""
        for text in reading.date_texts(resource):
            read = stamp(text, self.zone)
            if read is None:
                continue
            if read.moment > self._limit if read.moment else read.first > self._today:
                impossible = "future"
            elif self.born is not None and read.before(self.born):
                impossible = "before-birth"
            else:
                return Dating(read.day, read.order, impossible and f"onset-{impossible}")
            if not condition:
                # The date is that of the datum itself: it cannot have been seen then, so it is not used at all.
                return Dating(problem=impossible, unusable=True)
        return Dating(problem=impossible and f"date-{impossible}")

    @staticmethod
    def _element(resource: Resource, need: Need) -> Mapping[str, Any] | None:
        if need.value is None or need.value.component is None:
            return resource
        for part in reading.items(resource.get("component")):
            if isinstance(part, dict) and known(need.value.component, reading.codings(part.get("code"))):
                return part
        return None


def _text(resource: Resource) -> str:
    return next((t for t in reading.date_texts(resource)), "")[:10]
