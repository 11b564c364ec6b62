"""The type checker: walks a tree once, fills in every ``ty``, resolves names, and reports all it finds wrong."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.fhirpath import advice, check_calls, check_operators, model
from fhirpath_spine.fhirpath import check_elements as elements
from fhirpath_spine.fhirpath.check_elements import declared, listed
from fhirpath_spine.fhirpath.items import TypeName
from fhirpath_spine.fhirpath.quantity import UCUM, Quantity, unit
from fhirpath_spine.fhirpath.shapes import (
    ANYTHING,
    BROKEN,
    INTEGER,
    NOTHING,
    STRING,
    SYSTEM_TYPES,
    Shape,
    Ty,
    family,
    of,
)
from fhirpath_spine.fhirpath.syntax import (
    Binary,
    Call,
    Index,
    Literal,
    Member,
    Special,
    Tree,
    TypeTest,
    Unary,
    Variable,
)
from fhirpath_spine.fhirpath.temporal import Date, DateTime, Time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhirpath_spine.fhirpath.problems import Report
    from fhirpath_spine.fhirpath.value_sets import ValueSet

CONSTANTS: Final = {"ucum": UCUM, "sct": "http://snomed.info/sct", "loinc": "http://loinc.org"}
_ROOTS = ("context", "resource", "rootResource")
_PREFIXES = {"vs-": "http://hl7.org/fhir/ValueSet/", "ext-": "http://hl7.org/fhir/StructureDefinition/"}
_LITERALS = {
    bool: "System.Boolean",
    int: INTEGER,
    str: STRING,
    Quantity: "System.Quantity",
    Date: "System.Date",
    DateTime: "System.DateTime",
    Time: "System.Time",
}


def constant(name: str) -> str | None:
    """The value of a variable that the specification defines, or None."""
    for prefix, url in _PREFIXES.items():
        if name.startswith(prefix):
            return url + name.removeprefix(prefix)
    return CONSTANTS.get(name)


class Checker:
    """Walks one tree. ``this`` is the type ``$this`` has at the place that is looked at."""

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
        self.variables = {name: declared(shape, partial=True) for name, shape in variables.items()}
        self.defined: dict[str, Ty] = {}
        self.focus = self.this = focus
        self.per_item = False

    def check(self, tree: Tree) -> Ty:
        """Infer and note the type of a tree and of all below it."""
        tree.ty = self._infer(tree)
        return tree.ty

    def within(self, tree: Tree, this: Ty) -> Ty:
        """Check a tree that is evaluated once per item of type ``this``."""
        outer = self.this, self.per_item, dict(self.defined)
        # An item that is visited is there, however incomplete the search was that found it.
        self.this, self.per_item = replace(this, many=False, known=True, partial=False), True
        found = self.check(tree)
        self.this, self.per_item, self.defined = outer
        return found

    def error(self, code: str, tree: Tree, message: str, hint: str = "", at: int | None = None) -> Ty:
        """Report an error; the result is unknown, so that it causes no others."""
        self.report.error(code, tree.start if at is None else at, tree.end, message, hint)
        return BROKEN

    def _infer(self, tree: Tree) -> Ty:
        match tree:
            case Literal():
                return self._literal(tree)
            case Variable():
                return self._variable(tree)
            case Special():
                return self._special(tree)
            case Member():
                return self._member(tree)
            case Call():
                return check_calls.call(self, tree)
            case Index():
                return self._index(tree)
            case Unary():
                return check_operators.unary(self, tree)
            case Binary():
                return check_operators.binary(self, tree)
            case TypeTest():
                base = self.check(tree.operand)
                tree.note = self.type_name(tree, tree.name, tree.at)
                return check_calls.type_result(self, tree, tree.op, base, tree.note)
        raise AssertionError(tree)

    def _literal(self, tree: Literal) -> Ty:
        if tree.value is None:
            return NOTHING
        if isinstance(tree.value, Quantity) and self.profile and not _is_unit(tree.value.unit):
            self.error(
                "SP119", tree, f"'{tree.value.unit}' is not a unit of UCUM.", "UCUM minds case: mg/dL, mmol/L, 10*9/L."
            )
        return of(_LITERALS.get(type(tree.value), "System.Decimal"), known=True)

    def _variable(self, tree: Variable) -> Ty:
        name = tree.name
        if name in self.defined:
            return self.defined[name]
        if name in self.variables:
            return self.variables[name]
        if constant(name) is not None:
            return of(STRING, known=True)
        if name in _ROOTS:
            return self.focus
        names = {*self.variables, *self.defined, *CONSTANTS, *_ROOTS}
        known = ", ".join(f"%{n}" for n in sorted(self.variables)[:12]) or "none"
        hint = did_you_mean(name, names) or f"Known are: {known}."
        return self.error("SP111", tree, f"%{name} is not defined.", hint)

    def _special(self, tree: Special) -> Ty:
        if tree.name == "this":
            return self.this
        if not self.per_item:
            return self.error("SP122", tree, f"${tree.name} has a meaning only inside a function that visits items.")
        return of(INTEGER, known=True) if tree.name == "index" else ANYTHING

    def _index(self, tree: Index) -> Ty:
        base, index = self.check(tree.base), self.check(tree.index)
        if index.types and all(family(t) != "number" for t in index.types):
            self.error("SP110", tree.index, "An index is an integer.")
        self.need_order(tree, base, "An index")
        return base.one().maybe()

    def need_order(self, tree: Tree, base: Ty, what: str) -> None:
        """Report what counts on an order that the collection does not have."""
        if not base.ordered:
            self.error("SP121", tree, f"{what} needs an order; children() and descendants() have none.")

    def _member(self, tree: Member) -> Ty:
        base = self.this if tree.base is None else self.check(tree.base)
        if tree.base is None and tree.name[:1].isupper() and tree.name in model.TYPES:
            return self._root(tree, base)
        found = elements.find(base, tree.name)
        return found if found is not None else elements.unknown(self, tree, base)

    def _root(self, tree: Member, base: Ty) -> Ty:
        tree.root_type = name = tree.name
        types = base.types
        if types is None or any(t == name or model.is_abstract(t) or model.descends(t, name) for t in types):
            keep = types is not None and all(model.descends(t, name) for t in types)
            return base if keep else Ty((name,), base.many, False, base.shape, base.ordered, base.partial)
        return self.error(
            "SP106",
            tree,
            f"This reads {listed(types)}, never {name}.",
            "Begin with an element, or with the type at hand.",
        )

    def type_name(self, tree: Tree, text: str, at: int) -> TypeName:
        """Resolve a type specifier; an unknown one is reported and matches nothing."""
        namespace, _, name = text.rpartition(".")
        system = f"System.{name}" in SYSTEM_TYPES
        if namespace in ("", "FHIR") and name in model.TYPES:
            both = namespace == "" and system
            return TypeName("" if both else "FHIR", name)
        if namespace in ("", "System") and system:
            return TypeName("System", name)
        if namespace == "System" and name in model.TYPES and not self.profile:
            return TypeName("System", name)
        known = [*model.TYPES, *(t.removeprefix("System.") for t in SYSTEM_TYPES)]
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
            self.error("SP114", tree, message, "Compare it, or ask exists().")
        elif ty.many and ty.types and self.profile:
            advice.several(self.report, tree, tree)


@cache
def _is_unit(code: str) -> bool:
    if "{" in code or unit(code) is not None:
        return True
    from fhirpath_spine.fhirpath.quantity import CALENDAR
    from fhirpath_spine.fhirpath.ucum import is_code

    return code in CALENDAR or is_code(code)
