"""Lesions, built once per call from tumour Conditions and imaging findings, and joined where they are one and the same
(rulings 3).

The class table, levels, regions and flags are data (:class:`table.Lesions`); how Conditions become lesions is here: one Condition
is one lesion, lesions of one class with a common level are one, an unnamed one is absorbed by the only named one of its class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from fhirpath_spine.pathway.facts import reading
from fhirpath_spine.pathway.facts.filing import Found
from fhirpath_spine.pathway.facts.needs import Coding, known
from fhirpath_spine.pathway.lesions.lesion import Lesion, class_id
from fhirpath_spine.pathway.lesions.places import exact, levels_of, named_by, near, regions_of

if TYPE_CHECKING:
    from fhirpath_spine.pathway.lesions.table import Lesions
_T = TypeVar("_T")


def _name(found: Found) -> str:
    return found.reference


def build(config: Lesions, conditions: Sequence[Found], imaging: Sequence[Found]) -> list[Lesion]:
    """The lesions of a chart, cranial to caudal, whatever the order and the ids of its entries."""
    lesions = [one for found in sorted(conditions, key=_name) if (one := _from_condition(config, found)) is not None]
    merge(config, lesions)
    absorb_unnamed(lesions)
    cleared = [f for f in imaging if f.item.get("value") in config.imaging_absent]
    seen = [f for f in imaging if f.item.get("value") not in config.imaging_absent]
    # What founds a lesion comes first; then what names most levels, what names no place last: each joins what is there by then.
    for found in sorted(seen, key=lambda f: (_is_known(config, f), _place_rank(config, f), f.order, f.reference)):
        _add_imaging(config, lesions, found, cleared)
    merge(config, lesions)
    for one in lesions:
        for parts in (one.conditions, one.imaging):
            parts.sort(key=lambda f: (f.order, f.reference))
        _complete(config, one)
    lesions.sort(key=lambda one: (one.rank, one.key, sorted(f.reference for f in (*one.conditions, *one.imaging))))
    _distinct_keys(lesions)
    return lesions


def _is_known(config: Lesions, found: Found) -> bool:
    """Whether an imaging finding sees again what is recorded already: it joins a lesion and founds none."""
    return found.item.get("value") in config.imaging_known


def _place_rank(config: Lesions, found: Found) -> tuple[bool, int, list[str]]:
    sites = reading.body_sites(found.resource)
    levels = levels_of(config, sites)
    return not sites, -len(levels), sorted(levels)


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
            return Lesion(kind, levels_of(config, sites), sites, codes, [found])
    return None


def _add_imaging(config: Lesions, lesions: list[Lesion], found: Found, cleared: Sequence[Found]) -> None:
    sites = reading.body_sites(found.resource)
    levels = levels_of(config, sites)
    targets = _seen_at(config, lesions, found, sites, levels)
    for target in targets:
        target.imaging.append(found)
        if len(targets) == 1:
            target.levels |= levels
            target.sites |= sites
    if targets or _is_known(config, found):
        return
    for later in cleared:
        elsewhere = levels_of(config, reading.body_sites(later.resource))
        if later.order > found.order and (not elsewhere or elsewhere & levels):
            return
    unknown = next((k for k in config.classes if k.id == config.unknown), None)
    lesions.append(Lesion(unknown, levels, sites, set(), [], [found]))


def _seen_at(
    config: Lesions, lesions: Sequence[Lesion], found: Found, sites: set[Coding], levels: set[str]
) -> list[Lesion]:
    """The lesions that an imaging finding joins: by focus, else by level, else by region, else the only one."""
    if focus := named_by(found, {c.reference: x for x in lesions for c in x.conditions}):
        return focus
    if levels and (there := [x for x in lesions if x.levels & levels]):
        return there
    if len(lesions) != 1 or (levels and lesions[0].levels):
        return []
    one = lesions[0]
    return (
        [one]
        if not sites or near(config, regions_of(config, sites), regions_of(config, _everywhere(config, one)))
        else []
    )


def _everywhere(config: Lesions, one: Lesion) -> set[Coding]:
    return one.sites | {c for c, name in config.levels.items() if name in one.levels}


def _complete(config: Lesions, one: Lesion) -> None:
    order = list(dict.fromkeys(config.levels.values()))
    names = sorted(one.levels, key=order.index)
    one.rank = order.index(names[0]) if names else len(order)
    one.regions = regions_of(config, _everywhere(config, one))
    elsewhere = bool(one.levels or exact(config, one.regions))
    one.key = f"{class_id(one)}:{'+'.join(names) or 'unnamed'}"
    one.conditions.sort(key=_name)
    one.imaging.sort(key=_name)
    confirmed = [c.item.get("confirmed") for c in one.conditions]
    # A tumour that is seen again is older than that study.
    dates = sorted(f.day for f in (*one.conditions, *one.imaging) if f.day and not _is_known(config, f))
    item: dict[str, Any] = {
        "key": one.key,
        "class": class_id(one),
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
        if shown or class_id(one) in flag.classes:
            item[flag.name] = True
        elif elsewhere or flag.absent is False:
            item[flag.name] = False
    one.item = item


def _distinct_keys(lesions: list[Lesion]) -> None:
    seen: dict[str, int] = {}
    for one in lesions:
        seen[one.key] = seen.get(one.key, 0) + 1
        if seen[one.key] > 1:
            one.key = one.item["key"] = f"{one.key}.{seen[one.key]}"


def merge(config: Lesions, lesions: list[Lesion]) -> None:
    """Lesions of one class with a common level become one, through others too; one of unknown class joins the class there."""

    place = {kind.id: n for n, kind in enumerate(config.classes)}

    def order(one: Lesion) -> tuple[bool, int, list[str]]:
        return class_id(one) == "unknown", place.get(class_id(one), len(place)), sorted(one.levels)

    lesions[:] = _joined(sorted(lesions, key=order))
    lesions.sort(key=order)
    grown = True
    while grown:
        grown = False
        for one in lesions:
            near_by = (x for x in lesions if x is not one and x.levels & one.levels)
            other = next((x for x in near_by if "unknown" in (class_id(one), class_id(x))), None)
            if other is not None:
                one.absorb(other)
                lesions.remove(other)
                grown = True
                break


def _joined(lesions: Sequence[Lesion]) -> list[Lesion]:
    """Lesions of one class with a common level as one. Those that are left of a class share no level, so that each next one
    is held against as few as there are levels, however many Conditions repeat them.
    """
    by_kind: dict[str, list[Lesion]] = {}
    apart: list[Lesion] = []
    for one in lesions:
        if not one.levels:
            apart.append(one)
            continue
        mine = by_kind.setdefault(class_id(one), [])
        met = [x for x in mine if x.levels & one.levels]
        for other in (*met[1:], one) if met else ():
            met[0].absorb(other)
        by_kind[class_id(one)] = [x for x in mine if x not in met[1:]] if met else [*mine, one]
    return [*(x for kind in by_kind.values() for x in kind), *apart]


def absorb_unnamed(lesions: list[Lesion]) -> None:
    """Without a site all of a class are one unnamed lesion (D3); it is that of the only named one, if there is just one."""
    named: dict[str, list[Lesion]] = {}
    for one in lesions:
        if one.levels:
            named.setdefault(class_id(one), []).append(one)
    unnamed: dict[str, Lesion] = {}
    kept: list[Lesion] = []
    for one in lesions:
        of_class = named.get(class_id(one), [])
        target = of_class[0] if len(of_class) == 1 else unnamed.setdefault(class_id(one), one)
        if one.levels or target is one:
            kept.append(one)
        else:
            target.absorb(one)
    lesions[:] = kept
