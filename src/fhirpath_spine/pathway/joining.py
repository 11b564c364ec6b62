"""Which of the lesions that Conditions and images found are one and the same (rulings 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fhirpath_spine.pathway.lesions import Lesion
    from fhirpath_spine.pathway.model import Lesions


def class_id(lesion: Lesion) -> str:
    """The class of a lesion; ``unknown`` where it has none."""
    return lesion.kind.id if lesion.kind else "unknown"


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
