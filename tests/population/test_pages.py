"""The pages on populations are executed: their commands run, their tables are those that are written, their figures hold."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from fhirpath_spine.entrypoints.commands import app
from fhirpath_spine.population.engines import LOST
from fhirpath_spine.population.rows import LINE_BYTES, PATIENT_BYTES, PatientMissing, PatientTwice
from fhirpath_spine.population.tables import TABLES, Table
from tests.population.population_kit import ROOT, chart, export_of

PAGE = (ROOT / "docs" / "population.md").read_text(encoding="utf-8")
SPARK = (ROOT / "docs" / "population-spark.md").read_text(encoding="utf-8")


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def test_the_commands_run_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export_of(tmp_path / "export", {"x.ndjson": [x for stem in ("09-", "10-") for x in chart(stem)[1]]})
    monkeypatch.chdir(tmp_path)
    (script,) = blocks(PAGE, "sh")
    for command in script.splitlines():
        done = CliRunner().invoke(app, shlex.split(command)[1:])
        assert done.exit_code == 0, (command, done.stderr, done.exception)
    assert (tmp_path / "june" / "report.html").is_file()
    assert (tmp_path / "june" / "report.changed-steps.csv").is_file()


def test_the_function_gives_what_the_page_shows() -> None:
    (code,), (shown,) = blocks(PAGE, "python"), blocks(PAGE, "text")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "population.md", "exec"), {})  # noqa: S102 - the page's own example
    assert said.getvalue() == shown


def named(type_: pa.DataType) -> str:
    """A type as the page writes it."""
    if pa.types.is_struct(type_):
        return f"struct<{', '.join(field.name for field in type_)}>"
    return f"list<{named(type_.value_type)}>" if pa.types.is_list(type_) else str(type_)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_the_page_lists_each_table_with_its_columns_and_their_meaning(table: Table) -> None:
    part = re.split(r"^##+ ", PAGE.split(f"### {table.name}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [tuple(row) for row in re.findall(r"^\| (\w+) \| (.+?) \| (.+) \|$", part, re.MULTILINE)][1:]
    assert rows == [(name, named(c.type), c.meaning) for name, c in table.columns.items()]
    assert part.strip().lower().startswith(table.meaning.lower())


def test_limits_and_codes_are_as_they_stand() -> None:
    assert f"a line over {LINE_BYTES // 2**20} MiB" in PAGE
    assert f"more than {PATIENT_BYTES // 2**20} MiB" in PAGE
    assert f"beyond {PATIENT_BYTES // 2**20} MiB" in SPARK
    for code in (LOST, PatientMissing.code, PatientTwice.code, "too-costly", "patient-mismatch", "internal-error"):
        assert f"`{code}`" in PAGE


@pytest.mark.spark
def test_the_command_on_spark_runs_as_it_stands(tmp_path: Path) -> None:
    export_of(tmp_path / "export", {"x.ndjson": chart("09-")[1]})
    (script,) = blocks(SPARK, "sh")
    words = shlex.split(script.splitlines()[-1])[1:]
    code = "from fhirpath_spine.entrypoints.commands.main import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
