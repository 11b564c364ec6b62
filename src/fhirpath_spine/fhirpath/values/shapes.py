"""Static types of collections: :class:`Shape`, which callers declare, and :class:`Ty`, which the checker infers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def declared(shape: Shape, *, partial: bool = False) -> Ty:
    """The type of a collection that a caller has described."""
    rich = shape if shape.members or shape.closed else None
    return Ty((shape.type,) if shape.type else None, shape.many, shape.known, rich, partial=partial)


def listed(types: Any) -> str:
    """Type names for a message."""
    names = [t.removeprefix("System.") for t in types]
    return names[0] if len(names) == 1 else f"{', '.join(names[:4])}{', ...' if len(names) > 4 else ''}"


@dataclass(frozen=True)
class Shape:
    """What a caller knows of a collection before it runs.

    ``type`` is a FHIR type ("Observation", "date") or a System type ("System.Quantity"), or "" if unknown;
    ``many``: it may hold more than one item; ``members``: computed members, which shadow the type's own;
    ``known``: it is never empty; ``closed``: nothing but ``members`` can be read, there is no FHIR type behind.
    """

    type: str = ""
    many: bool = True
    members: Mapping[str, Shape] = field(default_factory=dict)
    known: bool = False
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Ty:
    """What the checker knows of an expression's result.

    ``types``: possible type names, None if anything, () if always empty. ``partial``: it can be read incompletely,
    so even ``exists()`` on it may have no answer. ``broken``: an error has been reported, so nothing more is said.
    """

    types: tuple[str, ...] | None
    many: bool = True
    known: bool = False
    shape: Shape | None = None
    ordered: bool = True
    partial: bool = False
    broken: bool = False

    def one(self) -> Ty:
        """The same, at most one item."""
        return replace(self, many=False)

    def maybe(self) -> Ty:
        """The same, possibly empty."""
        return replace(self, known=False)

    @property
    def name(self) -> str:
        """The type name if there is only one, else an empty string."""
        return self.types[0] if self.types is not None and len(self.types) == 1 else ""

    def join(self, other: Ty) -> Ty:
        """The type of a collection that holds items of either."""
        types = None if self.types is None or other.types is None else tuple(dict.fromkeys(self.types + other.types))
        shape = self.shape if self.shape == other.shape or other.types == () else None
        shape = other.shape if self.types == () else shape
        return Ty(
            types, self.many or other.many, self.known and other.known, shape, partial=self.partial or other.partial
        )


ANYTHING = Ty(None)
NOTHING = Ty((), many=False)
BROKEN = Ty(None, broken=True)
BOOLEAN = "System.Boolean"
STRING = "System.String"
INTEGER = "System.Integer"
DECIMAL = "System.Decimal"
DATE = "System.Date"
DATETIME = "System.DateTime"
TIME = "System.Time"
QUANTITY = "System.Quantity"
TYPEINFO = "System.TypeInfo"
SYSTEM_TYPES = (BOOLEAN, STRING, INTEGER, DECIMAL, DATE, DATETIME, TIME, QUANTITY, TYPEINFO)
_FAMILY = {
    BOOLEAN: "boolean",
    "boolean": "boolean",
    STRING: "string",
    INTEGER: "number",
    DECIMAL: "number",
    "integer": "number",
    "decimal": "number",
    "positiveInt": "number",
    "unsignedInt": "number",
    DATE: "date",
    DATETIME: "date",
    "date": "date",
    "dateTime": "date",
    "instant": "date",
    TIME: "time",
    "time": "time",
    QUANTITY: "quantity",
    "Quantity": "quantity",
    "Age": "quantity",
    "Count": "quantity",
    "Distance": "quantity",
    "Duration": "quantity",
    "SimpleQuantity": "quantity",
    "MoneyQuantity": "quantity",
}
_TEXTS = ("string", "code", "id", "markdown", "uri", "url", "canonical", "uuid", "oid", "base64Binary", "xhtml")
_FAMILY.update(dict.fromkeys(_TEXTS, "string"))


def family(type_name: str) -> str:
    """Types of one family can be compared: boolean, string, number, date, time, quantity; else the type itself."""
    return _FAMILY.get(type_name, type_name)


def type_named(type_name: str, *, many: bool = False, known: bool = False) -> Ty:
    """Shorthand for a result of one type."""
    return Ty((type_name,), many, known)
