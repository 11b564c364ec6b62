"""A library with some of its expressions exchanged for others; and an expression that tells which of its variants ever answered
otherwise, so that only those need be judged again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from fhirpath_spine.errors import SpineError
from fhirpath_spine.fhirpath import Account, Expression, ValueSet
from fhirpath_spine.pathway.asking.reach import names_as
from fhirpath_spine.pathway.asking.untold import untold
from fhirpath_spine.pathway.once import once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence, Set

    from fhirpath_spine.fhirpath import Scope
    from fhirpath_spine.pathway.model import Library


def exchanged(library: Library, others: Mapping[Expression, Expression]) -> Library:
    """The library with each of these expressions replaced; what holds none of them is shared with the old one."""
    held_by, concerned = holders(library), set[int]()
    open_ = [id(one) for one in others]
    while open_:
        more = set(held_by.get(open_.pop(), ())) - concerned
        concerned |= more
        open_ += more
    return names_as(_Exchange(others, concerned).exchanged(library), library)


@once
def holders(library: Library) -> Mapping[int, Sequence[int]]:
    """Of each expression and record of a library, by its identity, those that hold it: so that an exchange looks at nothing that
    stays as it is.
    """
    found: dict[int, list[int]] = {}
    open_: list[Any] = [library]
    while open_:
        holder = open_.pop()
        for part in _parts(holder):
            if isinstance(part, _PLAIN):
                continue
            if id(part) not in found and not isinstance(part, Expression):
                open_.append(part)
            found.setdefault(id(part), []).append(id(holder))
    return found


_PLAIN = (str, int, frozenset, ValueSet, type(None))
"""What holds no expression."""


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, tuple):
        return value
    if isinstance(value, Mapping):
        return value.values()
    return [getattr(value, f.name) for f in fields(value)] if is_dataclass(value) else ()


def watching(library: Library, watched: Mapping[Expression, Watched]) -> Library:
    """The library with expressions that tell of their variants, asked anew for each chart: what a library keeps of the charts
    that tell nothing would be told of once.
    """
    made = exchanged(library, watched)
    if made is not library:
        untold(made).keeps = False
    return made


class _Exchange:
    def __init__(self, others: Mapping[Expression, Expression], concerned: Set[int]) -> None:
        self._others, self._concerned = others, concerned
        self._done: dict[int, Any] = {}

    def exchanged(self, value: Any) -> Any:
        """A record is rebuilt once, however many others hold it: that it is the same in all of them has to stay true."""
        if isinstance(value, Expression):
            return self._others.get(value, value)
        key = id(value)
        if key not in self._concerned:
            return value
        if key not in self._done:
            self._done[key] = self._rebuilt(value)
        return self._done[key]

    def _rebuilt(self, value: Any) -> Any:
        if isinstance(value, tuple):
            parts = tuple(map(self.exchanged, value))
            return type(value)._make(parts) if hasattr(value, "_make") else parts
        if isinstance(value, Mapping):
            return {key: self.exchanged(one) for key, one in value.items()}
        now = {f.name: getattr(value, f.name) for f in fields(value)}
        then = {name: self.exchanged(one) for name, one in now.items()}
        return replace(value, **{name: one for name, one in then.items() if one is not now[name]})


class Watched(Expression):
    """Answers as ``plain`` does, and calls ``tell`` with the name of each variant that would have answered otherwise.

    A judgement in which no answer differs is the same judgement; so what is never told needs no second look.
    """

    def __init__(self, plain: Expression, variants: Mapping[Any, Expression], tell: Callable[[Any], None]) -> None:
        vars(self).update(vars(plain))
        self._variants, self._tell = variants, tell

    def evaluate(self, focus: Sequence[Any], scope: Scope) -> list[Any]:
        """As the expression itself."""
        found = super().evaluate(focus, scope)
        self._compare((type(found), found), lambda other: (type(it := other.evaluate(focus, scope)), it))
        return found

    def truth(self, focus: Sequence[Any], scope: Scope) -> bool | None:
        """As the expression itself."""
        answer = super().truth(focus, scope)
        self._compare(answer, lambda other: other.truth(focus, scope))
        return answer

    def account(self, focus: Sequence[Any], scope: Scope) -> Account:
        """As the expression itself."""
        account = super().account(focus, scope)
        self._compare(account, lambda other: other.account(focus, scope))
        return account

    def _compare(self, answer: object, ask: Callable[[Expression], object]) -> None:
        for name, other in self._variants.items():
            try:
                differs = ask(other) != answer
            except SpineError:
                differs = True
            if differs:
                self._tell(name)
