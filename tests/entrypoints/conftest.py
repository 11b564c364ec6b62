"""What the tests of this folder share: builders, a service over HTTP with a fake judgement, and the command line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from fhirpath_spine.adapters.journal import LogJournal
from fhirpath_spine.entrypoints.http import SANDBOX, create
from fhirpath_spine.entrypoints.patients import patients_directory
from fhirpath_spine.pathway.model import Site
from fhirpath_spine.service import Client, HookService, Snapshot
from tests.entrypoints.pages_kit import application as pages
from tests.kit import decisions as make
from tests.kit.commands import Commands
from tests.kit.ports import Unfetched

# ------------------------------------------------------------------ over HTTP


@pytest.fixture
def application() -> Callable[[Any], FastAPI]:
    """An application whose judgement is given: a decision, or an error to raise."""

    def build(answer: Any, **changes: Any) -> FastAPI:
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
        return create([service], Client(), origins=[SANDBOX], loopback=True, **changes)

    return build


@pytest.fixture
def client(application: Callable[[Any], FastAPI]) -> Iterator[TestClient]:
    """A client of an application that always answers with one info card."""
    with TestClient(application(make.decision(make.planned(make.verdict())))) as found:
        yield found


@pytest.fixture
def body() -> Callable[..., dict[str, Any]]:
    """Makes a request body; a change to ``...`` leaves the element out."""

    def build(**changes: Any) -> dict[str, Any]:
        whole = {
            "hook": "patient-view",
            "hookInstance": "i1",
            "context": {"patientId": "p1", "userId": "Practitioner/1"},
            "prefetch": {"patient": {"resourceType": "Patient", "id": "p1"}},
            **changes,
        }
        return {k: v for k, v in whole.items() if v is not ...}

    return build


@pytest.fixture(scope="module")
def browser() -> Iterator[TestClient]:
    """Whoever opens the pages of a service in development."""
    with TestClient(pages(patients=patients_directory())) as found:
        yield found


# ------------------------------------------------------------------ on the command line

PATIENT = {"resourceType": "Patient", "id": "demo-1", "birthDate": "1960-05-01", "gender": "female"}
BACK_PAIN = {
    "resourceType": "Condition",
    "id": "pain-1",
    "clinicalStatus": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
    },
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "161891005"}]},
    "subject": {"reference": "urn:uuid:patient"},
    "onsetDateTime": "2026-06-10",
}


@pytest.fixture
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [n for n in os.environ if n.startswith("SPINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def run(_nothing_set: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command in an empty folder, without any setting of the machine."""
    return Commands(monkeypatch, capsys)


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    entry = [{"fullUrl": "urn:uuid:patient", "resource": PATIENT}, {"fullUrl": "urn:uuid:pain", "resource": BACK_PAIN}]
    path = tmp_path / "chart.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entry}), encoding="utf-8")
    return path
