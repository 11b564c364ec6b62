"""Who may call: a token is taken if it is signed, meant and timed as the entry says, and once. Every other one looks the same.

It is one file, since the matrix of what is refused is read beside what is taken.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA384
from joserfc.jwk import ECKey, RSAKey

from fhirpath_spine.adapters.callers import (
    KEPT,
    LONGEST,
    REFRESH,
    RETRY,
    Door,
    Keys,
    KeyServers,
    Signer,
    Terms,
    Trusted,
    from_file,
    public_keys,
    wrongs,
)
from fhirpath_spine.adapters.ehr import REACH, Reach
from fhirpath_spine.errors import StoreAway, Unauthorized
from fhirpath_spine.service import Client

ISSUER = "https://ehr.example.org/fhir"
PUBLIC = "https://cds.example.org"
PATH = "/cds-services/spine-patient-view"
NOW = 1_800_000_000.0
EC = Signer.generated(ISSUER)
RSA = Signer(RSAKey.generate_key(2048, {"kid": "r+s/a="}), ISSUER)


class Once:
    """Remembers in this process, as a store does for all."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, str]] = set()

    async def first(self, issuer: str, jti: str, until: float) -> bool:
        del until
        known = (issuer, jti) in self.seen
        self.seen.add((issuer, jti))
        return not known


class Away:
    async def first(self, issuer: str, jti: str, until: float) -> bool:
        del issuer, jti, until
        raise StoreAway("Away.")


def held(value: Any) -> Callable[[], Any]:
    async def read() -> bytes:
        return value if isinstance(value, bytes) else json.dumps(value).encode()

    return read


def entry(client: str = "general-hospital", *signers: Signer, **terms: Any) -> Trusted:
    keys = Keys(client, held(public_keys(*(signers or (EC, RSA)))))
    return Trusted(Client(id=client), Terms(**{"issuer": ISSUER, **terms}), keys)


def door(*entries: Trusted, seen: Any = None) -> Door:
    return Door(entries or (entry(),), PUBLIC + "/", seen or Once(), lambda: datetime.fromtimestamp(NOW, UTC))


def admitted(door: Door, *authorization: str, path: str = PATH) -> str:
    return asyncio.run(door.admit(authorization, path)).id


def token(signer: Signer = EC, audience: str = PUBLIC + PATH, **claims: Any) -> str:
    """A token whose claims and header (``h_...``) are changed before it is signed; ``...`` leaves one out."""
    from joserfc import jws

    whole = {"iss": signer.issuer, "aud": audience, "jti": "j1", "iat": int(NOW), "exp": int(NOW) + 300}
    header = {"alg": signer.algorithm, "typ": "JWT", "kid": signer.kid}
    header |= {k.removeprefix("h_"): v for k, v in claims.items() if k.startswith("h_")}
    whole |= {k: v for k, v in claims.items() if not k.startswith("h_")}
    whole = {k: v for k, v in whole.items() if v is not ...}
    header = {k: v for k, v in header.items() if v is not ...}
    registry = jws.JWSRegistry(algorithms=[str(header.get("alg"))], strict_check_header=False)
    return jws.serialize_compact(header, json.dumps(whole).encode(), signer.key, registry=registry)


# ------------------------------------------------------------------ what is taken


@pytest.mark.parametrize("signer", [EC, RSA], ids=["ES384", "RS384"])
def test_a_token_is_of_the_entry_whose_key_signed_it(signer: Signer) -> None:
    assert admitted(door(), f"Bearer {signer.token(PUBLIC + PATH, now=NOW)}") == "general-hospital"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["https://other.example.org", PUBLIC + PATH]},
        {"exp": int(NOW) + 3600},
        {"iat": NOW - 0.5},
        {"iat": int(NOW) - 400, "exp": int(NOW) - 30},
        {"nbf": int(NOW) - 300, "sub": "client-id"},
        {"h_typ": ...},
        {"h_typ": "jwt"},
    ],
)
def test_what_real_clients_send_is_taken(claims: dict[str, Any]) -> None:
    assert admitted(door(), f"Bearer {token(**claims)}")


def test_a_token_is_read_by_its_bytes() -> None:
    assert admitted(door(), f"Bearer {signed(HEADER, json.dumps(GOOD))}")


def test_a_key_set_address_in_the_token_is_compared_and_no_more() -> None:
    pinned = entry(jku="https://ehr.example.org/jwks")
    assert admitted(door(pinned), f"Bearer {token(h_jku='https://ehr.example.org/jwks')}")
    with pytest.raises(Unauthorized):
        admitted(door(pinned), f"Bearer {token(h_jku='https://evil.example.org/jwks')}")


def test_an_audience_may_be_one_that_the_staff_typed() -> None:
    aliased = replace(entry(), aliases=frozenset({"https://proxy.example.org/spine"}))
    assert admitted(door(aliased), f"Bearer {token(audience='https://proxy.example.org/spine')}")


def test_feedback_is_for_its_own_address_or_that_of_its_service() -> None:
    feedback = f"{PATH}/feedback"
    for audience in (PUBLIC + feedback, PUBLIC + PATH):
        assert admitted(door(), f"Bearer {token(audience=audience)}", path=feedback)
    with pytest.raises(Unauthorized):
        admitted(door(), f"Bearer {token(audience=PUBLIC + feedback)}", path=PATH)


def test_entries_of_one_issuer_are_told_apart_by_tenant_and_by_key() -> None:
    first, second = entry("first", tenants=frozenset({"a"})), entry("second", tenants=frozenset({"b"}))
    assert admitted(door(first, second), f"Bearer {token(tenant='b')}") == "second"
    first, second = entry("first", RSA), entry("second", EC)
    assert admitted(door(first, second), f"Bearer {token(EC)}") == "second"


# ------------------------------------------------------------------ what is not


def unsigned(header: dict[str, Any], claims: dict[str, Any] | str = "{}", signature: str = "") -> str:
    parts = [json.dumps(header), claims if isinstance(claims, str) else json.dumps(claims)]
    return ".".join([base64.urlsafe_b64encode(p.encode()).rstrip(b"=").decode() for p in parts] + [signature])


def signed(header: str, claims: str) -> str:
    """A token of texts that are taken as they are, with a signature that holds."""
    said = ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in (header, claims))
    r, s = decode_dss_signature(EC.key.private_key.sign(said.encode(), ECDSA(SHA384())))
    raw = r.to_bytes(48) + s.to_bytes(48)
    return f"{said}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}"


HEADER, ALSO = json.dumps({"alg": "ES384", "kid": EC.kid}), ', "x": 1, "x": 2}'
P256 = Signer(ECKey.generate_key("P-256", {"kid": EC.kid}), ISSUER)
ZEROS = base64.urlsafe_b64encode(bytes(96)).rstrip(b"=").decode()
GOOD = {"iss": ISSUER, "aud": PUBLIC + PATH, "jti": "j", "iat": int(NOW), "exp": int(NOW) + 60}

BAD: dict[str, Sequence[str]] = {
    "nothing": (),
    "two": (f"Bearer {token()}", f"Bearer {token()}"),
    "no bearer": (f"Basic {token()}",),
    "empty": ("Bearer ",),
    "no token": ("Bearer canary4711",),
    "four parts": (f"Bearer {token()}.x",),
    "too long": (f"Bearer {token(pad='x' * LONGEST)}",),
    "not ASCII": (f"Bearer {token()[:-1]}é",),
    "header twice": (f"Bearer {signed(HEADER[:-1] + ALSO, json.dumps(GOOD))}",),
    "claim twice": (f"Bearer {signed(HEADER, json.dumps(GOOD)[:-1] + ALSO)}",),
    "none": (f"Bearer {EC.token(PUBLIC + PATH, wrong='none', now=NOW)}",),
    "none with a signature": (f"Bearer {unsigned({'alg': 'none', 'kid': EC.kid}, GOOD, 'AA')}",),
    "psychic": (f"Bearer {unsigned({'alg': 'ES384', 'kid': EC.kid}, GOOD, ZEROS)}",),
    "public key as secret": (f"Bearer {EC.token(PUBLIC + PATH, wrong='symmetric', now=NOW)}",),
    "another curve": (f"Bearer {token(P256)}",),
    "RS384 with a key of EC": (f"Bearer {token(replace(RSA, key=RSAKey.generate_key(2048, {'kid': EC.kid})))}",),
    "unknown kid": (f"Bearer {token(h_kid='x')}",),
    "no kid": (f"Bearer {token(h_kid=...)}",),
    "its own key": (f"Bearer {token(h_jwk=EC.key.as_dict(private=False))}",),
    "a certificate": (f"Bearer {token(h_x5u='https://evil.example.org')}",),
    "critical": (f"Bearer {unsigned({'alg': 'ES384', 'kid': EC.kid, 'crit': ['x'], 'x': 1}, GOOD, 'AA')}",),
    "a jku where none is pinned": (f"Bearer {token(h_jku='https://evil.example.org')}",),
    "another type": (f"Bearer {token(h_typ='at+jwt')}",),
    "another issuer": (f"Bearer {token(iss=ISSUER + '/')}",),
    "no issuer": (f"Bearer {token(iss=...)}",),
    "no audience": (f"Bearer {token(aud=...)}",),
    "a prefix": (f"Bearer {token(aud=PUBLIC)}",),
    "a trailing slash": (f"Bearer {token(aud=PUBLIC + PATH + '/')}",),
    "audience of another type": (f"Bearer {token(aud=[1, PUBLIC + PATH])}",),
    "no exp": (f"Bearer {token(exp=...)}",),
    "exp as text": (f"Bearer {token(exp=str(int(NOW) + 60))}",),
    "exp as truth": (f"Bearer {token(exp=True)}",),
    "expired": (f"Bearer {token(iat=int(NOW) - 400, exp=int(NOW) - 61)}",),
    "no iat": (f"Bearer {token(iat=...)}",),
    "early": (f"Bearer {token(iat=int(NOW) + 90, exp=int(NOW) + 300)}",),
    "not before": (f"Bearer {token(nbf=int(NOW) + 90)}",),
    "too long a life": (f"Bearer {token(exp=int(NOW) + 3601)}",),
    "backwards": (f"Bearer {token(iat=int(NOW) + 30, exp=int(NOW) + 30)}",),
    "no jti": (f"Bearer {token(jti=...)}",),
    "an empty jti": (f"Bearer {token(jti='')}",),
    "a long jti": (f"Bearer {token(jti='x' * 257)}",),
}


@pytest.mark.parametrize("fields", BAD.values(), ids=BAD)
def test_every_other_token_is_refused_in_the_same_words(fields: Sequence[str]) -> None:
    with pytest.raises(Unauthorized) as refused:
        admitted(door(), *fields)
    assert (str(refused.value), refused.value.hint) == ("The call is not authorized.", "")


@pytest.mark.parametrize("wrong", wrongs())
def test_each_way_to_sign_wrongly_is_refused(wrong: str) -> None:
    with pytest.raises(Unauthorized):
        admitted(door(), f"Bearer {EC.token(PUBLIC + PATH, wrong=wrong, now=NOW)}")


@pytest.mark.parametrize("claims", [{}, {"tenant": "b"}, {"tenant": ["a"]}])
def test_a_token_of_another_tenant_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthorized):
        admitted(door(entry(tenants=frozenset({"a"}))), f"Bearer {token(**claims)}")


def test_a_token_of_another_subject_is_refused() -> None:
    strict = entry(subject="client-id")
    assert admitted(door(strict), f"Bearer {token(sub='client-id')}")
    with pytest.raises(Unauthorized):
        admitted(door(strict), f"Bearer {token(sub='other')}")


def test_an_algorithm_that_the_entry_does_not_list_is_refused() -> None:
    with pytest.raises(Unauthorized):
        admitted(door(entry(algorithms=frozenset({"ES384"}))), f"Bearer {token(RSA)}")


def test_a_token_counts_once_and_a_refused_one_not_at_all() -> None:
    once = door()
    with pytest.raises(Unauthorized):
        admitted(once, f"Bearer {token(aud='https://elsewhere.example.org')}")
    assert admitted(once, f"Bearer {token()}")
    with pytest.raises(Unauthorized):
        admitted(once, f"Bearer {token()}")


def test_without_the_store_no_token_is_taken_and_none_is_called_wrong() -> None:
    with pytest.raises(StoreAway):
        admitted(door(seen=Away()), f"Bearer {token()}")


def test_the_log_has_the_reason_and_nothing_of_the_token(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(Unauthorized):
        admitted(door(), f"Bearer {token(aud='https://canary4711.example.org', jti='canary4711')}")
    (line,) = [json.loads(r.getMessage()) for r in caplog.records if r.name == "fhirpath_spine.callers"]
    assert line == {"event": "unauthorized", "reason": "audience", "client": ""}
    assert "canary4711" not in caplog.text


# ------------------------------------------------------------------ key sets


class Server:
    """A key server whose answer changes, and a clock that is moved by hand."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.asked, self.now = answer, 0, 0.0
        self.keys = Keys("general-hospital", self.read, lambda: self.now)

    async def read(self) -> bytes:
        self.asked += 1
        return await held(self.answer)()


def test_a_known_key_is_not_asked_for_again_and_an_unknown_one_once_in_30_seconds() -> None:
    async def story() -> None:
        server = Server(public_keys(EC))
        assert await server.keys.key(EC.kid)
        assert await server.keys.key(EC.kid)
        assert server.asked == 1
        server.answer, server.now = public_keys(RSA), RETRY - 1
        assert await server.keys.key(RSA.kid) is None
        server.now = RETRY
        assert await server.keys.key(RSA.kid)
        assert await server.keys.key(EC.kid) is None  # rotated out
        assert server.asked == 2

    asyncio.run(story())


def test_many_calls_with_an_unknown_key_ask_once() -> None:
    async def story() -> None:
        server = Server(public_keys(EC))
        await asyncio.gather(*(server.keys.key(f"k{n}") for n in range(50)))
        assert server.asked == 1

    asyncio.run(story())


@pytest.mark.parametrize(
    "answer", [b"<html>", b"", b"[]", {"keys": []}, {"keys": "x"}, {"keys": [{"kty": "oct", "k": "AA", "kid": "x"}]}]
)
def test_the_last_good_set_is_used_for_a_day_whatever_comes_instead(answer: Any) -> None:
    async def story() -> None:
        server = Server(public_keys(EC))
        assert await server.keys.key(EC.kid)
        server.answer, server.now = answer, REFRESH + 1
        assert await server.keys.key(EC.kid)
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))  # the set is asked for beside
        assert (server.asked, server.keys.age) == (2, REFRESH + 1)
        server.now = KEPT + 1
        assert await server.keys.key(EC.kid) is None
        assert server.keys.age is None

    asyncio.run(story())


def test_a_private_key_or_a_short_one_in_the_set_verifies_nothing() -> None:
    async def story() -> None:
        leaked = {"keys": [EC.key.as_dict(private=True), *public_keys(RSA)["keys"]]}
        server = Server(leaked)
        assert await server.keys.key(EC.kid) is None
        assert await server.keys.key(RSA.kid)

    asyncio.run(story())


def test_a_file_of_keys_is_read_and_one_that_is_gone_gives_none(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(public_keys(EC)), encoding="utf-8")
    assert asyncio.run(Keys("a", from_file(path)).key(EC.kid))
    assert asyncio.run(Keys("a", from_file(tmp_path / "gone.json")).key(EC.kid)) is None


SET = json.dumps(public_keys(EC)).encode()


@pytest.mark.parametrize(
    ("status", "headers", "content", "usable"),
    [
        (200, {}, SET, True),
        (302, {"location": "https://evil.example.org"}, SET, False),
        (503, {}, SET, False),
        (200, {}, b" " * 70_000 + SET, False),
        (200, {"content-encoding": "gzip"}, SET, False),
    ],
    ids=["good", "redirect", "down", "huge", "compressed"],
)
def test_a_key_server_is_asked_at_its_own_address_only(
    status: int, headers: dict[str, str], content: bytes, usable: bool
) -> None:
    asked: list[httpx2.Request] = []

    class Transport(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            asked.append(request)
            return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(content))

    async def story() -> None:
        servers = KeyServers(Transport())
        found = await Keys("a", servers.at("https://ehr.example.org/jwks", private=True)).key(EC.kid)
        assert (found is not None) == usable
        await servers.aclose()

    asyncio.run(story())
    (request,) = asked
    assert str(request.url) == "https://ehr.example.org/jwks"
    assert request.extensions[REACH] is Reach.PRIVATE
    assert "authorization" not in request.headers
