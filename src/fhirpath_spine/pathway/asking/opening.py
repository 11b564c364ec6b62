"""A question opened down to the data: each definition that it reads, in turn, and each need with what the chart holds of it; and
the smallest sets of data that would decide it while it is unknown.

The sets follow from *and*, *or*, *not* and *implies* alone: they say which data an answer waits for, not
which value they must have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any, NamedTuple

from fhirpath_spine.errors import SpineError
from fhirpath_spine.fhirpath import Expression, Incomplete
from fhirpath_spine.fhirpath.grammar.syntax import Binary, Call, Literal, Member, Tree, Variable
from fhirpath_spine.pathway.asking.environment import Environment
from fhirpath_spine.pathway.decision import Evidence, Missing
from fhirpath_spine.pathway.truth import Truth

Sets = frozenset[frozenset[str]]
"""Alternatives: each is a set of data that together would decide."""
LESION = "lesion"
WIDEST = 64
"""Alternatives that are followed; of more the smallest are kept."""
_NEVER: Sets = frozenset()
_NOW: Sets = frozenset({frozenset()})


class Opened(NamedTuple):
    """A name that a question reads. ``answer`` is that of a definition which is a question itself.

    ``evidence`` is what the chart holds of a datum, ``missing`` why it may be unknown; ``parts`` is what a definition reads;
    ``value`` is what a fact about the lesion is, in a word.
    """

    name: str
    label: str
    expression: str = ""
    asked: bool = False
    answer: Truth = None
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[Missing, ...] = ()
    parts: tuple[Opened, ...] = ()
    value: str = ""


class Deciding(NamedTuple):
    """What would decide an unknown question: labels of the smallest sets with which it may hold, and with which it may not."""

    met: tuple[tuple[str, ...], ...]
    not_met: tuple[tuple[str, ...], ...]

    @property
    def smallest(self) -> tuple[str, ...]:
        """The fewest data that would decide it one way or the other."""
        return min((*self.met, *self.not_met), key=lambda one: (len(one), one), default=())


def opened(expression: Expression, env: Environment) -> tuple[Opened, ...]:
    """Everything that an expression reads, in the order of its text, definitions opened."""
    return (*_parts(expression, env, ()), *_limits(expression, env))


def _parts(expression: Expression, env: Environment, above: tuple[str, ...]) -> Iterator[Opened]:
    for name in _names(expression):
        members = list(_of_lesion(expression)) if name == LESION else []
        yield from (_fact(member, expression, env) for member in members)
        if not members:
            yield _opened(name, env, above)


def _of_lesion(expression: Expression, tree: Tree | None = None) -> Iterator[Member]:
    """The facts about the lesion that an expression, or a part of it, reads; each once."""
    found: dict[str, Member] = {}
    for one in (tree or expression.tree).walk():
        if isinstance(one, Member) and isinstance(one.base, Variable) and one.base.name == LESION:
            found.setdefault(one.name, one)
    return iter(found.values())


def _fact(member: Member, whole: Expression, env: Environment) -> Opened:
    """One fact about the lesion by its name, with what it is here, and what it was read from."""
    try:
        found = whole.part(member).evaluate((), env.scope)
    except SpineError:
        found = Incomplete()
    # Without a lesion there are no facts about it, and whether there is one may not be known.
    unread = not found and not env.circumstances.complete
    value = "could not be read" if unread else _told_value(found)
    return Opened(
        f"{LESION}.{member.name}", _called(member), evidence=env.held(LESION), missing=env.gaps(LESION), value=value
    )


def _called(member: Member) -> str:
    return f"{member.name.replace('_', ' ')} of this lesion"


def _told_value(found: list[Any]) -> str:
    """A value in a word; empty for what is more than a word."""
    if isinstance(found, Incomplete):
        return ""
    if any(isinstance(one, dict | list) for one in found):
        return ""
    words = [{True: "yes", False: "no"}[one] if isinstance(one, bool) else str(one) for one in found]
    return ", ".join(words) or "none on record"


def _names(expression: Expression) -> Iterator[str]:
    found = sorted((t for t in expression.tree.walk() if isinstance(t, Variable)), key=lambda t: t.start)
    return iter(dict.fromkeys(t.name for t in found if t.name in expression.variables))


def _opened(name: str, env: Environment, above: tuple[str, ...]) -> Opened:
    library = env.circumstances.library
    label = library.labels.get(name, name)
    definition = library.definitions.get(name)
    if definition is None or name in above:
        return Opened(name, label, evidence=env.held(name), missing=env.gaps(name))
    parts = (*_parts(definition, env, (*above, name)), *_limits(definition, env))
    asked = _is_question(definition)
    answer = env.ask(definition).truth if asked else None
    return Opened(name, label, definition.filled, asked, answer, parts=parts)


def _limits(expression: Expression, env: Environment) -> Iterator[Opened]:
    """The limits that an expression compares with: each with its number, where that comes from, and who approved it here."""
    for name in expression.limits:
        limit = env.circumstances.library.limits[name]
        approved = limit.approver or env.phrase("limit-not-approved", "not approved")
        yield Opened(f"limit.{name}", f"{limit.value}, {limit.source}, {approved}")


def _is_question(expression: Expression) -> bool:
    return expression.shape.type in ("boolean", "System.Boolean")


# ---------------------------------------------------------------------- what would decide


def deciding(expression: Expression, env: Environment) -> Deciding:
    """What would decide an expression; nothing where it is decided."""
    if env.ask(expression).truth is not None:
        return Deciding((), ())
    met, not_met = _sets(expression.tree, expression, env)
    return Deciding(_told(met), _told(not_met))


def _told(sets: Sets) -> tuple[tuple[str, ...], ...]:
    smallest = min((len(one) for one in sets), default=0)
    return tuple(sorted(tuple(sorted(one)) for one in sets if one and len(one) == smallest))


def _sets(tree: Tree, whole: Expression, env: Environment) -> tuple[Sets, Sets]:
    """What would make a part of an expression true, and what would make it false."""
    match tree:
        case Literal(value=bool() as value):
            return (_NOW, _NEVER) if value else (_NEVER, _NOW)
        case Binary(op="and" | "or" | "implies" | "xor" as op):
            return _of_operator(op, _sets(tree.left, whole, env), _sets(tree.right, whole, env))
        case Call(name="not", base=Tree() as base):
            true, false = _sets(base, whole, env)
            return false, true
        case Variable(name=name) if (definition := env.circumstances.library.definitions.get(name)) is not None:
            if _is_question(definition):
                return _sets(definition.tree, definition, env)
    return _of_leaf(tree, whole, env)


def _of_operator(op: str, one: tuple[Sets, Sets], other: tuple[Sets, Sets]) -> tuple[Sets, Sets]:
    (a, not_a), (b, not_b) = one, other
    match op:
        case "and":
            return _both(a, b), _either(not_a, not_b)
        case "or":
            return _either(a, b), _both(not_a, not_b)
        case "implies":
            return _either(not_a, b), _both(a, not_b)
        case _:
            return _either(_both(a, not_b), _both(not_a, b)), _either(_both(a, b), _both(not_a, not_b))


def _both(one: Sets, other: Sets) -> Sets:
    return _least(a | b for a, b in product(one, other))


def _either(one: Sets, other: Sets) -> Sets:
    return _least((*one, *other))


def _least(found: Iterable[frozenset[str]]) -> Sets:
    """Without those that hold another one; the smallest of too many."""
    kept: list[frozenset[str]] = []
    for one in sorted(set(found), key=lambda s: (len(s), sorted(s))):
        if len(kept) < WIDEST and not any(smaller <= one for smaller in kept):
            kept.append(one)
    return frozenset(kept)


def _of_leaf(tree: Tree, whole: Expression, env: Environment) -> tuple[Sets, Sets]:
    """A part that neither branches nor names a question: decided as it stands, or waiting for what it reads and lacks."""
    truth, missing = env.ask(whole.part(tree))
    if truth is not None:
        return (_NOW, _NEVER) if truth else (_NEVER, _NOW)
    whole_lesion = env.circumstances.library.labels.get(LESION, LESION)
    items = frozenset(m.item for m in missing)
    if whole_lesion in items and (facts := [_called(one) for one in _of_lesion(whole, tree)]):
        items = items - {whole_lesion} | set(facts)
    waits = frozenset({items})
    return waits, waits
