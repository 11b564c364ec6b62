"""The service over HTTP: discovery, limits, errors as OperationOutcome, CORS; and nothing of a patient in logs or errors."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from fhirpath_spine.adapters.journal import LogJournal
from fhirpath_spine.adapters.unfetched import Unfetched
from fhirpath_spine.entrypoints.app import SANDBOX, create
from fhirpath_spine.errors import PatientMismatch, ScopeUndecidable
from fhirpath_spine.pathway.model import Site
from fhirpath_spine.service import Client, HookService, Snapshot

URL = "/cds-services/spine-patient-view"
CANARY = "canary4711"
EXAMPLES = Path(__file__).parents[3] / "shared" / "examples"


def application(make: ModuleType, answer: Any) -> FastAPI:
    library = make.library()

    def judge(*_: Any, **__: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    service = HookService(
        id="spine-patient-view",
        hook="patient-view",
        snapshot=Snapshot.of(library, Site(), make.wording(library)),
        retriever=Unfetched(),
        journal=LogJournal(),
        clock=lambda: make.AT,
        judge=judge,
    )
    return create([service], Client(), origins=[SANDBOX], loopback=True)


@pytest.fixture
def client(make: ModuleType) -> Iterator[TestClient]:
    with TestClient(application(make, make.decision(make.planned(make.verdict())))) as found:
        yield found


def body(**changes: Any) -> dict[str, Any]:
    whole = {
        "hook": "patient-view",
        "hookInstance": "i1",
        "context": {"patientId": "p1", "userId": "Practitioner/1"},
        "prefetch": {"patient": {"resourceType": "Patient", "id": "p1"}},
        **changes,
    }
    return {k: v for k, v in whole.items() if v is not ...}


def assert_outcome(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    outcome: dict[str, Any] = response.json()
    assert outcome["resourceType"] == "OperationOutcome"
    (issue,) = outcome["issue"]
    assert (issue["severity"], issue["code"]) == ("error", code)
    assert issue["details"]["text"]
    return issue


# ------------------------------------------------------------------ discovery


def test_discovery_lists_the_service_with_its_templates(client: TestClient) -> None:
    response = client.get("/cds-services")
    (service,) = response.json()["services"]
    assert response.status_code == 200
    assert (service["hook"], service["id"]) == ("patient-view", "spine-patient-view")
    assert all(isinstance(service[k], str) and service[k] for k in ("title", "description", "usageRequirements"))
    assert all(isinstance(k, str) and isinstance(v, str) for k, v in service["prefetch"].items())
    assert next(iter(service["prefetch"])) == "patient"


def test_every_advertised_service_answers(client: TestClient) -> None:
    for service in client.get("/cds-services").json()["services"]:
        response = client.post(f"/cds-services/{service['id']}", json=body(hook=service["hook"]))
        assert response.status_code == 200


# ------------------------------------------------------------------ calls


def test_a_call_is_answered_with_cards(client: TestClient) -> None:
    response = client.post(URL, json=body())
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert [c["indicator"] for c in response.json()["cards"]] == ["info"]


@pytest.mark.parametrize(
    "media",
    [
        "application/json",
        "application/json; charset=utf-8",
        'Application/JSON;charset="UTF-8"',
        "application/fhir+json",
    ],
)
def test_json_is_accepted_with_and_without_a_charset(client: TestClient, media: str) -> None:
    assert client.post(URL, content=orjson.dumps(body()), headers={"content-type": media}).status_code == 200


def test_an_empty_decision_is_an_empty_list(make: ModuleType) -> None:
    with TestClient(application(make, make.decision())) as client:
        assert client.post(URL, json=body()).json() == {"cards": []}


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/xml"},
        {"content-type": "application/json; charset=latin-1"},
        {"content-type": "application/json", "content-encoding": "gzip"},
        {},
    ],
)
def test_other_media_types_are_refused(client: TestClient, headers: dict[str, str]) -> None:
    assert_outcome(client.post(URL, content=orjson.dumps(body()), headers=headers), 415, "not-supported")


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": NaN}', b"[1]", b"null", '{"hook": "x"}'.encode("utf-16")])
def test_what_is_no_request_is_a_400(client: TestClient, content: bytes) -> None:
    assert_outcome(client.post(URL, content=content, headers={"content-type": "application/json"}), 400, "invalid")


def test_a_body_over_the_limit_is_refused_with_and_without_a_length(client: TestClient) -> None:
    big = b'{"x": "' + b"a" * (16 * 1024 * 1024) + b'"}'
    headers = {"content-type": "application/json"}
    assert_outcome(client.post(URL, content=big, headers=headers), 413, "too-long")
    chunked = (big[n : n + 1_000_000] for n in range(0, len(big), 1_000_000))
    assert_outcome(client.post(URL, content=chunked, headers=headers), 413, "too-long")


def test_json_that_nests_too_deep_is_refused(client: TestClient) -> None:
    deep = b'{"prefetch": ' + b"[" * 70 + b"]" * 70 + b"}"
    assert_outcome(client.post(URL, content=deep, headers={"content-type": "application/json"}), 413, "too-long")


def test_more_than_ten_thousand_resources_are_refused(client: TestClient) -> None:
    entry = [{"resource": {"resourceType": "Condition"}}] * 10_001
    response = client.post(URL, json=body(prefetch={"conditions": {"resourceType": "Bundle", "entry": entry}}))
    assert_outcome(response, 413, "too-long")


def test_a_wrong_hook_names_the_element(client: TestClient) -> None:
    assert assert_outcome(client.post(URL, json=body(hook="order-sign")), 400, "invalid")["expression"] == ["hook"]


@pytest.mark.parametrize(
    "path", ["/cds-services/other", "/cds-services/other/feedback", "/nowhere", "/", "/docs", "/openapi.json"]
)
def test_an_unknown_path_is_a_404(client: TestClient, path: str) -> None:
    assert_outcome(client.post(path, json=body()), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allow"), [("GET", URL, "POST"), ("PUT", URL, "POST"), ("POST", "/cds-services", "GET")]
)
def test_another_method_is_a_405_that_says_which(client: TestClient, method: str, path: str, allow: str) -> None:
    response = client.request(method, path)
    assert_outcome(response, 405, "not-supported")
    assert response.headers["allow"] == allow


def test_feedback_is_not_kept_and_says_so(client: TestClient) -> None:
    assert_outcome(client.post(f"{URL}/feedback", json={"feedback": []}), 501, "not-supported")


@pytest.mark.parametrize(
    ("error", "code"), [(PatientMismatch("No."), "conflict"), (ScopeUndecidable("No."), "incomplete")]
)
def test_a_precondition_is_a_412(make: ModuleType, error: Exception, code: str) -> None:
    with TestClient(application(make, error)) as client:
        assert_outcome(client.post(URL, json=body()), 412, code)


def test_a_bug_is_a_500_with_the_decision_and_never_an_empty_card_list(
    make: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), TestClient(application(make, ValueError(f"saw {CANARY}"))) as client:
        response = client.post(URL, json=body())
    issue = assert_outcome(response, 500, "exception")
    assert issue["diagnostics"].startswith("decision ")
    assert "internal error ValueError at" in caplog.text
    assert CANARY not in caplog.text + response.text


# ------------------------------------------------------------------ health


def test_the_process_and_the_content_tell_that_they_are_there(client: TestClient) -> None:
    assert client.get("/livez").json() == {"status": "ok"}
    assert client.get("/readyz").json()["content"] == ["d" * 64]


# ------------------------------------------------------------------ CORS


def preflight(client: TestClient, origin: str) -> Any:
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    return client.options(URL, headers=headers)


@pytest.mark.parametrize("origin", [SANDBOX, "http://localhost:8080", "http://127.0.0.1", "https://[::1]:3000"])
def test_a_listed_origin_may_call_and_read_errors(client: TestClient, origin: str) -> None:
    assert preflight(client, origin).headers["access-control-allow-origin"] == origin
    refused = client.post(URL, json={}, headers={"origin": origin})
    assert refused.status_code == 400
    assert refused.headers["access-control-allow-origin"] == origin


@pytest.mark.parametrize(
    "origin",
    ["null", "https://evil.example", f"{SANDBOX}.evil.example", "http://localhost.evil.example", "http://127.0.0.10"],
)
def test_another_origin_is_not_named(client: TestClient, origin: str) -> None:
    assert "access-control-allow-origin" not in preflight(client, origin).headers
    assert "access-control-allow-origin" not in client.post(URL, json=body(), headers={"origin": origin}).headers


def test_no_credentials_are_allowed(client: TestClient) -> None:
    assert "access-control-allow-credentials" not in preflight(client, SANDBOX).headers


# ------------------------------------------------------------------ nothing of a patient leaks (T14)

LEAKY: list[dict[str, Any]] = [
    body(hook=CANARY),
    body(hook={CANARY: CANARY}),
    body(hookInstance={"x": CANARY}),
    body(context={"patientId": f"{CANARY}/..", "userId": CANARY}),
    body(context=CANARY),
    body(prefetch=CANARY),
    body(fhirAuthorization={"access_token": CANARY}),
    body(fhirServer="https://a", fhirAuthorization={"access_token": CANARY, "patient": CANARY, "scope": CANARY}),
    body(
        prefetch={"conditions": {"resourceType": "Goal", "id": CANARY, "subject": {"reference": f"Patient/{CANARY}"}}}
    ),
    body(prefetch={"conditions": CANARY, CANARY: CANARY}),
    body(context={"patientId": CANARY, "userId": f"Practitioner/{CANARY}", "encounterId": CANARY}, hookInstance=CANARY),
]


@pytest.mark.parametrize("request_body", LEAKY)
@pytest.mark.parametrize("answer", ["fine", "undecidable", "bug"])
def test_no_value_of_a_request_stands_in_a_log_or_an_error(
    make: ModuleType,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    request_body: dict[str, Any],
    answer: str,
) -> None:
    outcomes = {"fine": make.decision(), "undecidable": ScopeUndecidable("No."), "bug": KeyError(CANARY)}
    headers = {"authorization": f"Bearer {CANARY}", "x-request-id": CANARY}
    with caplog.at_level(logging.DEBUG), TestClient(application(make, outcomes[answer])) as client:
        response = client.post(URL, json=request_body, headers=headers)
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
