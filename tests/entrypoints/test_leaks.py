"""Nothing of a patient stands in a log or an error (threat T14); odd requests of real clients never crash the service."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fhirpath_spine.errors import ScopeUndecidable
from tests.kit import decisions as make

URL = "/cds-services/spine-patient-view"
CANARY = "canary4711"
EXAMPLES = Path(__file__).parents[3] / "shared" / "examples"

LEAKY: list[dict[str, Any]] = [
    {"hook": CANARY},
    {"hook": {CANARY: CANARY}},
    {"hookInstance": {"x": CANARY}},
    {"context": {"patientId": f"{CANARY}/..", "userId": CANARY}},
    {"context": CANARY},
    {"prefetch": CANARY},
    {"fhirAuthorization": {"access_token": CANARY}},
    {"fhirServer": "https://a", "fhirAuthorization": {"access_token": CANARY, "patient": CANARY, "scope": CANARY}},
    {"prefetch": {"conditions": {"resourceType": "Goal", "id": CANARY, "subject": {"reference": f"Patient/{CANARY}"}}}},
    {"prefetch": {"conditions": CANARY, CANARY: CANARY}},
    {
        "context": {"patientId": CANARY, "userId": f"Practitioner/{CANARY}", "encounterId": CANARY},
        "hookInstance": CANARY,
    },
]


@pytest.mark.parametrize("changes", LEAKY)
@pytest.mark.parametrize("answer", ["fine", "undecidable", "bug"])
def test_no_value_of_a_request_stands_in_a_log_or_an_error(
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    answer: str,
    body: Any,
    application: Any,
) -> None:
    outcomes = {"fine": make.decision(), "undecidable": ScopeUndecidable("No."), "bug": KeyError(CANARY)}
    headers = {"authorization": f"Bearer {CANARY}", "x-request-id": CANARY}
    with caplog.at_level(logging.DEBUG), TestClient(application(outcomes[answer])) as client:
        response = client.post(URL, json=body(**changes), headers=headers)
        broken = client.post(
            URL, content=f'{{"{CANARY}": {CANARY}}}', headers={**headers, "content-type": "application/json"}
        )
        lost = client.get(f"/{CANARY}", headers=headers)
    printed = capfd.readouterr()
    # The HTTP client of this test logs the URL that it asks for; that line is not the service's.
    logs = "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith(("httpx", "httpcore")))
    for text in (response.text, broken.text, lost.text, logs, printed.out, printed.err):
        assert CANARY not in text


# ------------------------------------------------------------------ requests by others

OWN = Path(__file__).parent / "requests"


def answered(client: TestClient, raw: bytes) -> int:
    return client.post(URL, content=raw, headers={"content-type": "application/json"}).status_code


@pytest.mark.parametrize("path", sorted(OWN.glob("*.json")), ids=lambda p: p.stem)
def test_an_odd_request_of_our_own_is_answered_as_its_name_says(client: TestClient, path: Path) -> None:
    assert answered(client, path.read_bytes()) == int(path.stem.split("-", 1)[0])


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason=f"NOT RUN: the requests by others are not at {EXAMPLES}")
def test_requests_by_others_are_answered_or_refused_and_never_crash(client: TestClient) -> None:
    paths = sorted(EXAMPLES.glob("*.json"))
    assert len(paths) > 20
    found = {p.name: answered(client, p.read_bytes()) for p in paths}
    assert set(found.values()) <= {200, 400, 412}, found
    hooks = {p.name: _hook(p) for p in paths}
    wrong_hook = [n for n, hook in hooks.items() if hook != "patient-view" and found[n] != 400]
    assert wrong_hook == []
    assert found["01-spec-patient-view.json"] == 200
    assert found["06-ahrq-patient-view-null-prefetch.json"] == 200
    assert found["03-spec-request-extension-min-context.json"] == 400


def _hook(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8")).get("hook")
    except ValueError:
        return None
