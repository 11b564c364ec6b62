"""Items at run time.

FHIR values travel as :class:`Node`, which keeps their type and their primitive extensions; System values travel as
Python ones (bool, int, Decimal, str, Date, DateTime, Time, Quantity).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhirpath_spine.fhirpath.values import r4
from fhirpath_spine.fhirpath.values.quantity import Quantity, from_fhir
from fhirpath_spine.fhirpath.values.shapes import DATE, DATETIME, TIME, family
from fhirpath_spine.fhirpath.values.temporal import Date, DateTime, Time, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fhirpath_spine.fhirpath.values.shapes import Shape


class Incomplete(list[Any]):
    """A collection whose search was not complete: what it holds is there, what it lacks may be there all the same."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Incomplete({super().__repr__()})"


class Node:
    """One FHIR value: its JSON, its type, the extensions beside a primitive, and computed members if it has any."""

    __slots__ = ("ext", "shape", "type", "value")

    def __init__(
        self, value: Any, type_name: str, ext: dict[str, Any] | None = None, shape: Shape | None = None
    ) -> None:
        self.value = value
        self.type = type_name
        self.ext = ext
        self.shape = shape


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """What ``type()`` answers."""

    namespace: str
    name: str


def as_complete_as(source: Sequence[Any], found: list[Any]) -> list[Any]:
    """``found`` with the completeness of ``source``."""
    return Incomplete(found) if type(source) is Incomplete else found


# Callers may declare System dates and still hand over text.
_WRITTEN_AS = {DATE: "date", DATETIME: "dateTime", TIME: "time"}


def enter(value: Any, shape: Shape | None) -> Any:
    """A caller's value as an item: a resource, a data type of the declared shape, or a System value."""
    name = shape.type if shape else ""
    name = _WRITTEN_AS.get(name, name)
    if isinstance(value, dict):
        name = value.get("resourceType") or name
        return Node(value, name, None, shape if shape and (shape.members or shape.closed) else None)
    if name and not name.startswith("System.") and isinstance(value, (str, bool, int, float, Decimal)):
        return Node(value, name)
    if isinstance(value, float):
        return Decimal(repr(value))
    return value


def enter_all(values: Iterable[Any], shape: Shape | None) -> list[Any]:
    """A caller's collection as items; Incomplete stays Incomplete."""
    found = [enter(value, shape) for value in values]
    return Incomplete(found) if type(values) is Incomplete else found


def _children(_node: Node, value: dict[str, Any], key: str, type_name: str, found: list[Any]) -> None:
    raw, extra = value.get(key), value.get("_" + key)
    if raw is None and extra is None:
        return
    if isinstance(raw, list) or isinstance(extra, list):
        values = raw or []
        extras = extra if isinstance(extra, list) else []
        for i in range(max(len(values), len(extras))):
            one = values[i] if i < len(values) else None
            more = extras[i] if i < len(extras) else None
            if one is not None or more is not None:
                found.append(_child(one, type_name, more))
    else:
        found.append(_child(raw, type_name, extra))


def _child(raw: Any, type_name: str, extra: dict[str, Any] | None) -> Node:
    if type_name == "Resource" and isinstance(raw, dict):
        type_name = raw.get("resourceType", type_name)
    return Node(raw, type_name, extra)


def _member(_node: Node, shape: Shape, value: Any) -> list[Any]:
    if value is None:
        return []
    return enter_all(value, shape) if isinstance(value, (list, tuple)) else [enter(value, shape)]


# System values that have parts, by the names that FHIR gives them.
_READABLE: dict[type, dict[str, str]] = {
    TypeInfo: {"namespace": "namespace", "name": "name"},
    Quantity: {"value": "value", "unit": "unit", "code": "unit"},
}


def navigate(item: Any, name: str) -> list[Any]:
    """The children of one item that have this name."""
    if type(item) is not Node:
        readable = _READABLE.get(type(item), {})
        return [getattr(item, readable[name])] if name in readable else []
    value, shape = item.value, item.shape
    found: list[Any] = []
    if not isinstance(value, dict):
        if item.ext is not None and name in ("extension", "id"):
            _children(item, item.ext, name, "Extension" if name == "extension" else "string", found)
        return found
    if shape is not None:
        if name in shape.members:
            return _member(item, shape.members[name], value.get(name))
        if shape.closed:
            return found
    element = r4.element(item.type, name)
    if element is None:
        return found
    for key, type_name in element.keys:
        if key in value or "_" + key in value:
            _children(item, value, key, type_name, found)
    return found


def children(item: Any) -> list[Any]:
    """All direct children of one item."""
    if type(item) is not Node:
        return []
    if not isinstance(item.value, dict):
        return [] if item.ext is None else navigate(item, "id") + navigate(item, "extension")
    found = r4.TYPES.get(item.type)
    return [child for name in (found.elements if found else ()) for child in navigate(item, name)]


_PRIMITIVE = ("boolean", "number", "quantity", "string")


def system(item: Any) -> Any:
    """The System value of an item: primitives and quantities are converted, all else stays.

    None if it has no value, or one that its type does not allow, such as text where a number is due.
    """
    if type(item) is not Node:
        return item
    value = item.value
    kind = family(item.type)
    if isinstance(value, dict):
        return from_fhir(value) if kind == "quantity" else item
    if isinstance(value, str):
        if kind in ("date", "time"):
            return read(item.type, value)
        return value if kind == "string" else None if kind in _PRIMITIVE else item
    if isinstance(value, (bool, int, float, Decimal)):
        if kind not in ("boolean" if isinstance(value, bool) else "number", item.type):
            return None
        return Decimal(repr(value)) if isinstance(value, float) else value
    return value


def leave(item: Any) -> Any:
    """An item as a caller gets it: JSON for FHIR values, System values as they are."""
    if type(item) is not Node:
        return item
    return item.ext if item.value is None else item.value


def type_of(item: Any) -> tuple[str, str]:
    """Namespace and name of an item's type."""
    if type(item) is Node:
        return "FHIR", item.type
    name = {
        bool: "Boolean",
        int: "Integer",
        str: "String",
        Decimal: "Decimal",
        Date: "Date",
        DateTime: "DateTime",
        Time: "Time",
        Quantity: "Quantity",
    }.get(type(item), "Any")
    return "System", name


def family_of(value: Any) -> str:
    """The family of a System value."""
    return "quantity" if isinstance(value, Quantity) else family("System." + type_of(value)[1])


@dataclass(frozen=True, slots=True)
class TypeName:
    """A resolved type specifier; ``namespace`` is empty if the text named none and both have the name."""

    namespace: str
    name: str

    def exactly(self, item: Any) -> bool:
        """Whether ``ofType`` and ``as`` let the item through: subtypes count, except among primitives."""
        namespace, name = type_of(item)
        if self.namespace and namespace != self.namespace:
            return False
        if namespace == "System" or r4.is_primitive(self.name):
            return name == self.name
        return r4.descends(name, self.name)

    def covers(self, item: Any) -> bool:
        """Whether ``is`` holds: the item's type is this one or derives from it."""
        namespace, name = type_of(item)
        if self.namespace and namespace != self.namespace:
            return False
        return name == self.name or (namespace == "FHIR" and r4.descends(name, self.name))
