"""Lesions, built once per call from tumour Conditions and imaging findings (rulings 3).

The class table, levels, regions and flags are data (``model.Lesions``); how Conditions become lesions is here: one Condition
is one lesion, lesions of one class with a common level are one, an unnamed one is absorbed by the only named one of its class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhirpath_spine.fhirpath import Incomplete
from fhirpath_spine.pathway import reading
from fhirpath_spine.pathway.decision import LesionRef
from fhirpath_spine.pathway.facts import Found
from fhirpath_spine.pathway.matching import known
from fhirpath_spine.pathway.model import LesionClass, Lesions
from fhirpath_spine.pathway.needs import Coding


@dataclass(slots=True, eq=False)
class Lesion:
    """One lesion: its class, where it sits, and what it was built from. ``item`` is what expressions see as ``%lesion``."""

    kind: LesionClass | None
    levels: set[str] = field(default_factory=set)
    sites: set[Coding] = field(default_factory=set)
    codes: set[Coding] = field(default_factory=set)
    conditions: list[Found] = field(default_factory=list)
    imaging: list[Found] = field(default_factory=list)
    regions: frozenset[str] = frozenset()
    rank: int = 0
    key: str = ""
    item: dict[str, Any] = field(default_factory=dict)

    @property
    def ref(self) -> LesionRef:
        """How a decision names it."""
        return LesionRef(
            self.key,
            self.item["title"],
            tuple(self.item["level"]),
            tuple(sorted(c.reference for c in self.conditions)),
            self.rank,
        )

    def absorb(self, other: Lesion) -> None:
        """Takes over all that another lesion was built from."""
        self.kind = self.kind or other.kind
        self.levels |= other.levels
        self.sites |= other.sites
        self.codes |= other.codes
        self.conditions += other.conditions
        self.imaging += other.imaging


def build(config: Lesions, conditions: Sequence[Found], imaging: Sequence[Found]) -> list[Lesion]:
    """The lesions of a chart, cranial to caudal."""
    lesions: list[Lesion] = []
    for found in sorted(conditions, key=lambda f: f.reference):
        if (one := _from_condition(config, found)) is not None:
            _merge(lesions, one)
    _absorb_unnamed(lesions)
    cleared = [f for f in imaging if f.item.get("value") in config.imaging_absent]
    for found in sorted(imaging, key=lambda f: f.reference):
        if found.item.get("value") not in config.imaging_absent:
            _add_imaging(config, lesions, found, cleared)
    for one in lesions:
        _complete(config, one)
    lesions.sort(key=lambda one: (one.rank, one.key))
    _distinct_keys(lesions)
    return lesions


def _from_condition(config: Lesions, found: Found) -> Lesion | None:
    codes = set(reading.codings(found.resource.get("code")))
    sites = reading.body_sites(found.resource)
    confirmed = found.item.get("confirmed")
    for kind in config.classes:
        for source in kind.sources:
            if not known(source.codes, codes):
                continue
            if source.confirmed and not confirmed:
                continue
            if source.site is not None and not known(source.site, sites):
                if source.drop_without_site:
                    return None
                continue
            return Lesion(kind, _levels(config, sites), sites, codes, [found])
    return None


def _levels(config: Lesions, sites: Iterable[Coding]) -> set[str]:
    return {config.levels[site] for site in sites if site in config.levels}


def _merge(lesions: list[Lesion], new: Lesion) -> None:
    for one in lesions:
        unknown = _id(one) == "unknown" or _id(new) == "unknown"
        if (one.kind is new.kind or unknown) and one.levels & new.levels:
            if _id(one) == "unknown":
                one.kind = new.kind
            one.absorb(new)
            return
    lesions.append(new)


def _absorb_unnamed(lesions: list[Lesion]) -> None:
    for one in [x for x in lesions if not x.levels]:
        peers = [x for x in lesions if x is not one and x.kind is one.kind]
        named = [x for x in peers if x.levels]
        target = named[0] if len(named) == 1 else next((x for x in peers if not named and not x.levels), None)
        if target is not None:
            target.absorb(one)
            lesions.remove(one)


def _add_imaging(config: Lesions, lesions: list[Lesion], found: Found, cleared: Sequence[Found]) -> None:
    sites = reading.body_sites(found.resource)
    levels = _levels(config, sites)
    target = next((x for x in lesions if x.levels & levels), None) if levels else None
    if target is None and (not levels or any(not x.levels for x in lesions)) and len(lesions) == 1:
        target = lesions[0]
    if target is not None:
        target.imaging.append(found)
        target.levels |= levels
        target.sites |= sites
        return
    for later in cleared:
        elsewhere = _levels(config, reading.body_sites(later.resource))
        if later.order > found.order and (not elsewhere or elsewhere & levels):
            return
    unknown = next((k for k in config.classes if k.id == config.unknown), None)
    lesions.append(Lesion(unknown, levels, sites, set(), [], [found]))


def _id(lesion: Lesion) -> str:
    return lesion.kind.id if lesion.kind else "unknown"


def _complete(config: Lesions, one: Lesion) -> None:
    order = list(dict.fromkeys(config.levels.values()))
    names = sorted(one.levels, key=order.index)
    one.rank = order.index(names[0]) if names else len(order)
    everywhere = one.sites | {c for c, name in config.levels.items() if name in one.levels}
    one.regions = frozenset(r for r, sites in config.regions.items() if known(sites, everywhere))
    one.key = f"{_id(one)}:{'+'.join(names) or 'unnamed'}"
    confirmed = [c.item.get("confirmed") for c in one.conditions]
    dates = sorted(f.day for f in (*one.conditions, *one.imaging) if f.day)
    item: dict[str, Any] = {
        "key": one.key,
        "class": _id(one),
        "title": one.kind.title if one.kind else "",
        "code": [c.resource["code"] for c in one.conditions],
        "level": names,
        "conditions": [c.item for c in one.conditions],
        "current": not one.conditions or any(c.item["current"] for c in one.conditions),
        "recurrent": any(c.item["clinical"] in ("recurrence", "relapse") for c in one.conditions),
        "imaged": bool(one.imaging),
        "pathways": [],
    }
    if one.kind and one.kind.note:
        item["note"] = "".join(part for part in one.kind.note.parts if isinstance(part, str))
    if dates:
        item["since"] = dates[0]
    if any(confirmed):
        item["confirmed"] = True
    elif confirmed and all(c is False for c in confirmed):
        item["confirmed"] = False
    for flag in config.flags:
        shown = bool(one.levels & flag.levels) or known(flag.sites, one.sites) or known(flag.codes, one.codes)
        if shown or _id(one) in flag.classes:
            item[flag.name] = True
        elif one.levels or one.regions or flag.absent is False:
            item[flag.name] = False
    one.item = item


def _distinct_keys(lesions: list[Lesion]) -> None:
    seen: dict[str, int] = {}
    for one in lesions:
        seen[one.key] = seen.get(one.key, 0) + 1
        if seen[one.key] > 1:
            one.key = one.item["key"] = f"{one.key}.{seen[one.key]}"


def behave(config: Lesions, one: Lesion, histology: Sequence[Any]) -> None:
    """Sets the behaviour: from histology first, then from the Condition's codes (D4). Contradiction leaves it unknown.

    Histology that could not be read whole might say otherwise: then the behaviour is not merely absent but unread.
    """
    for source, codes in (
        ("histology", [c for value in histology for c in reading.codings(value)]),
        ("condition", list(one.codes)),
    ):
        sets = config.behaviour.get(source)
        if sets is None:
            continue
        if source == "condition" and isinstance(histology, Incomplete):
            one.item["behaviour"] = Incomplete()
            return
        benign, malignant = known(sets.benign, codes), known(sets.malignant, codes)
        if benign != malignant:
            one.item["behaviour"] = "benign" if benign else "malignant"
            return
        if benign:
            return


def doubt(one: Lesion, *, conditions: bool, imaging: bool) -> None:
    """Marks what unread Conditions or imaging could change: what is shown stays shown, what is absent is unread.

    ``conditions`` and ``imaging`` say whether that search was incomplete.
    """
    item = one.item
    if imaging and not one.imaging:
        item["imaged"] = Incomplete()
    if not conditions:
        return
    item["conditions"], item["level"] = Incomplete(item["conditions"]), Incomplete(item["level"])
    item["behaviour"] = Incomplete()
    for member in ("confirmed", "current", "recurrent"):
        if item.get(member) is not True:
            item[member] = Incomplete()
    if not one.conditions:
        item["class"] = Incomplete()


def assigner(config: Lesions, lesions: Sequence[Lesion]) -> Callable[[Found], frozenset[str] | None]:
    """Says to which lesions a resource belongs: by focus, else reason, else body site, else to the only one (rulings 3)."""
    by_condition = {c.reference: one.key for one in lesions for c in one.conditions}
    only = frozenset({lesions[0].key}) if len(lesions) == 1 else frozenset()

    def assign(found: Found) -> frozenset[str] | None:
        resource = found.resource
        for element in ("focus", "reasonReference"):
            targets = [str(t.get("reference", "")) for t in reading.items(resource.get(element)) if isinstance(t, dict)]
            named = frozenset(by_condition[key] for t in targets if (key := _relative(t)) in by_condition)
            if named:
                return named
        sites = reading.body_sites(resource)
        if not sites:
            return only
        if levels := _levels(config, sites):
            return _at(levels, lesions, only)
        regions = {r for r, value_set in config.regions.items() if known(value_set, sites)}
        if not regions:
            return None
        here = [x.key for x in lesions if not x.regions or x.regions & regions]
        return frozenset(here) if len(here) == 1 else (frozenset() if here else None)

    return assign


def _at(levels: set[str], lesions: Sequence[Lesion], only: frozenset[str]) -> frozenset[str] | None:
    at = frozenset(x.key for x in lesions if x.levels & levels)
    if at:
        return at
    return only if only and not lesions[0].levels else None


def _relative(reference: str) -> str:
    return "/".join(reference.split("/_history/")[0].split("/")[-2:])
