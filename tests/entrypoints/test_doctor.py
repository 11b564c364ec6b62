"""``doctor``: each thing that can be wrong is found, with why and what to do; what is fine passes; nothing of a patient shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.entrypoints.doctor_kit import Rows, by_check, clients
from tests.entrypoints.fhir_stub import OUTCOME, TYPES, FhirStub, of_bundle, serving

ROOT = Path(__file__).parents[2]
PATIENT = "spine-demo-resectable"
TOKEN = "canary-token-4711"


@pytest.fixture
def ehr() -> Iterator[FhirStub]:
    (path,) = (ROOT / "sandbox" / "patients").glob("09-*.json")
    with serving(of_bundle(json.loads(path.read_text(encoding="utf-8")))) as found:
        yield found


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch, run: Any) -> Any:
    monkeypatch.setenv("SPINE_MODE", "dev")
    monkeypatch.setenv("SPINE_DEADLINE", "60")  # a busy machine makes no server slow
    return run


@pytest.fixture
def doctor(dev: Any, ehr: FhirStub) -> Any:
    """Runs it for the stub and its patient; gives the exit code and the findings by their check."""

    def command(*words: str, patient: str = PATIENT) -> tuple[int, Rows]:
        who = ("--patient", patient) if patient else ()
        ran = dev("doctor", "--fhir", ehr.base, "--format", "json", *who, *words)
        assert TOKEN not in ran.out + ran.err
        assert PATIENT not in ran.out + ran.err
        return ran.code, by_check(ran)

    return command


# ------------------------------------------------------------------ all is well


def test_a_server_that_does_what_is_needed_passes(doctor: Any) -> None:
    code, found = doctor()
    assert code == 0
    passes = {"mode", "content", "FHIR server listed", "reachable", "time", "FHIR version", "CapabilityStatement"}
    passes |= {"patient", "conditions", "observations-lesion", "speed", "paging", "judgement"}
    assert {check for check, row in found.items() if row["level"] == "PASS"} >= passes
    assert not [row for row in found.values() if row["level"] in ("WARN", "FAIL")]
    assert "PW-NEURO" in found["judgement"]["what"]


def test_a_person_sees_the_same_with_why_and_what_to_do(dev: Any, ehr: FhirStub) -> None:
    ehr.types = tuple(t for t in TYPES if t != "AllergyIntolerance")
    ran = dev("doctor", "--fhir", ehr.base, "--patient", PATIENT)
    assert ran.code == 1
    for text in ("PASS  reachable", "WARN  types: it does not offer AllergyIntolerance", "Do: Write not_offered"):
        assert text in ran.out
    assert PATIENT not in ran.out


def test_the_topics_of_the_gate_are_named_to_be_left_alone(doctor: Any) -> None:
    _, found = doctor()
    assert "PWCOMPRESScritical" in found["topics"]["what"]
    assert "must never be offered for suppression" in found["topics"]["what"]


def test_data_that_no_code_reaches_are_named(doctor: Any) -> None:
    _, found = doctor()
    assert "Cisplatin" in found["data"]["what"]
    assert "of 1" in found["data"]["what"]


# ------------------------------------------------------------------ the server


@pytest.mark.parametrize(
    ("changes", "check", "says"),
    [
        ({"faults": {"metadata": (200, b"<html>")}}, "reachable", "web page"),
        ({"faults": {"metadata": (500, OUTCOME)}}, "reachable", "HTTP 500"),
        ({"faults": {"metadata": (200, {"resourceType": "Bundle"})}}, "reachable", "not with a CapabilityStatement"),
        ({"version": "5.0.0"}, "FHIR version", "5.0.0"),
        ({"version": "3.0.2"}, "FHIR version", "3.0.2"),
        ({"skew": 3600.0}, "time", "differ by 3"),
        ({"types": tuple(t for t in TYPES if t != "Condition")}, "types", "does not offer Condition"),
        ({"token": "another"}, "patient", "HTTP 401, the token is not taken"),
        ({"faults": {"Procedure": (403, OUTCOME)}}, "procedures", "HTTP 403, the token does not permit it"),
        ({"faults": {"Procedure": (404, OUTCOME)}}, "procedures", "HTTP 404"),
        ({"faults": {"Procedure": (400, OUTCOME)}}, "procedures", "the search is refused"),
        ({"faults": {"Observation": (400, OUTCOME)}}, "observations-pain", "the search is refused"),
        ({"faults": {"Procedure": (429, OUTCOME)}}, "procedures", "come back later"),
        ({"faults": {"Procedure": (200, OUTCOME)}}, "procedures", "with an OperationOutcome"),
        ({"faults": {"Procedure": (200, b"<html>")}}, "procedures", "no JSON object"),
        ({"faults": {"Procedure": (200, {"resourceType": "Goal"})}}, "procedures", "something else than Procedure"),
        ({"faults": {"Patient": (404, OUTCOME)}}, "patient", "no such Patient"),
        ({"page_size": 1, "next_origin": "http://127.0.0.1:2"}, "conditions", "leads to another server"),
        ({"page_size": 1, "faults": {"page": (500, OUTCOME)}}, "conditions", "HTTP 500"),
    ],
)
def test_what_will_not_work_fails(doctor: Any, ehr: FhirStub, changes: dict[str, Any], check: str, says: str) -> None:
    for name, value in changes.items():
        setattr(ehr, name, value)
    code, found = doctor("--token", TOKEN)
    assert code == 1
    assert found[check]["level"] == "FAIL"
    assert says in found[check]["what"]


@pytest.mark.parametrize(
    ("changes", "check", "level", "says"),
    [
        ({"skew": 100.0}, "time", "WARN", "differ by"),
        ({"params": ("patient",)}, "search parameters", "WARN", "Observation by code"),
        ({"heeds_count": False}, "paging", "WARN", "does not heed _count"),
        ({"searches_by_code": False}, "observations-pain", "WARN", "refuses to search by code (HTTP 400)"),
        ({"faults": {"metadata": (401, OUTCOME)}}, "CapabilityStatement", "INFO", "to itself"),
    ],
)
def test_what_could_be_better_does_not_fail(
    doctor: Any, ehr: FhirStub, changes: dict[str, Any], check: str, level: str, says: str
) -> None:
    for name, value in changes.items():
        setattr(ehr, name, value)
    code, found = doctor()
    assert code == 0
    assert found[check]["level"] == level
    assert says in found[check]["what"]


def test_a_page_that_hides_what_follows_is_found(doctor: Any, ehr: FhirStub, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_link(self: FhirStub, name: int, offset: int) -> Any:
        found, size = self._searches[name]
        entry = [{"resource": r} for r in found[offset : offset + size]]
        return 200, {"resourceType": "Bundle", "type": "searchset", "entry": entry}

    monkeypatch.setattr(FhirStub, "_page", without_link)
    code, found = doctor()
    assert code == 1
    assert "no link to the next" in found["paging"]["what"]


def test_a_next_link_elsewhere_names_the_origin_to_list(doctor: Any, ehr: FhirStub) -> None:
    ehr.next_origin = "http://127.0.0.1:2"
    code, found = doctor()
    assert code == 1
    assert found["paging"]["do"] == "Write next_link_origins: [http://127.0.0.1:2] in the client's entry."


def test_a_slow_server_is_measured_against_the_deadline(
    doctor: Any, ehr: FhirStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPINE_DEADLINE", "0.0001")
    code, found = doctor()
    assert code == 1
    assert found["speed"]["level"] == "FAIL"


def test_without_a_patient_the_searches_are_not_tried_and_that_is_said(doctor: Any) -> None:
    code, found = doctor(patient="")
    assert code == 0
    assert found["searches"]["level"] == "INFO"


def test_a_patient_without_two_of_anything_tells_nothing_of_paging(doctor: Any, ehr: FhirStub) -> None:
    ehr.resources = [r for r in ehr.resources if r["resourceType"] == "Patient"]
    code, found = doctor()
    assert code == 0
    assert found["paging"]["level"] == "INFO"


def test_a_server_that_is_not_there_is_a_finding(dev: Any) -> None:
    ran = dev("doctor", "--fhir", "http://127.0.0.1:1/fhir", "--format", "json")
    assert ran.code == 1
    assert "Nothing answers" in by_check(ran)["reachable"]["what"]


# ------------------------------------------------------------------ codes of the chart


def test_codes_that_nothing_reads_are_counted_by_system_and_never_shown(doctor: Any, ehr: FhirStub) -> None:
    subject = {"reference": f"Patient/{PATIENT}"}
    code = {"coding": [{"system": "urn:oid:1.2.3", "code": "CANARY"}]}
    ehr.resources += [{"resourceType": "Condition", "id": f"x{n}", "subject": subject, "code": code} for n in range(3)]
    tumour = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C72.9"}]}
    ehr.resources.append({"resourceType": "Condition", "id": "t", "subject": subject, "code": tumour})
    code_, found = doctor()
    assert code_ == 0
    assert found["code systems"]["what"].startswith("3 Condition resources have codes of urn:oid:1.2.3")
    assert found["codes"]["level"] == "WARN"
    assert "CANARY" not in json.dumps(found)
    assert "C72.9" not in json.dumps(found)


def test_a_code_map_takes_a_datum_off_the_list(
    doctor: Any, dev: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, before = doctor()
    text = 'timezone: UTC\ncode_map:\n  - {from: "urn:oid:1.2.3|NP", to: "local|night-pain", claim: A, when: 2026}\n'
    (tmp_path / "site.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("SPINE_SITE", str(tmp_path / "site.yaml"))
    ran = dev("doctor", "--format", "json")
    after = by_check(ran)
    assert "Night pain" in before["codes"]["what"]
    assert "Night pain" not in after["codes"]["what"], after["content"]


# ------------------------------------------------------------------ entries of clients


def entry(ehr: FhirStub, more: str) -> str:
    return f"clients:\n  - {{id: ward, fhir_servers: ['{ehr.base}'], private_network: true, {more}}}\n"


def test_what_an_entry_does_not_offer_is_not_asked(
    doctor: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ehr: FhirStub
) -> None:
    ehr.types = tuple(t for t in TYPES if t != "MedicationStatement")
    clients(tmp_path, monkeypatch, entry(ehr, "not_offered: [MedicationStatement, Procedure]"))
    code, found = doctor()
    assert code == 0
    assert found["medicationStatements"]["level"] == "INFO"
    assert "Take it out" in found["types"]["do"]
    assert not any(target.startswith("/fhir/MedicationStatement") for target in ehr.asked)


def test_a_further_origin_of_links_that_is_listed_is_followed(
    doctor: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ehr: FhirStub
) -> None:
    ehr.page_size, ehr.next_origin = 1, ehr.origin.replace("127.0.0.1", "localhost")
    clients(tmp_path, monkeypatch, entry(ehr, f"next_link_origins: ['{ehr.next_origin}']"))
    code, found = doctor()
    assert code == 0, found
    assert "which the client's entry lists" in found["paging"]["what"]
