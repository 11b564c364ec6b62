"""Where the service may be sent, and where not (threat T01): which bases of a call are contacted, at which addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.exchange.incoming import Servers, read_base
from fhirpath_spine.pathway.facts import WHERE_OFFERED
from tests.adapters.address_kit import CHART, EHR, PATIENT, Names, asking, called, listed
from tests.adapters.stub_ehr import from_bundle
from tests.adapters.whole_service import TOKEN, Setup, request_body

# ------------------------------------------------------------------ which server

SAME = [
    "https://ehr.example.org/fhir",
    "https://ehr.example.org/fhir/",
    "HTTPS://EHR.Example.ORG/fhir",
    "https://ehr.example.org:443/fhir",
]
HOSTILE = [
    "https://ehr.example.org",
    "https://ehr.example.org/FHIR",
    "https://ehr.example.org/fhir/..",
    "https://ehr.example.org/fhir/../fhir",
    "https://ehr.example.org/./fhir",
    "https://ehr.example.org/%2e%2e/fhir",
    "https://ehr.example.org/x%2f..%2ffhir",
    "https://ehr.example.org//fhir",
    "https://ehr.example.org/fhir//",
    "https://ehr.example.org/fhir?x=1",
    "https://ehr.example.org/fhir#x",
    "https://ehr.example.org:{port}/fhir",
    "https://ehr.example.org:0443/fhir/x",
    "https://ehr.example.org./fhir",
    "https://ehr.example.org.evil.test/fhir",
    "https://evil.test/https://ehr.example.org/fhir",
    "https://ehr.example.org@127.0.0.1:{port}/fhir",
    "https://ehr.example.org:pw@127.0.0.1:{port}/fhir",
    "https://127.0.0.1:{port}\\@ehr.example.org/fhir",
    "https://ehr.example.org\\.evil.test/fhir",
    "https://ehr.example.org%00.evil.test/fhir",
    "https://ehr.example.org%2f@127.0.0.1:{port}/fhir",
    "https://ehr。example。org/fhir",
    "https://еhr.example.org/fhir",
    "https://ehr.example.org\t/fhir",
    "https://ehr.example.org/fhir\r\nX: 1",
    " https://ehr.example.org/fhir",
    "http://ehr.example.org/fhir",
    "https:ehr.example.org/fhir",
    "https:///ehr.example.org/fhir",
    "//ehr.example.org/fhir",
    "ehr.example.org/fhir",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/",
    "ftp://ehr.example.org/fhir",
    "unix:///run/docker.sock",
    "http://169.254.169.254/latest/meta-data",
    "http://metadata.google.internal/computeMetadata/v1",
    "http://[::ffff:127.0.0.1]:{port}/fhir",
    "http://[64:ff9b::7f00:1]:{port}/fhir",
    "http://[fe80::1%25eth0]:{port}/fhir",
    "http://0.0.0.0:{port}/fhir",
    "http://127.1:{port}/fhir",
    "http://0x7f000001:{port}/fhir",
    "http://2130706433:{port}/fhir",
    "http://0177.0.0.1:{port}/fhir",
    "http://127.0.0.1.:{port}/fhir",
    "http://localhost.evil.test:{port}/fhir",
    "http://xlocalhost:{port}/fhir",
    "http://user@localhost:{port}/fhir",
    "http://localhost:{port}/fhir?x",
    "http://localhost:99999/fhir",
    "http://localhost:/fhir",
    "http://" + "a" * 5000,
    "",
]


@pytest.mark.parametrize("text", SAME)
def test_a_listed_base_is_known_in_every_spelling_that_means_it(text: str) -> None:
    assert str(listed(EHR).admitted(text)) == EHR


AMBIGUOUS = [
    "https://a.example/fhir/..",
    "https://a.example/./fhir",
    "https://a.example/%2e%2e/fhir",
    "https://a.example/%252e/fhir",
    "https://a.example/x%2ffhir",
    "https://a.example/x%5cfhir",
    "https://a.example//fhir",
    "https://a.example/a%00b",
    "https://127.1/fhir",
    "https://2130706433/fhir",
    "https://0x7f000001/fhir",
    "https://0177.0.0.1/fhir",
    "https://1.2.3.4.5/fhir",
    "https://a.example./fhir",
    "https://-a.example/fhir",
    "https://a..example/fhir",
    "https://[127.0.0.1]/fhir",
    "https://[::1%25lo]/fhir",
    "https://a.example:0/fhir",
    "https://a.example:65536/fhir",
]


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_what_could_be_read_in_two_ways_cannot_be_listed_either(text: str) -> None:
    assert read_base(text) is None


@pytest.mark.parametrize("servers", [listed(EHR), Servers(loopback=True), Servers()], ids=["listed", "dev", "none"])
def test_no_hostile_base_is_resolved_or_contacted(servers: Servers) -> None:
    canary, names = from_bundle(CHART), Names()

    async def run() -> None:
        async with canary.serve():
            port = canary.origin.rsplit(":", 1)[1]
            async with asking(servers, names) as setup:
                for text in HOSTILE:
                    without = {} if text else {"fhirAuthorization": ...}
                    await setup.call(request_body(PATIENT, text.format(port=port), **without))
                    assert set(setup.unread.values()) == {"base-not-listed" if text else "no-access"}, text

    asyncio.run(run())
    assert (names.asked, canary.connections) == ([], 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.1:{port}"])
def test_the_canary_sings_where_it_may(host: str) -> None:
    """The control of the test above: the dev client does reach a server on this machine."""
    canary = from_bundle(CHART)

    async def run() -> Setup:
        async with canary.serve(host.partition(":")[0]):
            setup, _ = await called(Servers(loopback=True), canary.base, Names())
            return setup

    assert asyncio.run(run()).unread == {}
    assert canary.connections > 0


def test_what_is_missing_is_unread_and_a_complete_prefetch_is_judged_all_the_same() -> None:
    whole = {"conditions": None}

    async def run() -> Setup:
        setup, _ = await called(listed(EHR), "https://other.example.org/fhir", Names(), prefetch=whole)
        return setup

    setup = asyncio.run(run())
    assert "conditions" not in setup.unread
    assert set(setup.unread.values()) == {"base-not-listed"}


def test_an_international_name_is_compared_in_its_ascii_form() -> None:
    servers = listed("https://klinik-köln.example/fhir")
    assert servers.admitted("https://xn--klinik-kln-lcb.example/fhir") == servers.admitted(
        "https://KLINIK-KÖLN.example/fhir"
    )
    assert servers.admitted("https://klinik-koln.example/fhir") is None


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(EHR)),
            st.sampled_from(["", ".", "/", "@", "\\", "%2e", ":", "#", "?", "e", "。", "\n", "[", "1"]),
        ),
        max_size=3,
    )
)
def test_a_base_that_was_tampered_with_is_not_contacted_elsewhere(edits: list[tuple[int, str]]) -> None:
    text = EHR
    for at, piece in edits:
        text = text[:at] + piece + text[at:]
    found = listed(EHR).admitted(text)
    assert found is None or str(found) == EHR


@given(st.from_regex(r"https?://[a-z0-9.:@\\\[\]%/#?_-]{1,30}(/[a-z0-9.%]{0,8}){0,3}", fullmatch=True))
def test_what_is_read_as_a_base_is_read_alike_by_the_http_library(text: str) -> None:
    found = read_base(text)
    if found is not None:
        url = httpx2.URL(f"{found.origin}{found.path}/Patient/1")
        assert (url.scheme, url.host, url.port or {"http": 80, "https": 443}[url.scheme]) == (
            found.scheme,
            found.host,
            found.port,
        )
        assert url.userinfo == b""
        assert url.path == f"{found.path}/Patient/1" or "%" in found.path


# ------------------------------------------------------------------ which address


@pytest.mark.parametrize("private", [True, False])
def test_a_listed_name_that_leads_inside_is_refused_unless_its_entry_says_private(private: bool) -> None:
    stub, names = from_bundle(CHART, token=TOKEN), Names("127.0.0.1")

    async def run() -> Setup:
        async with stub.serve("ehr.example.org"):
            setup, _ = await called(listed(stub.base, private_network=private), stub.base, names)
            return setup

    setup = asyncio.run(run())
    assert set(setup.unread.values()) == (set() if private else {"address-refused"})
    assert (stub.connections > 0) is private
    assert set(names.asked) == {"ehr.example.org"}
    assert all(a.headers["host"] == stub.origin.removeprefix("http://") for a in stub.asked)


def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    class Nowhere(Names):
        async def __call__(self, host: str, port: int) -> Sequence[str]:
            raise OSError(f"canary {host}:{port}")

    async def run() -> Setup:
        setup, _ = await called(listed(EHR), EHR, Nowhere())
        return setup

    assert set(asyncio.run(run()).unread.values()) == {"unreachable"}


def test_a_closed_port_is_unreachable_and_tried_twice() -> None:
    names = Names()

    async def run() -> Setup:
        async with from_bundle(CHART).serve() as stub:
            base = stub.base
        setup, _ = await called(Servers(loopback=True), base, names)
        return setup

    setup = asyncio.run(run())
    assert set(setup.unread.values()) == {"unreachable"}
    # More keys were asked for: what is read only where it is offered is not missed.
    assert len(names.asked) == 2 * (len(setup.unread) + len(WHERE_OFFERED))


def test_a_wrong_path_on_the_right_server_is_not_found() -> None:
    stub = from_bundle(CHART)

    async def run() -> Setup:
        async with stub.serve():
            setup, _ = await called(Servers(loopback=True), stub.origin + "/wrong", Names())
            return setup

    assert set(asyncio.run(run()).unread.values()) == {"not-found"}
