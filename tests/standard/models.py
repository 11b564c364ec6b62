"""Judges JSON by HL7's logical models of CDS Hooks: what may stand where, how often and of which type, and the invariants.

The invariants run on the engine of this package; embedded resources are checked by ``fhir.resources``. The models say nothing of
words, and name value sets that no artifact of Maven holds: their codes stand in ``CODES``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.R4B.coding import Coding
from pydantic import ValidationError

from fhirpath_spine import fhirpath
from fhirpath_spine.fhirpath import Expression, Scope, Shape

AT = datetime(2026, 6, 15, tzinfo=UTC)
CODES = {
    "CDSIndicator": {"info", "warning", "critical"},
    "CDSActionType": {"create", "update", "delete"},
    "CDSSelectionBehavior": {"at-most-one", "any"},
    "CDSLinkType": {"absolute", "smart"},
}
URI = re.compile(r"\S+")
PRIMITIVES = {
    "boolean": None,
    "integer": None,
    "string": re.compile(r"[\s\S]*\S[\s\S]*"),
    "markdown": re.compile(r"[\s\S]*\S[\s\S]*"),
    "code": re.compile(r"\S+(?: \S+)*"),
    "id": re.compile(r"[A-Za-z0-9.\-]{1,64}"),
    "uuid": re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "uri": URI,
    "url": URI,
}
"""How a primitive of FHIR looks; none for those that are no text in JSON."""
BY_SHAPE = {"ele-1", "ext-1"}
"""Invariants that no expression has to say: an empty object is refused as one, and extensions of CDS Hooks are no lists."""


class Issue(NamedTuple):
    """What is wrong, and where; ``rule`` is the key of an invariant, or what kind of mistake it is."""

    severity: str
    place: str
    rule: str


class Invariant(NamedTuple):
    """One invariant of an element."""

    key: str
    severity: str
    text: str


@dataclass
class Element:
    """One element of a model; ``children`` by their name in JSON."""

    path: str
    least: int
    many: bool
    type: str
    fixed: Any = None
    codes: str = ""
    same_as: str = ""
    flags: dict[str, Any] = field(default_factory=dict)
    kinds: list[tuple[str, str]] = field(default_factory=list)
    """Condition and model, where the type depends on the rest."""
    invariants: list[Invariant] = field(default_factory=list)
    children: dict[str, Element] = field(default_factory=dict)


def _element(row: Mapping[str, Any]) -> Element:
    flags = {
        x["url"].rpartition("/")[2]: next((v for k, v in x.items() if k != "url"), None)
        for x in row.get("extension", ())
    }
    kinds = [
        (said["condition"], said["type"])
        for x in row.get("extension", ())
        if x["url"].endswith("/type-specifier")
        for said in [{one["url"]: one.get("valueString") or one.get("valueCode") for one in x["extension"]}]
    ]
    types = [one["code"].rpartition("/")[2] for one in row.get("type", ())]
    bound = row.get("binding", {})
    return Element(
        path=row["path"],
        least=row.get("min", 0),
        many=row.get("max") == "*",
        type=types[0] if types else "",
        fixed=row.get("fixedCode"),
        codes=bound.get("valueSet", "").rpartition("/")[2] if bound.get("strength") == "required" else "",
        same_as=row.get("contentReference", "").rpartition("#")[2],
        flags=flags,
        kinds=kinds,
        invariants=[Invariant(c["key"], c["severity"], c["expression"]) for c in row.get("constraint", ())],
    )


class Models:
    """All models by name; each judges the body that it describes."""

    def __init__(self, definitions: Iterable[Mapping[str, Any]], agreed: Iterable[str] = ()) -> None:
        self._roots: dict[str, Element] = {}
        self._all: dict[str, Element] = {}
        self._agreed = frozenset(agreed)
        """Names below ``extension`` that both sides know; any other is one that nothing defines."""
        self.evaluated: dict[str, int] = {}
        """How often each invariant was evaluated."""
        self._compiled: dict[tuple[str, str], Expression] = {}
        for definition in definitions:
            rows = definition["snapshot"]["element"]
            for row in rows:
                self._add(_element(row))
            self._roots[definition["id"]] = self._all[rows[0]["path"]]

    def _add(self, element: Element) -> None:
        self._all[element.path] = element
        above, _, name = element.path.rpartition(".")
        if above:
            self._all[above].children[element.flags.get("elementdefinition-json-name") or name] = element

    @cached_property
    def invariants(self) -> frozenset[str]:
        """The keys of all invariants of all models that are expressions here."""
        return frozenset(one.key for element in self._all.values() for one in element.invariants) - BY_SHAPE

    def judge(self, name: str, body: Any) -> list[Issue]:
        """All that is wrong with a body, by a model's name or address."""
        root = self._roots[name.rpartition("/")[2]]
        return list(_Reading(self, root, body).complex(root, body, root.path))

    def resolved(self, element: Element) -> Element:
        """The element that describes the content: its own, that which it refers to, or the model that is its type."""
        if element.same_as:
            return self._all[element.same_as]
        return element if element.children else self._roots.get(element.type, element)

    def shape(self, element: Element) -> Shape:
        """The static type of one value, as expressions see it."""
        if element.type in PRIMITIVES:
            # Invariants of R5 read the value of a primitive by this name.
            return Shape(members={"value": Shape(element.type, many=False)}, many=False, known=True, closed=True)
        inner = self.resolved(element)
        if not inner.children and inner.type in ("Resource", "Bundle", "Coding"):
            return Shape(inner.type, many=False, known=True)
        return Shape(members=self._members(inner), many=False, known=True, closed=True)

    def compiled(self, text: str, element: Element) -> Expression:
        """An expression over one value of an element."""
        key = (text, element.path)
        if key not in self._compiled:
            self._compiled[key] = fhirpath.compile(text, focus=self.shape(element), profile=False)
        return self._compiled[key]

    def _members(self, inner: Element) -> dict[str, Shape]:
        found = {}
        for name, child in inner.children.items():
            plain = Shape(child.type, many=False) if child.type in PRIMITIVES else self.shape(child)
            found[name] = Shape(plain.type, child.many, plain.members, False, plain.closed)
        return found


class _Reading:
    """One body that is judged."""

    def __init__(self, models: Models, root: Element, body: Any) -> None:
        self._models, self._root, self._body = models, root, body

    def complex(self, element: Element, value: Any, at: str) -> Iterator[Issue]:
        """What is wrong with an object and what it holds."""
        inner = self._models.resolved(element)
        if not isinstance(value, dict):
            yield Issue("error", at, "an object is wanted")
            return
        if not value:
            yield Issue("error", at, "an object has some content")
        for name in value.keys() - inner.children.keys():
            yield Issue("error", at, f"unrecognized: {name}")
        for name, child in inner.children.items():
            yield from self._child(child, name, value, f"{at}.{name}")
        yield from self._invariants(element, value, at)

    def _child(self, child: Element, name: str, value: Mapping[str, Any], at: str) -> Iterator[Issue]:
        above = at.rpartition(".")[0]
        if name not in value:
            if child.least:
                yield Issue("error", above, f"missing: {name}")
            return
        held = value[name]
        if "json-property-key" in child.flags:
            yield from self._keyed(child, held, at)
        elif "elementdefinition-extension-style" in child.flags:
            yield from self._extension(held, at)
        elif not child.many:
            yield from self._one(child, held, at)
        elif not isinstance(held, list):
            yield Issue("error", at, "a list is wanted")
        elif not held and child.flags.get("json-empty-behavior") != "present":
            yield Issue("error", at, "a list has some content")
        else:
            for n, one in enumerate(held):
                yield from self._one(child, one, f"{at}[{n}]")

    def _keyed(self, child: Element, held: Any, at: str) -> Iterator[Issue]:
        if not isinstance(held, dict) or not held:
            yield Issue("error", at, "an object has some content")
            return
        for n, (key, one) in enumerate(held.items()):
            yield from self._one(child.children["key"], key, f"{at}[{n}].key")
            yield from self._one(child.children["value"], one, f"{at}[{n}].value")

    def _extension(self, held: Any, at: str) -> Iterator[Issue]:
        if not isinstance(held, dict) or not held:
            yield Issue("error", at, "an object has some content")
            return
        for name in held.keys() - self._models._agreed:
            yield Issue("error", at, f"unrecognized: {name}")

    def _one(self, child: Element, value: Any, at: str) -> Iterator[Issue]:
        if value is None:
            if not child.flags.get("json-nullable"):
                yield Issue("error", at, "null")
        elif child.type in PRIMITIVES:
            yield from self._primitive(child, value, at)
        elif child.type in ("Resource", "Bundle"):
            yield from _resource(child, value, at)
        elif child.type == "Coding":
            yield from _coding(value, at)
            yield from self._invariants(child, value, at)
        else:
            yield from self.complex(self._kind(child), value, at)

    def _kind(self, child: Element) -> Element:
        for condition, model in child.kinds:
            if self._true(condition, self._root, self._body):
                return self._models._roots[model.rpartition("/")[2]]
        return child

    def _primitive(self, child: Element, value: Any, at: str) -> Iterator[Issue]:
        pattern = PRIMITIVES[child.type]
        if pattern is None:
            fits = isinstance(value, bool) if child.type == "boolean" else type(value) is int
        else:
            prefix = child.flags.get("implied-string-prefix") or ""
            fits = isinstance(value, str) and bool(pattern.fullmatch(prefix + value))
        if not fits:
            yield Issue("error", at, f"no {child.type}")
            return
        if child.fixed is not None and value != child.fixed:
            yield Issue("error", at, f"not {child.fixed}")
        if child.codes and value not in CODES[child.codes]:
            yield Issue("error", at, f"not of {child.codes}")
        yield from self._invariants(child, {"value": value}, at)

    def _invariants(self, element: Element, value: Any, at: str) -> Iterator[Issue]:
        inner = self._models.resolved(element)
        for one in dict.fromkeys((*element.invariants, *inner.invariants)):
            if one.key in BY_SHAPE:
                continue
            self._models.evaluated[one.key] = self._models.evaluated.get(one.key, 0) + 1
            if not self._true(one.text, element, value):
                yield Issue(one.severity, at, one.key)

    def _true(self, text: str, element: Element, value: Any) -> bool:
        return self._models.compiled(text, element).truth([value], Scope({}, AT)) is True


def _resource(child: Element, value: Any, at: str) -> Iterator[Issue]:
    kind = value.get("resourceType") if isinstance(value, dict) else None
    if not isinstance(kind, str) or (child.type == "Bundle" and kind != "Bundle"):
        yield Issue("fatal", at, "no resourceType")
        return
    try:
        get_fhir_model_class(kind).model_validate(value)
    except (KeyError, ValidationError) as wrong:
        yield Issue("error", at, f"no {kind}: {str(wrong)[:200]}")
    if not value.get("id") and child.flags.get("id-expectation") != "optional":
        yield Issue("error", at, "a resource has an id")


def _coding(value: Any, at: str) -> Iterator[Issue]:
    try:
        Coding.model_validate(value)
    except ValidationError:
        yield Issue("error", at, "no Coding")
