"""What stands in a chart more than once, or inside another: versions of one id, contained resources; and what keeps a resource
from being used at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from fhirpath_spine.pathway.facts.chart import UNREAD, Resource, canonical, is_id
from fhirpath_spine.pathway.facts.dates import first_day, moment_of
from fhirpath_spine.pathway.facts.reading import ERASED, items, status_of

_INNER = frozenset({"Observation", "Condition"})
_HOLDERS = frozenset(
    {
        *("Observation", "Condition", "Procedure", "DiagnosticReport", "AllergyIntolerance"),
        *("MedicationRequest", "MedicationStatement", "MedicationAdministration"),
    }
)
"""Whose contained resources are about the same person. What a family history holds is a relative's."""


def newest(copies: Sequence[Resource]) -> Resource | None:
    """The newest version of one id: by the instant of its storing, then by its number. None where neither tells which it is and
    they do not say the same.
    """
    stored = [_stored(copy) for copy in copies]
    if all(moment is not None for moment in stored):
        last = max(moment for moment in stored if moment is not None)
        copies = [copy for copy, moment in zip(copies, stored, strict=True) if moment == last]
    if len(copies) > 1:
        numbers = [_number(copy) for copy in copies]
        if all(number is not None for number in numbers):
            highest = max(number for number in numbers if number is not None)
            copies = [copy for copy, number in zip(copies, numbers, strict=True) if number == highest]
    told = {canonical({k: v for k, v in copy.items() if k not in UNREAD}) for copy in copies}
    return min(copies, key=canonical) if len(told) == 1 else None


def _stored(resource: Resource) -> datetime | None:
    updated = _meta(resource).get("lastUpdated")
    moment = moment_of(updated, UTC)
    if moment is None and isinstance(updated, str) and len(updated) == 10 and (day := first_day(updated)):
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    return moment


def _number(resource: Resource) -> int | None:
    version = _meta(resource).get("versionId")
    return (
        int(version)
        if isinstance(version, str) and version.isascii() and version.isdigit() and len(version) < 19
        else None
    )


def _meta(resource: Resource) -> dict[str, Any]:
    meta = resource.get("meta")
    return meta if isinstance(meta, dict) else {}


def contained(resource: Resource) -> Iterator[tuple[Resource, str]]:
    """The Observations and Conditions that a resource contains, each about the person whom it is about. One that was erased holds
    nothing that counts, and one that a modifier hinders hands the hindrance on. With each its name on a card, if it has one.
    """
    kind = resource.get("resourceType")
    if kind not in _HOLDERS or status_of(resource) in ERASED:
        return
    id_ = resource.get("id")
    for inner in items(resource.get("contained")):
        if not isinstance(inner, dict) or inner.get("resourceType") not in _INNER:
            continue
        made = {k: v for k, v in inner.items() if k != "id"}
        holder = made.get("subject")
        named = holder.get("reference") if isinstance(holder, dict) else None
        if named is None or (isinstance(named, str) and named.startswith("#")):
            made["subject"] = resource.get("subject", resource.get("patient"))
        made |= {name: resource[name] for name in _MODIFIERS if name in resource and name not in made}
        yield made, f"{kind}/{id_}#{inner['id']}" if is_id(id_) and is_id(inner.get("id")) else ""


_MODIFIERS = ("modifierExtension", "implicitRules")


def hindrance(resource: Resource) -> str:
    """Why a resource cannot be used, whatever it says, as the tail of a phrase key; empty if it can. We know no modifier, so that
    each may turn round what the rest says.
    """
    if "modifierExtension" in resource:
        return "modifier"
    if "implicitRules" in resource:
        return "implicit-rules"
    for name in _PARTS:
        if name in resource and any("modifierExtension" in p for p in items(resource[name]) if isinstance(p, dict)):
            return "modifier"
    return ""


_PARTS = ("component", "reaction", "condition", "ingredient")
"""Parts of a resource that are read, and that may hold a modifier of their own."""
