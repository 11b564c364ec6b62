"""Functions that give a collection from a collection: filtering, subsetting, combining, navigating."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhirpath_spine.fhirpath.engine.logic import truth
from fhirpath_spine.fhirpath.engine.operators import equal, key, order
from fhirpath_spine.fhirpath.functions.table import anything, item_function, same, same_one
from fhirpath_spine.fhirpath.grammar.problems import EvaluationError
from fhirpath_spine.fhirpath.values.items import (
    Incomplete,
    Node,
    TypeInfo,
    as_complete_as,
    children,
    leave,
    navigate,
    system,
    type_of,
)
from fhirpath_spine.fhirpath.values.shapes import DATE, DATETIME, TIME, TYPEINFO, Ty, type_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhirpath_spine.fhirpath.engine.scope import Run
    from fhirpath_spine.fhirpath.functions.table import Thunk
Items = list[Any]
Args = list[Any]


def each(run: Run, items: Items, thunk: Thunk) -> Iterator[tuple[Any, Items]]:
    """Every item with what the argument gives for it, ``$this`` and ``$index`` set."""
    outer = run.index
    run.charge(len(items) + 1)
    try:
        for i, item in enumerate(items):
            run.index = i
            yield item, thunk(run, [item])
    finally:
        # Also where the caller has its answer before the last item.
        run.index = outer


def distinct(items: Items) -> Items:
    """Each item once, in order of first appearance."""
    seen: dict[Any, Items] = {}
    return [item for item in items if _first_of_its_kind(seen, item)]


def _first_of_its_kind(seen: dict[Any, Items], item: Any) -> bool:
    bucket = seen.setdefault(key(item), [])
    if any(item is other or equal(item, other) for other in bucket):
        return False
    bucket.append(item)
    return True


def holds(items: Items, item: Any) -> bool:
    """Whether an equal item is among them."""
    return any(equal(item, other) for other in items)


@item_function("distinct", gives=lambda base, _args: base, keeps=True)
def _distinct(run: Run, items: Items, _args: Args, _this: Items) -> Items:
    run.charge(len(items))
    return as_complete_as(items, distinct(items))


@item_function("where", "criterion", gives=same, keeps=True)
def _where(run: Run, items: Items, args: Args, _this: Items) -> Items:
    return as_complete_as(items, [item for item, r in each(run, items, args[0]) if truth(r)])


def _projected(base: Ty, args: list[Ty]) -> Ty:
    inner = args[0]
    return Ty(
        inner.types, base.many or inner.many, base.known and inner.known, inner.shape, inner.ordered, base.partial
    )


@item_function("select", "each", gives=_projected, keeps=True)
def _select(run: Run, items: Items, args: Args, _this: Items) -> Items:
    found: Items = []
    unread = type(items) is Incomplete
    for _, result in each(run, items, args[0]):
        found += result
        unread = unread or type(result) is Incomplete
        run.cap(found)
    return Incomplete(found) if unread else found


@item_function("repeat", "each", gives=anything, keeps=True, profile=False)
def _repeat(run: Run, items: Items, args: Args, _this: Items) -> Items:
    found: Items = []
    seen: dict[Any, Items] = {}
    waiting = list(items)
    while waiting:
        fresh: Items = []
        for _, result in each(run, waiting, args[0]):
            run.charge(len(result))
            fresh += [item for item in result if _first_of_its_kind(seen, item)]
        waiting = fresh
        found += fresh
        run.cap(found)
    return as_complete_as(items, found)


@item_function("single", gives=same_one, keeps=True)
def _single(_run: Run, items: Items, _args: Args, _this: Items) -> Items:
    if len(items) > 1:
        raise EvaluationError("single() stands on several items.", hint="Use first(), or narrow it with where().")
    return items


@item_function("first", gives=same_one, keeps=True, ordered=True)
def _first(_run: Run, items: Items, _args: Args, _this: Items) -> Items:
    return items[:1] if type(items) is list else as_complete_as(items, list(items[:1]))


@item_function("last", gives=same_one, keeps=True, ordered=True)
def _last(_run: Run, items: Items, _args: Args, _this: Items) -> Items:
    return as_complete_as(items, list(items[-1:]))


@item_function("tail", gives=same, keeps=True, ordered=True)
def _tail(_run: Run, items: Items, _args: Args, _this: Items) -> Items:
    return as_complete_as(items, list(items[1:]))


@item_function("skip", "integer", gives=same, keeps=True, ordered=True)
def _skip(run: Run, items: Items, args: Args, this: Items) -> Items:
    number = _integer(args[0](run, this))
    return as_complete_as(items, list(items[max(0, number or 0) :]))


@item_function("take", "integer", gives=same, keeps=True, ordered=True)
def _take(run: Run, items: Items, args: Args, this: Items) -> Items:
    number = _integer(args[0](run, this))
    return as_complete_as(items, list(items[: max(0, number or 0)]))


def _integer(items: Items) -> int | None:
    value = system(items[0]) if len(items) == 1 else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


@item_function("intersect", "items", gives=same, keeps=True)
def _intersect(run: Run, items: Items, args: Args, this: Items) -> Items:
    other = args[0](run, this)
    run.charge(len(items) * len(other))
    found = distinct([item for item in items if holds(other, item)])
    return Incomplete(found) if Incomplete in (type(items), type(other)) else found


@item_function("exclude", "items", gives=same, keeps=True)
def _exclude(run: Run, items: Items, args: Args, this: Items) -> Items:
    other = args[0](run, this)
    run.charge(len(items) * len(other))
    if type(other) is Incomplete:
        return Incomplete()
    return as_complete_as(items, [item for item in items if not holds(other, item)])


def _joined(base: Ty, args: list[Ty]) -> Ty:
    found = base.join(args[0])
    return Ty(found.types, True, base.known or args[0].known, found.shape, partial=found.partial)


@item_function("union", "items", gives=_joined, keeps=True)
def _union(run: Run, items: Items, args: Args, this: Items) -> Items:
    return unite(run, items, args[0](run, this))


@item_function("combine", "items", gives=_joined, keeps=True)
def _combine(run: Run, items: Items, args: Args, this: Items) -> Items:
    other = args[0](run, this)
    found = run.cap([*items, *other])
    return Incomplete(found) if Incomplete in (type(items), type(other)) else found


def unite(run: Run, left: Items, right: Items) -> Items:
    """``|``: each item of both once."""
    run.charge(len(left) + len(right))
    found = run.cap(distinct([*left, *right]))
    return Incomplete(found) if Incomplete in (type(left), type(right)) else found


def _extreme(run: Run, items: Items, sign: int) -> Items:
    run.charge(len(items) * 2)
    if not items:
        return []
    best = items[0]
    for item in items[1:]:
        answer = order(item, best)
        if answer is not None and answer * sign < 0:
            best = item
    # An undecided pair matters only if it leaves the winner open.
    for item in items:
        answer = 0 if item is best else order(best, item)
        if answer is None or answer * sign > 0:
            return []
    return [best]


@item_function("min", gives=lambda base, _args: base.one().maybe())
def _min(run: Run, items: Items, _args: Args, _this: Items) -> Items:
    return _extreme(run, items, 1)


@item_function("max", gives=lambda base, _args: base.one().maybe())
def _max(run: Run, items: Items, _args: Args, _this: Items) -> Items:
    return _extreme(run, items, -1)


@item_function("trace", "string", "each?", gives=lambda base, _args: base, keeps=True, profile=False)
def _trace(run: Run, items: Items, args: Args, this: Items) -> Items:
    if run.scope.trace is not None:
        shown = [r for _, result in each(run, items, args[1]) for r in result] if len(args) > 1 else items
        name = args[0](run, this)
        run.scope.trace(str(system(name[0])) if name else "", [leave(item) for item in shown])
    return items


@item_function("now", on="none", gives=lambda _base, _args: type_named(DATETIME, known=True))
def _now(run: Run, _items: Items, _args: Args, _this: Items) -> Items:
    return [run.now()]


@item_function("today", on="none", gives=lambda _base, _args: type_named(DATE, known=True))
def _today(run: Run, _items: Items, _args: Args, _this: Items) -> Items:
    return [run.today()]


@item_function("timeOfDay", on="none", gives=lambda _base, _args: type_named(TIME, known=True))
def _time_of_day(run: Run, _items: Items, _args: Args, _this: Items) -> Items:
    return [run.clock()]


@item_function("children", gives=lambda _base, _args: Ty(None, ordered=False), keeps=True, profile=False)
def _children(run: Run, items: Items, _args: Args, _this: Items) -> Items:
    run.charge(len(items))
    return as_complete_as(items, run.cap([child for item in items for child in children(item)]))


@item_function("descendants", gives=lambda _base, _args: Ty(None, ordered=False), keeps=True, profile=False)
def _descendants(run: Run, items: Items, _args: Args, _this: Items) -> Items:
    found: Items = []
    level = list(items)
    while level:
        level = [child for item in level for child in children(item)]
        run.charge(len(level))
        found = run.cap(found + level)
    return as_complete_as(items, found)


def _total(base: Ty, args: list[Ty]) -> Ty:
    return Ty(args[0].types, args[0].many, partial=base.partial)


@item_function("aggregate", "each", "items?", gives=_total)
def _aggregate(run: Run, items: Items, args: Args, this: Items) -> Items:
    outer = run.total
    run.total = args[1](run, this) if len(args) > 1 else []
    for _, result in each(run, items, args[0]):
        run.total = run.cap(result)
    found, run.total = run.total, outer
    return found


@item_function("type", gives=lambda base, _args: Ty((TYPEINFO,), base.many, base.known))
def _type(_run: Run, items: Items, _args: Args, _this: Items) -> Items:
    return [TypeInfo(*type_of(item)) for item in items]


@item_function("getValue", gives=lambda base, _args: base.one().maybe())
def _get_value(_run: Run, items: Items, _args: Args, _this: Items) -> Items:
    value = plain(items[0]) if len(items) == 1 else None
    return [] if value is None else [value]


def plain(item: Any) -> Any:
    """The System value of a primitive; None for anything else."""
    if type(item) is Node and (item.value is None or isinstance(item.value, dict)):
        return None
    return system(item)


@item_function("extension", "string", gives=lambda base, _args: Ty(("Extension",), partial=base.partial), keeps=True)
def _extension(run: Run, items: Items, args: Args, this: Items) -> Items:
    url = args[0](run, this)
    wanted = system(url[0]) if len(url) == 1 else None
    run.charge(len(items))
    found = [e for item in items for e in navigate(item, "extension") if e.value and e.value.get("url") == wanted]
    return as_complete_as(items, found)
