"""``sandbox load`` and ``sandbox clear`` on a real server: loading twice changes nothing, clearing spares what is others'."""

from __future__ import annotations

from tests.hapi.hospital import CHARTS, PATIENTS, Server, fill, sandbox

TAGGED = "_tag=https://fhirpath-spine.org/fhir/tag%7Csandbox&_summary=count"
STRANGER = {"resourceType": "Patient", "id": "spine-demo-stranger"}
"""Our prefix, but not our tag: someone else's."""


def versions(hapi: Server) -> dict[str, str]:
    entries = [(c.patient, hapi.ask("GET", f"Patient/{c.patient}").json()) for c in CHARTS]
    return {patient: found["meta"]["versionId"] for patient, found in entries}


def count(hapi: Server, kind: str) -> int:
    total: int = hapi.ask("GET", f"{kind}?{TAGGED}").json()["total"]
    return total


def test_loading_again_changes_nothing(hapi: Server) -> None:
    before = versions(hapi), count(hapi, "Observation")
    fill(hapi)
    assert (versions(hapi), count(hapi, "Observation")) == before


def test_the_folder_of_the_sandbox_loads_with_its_index(hapi: Server) -> None:
    ran = sandbox(hapi, "load", "--at", "2026-06-15", PATIENTS)
    assert ran.returncode == 0, ran.stderr
    assert len(ran.stdout.split()) == 15
    assert hapi.software in ran.stderr


def test_clearing_removes_just_what_loading_made(hapi: Server) -> None:
    assert hapi.ask("PUT", "Patient/spine-demo-stranger", STRANGER).status_code in (200, 201)
    try:
        ran = sandbox(hapi, "clear")
        assert ran.returncode == 0, ran.stderr
        assert [count(hapi, kind) for kind in ("Patient", "Condition", "Observation", "MedicationRequest")] == [0] * 4
        assert hapi.ask("GET", f"Patient/{CHARTS[0].patient}").status_code == 410
        assert hapi.holds("Patient/spine-demo-stranger")
    finally:
        hapi.ask("DELETE", "Patient/spine-demo-stranger")
        fill(hapi)
    assert count(hapi, "Patient") == len(CHARTS)
