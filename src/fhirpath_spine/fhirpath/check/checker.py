"""The type checker: walks a tree once, fills in every ``ty``, resolves names, and reports all it finds wrong."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.fhirpath.check import calls, elements, operators
from fhirpath_spine.fhirpath.check.context import Context
from fhirpath_spine.fhirpath.grammar.syntax import (
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
from fhirpath_spine.fhirpath.values import r4
from fhirpath_spine.fhirpath.values.quantity import Quantity
from fhirpath_spine.fhirpath.values.shapes import (
    ANYTHING,
    INTEGER,
    NOTHING,
    STRING,
    Ty,
    declared,
    family,
    listed,
    type_named,
)
from fhirpath_spine.fhirpath.values.temporal import Date, DateTime, Time
from fhirpath_spine.fhirpath.values.units import UCUM, unit

if TYPE_CHECKING:
    pass
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


class Checker(Context):
    """Walks one tree."""

    def check(self, tree: Tree) -> Ty:
        """Infer and note the type of a tree and of all below it."""
        tree.ty = self._infer(tree)
        return tree.ty

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
                return calls.call(self, tree)
            case Index():
                return self._index(tree)
            case Unary():
                return operators.unary(self, tree)
            case Binary():
                return operators.binary(self, tree)
            case TypeTest():
                base = self.check(tree.operand)
                tree.note = self.type_name(tree, tree.name, tree.at)
                return calls.type_result(self, tree, tree.op, base, tree.note)
        raise AssertionError(tree)

    def _literal(self, tree: Literal) -> Ty:
        if tree.value is None:
            return NOTHING
        if isinstance(tree.value, Quantity) and self.profile and not _is_unit(tree.value.unit):
            self.error(
                "SP119", tree, f"'{tree.value.unit}' is not a unit of UCUM.", "UCUM minds case: mg/dL, mmol/L, 10*9/L."
            )
        return type_named(_LITERALS.get(type(tree.value), "System.Decimal"), known=True)

    def _variable(self, tree: Variable) -> Ty:
        name = tree.name
        if name in self.defined:
            return self.defined[name]
        if name in self.variables:
            return declared(self.variables[name], partial=True)
        if constant(name) is not None:
            return type_named(STRING, known=True)
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
        return type_named(INTEGER, known=True) if tree.name == "index" else ANYTHING

    def _index(self, tree: Index) -> Ty:
        base, index = self.check(tree.base), self.check(tree.index)
        if index.types and all(family(t) != "number" for t in index.types):
            self.error("SP110", tree.index, "An index is an integer.")
        self.need_order(tree, base, "An index")
        return base.one().maybe()

    def _member(self, tree: Member) -> Ty:
        base = self.this if tree.base is None else self.check(tree.base)
        if tree.base is None and tree.name[:1].isupper() and tree.name in r4.TYPES:
            return self._root(tree, base)
        found = elements.find(base, tree.name)
        return found if found is not None else elements.unknown(self, tree, base)

    def _root(self, tree: Member, base: Ty) -> Ty:
        tree.root_type = name = tree.name
        types = base.types
        if types is None or any(t == name or r4.is_abstract(t) or r4.descends(t, name) for t in types):
            keep = types is not None and all(r4.descends(t, name) for t in types)
            return base if keep else Ty((name,), base.many, False, base.shape, base.ordered, base.partial)
        return self.error(
            "SP106",
            tree,
            f"This reads {listed(types)}, never {name}.",
            "Begin with an element, or with the type at hand.",
        )


@cache
def _is_unit(code: str) -> bool:
    if "{" in code or unit(code) is not None:
        return True
    from fhirpath_spine.fhirpath.values.units import CALENDAR, is_code

    return code in CALENDAR or is_code(code)
