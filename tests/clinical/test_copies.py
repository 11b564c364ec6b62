"""The cases, their expected results and their judge are copies: nobody may bend them to the product."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "clinical"
LINES = (HERE / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
SUMS = {name: digest for digest, name in (line.split("  ", 1) for line in LINES)}


def copied(folder: Path) -> set[str]:
    files = {path.relative_to(folder).as_posix() for name in ("cases", "expected") for path in folder.glob(f"{name}/*")}
    return files | {"score.py", "site.yaml"}


def test_every_copy_has_a_checksum_and_every_checksum_a_copy() -> None:
    assert set(SUMS) == copied(HERE)


@pytest.mark.parametrize("name", sorted(SUMS))
def test_a_copy_has_its_checksum(name: str) -> None:
    assert hashlib.sha256((HERE / name).read_bytes()).hexdigest() == SUMS[name]


def test_the_copies_equal_the_originals() -> None:
    if not (SHARED / "cases").is_dir():
        pytest.skip("NOT CHECKED: the shared originals are not beside this repository")
    assert copied(HERE) == copied(SHARED)
    assert [name for name in sorted(SUMS) if (HERE / name).read_bytes() != (SHARED / name).read_bytes()] == []
