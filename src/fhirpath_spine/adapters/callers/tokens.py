"""One signed token (JWT): taken apart, and verified against the keys and the entry of one client (JWT-04 to JWT-15, threat T04).

Pure: no key is fetched here, no clock is read, and nothing is remembered. A token is refused with a word of a closed list, which
is for the log of this service; its caller learns none of it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from fhirpath_spine.errors import BodyTooLarge, RequestError
from fhirpath_spine.exchange.ehr_side.base64url import decoded
from fhirpath_spine.exchange.incoming.parsing import parse

ALGORITHMS = frozenset({"ES384", "RS384"})
"""What an entry takes that lists none (JWT-07)."""
LONGEST = 8192
"""Characters of a token that are looked at."""
LEEWAY = 60
"""Seconds by which two clocks may differ."""
LIFETIME = 3600
"""Seconds from ``iat`` to ``exp`` at most."""
_JTI = 256
_DEPTH = 8
_FORBIDDEN = frozenset({"b64", "crit", "jwk", "x5c", "x5u"})
"""Header members by which a token would bring its own key along, or its own rules."""

Key = ECKey | RSAKey


class Reason(StrEnum):
    """Why a token is refused."""

    MISSING = "missing"
    SHAPE = "shape"
    HEADER = "header"
    ALGORITHM = "algorithm"
    ISSUER = "issuer"
    JKU = "jku"
    KEY = "key"
    SIGNATURE = "signature"
    CLAIMS = "claims"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    EARLY = "early"
    LIFETIME = "lifetime"
    SUBJECT = "subject"
    TENANT = "tenant"
    REPLAYED = "replayed"


class RefusedError(Exception):
    """A token is not taken. It never leaves this room: outside, every cause looks the same."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Terms:
    """What the entry of one client asks of a token, beside its signature."""

    issuer: str
    jku: str = ""
    """The address of the keys; a token that names another is refused, and none is followed."""
    algorithms: frozenset[str] = ALGORITHMS
    tenants: frozenset[str] = frozenset()
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Unverified:
    """A token that was taken apart. Nothing in it may be trusted yet."""

    text: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def issuer(self) -> str:
        """Who the token says that signed it."""
        return str(self.claims["iss"])

    @property
    def kid(self) -> str:
        """Which key the token says that it was signed with."""
        return str(self.header["kid"])


def bearer(fields: Collection[str]) -> str:
    """The token of a request's ``Authorization`` fields.

    Raises:
        RefusedError: there is not exactly one, or it is no bearer token of bearable length.

    """
    if len(fields) != 1:
        raise RefusedError(Reason.MISSING)
    scheme, _, text = next(iter(fields)).strip().partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise RefusedError(Reason.MISSING)
    if len(text) > LONGEST:
        raise RefusedError(Reason.SHAPE)
    return text.strip()


def take_apart(text: str) -> Unverified:
    """Header and claims of a token, each key once, with the members that choose client and key.

    Raises:
        RefusedError: it is no such token.

    """
    parts = text.split(".")
    if len(parts) != 3 or not all(parts) or not text.isascii():
        raise RefusedError(Reason.SHAPE)
    header, claims = (_object(part) for part in parts[:2])
    kid, issuer = header.get("kid"), claims.get("iss")
    if _FORBIDDEN & header.keys() or not (isinstance(kid, str) and kid):
        raise RefusedError(Reason.HEADER)
    if str(header.get("typ", "JWT")).upper() != "JWT":
        raise RefusedError(Reason.HEADER)
    if not (isinstance(issuer, str) and issuer):
        raise RefusedError(Reason.ISSUER)
    return Unverified(text, header, claims)


def _object(part: str) -> Mapping[str, Any]:
    try:
        found = parse(decoded(part), depth=_DEPTH)
    except (RequestError, BodyTooLarge):
        raise RefusedError(Reason.SHAPE) from None
    if not isinstance(found, dict):
        raise RefusedError(Reason.SHAPE)
    return found


def check_header(token: Unverified, terms: Terms) -> None:
    """Refuses a token whose algorithm or key set is not that of the entry."""
    if token.header.get("alg") not in terms.algorithms:
        raise RefusedError(Reason.ALGORITHM)
    if token.header.get("jku", terms.jku) != terms.jku:
        raise RefusedError(Reason.JKU)


def check_signature(token: Unverified, key: Key, terms: Terms) -> None:
    """Refuses a token that this key did not sign with an algorithm of the entry and of the key."""
    alg = str(token.header["alg"])
    if key.get("alg") not in (None, alg):
        raise RefusedError(Reason.ALGORITHM)
    try:
        jws.deserialize_compact(token.text, key, algorithms=sorted(terms.algorithms))
    except (JoseError, ValueError, TypeError):
        raise RefusedError(Reason.SIGNATURE) from None


def check_claims(token: Unverified, terms: Terms, audiences: Collection[str], now: float) -> None:
    """Refuses a token that is for another path, another time, another tenant or another subject."""
    claims = token.claims
    named = claims.get("aud")
    named = [named] if isinstance(named, str) else named
    if not isinstance(named, list) or not all(isinstance(one, str) for one in named):
        raise RefusedError(Reason.AUDIENCE)
    if not set(named) & set(audiences):
        raise RefusedError(Reason.AUDIENCE)
    _check_times(claims, now)
    jti = claims.get("jti")
    if not (isinstance(jti, str) and 0 < len(jti) <= _JTI):
        raise RefusedError(Reason.CLAIMS)
    if terms.subject and claims.get("sub") != terms.subject:
        raise RefusedError(Reason.SUBJECT)
    tenant = claims.get("tenant")
    if terms.tenants and not (isinstance(tenant, str) and tenant in terms.tenants):
        raise RefusedError(Reason.TENANT)


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    issued, expires = _moment(claims.get("iat")), _moment(claims.get("exp"))
    if expires <= now - LEEWAY:
        raise RefusedError(Reason.EXPIRED)
    if issued > now + LEEWAY or ("nbf" in claims and _moment(claims["nbf"]) > now + LEEWAY):
        raise RefusedError(Reason.EARLY)
    if not 0 < expires - issued <= LIFETIME:
        raise RefusedError(Reason.LIFETIME)


def _moment(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RefusedError(Reason.CLAIMS)
    return value
