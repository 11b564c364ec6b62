"""How the context sees functions, type tests and the special forms among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import re2  # type: ignore[import-untyped]

from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.fhirpath.check import advice
from fhirpath_spine.fhirpath.functions import strings
from fhirpath_spine.fhirpath.functions.table import FUNCTIONS, Function
from fhirpath_spine.fhirpath.grammar.problems import EvaluationError
from fhirpath_spine.fhirpath.grammar.syntax import Call, Literal, Member, Tree, Unary
from fhirpath_spine.fhirpath.values import r4
from fhirpath_spine.fhirpath.values.shapes import ANYTHING, BOOLEAN, BROKEN, Ty, family, type_named

if TYPE_CHECKING:
    from fhirpath_spine.fhirpath.check.context import Context
    from fhirpath_spine.fhirpath.values.items import TypeName
_PATTERNS = ("matches", "matchesFull", "replaceMatches")
_CODED = ("Coding", "CodeableConcept")
_ACCEPTS = {"quantity": ("quantity", "number"), "integer": ("number",)}


def call(context: Context, tree: Call) -> Ty:
    """The type of a call; reports unknown functions, wrong arguments and what profiles may not use."""
    function = FUNCTIONS.get(tree.name)
    base = context.this if tree.base is None else context.check(tree.base)
    if function is None:
        for argument in tree.args:
            context.within(argument, ANYTHING)
        hint = did_you_mean(tree.name, FUNCTIONS)
        context.report.error("SP108", tree.at, tree.at + len(tree.name), f"There is no function {tree.name}().", hint)
        return BROKEN
    if context.profile and not function.profile:
        context.report.error(
            "SP117",
            tree.at,
            tree.at + len(tree.name),
            f"{tree.name}() is not for profiles.",
            "Name the elements to read.",
        )
    if not function.least <= len(tree.args) <= len(function.args):
        return _wrong_count(context, tree, function)
    if function.ordered:
        context.need_order(tree, base, f"{tree.name}()")
    _input(context, tree, function, base)
    if tree.name in ("is", "as", "ofType"):
        return _type_call(context, tree, base)
    if tree.name == "memberOf":
        return _member_of(context, tree, base)
    if tree.name == "iif":
        return _iif(context, tree, base)
    if tree.name == "sort":
        return _sort(context, tree, base)
    if tree.name == "defineVariable":
        return _define(context, tree, base)
    found = [
        _argument(context, tree, kind, argument, base) for kind, argument in zip(function.args, tree.args, strict=False)
    ]
    if tree.name in _PATTERNS:
        _pattern(context, tree)
    advice.quantifier(context.report, tree)
    return function.gives(base, found)


def _wrong_count(context: Context, tree: Call, function: Function) -> Ty:
    least, most = function.least, len(function.args)
    wanted = f"{least}" if least == most else f"{least} to {most}"
    noun = "argument" if wanted == "1" else "arguments"
    context.report.error("SP109", tree.at, tree.end, f"{tree.name}() takes {wanted} {noun}, not {len(tree.args)}.")
    return BROKEN


def _fits(ty: Ty, kind: str) -> bool:
    if not ty.types or kind in ("any", "items", "none"):
        return True
    return any(family(t) in _ACCEPTS.get(kind, (kind,)) for t in ty.types)


def _input(context: Context, tree: Call, function: Function, base: Ty) -> None:
    if not _fits(base, function.on):
        what = base.name.removeprefix("System.") or "what stands before it"
        context.report.error("SP110", tree.at, tree.end, f"{tree.name}() works on a {function.on}, not on {what}.")
    elif function.one and base.many and context.profile:
        advice.several(context.report, tree, tree.base or tree)


def _argument(context: Context, tree: Call, kind: str, argument: Tree, base: Ty) -> Ty:
    kind = kind.removesuffix("?")
    if kind in ("criterion", "each"):
        found = context.within(argument, base)
        if kind == "criterion" and context.profile:
            context.truth(argument, found, "This criterion")
        return found
    found = context.check(argument)
    if not _fits(found, kind):
        name = found.name.removeprefix("System.") or "something else"
        context.error("SP110", argument, f"{tree.name}() takes a {kind} here, not {name}.")
    return found


def _pattern(context: Context, tree: Call) -> None:
    argument = tree.args[0]
    if isinstance(argument, Literal) and isinstance(argument.value, str):
        try:
            strings.pattern(argument.value)
        except (EvaluationError, re2.error):
            context.error(
                "SP118", argument, "This is not a regular expression.", "RE2 has no backreferences and no lookaround."
            )


def _specifier(tree: Tree) -> str | None:
    if isinstance(tree, Member):
        if tree.base is None:
            return tree.name
        before = _specifier(tree.base)
        return None if before is None else f"{before}.{tree.name}"
    return None


def _type_call(context: Context, tree: Call, base: Ty) -> Ty:
    name = _specifier(tree.args[0])
    if name is None:
        return context.error("SP112", tree.args[0], f"{tree.name}() takes the name of a type.")
    tree.note = context.type_name(tree.args[0], name, tree.args[0].start)
    return type_result(context, tree, tree.name, base, tree.note)


def type_result(context: Context, tree: Tree, op: str, base: Ty, wanted: TypeName) -> Ty:
    """The type of ``is``, ``as`` or ``ofType``; in profiles, a type that can never occur is an error."""
    if wanted.namespace == "?":
        return BROKEN
    if op == "is":
        return type_named(BOOLEAN, known=base.known and not base.partial)
    if op == "as" and base.many and context.profile:
        advice.several(context.report, tree, tree)
    names = [f"System.{wanted.name}"] if wanted.namespace == "System" else [wanted.name]
    if wanted.namespace == "" and base.types and f"System.{wanted.name}" in base.types:
        names = [f"System.{wanted.name}"]
    many = base.many if op == "ofType" else False
    if base.types is None:
        return Ty(tuple(names), many, partial=base.partial, shape=base.shape)
    kept = [t for t in base.types if t == names[0] or r4.descends(t, names[0])]
    if not kept and base.types and not any(r4.descends(names[0], t) or r4.is_abstract(t) for t in base.types):
        if context.profile:
            possible = ", ".join(t.removeprefix("System.") for t in base.types)
            context.error("SP112", tree, f"This is never of type {wanted.name}.", f"It can be: {possible}.")
        return Ty(tuple(names), many, partial=base.partial)
    same = bool(kept) and len(kept) == len(base.types)
    return Ty(tuple(kept or names), many, base.known and same, base.shape, base.ordered, base.partial)


def _member_of(context: Context, tree: Call, base: Ty) -> Ty:
    argument = tree.args[0]
    if base.types and not any(t in _CODED or family(t) == "string" for t in base.types):
        what = base.name.removeprefix("System.") or "this"
        context.report.error("SP110", tree.at, tree.end, f"memberOf() works on codes and codings, not on {what}.")
    if not (isinstance(argument, Literal) and isinstance(argument.value, str)):
        context.check(argument)
        return context.error("SP120", argument, "memberOf() takes the name of a value set, written out in quotes.")
    tree.note = context.value_sets.get(argument.value)
    if tree.note is None:
        hint = did_you_mean(argument.value, context.value_sets)
        context.error("SP113", argument, f"There is no value set '{argument.value}'.", hint)
    return type_named(BOOLEAN, known=base.known and not base.partial)


def _iif(context: Context, tree: Call, base: Ty) -> Ty:
    inner = base if tree.base is not None else context.this
    outer, context.this = context.this, inner.one() if tree.base is not None else inner
    found = [context.check(argument) for argument in tree.args]
    context.this = outer
    context.truth(tree.args[0], found[0], "This criterion")
    if found[0].many and found[0].types and tree.args[0].ty.known and all(t != BOOLEAN for t in found[0].types):
        context.error("SP114", tree.args[0], "This criterion is a collection, not one truth value.")
    result = found[1].join(found[2]) if len(found) > 2 else found[1].maybe()
    return (
        result if found[0].known else Ty(result.types, result.many, result.known, result.shape, partial=result.partial)
    )


def _sort(context: Context, tree: Call, base: Ty) -> Ty:
    tree.note = tuple(isinstance(a, Unary) and a.op == "-" for a in tree.args)
    for argument in tree.args:
        # A minus asks for descending order, of strings too, so it is not checked as arithmetic.
        inner = argument.operand if isinstance(argument, Unary) and argument.op == "-" else argument
        argument.ty = context.within(inner, base)
    return Ty(base.types, base.many, base.known, base.shape, True, base.partial)


def _define(context: Context, tree: Call, base: Ty) -> Ty:
    name = tree.args[0]
    if not (isinstance(name, Literal) and isinstance(name.value, str)):
        return context.error("SP110", name, "defineVariable() takes a name, written out in quotes.")
    found = base
    if len(tree.args) > 1:
        outer, context.this = context.this, base
        found = context.check(tree.args[1])
        context.this = outer
    if name.value in context.variables or name.value in context.defined:
        return context.error("SP110", name, f"%{name.value} is defined already.")
    context.defined[name.value] = found
    return base
