"""Scopes of SMART on FHIR, both spellings, and what an access token says of itself (FHIR-03, FHIR-08).

Scopes are advisory: what a server permits shows in its answers. Nothing is verified here; the token is not ours to check.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from fhirpath_spine.errors import RequestError
from fhirpath_spine.exchange.ehr_side.base64url import decoded

_SCOPE = re.compile(
    r"(?:patient|user|system)/(?P<type>\*|[A-Za-z]+)\.(?P<rights>read|write|\*|c?r?u?d?s?)(?P<query>\?\S*)?",
    re.IGNORECASE,
)
_V1 = {"read": frozenset("rs"), "write": frozenset("cud"), "*": frozenset("cruds")}


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and what it, or the answer that it came in, says of it. Without a word, ``scope`` is None."""

    value: str = field(default="", repr=False)
    scope: str | None = None
    expires: float | None = None
    """Seconds since 1970."""
    patient: str = field(default="", repr=False)


def read_token(text: str) -> Token:
    """Reads an access token, or the whole token response of an authorisation server (a JSON object).

    Raises:
        RequestError: it is a JSON object without an access token.

    """
    if not text.lstrip().startswith("{"):
        return _of_claims(text, _claims(text))
    response = _object(text.encode())
    token = response.get("access_token")
    if not isinstance(token, str) or not token:
        raise RequestError("The token response holds no access_token.", hint="Pass the token, or the whole response.")
    return _of_claims(token, {**_claims(token), **response})


def _of_claims(token: str, said: dict[str, Any]) -> Token:
    scope = said.get("scope", said.get("scp"))
    if isinstance(scope, list):
        scope = " ".join(map(str, scope))
    expires, patient = said.get("exp"), said.get("patient")
    return Token(
        value=token,
        scope=scope if isinstance(scope, str) else None,
        expires=float(expires) if isinstance(expires, int | float) else None,
        patient=patient if isinstance(patient, str) else "",
    )


def _claims(token: str) -> dict[str, Any]:
    """The claims of a signed JWT; none of an opaque token."""
    parts = token.split(".")
    return _object(decoded(parts[1])) if len(parts) == 3 else {}


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def uncovered(scope: str, types: Iterable[str]) -> dict[str, bool]:
    """Types that the scopes do not let be read and searched -> whether some scope does for a part (with a query)."""
    whole: dict[str, set[str]] = {}
    part: dict[str, set[str]] = {}
    for word in scope.split():
        if match := _SCOPE.fullmatch(word):
            rights = match["rights"].lower()
            (part if match["query"] else whole).setdefault(match["type"], set()).update(_V1.get(rights, rights))
    out = {}
    for kind in types:
        needed = {"r"} if kind == "Patient" else {"s"}
        if not needed <= whole.get(kind, set()) | whole.get("*", set()):
            out[kind] = needed <= whole.get(kind, set()) | part.get(kind, set()) | part.get("*", set())
    return out
