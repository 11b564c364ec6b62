"""base64url without padding, as keys and tokens are written in (RFC 7515)."""

from __future__ import annotations

import base64
import binascii


def decoded(text: object) -> bytes:
    """The bytes that a text stands for; none if it is no such text."""
    if not isinstance(text, str) or not text.isascii():
        return b""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return b""
