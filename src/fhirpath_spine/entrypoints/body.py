"""Reads the body of a request under its limits, before anything is parsed (threat T10)."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from fhirpath_spine.errors import BodyTooLarge, MediaTypeUnsupported
from fhirpath_spine.exchange.parsing import parse

BYTES = 16 * 1024 * 1024
DEPTH = 64
_HINT = "Send UTF-8 JSON as application/json, without Content-Encoding."


async def read_json(request: Request, *, limit: int = BYTES, depth: int = DEPTH) -> Any:
    """The JSON body of a request.

    Raises:
        MediaTypeUnsupported: it is not declared as JSON in UTF-8, or is compressed.
        BodyTooLarge: more bytes or a deeper nesting than allowed; counted while reading, whatever the header claims.
        RequestError: it is no JSON.

    """
    _check_media_type(request)
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return parse(b"".join(chunks), depth=depth)


def _check_media_type(request: Request) -> None:
    media, _, parameters = request.headers.get("content-type", "").partition(";")
    kind = media.strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise MediaTypeUnsupported("The body is not declared as JSON.", hint=_HINT)
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8"):
            raise MediaTypeUnsupported("The body is not declared as UTF-8.", hint=_HINT)
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise MediaTypeUnsupported("The body is compressed.", hint=_HINT)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The body is larger than {limit // (1024 * 1024)} MiB.",
        hint="Send what the prefetch templates of the discovery document ask for, and nothing else.",
    )
