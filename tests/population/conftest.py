"""Two runs and the page that compares them, made once for all tests that read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fhirpath_spine.population.engines import judge_locally
from fhirpath_spine.population.report import write_report
from tests.population.population_kit import STEMS, chart, export_of, job_of, line


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A run, and one in which the last lines of each chart are gone; with a stray and a truncated line."""
    folder = tmp_path_factory.mktemp("runs")
    outs = []
    for name, cut in (("before", 8), ("after", 0)):
        lines = [x for stem in STEMS for x in chart(stem)[1][: -cut or None]]
        spoilt = [line("Condition", "stray"), line("Procedure", "p", chart("09-")[0], note=[{"text": "x"}])[:-4]]
        job = job_of(export_of(folder / name, {"x.ndjson": [*lines, *spoilt]}), folder / f"{name}-out")
        judge_locally(job, 2)
        outs.append(job.out)
    return outs[0], outs[1]


@pytest.fixture(scope="session")
def written(runs: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the second run, compared with the first."""
    out = tmp_path_factory.mktemp("report") / "report.html"
    write_report(runs[1], out, runs[0])
    return out
