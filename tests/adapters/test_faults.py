"""Every fault of a FHIR server, over a real socket: the right answer, the reason named, the other needs unaffected.

Two ways to ask of each fault: where one need fails, the others are judged and one card names it; where everything fails, the
scope cannot be decided and the call is refused. No answer and no log holds a token, a patient's id, or what a server said.
"""

from __future__ import annotations

import gzip
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from fhirpath_spine.pathway.decision import Status
from tests.adapters.fault_kit import (
    CANARY,
    CHART,
    KEY,
    NEED,
    PART,
    PATIENT,
    WHOLE,
    always,
    bundle,
    call,
    call_waiting,
    drug,
    once,
    watch,
    well,
    with_fault,
)
from tests.adapters.stub_ehr import FHIR, Answer, Stub, from_bundle, of_json, outcome
from tests.adapters.whole_service import TOKEN, Json, Setup, incomplete_card, refusal, snapshot, why


@pytest.fixture(autouse=True)
def _nothing_leaks(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield from watch(caplog, capfd)


KEYS = len(snapshot().templates)
LOGIN = b"<!doctype html><title>Log in</title>" + CANARY.encode()
HTML = {"Content-Type": "text/html"}
ELSEWHERE = {**FHIR, "Location": f"http://canary.example.org/{CANARY}"}
PLAINLY: dict[str, tuple[Answer, str]] = {
    "401": (of_json(outcome(text=CANARY), 401), "not-permitted"),
    "403": (of_json(outcome(text=CANARY), 403), "not-permitted"),
    "404": (of_json(outcome(text=CANARY), 404), "not-found"),
    "410": (Answer(410), "not-found"),
    "400": (of_json(outcome(text=CANARY), 400), "query-refused"),
    "500": (of_json(outcome(text=CANARY), 500), "upstream-error"),
    "503 with HTML": (Answer(503, LOGIN, HTML), "upstream-error"),
    "501": (Answer(501), "upstream-error"),
    "429 for an hour": (of_json(outcome(), 429, headers={**FHIR, "Retry-After": "3600"}), "throttled"),
    "301": (Answer(301, b"", ELSEWHERE), "redirect-refused"),
    "307": (Answer(307, b"", ELSEWHERE), "redirect-refused"),
    "204": (Answer(204), "not-json"),
    "HTML in a 200": (Answer(200, LOGIN, HTML), "not-json"),
    "HTML that says it is JSON": (Answer(200, LOGIN), "not-json"),
    "JSON that says it is HTML": (Answer(200, WHOLE, HTML), "not-json"),
    "no body": (Answer(200, b""), "not-json"),
    "truncated JSON": (Answer(200, WHOLE[:-20]), "not-json"),
    "NaN": (Answer(200, b'{"resourceType": "Bundle", "total": NaN}'), "not-json"),
    "UTF-16": (Answer(200, WHOLE.decode().encode("utf-16")), "not-json"),
    "100,000 deep": (Answer(200, b"[" * 100_000 + b"]" * 100_000), "too-large"),
    "100 deep": (Answer(200, b'{"x":' * 100 + b"1" + b"}" * 100), "too-large"),
    "an OperationOutcome in a 200": (of_json(outcome(text=CANARY)), "outcome"),
    "an OperationOutcome among the entries": (of_json(bundle(drug(1), outcome(text=CANARY))), "outcome"),
    "another type": (of_json({"resourceType": "Goal", "id": CANARY}), "shape"),
    "a list": (of_json([]), "shape"),
    "null": (of_json(None), "shape"),
    "fewer than counted": (of_json(bundle(drug(1), total=2)), "total"),
    "STU3": (Answer(200, WHOLE, {"Content-Type": "application/fhir+json; fhirVersion=3.0"}), "fhir-version"),
    "two compressions": (Answer(200, WHOLE, {**FHIR, "Content-Encoding": "identity, gzip"}), "not-json"),
    "an unknown compression": (Answer(200, WHOLE, {**FHIR, "Content-Encoding": "br"}), "not-json"),
    "a compression that was not asked for": (
        Answer(200, gzip.compress(WHOLE), {**FHIR, "Content-Encoding": "gzip"}),
        "not-json",
    ),
    "gzip that is none": (Answer(200, WHOLE, {**FHIR, "Content-Encoding": "gzip"}), "not-json"),
    "a connection cut at once": (Answer(200, WHOLE, cut=0), "connection-cut"),
    "a connection cut in the middle": (Answer(200, WHOLE, cut=50), "connection-cut"),
    "next without an address": (of_json(bundle(drug(1), next="")), "shape"),
    "next to another host": (of_json(bundle(drug(1), next=f"https://{CANARY}.example.org/2")), "next-refused"),
}


@pytest.mark.parametrize("name", PLAINLY)
def test_one_need_that_fails_is_named_and_the_others_are_judged(name: str) -> None:
    answer, detail = PLAINLY[name]
    stub = with_fault(always(answer))
    response, setup = call(stub)
    assert setup.unread == {KEY: detail}
    assert f"Could not be read: {PART} ({why(detail)})" in incomplete_card(response)["detail"].replace("\\", "")
    assert len(stub.asked) <= KEYS + 1
    # Nothing is recommended that the whole chart would not recommend.
    undisturbed, other = well()
    assert undisturbed.status_code == 200
    assert recommended(setup) <= recommended(other)


def recommended(setup: Setup) -> set[tuple[str, str]]:
    verdicts = setup.decisions[-1].verdicts
    return {(v.id, v.lesion.key if v.lesion else "") for v in verdicts if v.status is Status.RECOMMENDED}


@pytest.mark.parametrize("name", PLAINLY)
def test_where_everything_fails_the_call_is_refused_with_the_reason(name: str) -> None:
    answer, detail = PLAINLY[name]
    stub = with_fault(always(answer), everywhere=True)
    response, setup = call(stub)
    assert f"conditions ({detail})" in refusal(response)
    assert setup.unread["conditions"] == setup.unread["observations-pain"] == detail
    assert len(stub.asked) <= 2 * KEYS


@pytest.mark.parametrize("name", PLAINLY)
def test_what_fails_at_once_is_waited_for_once_and_for_a_moment(name: str) -> None:
    """Not over a socket: there is nothing else that takes time."""
    answer, _ = PLAINLY[name]
    assert call_waiting(with_fault(always(answer), everywhere=True))[2] <= 0.2


def test_a_site_may_have_a_card_that_names_the_reasons() -> None:
    stub = with_fault(always(Answer(403)), everywhere=True)
    response, _ = call(stub, on_unavailable="card")
    (card,) = response.json()["cards"]
    assert "diagnoses" in card["detail"]
    assert why("not-permitted") in card["detail"]


# ------------------------------------------------------------------ what may pass is tried once more


@pytest.mark.parametrize(
    "first",
    [
        Answer(500),
        Answer(502),
        Answer(503, headers={"Retry-After": "0"}),
        Answer(429, headers={"Retry-After": "1"}),
        Answer(429, headers={"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)}),
        Answer(429, headers={"Retry-After": "soon"}),
        Answer(200, WHOLE, cut=0),
    ],
    ids=["500", "502", "503", "429 seconds", "429 date", "429 odd", "cut"],
)
def test_what_may_pass_is_asked_once_more_and_then_counts(first: Answer) -> None:
    stub = with_fault(once(first))
    _, setup = call(stub)
    assert setup.unread == {}
    assert sum(a.kind == NEED for a in stub.asked) == 2


def test_what_fails_twice_is_not_asked_a_third_time() -> None:
    stub = with_fault(always(Answer(500)))
    call(stub)
    assert sum(a.kind == NEED for a in stub.asked) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_will_not_change_is_asked_once(status: int) -> None:
    stub = with_fault(always(Answer(status)))
    call(stub)
    assert sum(a.kind == NEED for a in stub.asked) == 1


# ------------------------------------------------------------------ another patient


@pytest.mark.parametrize("resource", [drug(1, CANARY), {**drug(1, CANARY), "resourceType": "Goal"}])
def test_a_resource_of_another_patient_refuses_the_whole_call(resource: Json) -> None:
    response, setup = call(with_fault(always(of_json(bundle(resource)))))
    assert "another patient" in refusal(response)
    assert setup.records[-1].outcome == "patient-mismatch"
    assert "cards" not in response.json()


def test_another_patient_than_was_asked_for_refuses_the_whole_call() -> None:
    stub = from_bundle(CHART)
    stub.faults["Patient"] = always(of_json({"resourceType": "Patient", "id": CANARY}))
    response, _ = call(stub)
    assert "Patient" in refusal(response)


@pytest.mark.parametrize("status", [404, 410])
def test_a_patient_that_the_server_does_not_have_is_refused_with_what_to_do(status: int) -> None:
    """All searches of such a patient come back complete and empty, which is no statement about anybody."""
    stub = Stub([])
    stub.faults["Patient"] = always(of_json(outcome(text=CANARY), status))
    response, setup = call(stub)
    assert "no such Patient" in refusal(response)
    assert "merged or deleted" in refusal(response)
    assert response.json()["issue"][0]["code"] == "not-found"
    assert setup.records[-1].outcome == "patient-unknown"
    assert setup.decisions == []


def test_a_patient_without_any_data_is_known_and_gets_no_card() -> None:
    response, setup = call(Stub([{"resourceType": "Patient", "id": PATIENT}]))
    assert response.json() == {"cards": []}
    assert setup.unread == {}


def test_a_token_of_another_patient_is_not_used() -> None:
    stub = from_bundle(CHART)
    access = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300, "patient": CANARY}
    response, _ = call(stub, body={"fhirAuthorization": access})
    assert refusal(response)
    assert stub.asked == []
    logging.getLogger("fhirpath_spine.calls").info('{"event":"call"}')
