"""PlanDefinitions, ``$apply`` and the CapabilityStatement, over HTTP and with the pathways that ship.

It is long because the three operations share one application and are compared with each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.careplan import CarePlan
from fhir.resources.R4B.operationoutcome import OperationOutcome
from starlette.testclient import TestClient

from fhirpath_spine.entrypoints.http import build
from fhirpath_spine.entrypoints.settings import load
from tests.entrypoints.fhir_stub import FhirStub, of_bundle, serving
from tests.kit.content import shipped

ROOT = Path(__file__).parents[2]
PATIENTS = ROOT / "sandbox" / "patients"
CLOCK = "2026-06-15T23:59:59Z"
TOKEN = "canary-token-4711"
JWT = "canary.jwt.4711"
Json = dict[str, Any]


def chart(number: str) -> Json:
    (path,) = PATIENTS.glob(f"{number}-*.json")
    found: Json = json.loads(path.read_text(encoding="utf-8"))
    return found


def patient_of(bundle: Json) -> str:
    return next(e["resource"]["id"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")


@pytest.fixture(scope="module")
def api() -> Iterator[TestClient]:
    """The application as `serve` builds it in development, its clock fixed; with time for a busy machine."""
    given = {"SPINE_MODE": "dev", "SPINE_CLOCK": CLOCK, "SPINE_DEADLINE": "60"}
    app = build(load(given, ROOT / "docs").settings, shipped())
    with TestClient(app) as found:
        yield found


@pytest.fixture
def resectable() -> Iterator[FhirStub]:
    """A FHIR server with one patient, whose tumour a surgeon called safely resectable."""
    with serving(of_bundle(chart("09"))) as found:
        yield found


def parameters(**parts: Any) -> Json:
    listed = []
    for name, value in parts.items():
        key = "resource" if isinstance(value, dict) else "valueString"
        listed.append({"name": name, key: value})
    return {"resourceType": "Parameters", "parameter": listed}


def apply(api: TestClient, pathway: str, body: Json, **headers: str) -> Any:
    return api.post(f"/fhir/PlanDefinition/{pathway}/$apply", json=body, headers=headers)


def refused(response: Any, status: int, code: str) -> str:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/fhir+json"
    OperationOutcome.model_validate(response.json())
    (issue,) = response.json()["issue"]
    assert issue["code"] == code
    text: str = issue["details"]["text"]
    return text


# ------------------------------------------------------------------ $apply


def card_plans(api: TestClient, stub: FhirStub, patient: str) -> list[Json]:
    """The CarePlans that ride on the cards of a hook call."""
    body = {
        "hook": "patient-view",
        "hookInstance": "i1",
        "context": {"patientId": patient, "userId": "Practitioner/1"},
        "fhirServer": stub.base,
    }
    cards = api.post("/cds-services/spine-patient-view", json=body).json()["cards"]
    actions = [a for c in cards for s in c.get("suggestions", ()) for a in s.get("actions", ())]
    return [a["resource"] for a in actions if a["resource"]["resourceType"] == "CarePlan"]


def test_it_answers_the_same_bytes_as_the_card_by_get_post_and_with_the_chart_in_hand(
    api: TestClient, resectable: FhirStub
) -> None:
    patient = patient_of(chart("09"))
    (plan,) = card_plans(api, resectable, patient)
    pathway = plan["instantiatesCanonical"][0].rsplit("/", 1)[-1].split("|")[0]
    subject = f"Patient/{patient}"
    url = f"/fhir/PlanDefinition/{pathway}/$apply"
    answers = [
        api.get(url, params={"subject": subject, "fhirServer": resectable.base}),
        apply(api, pathway, parameters(subject=subject, fhirServer=resectable.base)),
        apply(api, pathway, parameters(subject=patient, data=chart("09"))),
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/fhir+json"
        assert answer.content == orjson.dumps(plan)
    CarePlan.model_validate(plan)


def test_every_plan_of_every_invented_patient_is_the_one_of_the_card(api: TestClient) -> None:
    compared = 0
    for path in sorted(PATIENTS.glob("*.json")):
        bundle = json.loads(path.read_text(encoding="utf-8"))
        stub = of_bundle(bundle)
        with serving(stub):
            plans = card_plans(api, stub, patient_of(bundle)) if path.stem[:2] not in ("14", "17") else []
        for plan in plans:
            pathway = plan["instantiatesCanonical"][0].rsplit("/", 1)[-1].split("|")[0]
            found = apply(api, pathway, parameters(subject=patient_of(bundle), data=bundle)).json()
            all_ = [e["resource"] for e in found["entry"]] if found["resourceType"] == "Bundle" else [found]
            assert plan in all_
            compared += 1
    assert compared > 5


def test_two_lesions_of_one_pathway_are_a_bundle_of_two_plans(api: TestClient) -> None:
    bundle = chart("09")
    for entry in [e for e in bundle["entry"] if e["resource"]["resourceType"] != "Patient"]:
        text = json.dumps(entry).replace("level-t8", "level-t3")
        other = json.loads(text)
        other["resource"]["id"] += "-t3"
        if "fullUrl" in other:
            other["fullUrl"] += "0"
        bundle["entry"].append(other)
    found = apply(api, "PW-NEURO", parameters(subject=patient_of(bundle), data=bundle)).json()
    Bundle.model_validate(found)
    plans = [e["resource"] for e in found["entry"]]
    assert [p["resourceType"] for p in plans] == ["CarePlan", "CarePlan"]
    assert len({p["id"] for p in plans}) == len({p["identifier"][0]["value"] for p in plans}) == 2
    assert [e["fullUrl"] for e in found["entry"]] == [f"urn:uuid:{p['id']}" for p in plans]


def test_a_pathway_that_does_not_apply_is_said_with_those_that_do(api: TestClient) -> None:
    body = parameters(subject=patient_of(chart("09")), data=chart("09"))
    text = refused(apply(api, "PW-METS", body), 422, "business-rule")
    assert "does not apply" in text
    assert "PW-NEURO" in text


def test_the_gate_has_no_plan_and_says_so(api: TestClient) -> None:
    body = parameters(subject=patient_of(chart("06")), data=chart("06"))
    assert "proposes nothing now" in refused(apply(api, "PW-COMPRESS", body), 422, "business-rule")


def test_an_unknown_pathway_is_a_404(api: TestClient) -> None:
    body = parameters(subject="p1", data=chart("09"))
    refused(apply(api, "PW-NONE", body), 404, "not-found")
    refused(api.get("/fhir/PlanDefinition/PW-NONE"), 404, "not-found")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"resourceType": "Bundle"}, "no Parameters"),
        ([], "no Parameters"),
        (parameters(), "subject"),
        (parameters(subject="Group/1", data={"resourceType": "Bundle"}), "subject"),
        (parameters(subject="p1"), "neither"),
        (parameters(subject="p1", fhirServer="https://a.example/fhir", data={"resourceType": "Bundle"}), "both"),
        (parameters(subject="p1", data={"resourceType": "Patient"}), "no FHIR Bundle"),
        (parameters(subject="p1", fhirServer="https://a.example/fhir", accessToken="a\nb"), "bearer"),
        ({"resourceType": "Parameters", "parameter": [{"name": "subject", "valueInteger": 1}]}, "no type"),
        ({"resourceType": "Parameters", "parameter": [{"name": "subject", "valueId": "a"}] * 2}, "more than one"),
        ({"resourceType": "Parameters", "parameter": [{"name": "subject", "valueId": "a"}, {"name": "data"}]}, "data"),
    ],
)
def test_what_cannot_be_judged_is_a_400(api: TestClient, body: Any, says: str) -> None:
    assert says in refused(apply(api, "PW-NEURO", body), 400, "invalid")


def test_a_chart_of_another_patient_is_a_412(api: TestClient) -> None:
    body = parameters(subject="another", data=chart("09"))
    assert "another Patient" in refused(apply(api, "PW-NEURO", body), 412, "conflict")


def test_a_base_that_is_not_listed_is_not_contacted(api: TestClient) -> None:
    response = apply(api, "PW-NEURO", parameters(subject="p1", fhirServer="https://ehr.example.org/fhir"))
    assert "base-not-listed" in refused(response, 412, "incomplete")


def test_the_token_of_the_server_goes_there_and_the_callers_own_goes_nowhere(
    api: TestClient, resectable: FhirStub, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    resectable.token = TOKEN
    body = parameters(subject=patient_of(chart("09")), fhirServer=resectable.base, accessToken=TOKEN)
    with caplog.at_level("DEBUG"):
        response = apply(api, "PW-NEURO", body, authorization=f"Bearer {JWT}")
    assert response.status_code == 200
    assert set(resectable.tokens) == {f"Bearer {TOKEN}"}
    assert_secret(response.text, caplog, capfd)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_callers_own_token_is_not_passed_on_where_there_is_no_other(
    api: TestClient, resectable: FhirStub, method: str
) -> None:
    """It was issued for this service: a FHIR server could use it to call the service in the EHR's name (threat T04)."""
    subject, url = f"Patient/{patient_of(chart('09'))}", "/fhir/PlanDefinition/PW-NEURO/$apply"
    headers = {"authorization": f"Bearer {JWT}"}
    if method == "GET":
        response = api.get(url, params={"subject": subject, "fhirServer": resectable.base}, headers=headers)
    else:
        response = api.post(url, json=parameters(subject=subject, fhirServer=resectable.base), headers=headers)
    assert response.status_code == 200
    assert set(resectable.tokens) == {""}


@pytest.mark.parametrize("name", ["accessToken", "access_token", "token", "Authorization"])
def test_a_token_in_an_address_is_refused_and_not_repeated(
    api: TestClient,
    resectable: FhirStub,
    name: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    query = {"subject": patient_of(chart("09")), "fhirServer": resectable.base, name: TOKEN}
    with caplog.at_level("DEBUG"):
        answers = [
            api.get("/fhir/PlanDefinition/PW-NEURO/$apply", params=query),
            api.post("/fhir/PlanDefinition/PW-NEURO/$apply", params={name: TOKEN}, json=parameters(subject="p1")),
        ]
    assert resectable.asked == []
    for response in answers:
        assert "revoked" in refused(response, 400, "invalid")
        assert_secret(response.text, caplog, capfd)


@pytest.mark.parametrize("fault", [None, (500, {}), (200, b"<html>")], ids=["refused token", "500", "a web page"])
def test_a_server_that_gives_nothing_is_a_412_and_no_empty_plan(
    api: TestClient,
    resectable: FhirStub,
    fault: Any,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    resectable.token = "another"
    resectable.faults |= {} if fault is None else {"*": fault}
    body = parameters(subject=patient_of(chart("09")), fhirServer=resectable.base, accessToken=TOKEN)
    with caplog.at_level("DEBUG"):
        response = apply(api, "PW-NEURO", body, authorization=f"Bearer {JWT}")
    text = refused(response, 412, "incomplete")
    assert fault is not None or "not-permitted" in text
    assert_secret(response.text, caplog, capfd)


def test_a_patient_that_the_server_does_not_have_is_a_412(api: TestClient, resectable: FhirStub) -> None:
    response = apply(api, "PW-NEURO", parameters(subject="nobody", fhirServer=resectable.base))
    assert "no such Patient" in refused(response, 412, "not-found")


def assert_secret(answered: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """No token and no patient in an answer's error, a log or on the terminal."""
    printed = capfd.readouterr()
    # The HTTP client of this test logs the address that it asks for; that line is not the service's.
    logs = [r.getMessage() for r in caplog.records if not r.name.startswith(("httpx", "httpcore"))]
    for secret in (TOKEN, JWT):
        assert secret not in answered + "".join(logs) + printed.out + printed.err
    assert patient_of(chart("09")) not in "".join(logs) + printed.out + printed.err


def test_a_plan_from_a_chart_that_was_read_in_part_says_so(api: TestClient, resectable: FhirStub) -> None:
    resectable.faults["FamilyMemberHistory"] = (403, {})
    body = parameters(subject=patient_of(chart("09")), fhirServer=resectable.base)
    found = apply(api, "PW-NEURO", body).json()
    Bundle.model_validate(found)
    assert found["type"] == "collection"
    kinds = [e["resource"]["resourceType"] for e in found["entry"]]
    assert kinds == ["CarePlan", "OperationOutcome"]
    (issue,) = found["entry"][1]["resource"]["issue"]
    assert (issue["severity"], issue["code"]) == ("warning", "incomplete")
    assert "familyHistory" in issue["details"]["text"]


def test_a_deceased_patient_gets_no_plan_and_the_reason(api: TestClient) -> None:
    bundle = chart("09")
    next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")["deceasedBoolean"] = True
    body = parameters(subject=patient_of(bundle), data=bundle)
    assert "deceased" in refused(apply(api, "PW-NEURO", body), 422, "business-rule")
