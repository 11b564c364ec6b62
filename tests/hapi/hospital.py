"""What the HAPI tests share: the server, the charts on it, the service in this process, and calls as an EHR makes them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import requests
from httpx2 import Response
from starlette.testclient import TestClient

from fhirpath_spine.adapters.peer import Bearer
from fhirpath_spine.entrypoints.commands import as_document, judge_chart
from fhirpath_spine.entrypoints.content import Content
from fhirpath_spine.exchange import EXTENSION
from fhirpath_spine.exchange.ehr_side import seed
from tests.clinical import score
from tests.kit.files import yaml_of

Json = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
PATIENTS = ROOT / "sandbox" / "patients"
CLINICAL = ROOT / "tests" / "clinical"
AT = date(2026, 6, 15)
"""The day that all charts are written for, and that they are loaded and judged at."""
COMMAND = Path(sys.executable).with_name("fhirpath-spine")
TOKEN = "SPINE_SANDBOX_TOKEN"
ON_CARDS = ("recommended", "blocked", "needs-data")
INSTANCE = "6b1f7f57-4b0e-4cf5-a5b2-e1e9b2a3c4d5"
TOPICS = ("status", "lesion", "claims", "because", "by", "missing")
FHIR = "application/fhir+json"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


# ------------------------------------------------------------------ charts


@dataclass(frozen=True)
class ChartFile:
    """One chart: its file, and whether its Observations may not be read (the Bundle says so by an OperationOutcome)."""

    path: Path
    refused: Json | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def patient(self) -> str:
        return seed(json.loads(self.path.read_bytes())).patient

    @property
    def bundle(self) -> Json:
        """The chart as it lies on the server, with what its file says could not be read."""
        loaded = seed(json.loads(self.path.read_bytes())).transaction
        return {**loaded, "entry": [*loaded["entry"], *([{"resource": self.refused}] if self.refused else [])]}

    def refusal(self, target: str) -> tuple[int, Json] | None:
        """What an EHR answers to a search that this chart's file says is not permitted."""
        return (403, self.refused) if self.refused is not None and "/Observation?" in target else None


def _chart(path: Path) -> ChartFile:
    resources = [e["resource"] for e in json.loads(path.read_bytes())["entry"]]
    return ChartFile(path, next((r for r in resources if r["resourceType"] == "OperationOutcome"), None))


INDEX = yaml_of(PATIENTS / "INDEX.yaml")
SANDBOX = [_chart(PATIENTS / row["file"]) for row in INDEX]
CASES = [_chart(path) for path in sorted((CLINICAL / "cases").glob("*.json"))]
CHARTS = [*SANDBOX, *CASES]


# ------------------------------------------------------------------ the server


class Server:
    """A real FHIR server, for the tests' own reads and writes."""

    def __init__(self, base: str, token: str, software: str = "") -> None:
        self.base, self.token, self.software = base.rstrip("/"), token, software
        self.session = requests.Session()
        self.session.auth = Bearer(token)
        self.session.headers.update({"Accept": FHIR, "Content-Type": FHIR, "Cache-Control": "no-cache"})

    def ask(self, method: str, path: str, body: Json | None = None, **headers: str) -> requests.Response:
        return self.session.request(method, f"{self.base}/{path}", json=body, headers=headers, timeout=120)

    def validate(self, resource: Json) -> tuple[int, list[str]]:
        """Status, and the issues that are errors: the status alone says nothing."""
        answer = self.ask("POST", f"{resource['resourceType']}/$validate", resource)
        issues = answer.json()["issue"]
        return answer.status_code, [i.get("diagnostics", "") for i in issues if i["severity"] in ("error", "fatal")]

    def holds(self, reference: str) -> bool:
        return self.ask("GET", reference).status_code == 200


def sandbox(server: Server, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """``fhirpath-spine sandbox ...`` as a person runs it."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("SPINE_")} | {TOKEN: server.token}
    command = [str(COMMAND), "sandbox", *map(str, words), "--fhir", server.base]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=600, check=False)


def fill(server: Server) -> None:
    """Loads every chart, also those that an index calls unloadable: the relay refuses what may not be read of them."""
    files = [chart.path for chart in (*SANDBOX, *CASES)]
    ran = sandbox(server, "load", "--at", AT.isoformat(), *files)
    assert ran.returncode == 0, ran.stderr


# ------------------------------------------------------------------ the service


class Service:
    """The service as ``serve`` builds it, called as an EHR calls it."""

    def __init__(self, client: TestClient, content: Content, at: Any) -> None:
        self.client, self.content, self.at = client, content, at
        self.templates: dict[str, str] = client.get("/cds-services").json()["services"][0]["prefetch"]

    def call(
        self, patient: str, server: str = "", token: str = "", prefetch: Mapping[str, Any] | None = None
    ) -> Response:
        body: Json = {
            "hook": "patient-view",
            "hookInstance": INSTANCE,
            "context": {"patientId": patient, "userId": "Practitioner/1"},
        }
        if server:
            body["fhirServer"] = server
        if token:
            access = {"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.read"}
            body["fhirAuthorization"] = {**access, "subject": "fhirpath-spine"}
        if prefetch is not None:
            body["prefetch"] = dict(prefetch)
        return self.client.post("/cds-services/spine-patient-view", json=body)

    def apply(self, pathway: str, patient: str, server: str, token: str) -> list[Json]:
        """The CarePlans of ``$apply`` over what the server holds."""
        parameters = [
            {"name": "subject", "valueString": f"Patient/{patient}"},
            {"name": "fhirServer", "valueUrl": server},
            *([{"name": "accessToken", "valueString": token}] if token else []),
        ]
        answer = self.client.post(
            f"/fhir/PlanDefinition/{pathway}/$apply", json={"resourceType": "Parameters", "parameter": parameters}
        )
        assert answer.status_code == 200, answer.text
        found = answer.json()
        resources = [e["resource"] for e in found["entry"]] if found["resourceType"] == "Bundle" else [found]
        return [r for r in resources if r["resourceType"] == "CarePlan"]

    def prefetch(self, chart: ChartFile) -> Json:
        """What an EHR sends that fills in every template; a search that is not permitted as the error that it got."""
        sent, left = score.prefetch(self.templates, chart.bundle, chart.patient, AT.isoformat())
        assert left == []
        denied = {k: chart.refused for k, q in self.templates.items() if chart.refused and q.startswith("Observation?")}
        return {**sent, **denied}

    @cache  # noqa: B019 - one service lives as long as the tests
    def decided(self, chart: ChartFile) -> Json:
        """What ``decide`` says about the chart."""
        return as_document(judge_chart(self.content, chart.bundle, self.at))


# ------------------------------------------------------------------ comparing


def verdicts(found: Json) -> list[Json]:
    """The verdicts of a decision or of the cards of an answer that a card has to show, whole, in a fixed order."""
    if "verdicts" in found:
        rows = found["verdicts"]
    else:
        rows = [v for c in found["cards"] for v in c["extension"][EXTENSION].get("verdicts", [])]
    shown = [
        {"id": v["id"], **{topic: v[topic] for topic in TOPICS if v.get(topic)}}
        for v in rows
        if v["status"] in ON_CARDS
    ]
    return sorted(shown, key=lambda v: json.dumps(v, sort_keys=True))


def pathways(found: Json) -> list[tuple[str, str, str]]:
    """Pathway, state and lesion of each entry that has a card."""
    if "pathways" in found:
        rows = [(p["id"], p["state"], p.get("lesion", {}).get("key", "")) for p in found["pathways"]]
    else:
        heads = [c["extension"][EXTENSION] for c in found["cards"]]
        rows = [(h["pathway"], h["state"], h.get("lesion", {}).get("key", "")) for h in heads if "pathway" in h]
    return sorted(set(rows))


def plain(value: Any) -> Any:
    """The same answer without the ids that each decision has anew."""
    if isinstance(value, str):
        return UUID.sub("<uuid>", value)
    if isinstance(value, dict):
        dropped = {"uuid", "decision"} | ({"id"} if "resourceType" in value else set())
        return {k: plain(v) for k, v in value.items() if k not in dropped}
    return [plain(item) for item in value] if isinstance(value, list) else value


def plans(answer: Json, kind: str = "CarePlan") -> list[Json]:
    """The resources of one type that the cards of an answer suggest."""
    actions = [a for c in answer["cards"] for s in c.get("suggestions", []) for a in s.get("actions", [])]
    return [a["resource"] for a in actions if a.get("resource", {}).get("resourceType") == kind]
