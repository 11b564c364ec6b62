"""The service over HTTP: discovery, limits, errors as OperationOutcome, CORS."""

from __future__ import annotations

import logging
import re
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from fhirpath_spine.entrypoints.http import SANDBOX
from fhirpath_spine.errors import PatientMismatch, ScopeUndecidable
from tests.kit import decisions as make

URL = "/cds-services/spine-patient-view"
CANARY = "canary4711"


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


def test_templates_use_one_token_and_no_key_depends_on_another(client: TestClient) -> None:
    for template in client.get("/cds-services").json()["services"][0]["prefetch"].values():
        assert set(re.findall(r"\{\{(.*?)\}\}", template)) == {"context.patientId"}


def test_every_advertised_service_answers(client: TestClient, body: Any) -> None:
    for service in client.get("/cds-services").json()["services"]:
        response = client.post(f"/cds-services/{service['id']}", json=body(hook=service["hook"]))
        assert response.status_code == 200


# ------------------------------------------------------------------ calls


def test_a_call_is_answered_with_cards(client: TestClient, body: Any) -> None:
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
def test_json_is_accepted_with_and_without_a_charset(client: TestClient, media: str, body: Any) -> None:
    assert client.post(URL, content=orjson.dumps(body()), headers={"content-type": media}).status_code == 200


def test_an_empty_decision_is_an_empty_list(body: Any, application: Any) -> None:
    with TestClient(application(make.decision())) as client:
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
def test_other_media_types_are_refused(client: TestClient, headers: dict[str, str], body: Any) -> None:
    assert_outcome(client.post(URL, content=orjson.dumps(body()), headers=headers), 415, "not-supported")


@pytest.mark.parametrize(
    "twice",
    [
        [("content-type", "application/json"), ("content-type", "text/plain")],
        [("content-type", "application/json"), ("content-encoding", "identity"), ("content-encoding", "gzip")],
    ],
)
def test_headers_that_say_two_things_are_refused(client: TestClient, twice: list[tuple[str, str]], body: Any) -> None:
    assert_outcome(client.post(URL, content=orjson.dumps(body()), headers=twice), 415, "not-supported")


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


def test_more_than_ten_thousand_resources_are_refused(client: TestClient, body: Any) -> None:
    entry = [{"resource": {"resourceType": "Condition"}}] * 10_001
    response = client.post(URL, json=body(prefetch={"conditions": {"resourceType": "Bundle", "entry": entry}}))
    assert_outcome(response, 413, "too-long")


def test_a_wrong_hook_names_the_element(client: TestClient, body: Any) -> None:
    assert assert_outcome(client.post(URL, json=body(hook="order-sign")), 400, "invalid")["expression"] == ["hook"]


@pytest.mark.parametrize("path", ["/cds-services/other", "/cds-services/other/feedback", "/nowhere", "/"])
def test_an_unknown_path_is_a_404(client: TestClient, path: str, body: Any) -> None:
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


def test_another_patients_data_are_a_412(body: Any, application: Any) -> None:
    with TestClient(application(PatientMismatch("No."))) as client:
        assert_outcome(client.post(URL, json=body()), 412, "conflict")


def test_where_nothing_could_be_judged_people_see_a_card_and_no_status_code(body: Any, application: Any) -> None:
    with TestClient(application(ScopeUndecidable("No."))) as client:
        answer = client.post(URL, json=body())
    assert answer.status_code == 200
    assert [c["indicator"] for c in answer.json()["cards"]] == ["warning"]


def test_a_bug_is_a_500_with_the_decision_and_never_an_empty_card_list(
    caplog: pytest.LogCaptureFixture, body: Any, application: Any
) -> None:
    with caplog.at_level(logging.DEBUG), TestClient(application(ValueError(f"saw {CANARY}"))) as client:
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
def test_another_origin_is_not_named(client: TestClient, origin: str, body: Any) -> None:
    assert "access-control-allow-origin" not in preflight(client, origin).headers
    assert "access-control-allow-origin" not in client.post(URL, json=body(), headers={"origin": origin}).headers


def test_no_credentials_are_allowed(client: TestClient) -> None:
    assert "access-control-allow-credentials" not in preflight(client, SANDBOX).headers
