"""The part of ``doctor`` that looks at a token: each type that it does not let be read is named with the scope to add."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.entrypoints.doctor_kit import Rows, by_check
from tests.entrypoints.fhir_stub import OUTCOME, FhirStub, of_bundle, serving

ROOT = Path(__file__).parents[2]
PATIENT = "spine-demo-resectable"
ALL = "patient/*.rs"
NO_PROCEDURE = (
    "patient/Patient.rs patient/Condition.rs patient/DiagnosticReport.rs patient/MedicationRequest.rs "
    "patient/MedicationStatement.rs patient/MedicationAdministration.rs patient/FamilyMemberHistory.rs "
    "patient/AllergyIntolerance.rs patient/Observation.rs"
)


def jwt(**payload: Any) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in ({"alg": "RS384"}, payload)]
    return ".".join([*parts, "c2lnbmF0dXJl"])


@pytest.fixture
def ehr() -> Iterator[FhirStub]:
    (path,) = (ROOT / "sandbox" / "patients").glob("09-*.json")
    with serving(of_bundle(json.loads(path.read_text(encoding="utf-8")))) as found:
        yield found


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, run: Any, ehr: FhirStub) -> Any:
    monkeypatch.setenv("SPINE_MODE", "dev")

    def command(token: str, patient: str = PATIENT) -> tuple[int, Rows]:
        monkeypatch.setenv("SPINE_SANDBOX_TOKEN", token)
        who = ("--patient", patient) if patient else ()
        ran = run("doctor", "--fhir", ehr.base, "--format", "json", *who)
        said = json.loads(token) if token.startswith("{") else {}
        secret = said.get("access_token", token)
        assert not secret or secret not in ran.out + ran.err
        return ran.code, by_check(ran)

    return command


def test_without_a_token_the_needed_scopes_are_named(doctor: Any) -> None:
    code, found = doctor("")
    assert code == 0
    assert found["token"]["level"] == "INFO"
    assert "patient/Observation.rs" in found["token"]["do"]
    assert "patient/Condition.rs" in found["token"]["do"]


def test_an_opaque_token_is_judged_by_the_searches(doctor: Any, ehr: FhirStub) -> None:
    code, found = doctor("opaque-canary")
    assert code == 0
    assert found["scopes"]["level"] == "INFO"
    ehr.faults["Procedure"] = (403, OUTCOME)
    code, found = doctor("opaque-canary")
    assert code == 1
    assert found["scope of Procedure"]["level"] == "FAIL"
    assert found["scope of Procedure"]["do"].startswith("Add patient/Procedure.rs")
    assert [check for check in found if check.startswith("scope of")] == ["scope of Procedure"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_type_among_others_that_are_given_names_its_scope(doctor: Any, ehr: FhirStub, status: int) -> None:
    ehr.faults["Observation"] = (status, OUTCOME)
    code, found = doctor(jwt(scope=NO_PROCEDURE))
    assert code == 1
    assert f"HTTP {status}" in found["scope of Observation"]["what"]
    assert "do not cover" not in found["scope of Observation"]["what"], "the scope covers it, the server refuses it"


def test_a_token_that_is_taken_nowhere_is_no_matter_of_scopes(doctor: Any, ehr: FhirStub) -> None:
    ehr.token = "another"
    code, found = doctor("opaque-canary")
    assert code == 1
    assert not [check for check in found if check.startswith("scope of")]
    assert "the token is not taken" in found["patient"]["what"]


def test_scopes_that_cover_all_pass(doctor: Any) -> None:
    code, found = doctor(json.dumps({"access_token": "canary-token-4711", "scope": ALL, "patient": PATIENT}))
    assert code == 0
    assert found["scopes"]["level"] == "PASS"


def test_a_type_that_the_scopes_leave_out(doctor: Any, ehr: FhirStub) -> None:
    """Given all the same, refused, and not asked: three findings."""
    code, found = doctor(jwt(scope=NO_PROCEDURE))
    assert (code, found["scope of Procedure"]["level"]) == (0, "INFO")
    code, found = doctor(jwt(scope=NO_PROCEDURE), patient="")
    assert (code, found["scope of Procedure"]["level"]) == (0, "WARN")
    ehr.faults["Procedure"] = (403, OUTCOME)
    code, found = doctor(jwt(scope=NO_PROCEDURE))
    assert (code, found["scope of Procedure"]["level"]) == (1, "FAIL")
    assert "its scopes do not cover it" in found["scope of Procedure"]["what"]
    assert all("patient/Procedure.rs" in f["do"] for f in [found["scope of Procedure"]])


def test_a_scope_with_a_query_hides_the_rest_and_fails(doctor: Any) -> None:
    code, found = doctor(jwt(scope="patient/*.rs?_tag=x patient/Patient.rs"))
    assert code == 1
    assert "only a part of Condition" in found["scope of Condition"]["what"]


def test_a_token_that_has_expired_fails(doctor: Any) -> None:
    code, found = doctor(jwt(scope=ALL, exp=1_600_000_000))
    assert code == 1
    assert "has expired" in found["token"]["what"]


def test_a_token_for_another_patient_fails_and_names_neither(doctor: Any) -> None:
    code, found = doctor(json.dumps({"access_token": "canary-token-4711", "scope": ALL, "patient": "somebody-else"}))
    assert code == 1
    assert "another patient" in found["token"]["what"]
    assert "somebody-else" not in json.dumps(found)
    assert PATIENT not in json.dumps(found)


def test_a_token_response_without_a_token_is_wrong_use(
    run: Any, monkeypatch: pytest.MonkeyPatch, ehr: FhirStub
) -> None:
    monkeypatch.setenv("SPINE_MODE", "dev")
    monkeypatch.setenv("SPINE_SANDBOX_TOKEN", '{"scope": "patient/*.rs"}')
    ran = run("doctor", "--fhir", ehr.base)
    assert (ran.code, ran.out) == (2, "")
