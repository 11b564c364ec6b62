"""The fixed workload is a copy with checksums, asks in a profile what it asks verbatim, and is answered as an oracle does."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from benchmarks import calls, profile_set, questions, stacks, workload

ROOT = Path(__file__).parents[2]
HERE = ROOT / "benchmarks" / "workload"
SHARED = ROOT.parent / "shared" / "workload"
SUMS = {n: d for d, n in (line.split("  ", 1) for line in (HERE / "SHA256SUMS").read_text("utf-8").splitlines())}


@pytest.mark.parametrize("name", sorted(SUMS))
def test_a_copy_has_its_checksum(name: str) -> None:
    assert hashlib.sha256((HERE / name).read_bytes()).hexdigest() == SUMS[name]


def test_the_copies_equal_the_originals() -> None:
    if not SHARED.is_dir():
        pytest.skip("NOT CHECKED: the shared originals are not beside this repository")
    assert [name for name in sorted(SUMS) if (HERE / name).read_bytes() != (SHARED / name).read_bytes()] == []


def test_the_expressions_verbatim_are_answered_as_by_fhirpathpy() -> None:
    chart = stacks.resources(workload.hook(50))
    assert stacks.ours()(chart) == stacks.fhirpathpy_compiled()(chart)


def test_the_same_questions_as_a_profile_are_answered_as_by_fhirpathpy(tmp_path: Path) -> None:
    body = workload.hook(50)
    chart = stacks.resources(body)
    body["prefetch"][f"observations-{questions.GROUP}"] = body["prefetch"].pop("observations")
    answers = calls.sixty_answers(profile_set.load(tmp_path / "profiles"), body)
    assert answers == stacks.fhirpathpy_compiled()(questions.as_read(chart))
    assert {True, False, None} == set(answers)
