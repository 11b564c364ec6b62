"""An expression that tells which of its variants ever answered otherwise, so that only those need be judged again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhirpath_spine.errors import SpineError
from fhirpath_spine.fhirpath import Account, Expression

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fhirpath_spine.fhirpath import Scope


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
