"""From bytes to JSON under limits on depth. RFC 8259 in UTF-8: NaN, a byte order mark and other encodings are
refused, and so is a key that stands twice in one object: which of the two counts, each reader decides for itself (threat T10).
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from fhirpath_spine.errors import BodyTooLarge, RequestError
from fhirpath_spine.exchange.incoming.absence import without_absent

_ESCAPES = re.compile(rb"\\.", re.DOTALL)
_STRINGS = re.compile(rb'"[^"]*"')
_FOLDED = bytes.maketrans(b"[]", b"{}")
_COLONS = re.compile(rb"\\u003[aA]")
_OTHERS = bytes(set(range(256)) - set(b'{}[]"'))


def deeper_than(body: bytes, depth: int) -> bool:
    """Whether valid JSON nests deeper than that, without a walk over its objects.

    Only the brackets are kept; each pass takes the innermost pairs away, so the number of passes is the depth.
    """
    unescaped = _ESCAPES.sub(b"", body) if b"\\" in body else body
    # Most strings hold no bracket and are two bare quotes by now; the slow expression sees only the others.
    brackets = _STRINGS.sub(b"", unescaped.translate(_FOLDED, _OTHERS).replace(b'""', b""))
    for _ in range(depth):
        if not brackets:
            return False
        brackets = brackets.replace(b"{}", b"")
    return bool(brackets)


def take_in(body: bytes, *, depth: int = 64) -> Any:
    """The JSON value of a body that is read as a chart, or holds one: without what says nothing.

    Raises :class:`RequestError` if it is no JSON, and :class:`BodyTooLarge` if it nests too deep.
    """
    value, compact = _parsed(body, depth)
    return without_absent(value, compact)


def parse(body: bytes, *, depth: int = 64) -> Any:
    """The JSON value of a body, as it stands.

    Raises :class:`RequestError` if it is no JSON, and :class:`BodyTooLarge` if it nests too deep.
    """
    return _parsed(body, depth)[0]


def _parsed(body: bytes, depth: int) -> tuple[Any, bytes]:
    """The value, and how it is written without blanks between its tokens."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if "ecursion" in error.msg:
            raise _too_deep(depth) from None
        # The parser's own message may quote the body; line and column are enough to find the place.
        raise RequestError(
            f"The body is not valid JSON (line {error.lineno}, column {error.colno}).",
            hint="Send RFC 8259 JSON in UTF-8, without NaN and without a byte order mark.",
        ) from None
    check_depth(body, depth)
    compact = orjson.dumps(value)
    if has_key_twice(body, compact):
        raise RequestError(
            "A key stands twice in one object, and only one of the two would have been read.",
            hint="Send each key of an object once.",
        )
    return value, compact


def has_key_twice(body: bytes, compact: bytes) -> bool:
    """Whether a pair was lost between the bytes and ``compact``, their value as it is written out again.

    Each pair has a colon, so a lost one leaves fewer of them in what is written out again. That is exact but for a colon
    that is written as an escape, and cheap; only where the numbers differ are the pairs looked at.
    """
    escaped = len(_COLONS.findall(body)) if b"\\" in body else 0
    if body.count(b":") + escaped == compact.count(b":"):
        return False
    try:
        json.loads(body, object_pairs_hook=_once)
    except _TwiceError:
        return True
    return False


class _TwiceError(Exception):
    """A key stands twice in one object."""


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) < len(pairs):
        raise _TwiceError


def check_depth(body: bytes, depth: int) -> None:
    """Refuses valid JSON with :class:`BodyTooLarge` if it nests deeper than that."""
    if deeper_than(body, depth):
        raise _too_deep(depth)


def _too_deep(depth: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body nests deeper than {depth} levels.", hint="Send FHIR resources as they are defined.")
