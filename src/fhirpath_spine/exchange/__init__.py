"""CDS Hooks and FHIR shapes: requests in, charts for the core, cards and CarePlans out. Pure: no I/O, no clock.

``BASE`` is an identifier, not a location (rulings 5.3): all canonicals and code systems of ours start with it.
"""

from __future__ import annotations

from typing import Any

BASE = "https://fhirpath-spine.org/fhir"
EXTENSION = "org.fhirpath-spine"

Json = dict[str, Any]
"""A JSON object as it goes over the wire."""


def lean(value: Json) -> Json:
    """The object without what CDS Hooks forbids on the wire: no ``null``, ``""``, ``[]`` or ``{}`` (GEN-05, GEN-06)."""
    return {key: item for key, item in value.items() if item is not None and item not in ("", [], {}, ())}


def objects(value: object) -> list[Json]:
    """The objects of a JSON list, whatever else stands in it; none where it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
