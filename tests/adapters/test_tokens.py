"""Who sees the token (threats T02, T03, T23): the server whose name was verified, and nobody that a link or a redirect names."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.adapters.ehr import Ehr
from fhirpath_spine.exchange.incoming import Servers, read_link
from fhirpath_spine.service import Client
from tests.adapters.address_kit import CHART, EHR, PATIENT, Names, called, listed
from tests.adapters.stub_ehr import FHIR, Answer, Stub, from_bundle, of_json
from tests.adapters.whole_service import AMPLE, TOKEN, Setup, Unhurried, request_body

# ------------------------------------------------------------------ TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for ehr.test, with its key, made for this run."""
    if shutil.which("openssl") is None:
        pytest.skip("NOT RUN: TLS towards the EHR; openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    kind = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ehr.test"
    extra = f"-addext subjectAltName=DNS:ehr.test -keyout {folder / 'key.pem'} -out {folder / 'cert.pem'}"
    command = shlex.split(f"openssl req {kind} {extra}")
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(
    ("name", "trusted", "unread"),
    [("ehr.test", True, set()), ("ehr.test", False, {"unreachable"}), ("other.test", True, {"unreachable"})],
    ids=["own CA", "unknown CA", "another name"],
)
def test_the_name_is_verified_although_the_address_is_connected_to(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, name: str, trusted: bool, unread: set[str]
) -> None:
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    stub = from_bundle(CHART, token=TOKEN)

    async def run() -> Setup:
        async with stub.serve(name, context):
            setup, _ = await called(listed(stub.base, private_network=True), stub.base, Names())
            return setup

    assert set(asyncio.run(run()).unread.values()) == unread


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    stub, proxy = from_bundle(CHART), Stub([])

    async def run() -> Setup:
        async with stub.serve(), proxy.serve():
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
                monkeypatch.setenv(name, proxy.origin)
            setup, _ = await called(Servers(loopback=True), stub.base, Names())
            return setup

    assert asyncio.run(run()).unread == {}
    assert proxy.connections == 0


# ------------------------------------------------------------------ who sees the token


def test_the_token_rides_on_each_request_and_stays_with_its_call() -> None:
    stub = from_bundle(CHART, page_size=2)

    async def run() -> None:
        async with stub.serve():
            ehr = Ehr(Unhurried())
            setup = Setup(ehr, Client(servers=Servers(loopback=True)), AMPLE)
            await setup.call(request_body(PATIENT, stub.base))
            first = len(stub.asked)
            assert {a.headers.get("authorization") for a in stub.asked} == {f"Bearer {TOKEN}"}
            await setup.call(request_body(PATIENT, stub.base, fhirAuthorization=...))
            assert {a.headers.get("authorization") for a in stub.asked[first:]} == {None}
            assert TOKEN not in repr(vars(ehr._http))
            await ehr.aclose()

    asyncio.run(run())


def test_requests_say_what_they_want_and_that_nothing_may_be_cached() -> None:
    stub = from_bundle(CHART)

    async def run() -> None:
        async with stub.serve():
            await called(Servers(loopback=True), stub.base, Names())

    asyncio.run(run())
    for asked in stub.asked:
        assert (asked.headers["accept"], asked.headers["cache-control"]) == ("application/fhir+json", "no-cache")
        assert asked.headers["accept-encoding"] == "identity"


def test_a_cookie_of_one_answer_is_not_sent_with_the_next_request() -> None:
    stub = from_bundle(CHART)
    patient = next(r for r in stub.resources if r["resourceType"] == "Patient")
    stub.faults["Patient"] = lambda _: of_json(patient, headers={**FHIR, "Set-Cookie": "session=canary; Path=/"})

    async def run() -> None:
        async with stub.serve():
            ehr = Ehr(Unhurried())
            setup = Setup(ehr, Client(servers=Servers(loopback=True)), AMPLE)
            for _ in range(2):
                await setup.call(request_body(PATIENT, stub.base))
            await ehr.aclose()

    asyncio.run(run())
    assert all("cookie" not in a.headers for a in stub.asked)


AWAY = [
    "http://127.0.0.1:{port}/2",
    "//127.0.0.1:{port}/2",
    "http://localhost:{port}/2",
    "https://127.0.0.1:{own}/2",
    "http://127.0.0.1:{own}@127.0.0.1:{port}/2",
    "http://127.0.0.1:{port}\\@127.0.0.1:{own}/2",
    "http:127.0.0.1:{port}/2",
    "http://[::ffff:127.0.0.1]:{port}/2",
    "http://2130706433:{port}/2",
    "ftp://127.0.0.1:{own}/2",
    "http://127.0.0.1:{own}/2 HTTP/1.1",
    "http://127.0.0.1:{own}/2#x",
    "2?page",
]


@pytest.mark.parametrize("link", AWAY)
@pytest.mark.parametrize("source", ["search", "prefetch"])
def test_a_next_link_that_leads_away_is_not_followed(link: str, source: str) -> None:
    stub, canary = from_bundle(CHART), Stub([])
    stub.faults["page"] = lambda _: Answer(500)

    async def run() -> Setup:
        async with stub.serve(), canary.serve():
            url = link.format(port=canary.origin.rsplit(":", 1)[1], own=stub.origin.rsplit(":", 1)[1])
            page = {"resourceType": "Bundle", "link": [{"relation": "next", "url": url}]}
            stub.faults["AllergyIntolerance"] = lambda _: of_json(page)
            prefetch = {"allergies": page} if source == "prefetch" else {}
            setup, _ = await called(Servers(loopback=True), stub.base, Names(), prefetch=prefetch)
            return setup

    assert asyncio.run(run()).unread == {"allergies": "next-refused"}
    assert canary.connections == 0


def test_a_redirect_is_not_followed() -> None:
    stub, canary = from_bundle(CHART), Stub([])

    async def run() -> Setup:
        async with stub.serve(), canary.serve():
            for kind in ("AllergyIntolerance", "Procedure"):
                stub.faults[kind] = lambda _: Answer(307, headers={"Location": canary.base})
            setup, _ = await called(Servers(loopback=True), stub.base, Names())
            return setup

    assert set(asyncio.run(run()).unread.values()) == {"redirect-refused"}
    assert canary.connections == 0


def test_a_next_link_to_a_listed_origin_is_followed_with_the_token() -> None:
    stub, other = from_bundle(CHART), from_bundle(CHART, token=TOKEN)

    async def run() -> Setup:
        async with stub.serve(), other.serve():
            page = {
                "resourceType": "Bundle",
                "link": [{"relation": "next", "url": f"{other.base}/Procedure?patient={PATIENT}"}],
            }
            stub.faults["Procedure"] = lambda _: of_json(page)
            servers = Servers(loopback=True, next_link_origins=frozenset({other.origin}))
            setup, _ = await called(servers, stub.base, Names())
            return setup

    assert asyncio.run(run()).unread == {}
    assert len(other.asked) == 1


@given(st.text(max_size=40) | st.from_regex(r"(https?:)?/?/?[a-z0-9.:@\\\[\]%/#?_ -]{0,40}", fullmatch=True))
def test_any_link_is_refused_or_read_alike_by_the_http_library(text: str) -> None:
    found = read_link(text, EHR)
    if found is not None:
        try:
            url = httpx2.URL(found[0])
        except httpx2.InvalidURL:
            return
        host = f"[{url.host}]" if ":" in url.host else url.host
        assert f"{url.scheme}://{host}:{url.port or {'http': 80, 'https': 443}[url.scheme]}" == found[1]


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "a b", "ä", "", "x" * 9000, 1, None])
def test_what_cannot_stand_in_a_header_is_no_token(token: Any) -> None:
    access = {"access_token": token, "token_type": "Bearer", "expires_in": 300}

    async def run() -> httpx2.Response:
        return (await called(Servers(loopback=True), "http://127.0.0.1:1/fhir", Names(), fhirAuthorization=access))[1]

    assert asyncio.run(run()).status_code == 400
