"""The benchmark of what a pathway adds: each line has one pathway more, the last has all, and the increment is printed."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from benchmarks import pathways as bench
from tests.kit import content

ROOT = Path(__file__).parents[2]


def test_each_pathway_has_a_line_with_what_it_adds(capsys: pytest.CaptureFixture[str]) -> None:
    whole = content.library()
    bench.main(whole, runs=1)
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if "PW-" in line]
    assert [next(word for word in row if word.startswith("PW-")) for row in rows] == [p.id for p in whole.pathways]
    numbers = [[float(word) for word in row if word.lstrip("-").replace(".", "").isdigit()] for row in rows]
    assert all(len(row) == 8 for row in numbers), "cards, ms, adds and x for each of two charts"
    for before, row in itertools.pairwise(numbers):
        for ms in (1, 5):
            assert row[ms + 1] == pytest.approx(row[ms] - before[ms], abs=0.02)
    assert [row[4] > 0 for row in numbers] == [False] * 3 + [True] * 4, (
        "the pathway of the spinal patient is the fourth"
    )


def test_the_last_library_holds_all_and_each_before_it_one_less() -> None:
    whole = content.library()
    found = bench.prefixes(whole)
    assert [len(library.pathways) for library in found] == list(range(1, len(whole.pathways) + 1))
    assert found[-1].pathways == whole.pathways
