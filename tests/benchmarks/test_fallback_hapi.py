"""The benchmark on a FHIR server: what it compares has to be able to differ, and it leaves nothing behind.

Its times are of no interest here; a stub stands for HAPI.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import fallback_hapi as bench
from tests.entrypoints.fhir_stub import FhirStub, Reply, of_bundle, serving
from tests.kit import content

ROOT = Path(__file__).parents[2]
TOKEN = "canary-token-4711"


@pytest.fixture
def server() -> Iterator[FhirStub]:
    """It holds the very patient that the benchmark takes its spinal findings from."""
    (path,) = (ROOT / "sandbox" / "patients").glob("09-*.json")
    with serving(of_bundle(json.loads(path.read_text(encoding="utf-8")), token=TOKEN)) as stub:
        yield stub


@pytest.fixture
def ran(server: FhirStub, capsys: pytest.CaptureFixture[str]) -> Callable[[], tuple[int, str]]:
    def run() -> tuple[int, str]:
        return bench.against(server.base, TOKEN, 0.01, content.library()), capsys.readouterr().out

    return run


def test_an_honest_server_gives_no_difference_and_holds_afterwards_what_it_held(ran: Any, server: FhirStub) -> None:
    before = list(server.resources)
    different, printed = ran()
    assert different == 0
    assert server.resources == before
    for text in (
        "times HAPI's own time for the same searches at once",
        "slowest chain",
        "one after another",
        "ours, ms",
    ):
        assert text in printed
    assert "150 resources in 17 requests for 17 keys" in printed, "as shipped"
    assert "150 resources in 22 requests for 17 keys" in printed, "in pages of 20"
    assert TOKEN not in printed


def test_a_search_that_hides_a_resource_is_a_difference(
    ran: Any, server: FhirStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest, one_at_a_time = FhirStub._search, threading.Lock()

    def hiding(self: FhirStub, kind: str, query: dict[str, str]) -> Reply:
        with one_at_a_time:
            kept = self.resources
            self.resources = [r for r in kept if r["id"] != "spine-case-bench-proc-2"]
            try:
                return honest(self, kind, query)
            finally:
                self.resources = kept

    monkeypatch.setattr(FhirStub, "_search", hiding)
    different, printed = ran()
    assert different > 0
    assert "DIFFERENT" in printed


def test_a_page_that_only_the_service_is_refused_is_a_difference(
    ran: Any, server: FhirStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest, seen = FhirStub.reply, set()

    def once(self: FhirStub, target: str, authorization: str) -> Reply:
        if "Condition" in target and not seen:
            seen.add(target)
            return 404, {"resourceType": "OperationOutcome"}
        return honest(self, target, authorization)

    monkeypatch.setattr(FhirStub, "reply", once)
    different, printed = ran()
    assert different > 0
    assert "conditions: the service found 0 resources" in printed


def test_requests_are_compared_key_by_key() -> None:
    ids = {"conditions": frozenset({"a", "b"})}
    one, two = bench.Fetched(ids, {"conditions": 1}), bench.Fetched(ids, {"conditions": 2})
    assert list(bench.differences(one, one, ids)) == []
    assert list(bench.differences(two, one, ids)) == [
        "conditions: the service made 2 requests, the plain client 1",
    ]


def test_an_answer_with_other_words_is_a_difference_and_new_ids_are_none() -> None:
    first = {"cards": [{"uuid": "6b1f7f57-4b0e-4cf5-a5b2-e1e9b2a3c4d5", "summary": "a"}]}
    again = {"cards": [{"uuid": "7b1f7f57-4b0e-4cf5-a5b2-e1e9b2a3c4d5", "summary": "a"}]}
    other = {"cards": [{"uuid": "6b1f7f57-4b0e-4cf5-a5b2-e1e9b2a3c4d5", "summary": "b"}]}
    assert list(bench._one_call(1, 1, first, again)) == []
    assert len(list(bench._one_call(1, 1, first, other))) == 1
    assert len(list(bench._one_call(2, 1, first, again))) == 1


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("1", 1), ("false", 0), ("", 0)])
def test_without_java_it_is_a_failure_in_ci_and_a_loud_skip_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    ci: str,
    code: int,
) -> None:
    monkeypatch.delenv("SPINE_SANDBOX_URL", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", ci)
    assert bench.main() == code
    printed = capsys.readouterr().out
    assert "NOT MEASURED" in printed
    assert "openjdk-17-jdk-headless" in printed


def test_a_server_that_is_not_there_is_a_failure_anywhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CI", "")
    monkeypatch.setenv("SPINE_SANDBOX_URL", "http://127.0.0.1:1/fhir")
    assert bench.main() == 1
    assert "Nothing answers for the FHIR server at http://127.0.0.1:1/fhir" in capsys.readouterr().out
