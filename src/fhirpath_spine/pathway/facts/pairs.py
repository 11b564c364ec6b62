"""Two values of one sample that a laboratory gives because its formula asks for a race: of such a pair the lower counts, since
a block must not hang on which of the two was read, and what is shown says that there was a higher one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from fhirpath_spine.fhirpath import Quantity
from fhirpath_spine.pathway.facts import reading
from fhirpath_spine.pathway.facts.filing import Found, surely_older
from fhirpath_spine.pathway.facts.needs import Need, known


def lower_of_pairs(need: Need, found: Sequence[Found]) -> list[Found]:
    """The data of a need without the higher one of each pair. The lower one's item has ``higher``, the value of the other."""
    codes = need.value.pair if need.value is not None else None
    if codes is None or len(found) < 2:
        return list(found)
    kept: list[Found] = []
    for one in found:
        paired = known(codes, reading.codings(reading.concept_of(one.resource)))
        other = next((o for o in kept if paired and _is_of_one_sample(o, one, need)), None)
        if other is None:
            kept.append(one)
        elif _amount(one) != _amount(other):
            low, high = sorted((one, other), key=_amount)
            kept[kept.index(other)] = replace(low, item={**low.item, "higher": high.item["value"]})
    return kept


def _is_of_one_sample(one: Found, other: Found, need: Need) -> bool:
    """Whether both are of the pair and of one specimen, as they say, or else of one time."""
    assert need.value is not None  # noqa: S101 - it has a pair
    concepts = [reading.concept_of(f.resource) for f in (one, other)]
    codes = [frozenset(reading.codings(concept)) for concept in concepts]
    if codes[0] == codes[1] or not all(known(need.value.pair, c) for c in codes):
        return False
    samples = [_specimen(f) for f in (one, other)]
    if all(samples):
        return samples[0] == samples[1]
    return bool(one.day) and not surely_older(one, other) and not surely_older(other, one)


def _specimen(found: Found) -> str:
    specimen = found.resource.get("specimen")
    reference = specimen.get("reference") if isinstance(specimen, dict) else None
    return reference if isinstance(reference, str) else ""


def _amount(found: Found) -> Decimal:
    value = found.item["value"]
    return value.value if isinstance(value, Quantity) else Decimal(value)
