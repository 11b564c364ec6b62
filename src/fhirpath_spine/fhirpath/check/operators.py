"""How the context sees operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirpath_spine.fhirpath.check import advice
from fhirpath_spine.fhirpath.grammar.syntax import Binary, Tree, Unary
from fhirpath_spine.fhirpath.values.shapes import (
    ANYTHING,
    BOOLEAN,
    DECIMAL,
    INTEGER,
    QUANTITY,
    STRING,
    Ty,
    family,
    type_named,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhirpath_spine.fhirpath.check.context import Context
_LOGIC = ("and", "or", "xor", "implies")
_ORDER = ("<", ">", "<=", ">=")
_ORDERED = ("number", "string", "date", "time", "quantity")
_DECIDED = ("boolean", "string", "number")


def unary(context: Context, tree: Unary) -> Ty:
    """``+x`` and ``-x``."""
    found = context.check(tree.operand)
    if found.types and not _families(found) & {"number", "quantity"}:
        return context.error(
            "SP110", tree, f"'{tree.op}' stands before a number.", "It binds weaker than a dot: write (-1).abs()."
        )
    return found.one()


def binary(context: Context, tree: Binary) -> Ty:
    """The type of any other operator."""
    left, right = context.check(tree.left), context.check(tree.right)
    op = tree.op
    if op in _LOGIC:
        if context.profile:
            context.truth(tree.left, left, f"The left side of '{op}'")
            context.truth(tree.right, right, f"The right side of '{op}'")
        return type_named(BOOLEAN, known=_sure(left, right))
    if op == "|":
        joined = left.join(right)
        return Ty(joined.types, True, left.known or right.known, joined.shape, partial=joined.partial)
    if op == "&":
        _need(context, tree, left, right, {"string"})
        return type_named(STRING, known=True)
    if op in _ORDER:
        return _compare(context, tree, left, right)
    if op in ("=", "!="):
        _comparable(context, tree, left, right, strict=context.profile)
        advice.coding(context.report, tree)
        return type_named(BOOLEAN, known=_sure(left, right) and _families(left) | _families(right) <= set(_DECIDED))
    if op in ("~", "!~"):
        return type_named(BOOLEAN, known=not (left.partial or right.partial))
    if op in ("in", "contains"):
        _comparable(context, tree, left, right, strict=context.profile)
        advice.coding(context.report, tree)
        item = left if op == "in" else right
        return type_named(BOOLEAN, known=item.known and not (left.partial or right.partial))
    return _calculate(context, tree, left, right)


def _sure(left: Ty, right: Ty) -> bool:
    return left.known and right.known and not left.partial and not right.partial


def _families(ty: Ty) -> set[str]:
    return {family(t) for t in ty.types or ()}


def _single(context: Context, tree: Tree, *sides: Ty) -> None:
    if context.profile and any(side.many for side in sides):
        advice.several(context.report, tree, tree)


def _words(ty: Ty) -> str:
    return " or ".join(t.removeprefix("System.") for t in (ty.types or ())[:3])


def _bare_number(left: Ty, right: Ty) -> bool:
    one, other = _families(left), _families(right)
    return (one == {"number"} and "quantity" in other) or (other == {"number"} and "quantity" in one)


def _comparable(context: Context, tree: Binary, left: Ty, right: Ty, *, strict: bool) -> None:
    if not strict or not left.types or not right.types:
        return
    if _bare_number(left, right):
        context.error(
            "SP115", tree, "A bare number stands where a unit is due.", "Write the unit, for example 5 'mg/dL'."
        )
    elif not _families(left) & _families(right):
        message = f"{_words(left)} and {_words(right)} can never be equal."
        context.error("SP116", tree, message, advice.forgotten_value((tree.left, left), (tree.right, right)))


def _compare(context: Context, tree: Binary, left: Ty, right: Ty) -> Ty:
    result = type_named(BOOLEAN, known=_sure(left, right) and _families(left) | _families(right) <= set(_DECIDED))
    _single(context, tree, left, right)
    if not left.types or not right.types:
        for side, ty in ((tree.left, left), (tree.right, right)):
            if ty.types and not _families(ty) & set(_ORDERED):
                context.error("SP116", side, f"{_words(ty)} has no order.")
        return result
    only_bare = _families(left) | _families(right) == {"number", "quantity"} and not _families(left) & _families(right)
    if only_bare or (context.profile and _bare_number(left, right)):
        context.error(
            "SP115", tree, "A bare number stands where a unit is due.", "Write the unit, for example 5 'mg/dL'."
        )
    elif not _families(left) & _families(right) & set(_ORDERED):
        message = f"{_words(left)} and {_words(right)} cannot be compared."
        context.error("SP116", tree, message, advice.forgotten_value((tree.left, left), (tree.right, right)))
    elif context.profile:
        for side, ty in ((tree.left, left), (tree.right, right)):
            advice.choice(context.report, side, ty, _families(ty))
    return result


def _need(context: Context, tree: Binary, left: Ty, right: Ty, allowed: Iterable[str]) -> None:
    for side, ty in ((tree.left, left), (tree.right, right)):
        if ty.types and not _families(ty) & set(allowed):
            context.error("SP110", side, f"'{tree.op}' cannot work on {_words(ty)}.")
    _single(context, tree, left, right)


def _calculate(context: Context, tree: Binary, left: Ty, right: Ty) -> Ty:
    known = _sure(left, right) and tree.op not in ("/", "div", "mod")
    _single(context, tree, left, right)
    one, other = _families(left), _families(right)
    if not left.types or not right.types:
        return _unknown_side(context, tree, left, right, known=known)
    for a in ("date", "time"):
        if a in one and tree.op in "+-":
            if "quantity" in other:
                return left.one().maybe() if not known else left.one()
            if other == {"number"}:
                return context.error(
                    "SP115", tree.right, "A bare number stands where a unit is due.", "Write 7 days, 3 months."
                )
    if tree.op == "+" and "string" in one and "string" in other:
        return type_named(STRING, known=known)
    if tree.op in ("div", "mod") and "number" in one and "number" in other:
        return type_named(INTEGER if tree.op == "div" else _number(left, right), known=False)
    numeric = {"number", "quantity"}
    if tree.op in ("+", "-", "*", "/") and one & numeric and other & numeric:
        if "quantity" in one | other:
            if tree.op in ("+", "-") and (one == {"number"} or other == {"number"}):
                return context.error(
                    "SP115", tree, "A bare number stands where a unit is due.", "Write the unit, for example 5 'mg'."
                )
            return type_named(QUANTITY)
        return type_named(DECIMAL if tree.op == "/" else _number(left, right), known=known)
    return context.error("SP110", tree, f"'{tree.op}' cannot work on {_words(left)} and {_words(right)}.")


def _number(left: Ty, right: Ty) -> str:
    decimals = (DECIMAL, "decimal")
    return DECIMAL if any(t in decimals for t in (left.types or ()) + (right.types or ())) else INTEGER


def _unknown_side(context: Context, tree: Binary, left: Ty, right: Ty, *, known: bool) -> Ty:
    allowed = {"number", "quantity"} | ({"string", "date", "time"} if tree.op in "+-" else set())
    _need(context, tree, left, right, allowed)
    if left.types == () or right.types == ():
        return Ty((), many=False)
    side = left if left.types else right
    dated = _families(side) & {"date", "time"}
    return Ty(side.types, False, known) if dated and side is left else ANYTHING.one()
