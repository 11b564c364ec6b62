"""What the service says to EHRs of every taste about every invented patient and every clinical case, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from starlette.testclient import TestClient

from fhirpath_spine.adapters.journal import LogJournal
from fhirpath_spine.entrypoints.clients import TASTES
from fhirpath_spine.entrypoints.content import HOOKS
from fhirpath_spine.entrypoints.http import create
from fhirpath_spine.exchange.ehr_side import Occasion
from fhirpath_spine.exchange.incoming import Servers, read_base
from fhirpath_spine.exchange.outgoing import CardPolicy, Ids, Phrases, Wording
from fhirpath_spine.service import Client, HookService, Snapshot
from tests.clinical import clinical_kit as clinical
from tests.kit import content
from tests.kit.decisions import AT
from tests.kit.ports import Unfetched

Json = dict[str, Any]
PATIENTS = Path(__file__).resolve().parents[2] / "sandbox" / "patients"
EVERYTHING = CardPolicy("at-most-one", frozenset({"CarePlan", "ServiceRequest"}), gate_suggestions=True, full=True)
"""What no vendor takes and the standard allows."""


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


def _client(name: str, policy: CardPolicy, *, extension: bool = True) -> Client:
    base = read_base(f"https://{name}.example.org/fhir")
    assert base is not None
    return Client(id=name, card_policy=policy, servers=Servers(bases=frozenset({base})), extension=extension)


CLIENTS = [
    *(_client(name, policy, extension=False) for name, policy in TASTES.items()),
    _client("everything", EVERYTHING),
]


@cache
def client(cds_hooks: str = "2.0") -> TestClient:
    """The service over the content that ships, with an entry for each taste; it keeps feedback, so cards ask for it."""
    library, site = content.library(), content.site()
    wording = Wording(library, Phrases(library.phrases), Ids(), feedback=True, orders=site.orders)
    services = [
        HookService(
            id=f"spine-{hook}",
            hook=hook,
            snapshot=Snapshot.of(library, site, wording),
            retriever=Unfetched(),
            journal=LogJournal(),
            clock=lambda: AT,
            seconds=60,
            cds_hooks=cds_hooks,
        )
        for hook in HOOKS
    ]
    return TestClient(create(services, Client(), entries=CLIENTS))


def discovery(cds_hooks: str) -> Json:
    """The discovery document, as ``cds_hooks`` claims a version."""
    found: Json = client(cds_hooks).get("/cds-services").json()
    return found


def charts() -> Iterator[tuple[str, Json]]:
    """Every chart that we have, by name."""
    for row in yaml.safe_load((PATIENTS / "INDEX.yaml").read_text(encoding="utf-8")):
        yield row["file"], json.loads((PATIENTS / row["file"]).read_bytes())
    for case in clinical.CASES:
        yield case, clinical.bundle(case)


@cache
def calls() -> tuple[Call, ...]:
    """Every call that is made: each chart, as an EHR of each taste sends it."""
    day = date(AT.year, AT.month, AT.day)
    found = []
    for service in discovery("2.0")["services"]:
        for name, chart in charts():
            patient = clinical.patient_of(chart)
            sent, _ = clinical.score.prefetch(service["prefetch"], chart, patient, day.isoformat())
            for taste in CLIENTS:
                server = f"https://{taste.id}.example.org/fhir"
                whom = Occasion(service["hook"], patient, "Practitioner/1", day, server, encounter="e1")
                body = whom.request("d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", sent)
                found.append(Call(f"{service['hook']} of {name} to {taste.id}", service["id"], body))
    return tuple(found)


@cache
def answers() -> tuple[Answer, ...]:
    """The answer to each call."""
    found = []
    for call in calls():
        answer = client().post(f"/cds-services/{call.service}", json=call.body)
        assert answer.status_code == 200, (call.name, answer.text)
        found.append(Answer(call.name, answer.json()))
    return tuple(found)
