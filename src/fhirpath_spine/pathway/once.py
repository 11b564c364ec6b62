"""What follows from a library alone is found once for it, and forgotten with it: a service that took new content in keeps nothing
of the old.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, TypeVarTuple
from weakref import WeakKeyDictionary

R = TypeVar("R")
T = TypeVar("T")
Rest = TypeVarTuple("Rest")
MOST = 10_000
"""Answers of one function that are kept for one library; then they are found anew."""


def once(find: Callable[[T, *Rest], R], most: int = MOST) -> Callable[[T, *Rest], R]:
    """The function with answers that are kept for as long as its first argument lives; the others are compared by value.

    No answer may hold the first argument itself, which would then live for ever.
    """
    kept: WeakKeyDictionary[Any, dict[tuple[Any, ...], R]] = WeakKeyDictionary()

    @wraps(find)
    def found(of: T, *rest: *Rest) -> R:
        mine = kept.get(of)
        if mine is None:
            mine = kept.setdefault(of, {})
        try:
            return mine[rest]
        except KeyError:
            answer = find(of, *rest)
        # Calls are judged at once in several threads: what one keeps, another may clear before it is read again.
        if len(mine) >= most:
            mine.clear()
        mine[rest] = answer
        return answer

    return found
