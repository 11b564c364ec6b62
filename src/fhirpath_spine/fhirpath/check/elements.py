"""How the context sees elements: which types have one of a name, and what to say if none has."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.fhirpath.values import r4
from fhirpath_spine.fhirpath.values.shapes import BROKEN, NOTHING, STRING, TYPEINFO, Ty, declared, listed

if TYPE_CHECKING:
    from fhirpath_spine.fhirpath.check.context import Context
    from fhirpath_spine.fhirpath.grammar.syntax import Member


@cache
def _below(abstract: str) -> frozenset[str]:
    return frozenset(
        name for found in r4.TYPES.values() if r4.descends(found.name, abstract) for name in found.elements
    )


def find(base: Ty, name: str) -> Ty | None:
    """The type of ``base.name``, or None if there is no such element."""
    shape = base.shape
    if shape is not None and name in shape.members:
        found = declared(shape.members[name])
        return Ty(found.types, base.many or found.many, base.known and found.known, found.shape, partial=base.partial)
    if shape is not None and shape.closed:
        return None
    if base.broken:
        return BROKEN
    if base.types is None:
        known = r4.anywhere(name)
        return None if known is None else Ty(known[0], base.many or known[1], partial=base.partial)
    if not base.types:
        return NOTHING
    types: dict[str, None] = {}
    unknown, many, hit = False, base.many, False
    for type_name in base.types:
        if type_name == TYPEINFO and name in ("namespace", "name"):
            hit, types[STRING] = True, None
            continue
        element = r4.element(type_name, name)
        if element is not None:
            hit, many = True, many or element.many
            types.update(dict.fromkeys(element.types))
            unknown = unknown or not any(element.types)
        elif r4.is_abstract(type_name) and name in _below(type_name):
            hit = unknown = many = True
    if not hit:
        return None
    return Ty(None if unknown else tuple(types), many, False, None, base.ordered, base.partial)


def unknown(context: Context, tree: Member, base: Ty) -> Ty:
    """Report an element that does not exist, with what may have been meant."""
    if base.shape is not None and base.shape.closed:
        names = list(base.shape.members)
        hint = did_you_mean(tree.name, names) or f"It has: {', '.join(sorted(names))}."
        return context.error("SP106", tree, f"There is no member '{tree.name}' here.", hint, tree.at)
    for type_name in base.types or ():
        choice = r4.choice_spelling(type_name, tree.name)
        if choice is not None:
            return _by_json_name(context, tree, *choice)
    names = [n for t in base.types or () if t in r4.TYPES for n in r4.TYPES[t].elements]
    names += list(base.shape.members) if base.shape else []
    where = f" of {listed(base.types)}" if base.types else " in FHIR R4"
    if base.types is None:
        names = list(r4.all_element_names())
        choice = next((c for t in r4.TYPES if (c := r4.choice_spelling(t, tree.name))), None)
        if choice is not None:
            return _by_json_name(context, tree, *choice)
    return context.error(
        "SP106", tree, f"'{tree.name}' is not an element{where}.", did_you_mean(tree.name, names), tree.at
    )


def _by_json_name(context: Context, tree: Member, base: str, type_: str) -> Ty:
    meant = f"{base}.ofType({type_})"
    message = f"'{tree.name}' is the JSON name of a choice."
    return context.error("SP107", tree, message, f"Write {meant}.", tree.at, meant)
