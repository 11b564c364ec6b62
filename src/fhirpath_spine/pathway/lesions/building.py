"""Lesions, built once per call from tumour Conditions and imaging findings, and joined where they are one and the same
(rulings 3).

The class table, levels, regions and flags are data (:class:`table.Lesions`); how Conditions become lesions is here: one Condition
is one lesion, lesions of one class with a common level are one, an unnamed one is absorbed by the only named one of its class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fhirpath_spine.pathway.facts import reading
from fhirpath_spine.pathway.facts.filing import Found
from fhirpath_spine.pathway.facts.needs import Coding, known
from fhirpath_spine.pathway.lesions.lesion import Description, Growing, Lesion
from fhirpath_spine.pathway.lesions.places import exact, levels_of, named_by, near, regions_of
from fhirpath_spine.pathway.sentences import WORDS

if TYPE_CHECKING:
    from fhirpath_spine.pathway.lesions.table import Lesions


def _name(found: Found) -> str:
    return found.reference


def build(config: Lesions, conditions: Sequence[Found], imaging: Sequence[Found]) -> list[Lesion]:
    """The lesions of a chart, cranial to caudal, whatever the order and the ids of its entries.

    Each is described as if all had been read; behaviour, which needs to know what belongs to it, is still missing.
    """
    growing = [one for found in sorted(conditions, key=_name) if (one := _from_condition(config, found)) is not None]
    merge(config, growing)
    absorb_unnamed(growing)
    cleared = [f for f in imaging if f.item.get("value") in config.imaging_absent]
    seen = [f for f in imaging if f.item.get("value") not in config.imaging_absent]
    # A finding joins a lesion that is there by then. So those that found lesions come first, and of these the ones that name
    # most levels.
    for found in sorted(seen, key=lambda f: (_is_known(config, f), _place_rank(config, f), f.order, f.reference)):
        _add_imaging(config, growing, found, cleared)
    merge(config, growing)
    order = {name: place for place, name in enumerate(config.order)}
    placed = [_Placed(config, one, order) for one in growing]
    placed.sort(key=lambda p: (p.rank, p.key, sorted(f.reference for f in (*p.grown.conditions, *p.grown.imaging))))
    times = Counter[str]()
    lesions = []
    for place in placed:
        times[place.key] += 1
        key = place.key if times[place.key] == 1 else f"{place.key}.{times[place.key]}"
        lesions.append(_lesion(config, place, key))
    return lesions


class _Placed:
    """A lesion that nothing joins any more, with its levels in cranial order and its regions."""

    def __init__(self, config: Lesions, grown: Growing, order: Mapping[str, int]) -> None:
        self.grown = grown
        self.levels = sorted(grown.levels, key=order.__getitem__)
        self.regions = regions_of(config, _everywhere(config, grown))
        self.rank = order[self.levels[0]] if self.levels else len(order)
        self.key = f"{grown.class_id}:{'+'.join(self.levels) or 'unnamed'}"


def _lesion(config: Lesions, place: _Placed, key: str) -> Lesion:
    grown = place.grown
    return Lesion(
        key,
        grown.kind,
        place.rank,
        frozenset(grown.levels),
        place.regions,
        frozenset(grown.codes),
        tuple(sorted(grown.conditions, key=_name)),
        tuple(sorted(grown.imaging, key=_name)),
        _describe(config, place),
    )


def _is_known(config: Lesions, found: Found) -> bool:
    """Whether an imaging finding sees again what is recorded already: it joins a lesion and founds none."""
    return found.item.get("value") in config.imaging_known


def _place_rank(config: Lesions, found: Found) -> tuple[bool, int, list[str]]:
    sites = reading.body_sites(found.resource)
    levels = levels_of(config, sites)
    return not sites, -len(levels), sorted(levels)


def _from_condition(config: Lesions, found: Found) -> Growing | None:
    codes = set(reading.codings(found.resource.get("code")))
    sites = reading.body_sites(found.resource)
    confirmed = found.item.get("confirmed")
    for kind in config.classes:
        for source in kind.sources:
            if not known(source.codes, codes):
                continue
            if source.confirmed and not confirmed:
                continue
            if source.morphology is not None and not known(source.morphology, _morphology(found)):
                continue
            if source.site is not None and not known(source.site, sites):
                if source.drop_without_site:
                    return None
                continue
            return Growing(kind, levels_of(config, sites), sites, codes, [found])
    return None


def _morphology(found: Found) -> list[Coding]:
    return [coding for concept in reading.morphology(found.resource) for coding in reading.codings(concept)]


def _add_imaging(config: Lesions, lesions: list[Growing], found: Found, cleared: Sequence[Found]) -> None:
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
    lesions.append(Growing(unknown, levels, sites, set(), [], [found]))


def _seen_at(
    config: Lesions, lesions: Sequence[Growing], found: Found, sites: set[Coding], levels: set[str]
) -> list[Growing]:
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


def _everywhere(config: Lesions, one: Growing) -> set[Coding]:
    return one.sites | {c for c, names in config.levels.items() if len(names) == 1 and names[0] in one.levels}


def _describe(config: Lesions, place: _Placed) -> Description:
    grown = place.grown
    conditions = [c.item for c in sorted(grown.conditions, key=_name)]
    note = grown.kind.note if grown.kind else None
    # A tumour that is seen again is older than that study.
    days = sorted(f.day for f in (*grown.conditions, *grown.imaging) if f.day and not _is_known(config, f))
    return Description(
        kind=grown.class_id,
        title=grown.kind.title if grown.kind else "",
        called=_called(config, place),
        code=[item["code"] for item in conditions],
        level=place.levels,
        conditions=conditions,
        current=not conditions or any(item["current"] for item in conditions),
        recurrent=any(item["clinical"] in ("recurrence", "relapse") for item in conditions),
        imaged=bool(grown.imaging),
        flags=_flags(config, place),
        note="".join(part for part in note.parts if isinstance(part, str)) if note else None,
        since=days[0] if days else None,
        confirmed=_confirmed([item.get("confirmed") for item in conditions]),
    )


def _called(config: Lesions, place: _Placed) -> str:
    """A lesion in a few words: its name and its levels, those that follow each other as a range."""
    kind, order = place.grown.kind, config.order
    name = kind.name(place.grown.codes) if kind else ""
    runs: list[list[str]] = []
    for level in place.levels:
        if runs and level in order and order.index(level) == order.index(runs[-1][-1]) + 1:
            runs[-1].append(level)
        else:
            runs.append([level])
    at = ", ".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
    if len(runs) > 1 and len(f"{name} {at}") > WORDS:
        at = f"{place.levels[0]}-{place.levels[-1]}"
    return f"{name} {at}".strip()


def _confirmed(stated: Sequence[bool | None]) -> bool | None:
    """True if one Condition is confirmed, False if each says that it is not, else not known."""
    if any(stated):
        return True
    return False if stated and all(answer is False for answer in stated) else None


def _flags(config: Lesions, place: _Placed) -> dict[str, bool]:
    """The flags of the lesion table that something tells: shown, or not shown by a place that says enough."""
    grown = place.grown
    placed = bool(grown.levels or exact(config, place.regions))
    told: dict[str, bool] = {}
    for flag in config.flags:
        shown = bool(grown.levels & flag.levels) or known(flag.sites, grown.sites) or known(flag.codes, grown.codes)
        if shown or grown.class_id in flag.classes:
            told[flag.name] = True
        elif placed or flag.absent is False:
            told[flag.name] = False
    return told


def merge(config: Lesions, lesions: list[Growing]) -> None:
    """Lesions of one class with a common level become one, through others too; one of unknown class joins the class there."""

    place = {kind.id: n for n, kind in enumerate(config.classes)}

    def order(one: Growing) -> tuple[bool, int, list[str]]:
        return one.class_id == "unknown", place.get(one.class_id, len(place)), sorted(one.levels)

    lesions[:] = _joined(sorted(lesions, key=order))
    lesions.sort(key=order)
    grown = True
    while grown:
        grown = False
        for one in lesions:
            near_by = (x for x in lesions if x is not one and x.levels & one.levels)
            other = next((x for x in near_by if "unknown" in (one.class_id, x.class_id)), None)
            if other is not None:
                one.absorb(other)
                lesions.remove(other)
                grown = True
                break


def _joined(lesions: Sequence[Growing]) -> list[Growing]:
    """Lesions of one class with a common level as one. Those that are left of a class share no level, so that each next one
    is held against as few as there are levels, however many Conditions repeat them.
    """
    by_kind: dict[str, list[Growing]] = {}
    apart: list[Growing] = []
    for one in lesions:
        if not one.levels:
            apart.append(one)
            continue
        mine = by_kind.setdefault(one.class_id, [])
        met = [x for x in mine if x.levels & one.levels]
        for other in (*met[1:], one) if met else ():
            met[0].absorb(other)
        by_kind[one.class_id] = [x for x in mine if x not in met[1:]] if met else [*mine, one]
    return [*(x for kind in by_kind.values() for x in kind), *apart]


def absorb_unnamed(lesions: list[Growing]) -> None:
    """Without a site all of a class are one unnamed lesion (D3); it is that of the only named one, if there is just one."""
    named: dict[str, list[Growing]] = {}
    for one in lesions:
        if one.levels:
            named.setdefault(one.class_id, []).append(one)
    unnamed: dict[str, Growing] = {}
    kept: list[Growing] = []
    for one in lesions:
        of_class = named.get(one.class_id, [])
        target = of_class[0] if len(of_class) == 1 else unnamed.setdefault(one.class_id, one)
        if one.levels or target is one:
            kept.append(one)
        else:
            target.absorb(one)
    lesions[:] = kept
