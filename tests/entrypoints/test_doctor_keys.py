"""The part of ``doctor`` that looks at the keys of the callers: there, over TLS, readable, usable, and no secret among them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.entrypoints.doctor_kit import Rows, by_check, clients
from tests.entrypoints.fhir_stub import FhirStub, serving
from tests.entrypoints.tls_kit import Certificates


def number(length: int) -> str:
    return base64.urlsafe_b64encode(bytes([0xC5]) + bytes(length - 1)).decode().rstrip("=")


EC = {"kty": "EC", "crv": "P-384", "kid": "one", "x": number(48), "y": number(48), "alg": "ES384"}
ISSUER = "https://ehr.example.org/fhir"
CHECK = "keys of ward"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.made(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, run: Any, tmp_path: Path) -> Any:
    def command(jwks: str, issuer: str = ISSUER, mode: str = "dev") -> tuple[int, Rows]:
        monkeypatch.setenv("SPINE_MODE", mode)
        parts = [f"issuer: '{issuer}'"] * bool(issuer) + [f"jwks: {{{jwks}}}"] * bool(jwks)
        clients(tmp_path, monkeypatch, f"clients:\n  - {{{', '.join(['id: ward', *parts])}}}\n")
        ran = run("doctor", "--format", "json")
        return ran.code, by_check(ran)

    return command


def test_keys_over_tls_pass_with_their_names(
    doctor: Any, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    monkeypatch.setenv("SPINE_SANDBOX_TOKEN", "canary-token-4711")
    with serving(FhirStub(faults={"jwks": (200, {"keys": [EC]})}), certificates.server("good")) as ehr:
        code, found = doctor(f"url: '{ehr.base}/jwks'")
    assert code == 0
    assert found[CHECK]["level"] == "PASS"
    assert "usable are one, at the pinned address" in found[CHECK]["what"]
    assert found[f"certificate for {CHECK}"]["level"] == "PASS"
    assert ehr.tokens == [""], "a token is nobody's business there"


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ((404, {}), "HTTP 404"),
        ((302, {}), "sends elsewhere"),
        ((200, b"<html>"), "web page"),
        ((200, {"keys": "one"}), "no list of keys"),
        ((200, {"keys": []}), "no key can be used"),
        ((200, {"keys": [{"kty": "oct", "kid": "one", "k": "c2VjcmV0"}]}), "no key can be used"),
    ],
)
def test_keys_that_cannot_be_had_or_used_fail(doctor: Any, reply: Any, says: str) -> None:
    with serving(FhirStub(faults={"jwks": reply})) as ehr:
        code, found = doctor(f"url: '{ehr.base}/jwks'")
    assert (code, found[CHECK]["level"]) == (1, "FAIL")
    assert says in found[CHECK]["what"]
    assert "every call of it is refused" in found[CHECK]["why"]


def test_an_address_where_nobody_answers_fails(doctor: Any) -> None:
    code, found = doctor("url: 'http://127.0.0.1:1/jwks'")
    assert (code, found[CHECK]["level"]) == (1, "FAIL")
    assert "Nothing answers for the key server" in found[CHECK]["what"]


@pytest.mark.parametrize(
    ("name", "says"), [("expired", "it has expired"), ("self-signed", "it is self-signed"), ("soon", "ends in 20 days")]
)
def test_the_certificate_of_the_keys_is_looked_at(
    doctor: Any, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, name: str, says: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    with serving(FhirStub(faults={"jwks": (200, {"keys": [EC]})}), certificates.server(name)) as ehr:
        code, found = doctor(f"url: '{ehr.base}/jwks'")
    assert code == (0 if name == "soon" else 1)
    assert says in found[f"certificate for {CHECK}"]["what"]


def test_keys_without_tls_are_for_development(doctor: Any) -> None:
    with serving(FhirStub(faults={"jwks": (200, {"keys": [EC]})})) as ehr:
        code, found = doctor(f"url: '{ehr.base}/jwks'")
        assert (code, found[CHECK]["level"]) == (0, "PASS")
        _, found = doctor(f"url: '{ehr.base}/jwks'", mode="prod")
    assert found[CHECK]["level"] == "FAIL"
    assert "without TLS" in found[CHECK]["what"]
    assert len(ehr.asked) == 1, "in production such an address is not even asked"


def test_one_key_of_two_that_cannot_be_used_warns(doctor: Any) -> None:
    weak = {**EC, "kid": "two", "alg": "ES256"}
    with serving(FhirStub(faults={"jwks": (200, {"keys": [EC, weak]})})) as ehr:
        code, found = doctor(f"url: '{ehr.base}/jwks'")
    assert (code, found[CHECK]["level"]) == (0, "WARN")
    assert "key two: its alg does not go with its curve" in found[CHECK]["what"]


def test_a_published_private_key_fails_and_is_not_shown(doctor: Any) -> None:
    leak = {**EC, "kid": "two", "d": "Y2FuYXJ5LXByaXZhdGUta2V5"}
    with serving(FhirStub(faults={"jwks": (200, {"keys": [EC, leak]})})) as ehr:
        code, found = doctor(f"url: '{ehr.base}/jwks'")
    assert (code, found[CHECK]["level"]) == (1, "FAIL")
    assert "replace the key at once" in found[CHECK]["do"]
    assert leak["d"] not in json.dumps(found)


def test_keys_in_a_file_beside_the_entries(doctor: Any, tmp_path: Path) -> None:
    code, found = doctor("file: keys.json")
    assert (code, found[CHECK]["what"]) == (1, "keys.json cannot be read: FileNotFoundError")
    (tmp_path / "keys.json").write_text("{", encoding="utf-8")
    code, found = doctor("file: keys.json")
    assert (code, found[CHECK]["what"]) == (1, "keys.json is no JSON")
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [EC]}), encoding="utf-8")
    code, found = doctor("file: keys.json")
    assert (code, found[CHECK]["what"]) == (0, "usable are one, in keys.json")


def test_half_an_entry_warns(doctor: Any, tmp_path: Path) -> None:
    code, found = doctor("")
    assert (code, found[CHECK]["level"]) == (0, "WARN")
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [EC]}), encoding="utf-8")
    code, found = doctor("file: keys.json", issuer="")
    assert (code, found["issuer of ward"]["level"]) == (0, "WARN")
    code, found = doctor("", issuer="")
    assert (code, found["issuers"]["level"]) == (0, "INFO")


@pytest.mark.parametrize(("mode", "level"), [("dev", "WARN"), ("prod", "FAIL")])
def test_the_public_sandbox_as_issuer_is_for_development(doctor: Any, tmp_path: Path, mode: str, level: str) -> None:
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [EC]}), encoding="utf-8")
    _, found = doctor("file: keys.json", issuer="https://sandbox.cds-hooks.org", mode=mode)
    assert found["issuer of ward"]["level"] == level
