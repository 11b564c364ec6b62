"""Comparisons that nothing can meet, or that everything meets (SP347): limits that contradict each other in one conjunction, and
limits outside what is plausible for the need, where a value is rejected before it is compared; and limits of another dimension
than the unit of the need (SP351).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from fhirpath_spine.fhirpath import Quantity, align
from fhirpath_spine.fhirpath.grammar.syntax import Binary, Call, Literal, Member, Tree, Variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhirpath_spine.authoring.profile.compiler import Compiled
    from fhirpath_spine.authoring.profile.library import Draft
    from fhirpath_spine.diagnostics import Span
    from fhirpath_spine.pathway.facts.needs import Value

TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}
ITEMS = frozenset({"some", "every", "where", "exists", "all"})


class Bound(NamedTuple):
    """A comparison of something with a number: ``what`` is it as it is written, ``need`` the need whose value it is."""

    what: str
    op: str
    number: Decimal
    unit: str
    need: str
    member: str
    tree: Literal


def check_intervals(draft: Draft) -> None:
    """Reports each contradiction and each limit that no plausible value reaches."""
    for compiled in draft.compiler.compiled:
        text = compiled.expression.text
        for group in _conjunctions(compiled.expression.tree, text, compiled.item):
            for bound in group:
                value = _value(draft, bound)
                if value is not None and not _is_comparable(bound, value):
                    hint = f"Write it in '{value.unit}', the unit of the need."
                    message = f"a value in '{value.unit}' is never comparable with '{bound.unit}'"
                    draft.files.report.add("SP351", message, place_of(compiled, bound.tree), hint)
                elif value is not None and (why := _implausible(bound, value)):
                    _report(draft, compiled, bound, why)
            for one, other in _pairs(group):
                if _contradict(one, other):
                    message = f"nothing is {one.op} {one.number} and {other.op} {other.number}"
                    _report(draft, compiled, other, message)


def _report(draft: Draft, compiled: Compiled, bound: Bound, message: str) -> None:
    hint = "Correct the limit, or the range that the need calls plausible."
    draft.files.report.add("SP347", message, place_of(compiled, bound.tree), hint)


def place_of(compiled: Compiled, tree: Tree) -> Span:
    """Where a part of an expression stands in its file."""
    return compiled.origin.place(max(0, tree.start + compiled.shift), tree.end - tree.start)


def _pairs(group: list[Bound]) -> Iterator[tuple[Bound, Bound]]:
    for number, one in enumerate(group):
        yield from ((one, other) for other in group[number + 1 :] if (other.what, other.unit) == (one.what, one.unit))


def _contradict(one: Bound, other: Bound) -> bool:
    """Whether no number is within both."""
    low, high = (one, other) if one.op in (">", ">=") else (other, one)
    if {low.op, high.op} <= {"="}:
        return low.number != high.number
    if low.op == "=" or high.op == "=":
        exact, limit = (low, high) if low.op == "=" else (high, low)
        return not _within(exact.number, limit)
    if low.op not in (">", ">=") or high.op not in ("<", "<="):
        return False
    closed = low.op == ">=" and high.op == "<="
    return low.number > high.number or (low.number == high.number and not closed)


def _within(number: Decimal, limit: Bound) -> bool:
    match limit.op:
        case "<":
            return number < limit.number
        case "<=":
            return number <= limit.number
        case ">":
            return number > limit.number
        case _:
            return number >= limit.number


def _value(draft: Draft, bound: Bound) -> Value | None:
    need = draft.needs.get(bound.need)
    if need is None:
        return None
    return need.value if bound.member == "value" else need.components.get(bound.member)


def _is_comparable(bound: Bound, value: Value) -> bool:
    """Whether a limit has the dimension of the need's unit."""
    if value.kind != "quantity" or not bound.unit or not value.unit:
        return True
    return align(Quantity(Decimal(1), bound.unit), Quantity(Decimal(1), value.unit)) is not None


def _implausible(bound: Bound, value: Value) -> str:
    """Why a limit says nothing of a value that is plausible; empty if it does."""
    if value.plausible is None or (bound.unit and bound.unit != value.unit):
        return ""
    low, high = (Decimal(str(end)) for end in value.plausible)
    number = bound.number
    if low > high:
        return ""  # the range itself is told
    never = {"<": number <= low, "<=": number < low, ">": number >= high, ">=": number > high}
    always = {"<": number > high, "<=": number >= high, ">": number < low, ">=": number <= low}
    told = f"plausible values are {low} to {high}"
    if never.get(bound.op) or (bound.op == "=" and not low <= number <= high):
        return f"no value is {bound.op} {number}: {told}"
    return f"every value is {bound.op} {number}: {told}" if always.get(bound.op) else ""


def _conjunctions(tree: Tree, text: str, item: str) -> Iterator[list[Bound]]:
    """The comparisons of each conjunction; ``item`` is the need of which one item is asked."""
    if isinstance(tree, Binary) and tree.op == "and":
        found = list(_sides(tree))
        yield [b for side in found if (b := _bound(side, text, item)) is not None]
        for side in found:
            if _bound(side, text, item) is None:
                yield from _conjunctions(side, text, item)
        return
    if (bound := _bound(tree, text, item)) is not None:
        yield [bound]
        return
    if isinstance(tree, Call) and tree.name in ITEMS and tree.base is not None and tree.args:
        inner = tree.base.name if isinstance(tree.base, Variable) else ""
        yield from _conjunctions(tree.base, text, item)
        for argument in tree.args:
            yield from _conjunctions(argument, text, inner)
        return
    for part in tree.parts():
        yield from _conjunctions(part, text, item)


def _sides(tree: Tree) -> Iterator[Tree]:
    if isinstance(tree, Binary) and tree.op == "and":
        yield from _sides(tree.left)
        yield from _sides(tree.right)
    else:
        yield tree


def _bound(tree: Tree, text: str, item: str) -> Bound | None:
    if not (isinstance(tree, Binary) and tree.op in TURNED):
        return None
    for one, other, op in ((tree.left, tree.right, tree.op), (tree.right, tree.left, TURNED[tree.op])):
        if isinstance(other, Literal) and (number := _number(other)) is not None and not isinstance(one, Literal):
            need, member = value_read(one, item)
            unit = other.value.unit if isinstance(other.value, Quantity) else ""
            return Bound(text[one.start : one.end].strip(), op, number, str(unit), need, member, other)
    return None


def _number(tree: Literal) -> Decimal | None:
    value = tree.value.value if isinstance(tree.value, Quantity) else tree.value
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value)


def value_read(tree: Tree, item: str) -> tuple[str, str]:
    """The need and the member that a tree reads, where ``item`` is that of which one item is asked; empty if it is something
    else.
    """
    if isinstance(tree, Member):
        if tree.base is None:
            return item, tree.name
        if isinstance(tree.base, Variable):
            return tree.base.name, tree.name
    return "", ""
