"""Which variables decided a truth value, for the reasons that stand beside an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fhirpath_spine.fhirpath.engine import logic as truth
from fhirpath_spine.fhirpath.grammar.syntax import Binary, Call, Tree, Variable

if TYPE_CHECKING:
    from fhirpath_spine.fhirpath.engine.scope import Run


@dataclass(frozen=True, slots=True)
class Account:
    """``answer``: True, False or None; ``variables``: those whose values made it so."""

    answer: bool | None
    variables: frozenset[str]


Witness = Callable[["Run"], Account]
Leaf = Callable[[Tree], Callable[["Run"], "bool | None"]]


def branches(tree: Tree) -> bool:
    """Whether only a part of what a tree reads may have decided its answer."""
    if isinstance(tree, Binary):
        return tree.op in truth.LOGIC
    if isinstance(tree, Call) and tree.name == "not" and tree.base is not None:
        return branches(tree.base)
    return isinstance(tree, Call) and tree.name == "iif" and tree.base is None


def witness(tree: Tree, leaf: Leaf, known: frozenset[str]) -> Witness:
    """A closure ``run -> Account``. Operators pass the blame on; anything else names all that it reads.

    ``leaf`` compiles what is judged as a whole.
    """
    if isinstance(tree, Binary) and tree.op in truth.LOGIC:
        sides = [witness(side, leaf, known) for side in (tree.left, tree.right)]
        return _operator(tree.op, *sides)
    if isinstance(tree, Call) and tree.name == "not" and tree.base is not None:
        return _negation(witness(tree.base, leaf, known))
    if isinstance(tree, Call) and tree.name == "iif" and tree.base is None:
        return _choice(leaf(tree), [witness(argument, leaf, known) for argument in tree.args])
    judge = leaf(tree)
    names = frozenset(t.name for t in tree.walk() if isinstance(t, Variable) and t.name in known)
    return lambda run: Account(judge(run), names)


def _operator(op: str, left: Witness, right: Witness) -> Witness:
    rule = truth.LOGIC[op]

    def judge(run: Run) -> Account:
        a, b = left(run), right(run)
        answer = rule(a.answer, b.answer)
        blamed = [side for side, effect in ((a, a.answer), (b, b.answer)) if effect is answer]
        if op == "implies":
            # a implies b is: not a, or b.
            turned = None if a.answer is None else not a.answer
            blamed = [side for side, effect in ((a, turned), (b, b.answer)) if effect is answer]
        elif op == "xor" and answer is not None:
            blamed = [a, b]
        return Account(answer, frozenset().union(*(side.variables for side in blamed)))

    return judge


def _negation(inner: Witness) -> Witness:
    def judge(run: Run) -> Account:
        found = inner(run)
        return Account(None if found.answer is None else not found.answer, found.variables)

    return judge


def _choice(whole: Callable[[Run], bool | None], args: list[Witness]) -> Witness:
    def judge(run: Run) -> Account:
        condition = args[0](run)
        if condition.answer is None and whole(run) is None:
            # Whether no answer came from the condition or from the other branch, the condition led there.
            return Account(None, condition.variables)
        branch = args[1] if condition.answer else args[2] if len(args) > 2 else None
        found = branch(run) if branch else Account(None, frozenset())
        return Account(found.answer, condition.variables | found.variables)

    return judge
