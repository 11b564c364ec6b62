"""Idioms that turn what is not recorded into a plain true or false (SP343), found by following where an empty value can go; and a
yes or no of which it is asked whether it was answered (SP358), where the answer itself was meant more often than not.

A part of an expression is *firm* if it has an answer whenever the chart was read, recorded or not: existence is, a value is not.
What ``recorded()`` or ``exists()`` guards in the same conjunction counts as firm there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirpath_spine.fhirpath.grammar.syntax import Binary, Call, Index, Literal, Member, Special, Tree, Variable
from fhirpath_spine.fhirpath.values.shapes import BOOLEAN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from fhirpath_spine.authoring.profile.compiler import Compiled
    from fhirpath_spine.authoring.profile.library import Draft
    from fhirpath_spine.diagnostics import Span
    from fhirpath_spine.fhirpath import Expression
    from fhirpath_spine.pathway.facts.needs import Need

Names = frozenset[str]
_NONE: Names = frozenset()
EXISTENCE = frozenset({"exists", "empty", "recorded", "count", "hasValue"})
"""What has an answer for nothing, too."""
ASKING = EXISTENCE - {"recorded"}
JOINING = frozenset({"union", "combine"})
SETS = frozenset({"subsetOf", "supersetOf"})
ASIDE = frozenset({"memberOf", "today", "now"})
LOGIC = frozenset({"and", "or", "xor", "implies"})
COMPARING = frozenset({"=", "!=", "<", ">", "<=", ">=", "in", "contains"})
SETTLED = frozenset({"state", "pathway", "conflicts", "advised", "open"})
"""Circumstances that have an answer once the chart is read."""
KEEPING = frozenset({"first", "last", "single", "tail", "skip", "take", "distinct", "where", "ofType", "as"})


def check_leaks(draft: Draft) -> None:
    """Reports each idiom at its place."""
    flow = Flow(draft.definitions, draft.findings)
    for compiled in draft.compiler.compiled:
        for tree, how in flow.leaks(compiled.expression.tree, compiled.item, _NONE):
            message = f"{how}: what is not recorded becomes a plain answer"
            hint = "Guard it with recorded(), or leave the answer unknown: write 'and', 'or', some()."
            draft.files.report.add("SP343", message, _place(compiled, tree), hint)
        for tree, name in _answered(compiled.expression.tree, draft.needs):
            message = f"%{name} is yes or no, and {tree.name}() does not tell which"
            hint = f"Write %{name}.value for the answer, %{name}.recorded() for whether there is one."
            draft.files.report.add("SP358", message, _place(compiled, tree), hint)


def _answered(tree: Tree, needs: Mapping[str, Need]) -> Iterator[tuple[Call, str]]:
    """Where it is asked whether a datum that is yes or no was answered."""
    for one in tree.walk():
        if not isinstance(one, Call) or one.name not in ASKING or one.args:
            continue
        holder = one.base.base if isinstance(one.base, Member) and one.base.name == "value" else one.base
        need = needs.get(holder.name) if isinstance(holder, Variable) else None
        if need is not None and need.value is not None and need.value.kind == "boolean":
            yield one, need.name


def _place(compiled: Compiled, tree: Tree) -> Span:
    start = tree.at if isinstance(tree, Binary | Call) else tree.start
    length = len(tree.name) if isinstance(tree, Call) else len(tree.op) if isinstance(tree, Binary) else 1
    return compiled.origin.place(max(0, start + compiled.shift), length)


class Flow:
    """Where an empty value can go, through definitions."""

    def __init__(self, definitions: Mapping[str, Expression], findings: Collection[str] = ()) -> None:
        self._definitions, self._findings = definitions, findings
        self._firm: dict[str, bool] = {}

    def leaks(self, tree: Tree, item: str, guarded: Names) -> Iterator[tuple[Tree, str]]:
        """The idioms of a tree, each with how it leaks."""
        if (how := self._how(tree, item, guarded)) is not None:
            yield tree, how
        for part, names in self._parts(tree, guarded):
            yield from self.leaks(part, item, names)

    def _parts(self, tree: Tree, guarded: Names) -> Iterator[tuple[Tree, Names]]:
        """The parts of a tree, each with what is known to be recorded where it is asked."""
        if isinstance(tree, Binary) and tree.op in ("and", "implies"):
            yield tree.left, guarded | (_guards(tree.right) if tree.op == "and" else _NONE)
            yield tree.right, guarded | _guards(tree.left)
        elif isinstance(tree, Call) and tree.name == "iif" and len(tree.args) > 1:
            yield tree.args[0], guarded
            yield tree.args[1], guarded | _guards(tree.args[0])
            yield from ((one, guarded) for one in tree.args[2:])
        else:
            yield from ((one, guarded) for one in tree.parts())

    def _how(self, tree: Tree, item: str, guarded: Names) -> str | None:
        match tree:
            case Call(name="iif") if not self.firm(tree.args[0], item, guarded) and not _ends_empty(tree):
                return "a condition without an answer takes the last branch of iif()"
            case Binary(op="~" | "!~") if not (
                self.firm(tree.left, item, guarded) and self.firm(tree.right, item, guarded)
            ):
                return f"with {tree.op} nothing is compared with something"
            case Binary(op="|") if self._joins(tree.left, tree.right, item, guarded):
                return "a constant stands in for what is missing"
            case Call(base=Tree() as base) if tree.name in JOINING and self._joins(base, tree.args[0], item, guarded):
                return f"by {tree.name}() a constant stands in for what is missing"
            case Call(base=Tree() as base) if tree.name in SETS and not self.firm(base, item, guarded):
                return f"with {tree.name}() nothing is part of anything"
            case Call(base=Tree() as base) if tree.name in EXISTENCE and self._is_answer(base, item, guarded):
                return f"by {tree.name}() a question is asked whether it has an answer"
        return None

    def _joins(self, one: Tree, other: Tree, item: str, guarded: Names) -> bool:
        """Whether one side is a constant and the other may be nothing."""
        sides = ((one, other), (other, one))
        return any(_is_constant(a) and not _is_constant(b) and not self.firm(b, item, guarded) for a, b in sides)

    def _is_answer(self, base: Tree, item: str, guarded: Names) -> bool:
        """Whether a base is a question that may be unknown, not a path to what is recorded."""
        # A name that is asked for its answer says so itself; an expression that is hides it.
        if isinstance(base, Member | Special | Index | Variable) or base.ty.types != (BOOLEAN,):
            return False
        if isinstance(base, Call) and base.name in KEEPING:
            return base.base is not None and self._is_answer(base.base, item, guarded)
        return not self.firm(base, item, guarded)

    def firm(self, tree: Tree, item: str, guarded: Names) -> bool:
        """Whether a tree has an answer whenever the chart was read."""
        if tree.ty.known or _is_constant(tree):
            return True
        match tree:
            case Binary(op="and"):
                return self.firm(tree.left, item, guarded | _guards(tree.right)) and self.firm(
                    tree.right, item, guarded | _guards(tree.left)
                )
            case Binary() if tree.op in LOGIC or tree.op in COMPARING:
                return self.firm(tree.left, item, guarded) and self.firm(tree.right, item, guarded)
            case Call(name="not", base=Tree() as base):
                return self.firm(base, item, guarded)
            case Call(name="some" | "every", base=Tree()):
                return all(self.firm(one, item, guarded) for one in tree.args)
            case Call(name="iif"):
                return len(tree.args) > 2 and all(self.firm(one, item, guarded) for one in tree.args)
            case Call() if tree.name in EXISTENCE or tree.name in ASIDE:
                return True
            case Call(base=Tree() as base) if tree.name in KEEPING and not tree.args:
                return self.firm(base, item, guarded)
            case Special():
                return True
            case Variable(name=name):
                return name in guarded or name in SETTLED or self._is_firm(name)
            case Member(base=Variable(name=owner), name=member) if (owner, member) == ("lesion", "class"):
                return True
            case Member(base=Variable(name=owner)) if owner in self._findings:
                return tree.ty.types == (BOOLEAN,) or owner in guarded
            case Member(base=None, name="value"):
                # An item whose value cannot be read is no item of its need.
                return bool(item)
            case Member(base=Tree() as base):
                return any(t.name in guarded for t in base.walk() if isinstance(t, Variable))
        return False

    def _is_firm(self, name: str) -> bool:
        if name not in self._firm:
            definition = self._definitions.get(name)
            self._firm[name] = False
            if definition is not None:
                self._firm[name] = self.firm(definition.tree, "", _NONE)
        return self._firm[name]


def _is_constant(tree: Tree) -> bool:
    if isinstance(tree, Binary) and tree.op == "|":
        return _is_constant(tree.left) and _is_constant(tree.right)
    return isinstance(tree, Literal) and tree.value is not None


def _ends_empty(tree: Call) -> bool:
    """Whether the branch that is taken without an answer gives none either."""
    return len(tree.args) < 3 or (isinstance(tree.args[2], Literal) and tree.args[2].value is None)


def _guards(tree: Tree) -> Names:
    """The names that a conjunction knows to be recorded."""
    match tree:
        case Binary(op="and"):
            return _guards(tree.left) | _guards(tree.right)
        case Call(name="exists" | "recorded", base=Tree() as base) if not tree.args:
            return frozenset(t.name for t in base.walk() if isinstance(t, Variable))
    return _NONE
