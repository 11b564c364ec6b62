"""What the service says to EHRs of every taste about every invented patient and every clinical case, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from starlette.testclient import TestClient

from fhirpath_spine.entrypoints.content import Content, wording_of
from fhirpath_spine.entrypoints.http import build
from fhirpath_spine.entrypoints.settings import load
from fhirpath_spine.exchange.ehr_side import Occasion
from fhirpath_spine.exchange.outgoing import write_cards
from tests.clinical import clinical_kit as clinical
from tests.kit import content
from tests.kit import decisions as make
from tests.kit.decisions import AT
from tests.kit.files import yaml_of

Json = dict[str, Any]
PATIENTS = Path(__file__).resolve().parents[2] / "sandbox" / "patients"
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
CLIENTS: dict[str, Json] = {
    "generic": {"profile": "generic", "extension": False},
    "epic": {"profile": "epic", "extension": False},
    "oracle": {"profile": "oracle", "extension": False},
    # What no vendor takes and the standard allows.
    "everything": {
        "cards": {
            "selection_behavior": "at-most-one",
            "actions": ["CarePlan", "ServiceRequest"],
            "gate_suggestions": True,
            "deletes": ["MedicationRequest", "ServiceRequest"],
            "detail": "full",
        }
    },
}
"""The clients that call, by id: what stands in the entry of each."""


def server(client: str) -> str:
    """The FHIR server that the calls of a client name."""
    return f"https://{client}.example.org/fhir"


@dataclass(frozen=True)
class Call:
    """One call: of whom, about whom, and its body."""

    name: str
    service: str
    body: Json


@dataclass(frozen=True)
class Answer:
    """The answer to the call of that name."""

    name: str
    body: Json


@cache
def client(cds_hooks: str = "2.0") -> TestClient:
    """The service as ``serve`` builds it over the content that ships, with an entry for each client."""
    entries = [{"id": name, "fhir_servers": [server(name)], **entry} for name, entry in CLIENTS.items()]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "clients.yaml"
        file.write_text(yaml.safe_dump({"cds_hooks": cds_hooks, "clients": entries}), encoding="utf-8")
        given = {"mode": "dev", "clock": AT, "deadline": 60, "clients": file, "public_url": "https://spine.example.org"}
        settings = load(environ={}, directory=PATIENTS, **given).settings
        library, site = content.library(), content.site()
        return TestClient(build(settings, Content(library, site, wording_of(library, settings, site))))


def discovery(cds_hooks: str) -> Json:
    """The discovery document, as ``cds_hooks`` claims a version."""
    found: Json = client(cds_hooks).get("/cds-services").json()
    return found


def invented() -> Iterator[tuple[str, Json]]:
    """The chart of every invented patient, by name."""
    for row in yaml_of(PATIENTS / "INDEX.yaml"):
        yield row["file"], json.loads((PATIENTS / row["file"]).read_bytes())


def charts() -> Iterator[tuple[str, Json]]:
    """Every chart that we have, by name."""
    yield from invented()
    for case in clinical.CASES:
        yield case, clinical.bundle(case)


def context(hook: str, patient: str) -> Json:
    """What a hook brings beside the patient, the user and the encounter."""
    subject = {"reference": f"Patient/{patient}"}
    if hook == "problem-list-item-create":
        condition = {"resourceType": "Condition", "id": "new", "subject": subject, "code": {"text": "Back pain"}}
        return {"conditions": _bundle(condition)}
    if hook not in ("order-select", "order-sign"):
        return {}
    drug = {"coding": [{"system": RXNORM, "code": CISPLATIN}]}
    mri = {"coding": [{"system": "http://loinc.org", "code": "36067-7"}]}
    draft = {"status": "draft", "intent": "order", "subject": subject}
    orders = [
        {"resourceType": "MedicationRequest", "id": "drug", "medicationCodeableConcept": drug, **draft},
        {"resourceType": "ServiceRequest", "id": "mri", "code": mri, **draft},
    ]
    chosen = [f"{one['resourceType']}/{one['id']}" for one in orders]
    return {"draftOrders": _bundle(*orders), **({"selections": chosen} if hook == "order-select" else {})}


RXNORM, CISPLATIN = "http://www.nlm.nih.gov/research/umls/rxnorm", "2555"


def _bundle(*resources: Json) -> Json:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


@cache
def calls() -> tuple[Call, ...]:
    """Every call that is made: each chart as each client sends it when it is opened; at other hooks the invented patients
    only, from two of them.
    """
    day = date(AT.year, AT.month, AT.day)
    found = []
    for service in discovery("2.0")["services"]:
        opened = service["hook"] == "patient-view"
        for name, chart in charts() if opened else invented():
            patient = clinical.patient_of(chart)
            sent, _ = clinical.score.prefetch(service["prefetch"], chart, patient, day.isoformat())
            for taste in CLIENTS if opened else ("generic", "everything"):
                whom = Occasion(service["hook"], patient, "Practitioner/1", day, server(taste), encounter="e1")
                body = whom.request(INSTANCE, sent)
                body["context"] |= context(service["hook"], patient)
                found.append(Call(f"{service['hook']} of {name} to {taste}", service["id"], body))
    return tuple(found)


@cache
def answers() -> tuple[Answer, ...]:
    """The answer to each call."""
    found = []
    for call in calls():
        answer = client().post(f"/cds-services/{call.service}", json=call.body)
        assert answer.status_code == 200, (call.name, answer.text)
        found.append(Answer(call.name, answer.json()))
    # In development nobody keeps feedback, so no card asks for a reason; in production one does.
    asking = replace(make.wording(), feedback=True)
    cards = write_cards(make.decision(make.planned(make.verdict())), "decision-1", asking).cards
    return (*found, Answer("with reasons", {"cards": cards}))
