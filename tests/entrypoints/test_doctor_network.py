"""The part of ``doctor`` that looks at the way to a server: names, addresses, certificates. It judges as the service connects."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fhirpath_spine.adapters import trust
from fhirpath_spine.adapters.ehr import REACH, GuardedTransport, Reach
from fhirpath_spine.adapters.peer import Peer
from fhirpath_spine.entrypoints.doctor import check_address, check_certificate
from fhirpath_spine.errors import ServerError
from fhirpath_spine.exchange.incoming import Servers, read_base
from fhirpath_spine.service import Client
from tests.entrypoints.doctor_kit import Rows, by_check, clients
from tests.entrypoints.fhir_stub import FhirStub, serving
from tests.entrypoints.tls_kit import Certificates

LISTED = read_base("https://ehr.example.org/r4")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.made(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch, run: Any) -> Any:
    monkeypatch.setenv("SPINE_MODE", "dev")
    return run


def examined(dev: Any, base: str) -> tuple[int, Rows]:
    ran = dev("doctor", "--fhir", base, "--format", "json")
    return ran.code, by_check(ran)


# ------------------------------------------------------------------ certificates


@pytest.mark.parametrize(
    ("name", "level", "says", "do"),
    [
        ("good", "PASS", "90 days are left", ""),
        ("soon", "WARN", "ends in 20 days", "renew"),
        ("expired", "FAIL", "it has expired", "renew"),
        ("early", "FAIL", "not valid yet", "clocks"),
        ("self-signed", "FAIL", "it is self-signed", "SSL_CERT_FILE"),
        ("other-name", "FAIL", "it is for another name", "name that the certificate is for"),
    ],
)
def test_a_certificate_is_judged_as_the_service_judges_it(
    dev: Any, monkeypatch: pytest.MonkeyPatch, certificates: Certificates, name: str, level: str, says: str, do: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    with serving(FhirStub(), certificates.server(name)) as ehr:
        code, found = examined(dev, ehr.base)
        served = asyncio.run(asked(ehr))
    row = found["certificate"]
    assert row["level"] == level
    assert says in row["what"]
    assert do in row.get("do", "")
    assert (code == 1) is (level == "FAIL")
    assert found["reachable"]["level"] == ("FAIL" if level == "FAIL" else "PASS")
    assert served is (level != "FAIL"), "the service itself would say otherwise"


async def asked(ehr: FhirStub) -> bool:
    """Whether the service's own connection takes the server."""
    async with httpx2.AsyncClient(transport=GuardedTransport(), trust_env=False) as http:
        try:
            answer = await http.get(f"{ehr.base}/metadata", extensions={REACH: Reach.LOOPBACK.value})
        except httpx2.TransportError:
            return False
    return answer.status_code == 200


def test_an_authority_that_is_not_known_here_has_the_hint_of_its_file(
    dev: Any, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with serving(FhirStub(), certificates.server("good")) as ehr:
        code, found = examined(dev, ehr.base)
    assert code == 1
    assert "authority is not known" in found["certificate"]["what"]
    assert "SSL_CERT_FILE" in found["certificate"]["do"]


def test_a_self_signed_certificate_whose_file_is_named_is_taken(
    dev: Any, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.file("self-signed")))
    with serving(FhirStub(), certificates.server("self-signed")) as ehr:
        code, found = examined(dev, ehr.base)
    assert (code, found["certificate"]["level"]) == (0, "PASS")


def test_a_server_without_tls_at_an_https_address_is_said(dev: Any) -> None:
    with serving(FhirStub()) as ehr:
        code, found = examined(dev, ehr.base.replace("http:", "https:"))
    assert code == 1
    assert "no TLS 1.2" in found["certificate"]["what"]


def test_the_tools_trust_what_the_service_trusts(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(base: str) -> None:
        with closing(Peer(base)) as server:
            server.get("metadata")

    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with serving(FhirStub(), certificates.server("good")) as ehr:
        with pytest.raises(ServerError, match="not trusted") as untrusted:
            ask(ehr.base)
        assert "SSL_CERT_FILE" in str(untrusted.value.hint)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
        ask(ehr.base)


# ------------------------------------------------------------------ names and addresses


@pytest.mark.parametrize(
    ("addresses", "private", "level", "text"),
    [
        (("93.184.216.34",), False, "PASS", "may connect to"),
        (("10.1.2.3",), False, "FAIL", "private_network: true"),
        (("10.1.2.3",), True, "PASS", "may connect to"),
        (("93.184.216.34", "10.1.2.3"), False, "FAIL", "1 of the 2 addresses"),
        (("169.254.169.254",), True, "FAIL", "refused always"),
        ((), False, "FAIL", "does not resolve"),
    ],
)
def test_a_name_that_leads_where_the_service_may_not_go_is_found(
    addresses: tuple[str, ...], private: bool, level: str, text: str
) -> None:
    def resolved(host: str, port: int) -> tuple[str, ...]:
        assert (host, port) == ("ehr.example.org", 443)
        if not addresses:
            raise socket.gaierror("no such name")
        return addresses

    client = Client(servers=Servers(frozenset({LISTED}), private_network=private))
    (found,) = check_address("FHIR server", LISTED, client, resolved)
    assert found.level == level
    assert text in found.what + found.do


def test_a_server_of_this_machine_that_an_entry_lists_needs_leave_for_the_private_network(
    dev: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(FhirStub()) as ehr:
        clients(tmp_path, monkeypatch, f"clients:\n  - {{id: ward, fhir_servers: ['{ehr.base}']}}\n")
        code, found = examined(dev, ehr.base)
    assert (code, found["name"]["level"]) == (1, "FAIL")
    assert "private_network: true" in found["name"]["do"]


def test_no_proxy_of_the_environment_is_used_since_the_service_uses_none(
    dev: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = "http://255.255.255.255/r4"  # no connection to it is tried
    with serving(FhirStub()) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.origin)
        with closing(Peer(nobody)) as other:
            other.get("metadata")
        assert len(proxy.asked) == 1, "other tools use it"
        _, found = examined(dev, nobody)
        assert len(proxy.asked) == 1
    assert found["reachable"]["level"] == "FAIL"


def test_an_address_without_tls_is_for_development() -> None:
    address = read_base("http://ehr.example.org/r4")
    assert address is not None
    (found,) = check_certificate("FHIR server", "certificate", address, "Nothing can be read from it.")
    assert (found.level, found.what) == ("WARN", "there is no TLS")


# ------------------------------------------------------------------ what else shows on the way


def test_more_pages_than_the_entry_lets_be_read_fail(dev: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = {"reference": "Patient/p1"}
    chart = [{"resourceType": "Patient", "id": "p1"}]
    chart += [{"resourceType": "Condition", "id": f"c{n}", "subject": subject} for n in range(5)]
    with serving(FhirStub(chart, page_size=1)) as ehr:
        text = f"clients:\n  - {{id: w, fhir_servers: ['{ehr.base}'], private_network: true, limits: {{pages: 3}}}}\n"
        clients(tmp_path, monkeypatch, text)
        ran = dev("doctor", "--fhir", ehr.base, "--patient", "p1", "--format", "json")
    row = by_check(ran)["conditions"]
    assert (ran.code, row["level"]) == (1, "FAIL")
    assert "limits: {pages: 5}" in row["do"]


def test_an_interaction_that_is_not_declared_warns(dev: Any) -> None:
    listed = [{"type": "Condition", "interaction": [{"code": "read"}]}]
    rest = [{"mode": "server", "resource": listed}]
    statement = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": rest}
    with serving(FhirStub(faults={"metadata": (200, statement)})) as ehr:
        _, found = examined(dev, ehr.base)
    assert found["interactions"]["level"] == "WARN"
    assert "Condition: search-type" in found["interactions"]["what"]


def test_a_server_that_is_silent_says_nothing_of_its_certificate() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = read_base(f"https://127.0.0.1:{silent.getsockname()[1]}")
        assert address is not None
        assert trust.certificate(address, 0.2).fault is trust.Fault.UNREACHABLE
