"""FHIR R4 as the checker and the engine see it: element names, their types, choices, cardinality, base types."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Element:
    """``keys``: the names it has in JSON, each with its type; one unless it is a choice."""

    name: str
    types: tuple[str, ...]
    many: bool
    required: bool
    choice: bool
    keys: tuple[tuple[str, str], ...]


class Type:
    """A resource, data type, primitive or backbone element."""

    def __init__(self, name: str, row: dict[str, Any]) -> None:
        self.name = name
        self.base: str = row["base"]
        self.kind: str = row["kind"]
        self.abstract: bool = row["abstract"]
        self._rows: dict[str, str] = row["elements"]

    @cached_property
    def elements(self) -> dict[str, Element]:
        """All elements by FHIRPath name, inherited ones included."""
        above = TYPES.get(self.base)
        found = dict(above.elements) if above else {}
        for name, text in self._rows.items():
            element = _element(name, text)
            found[element.name] = element
        return found

    @cached_property
    def lineage(self) -> tuple[str, ...]:
        """Its own name, then its base's, and so on."""
        above = TYPES.get(self.base)
        return (self.name, *(above.lineage if above else ()))


def _element(name: str, text: str) -> Element:
    many, required = text.startswith("+"), "!" in text[:2]
    types = tuple(text.lstrip("+!").split("|"))
    choice = name.endswith("[x]")
    plain = name.removesuffix("[x]")
    keys = tuple((plain + t[0].upper() + t[1:], t) for t in types) if choice else ((plain, types[0] if types else ""),)
    return Element(plain, types, many, required, choice, keys)


TYPES: Final[dict[str, Type]] = {}
"""Every type by name; a backbone element's name is its path."""


def _load() -> None:
    text = files("fhirpath_spine.fhirpath").joinpath("r4.json").read_text(encoding="utf-8")
    for name, row in json.loads(text)["types"].items():
        TYPES[name] = Type(name, row)


_load()


def is_primitive(name: str) -> bool:
    """Whether values of this FHIR type stand in JSON as text, number or boolean."""
    found = TYPES.get(name)
    return found is not None and found.kind == "primitive-type"


@cache
def resource_types() -> frozenset[str]:
    """The names of all resource types, abstract ones included."""
    return frozenset(name for name, found in TYPES.items() if found.kind == "resource")


def is_resource(name: str) -> bool:
    """Whether this is a resource type, an abstract one included."""
    return name in resource_types()


def is_abstract(name: str) -> bool:
    """Whether items of this static type have another, more special type at run time."""
    found = TYPES.get(name)
    return found is not None and (found.abstract or name == "Resource")


def descends(name: str, ancestor: str) -> bool:
    """Whether ``name`` is ``ancestor`` or derives from it."""
    found = TYPES.get(name)
    return found is not None and ancestor in found.lineage


def element(type_name: str, name: str) -> Element | None:
    """The element of a type, or None."""
    found = TYPES.get(type_name)
    return None if found is None else found.elements.get(name)


@cache
def elements_of(type_name: str) -> frozenset[str]:
    """The names that the elements of a type have in JSON."""
    found = TYPES.get(type_name)
    return frozenset(key for element in found.elements.values() for key, _ in element.keys) if found else frozenset()


@cache
def elements_typed(type_name: str, types: frozenset[str]) -> frozenset[str]:
    """Of the names that the elements of a type have in JSON, those of elements of one of these types."""
    found = TYPES.get(type_name)
    elements = found.elements.values() if found else ()
    return frozenset(key for element in elements for key, kind in element.keys if kind in types)


@cache
def all_element_names() -> frozenset[str]:
    """Every element name of every type."""
    return frozenset(name for found in TYPES.values() for name in found.elements)


@cache
def anywhere(name: str) -> tuple[tuple[str, ...] | None, bool] | None:
    """All types that elements of this name have, and whether one repeats; None if there is no such element.

    The types are None if one of them is not fixed.
    """
    found = [element for kind in TYPES.values() if (element := kind.elements.get(name)) is not None]
    if not found:
        return None
    types = tuple(dict.fromkeys(t for element in found for t in element.types))
    return types if all(types) and "Resource" not in types else None, any(element.many for element in found)


@cache
def choice_spelling(type_name: str, name: str) -> tuple[str, str] | None:
    """For ``valueQuantity``: ``("value", "Quantity")``; None if it is not a choice element's JSON name."""
    found = TYPES.get(type_name)
    for candidate in found.elements.values() if found else ():
        if candidate.choice:
            for key, kind in candidate.keys:
                if key == name:
                    return candidate.name, kind
    return None
