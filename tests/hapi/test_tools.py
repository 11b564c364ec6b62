"""What else is tried on a real server: PlanDefinitions pass its validator, ``codes expand`` lists codes, ``doctor`` passes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fhirpath_spine import authoring
from tests.hapi.hospital import CLINICAL, COMMAND, TOKEN, Json, Server, Service

SYSTEM = "urn:example:fhirpath-spine-test:drugs"
SET = "http://example.org/fhirpath-spine-test/ValueSet/nsaids"
WRONG = "canary-token-4711"


def command(hapi: Server, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("SPINE_")}
    environ |= {"SPINE_MODE": "dev", "SPINE_CLOCK": "2026-06-15T23:59:59Z", "SPINE_DEADLINE": "60"}
    environ |= {TOKEN: hapi.token, **environment}
    return subprocess.run([str(COMMAND), *words], env=environ, capture_output=True, text=True, timeout=300, check=False)


# ------------------------------------------------------------------ FHIR of our own


def served(service: Service) -> list[Json]:
    found = service.client.get("/fhir/PlanDefinition").json()
    plans = [e["resource"] for e in found["entry"]]
    return [*plans, service.client.get("/fhir/metadata").json(), found]


def test_plan_definitions_and_capability_statement_pass_the_validator(hapi: Server, service: Service) -> None:
    resources = served(service)
    assert len(resources) == 9
    for resource in resources:
        assert hapi.validate(resource) == (200, []), resource.get("id")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("status",), None),
        (("action", 0, "condition", 0, "expression", "name"), "x" * 65),
        (("relatedArtifact", 0, "type"), "gossip"),
        (("unknown",), "x"),
    ],
)
def test_the_validator_finds_what_is_wrong(hapi: Server, service: Service, path: tuple[Any, ...], value: Any) -> None:
    plan = service.client.get("/fhir/PlanDefinition/PW-NEURO").json()
    part = plan
    for step in path[:-1]:
        part = part[step]
    if value is None:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    status, errors = hapi.validate(plan)
    assert status >= 400 or errors


# ------------------------------------------------------------------ codes expand


@pytest.fixture
def codes(hapi: Server) -> Iterator[str]:
    """A small code system on the server, and a value set of it; both are taken away again."""
    concepts = [{"code": f"N{n}", "display": f"House drug {n}"} for n in range(25)]
    system = {
        "resourceType": "CodeSystem",
        "id": "spine-test-drugs",
        "url": SYSTEM,
        "status": "active",
        "content": "fragment",  # this server has no full-text index, which it wants for a complete one
        "concept": [{"code": "group", "display": "Drugs", "concept": concepts}],
    }
    chosen = {
        "resourceType": "ValueSet",
        "id": "spine-test-nsaids",
        "url": SET,
        "status": "active",
        "compose": {"include": [{"system": SYSTEM, "concept": [{"code": f"N{n}"} for n in range(20)]}]},
    }
    for resource in (system, chosen):
        answer = hapi.ask("PUT", f"{resource['resourceType']}/{resource['id']}", resource)
        assert answer.status_code in (200, 201), answer.text
    yield SET
    for resource in (chosen, system):
        assert hapi.ask("DELETE", f"{resource['resourceType']}/{resource['id']}").status_code < 300


def test_an_expansion_from_the_server_is_read_at_load_and_refused_once_changed(
    hapi: Server, codes: str, tmp_path: Path
) -> None:
    out = tmp_path / "house.yaml"
    ran = command(hapi, "codes", "expand", "--tx", hapi.base, "--valueset", f"nsaid={codes}", "--out", str(out))
    assert ran.returncode == 0, ran.stderr
    assert "nsaid: 20 codes, 20 of them new" in ran.stderr
    site = tmp_path / "site.yaml"
    site.write_text("timezone: UTC\nexpansions: [house.yaml]\n", encoding="utf-8")
    profiles = authoring.profiles_directory()
    library = authoring.load(profiles, authoring.load_site(site, profiles))
    assert library.value_sets["nsaid"].contains(SYSTEM, "N7")
    assert not library.value_sets["nsaid"].contains(SYSTEM, "N24")
    where = command(hapi, "codes", "where", f"{SYSTEM}|N7", "--format", "json", SPINE_SITE=str(site))
    assert "nsaid" in {row["valueSet"] for row in json.loads(where.stdout)}

    out.write_text(out.read_text(encoding="utf-8").replace('"N7"', '"N8"'), encoding="utf-8")
    refused = command(hapi, "codes", "where", "N7", SPINE_SITE=str(site))
    assert refused.returncode == 1
    assert "SP224" in refused.stderr


def test_a_value_set_that_the_server_does_not_know_is_not_written(hapi: Server, tmp_path: Path) -> None:
    out = tmp_path / "house.yaml"
    words = ("--valueset", f"nsaid={SET}-of-nobody", "--out", str(out))
    ran = command(hapi, "codes", "expand", "--tx", hapi.base, *words)
    assert ran.returncode == 1
    assert "HTTP 404" in ran.stderr
    assert not out.exists()


# ------------------------------------------------------------------ doctor


def clients(hapi: Server, folder: Path) -> str:
    path = folder / "clients.yaml"
    path.write_text(
        f"clients:\n  - {{id: hapi, fhir_servers: ['{hapi.base}'], private_network: true}}\n", encoding="utf-8"
    )
    return str(path)


def doctor(hapi: Server, folder: Path, **environment: str) -> tuple[int, dict[str, Json], str]:
    given = {"SPINE_CLIENTS": clients(hapi, folder), "SPINE_SITE": str(CLINICAL / "site.yaml"), **environment}
    words = ("doctor", "--fhir", hapi.base, "--patient", "spine-case-c13", "--format", "json")
    ran = command(hapi, *words, **given)
    return ran.returncode, {r["check"]: r for r in json.loads(ran.stdout)["findings"]}, ran.stdout + ran.stderr


def test_the_doctor_finds_nothing_that_will_not_work(hapi: Server, tmp_path: Path) -> None:
    code, found, _ = doctor(hapi, tmp_path)
    assert [r for r in found.values() if r["level"] == "FAIL"] == []
    assert code == 0
    for check in ("reachable", "FHIR version", "CapabilityStatement", "conditions", "paging", "judgement"):
        assert found[check]["level"] == "PASS", found[check]


@pytest.mark.usefixtures("needs_token")
def test_the_doctor_says_that_a_token_is_refused_and_shows_none(hapi: Server, tmp_path: Path) -> None:
    code, found, printed = doctor(hapi, tmp_path, **{TOKEN: WRONG})
    assert code == 1
    assert "HTTP 401" in found["patient"]["what"]
    assert WRONG not in printed
    assert not hapi.token or hapi.token not in printed


def test_the_doctor_reads_scopes_from_a_token_response(hapi: Server, tmp_path: Path) -> None:
    scope = "patient/*.rs patient/Procedure.rs?status=completed"
    response = json.dumps({"access_token": hapi.token or "opaque", "token_type": "Bearer", "scope": scope})
    code, found, printed = doctor(hapi, tmp_path, **{TOKEN: response})
    assert (code, found["scopes"]["level"]) == (0, "PASS")
    assert found["name"]["level"] == "PASS"
    assert not hapi.token or hapi.token not in printed
