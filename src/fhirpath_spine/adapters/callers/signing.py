"""Tokens as an EHR signs them, rightly and wrongly: for ``call``, the demonstration of production, and tests."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

from fhirpath_spine.adapters.callers.tokens import Key
from fhirpath_spine.errors import SettingsError
from fhirpath_spine.exchange import Json

MINUTES = 5
KID = "fhirpath-spine-call"
_CLAIMS: Mapping[str, Mapping[str, Any]] = {
    "expired": {"iat": -7200, "exp": -3600},
    "early": {"iat": 7200, "exp": 7500},
    "long-lived": {"exp": 86400},
}
_PLAIN = ("audience", "kid", "signature", "symmetric", "none", "no-jti")


def wrongs() -> tuple[str, ...]:
    """The ways in which a token can be signed wrongly."""
    return (*_CLAIMS, *_PLAIN)


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs the tokens of one client."""

    key: Key
    issuer: str
    tenant: str = ""
    subject: str = ""
    jku: str = ""

    @classmethod
    def generated(cls, issuer: str) -> Signer:
        """A signer with a new key of P-384."""
        return cls(ECKey.generate_key("P-384", {"kid": KID}), issuer)

    @classmethod
    def from_file(cls, path: Path, issuer: str) -> Signer:
        """A signer with the private key in a file: a JSON Web Key, or PEM.

        Raises:
            SettingsError: it cannot be read, or is no private key of EC or RSA.

        """
        hint = "Name a private key of EC P-384 or RSA, as JSON Web Key or PEM."
        try:
            raw = path.read_bytes()
            key = _private(raw)
        except OSError as error:
            raise SettingsError(f"The key cannot be read: {type(error).__name__}.", hint=hint) from None
        except (JoseError, ValueError, TypeError):
            raise SettingsError("The file holds no private key that can be used.", hint=hint) from None
        if not isinstance(key, ECKey | RSAKey) or not key.is_private:
            raise SettingsError("The file holds no private key that can be used.", hint=hint)
        return cls(key, issuer)

    @property
    def algorithm(self) -> str:
        """The algorithm that goes with the key."""
        if isinstance(self.key, RSAKey):
            return str(self.key.get("alg") or "RS384")
        return {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}[str(self.key.get("crv"))]

    @property
    def kid(self) -> str:
        """The name of the key."""
        return str(self.key.get("kid") or KID)

    def token(self, audience: str, *, wrong: str = "", now: float | None = None) -> str:
        """A token for the service at an address; ``wrong`` is one of :func:`wrongs`."""
        now = time.time() if now is None else now
        moments = {"iat": 0, "exp": MINUTES * 60, **_CLAIMS.get(wrong, {})}
        claims: Json = {"iss": self.issuer, "aud": audience, "jti": str(uuid4())}
        claims |= {name: int(now + offset) for name, offset in moments.items()}
        claims |= {k: v for k, v in (("tenant", self.tenant), ("sub", self.subject)) if v}
        if wrong == "no-jti":
            del claims["jti"]
        if wrong == "audience":
            claims["aud"] = audience + "/elsewhere"
        header: Json = {"alg": self.algorithm, "typ": "JWT", "kid": "unknown" if wrong == "kid" else self.kid}
        if self.jku:
            header["jku"] = self.jku
        return self._signed(header, claims, wrong)

    def _signed(self, header: Json, claims: Json, wrong: str) -> str:
        payload = orjson.dumps(claims)
        match wrong:
            case "signature":
                other = ECKey.generate_key("P-384")
                return jws.serialize_compact({**header, "alg": "ES384"}, payload, other, algorithms=["ES384"])
            case "symmetric":  # no library signs so
                said = f"{_encoded(orjson.dumps({**header, 'alg': 'HS384'}))}.{_encoded(payload)}"
                return f"{said}.{_encoded(hmac.digest(self.key.as_pem(private=False), said.encode(), 'sha384'))}"
            case "none":
                return f"{_encoded(orjson.dumps({**header, 'alg': 'none'}))}.{_encoded(payload)}."
        return jws.serialize_compact(header, payload, self.key, algorithms=[self.algorithm])


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _private(raw: bytes) -> object:
    if raw.lstrip().startswith(b"{"):
        return import_key(orjson.loads(raw))
    for kind in (ECKey, RSAKey):
        try:
            return kind.import_key(raw)
        except (JoseError, ValueError, TypeError):
            continue
    raise ValueError


def public_keys(*signers: Signer) -> Json:
    """The key set that verifies what these signers sign."""
    return {"keys": [{**s.key.as_dict(private=False), "kid": s.kid, "use": "sig"} for s in signers]}
