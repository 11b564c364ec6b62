"""``call`` and ``replay``: what an EHR does, and a clear word for everything that can go wrong on the way."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.entrypoints.fhir_stub import OUTCOME, FhirStub, of_bundle, serving

ROOT = Path(__file__).parents[2]
PATIENT = "spine-demo-resectable"
TOKEN = "canary-token-4711"
CLOCK = "2026-06-15T23:59:59Z"


@pytest.fixture
def ehr() -> Iterator[FhirStub]:
    (path,) = (ROOT / "sandbox" / "patients").glob("09-*.json")
    with serving(of_bundle(json.loads(path.read_text(encoding="utf-8")))) as found:
        yield found


@pytest.fixture
def call(run: Any, ehr: FhirStub, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calls for the patient of the stub."""
    monkeypatch.setenv("SPINE_CLOCK", CLOCK)
    monkeypatch.setenv("SPINE_DEADLINE", "60")  # a busy machine makes no server slow
    return lambda *words: run("call", "patient-view", "--patient", PATIENT, "--fhir", ehr.base, *words)


class Cds:
    """A CDS service of somebody else, with what it was sent."""

    def __init__(self, discovery: Any, status: int = 200, answer: Any = None) -> None:
        self.discovery, self.status, self.answer = discovery, status, answer
        self.sent: list[Any] = []


@pytest.fixture
def cds() -> Iterator[Any]:
    servers: list[tuple[ThreadingHTTPServer, Thread]] = []

    def start(service: Cds) -> str:
        class Handler(BaseHTTPRequestHandler):
            def _reply(self, status: int, value: Any) -> None:
                raw = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response_only(status)
                self.send_header("Content-Type", "text/html" if isinstance(value, bytes) else "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def do_GET(self) -> None:
                self._reply(200, service.discovery)

            def do_POST(self) -> None:
                service.sent.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self._reply(service.status, service.answer)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


OFFER = {"hook": "patient-view", "id": "x", "prefetch": {"patient": "Patient/{{context.patientId}}"}}


# ------------------------------------------------------------------ what a call shows


def test_a_call_shows_cards_as_a_clinician_reads_them(call: Any) -> None:
    ran = call()
    assert ran.code == 0, ran.err
    for text in ("1 card (", " info ", "discuss complete resection", "[ ] Add this plan as a draft", "Basis:"):
        assert text in ran.out
    assert "**" not in ran.out


def test_with_prefetch_and_without_the_cards_are_the_same(call: Any, ehr: FhirStub) -> None:
    sent = call("--format", "json").json["cards"]
    ehr.page_size = 2
    fetched = call("--no-prefetch", "--format", "json").json["cards"]
    paged = call("--first-page", "--format", "json").json["cards"]
    for cards in (fetched, paged):
        assert [c["extension"]["org.fhirpath-spine"]["verdicts"] for c in cards] == [
            c["extension"]["org.fhirpath-spine"]["verdicts"] for c in sent
        ]


def test_an_answer_without_cards_is_an_answer(call: Any, ehr: FhirStub) -> None:
    ehr.resources = [r for r in ehr.resources if r["resourceType"] == "Patient"]
    ran = call()
    assert (ran.code, ran.out.startswith("No card")) == (0, True)


def test_the_token_is_sent_to_the_server_and_printed_nowhere(call: Any, ehr: FhirStub, tmp_path: Path) -> None:
    ehr.token = TOKEN
    ran = call("--token", TOKEN, "--no-prefetch", "--save", "kept.json")
    assert ran.code == 0, ran.err
    assert set(ehr.tokens) == {f"Bearer {TOKEN}"}
    kept = (tmp_path / "kept.json").read_text(encoding="utf-8")
    assert TOKEN not in ran.out + ran.err + kept


# ------------------------------------------------------------------ keeping and sending again


def test_a_kept_request_is_sent_again_with_the_same_ids(call: Any, run: Any, tmp_path: Path) -> None:
    first = call("--save", "kept.json", "--format", "json").json
    assert stat.S_IMODE((tmp_path / "kept.json").stat().st_mode) == 0o600
    again = run("replay", "kept.json", "--format", "json")
    assert again.code == 0
    assert again.json == first


def test_what_is_no_request_is_not_replayed(run: Any, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]", encoding="utf-8")
    (tmp_path / "b.json").write_text("{", encoding="utf-8")
    for name, says in (("a.json", "no CDS Hooks request"), ("b.json", "not valid JSON"), ("c.json", "cannot be read")):
        ran = run("replay", name)
        assert (ran.code, ran.out) == (2, "")
        assert says in ran.err


def test_a_replay_that_is_refused_ends_with_1(call: Any, run: Any, ehr: FhirStub, cds: Any, tmp_path: Path) -> None:
    call("--save", "kept.json")
    service = Cds({"services": [OFFER]}, 412, OUTCOME)
    ran = run("replay", "kept.json", "--token", TOKEN, "--service", cds(service))
    assert ran.code == 1
    assert "HTTP 412" in ran.err
    assert service.sent[0]["fhirAuthorization"]["access_token"] == TOKEN


# ------------------------------------------------------------------ a service elsewhere


def test_a_call_of_an_order_hook_brings_the_orders_of_a_file(run: Any, ehr: FhirStub, cds: Any, tmp_path: Path) -> None:
    (tmp_path / "order.json").write_text('[{"resourceType": "MedicationRequest"}]', encoding="utf-8")
    service = Cds({"services": [{**OFFER, "hook": "order-select"}]}, 200, {"cards": []})
    words = ("--patient", PATIENT, "--fhir", ehr.base, "--service", f"{cds(service)}/cds-services")
    assert run("call", "order-select", *words, "--with", str(tmp_path / "order.json")).code == 0
    (sent,) = service.sent
    (entry,) = sent["context"]["draftOrders"]["entry"]
    assert entry["resource"]["subject"] == {"reference": f"Patient/{PATIENT}"}
    assert sent["context"]["selections"] == [f"MedicationRequest/{entry['resource']['id']}"]


@pytest.mark.parametrize("text", ["{", "7", '[{"id": "x"}]'])
def test_a_file_that_holds_no_resource_is_refused_before_anything_is_sent(run: Any, tmp_path: Path, text: str) -> None:
    (tmp_path / "order.json").write_text(text, encoding="utf-8")
    words = ("--patient", PATIENT, "--fhir", "http://127.0.0.1:1/fhir", "--with", str(tmp_path / "order.json"))
    assert run("call", "order-sign", *words).code == 2


def test_the_request_is_one_that_an_ehr_would_send(call: Any, cds: Any, ehr: FhirStub) -> None:
    service = Cds({"services": [OFFER]}, 200, {"cards": []})
    assert call("--service", f"{cds(service)}/cds-services", "--token", TOKEN).code == 0
    (sent,) = service.sent
    assert sent["hook"] == "patient-view"
    assert sent["context"] == {"userId": "Practitioner/example", "patientId": PATIENT}
    assert sent["prefetch"]["patient"]["id"] == PATIENT
    assert sent["fhirServer"] == ehr.base
    assert sent["fhirAuthorization"]["token_type"] == "Bearer"
    assert sent["fhirAuthorization"]["patient"] == PATIENT


def test_a_key_that_cannot_be_filled_is_left_out_and_said(call: Any, cds: Any, ehr: FhirStub) -> None:
    ehr.faults = {"Condition": (403, OUTCOME), "Observation": (500, b"<html>")}
    keys = {
        "odd": "Encounter/{{context.encounterId}}",
        "conditions": "Condition?patient={{context.patientId}}",
        "observations": "Observation?patient={{context.patientId}}&date=ge{{today() - 90 days}}",
    }
    service = Cds({"services": [{**OFFER, "prefetch": keys}]}, 200, {"cards": []})
    ran = call("--service", cds(service))
    assert service.sent[0]["prefetch"] == {"conditions": OUTCOME}
    for text in ("odd: left out", "conditions: the FHIR server answers HTTP 403", "observations: left out"):
        assert text in ran.err


@pytest.mark.parametrize(
    ("service", "says"),
    [
        (Cds({"services": []}), "It offers: none"),
        (Cds({"services": [{**OFFER, "hook": "order-sign"}]}), "It offers: order-sign"),
        (Cds({"x": 1}), "lists no services"),
        (Cds(b"<html>"), "with a web page"),
        (Cds({"services": [OFFER]}, 200, {}), "HTTP 200, without cards"),
        (Cds({"services": [OFFER]}, 500, b"<html>"), "HTTP 500, without cards"),
        (
            Cds({"services": [OFFER]}, 412, {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "why"}]}),
            "HTTP 412, without cards. why",
        ),
    ],
)
def test_a_service_that_does_not_serve_is_named(call: Any, cds: Any, service: Cds, says: str) -> None:
    ran = call("--service", cds(service))
    assert ran.code == 1
    assert says in ran.err


def test_a_service_that_is_not_there_is_named(call: Any) -> None:
    ran = call("--service", "http://127.0.0.1:1")
    assert ran.code == 1
    assert "Nothing answers for the CDS service" in ran.err


# ------------------------------------------------------------------ the FHIR server


@pytest.mark.parametrize(
    ("faults", "says"),
    [
        ({"metadata": (200, b"<html>log in</html>")}, "with a web page"),
        ({"metadata": (200, {"resourceType": "Bundle"})}, "no FHIR server"),
        ({"metadata": (404, OUTCOME)}, "HTTP 404"),
        ({"metadata": (302, {})}, "sends elsewhere"),
        ({"metadata": (200, {"resourceType": "CapabilityStatement", "fhirVersion": "5.0.0"})}, "FHIR 5.0.0, not R4"),
        ({"Patient": (404, OUTCOME)}, "no such Patient"),
        ({"Patient": (401, OUTCOME)}, "HTTP 401"),
        ({"metadata": (401, OUTCOME), "Patient": (403, OUTCOME)}, "HTTP 403"),
        ({"Patient": (200, {"resourceType": "Bundle"})}, "no Patient"),
    ],
)
def test_a_fhir_server_that_does_not_serve_is_named(call: Any, ehr: FhirStub, faults: Any, says: str) -> None:
    ehr.faults = faults
    ran = call()
    assert (ran.code, ran.out) == (1, "")
    assert says in ran.err


def test_a_fhir_server_that_is_not_there_is_named(run: Any) -> None:
    ran = run("call", "patient-view", "--patient", "x", "--fhir", "http://127.0.0.1:1/fhir")
    assert (ran.code, ran.out) == (1, "")
    assert "Nothing answers for the FHIR server at http://127.0.0.1:1/fhir" in ran.err


def test_pages_on_another_server_are_not_followed(call: Any, ehr: FhirStub) -> None:
    ehr.page_size, ehr.next_origin = 1, "http://127.0.0.1:2"
    ran = call("--token", TOKEN)
    assert ran.code == 1
    assert "leads to another server" in ran.err


def test_a_chart_that_could_not_be_read_is_shown_as_a_card_with_its_reason(call: Any, ehr: FhirStub) -> None:
    ehr.faults = {"Condition": (500, b"<html>"), "Observation": (500, b"<html>")}
    ran = call("--no-prefetch")
    assert ran.code == 0
    assert "Nothing was judged" in ran.out
    assert "diagnoses" in ran.out


@pytest.mark.parametrize(
    "words",
    [
        ("call", "patient-view", "--patient", "a/b", "--fhir", "http://127.0.0.1:1/fhir"),
        ("call", "patient-view", "--patient", "a", "--fhir", "ftp://x"),
        ("call", "patient-view", "--patient", "a", "--fhir", "http://127.0.0.1:1/fhir", "--token", "a b"),
        ("call", "patient-view", "--patient", "a", "--fhir", "http://127.0.0.1:1/fhir", "--service", "x"),
        ("call", "--patient", "a"),
        ("replay",),
    ],
)
def test_wrong_use_ends_with_2(run: Any, words: tuple[str, ...]) -> None:
    ran = run(*words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err


@pytest.mark.parametrize("verb", ["call", "replay"])
def test_help_works(run: Any, verb: str) -> None:
    ran = run(verb, "--help")
    assert ran.code == 0
    assert "Exit: 0" in " ".join(ran.out.split())
