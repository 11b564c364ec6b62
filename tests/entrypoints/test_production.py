"""Production: what it asks for before it starts, and the door that every call goes through.

It is long because the door of production is tried from outside, once for each way to be refused.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from fhirpath_spine.adapters.callers import BURST, Door, Keys, Rates, Signer, Terms, Trusted, from_file, public_keys
from fhirpath_spine.entrypoints.clients import load_clients
from fhirpath_spine.entrypoints.content import Content
from fhirpath_spine.entrypoints.http import EACH, SANDBOX, build
from fhirpath_spine.entrypoints.production import approved, missing
from fhirpath_spine.entrypoints.settings import Settings
from fhirpath_spine.errors import PatientMismatch, SettingsError, StoreAway, TooMany
from fhirpath_spine.exchange.feedback import Item
from fhirpath_spine.service import Client
from tests.entrypoints.test_serve import PATIENCE, discovered, free_port, start
from tests.kit import decisions as make
from tests.kit.content import shipped

ISSUER = "https://ehr.example.org/fhir"
PUBLIC = "http://127.0.0.1:8000"
URL = "/cds-services/spine-patient-view"
SIGNER = Signer.generated(ISSUER)
CLIENTS = f"""\
clients:
  - id: general-hospital
    issuer: {ISSUER}
    jwks: {{file: keys.json}}
    fhir_servers: [{ISSUER}]
"""


# ------------------------------------------------------------------ the door


class Memory:
    """A store that keeps all in this process, or is away."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.items: list[tuple[str, Item]] = []
        self.away = False

    async def first(self, issuer: str, jti: str, until: float) -> bool:
        del issuer, until
        if self.away:
            raise StoreAway("The store cannot be reached now.")
        known = jti in self.seen
        self.seen.add(jti)
        return not known

    async def feedback(self, client: str, items: Any) -> None:
        self.items += [(client, item) for item in items]

    async def is_there(self) -> bool:
        return not self.away


@pytest.fixture
def store() -> Memory:
    return Memory()


@pytest.fixture
def guarded(application: Callable[..., FastAPI], store: Memory, tmp_path: Path) -> Callable[..., TestClient]:
    """A client of an application with a door, whose judgement is given."""
    (tmp_path / "keys.json").write_text(json.dumps(public_keys(SIGNER)), encoding="utf-8")

    def build(answer: Any = None, calls: int = 50, **changes: Any) -> TestClient:
        keys = Keys("a", from_file(tmp_path / "keys.json"))
        door = Door(
            [Trusted(Client(id="a", calls=calls), Terms(ISSUER), keys)], PUBLIC, store, lambda: datetime.now(UTC)
        )
        return TestClient(application(answer or make.decision(), door=door, store=store, **changes))

    return build


def signed(url: str = URL, **wrong: str) -> dict[str, str]:
    return {"authorization": f"Bearer {SIGNER.token(PUBLIC + url, **wrong)}"}


def test_a_signed_call_is_answered_and_a_second_use_is_not(guarded: Any, body: Any) -> None:
    client, headers = guarded(), signed()
    assert client.post(URL, json=body(), headers=headers).status_code == 200
    assert client.post(URL, json=body(), headers=headers).status_code == 401


def test_the_refusal_has_the_same_bytes_for_every_cause_and_path(settings: Settings, body: Any) -> None:
    content = with_approvals(shipped())
    plan = f"/fhir/PlanDefinition/{content.library.pathways[0].id}/$apply"
    ways = [{}, *(signed(wrong=way) for way in ("expired", "audience", "kid", "signature", "symmetric", "none"))]
    with TestClient(build(settings, content)) as client:
        answers = [client.post(path, json=body(), headers=w) for path in (URL, f"{URL}/feedback", plan) for w in ways]
        answers += [client.get(plan, params={"subject": "Patient/1"}), client.post(f"{plan}?x=1", content=b"x")]
    assert {a.status_code for a in answers} == {401}
    assert len({a.content for a in answers}) == 1
    assert {a.headers["www-authenticate"] for a in answers} == {"Bearer"}
    (issue,) = answers[0].json()["issue"]
    assert issue["code"] == "login"
    assert "diagnostics" not in issue


def test_nothing_of_a_body_is_read_before_its_caller_is_known(guarded: Any) -> None:
    def endless() -> Iterator[bytes]:
        yield b"{"
        raise AssertionError("the body was read")

    for path in (URL, f"{URL}/feedback"):
        answer = guarded().post(path, content=endless(), headers={"content-type": "text/plain"})
        assert answer.status_code == 401


def test_discovery_and_health_ask_for_no_token(guarded: Any) -> None:
    client = guarded()
    for path in ("/cds-services", "/livez", "/readyz", "/fhir/metadata"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/cds-services", URL, f"{URL}/feedback"])
def test_the_question_that_a_browser_asks_before_a_call_needs_no_token(guarded: Any, path: str) -> None:
    names = {"origin": SANDBOX, "access-control-request-method": "POST"}
    answer = guarded().options(path, headers={**names, "access-control-request-headers": "authorization"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, SANDBOX)


def test_a_412_says_its_reason_to_who_signed(guarded: Any, body: Any) -> None:
    answer = guarded(PatientMismatch("Another patient.")).post(URL, json=body(), headers=signed())
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (412, "conflict")


def test_while_replays_cannot_be_told_no_call_is_answered(guarded: Any, body: Any, store: Memory) -> None:
    store.away = True
    answer = guarded().post(URL, json=body(), headers=signed())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert guarded().get("/readyz").json()["status"] == "degraded"


def test_a_caller_that_names_anothers_server_stays_itself(guarded: Any, body: Any, caplog: Any) -> None:
    with caplog.at_level(logging.INFO):
        guarded().post(URL, json=body(fhirServer="https://other.example.org"), headers=signed())
    (record,) = [json.loads(r.getMessage()) for r in caplog.records if r.name == "fhirpath_spine.calls"]
    assert record["client"] == "a"
    assert {"patient", "issued"}.isdisjoint(record)


def test_feedback_is_kept_for_who_signed_and_answered_without_words(guarded: Any, store: Memory) -> None:
    item = {"card": "c1", "outcome": "accepted", "outcomeTimestamp": "2026-06-15T10:00:00Z"}
    answer = guarded().post(f"{URL}/feedback", json={"feedback": [item]}, headers=signed(f"{URL}/feedback"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert store.items == [("a", Item("c1", "", "accepted", "2026-06-15T10:00:00Z"))]


def test_a_client_has_so_many_calls_at_once_and_gets_its_places_back(guarded: Any, body: Any) -> None:
    async def story() -> list[int]:
        hold = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield b" "
            await hold.wait()
            yield json.dumps(body()).encode()

        def headers() -> dict[str, str]:
            return {**signed(), "content-type": "application/json"}

        transport = httpx2.ASGITransport(guarded().app)
        async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC) as http:
            tasks = [asyncio.create_task(http.post(URL, content=slow(), headers=headers())) for _ in range(EACH + 1)]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)  # the one that found no place
            hold.set()
            found = [(await task).status_code for task in tasks]
            return [*found, (await http.post(URL, json=body(), headers=headers())).status_code]

    *together, after = asyncio.run(story())
    assert sorted(together) == [200] * EACH + [429]
    assert after == 200


class Emptied:
    """A port of rates: whose bucket is empty, however long the calls before took."""

    def take(self, client: Client) -> None:
        raise TooMany(f"{client.id} makes more calls a second than it may.", hint="Later.", again=1)


def test_a_client_that_calls_too_often_is_told_when_to_come_again(guarded: Any, body: Any) -> None:
    refused = guarded(rates=Emptied(), calls=1).post(URL, json=body(), headers=signed())
    assert (refused.status_code, refused.headers["retry-after"], refused.json()["issue"][0]["code"]) == (
        429,
        "1",
        "throttled",
    )


def test_a_client_that_calls_too_often_takes_nothing_from_another() -> None:
    rates, often = Rates(), Client(id="a", calls=1)
    for _ in range(BURST):
        rates.take(often)
    assert taken_until_refused(rates, often) == 1
    rates.take(Client(id="b", calls=1))


def taken_until_refused(rates: Rates, client: Client) -> int:
    """Takes until nothing is left, however fast the bucket fills beside it; in how many seconds to come again."""
    for _ in range(1_000):
        try:
            rates.take(client)
        except TooMany as error:
            return error.again
    pytest.fail("a thousand calls at once were let through, at one a second")


# ------------------------------------------------------------------ what a start asks for


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with which production starts, once the content is approved."""
    (tmp_path / "clients.yaml").write_text(CLIENTS, encoding="utf-8")
    (tmp_path / "keys.json").write_text(json.dumps(public_keys(SIGNER)), encoding="utf-8")
    (tmp_path / "key").write_bytes(bytes(range(32)))
    return Settings(
        clients=tmp_path / "clients.yaml",
        hmac_key_file=tmp_path / "key",
        data_dir=tmp_path / "data",
        public_url=PUBLIC,
    )


def with_approvals(content: Content, *left_out: str) -> Content:
    signed = tuple(
        {"pathway": p.id, "digest": p.digest, "by": "Nobody", "role": "invented", "date": "2026-06-15"}
        for p in content.library.pathways
        if p.id not in left_out
    )
    return replace(content, site=replace(content.site, approvals=signed))


def test_everything_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        build(Settings(clock=make.AT), shipped())
    text = str(refused.value)
    for name in ("CLIENTS", "HMAC_KEY_FILE", "DATA_DIR", "PUBLIC_URL", "CLOCK", "SITE"):
        assert f"SPINE_{name}" in text


def test_nothing_is_missing_where_all_is_there(settings: Settings) -> None:
    assert settings.clients is not None
    assert missing(settings, load_clients(settings.clients), with_approvals(shipped())) == []


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("    jwks: {file: keys.json}\n", "", "issuer and its keys"),
        ("{file: keys.json}", "{url: 'http://ehr.example.org/jwks'}", "without TLS"),
        (f"    issuer: {ISSUER}\n", "    issuer: https://sandbox.cds-hooks.org\n", "private key is public"),
        (
            "clients:\n",
            f"clients:\n  - {{id: b, issuer: '{ISSUER}', jwks: {{file: keys.json}}}}\n",
            "do not tell them apart",
        ),
    ],
)
def test_an_entry_that_cannot_be_trusted_is_named(settings: Settings, old: str, new: str, word: str) -> None:
    assert settings.clients is not None
    settings.clients.write_text(CLIENTS.replace(old, new), encoding="utf-8")
    assert word in " ".join(missing(settings, load_clients(settings.clients), None))


def test_an_address_without_tls_is_for_this_machine_alone(settings: Settings) -> None:
    (reason,) = missing(replace(settings, public_url="http://cds.example.org"), None, None)
    assert "without TLS" in reason


def test_only_approved_pathways_are_loaded_and_they_are_drafts_no_more() -> None:
    gate = shipped().library.policy.gate
    assert gate is not None
    first, second = [p.id for p in shipped().library.pathways if p.id != gate.pathway][:2]
    content = with_approvals(shipped(), first, second)
    kept, dropped = approved(content)
    assert sorted(dropped) == sorted([first, second])
    assert {p.status for p in kept.library.pathways} == {"active"}
    assert kept.library.pathway(first) is None
    assert kept.library.digest != content.library.digest
    assert kept.wording.library is kept.library


def test_an_approval_of_other_bytes_is_none() -> None:
    content = with_approvals(shipped())
    entry, *rest = content.site.approvals
    stale = replace(content, site=replace(content.site, approvals=({**entry, "digest": "0" * 64}, *rest)))
    assert approved(stale)[1] == [entry["pathway"]]


def test_nothing_starts_without_the_emergency_gate(settings: Settings) -> None:
    gate = shipped().library.policy.gate
    assert gate is not None
    (reason,) = missing(settings, None, with_approvals(shipped(), gate.pathway))
    assert gate.pathway in reason


def test_a_start_names_what_it_does_not_load(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    gate = shipped().library.policy.gate
    assert gate is not None
    left_out = next(p.id for p in shipped().library.pathways if p.id != gate.pathway)
    with TestClient(build(settings, with_approvals(shipped(), left_out))) as client:
        ready = client.get("/readyz").json()
        kept = client.get("/fhir/PlanDefinition").json()
        assert client.get("/readyz", headers={"origin": "http://localhost:3000"}).headers.get("vary") is None
    assert any(left_out in r.getMessage() for r in caplog.records if r.levelno == logging.WARNING)
    assert left_out not in " ".join(ready["pathways"])
    assert all("active" in p for p in ready["pathways"])
    assert kept["total"] == len(ready["pathways"])


def test_a_whole_start_answers_who_signed_and_survives_a_restart_with_its_memory(settings: Settings, body: Any) -> None:
    content, headers = with_approvals(shipped()), signed()
    with TestClient(build(settings, content)) as client:
        first = client.post(URL, json=body(), headers=headers)
    with TestClient(build(settings, content)) as client:
        again = client.post(URL, json=body(), headers=headers)
    assert (first.status_code, again.status_code) == (200, 401)


def test_a_process_serves_and_leaves_with_0(settings: Settings, tmp_path: Path, body: Any) -> None:
    approvals = with_approvals(shipped()).site.approvals
    (tmp_path / "site.yaml").write_text(f"timezone: UTC\napprovals: {json.dumps(list(approvals))}\n", encoding="utf-8")
    port = free_port()
    process = start(
        port,
        SPINE_CLIENTS=str(settings.clients),
        SPINE_HMAC_KEY_FILE=str(settings.hmac_key_file),
        SPINE_DATA_DIR=str(settings.data_dir),
        SPINE_SITE=str(tmp_path / "site.yaml"),
        SPINE_PUBLIC_URL=PUBLIC,
    )
    try:
        discovered(port)
        base = f"http://127.0.0.1:{port}"
        assert httpx2.post(base + URL, json=body(), headers=signed(), timeout=PATIENCE).status_code == 200
        assert httpx2.post(base + URL, json=body(), timeout=PATIENCE).status_code == 401
        assert httpx2.get(f"{base}/readyz", timeout=PATIENCE).json()["status"] == "ok"
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (0, "")
    assert "NOT authenticated" not in err
