"""Metrics as Prometheus finds them, of a whole service that was asked for something."""

from __future__ import annotations

from typing import Any

import httpx2
from starlette.testclient import TestClient

from fhirpath_spine.entrypoints.http import build
from fhirpath_spine.entrypoints.settings import Settings
from tests.entrypoints.test_serve import PATIENCE, free_port
from tests.kit.content import shipped

URL = "/cds-services/spine-patient-view"
CANARY = "canary4711"


def test_what_was_asked_is_counted_without_a_word_of_it(body: Any) -> None:
    address = f"127.0.0.1:{free_port()}"
    wrong = {"context": {"patientId": CANARY, "userId": CANARY}, "prefetch": {CANARY: CANARY}}
    with TestClient(build(Settings(mode="dev", metrics_addr=address), shipped())) as client:
        client.post(URL, json=body(**wrong))
        client.post(URL, json=body(hook=CANARY))
        client.post(f"/cds-services/{CANARY}", json=body())
    page = httpx2.get(f"http://{address}/metrics", trust_env=False, timeout=PATIENCE).text
    assert 'spine_calls_total{client="dev",outcome=' in page
    assert 'spine_refused_total{code="request-invalid"} 1.0' in page
    assert 'spine_refused_total{code="service-unknown"} 1.0' in page
    assert "spine_pathway_info{" in page
    assert CANARY not in page
