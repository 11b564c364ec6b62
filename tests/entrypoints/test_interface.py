"""The HTTP interface in words, and what clients ask for that no path says: HEAD, a slash at the end, a browser's questions."""

from __future__ import annotations

import html
import json
import re
from typing import Any, cast

import jsonschema
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from fhirpath_spine.entrypoints.http import SANDBOX, document, served
from tests.entrypoints.pages_kit import PAIN


@pytest.mark.parametrize("path", ["/cds-services", "/livez", "/pathways", "/", "/openapi.json", "/fhir/metadata"])
def test_head_is_get_without_a_body(browser: TestClient, path: str) -> None:
    got, head = browser.get(path), browser.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    assert head.headers["content-length"] == str(len(got.content))


def test_head_of_what_is_only_posted_is_refused(browser: TestClient) -> None:
    answer = browser.head("/cds-services/spine-patient-view")
    assert (answer.status_code, answer.headers["allow"], answer.content) == (405, "POST", b"")


def test_a_slash_at_the_end_changes_nothing(browser: TestClient) -> None:
    for path in ("/cds-services", "/pathways", "/patient", "/fhir/metadata"):
        assert browser.get(f"{path}/").content == browser.get(path).content
    body = {"hook": "patient-view"}
    there, here = (browser.post(f"/cds-services/spine-patient-view{end}", json=body) for end in ("/", ""))
    assert (there.status_code, there.json()["issue"]) == (400, here.json()["issue"])


def asked(browser: TestClient, origin: str) -> Any:
    names = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-private-network": "true",
    }
    return browser.options("/cds-services/spine-patient-view", headers=names)


def test_a_browser_may_call_this_machine_from_the_sandbox_and_from_nowhere_else(browser: TestClient) -> None:
    for origin in (SANDBOX, "http://localhost:8080"):
        answer = asked(browser, origin)
        assert (answer.status_code, answer.headers["access-control-allow-private-network"]) == (200, "true")
        assert answer.headers["access-control-allow-origin"] == origin
    stranger = asked(browser, "https://elsewhere.example")
    assert stranger.status_code == 400
    assert "access-control-allow-origin" not in stranger.headers


def test_the_document_describes_what_is_served_and_nothing_else(browser: TestClient) -> None:
    app = cast(FastAPI, browser.app)
    said = browser.get("/openapi.json").json()
    listed = {(method.upper(), path) for path, methods in said["paths"].items() for method in methods}
    assert listed == set(served(app))
    assert said == document(served(app))
    names = [operation["operationId"] for methods in said["paths"].values() for operation in methods.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("method", "path", "at", "body"),
    [
        ("get", "/cds-services", "/cds-services", None),
        ("post", "/cds-services/{service_id}", "/cds-services/spine-patient-view", {"hook": "patient-view"}),
        ("post", "/cds-services/{service_id}", "/cds-services/other", {}),
        ("post", "/cds-services/{service_id}/feedback", "/cds-services/spine-patient-view/feedback", {"feedback": []}),
        ("get", "/fhir/PlanDefinition/{plan_id}", "/fhir/PlanDefinition/none", None),
        ("post", "/fhir/PlanDefinition/{plan_id}/$apply", "/fhir/PlanDefinition/none/$apply", {}),
        ("get", "/pathways/{name}", "/pathways/none", None),
        ("post", "/patient", "/patient", {}),
    ],
)
def test_each_answer_is_one_that_the_document_names(
    browser: TestClient, method: str, path: str, at: str, body: Any
) -> None:
    said = browser.get("/openapi.json").json()
    answer = browser.request(method, at, json=body) if body is not None else browser.request(method, at)
    named = said["paths"][path][method]["responses"][str(answer.status_code)]
    media = answer.headers["content-type"].partition(";")[0]
    assert media in named["content"]
    if media.endswith("json"):
        schema = {**named["content"][media]["schema"], "components": said["components"]}
        jsonschema.validate(answer.json(), schema)


def test_cards_are_as_the_document_says(browser: TestClient) -> None:
    said = browser.get("/openapi.json").json()
    written = html.unescape(
        re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", browser.get(f"/caller?name={PAIN}").text, re.S)[0]
    )
    answer = browser.post("/cds-services/spine-patient-view", json=json.loads(written)).json()
    for name, value in (("Call", json.loads(written)), ("Cards", answer)):
        jsonschema.validate(value, {"$ref": f"#/components/schemas/{name}", "components": said["components"]})
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"cards": [{}]}, {"$ref": "#/components/schemas/Cards", "components": said["components"]})
