"""Production over a real FHIR server: signed calls without prefetch, read over TLS, are judged as their charts are.

Its clock is the machine's, so every chart lies on the server once more, its dates moved to today.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from fhirpath_spine.entrypoints.commands import as_document, judge_chart
from fhirpath_spine.entrypoints.content import Content
from fhirpath_spine.entrypoints.http import build
from fhirpath_spine.exchange.ehr_side import shift_dates
from tests.entrypoints.test_production import URL
from tests.entrypoints.test_whole_production import call_of, content, settings_in, signed, today
from tests.entrypoints.tls_kit import Certificates
from tests.hapi.hospital import AT, CHARTS, ChartFile, Json, Server, pathways, sandbox, verdicts
from tests.hapi.relay import Relay, relaying

NOW = "spine-case-now-"


def renamed(chart: ChartFile) -> Json:
    """The chart under ids of its own, so that it does not stand in the way of those that other tests read."""
    text = json.dumps(chart.bundle).replace("spine-case-", NOW).replace("spine-demo-", NOW)
    found: Json = json.loads(text)
    return found


def patient_of(chart: ChartFile) -> str:
    return chart.patient.replace("spine-case-", NOW).replace("spine-demo-", NOW)


@dataclass(frozen=True)
class Production:
    """The service of production, and the relay with TLS through which it reads the server."""

    client: TestClient
    content: Content
    relay: Relay
    server: Server

    def call(self, patient: str) -> Json:
        granted = {
            "access_token": self.server.token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.read",
            "subject": "fhirpath-spine",
            "patient": patient,
        }
        body = {**call_of({}, patient), "fhirServer": self.relay.base, "fhirAuthorization": granted}
        answer = self.client.post(URL, content=json.dumps(body), headers=signed())
        found: Json = {"status": answer.status_code, **answer.json()}
        return found


@pytest.fixture(scope="module")
def production(hapi: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    folder: Path = tmp_path_factory.mktemp("production")
    files = []
    for chart in CHARTS:
        kept = [e for e in renamed(chart)["entry"] if e["resource"]["resourceType"] != "OperationOutcome"]
        files.append(folder / f"{chart.name}.json")
        files[-1].write_text(
            json.dumps({"resourceType": "Bundle", "type": "collection", "entry": kept}), encoding="utf-8"
        )
    ran = sandbox(hapi, "load", "--at", today().isoformat(), *files)
    assert ran.returncode == 0, ran.stderr
    certificates = Certificates.made(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.file("good"), certificates.folder / "key.pem")
    with pytest.MonkeyPatch.context() as environ, relaying(hapi.base, tls=context) as relay:
        environ.setenv("SSL_CERT_FILE", str(certificates.authority))
        entry = f"    fhir_servers: [{relay.base}]\n    private_network: true\n"
        judging = content()
        with TestClient(build(replace(settings_in(folder, entry), deadline=60.0), judging)) as client:
            yield Production(client, judging, relay, hapi)


@pytest.mark.parametrize("chart", CHARTS, ids=lambda c: c.name)
def test_a_chart_on_the_server_is_judged_in_production_as_the_chart_itself(
    chart: ChartFile, production: Production
) -> None:
    production.relay.refuse = chart.refusal
    moved = shift_dates(renamed(chart), (today() - AT).days)
    decided = as_document(judge_chart(production.content, moved, datetime.now(UTC)))
    before = len(production.relay.passed)
    answer = production.call(patient_of(chart))
    if "outcome" in decided:
        assert answer["status"] == 412
        return
    assert answer["status"] == 200, answer
    assert verdicts(answer) == verdicts(decided)
    assert set(pathways(answer)) <= set(pathways(decided))
    assert bool(answer["cards"]) == bool(decided["cards"])
    assert len(production.relay.passed) > before


def test_the_charts_that_production_judges_speak(production: Production) -> None:
    production.relay.refuse = lambda _target: None
    answers = [production.call(patient_of(chart)) for chart in CHARTS]
    assert sum(bool(a.get("cards")) for a in answers) > len(CHARTS) // 2
    assert any(card["indicator"] == "critical" for a in answers for card in a.get("cards", []))
