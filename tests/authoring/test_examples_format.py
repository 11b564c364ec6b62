"""What a case file may say, and how the runner keeps wrong cases, failing ones and errors apart."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fhirpath_spine.authoring import profiles_directory
from fhirpath_spine.authoring.cases import Outcome, Run, run
from fhirpath_spine.entrypoints.commands import app
from tests.kit import content

HEAD = """cases:
  - case: Night pain beside back pain
    id: night
    given:
      - back-pain: 2026-04-20
      - night-pain: yes, 2026-06-14
    expect: {states: {PW-SUSPECT: WORKUP}, recommended: [R-SUS-01]}
"""


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("set") / "profiles"
    shutil.copytree(profiles_directory(), folder, ignore=shutil.ignore_patterns("cases"))
    (folder / "suspicion" / "cases").mkdir()
    return folder


def told(profiles: Path, text: str) -> Run:
    (profiles / "suspicion" / "cases" / "some.yaml").write_text(text, encoding="utf-8")
    # The profiles are the shipped ones in every test here, so they are compiled once.
    return run(profiles, lambda _: content.written())


def test_a_case_passes(profiles: Path) -> None:
    done = told(profiles, HEAD)
    assert [r.outcome for r in done.results] == [Outcome.PASS]
    assert done.diagnostics == ()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("night-pain: yes, 2026-06-14", "nite-pain: yes"),
        ("night-pain: yes, 2026-06-14", "night-pain: perhaps"),
        ("night-pain: yes, 2026-06-14", "night-pain: {value: yes, dat: today}"),
        ("expect: {states", "expects: {states"),
        ("[R-SUS-01]", "[R-SUS-99]"),
        ("PW-SUSPECT: WORKUP", "PW-SUSPEKT: WORKUP"),
        ("id: night", "base: day"),
        ("id: night", "unavailable: observations-pian"),
        ("id: night", "site: {flags: {endoscopy: true}}"),
        ("id: night", "at: yesterday"),
    ],
)
def test_what_means_nothing_is_an_error_with_its_place(profiles: Path, wrong: str, said: str) -> None:
    done = told(profiles, HEAD.replace(wrong, said))
    assert done.diagnostics
    assert all("some.yaml" in d.span.file and d.span.line > 1 for d in done.diagnostics)
    assert Outcome.PASS not in {r.outcome for r in done.results}


def test_a_likeness_is_named(profiles: Path) -> None:
    done = told(profiles, HEAD.replace("night-pain: yes, 2026-06-14", "nite-pain: yes"))
    assert "Did you mean 'night-pain'?" in str(done.diagnostics[0])


def test_a_wrong_expectation_fails_and_says_why(profiles: Path) -> None:
    done = told(profiles, HEAD.replace("recommended: [R-SUS-01]", "blocked: [R-SUS-01]"))
    assert done.results[0].outcome is Outcome.FAIL
    assert "R-SUS-01 should be blocked, and is recommended" in done.results[0].problems[0]


def test_words_that_do_not_stand_there_fail(profiles: Path) -> None:
    done = told(profiles, HEAD.replace("[R-SUS-01]", "[R-SUS-01: words that nobody wrote]"))
    assert done.results[0].outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("cited", "said"),
    [
        ("cites: {R-SUS-01: [P2, P6]}, cites-not: {R-EMG-03: E3}", "R-EMG-03 is not shown, so it cites nothing"),
        ("cites-not: {R-SUS-01: P6}", "R-SUS-01 should not cite P6, and cites P2, P6"),
        ("cites: {R-SUS-02: P8}, cites-not: {R-SUS-02: [P12]}", "R-SUS-02 should not cite P12"),
    ],
)
def test_a_claim_that_is_cited_and_should_not_be_fails(profiles: Path, cited: str, said: str) -> None:
    (problem,) = told(profiles, HEAD.replace("recommended: [R-SUS-01]", cited)).results[0].problems
    assert said in problem


def test_a_claim_that_should_be_cited_and_is_not_fails(profiles: Path) -> None:
    loss = HEAD.replace("back-pain: 2026-04-20", "neurogenic-malignant: T8").replace(
        "night-pain: yes, 2026-06-14", "paresis: today"
    )
    cited = loss.replace("states: {PW-SUSPECT: WORKUP}, recommended: [R-SUS-01]", "cites: {R-EMG-03: [B20, E3]}")
    (problem,) = told(profiles, cited).results[0].problems
    assert "R-EMG-03 should cite E3, and cites B20" in problem


def test_a_state_that_is_left_out_fails(profiles: Path) -> None:
    done = told(profiles, HEAD.replace("{PW-SUSPECT: WORKUP}", "{}"))
    assert done.results[0].outcome is Outcome.FAIL


def test_a_case_that_is_listed_as_failing_does_not_fail_until_it_passes(profiles: Path) -> None:
    listed = HEAD.replace("recommended: [R-SUS-01]}", "blocked: [R-SUS-01]}\n    fails: a finding")
    assert told(profiles, listed).results[0].outcome is Outcome.KNOWN
    assert told(profiles, listed.replace("blocked", "recommended")).results[0].outcome is Outcome.FAIL


def test_a_case_inherits_and_leaves_out(profiles: Path) -> None:
    derived = HEAD + "  - case: No night pain\n    base: night\n    without: night-pain\n    expect: {silent: true}\n"
    done = told(profiles, derived)
    assert [r.outcome for r in done.results] == [Outcome.PASS, Outcome.PASS]
    assert done.results[1].story.only_without


def test_a_resource_of_fhir_may_stand_for_a_short_line(profiles: Path) -> None:
    resource = (
        "resource: {resourceType: Observation, status: final, effectiveDateTime: '2026-06-14', valueBoolean: true, "
        "code: {coding: [{system: 'urn:fhirpath-spine:cs:local', code: night-pain}]}}"
    )
    done = told(profiles, HEAD.replace("night-pain: yes, 2026-06-14", resource))
    assert [r.outcome for r in done.results] == [Outcome.PASS]


@pytest.mark.parametrize(("text", "code"), [(HEAD, 0), (HEAD.replace("[R-SUS-01]", "[R-SUS-05]"), 1), ("cases: 1", 2)])
def test_the_command_ends_with_what_it_found(profiles: Path, text: str, code: int) -> None:
    (profiles / "suspicion" / "cases" / "some.yaml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["test", str(profiles)])
    assert result.exit_code == code


def test_the_results_as_json_and_junit(profiles: Path) -> None:
    (profiles / "suspicion" / "cases" / "some.yaml").write_text(HEAD, encoding="utf-8")
    result = CliRunner().invoke(app, ["test", str(profiles), "--coverage", "--format", "json"])
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert found["counts"]["pass"] == 1
    assert not found["coverage"]["complete"]
    junit = CliRunner().invoke(app, ["test", str(profiles), "--format", "junit"])
    assert junit.exit_code == 0
    assert '<testcase classname="' in junit.stdout
