"""The command line with the profiles that ship: results on stdout, talk on stderr, exit codes that mean something."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from functools import cache
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from fhirpath_spine import authoring
from fhirpath_spine.entrypoints import cli
from fhirpath_spine.pathway.model import Library, Site

AT = "2026-06-15"
PATIENT = {"resourceType": "Patient", "id": "demo-1", "birthDate": "1960-05-01", "gender": "female"}
BACK_PAIN = {
    "resourceType": "Condition",
    "id": "pain-1",
    "clinicalStatus": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
    },
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "161891005"}]},
    "subject": {"reference": "urn:uuid:patient"},
    "onsetDateTime": "2026-06-10",
}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [n for n in os.environ if n.startswith("SPINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")


@cache
def shipped() -> Library:
    """The profiles that ship, compiled once for all tests of this file."""
    return authoring.load(authoring.profiles_directory(), Site())


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares a test that is not about loading the time to load."""
    library = shipped()
    monkeypatch.setattr(authoring, "load", lambda *_: library)


class Ran:
    """What one command printed, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def command(*words: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["fhirpath-spine", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        printed = capsys.readouterr()
        code = left.value.code
        return Ran(code if isinstance(code, int) else 0, printed.out, printed.err)

    return command


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    entry = [{"fullUrl": "urn:uuid:patient", "resource": PATIENT}, {"fullUrl": "urn:uuid:pain", "resource": BACK_PAIN}]
    path = tmp_path / "chart.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entry}), encoding="utf-8")
    return path


@pytest.mark.usefixtures("loaded")
def test_decide_prints_one_document_and_ends_with_0(run: Any, chart: Path) -> None:
    ran = run("decide", chart, "--at", AT, "--format", "json")
    assert ran.code == 0
    assert list(ran.json)[:4] == ["decision", "pathways", "verdicts", "cards"]
    assert ran.json["cards"] == []
    assert ran.err == ""


@pytest.mark.usefixtures("loaded")
def test_decide_repeats_to_the_byte(run: Any, chart: Path) -> None:
    assert (
        run("decide", chart, "--at", AT, "--format", "json").out
        == run("decide", chart, "--at", AT, "--format", "json").out
    )


@pytest.mark.usefixtures("loaded")
def test_a_chart_that_cannot_be_judged_is_refused_with_1_and_an_outcome(run: Any, chart: Path) -> None:
    ran = run("decide", chart, "--at", AT, "--format", "json", "--unread", "Condition", "--unread", "Observation")
    assert ran.code == 1
    assert ran.json["outcome"]["issue"][0]["code"] == "incomplete"
    assert (ran.json["pathways"], ran.json["verdicts"], ran.json["cards"]) == ([], [], [])


@pytest.mark.usefixtures("loaded")
def test_two_patients_are_refused_with_1(run: Any, chart: Path) -> None:
    bundle = json.loads(chart.read_text(encoding="utf-8"))
    bundle["entry"].append({"resource": {**PATIENT, "id": "demo-2"}})
    chart.write_text(json.dumps(bundle), encoding="utf-8")
    ran = run("decide", chart, "--at", AT)
    assert ran.code == 1
    assert "more than one Patient" in ran.out


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    "words",
    [
        ("decide", "nope.json", "--at", AT),
        ("decide", "CHART", "--at", "yesterday"),
        ("decide", "CHART", "--at", AT, "--unread", "Goal"),
        ("decide", "CHART", "--format", "xml"),
        ("decide",),
        ("lint", "nowhere"),
        ("rule", "SP000000"),
        ("demo", "--once", "--patients", "nowhere"),
        ("nonsense",),
    ],
)
def test_wrong_use_ends_with_2_and_leaves_stdout_empty(run: Any, chart: Path, words: tuple[str, ...]) -> None:
    ran = run(*(chart if w == "CHART" else w for w in words))
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err


@pytest.mark.usefixtures("loaded")
def test_a_file_that_is_no_json_is_wrong_use(run: Any, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{", encoding="utf-8")
    assert run("decide", "x.json", "--at", AT).code == 2


@pytest.mark.usefixtures("loaded")
def test_explain_shows_the_tree_in_both_forms(run: Any, chart: Path) -> None:
    assert run("explain", chart, "--at", AT).out.startswith("decision ")
    assert run("explain", chart, "--at", AT, "--format", "json").json["entries"] == []


@pytest.mark.usefixtures("loaded")
def test_an_internal_error_is_loud_and_repeats_no_value(run: Any, chart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("canary4711")

    monkeypatch.setattr("fhirpath_spine.entrypoints.cli_judge.judge", broken)
    ran = run("decide", chart, "--at", AT)
    assert ran.code == 2
    assert "internal error ValueError at" in ran.err
    assert "4711" not in ran.out + ran.err


# ------------------------------------------------------------------ lint, rule, config


def broken_profiles(tmp_path: Path) -> Path:
    """A copy of the profiles with one misspelt key."""
    copy = tmp_path / "profiles"
    copytree(authoring.profiles_directory(), copy)
    policy = copy / "policy.yaml"
    policy.write_text(policy.read_text(encoding="utf-8").replace("budget:", "bugdet:", 1), encoding="utf-8")
    return copy


def test_the_profiles_that_ship_have_no_error(run: Any) -> None:
    ran = run("lint", "--format", "json")
    assert ran.code == 0
    assert all(d["severity"] == "warning" for d in ran.json)
    assert "0 errors" in ran.err


def test_lint_says_file_line_and_column_and_ends_with_1(run: Any, tmp_path: Path) -> None:
    ran = run("lint", broken_profiles(tmp_path))
    assert ran.code == 1
    assert "policy.yaml:" in ran.out
    assert "bugdet" in ran.out
    assert "Did you mean" in ran.out


def test_a_broken_set_is_refused_by_decide_with_1(
    run: Any, chart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPINE_PROFILES", str(broken_profiles(tmp_path)))
    ran = run("decide", chart, "--at", AT)
    assert (ran.code, ran.out) == (1, "")
    assert "nothing was loaded" in ran.err


@pytest.mark.parametrize("form", ["json", "github", "sarif", "junit"])
def test_findings_are_written_for_other_tools(run: Any, tmp_path: Path, form: str) -> None:
    out = run("lint", broken_profiles(tmp_path), "--format", form).out
    match form:
        case "json":
            assert {"code", "severity", "file", "line", "column", "message"} <= set(json.loads(out)[0])
        case "github":
            assert out.startswith(("::error file=profiles/", "::warning file=profiles/"))
        case "sarif":
            found = json.loads(out)
            assert found["version"] == "2.1.0"
            assert "error" in {r["level"] for r in found["runs"][0]["results"]}
        case "junit":
            assert out.startswith("<testsuite ")
            assert 'failures="0"' not in out


def test_a_rule_is_printed_with_reason_and_both_examples(run: Any) -> None:
    out = run("rule", "sp201").out
    assert out.startswith("SP201 ")
    assert "Bad:" in out
    assert "Good:" in out


def test_config_prints_value_and_origin_and_masks_what_may_hold_a_password(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPINE_DATABASE_URL", "postgresql://user:canary4711@db/x")
    monkeypatch.setenv("SPINE_MODE", "dev")
    ran = run("config", "--format", "json")
    rows = {r["name"]: r for r in ran.json}
    assert (rows["SPINE_MODE"]["value"], rows["SPINE_MODE"]["origin"]) == ("dev", "environment")
    assert (rows["SPINE_DATABASE_URL"]["value"], rows["SPINE_DEADLINE"]["origin"]) == ("(set)", "default")
    assert "4711" not in ran.out + ran.err
    assert "4711" not in run("config").out


@pytest.mark.usefixtures("loaded")
def test_config_prints_the_approvals_to_sign(run: Any) -> None:
    out = run("config", "--approvals").out
    assert out.startswith("approvals:\n- pathway: PW-")
    assert "digest: " in out


# ------------------------------------------------------------------ demo


@pytest.fixture
def patients(tmp_path: Path, chart: Path) -> Path:
    folder = tmp_path / "patients"
    folder.mkdir()
    (folder / "one.json").write_bytes(chart.read_bytes())
    (folder / "INDEX.yaml").write_text("- {file: one.json, title: Back pain, expect: no card}\n", encoding="utf-8")
    return folder


@pytest.mark.usefixtures("loaded")
def test_demo_shows_each_patient_with_what_was_expected(run: Any, patients: Path) -> None:
    ran = run("demo", "--once", "--patients", patients)
    assert ran.code == 0
    for text in ("Judged at 2026-06-15T23:59:59", "one: Back pain", "expected: no card", "no card", "1 patients"):
        assert text in ran.out


@pytest.mark.usefixtures("loaded")
def test_demo_moves_the_patients_to_the_chosen_day_and_says_so(run: Any, patients: Path) -> None:
    ran = run("demo", "--once", "--patients", patients, "--at", "2026-07-22")
    assert "moved by 37 days" in ran.out


@pytest.mark.usefixtures("loaded")
def test_an_index_that_names_no_file_is_refused(run: Any, patients: Path) -> None:
    (patients / "one.json").unlink()
    assert run("demo", "--once", "--patients", patients).code == 2


# ------------------------------------------------------------------ serve, as a process


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def start(port: int, **environ: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-c",
        "from fhirpath_spine.entrypoints.cli import main; main()",
        "serve",
        "--port",
        str(port),
    ]
    return subprocess.Popen(
        command, env={**os.environ, **environ}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_prod_refuses_to_start_with_2() -> None:
    process = start(free_port())
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert "refuses to start" in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_dev_serves_says_so_loudly_and_a_signal_ends_it_with_0(number: signal.Signals) -> None:
    port = free_port()
    process = start(port, SPINE_MODE="dev", SPINE_CLOCK="2026-06-15T23:59:59Z")
    try:
        assert discovered(port)["services"][0]["id"] == "spine-patient-view"
    finally:
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
    assert "callers are NOT authenticated" in err
    assert "Traceback" not in err


def discovered(port: int) -> Any:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/cds-services", timeout=5) as answer:
                return json.load(answer)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
