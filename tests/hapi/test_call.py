"""``fhirpath-spine call`` against a real server, as a person types it: the cards of the open chart, or what to do."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.hapi.hospital import CHARTS, CLINICAL, COMMAND, TOKEN, ChartFile, Server, Service, verdicts

SHOWN = [c for c in CHARTS if c.patient in ("spine-demo-resectable", "spine-demo-emergency", "spine-case-c13")]
WRONG = "canary-token-4711"


def call(hapi: Server, *words: str, token: str | None = None) -> subprocess.CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("SPINE_")}
    environ |= {"SPINE_MODE": "dev", "SPINE_CLOCK": "2026-06-15T23:59:59Z", "SPINE_SITE": str(CLINICAL / "site.yaml")}
    environ |= {"SPINE_DEADLINE": "60", TOKEN: hapi.token if token is None else token, "COLUMNS": "200"}
    command = [str(COMMAND), "call", "patient-view", "--fhir", hapi.base, *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("words", [(), ("--no-prefetch",)], ids=["prefetch", "no prefetch"])
@pytest.mark.parametrize("chart", SHOWN, ids=lambda c: c.name)
def test_a_call_shows_what_decide_says(
    chart: ChartFile, words: tuple[str, ...], hapi: Server, service: Service
) -> None:
    ran = call(hapi, "--patient", chart.patient, "--format", "json", *words)
    assert ran.returncode == 0, ran.stderr
    answer = json.loads(ran.stdout)
    assert verdicts(answer) == verdicts(service.decided(chart))
    shown = call(hapi, "--patient", chart.patient, *words)
    assert shown.returncode == 0
    assert answer["cards"][0]["source"]["label"][:20] in shown.stdout


@pytest.mark.usefixtures("needs_token")
@pytest.mark.parametrize("words", [(), ("--no-prefetch",)], ids=["prefetch", "no prefetch"])
def test_a_refused_token_ends_with_1_and_is_not_shown(words: tuple[str, ...], hapi: Server) -> None:
    ran = call(hapi, "--patient", "spine-demo-resectable", *words, token=WRONG)
    assert ran.returncode == 1
    assert "token" in ran.stdout + ran.stderr
    assert WRONG not in ran.stdout + ran.stderr
