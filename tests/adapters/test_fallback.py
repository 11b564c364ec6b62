"""A server that does not search by code: all Observations of the patient are read once, and filtered here (fault R06)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fhirpath_spine.exchange.incoming import Servers
from fhirpath_spine.exchange.outgoing import document
from fhirpath_spine.service import Client
from tests.adapters.fault_kit import CANARY, CHART, PATIENT, always, call, call_waiting, watch, well
from tests.adapters.stub_ehr import Answer, Asked, Fault, Stub, from_bundle, of_json, outcome
from tests.adapters.whole_service import Json, Setup, incomplete_card, refusal, snapshot, why

GROUPS = [key for key in snapshot().templates if key.startswith("observations-")]
UNCODED: Json = {
    "resourceType": "Observation",
    "id": "uncoded",
    "status": "final",
    "code": {"text": CANARY},
    "subject": {"reference": f"Patient/{PATIENT}"},
}
"""One that no search by code gives out, and that would be counted if it were judged."""


@pytest.fixture(autouse=True)
def _nothing_leaks(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield from watch(caplog, capfd)


def by_patient(asked: Asked) -> bool:
    return asked.kind == "Observation" and "code=" not in asked.target


def refusing(status: int = 400, whole: Fault = lambda _: None, **changes: int) -> Stub:
    """A server that refuses every search by code; ``whole`` is what it makes of the search by patient."""
    stub = from_bundle(CHART, **changes)
    stub.resources.append(UNCODED)
    refused = of_json(outcome(text=CANARY), status)
    stub.faults["Observation"] = lambda asked: whole(asked) if by_patient(asked) else refused
    return stub


def said(setup: Setup) -> Json:
    return document(setup.decisions[-1], snapshot().wording)


@pytest.mark.parametrize("status", [400, 404, 414, 422])
def test_the_judgement_is_that_of_searches_by_code(status: int) -> None:
    stub = refusing(status)
    response, setup = call(stub)
    assert setup.unread == {}
    searched, other = well()
    assert response.content == searched.content
    assert said(setup) == said(other)
    # Seven were refused; the eighth gave what all seven need.
    assert len(GROUPS) == 7
    assert sorted(by_patient(a) for a in stub.asked if a.kind == "Observation") == [False] * 7 + [True]


def test_it_counts_only_if_it_was_read_to_its_end() -> None:
    client = Client(servers=Servers(loopback=True), pages=5)
    stub = refusing(page_size=3)
    observations = sum(r["resourceType"] == "Observation" for r in stub.resources)
    response, setup = call(stub, client=client)
    assert observations > 15
    assert setup.unread == dict.fromkeys(GROUPS, "truncated")
    assert why("truncated") in incomplete_card(response)["detail"]
    assert len([a for a in stub.asked if a.kind == "page"]) == 4 + pages_of(stub, "Condition", 3)


def pages_of(stub: Stub, kind: str, size: int) -> int:
    """How many further pages a type has."""
    return (sum(r["resourceType"] == kind for r in stub.resources) - 1) // size


def test_what_is_filtered_out_counts_among_the_resources_of_the_call() -> None:
    stub = refusing()
    many = [{**UNCODED, "id": f"u{n}"} for n in range(100)]
    stub.resources += many
    client = Client(servers=Servers(loopback=True), resources=90)
    _, setup = call(stub, client=client)
    assert set(GROUPS) <= {key for key, reason in setup.unread.items() if reason == "truncated"}


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (of_json(outcome(text=CANARY), 400), "query-refused"),
        (of_json(outcome(text=CANARY), 403), "not-permitted"),
        (of_json(outcome(text=CANARY), 404), "not-found"),
        (of_json(outcome(text=CANARY)), "outcome"),
    ],
    ids=["400", "403", "404", "an error"],
)
def test_where_that_fails_too_the_keys_are_unread_and_nothing_is_asked_a_third_time(
    answer: Answer, detail: str
) -> None:
    stub = refusing(whole=always(answer))
    response, setup, seconds = call_waiting(stub)
    assert setup.unread == dict.fromkeys(GROUPS, detail)
    assert why(detail) in incomplete_card(response)["detail"]
    assert sum(a.kind == "Observation" for a in stub.asked) == len(GROUPS) + 1
    assert seconds == 0


def test_it_ends_with_the_deadline_of_the_call() -> None:
    stub = refusing(whole=always(Answer(200, b"{}", delay=30)))
    response, setup, seconds = call_waiting(stub, seconds=1.0)
    assert setup.unread == dict.fromkeys(GROUPS, "timed-out")
    assert why("timed-out") in incomplete_card(response)["detail"]
    assert 0.9 < seconds <= 1.0


@pytest.mark.parametrize("wanted", [True, False], ids=["that is used", "that is filtered out"])
def test_a_resource_of_another_patient_refuses_the_call(wanted: bool) -> None:
    stub = refusing()
    tumour = next(r for r in stub.resources if r["resourceType"] == "Observation")
    foreign = {**(tumour if wanted else UNCODED), "id": "foreign", "subject": {"reference": f"Patient/{CANARY}"}}
    whole = {"resourceType": "Bundle", "entry": [{"resource": foreign}]}
    stub.faults["Observation"] = lambda asked: of_json(
        whole if by_patient(asked) else outcome(), 200 if by_patient(asked) else 400
    )
    response, setup = call(stub)
    assert "another patient" in refusal(response)
    assert setup.records[-1].outcome == "patient-mismatch"


def test_one_group_that_is_refused_leaves_the_others_as_they_were_found() -> None:
    stub = from_bundle(CHART)
    answers = iter([of_json(outcome(), 400)])
    stub.faults["Observation"] = lambda asked: None if by_patient(asked) else next(answers, None)
    response, setup = call(stub)
    assert setup.unread == {}
    assert response.content == well()[0].content
    assert sum(by_patient(a) for a in stub.asked) == 1


def test_a_type_that_is_asked_for_whole_is_asked_once() -> None:
    stub = from_bundle(CHART)
    stub.faults["Procedure"] = always(Answer(400))
    _, setup = call(stub)
    assert setup.unread == {"procedures": "query-refused"}
    assert sum(a.kind == "Procedure" for a in stub.asked) == 1


def test_a_later_page_that_is_refused_is_not_made_up_for() -> None:
    """What was read of the search is kept, and known to be a part."""
    stub = from_bundle(CHART, page_size=1)
    stub.faults["page"] = lambda asked: Answer(400) if "_getpages=Observation-" in asked.target else None
    _, setup = call(stub)
    assert set(setup.unread.values()) == {"query-refused"}
    assert not any(by_patient(a) for a in stub.asked)
