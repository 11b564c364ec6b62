"""What is valid FHIRPath and still likely wrong in a criterion: findings of the linter, codes SP15x."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirpath_spine.fhirpath.grammar.syntax import Binary, Call, Literal, Member, Tree, Variable

if TYPE_CHECKING:
    from fhirpath_spine.fhirpath.grammar.problems import Report
    from fhirpath_spine.fhirpath.values.shapes import Ty
_BOOLEANS = {"anyTrue": "some", "allTrue": "every", "allFalse": "every", "anyFalse": "some"}
_CODE = ("code", "system")
VALUED = {"Observation"}
"""Types of which a need gives the value by that name."""
_STEPS = ("where", "ofType", "select", "first", "last", "tail", "skip", "take", "distinct", "single", "as")


def quantifier(report: Report, tree: Call) -> None:
    """Find a quantifier that turns an unknown answer into true or false."""
    if tree.name in _BOOLEANS:
        inner = tree.base.args[0] if isinstance(tree.base, Call) and tree.base.name == "select" else tree.base
        if inner is not None and leaks(inner):
            _leak(report, tree, f"Write {_BOOLEANS[tree.name]}(criterion).")
    elif tree.name == "exists" and tree.args and leaks(tree.args[0]):
        _leak(report, tree, "Write some(criterion).")
    elif tree.name == "all" and leaks(tree.args[0]):
        _leak(report, tree, "Write every(criterion).")
    if tree.name in ("exists", "empty", "count") and _filtered(tree.base):
        better = {"exists": "Write some(criterion).", "empty": "Write some(criterion).not()."}
        _leak(report, tree, better.get(tree.name, "Filter by something that is always recorded."))


def _leak(report: Report, tree: Call, hint: str) -> None:
    message = f"{tree.name}() drops items whose criterion has no answer: unknown becomes a plain answer."
    report.warn("SP151", tree.at, tree.at + len(tree.name), message, hint)


def _filtered(base: Tree | None) -> bool:
    while base is not None:
        if isinstance(base, Call) and base.name == "where" and leaks(base.args[0]):
            return True
        if isinstance(base, Call) and base.name not in _STEPS:
            return False
        base = base.base if isinstance(base, (Call, Member)) else None
    return False


def leaks(criterion: Tree) -> bool:
    """Whether a criterion may be empty for an item. A coding that lacks its code or system simply does not match."""
    if criterion.ty.known:
        return False
    if isinstance(criterion, Binary) and criterion.op in ("and", "or", "xor", "implies"):
        return leaks(criterion.left) or leaks(criterion.right)
    if isinstance(criterion, Binary) and criterion.op in ("=", "in", "~"):
        return not (_of_coding(criterion.left) and _settled(criterion.right))
    return True


def _settled(tree: Tree) -> bool:
    return isinstance(tree, Literal) or tree.ty.known or all(isinstance(t, (Literal, Binary)) for t in tree.walk())


def _of_coding(tree: Tree) -> bool:
    if not (isinstance(tree, Member) and tree.name in _CODE):
        return False
    return tree.base is None or tree.base.ty.name == "Coding"


def coding(report: Report, tree: Binary) -> None:
    """Find ``x.coding.code = 'X'``, which is false for a concept with two codings."""
    for side in (tree.left, tree.right):
        if isinstance(side, Member) and side.name in _CODE and side.base is not None:
            base = side.base
            if base.ty.name == "Coding" and base.ty.many:
                message = "A concept with two codings is never equal to one code."
                report.warn(
                    "SP152", side.start, side.end, message, "Write coding.where(code = ...).exists(), or memberOf()."
                )


def several(report: Report, place: Tree, _tree: Tree) -> None:
    """Note that one item is due where several may stand."""
    message = "Several items may stand here where one is due; the evaluation then fails."
    report.warn("SP153", place.start, place.end, message, "Write first(), some() or every().")


def choice(report: Report, tree: Tree, _ty: Ty, families: set[str]) -> None:
    """Note that a choice element is compared without saying which of its types is meant."""
    if len(families) > 1:
        message = "This may be of several types; only one of them can be compared."
        report.warn("SP154", tree.start, tree.end, message, "Narrow it with ofType().")


def forgotten_value(*sides: tuple[Tree, Ty]) -> str:
    """What to write where an entry of the chart is compared, and its value was meant."""
    for tree, ty in sides:
        if isinstance(tree, Variable) and VALUED & set(ty.types or ()):
            return f"Did you mean %{tree.name}.value?"
    return ""
