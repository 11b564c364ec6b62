"""Three-valued logic: True, False, and None for unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhirpath_spine.fhirpath.grammar.problems import EvaluationError
from fhirpath_spine.fhirpath.values.items import Incomplete, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


def truth(items: Sequence[Any]) -> bool | None:
    """A collection read as one truth value: empty or incomplete is unknown, a single item that is no boolean is true.

    Several items: :class:`EvaluationError`.
    """
    if not items or type(items) is Incomplete:
        return None
    if len(items) > 1:
        raise EvaluationError(
            "Several items stand where one truth value is due.", hint="Use some(), every() or exists()."
        )
    item = items[0]
    if type(item) is Node:
        if item.value is None:
            return None
        item = item.value
    return item if isinstance(item, bool) else True


def single(items: Sequence[Any], what: str) -> Any:
    """The only item; several are an :class:`EvaluationError`."""
    if len(items) > 1:
        raise EvaluationError(f"{what} stands on several items.", hint="Use first(), some() or every().")
    return items[0]


def both(left: bool | None, right: bool | None) -> bool | None:
    """``and``."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def either(left: bool | None, right: bool | None) -> bool | None:
    """``or``."""
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def differ(left: bool | None, right: bool | None) -> bool | None:
    """``xor``."""
    return None if left is None or right is None else left is not right


def follows(left: bool | None, right: bool | None) -> bool | None:
    """``implies``."""
    return either(None if left is None else not left, right)


LOGIC: dict[str, Callable[[bool | None, bool | None], bool | None]] = {
    "and": both,
    "or": either,
    "xor": differ,
    "implies": follows,
}


def some(answers: Iterable[bool | None]) -> bool | None:
    """True if any is true, else unknown if any is unknown, else false."""
    found: bool | None = False
    for answer in answers:
        if answer:
            return True
        if answer is None:
            found = None
    return found


def every(answers: Iterable[bool | None]) -> bool | None:
    """False if any is false, else unknown if any is unknown, else true."""
    found: bool | None = True
    for answer in answers:
        if answer is False:
            return False
        if answer is None:
            found = None
    return found
