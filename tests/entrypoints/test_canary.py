"""Whatever a FHIR server does wrong, nothing of a patient, of a token or of its own words stands in a log, an error, a metric,
the store or the spool of production (threat T14).
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from fhirpath_spine.entrypoints.http import build
from tests.adapters import fault_kit
from tests.adapters.stub_ehr import Stub
from tests.adapters.test_catalogue import CASES
from tests.entrypoints.test_production import URL
from tests.entrypoints.test_serve import PATIENCE
from tests.entrypoints.test_whole_production import call_of, content, settings_in, signed
from tests.entrypoints.tls_kit import Certificates

CANARY = "canary4711"
LAST = "429 with Retry-After"
"""After it the server is left alone."""
FAULTS = sorted(set(CASES) - {"10,000 pages", "an expanding gzip", LAST})
"""All the others but two that say nothing which another does not, and take long to make."""


def chart() -> list[dict[str, Any]]:
    """A patient of whom every word is a canary, with a tumour, so that there are cards."""
    mine = {"reference": f"Patient/{CANARY}"}
    tumour = {"coding": [{"system": "http://snomed.info/sct", "code": "94602001", "display": CANARY}], "text": CANARY}
    level = {"coding": [{"system": "urn:fhirpath-spine:cs:local", "code": "level-t8"}]}
    pressure = {"coding": [{"system": "http://example.org/codes", "code": CANARY}]}
    return [
        {"resourceType": "Patient", "id": CANARY, "name": [{"text": CANARY}], "birthDate": "1960-01-01"},
        {"resourceType": "Condition", "id": f"{CANARY}-c", "subject": mine, "code": tumour, "bodySite": [level]},
        {
            "resourceType": "Observation",
            "id": f"{CANARY}-o",
            "status": "final",
            "subject": mine,
            "code": pressure,
            "valueString": CANARY,
            "note": [{"text": CANARY}],
        },
    ]


@contextmanager
def serving(stub: Stub, certificates: Certificates) -> Iterator[None]:
    """The server in a thread of its own, on a free port of this machine."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.file("good"), certificates.folder / "key.pem")
    listening, ended = threading.Event(), threading.Event()

    async def run() -> None:
        async with stub.serve(tls=context):
            listening.set()
            await asyncio.to_thread(ended.wait)

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert listening.wait(PATIENCE)
    yield
    ended.set()
    thread.join(PATIENCE)


def test_a_canary_of_a_fhir_server_stands_nowhere_whatever_its_fault(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tls").mkdir()
    certificates = Certificates.made(tmp_path / "tls")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    stub = Stub(chart(), token=f"{CANARY}-token")
    answers: dict[str, httpx2.Response] = {}
    with serving(stub, certificates):
        entry = f"    fhir_servers: [{stub.base}]\n    private_network: true\n"
        settings = replace(settings_in(tmp_path, entry), deadline=1.0)
        assert settings.data_dir is not None
        with caplog.at_level(logging.DEBUG), TestClient(build(settings, content())) as client:
            answers["no fault"] = asked(client, stub.base)
            for name in FAULTS:
                stub.everywhere = CASES[name].fault()
                base = CASES[name].base
                answers[name] = asked(client, base(stub.base) if base else stub.base)
            forget_calls(settings.data_dir / "spine.db")
            stub.everywhere = None
            answers["spooled"] = asked(client, stub.base)
            stub.everywhere = CASES[LAST].fault()
            answers[LAST] = asked(client, stub.base)
            metrics = httpx2.get(f"http://{settings.metrics_addr}/metrics", trust_env=False, timeout=PATIENCE).text
    read = [answers.pop(name) for name in ("no fault", "spooled")]
    assert all(answer.status_code == 200 and CANARY in answer.text for answer in read)
    assert {answer.status_code for answer in answers.values()} == {200, 412}
    told = [answer.text for answer in answers.values()]
    assert (settings.data_dir / "spool.ndjson").stat().st_size > 0
    kept = b"".join(path.read_bytes() for path in sorted(settings.data_dir.rglob("*")) if path.is_file())
    printed = capfd.readouterr()
    # The HTTP client of this test logs the address that it asks for; that line is not the service's.
    logged = "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith(("httpx", "httpcore")))
    assert '"event":"call"' in logged
    for told in (
        *(answer.text for answer in answers.values()),
        metrics,
        logged,
        printed.out,
        printed.err,
        kept.decode("latin-1"),
    ):
        assert CANARY not in told
        assert fault_kit.CANARY not in told


def asked(client: TestClient, base: str) -> httpx2.Response:
    """A call without prefetch: all of it is read from the server that it names."""
    granted = {
        "access_token": f"{CANARY}-token",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.read",
        "subject": CANARY,
        "patient": CANARY,
    }
    body = {**call_of({}, CANARY), "fhirServer": base, "fhirAuthorization": granted}
    return client.post(URL, content=json.dumps(body), headers=signed())


def forget_calls(file: Path) -> None:
    """Takes away where records of calls are kept, so that the next ones wait in the spool."""
    with closing(sqlite3.connect(file, timeout=PATIENCE)) as connection:
        connection.execute("DROP TABLE call")
        connection.commit()
