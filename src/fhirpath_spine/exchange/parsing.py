"""From bytes to JSON under limits on depth. RFC 8259 in UTF-8: NaN, a byte order mark and other encodings are
refused.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from fhirpath_spine.errors import BodyTooLarge, RequestError

_ESCAPES = re.compile(rb"\\.", re.DOTALL)
_STRINGS = re.compile(rb'"[^"]*"')
_FOLDED = bytes.maketrans(b"[]", b"{}")
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


def parse(body: bytes, *, depth: int = 64) -> Any:
    """The JSON value of a body.

    Raises :class:`RequestError` if it is no JSON, and :class:`BodyTooLarge` if it nests too deep.
    """
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
    return value


def check_depth(body: bytes, depth: int) -> None:
    """Refuses valid JSON with :class:`BodyTooLarge` if it nests deeper than that."""
    if deeper_than(body, depth):
        raise _too_deep(depth)


def _too_deep(depth: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body nests deeper than {depth} levels.", hint="Send FHIR resources as they are defined.")
