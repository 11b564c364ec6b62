"""PlanDefinitions and the CapabilityStatement, over HTTP and with the pathways that ship."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.plandefinition import PlanDefinition
from starlette.routing import Route
from starlette.testclient import TestClient

from fhirpath_spine.entrypoints.http import build
from fhirpath_spine.entrypoints.settings import load
from fhirpath_spine.exchange.fhir import SEARCH
from tests.kit.content import shipped

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def api() -> Iterator[TestClient]:
    """The application as `serve` builds it in development."""
    with TestClient(build(load({"SPINE_MODE": "dev"}, ROOT / "docs").settings, shipped())) as found:
        yield found


# ------------------------------------------------------------------ PlanDefinition


def test_every_pathway_is_a_valid_plan_definition(api: TestClient) -> None:
    found = api.get("/fhir/PlanDefinition").json()
    Bundle.model_validate(found)
    assert found["total"] == len(found["entry"]) == 7
    for entry in found["entry"]:
        plan = entry["resource"]
        PlanDefinition.model_validate(plan)
        assert api.get(f"/fhir/PlanDefinition/{plan['id']}").json() == plan
        assert entry["fullUrl"].endswith(f"/fhir/PlanDefinition/{plan['id']}")


def test_the_check_of_plan_definitions_has_a_negative_control(api: TestClient) -> None:
    plan = api.get("/fhir/PlanDefinition/PW-NEURO").json()
    with pytest.raises(ValueError, match="status"):
        PlanDefinition.model_validate({k: v for k, v in plan.items() if k != "status"})


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"url": "https://fhirpath-spine.org/fhir/PlanDefinition/PW-NEURO"}, 1),
        ({"url": "https://fhirpath-spine.org/fhir/PlanDefinition/PW-NEURO|1.1.0"}, 1),
        ({"url": "https://fhirpath-spine.org/fhir/PlanDefinition/PW-NEURO|9.0.0"}, 0),
        ({"_id": "PW-NEURO,PW-METS"}, 2),
        ({"status": "active"}, 0),
        ({"status": "draft", "version": "1.1.0", "_count": "5"}, 7),
    ],
)
def test_the_search_heeds_what_it_says(api: TestClient, query: dict[str, str], count: int) -> None:
    found = api.get("/fhir/PlanDefinition", params=query).json()
    assert found["total"] == count
    link = found["link"][0]["url"]
    assert all(f"{name}=" in link for name in query if name in SEARCH)
    assert "_count" not in link


# ------------------------------------------------------------------ what is said is what is served


def test_the_capability_statement_is_true(api: TestClient) -> None:
    found = api.get("/fhir/metadata").json()
    CapabilityStatement.model_validate(found)
    (rest,) = found["rest"]
    said = {"GET /fhir/metadata"}
    for resource in rest["resource"]:
        path = f"/fhir/{resource['type']}"
        codes = {i["code"] for i in resource["interaction"]}
        said |= {f"GET {path}/{{plan_id}}"} if "read" in codes else set()
        said |= {f"GET {path}"} if "search-type" in codes else set()
        assert codes <= {"read", "search-type"}
        for operation in resource["operation"]:
            said |= {f"{method} {path}/{{plan_id}}/${operation['name']}" for method in ("GET", "POST")}
    served = {
        f"{method} {route.path}"
        for route in api.app.routes  # type: ignore[attr-defined]
        if isinstance(route, Route) and route.path.startswith("/fhir")
        for method in route.methods or ()
        if method != "HEAD"
    }
    assert said == served


def test_the_public_address_stands_in_the_answers_where_it_is_configured() -> None:
    settings = load({"SPINE_MODE": "dev", "SPINE_PUBLIC_URL": "https://cds.example.org/spine/"}, ROOT / "docs").settings
    with TestClient(build(settings)) as client:
        assert client.get("/fhir/metadata").json()["implementation"]["url"] == "https://cds.example.org/spine/fhir"
