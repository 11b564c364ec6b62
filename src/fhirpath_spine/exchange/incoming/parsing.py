"""From bytes to JSON under limits on depth and number, which are counted before anything is parsed. RFC 8259 in UTF-8: NaN, a
byte order mark and other encodings are refused, and so is a key that stands twice in one object: which of the two counts, each
reader decides for itself (threat T10).

No step holds the interpreter for long, however large a body is: other calls are answered meanwhile. So a large body is parsed by
another parser than a small one, object by object, and both take the same (14 MB at once stop all else for 0.4 s, measured).
"""

from __future__ import annotations

import json
import math
from typing import Any

import orjson

from fhirpath_spine.errors import BodyTooLarge, RequestError
from fhirpath_spine.exchange.incoming.absence import without_absent

ELEMENTS = 1_000_000
"""Items and members of a body at most; ten thousand resources have less than half of that."""
DEEPEST = 128
"""Levels that any limit may allow: what reads a value level by level bears them."""
LARGE = 512 * 1024
"""Bytes from which on a body is parsed object by object."""
_PIECE = 64 * 1024
_FOLDED = bytes.maketrans(b"[]", b"{}")
_NO_BRACKETS = bytes(set(range(256)) - set(b'{}[]"'))
_NO_MARKS = bytes(set(_NO_BRACKETS) - set(b","))


def _structure(body: bytes, others: bytes = _NO_BRACKETS) -> bytes:
    """Brackets, all of one kind, of a body, without those that stand in texts; and what else is not among the ``others``."""
    plain = body.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in body else body
    # Most texts hold nothing of this and are two bare quotes by now; the loop sees only the others.
    marks = plain.translate(_FOLDED, others).replace(b'""', b"")
    if b'"' not in marks:
        return marks
    found, inside = [], 0
    for start in range(0, len(marks), _PIECE):
        parts = marks[start : start + _PIECE].split(b'"')
        found.append(b"".join(parts[inside::2]))
        inside = (inside + len(parts) - 1) % 2
    return b"".join(found)


def _nests_deeper(brackets: bytes, depth: int) -> bool:
    # Of so many that begin in a row more than the depth is left after all passes: one look in place of them.
    if b"{" * (2 * depth + 1) in brackets:
        return True
    # Each pass takes the innermost pairs away, so the number of passes is the depth.
    for _ in range(depth):
        if not brackets:
            return False
        brackets = brackets.replace(b"{}", b"")
    # What has no other half is no JSON, which the parser says better; it is deep only where so many begin.
    return b"{}" in brackets or brackets.count(b"{") > depth


def deeper_than(body: bytes, depth: int) -> bool:
    """Whether JSON nests deeper than that, without a walk over its objects."""
    return _nests_deeper(_structure(body), depth)


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
    _check_structure(body, depth)
    large = len(body) > LARGE
    try:
        value = _by_objects(body) if large else orjson.loads(body)
        compact = orjson.dumps(value)
    except json.JSONDecodeError as error:
        # The parser's own message may quote the body; line and column are enough to find the place.
        raise RequestError(
            f"The body is not valid JSON (line {error.lineno}, column {error.colno}).", hint=_WANTED
        ) from None
    except orjson.JSONEncodeError:
        raise RequestError("The body is not valid JSON: it holds half a character.", hint=_WANTED) from None
    except _TwiceError:
        raise _twice() from None
    if not large and has_key_twice(body, compact):
        raise _twice()
    return value, compact


_WANTED = "Send RFC 8259 JSON in UTF-8, without NaN and without a byte order mark."


def _twice() -> RequestError:
    return RequestError(
        "A key stands twice in one object, and only one of the two would have been read.",
        hint="Send each key of an object once.",
    )


def _check_structure(body: bytes, depth: int) -> None:
    if len(body) <= ELEMENTS:  # each takes a byte at least
        brackets = _structure(body)
    else:
        structure = _structure(body, _NO_MARKS)
        brackets = structure.translate(None, b",")
        if len(structure) - len(brackets) + brackets.count(b"{") > ELEMENTS:
            raise BodyTooLarge(
                f"The body holds more than {ELEMENTS:,} items and members.",
                hint="Send what the prefetch templates of the discovery document ask for, and nothing else.",
            )
    if _nests_deeper(brackets, depth):
        raise _too_deep(depth)


# ------------------------------------------------------------------ large bodies


def _by_objects(body: bytes) -> Any:
    """The value of a body by a parser that comes up after each object, and takes what the other takes."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise json.JSONDecodeError("", "", 0) from None
    return _DECODER.decode(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError
    return found


def _float(text: str) -> float:
    found = float(text)
    if math.isinf(found):
        raise json.JSONDecodeError("", text, 0)
    return found


def _integer(text: str) -> Any:
    # Beyond 64 bits the other parser has a float.
    return int(text) if len(text) < _DIGITS else orjson.loads(text)


def _no_constant(text: str) -> Any:
    raise json.JSONDecodeError("", text, 0)


class _TwiceError(Exception):
    """A key stands twice in one object."""


_DIGITS = 18
_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_float, parse_int=_integer, parse_constant=_no_constant
)


def has_key_twice(body: bytes, compact: bytes) -> bool:
    """Whether a pair was lost between the bytes and ``compact``, their value as it is written out again.

    Each pair has a colon, so a lost one leaves fewer of them in what is written out again. That is exact but for a colon
    that is written as an escape, and cheap; only where the numbers differ are the pairs looked at. What is sent without blanks
    mostly comes out as it was.
    """
    if body == compact:
        return False
    escaped = body.count(b"\\u003a") + body.count(b"\\u003A") if b"\\" in body else 0
    if body.count(b":") + escaped == compact.count(b":"):
        return False
    try:
        json.loads(body, object_pairs_hook=_object)
    except _TwiceError:
        return True
    return False


def check_depth(body: bytes, depth: int) -> None:
    """Refuses valid JSON with :class:`BodyTooLarge` if it nests deeper than that."""
    if deeper_than(body, depth):
        raise _too_deep(depth)


def _too_deep(depth: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body nests deeper than {depth} levels.", hint="Send FHIR resources as they are defined.")
