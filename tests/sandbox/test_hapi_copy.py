"""The server under ``sandbox/hapi`` is a copy: what was measured on the original holds for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "sandbox" / "hapi"
SHARED = ROOT.parent / "shared" / "hapi"


def files(folder: Path) -> set[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if path.parts[0] != "target"}


def test_the_copy_is_whole() -> None:
    assert files(COPY) >= {"start.sh", "pom.xml", ".gitignore", "src/main/java/spine/hapi/HapiServer.java"}
    assert os.access(COPY / "start.sh", os.X_OK)


def test_the_copy_equals_the_original() -> None:
    if not SHARED.is_dir():
        pytest.skip("NOT CHECKED: the shared original is not beside this repository")
    assert files(COPY) == files(SHARED)
    assert [n for n in sorted(files(COPY)) if (COPY / n).read_bytes() != (SHARED / n).read_bytes()] == []
