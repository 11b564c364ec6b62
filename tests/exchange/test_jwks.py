"""Keys of a caller's issuer: which can check a signature, and what is wrong with the others."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from fhirpath_spine.exchange.ehr_side import keys


def number(length: int, first: int = 0xC5) -> str:
    return base64.urlsafe_b64encode(bytes([first]) + bytes(length - 1)).decode().rstrip("=")


EC = {"kty": "EC", "crv": "P-384", "kid": "a", "x": number(48), "y": number(48), "use": "sig", "alg": "ES384"}
RSA = {"kty": "RSA", "kid": "b", "n": number(256), "e": "AQAB", "alg": "RS384"}


def fault(key: Any) -> str:
    found = keys({"keys": [key]})
    assert found is not None
    return found[0].fault


@pytest.mark.parametrize(
    "key",
    [
        EC,
        RSA,
        {**EC, "alg": None, "use": "sig"},
        {k: v for k, v in EC.items() if k not in ("alg", "use")},
        {**EC, "crv": "P-256", "alg": "ES256", "x": number(32), "y": number(32)},
        {**RSA, "alg": "PS256", "n": number(512)},
    ],
)
def test_a_key_that_a_signature_can_be_checked_with(key: Any) -> None:
    assert fault(key) == ""


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ({**EC, "kid": None}, "no kid"),
        ({**EC, "kid": ""}, "no kid"),
        ({**EC, "crv": "secp256k1"}, "curve is none of"),
        ({**EC, "alg": "ES256"}, "ES384 would"),
        ({**EC, "x": number(32)}, "coordinates"),
        ({**EC, "y": "not base64!"}, "coordinates"),
        ({**EC, "y": 7}, "coordinates"),
        ({**RSA, "n": number(255)}, "2040 bits, 2048 are the least"),
        ({**RSA, "n": number(256, first=0x01)}, "2041 bits"),
        ({**RSA, "alg": "HS256"}, "none for RSA"),
        ({**RSA, "e": "AQ"}, "no exponent"),
        ({"kty": "oct", "kid": "c", "k": number(32), "alg": "HS256"}, "symmetric"),
        ({"kty": "OKP", "kid": "c"}, "neither EC nor RSA"),
        ("key", "no JSON object"),
    ],
)
def test_a_key_that_cannot_be_used_says_why(key: Any, says: str) -> None:
    assert says in fault(key)


@pytest.mark.parametrize("part", ["d", "p", "qi"])
def test_a_private_part_is_a_leak(part: str) -> None:
    found = keys({"keys": [{**RSA, part: number(32)}]})
    assert found is not None
    assert (found[0].leaked, bool(found[0].fault)) == (True, True)


def test_of_two_keys_with_one_name_neither_is_used() -> None:
    found = keys({"keys": [EC, {**RSA, "kid": "a"}]})
    assert found is not None
    assert ["same kid" in key.fault for key in found] == [True, True]


def test_keys_for_encryption_are_left_out_and_take_no_name() -> None:
    found = keys({"keys": [{**EC, "use": "enc"}, EC]})
    assert found is not None
    assert [(key.kid, key.fault) for key in found] == [("a", "")]


@pytest.mark.parametrize("value", [None, [], {}, {"keys": {}}, {"keys": None}, "keys"])
def test_what_is_no_set(value: Any) -> None:
    assert keys(value) is None


def test_an_empty_set_is_a_set() -> None:
    assert keys({"keys": []}) == []
