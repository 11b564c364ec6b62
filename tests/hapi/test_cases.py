"""The cases, loaded into a real server and called without prefetch, are judged by their own judge without a fail."""

from __future__ import annotations

import json

import pytest

from fhirpath_spine.exchange import EXTENSION
from tests.hapi.hospital import CASES, CLINICAL, ChartFile, Json, Server, Service, score
from tests.hapi.relay import Relay

FIRST = {"C01", "C03", "C05", "C09", "C11", "C13", "C15", "C17", "C29", "C31", "C33", "C35", "C37"}
"""The thirteen cases of the first issue."""


def read(answer: Json) -> Json:
    """What the judge reads from an answer over HTTP."""
    heads = [c["extension"][EXTENSION] for c in answer["cards"]]
    entries = [{"id": h["pathway"], "state": h.get("state")} for h in heads if "pathway" in h]
    return {
        "pathways": entries,
        "verdicts": [v for h in heads for v in h.get("verdicts", [])],
        "cards": answer["cards"],
    }


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_a_case_called_without_prefetch_scores_without_a_fail(
    case: ChartFile, hapi: Server, service: Service, relay: Relay
) -> None:
    relay.page = 5
    answer = service.call(case.patient, relay.base, hapi.token)
    assert answer.status_code == 200, answer.json()
    expected = json.loads((CLINICAL / "expected" / f"{case.name}.json").read_bytes())
    assert score.judge(expected, read(answer.json()), "fair")["fails"] == []


def test_the_thirteen_are_among_them() -> None:
    assert {c.name for c in CASES} >= FIRST
    assert len(CASES) == 20


def test_the_judge_can_fail(hapi: Server, service: Service) -> None:
    """The same loop with the answer for another patient: if that scored as well, it would show nothing."""
    answer = service.call("spine-case-c03", hapi.base, hapi.token, service.prefetch(CASES[1])).json()
    expected = json.loads((CLINICAL / "expected" / "C01.json").read_bytes())
    assert score.judge(expected, read(answer), "fair")["fails"] != []
