"""The Spark engine on a real Spark of two threads: the rows of the local engine, dirty lines and a lost worker included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from benchmarks import population_export
from fhirpath_spine.population.engines import judge_locally
from fhirpath_spine.population.tables import TABLES
from tests.population.population_kit import PATIENTS, Rows, chart, export_of, job_of, line, rows_of

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module", autouse=True)
def _spark_is_here() -> None:
    """In CI a Spark that is not there is a failure; elsewhere it is said."""
    if find_spec("pyspark") is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("`make spark` installs PySpark")


COMMAND = "import sys; from fhirpath_spine.entrypoints.commands.main import main; main()"


def on_spark(export: str, out: str, *more: str) -> None:
    """Runs the command as a user does, in a process of its own: a JVM stays as long as its process."""
    words = ["population", "judge", export, "--out", out, "--at", "2026-06-15", "--engine", "spark"]
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *words, "--master", "local[2]", *more], capture_output=True, text=True
    )
    assert done.returncode in (0, 1), done.stderr[-3000:]


def spark_rows(out: Path) -> Rows:
    """The tables as Spark wrote them: folders of files, in the order of their names."""
    return {t.name: ds.dataset(out / f"{t.name}.parquet", schema=t.schema).to_table().to_pylist() for t in TABLES}


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every invented patient, and a generated dirty export, in one folder; compressed in part."""
    folder = tmp_path_factory.mktemp("export")
    population_export.write(folder, 400, per_patient=20, dirty=True, zipped=True)
    (folder / "manifest.json").unlink()
    lines = [x for p in sorted(PATIENTS.glob("*.json")) for x in chart(p.stem)[1]]
    medication = line("Medication", "m", code={"coding": [{"system": "s", "code": "c"}]})
    return export_of(folder, {"a.ndjson": lines[::2], "b.ndjson": [*lines[1::2], medication, b"{", b""]})


def test_rows_and_record_are_those_of_the_local_engine(export: Path, tmp_path: Path) -> None:
    local = job_of(export, tmp_path / "local")
    expected = judge_locally(local, 2)
    on_spark(str(export), str(tmp_path / "spark"))
    assert spark_rows(tmp_path / "spark") == rows_of(local.out)
    record = json.loads((tmp_path / "spark" / "run.json").read_bytes())
    same = ("library", "at", "rows", "patients", "pathways", "needs", "judged")
    assert {name: record[name] for name in same} == {name: expected[name] for name in same}
    assert {**record["lines"], "places": []} == {**expected["lines"], "places": []}


def test_addresses_and_pseudonyms_work_and_a_finished_run_is_refused(export: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"\xff" * 32)
    out = tmp_path / "spark"
    on_spark(export.as_uri(), out.as_uri(), "--pseudonyms", str(key))
    local = job_of(export, tmp_path / "local", b"\xff" * 32)
    judge_locally(local, 2)
    assert spark_rows(out) == rows_of(local.out)
    with pytest.raises(AssertionError, match="holds a finished run"):
        on_spark(export.as_uri(), out.as_uri())


LOSING = """
import os, signal, sys
from pathlib import Path
from datetime import UTC, datetime
from fhirpath_spine.authoring import profiles_directory
from fhirpath_spine.population.engines import Content
from fhirpath_spine.population.engines.spark import judge_on_spark
from fhirpath_spine.population.tables import Pseudonyms

def kill_the_first(batches):
    mark = Path({mark!r})
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return batches

judge_on_spark(
    {export!r}, Content.of(profiles_directory()), datetime(2026, 6, 15, 23, 59, 59, tzinfo=UTC), {out!r}, Pseudonyms(),
    "local[2,4]", before_judging=kill_the_first,
)
"""


def test_a_lost_worker_costs_a_second_attempt_and_no_row(export: Path, tmp_path: Path) -> None:
    local = job_of(export, tmp_path / "local")
    judge_locally(local, 2)
    mark, out = tmp_path / "killed", tmp_path / "spark"
    code = LOSING.format(mark=str(mark), export=str(export), out=str(out))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert mark.exists()
    assert spark_rows(out) == rows_of(local.out)
