"""A JSON Web Key Set as it stands at an EHR: which of its keys a signature could be checked with (JWT-04 to JWT-07, JWT-12).

Nothing is verified with them here, and no cryptography is done: a key of the wrong size or kind is found by its form.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from fhirpath_spine.exchange.ehr_side.base64url import decoded

RSA_BITS = 2048
"""Shorter keys of RSA are no longer taken (NIST SP 800-131A)."""
_CURVES = {"P-256": ("ES256", 32), "P-384": ("ES384", 48), "P-521": ("ES512", 66)}
"""Curve -> the one algorithm that it goes with, and the bytes of a coordinate (RFC 7518, 3.4 and 6.2.1)."""
_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its name, if it has one, and why no signature can be checked with it (empty: it can)."""

    kid: str
    fault: str = ""
    leaked: bool = False
    """It holds its private part."""


def keys(value: object) -> list[Key] | None:
    """The keys for signatures of a set; None if it is no set. Keys for encryption are left out."""
    listed = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(listed, list):
        return None
    found = [key for key in listed if not isinstance(key, dict) or key.get("use", "sig") == "sig"]
    names = Counter(_kid(key) for key in found)
    return [_key(key, twice=names[_kid(key)] > 1) for key in found]


def _kid(key: object) -> str:
    kid = key.get("kid") if isinstance(key, dict) else None
    return kid if isinstance(kid, str) else ""


def _key(key: Any, *, twice: bool) -> Key:
    if not isinstance(key, dict):
        return Key("", "it is no JSON object")
    kid = _kid(key)
    if key.get("kty") != "oct" and _PRIVATE & key.keys():
        return Key(kid, "it holds its private part", leaked=True)
    if not kid:
        return Key("", "it has no kid, by which a token names its key")
    if twice:
        return Key(kid, "another key has the same kid")
    return Key(kid, _fault(key))


def _fault(key: dict[str, Any]) -> str:
    kind, alg = key.get("kty"), key.get("alg")
    if kind == "EC":
        curve = _CURVES.get(str(key.get("crv")))
        if curve is None:
            return "its curve is none of P-256, P-384, P-521"
        if alg not in (None, curve[0]):
            return f"its alg does not go with its curve, {curve[0]} would"
        whole = all(len(decoded(key.get(name))) == curve[1] for name in ("x", "y"))
        return "" if whole else "its coordinates are not of its curve"
    if kind == "RSA":
        if alg not in (None, *_RSA):
            return "its alg is none for RSA signatures"
        bits = int.from_bytes(decoded(key.get("n"))).bit_length()
        if bits < RSA_BITS:
            return f"its modulus has {bits} bits, {RSA_BITS} are the least"
        return "" if int.from_bytes(decoded(key.get("e"))) > 2 else "it has no exponent"
    if kind == "oct":
        return "it is symmetric, and those SHALL NOT be used"
    return "its kty is neither EC nor RSA"
