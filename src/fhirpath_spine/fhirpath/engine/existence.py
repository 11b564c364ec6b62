"""Functions that ask of a collection whether, how many, and all or some: existence, quantifiers, counting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhirpath_spine.fhirpath.engine import logic
from fhirpath_spine.fhirpath.engine.logic import truth
from fhirpath_spine.fhirpath.engine.selections import distinct, each, holds, plain
from fhirpath_spine.fhirpath.functions.table import item_function
from fhirpath_spine.fhirpath.grammar.problems import EvaluationError
from fhirpath_spine.fhirpath.values.items import Incomplete, system
from fhirpath_spine.fhirpath.values.shapes import BOOLEAN, INTEGER, Ty, type_named

if TYPE_CHECKING:
    from fhirpath_spine.fhirpath.engine.scope import Run
Items = list[Any]
Args = list[Any]


def _sure(base: Ty, _args: list[Ty]) -> Ty:
    return type_named(BOOLEAN, known=not base.partial)


def _kleene(base: Ty, args: list[Ty]) -> Ty:
    return type_named(BOOLEAN, known=not base.partial and all(a.known for a in args))


@item_function("empty", gives=_sure)
def _empty(_run: Run, items: Items, _args: Args, _this: Items) -> Items:
    return [not items]


@item_function("exists", "criterion?", gives=_sure, keeps=True)
def _exists(run: Run, items: Items, args: Args, _this: Items) -> Items:
    found = any(truth(r) for _, r in each(run, items, args[0])) if args else bool(items)
    return Incomplete() if not found and type(items) is Incomplete else [found]


@item_function("recorded", gives=_sure, keeps=True)
def _recorded(_run: Run, items: Items, _args: Args, _this: Items) -> Items:
    return Incomplete() if not items and type(items) is Incomplete else [bool(items)]


@item_function("some", "criterion", gives=_kleene, keeps=True)
def _some(run: Run, items: Items, args: Args, _this: Items) -> Items:
    answer = logic.some(truth(r) for _, r in each(run, items, args[0]))
    if answer is not True and type(items) is Incomplete:
        return Incomplete()
    return [] if answer is None else [answer]


@item_function("every", "criterion", gives=_kleene)
def _every(run: Run, items: Items, args: Args, _this: Items) -> Items:
    answer = logic.every(truth(r) for _, r in each(run, items, args[0]))
    return [] if answer is None else [answer]


@item_function("all", "criterion", gives=_sure)
def _all(run: Run, items: Items, args: Args, _this: Items) -> Items:
    return [all(truth(r) is True for _, r in each(run, items, args[0]))]


def _booleans(items: Items) -> list[bool]:
    found = [system(item) for item in items]
    if not all(isinstance(value, bool) for value in found):
        raise EvaluationError("Only truth values can be counted together.")
    return found


@item_function("allTrue", gives=_sure)
def _all_true(_run: Run, items: Items, _args: Args, _this: Items) -> Items:
    return [all(_booleans(items))]


@item_function("anyTrue", gives=_sure)
def _any_true(_run: Run, items: Items, _args: Args, _this: Items) -> Items:
    return [any(_booleans(items))]


@item_function("allFalse", gives=_sure)
def _all_false(_run: Run, items: Items, _args: Args, _this: Items) -> Items:
    return [not any(_booleans(items))]


@item_function("anyFalse", gives=_sure)
def _any_false(_run: Run, items: Items, _args: Args, _this: Items) -> Items:
    return [not all(_booleans(items))]


@item_function("count", gives=lambda base, _args: type_named(INTEGER, known=not base.partial))
def _count(_run: Run, items: Items, _args: Args, _this: Items) -> Items:
    return [len(items)]


@item_function("subsetOf", "items", gives=_sure)
def _subset_of(run: Run, items: Items, args: Args, this: Items) -> Items:
    return _within(run, items, args[0](run, this))


@item_function("supersetOf", "items", gives=_sure)
def _superset_of(run: Run, items: Items, args: Args, this: Items) -> Items:
    return _within(run, args[0](run, this), items)


def _within(run: Run, inner: Items, outer: Items) -> Items:
    run.charge(len(inner) * len(outer))
    if type(inner) is Incomplete or type(outer) is Incomplete:
        return Incomplete()
    return [all(holds(outer, item) for item in inner)]


@item_function("isDistinct", gives=_sure)
def _is_distinct(run: Run, items: Items, _args: Args, _this: Items) -> Items:
    run.charge(len(items))
    return [len(distinct(items)) == len(items)]


@item_function("not", gives=lambda base, _args: type_named(BOOLEAN, known=base.known and not base.partial))
def _not(_run: Run, items: Items, _args: Args, _this: Items) -> Items:
    answer = truth(items)
    return [] if answer is None else [not answer]


@item_function("hasValue", gives=_sure)
def _has_value(_run: Run, items: Items, _args: Args, _this: Items) -> Items:
    return [len(items) == 1 and plain(items[0]) is not None]
