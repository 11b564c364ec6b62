"""Charts that no one here wrote: read without an error, and no card (shared/charts/README.md)."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tests.clinical.clinical_kit import HERE, judge_bundle

FOLDER = HERE.parents[2] / "shared" / "charts"
CHARTS = sorted(FOLDER.glob("chart-*.json"))


def test_the_charts_are_there() -> None:
    if not FOLDER.is_dir():
        pytest.skip("NOT CHECKED: the 22 shared charts are not beside this repository")
    assert len(CHARTS) == 22


@pytest.mark.parametrize("at", [date(2026, 6, 15), date(2020, 1, 1)], ids=str)
@pytest.mark.parametrize("path", CHARTS, ids=lambda p: p.stem)
def test_a_chart_without_a_spinal_finding_raises_no_card(path: Path, at: date) -> None:
    result = judge_bundle(json.loads(path.read_bytes()), at)
    assert result.error is None
    assert result.document["pathways"] == []
    assert result.document["cards"] == []
