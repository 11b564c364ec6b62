"""Reads the body of a request under its limits, before anything is parsed (threat T10)."""

from __future__ import annotations

from fastapi import Request

from fhirpath_spine.errors import BodyTooLarge, MediaTypeUnsupported

_HINT = "Send UTF-8 JSON as application/json, without Content-Encoding."


async def read_bytes(request: Request, limit: int) -> bytes:
    """The body of a request that says it is JSON.

    Raises:
        MediaTypeUnsupported: it is not declared as JSON in UTF-8, or is compressed.
        BodyTooLarge: more bytes than allowed; counted while reading, whatever the header claims.

    """
    _check_media_type(request)
    declared = request.headers.get("content-length", "")
    check_size(int(declared) if declared.isdigit() else 0, limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        check_size(size, limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _check_media_type(request: Request) -> None:
    # A header that stands twice may say two things: it is read as one that says both.
    media, _, parameters = _header(request, "content-type").partition(";")
    kind = media.strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise MediaTypeUnsupported("The body is not declared as JSON.", hint=_HINT)
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8"):
            raise MediaTypeUnsupported("The body is not declared as UTF-8.", hint=_HINT)
    if _header(request, "content-encoding").strip().lower() not in ("", "identity"):
        raise MediaTypeUnsupported("The body is compressed.", hint=_HINT)


def _header(request: Request, name: str) -> str:
    return ", ".join(request.headers.getlist(name))


def check_size(size: int, limit: int) -> None:
    """Refuses a body with :class:`BodyTooLarge` if it is over the limit, in bytes."""
    if size > limit:
        raise BodyTooLarge(
            f"The body is larger than {limit // (1024 * 1024)} MiB.",
            hint="Send what the prefetch templates of the discovery document ask for, and nothing else.",
        )
