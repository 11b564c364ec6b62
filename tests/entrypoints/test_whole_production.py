"""The whole of production, as it is wired: what it judges is what development judges, nothing of a patient is kept or told, and
its memory stays what it is.

The service is the one that ``serve`` builds, its clock the machine's; so the dates of invented patients are moved to today.
It is long because one service of production, which is slow to start, is asked all of it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from starlette.testclient import TestClient

from fhirpath_spine.adapters.callers import Signer, public_keys
from fhirpath_spine.entrypoints.content import Content
from fhirpath_spine.entrypoints.http import build, in_force
from fhirpath_spine.entrypoints.settings import Settings
from fhirpath_spine.exchange import EXTENSION
from fhirpath_spine.exchange.ehr_side import shift_dates
from tests.clinical.clinical_kit import CASES, LOSSES, bundle, day, expected, patient_of, prefetch, score
from tests.clinical.retellings import TELLINGS
from tests.entrypoints.test_production import ISSUER, PUBLIC, URL, with_approvals
from tests.entrypoints.test_serve import PATIENCE, free_port
from tests.kit.content import library, site, wording

SIGNER = Signer.generated(ISSUER)
WRITTEN_FOR = date(2026, 6, 15)
SHARED = Path(__file__).parents[3] / "shared"
CHARTS = sorted((SHARED / "charts").glob("chart-*.json"))
INPUTS = sorted([*(SHARED / "field").glob("*-*.json"), *(SHARED / "hostile").glob("*-*.json")])
CANARY = "canary4711"
CALLS = int(os.environ.get("SPINE_TEST_CALLS", "10000"))
"""Calls over which memory is watched; 100,000 by command."""


def settings_in(folder: Path, entry: str = "") -> Settings:
    """Settings of a service with one client, which takes all that a card can carry."""
    (folder / "keys.json").write_text(json.dumps(public_keys(SIGNER)), encoding="utf-8")
    (folder / "key").write_bytes(secrets.token_bytes(32))
    (folder / "clients.yaml").write_text(
        f"clients:\n  - id: hospital\n    issuer: {ISSUER}\n    jwks: {{file: keys.json}}\n"
        f"    extension: true\n    cards: {{actions: [CarePlan, ServiceRequest]}}\n    limits: {{calls: 100000}}\n{entry}",
        encoding="utf-8",
    )
    return Settings(
        clients=folder / "clients.yaml",
        hmac_key_file=folder / "key",
        data_dir=folder / "data",
        public_url=PUBLIC,
        metrics_addr=f"127.0.0.1:{free_port()}",
    )


def content() -> Content:
    return with_approvals(Content(library(), site(), wording()))


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with TestClient(build(settings_in(tmp_path_factory.mktemp("prod")), content())) as client:
        yield client


@pytest.fixture(scope="module")
def development() -> Iterator[TestClient]:
    with TestClient(build(Settings(mode="dev"), Content(library(), site(), wording()))) as client:
        yield client


def signed(path: str = URL) -> dict[str, str]:
    return {"authorization": f"Bearer {SIGNER.token(PUBLIC + path)}", "content-type": "application/json"}


def today() -> date:
    return datetime.now(UTC).date()


def call_of(sent: Any, patient: str) -> dict[str, Any]:
    return {
        "hook": "patient-view",
        "hookInstance": str(uuid4()),
        "context": {"userId": "Practitioner/1", "patientId": patient},
        "prefetch": sent,
    }


def of_case(case: str) -> dict[str, Any]:
    """The call that an EHR makes for a case, as if it were today."""
    chart = shift_dates(bundle(case), (today() - day(case)).days)
    return call_of(prefetch(chart, today()), patient_of(chart))


def seen(answer: httpx2.Response) -> Any:
    """What an answer says, without the ids and the decision that each call has anew."""
    if answer.status_code != 200:
        return answer.status_code
    return [
        (
            card["indicator"],
            card["summary"],
            card.get("detail"),
            {name: value for name, value in card["extension"][EXTENSION].items() if name != "decision"},
        )
        for card in answer.json()["cards"]
    ]


def shown(answer: httpx2.Response, status: str) -> set[str]:
    verdicts = [v for card in answer.json()["cards"] for v in card["extension"][EXTENSION].get("verdicts", ())]
    return {verdict["id"] for verdict in verdicts if verdict["status"] == status}


@pytest.mark.thorough
@pytest.mark.parametrize("case", CASES)
def test_a_case_holds_in_production(case: str, production: TestClient) -> None:
    answer = production.post(URL, content=json.dumps(of_case(case)), headers=signed())
    assert answer.status_code == 200
    recommended = shown(answer, "recommended")
    assert set(expected(case)["must"]) - recommended == set()
    assert set(score.ids(expected(case)["must_not"])) & recommended == set()


@pytest.mark.thorough
@pytest.mark.parametrize("loss", ["", *LOSSES])
@pytest.mark.parametrize("case", CASES)
def test_a_case_told_in_any_way_is_judged_in_production_as_in_development(
    case: str, loss: str, production: TestClient, development: TestClient
) -> None:
    call = of_case(case)
    for key in list(call["prefetch"]) if loss else [""]:
        body = json.dumps({**call, "prefetch": LOSSES[loss](call["prefetch"], key) if loss else call["prefetch"]})
        told = [
            production.post(URL, content=body, headers=signed()),
            development.post(URL, content=body, headers={"content-type": "application/json"}),
        ]
        # Drafts say so, and what is approved does not; all else is the same.
        assert seen_alike(told[0]) == seen_alike(told[1])


def seen_alike(answer: httpx2.Response) -> Any:
    found = seen(answer)
    if isinstance(found, int):
        return found
    return [
        (indicator, told.get("pathway"), told.get("state"), told.get("verdicts")) for indicator, _, _, told in found
    ]


SENT = [telling for telling in TELLINGS if telling != "as a transaction"]
"""An EHR sends what its server holds under ids."""


@cache
def plain(case: str, production: TestClient) -> Any:
    return judged_there(of_case(case), production)


def judged_there(call: dict[str, Any], production: TestClient) -> Any:
    """The verdicts of a call by lesion, in an order of their own."""
    cards = production.post(URL, content=json.dumps(call), headers=signed()).json()["cards"]
    told = [(card["indicator"], card["extension"][EXTENSION]) for card in cards]
    return sorted(
        (
            indicator,
            one.get("pathway", ""),
            (v.get("lesion") or one.get("lesion") or {}).get("key", ""),
            v["id"],
            v["status"],
        )
        for indicator, one in told
        for v in one.get("verdicts", ())
    )


@pytest.mark.thorough
@pytest.mark.parametrize("telling", SENT)
@pytest.mark.parametrize("case", CASES)
def test_a_case_retold_gets_the_same_verdicts_in_production(case: str, telling: str, production: TestClient) -> None:
    chart = TELLINGS[telling](shift_dates(bundle(case), (today() - day(case)).days))
    call = call_of(prefetch(chart, today()), patient_of(chart))
    assert judged_there(call, production) == plain(case, production)


@pytest.mark.thorough
@pytest.mark.skipif(not CHARTS, reason=f"NOT RUN: there are no charts beside {SHARED}")
@pytest.mark.parametrize("path", CHARTS, ids=lambda p: p.stem)
def test_an_ordinary_chart_is_silent_in_production(path: Path, production: TestClient) -> None:
    chart = shift_dates(json.loads(path.read_text(encoding="utf-8")), (today() - WRITTEN_FOR).days)
    answer = production.post(
        URL, content=json.dumps(call_of(prefetch(chart, today()), patient_of(chart))), headers=signed()
    )
    assert (answer.status_code, answer.json()) == (200, {"cards": []})


@pytest.mark.thorough
@pytest.mark.skipif(not INPUTS, reason=f"NOT RUN: there are no inputs beside {SHARED}")
@pytest.mark.parametrize("path", INPUTS, ids=lambda p: p.stem)
def test_an_odd_input_is_judged_in_production_as_in_development(
    path: Path, production: TestClient, development: TestClient
) -> None:
    found = shift_dates(json.loads(path.read_text(encoding="utf-8")), (today() - WRITTEN_FOR).days)
    if found.get("resourceType") == "Bundle":
        # An EHR searches a chart of resources; an entry that is none is found by no search.
        found["entry"] = [e for e in found["entry"] if isinstance(e, dict) and "resource" in e]
        found = call_of(prefetch(found, today()), patient_of(found))
    body = json.dumps(found)
    told = [
        production.post(URL, content=body, headers=signed()),
        development.post(URL, content=body, headers={"content-type": "application/json"}),
    ]
    assert seen_alike(told[0]) == seen_alike(told[1])


# ------------------------------------------------------------------ nothing of a patient is kept or told


@cache
def leaky() -> list[tuple[str, dict[str, str], bytes]]:
    """Calls that are answered and refused, with a canary in whatever a caller sends."""
    good = call_of({}, CANARY)
    bodies: list[Any] = [
        good,
        {**good, "hookInstance": CANARY, "context": {**good["context"], "userId": f"Practitioner/{CANARY}"}},
        {**good, "prefetch": {"patient": {"resourceType": "Patient", "id": CANARY, "name": [{"text": CANARY}]}}},
        {**good, "prefetch": {"patient": {"resourceType": "Patient", "id": f"{CANARY}-other"}}},
        {**good, "prefetch": {"conditions": {"resourceType": "Condition", "code": {"text": CANARY}}, CANARY: CANARY}},
        {**good, "fhirServer": f"https://{CANARY}.example", "fhirAuthorization": {"access_token": CANARY}},
        {**good, "hook": CANARY},
        {CANARY: CANARY},
        [CANARY],
    ]
    feedback = {"card": str(uuid4()), "outcome": "overridden", "outcomeTimestamp": "2026-06-15T12:00:00Z"}
    comment = {
        **feedback,
        "overrideReason": {"userComment": CANARY, "reason": {"code": "x", "system": "https://a.example"}},
    }
    calls = [(URL, json.dumps(body).encode()) for body in bodies]
    calls += [(URL, f'{{"{CANARY}": {CANARY}}}'.encode()), (f"/cds-services/{CANARY}", b"{}")]
    calls += [(f"{URL}/feedback", json.dumps({"feedback": [comment, {"card": CANARY}]}).encode())]
    calls += [(f"{URL}/feedback", json.dumps({"feedback": [comment]}).encode())]
    plan = f"/fhir/PlanDefinition/{library().pathways[0].id}/$apply"
    named = {"resourceType": "Parameters", "parameter": [{"name": "subject", "valueString": f"Patient/{CANARY}"}]}
    calls += [(plan, json.dumps(named).encode())]
    return [(path, headers, body) for path, body in calls for headers in _signatures(path)]


def _signatures(path: str) -> list[dict[str, str]]:
    """A good signature, and each way to be refused; the canary stands in the token that is none."""
    ways = ("expired", "audience", "kid", "signature", "symmetric", "none")
    wrong = [{"authorization": f"Bearer {SIGNER.token(PUBLIC + path, wrong=way)}"} for way in ways]
    bad = [{"authorization": f"Bearer {CANARY}.{CANARY}.{CANARY}"}, {"authorization": f"Basic {CANARY}"}]
    return [{**one, "content-type": "application/json"} for one in (signed(path), *wrong, *bad)]


def test_a_canary_stands_in_no_log_error_metric_store_or_spool(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = settings_in(tmp_path)
    statuses = set()
    with caplog.at_level(logging.DEBUG), TestClient(build(settings, content())) as client:
        for path, headers, body in leaky():
            answer = client.post(path, content=body, headers=headers)
            statuses.add(answer.status_code)
            if answer.status_code != 200:
                assert CANARY not in answer.text
        metrics = httpx2.get(f"http://{settings.metrics_addr}/metrics", trust_env=False, timeout=PATIENCE).text
        shown_page = httpx2.get(f"http://{settings.metrics_addr}/feedback", trust_env=False, timeout=PATIENCE).text
    assert {200, 400, 401, 404, 412} <= statuses
    printed = capfd.readouterr()
    # The HTTP client of this test logs the address that it asks for; that line is not the service's.
    logged = "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith(("httpx", "httpcore")))
    tokens = [headers["authorization"].partition(" ")[2] for _, headers, _ in leaky()]
    assert settings.data_dir is not None
    kept = b"".join(path.read_bytes() for path in sorted(settings.data_dir.rglob("*")) if path.is_file())
    assert b"hospital" in kept
    for text in (metrics, shown_page, logged, printed.out, printed.err):
        assert CANARY not in text
        assert [token for token in tokens if token in text] == []
    assert CANARY.encode() not in kept
    assert [token for token in tokens if token.encode() in kept] == []


# ------------------------------------------------------------------ memory


SILENT, ONE_CARD, TWO_CARDS = "C03", "C07", "C05"


def test_the_calls_that_memory_is_measured_by_are_of_three_kinds(production: TestClient) -> None:
    for case, cards in ((SILENT, 0), (ONE_CARD, 1), (TWO_CARDS, 2)):
        answer = production.post(URL, content=json.dumps(of_case(case)), headers=signed())
        assert len(answer.json()["cards"]) == cards


@pytest.mark.thorough
@pytest.mark.xdist_group("memory")
def test_memory_does_not_grow_with_calls(tmp_path: Path) -> None:
    """Less than 1 MB for 10,000 calls, half of them silent, once caches are as full as they get."""
    bodies = [json.dumps(of_case(case)) for case in (SILENT, ONE_CARD, SILENT, TWO_CARDS)]
    bounds, app = gc.get_threshold(), in_force(settings_in(tmp_path), content())

    async def story() -> float:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC) as client:
            sizes = []
            for number in range(CALLS):
                answer = await client.post(URL, content=bodies[number % 4], headers=signed())
                assert answer.status_code == 200
                if number in (CALLS // 2, CALLS - 1):
                    gc.collect()
                    sizes.append(resident())
            return (sizes[1] - sizes[0]) / (CALLS / 2) * 10_000

    try:
        grown = asyncio.run(story())
    finally:
        gc.set_threshold(*bounds)
    print(f"{CALLS:,} calls: {grown / 1e6:+.2f} MB for 10,000")
    assert grown < 1_000_000


def resident() -> int:
    """Bytes that this process holds."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
