"""What every rule of a check may use: where it stands, which names are known, and how a mistake is told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING

from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.fhirpath.check import advice
from fhirpath_spine.fhirpath.grammar.syntax import (
    Tree,
    TypeTest,
)
from fhirpath_spine.fhirpath.values import r4
from fhirpath_spine.fhirpath.values.items import TypeName
from fhirpath_spine.fhirpath.values.shapes import (
    BROKEN,
    SYSTEM_TYPES,
    Shape,
    Ty,
    family,
    listed,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhirpath_spine.fhirpath.grammar.problems import Report
    from fhirpath_spine.fhirpath.values.value_sets import ValueSet


class Context(ABC):
    """What the rules of one check share: the report, the names that are known, and ``this``, the type that ``$this`` has
    at the place that is looked at. How a tree is checked is the checker's; the rules only ask for it.
    """

    def __init__(
        self,
        report: Report,
        focus: Ty,
        variables: Mapping[str, Shape],
        value_sets: Mapping[str, ValueSet],
        *,
        profile: bool,
    ) -> None:
        self.report, self.value_sets, self.profile = report, value_sets, profile
        self.variables = variables
        self.defined: dict[str, Ty] = {}
        self.focus = self.this = focus
        self.per_item = False

    @abstractmethod
    def check(self, tree: Tree) -> Ty:
        """Infer and note the type of a tree and of all below it."""

    def within(self, tree: Tree, this: Ty) -> Ty:
        """Check a tree that is evaluated once per item of type ``this``."""
        outer = self.this, self.per_item, dict(self.defined)
        # An item that is visited is there, however incomplete the search was that found it.
        self.this, self.per_item = replace(this, many=False, known=True, partial=False), True
        found = self.check(tree)
        self.this, self.per_item, self.defined = outer
        return found

    def error(
        self, code: str, tree: Tree, message: str, hint: str = "", at: int | None = None, instead: str = ""
    ) -> Ty:
        """Report an error; the result is unknown, so that it causes no others."""
        self.report.error(code, tree.start if at is None else at, tree.end, message, hint, instead)
        return BROKEN

    def need_order(self, tree: Tree, base: Ty, what: str) -> None:
        """Report what counts on an order that the collection does not have."""
        if not base.ordered:
            self.error("SP121", tree, f"{what} needs an order; children() and descendants() have none.")

    def type_name(self, tree: Tree, text: str, at: int) -> TypeName:
        """Resolve a type specifier; an unknown one is reported and matches nothing."""
        namespace, _, name = text.rpartition(".")
        system = f"System.{name}" in SYSTEM_TYPES
        if namespace in ("", "FHIR") and name in r4.TYPES:
            both = namespace == "" and system
            return TypeName("" if both else "FHIR", name)
        if namespace in ("", "System") and system:
            return TypeName("System", name)
        if namespace == "System" and name in r4.TYPES and not self.profile:
            return TypeName("System", name)
        known = [*r4.TYPES, *(t.removeprefix("System.") for t in SYSTEM_TYPES)]
        self.report.error(
            "SP112",
            at,
            max(tree.end, at + 1) if isinstance(tree, TypeTest) else tree.end,
            f"There is no type '{text}'.",
            did_you_mean(name, known),
        )
        return TypeName("?", name)

    def truth(self, tree: Tree, ty: Ty, what: str) -> None:
        """Report a criterion that is no truth value."""
        if ty.types and all(family(t) != "boolean" for t in ty.types):
            message = f"{what} is {listed(ty.types)}, not true or false."
            meant = advice.forgotten_value((tree, ty))
            self.error("SP114", tree, message, f"{meant} Compare it, or ask exists().".strip())
        elif ty.many and ty.types and self.profile:
            advice.several(self.report, tree, tree)
