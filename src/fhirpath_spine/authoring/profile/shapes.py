"""Static shapes of the variables that expressions read: items of needs, findings, ranked facts, the lesion, the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirpath_spine.fhirpath import Shape
from fhirpath_spine.fhirpath.values.shapes import BOOLEAN, INTEGER, QUANTITY, STRING
from fhirpath_spine.pathway.facts.reading import MEDICATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhirpath_spine.pathway.facts.needs import Need, Value
VALUE_TYPES = {
    "boolean": BOOLEAN,
    "integer": INTEGER,
    "quantity": QUANTITY,
    "word": STRING,
    "concept": "CodeableConcept",
}
"""The type of an item's ``value`` by the need's value type."""
RANKED_TYPES = {"boolean": BOOLEAN, "string": STRING, "integer": INTEGER}


def one(type_name: str, *, known: bool = False) -> Shape:
    """At most one value of a type."""
    return Shape(type_name, many=False, known=known)


def record(members: dict[str, Shape], *, many: bool = False, known: bool = False) -> Shape:
    """A closed item: nothing but its members can be read."""
    return Shape("", many=many, members=members, known=known, closed=True)


def value_shape(value: Value) -> Shape:
    """The value of an item, as the need reads it."""
    return one(VALUE_TYPES[value.kind])


def item_shape(need: Need) -> Shape:
    """One item of a need: its FHIR resource with the computed members that shadow FHIR's."""
    if need.resources == ("Patient",):
        return PATIENT
    members = {
        "date": one("date"),
        "source": one(STRING, known=True),
        "author": one(STRING),
        "label": one(STRING, known=True),
    }
    if need.value is not None:
        members["value"] = value_shape(need.value)
        if need.value.conversion is not None:
            members["stated"] = one(INTEGER)
        if need.value.pair is not None:
            members["higher"] = value_shape(need.value)
    members |= {name: value_shape(value) for name, value in need.components.items()}
    if set(need.resources) <= set(MEDICATIONS):
        members |= {"meaning": one(STRING, known=True), "code": one("CodeableConcept")}
    if need.resources == ("Condition",):
        members |= {
            "clinical": one(STRING, known=True),
            "current": one(BOOLEAN, known=True),
            "confirmed": one(BOOLEAN),
            "abated": one("date"),
        }
    if len(need.resources) == 1:
        return Shape(need.resources[0], many=False, members=members)
    members.setdefault("code", one("CodeableConcept"))
    members |= {"status": one("code"), "bodySite": Shape("CodeableConcept", many=True)}
    return record(members)


def need_shape(need: Need) -> Shape:
    """What ``%need`` holds: its items, or the newest one."""
    item = item_shape(need)
    many = not need.latest and need.resources != ("Patient",)
    return Shape(item.type, many=many, members=item.members, known=False, closed=item.closed)


PATIENT = Shape(
    "Patient",
    many=False,
    members={"birthDate": one("date"), "gender": one("code"), "age": one(INTEGER)},
)
FINDING = record(
    {
        "present": one(BOOLEAN),
        "onset": one("date"),
        "since": one("date"),
        "new": one(BOOLEAN),
        "pressing": one(BOOLEAN),
        "recent": one(BOOLEAN),
        "settled": one(BOOLEAN),
        "undated": one(BOOLEAN),
        "unreadable": one(BOOLEAN),
        "open": one(BOOLEAN),
    },
    known=True,
)
_COUNTS = ("uncoded", "unrecognisedNeoplasms", "unrecognisedMedications", "ordersWithoutName")
CHART = record(
    {**{name: one(INTEGER, known=True) for name in _COUNTS}, "ordersNotRecognised": Shape(STRING, many=True)},
    known=True,
)


def site_shape(flags: Iterable[str]) -> Shape:
    """The site's flags; one that is not configured is empty, so unknown."""
    members = {flag: one(BOOLEAN) for flag in flags}
    return record({**members, "approved_variants": Shape(STRING, many=True)}, known=True)


def lesion_members(flags: Iterable[str], condition: Shape) -> dict[str, Shape]:
    """What can be read of a lesion."""
    return {
        **{flag: one(BOOLEAN) for flag in flags},
        "key": one(STRING, known=True),
        "class": one(STRING, known=True),
        "title": one(STRING, known=True),
        "called": one(STRING, known=True),
        "code": Shape("CodeableConcept", many=True),
        "level": Shape(STRING, many=True),
        "behaviour": one(STRING),
        "conditions": condition,
        "since": one("date"),
        "current": one(BOOLEAN, known=True),
        "confirmed": one(BOOLEAN),
        "recurrent": one(BOOLEAN, known=True),
        "imaged": one(BOOLEAN, known=True),
        "pathways": Shape(STRING, many=True),
        "note": one(STRING),
    }


LESION_RESERVED = frozenset(lesion_members((), one(STRING))) | {"state"}
"""Members of a lesion whose names no flag may take."""


def lesion_shapes(flags: Iterable[str], condition: Shape) -> tuple[Shape, Shape]:
    """``%lesion`` and ``%lesions``; the latter knows the state of each, once they are judged."""
    members = lesion_members(flags, condition)
    several = {**members, "state": one(STRING)}
    return record(members), record(several, many=True)
