"""The verbs over a population: what they print, their exit codes, and what they say when they cannot go on."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree

import pytest
from typer.testing import CliRunner

from fhirpath_spine.authoring import profiles_directory
from fhirpath_spine.entrypoints.commands import app
from fhirpath_spine.errors import SettingsError, SpineError
from tests.population.population_kit import chart, export_of, line, rows_of

RUN = CliRunner()


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """One patient."""
    return export_of(tmp_path / "export", {"x.ndjson": chart("09-")[1]})


def test_judge_says_what_came_of_it_and_report_which_files_it_wrote(export: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = RUN.invoke(
        app, ["population", "judge", str(export), "--out", str(out), "--at", "2026-06-15", "--workers", "1"]
    )
    assert (done.exit_code, done.stdout.count("1 judged")) == (0, 1)
    done = RUN.invoke(app, ["population", "report", str(out)])
    assert done.exit_code == 0
    assert all(Path(name).is_file() for name in done.stdout.split())


def test_json_is_the_record(export: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = RUN.invoke(
        app, ["population", "judge", str(export), "--out", str(out), "--at", "2026-06-15", "--format", "json"]
    )
    assert json.loads(done.stdout)["patients"] == {"judged": 1}


def test_a_refusal_or_a_resource_of_nobody_is_exit_1_and_told(export: Path, tmp_path: Path) -> None:
    with (export / "x.ndjson").open("ab") as file:
        file.write(line("Condition", "stray") + b"\n")
    done = RUN.invoke(app, ["population", "judge", str(export), "--out", str(tmp_path / "out"), "--at", "2026-06-15"])
    assert done.exit_code == 1
    assert "no-patient: 1 Condition; any patient may lack them" in done.stderr


def test_error_files_of_a_manifest_are_exit_1_and_told(export: Path, tmp_path: Path) -> None:
    manifest = {"output": [{"type": "Patient", "url": "x.ndjson"}], "error": [{"type": "OperationOutcome", "url": "e"}]}
    (export / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    done = RUN.invoke(app, ["population", "judge", str(export), "--out", str(tmp_path / "out"), "--at", "2026-06-15"])
    assert done.exit_code == 1
    assert "The export is not whole" in done.stderr.replace("the export", "The export")


def test_profiles_name_what_is_judged_with(export: Path, tmp_path: Path) -> None:
    other = copytree(profiles_directory(), tmp_path / "other")
    retired = next(p for p in other.rglob("pathway.yaml") if "neurogenic" in p.parts)
    retired.write_text(retired.read_text("utf-8").replace("status: draft", "status: retired", 1), encoding="utf-8")
    entered = []
    for name, more in (("out", []), ("another", ["--profiles", str(other)])):
        words = [str(export), "--out", str(tmp_path / name), "--at", "2026-06-15", *more]
        assert RUN.invoke(app, ["population", "judge", *words]).exit_code == 0
        entered.append({r["pathway"] for r in rows_of(tmp_path / name)["lesions"]})
    assert "PW-NEURO" in entered[0]
    assert "PW-NEURO" not in entered[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["judge", "{export}", "--out", "{out}", "--profiles", "{export}"], "The set holds no pathway"),
        (["judge", "nowhere", "--out", "{out}"], "There is no such export"),
        (["judge", "{export}", "--out", "{out}", "--at", "soon"], "--at is no date"),
        (["judge", "{export}", "--out", "{out}", "--pseudonyms", "{export}/none"], "cannot be read"),
        (["judge", "{export}", "--out", "{out}", "--at", "2026-W25-1"], "--at is no date"),
        (["judge", "{export}", "--out", "{export}/x.ndjson"], "Look at the folder of --out"),
        (["judge", "{export}", "--out", "{out}", "--at", "9999-12-31"], "--at lies before"),
        (["judge", "{export}", "--out", "{out}", "--at", "0001-01-01T00:00:00+14:00"], "--at lies before"),
        (["report", "{export}"], "holds no finished run"),
    ],
)
def test_wrong_use_says_what_to_do(export: Path, tmp_path: Path, words: list[str], said: str) -> None:
    done = RUN.invoke(app, ["population", *(w.format(export=export, out=tmp_path / "out") for w in words)])
    assert isinstance(done.exception, SpineError)
    assert said in f"{done.exception} {done.exception.hint}"


@pytest.mark.parametrize("day", ["2026-06-15", "20260615"])
def test_a_day_means_its_end_however_it_is_written(export: Path, tmp_path: Path, day: str) -> None:
    words = ["population", "judge", str(export), "--out", str(tmp_path / "out"), "--at", day, "--format", "json"]
    assert json.loads(RUN.invoke(app, words).stdout)["at"] == "2026-06-15T23:59:59+00:00"


def test_an_export_without_a_patient_is_exit_1_told_and_reported(tmp_path: Path) -> None:
    nobody = export_of(tmp_path / "export", {"x.ndjson": []})
    out = tmp_path / "out"
    done = RUN.invoke(app, ["population", "judge", str(nobody), "--out", str(out), "--at", "2026-06-15"])
    assert (done.exit_code, "holds no patient" in done.stderr) == (1, True)
    assert RUN.invoke(app, ["population", "report", str(out)]).exit_code == 0


def test_a_report_of_a_spoilt_run_says_so(export: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    RUN.invoke(app, ["population", "judge", str(export), "--out", str(out), "--at", "2026-06-15"])
    for spoilt in ("verdicts.parquet", "run.json"):
        for held in (b"", b"{", b"x" * 100):
            (out / spoilt).write_bytes(held)
            done = RUN.invoke(app, ["population", "report", str(out)])
            assert isinstance(done.exception, SpineError)
            assert done.exception.hint == "Judge the export again."


def test_a_report_that_cannot_be_written_says_so(export: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    RUN.invoke(app, ["population", "judge", str(export), "--out", str(out), "--at", "2026-06-15"])
    done = RUN.invoke(app, ["population", "report", str(out), "--out", "/dev/full"])
    assert isinstance(done.exception, SettingsError)


def test_without_a_day_a_run_goes_on_with_the_day_that_it_began_with(export: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    RUN.invoke(app, ["population", "judge", str(export), "--out", str(out), "--at", "2026-06-15"])
    done = RUN.invoke(app, ["population", "judge", str(export), "--out", str(out), "--format", "json"])
    assert json.loads(done.stdout)["at"].startswith("2026-06-15")
