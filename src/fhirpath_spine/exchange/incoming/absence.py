"""What says nothing is taken out once, before anything is read: null, an empty text, object or list, at every depth; and of a
resource the blanks around a text. From there on what stands in a chart says something.

What a call says of itself (its server, its token, its patient) keeps its blanks: an address that has to be mended is none.
"""

from __future__ import annotations

from typing import Any

_EDGES = (b'" ', b' "')
"""How a text with a blank at its edge is written, where all is ASCII and nothing is escaped."""
_AROUND = "\ufeff\u200b"
"""Marks without a width that ``str.strip`` leaves where they are."""
ANSWERS = "prefetch"
"""The member of a call in which null is an answer: that search found nothing, which is not the same as no search."""


def without_absent(value: Any, compact: bytes) -> Any:
    """The value without what says nothing; the same object where all of it says something.

    ``compact`` is the value as JSON without blanks between its tokens: most charts need no walk, and it shows that.
    """
    answers = value.get(ANSWERS) if isinstance(value, dict) else None
    if not isinstance(answers, dict):
        return _tidied(value, trimmed=False) if _may_say_nothing(compact, 0, 0) else value
    # What is usual says nothing in two places: a search that found nothing is null, or a Bundle of no entries.
    nulls = sum(item is None for item in answers.values())
    lists = sum(isinstance(item, dict) and item.get("entry") == [] for item in answers.values())
    if not _may_say_nothing(compact, nulls, lists):
        return value
    rest = _tidied({key: item for key, item in value.items() if key != ANSWERS}, trimmed=False)
    # Whatever a key holds is an answer to it: an empty one is no key that was left out.
    return {**rest, ANSWERS: {key: _answer(item) for key, item in answers.items()}}


def says_all(compact: bytes) -> bool:
    """Whether there is nothing to take out of a value, as far as it shows where it is written without blanks."""
    return not _may_say_nothing(compact, 0, 0)


def _may_say_nothing(compact: bytes, nulls: int, lists: int) -> bool:
    """Whether something in it may say nothing, beyond so many nulls and empty lists."""
    return (
        compact.count(b"null") > nulls
        or compact.count(b"[]") > lists
        or b"{}" in compact
        or b'""' in compact
        or not compact.isascii()
        or b"\\" in compact
        or any(edge in compact for edge in _EDGES)
    )


def _answer(item: Any) -> Any:
    return _tidied(item, trimmed=True) if isinstance(item, dict | list) and item else item


def _is_nothing(value: Any) -> bool:
    return value is None or (not value and isinstance(value, str | dict | list))


def _tidied(value: Any, *, trimmed: bool) -> Any:
    if isinstance(value, str):
        return _trimmed(value) if trimmed else value
    if isinstance(value, list):
        return [item for item in (_tidied(one, trimmed=trimmed) for one in value) if not _is_nothing(item)]
    if not isinstance(value, dict):
        return value
    trimmed = trimmed or value.get("resourceType", "Parameters") != "Parameters"
    out: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, str):
            found: Any = _trimmed(item) if trimmed else item
        elif isinstance(item, list):
            found = _list(value, key, item, trimmed=trimmed)
        elif isinstance(item, dict):
            found = _tidied(item, trimmed=trimmed)
        else:
            found = item
        if not _is_nothing(found):
            out[key] = found
    return out


def _trimmed(text: str) -> str:
    if text and (text[0] <= " " or text[-1] <= " " or not text.isascii()):
        return text.strip().strip(_AROUND).strip()
    return text


def _list(holder: dict[str, Any], key: str, items: list[Any], *, trimmed: bool) -> list[Any]:
    """A list of a resource. Of a primitive and what extends it (``given`` and ``_given``) null holds the place of its other half:
    it stays, unless nothing else stands there.
    """
    found = [_tidied(item, trimmed=trimmed) for item in items]
    paired = key.startswith("_") or (f"_{key}" in holder and not any(isinstance(item, dict | list) for item in items))
    if not paired:
        return [item for item in found if not _is_nothing(item)]
    kept = [None if _is_nothing(item) else item for item in found]
    return kept if any(item is not None for item in kept) else []
