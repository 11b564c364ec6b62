"""The Makefile's own recipe, run offline on a lock of one wheel: what the lock lacks ends the installation, and is named.

It makes environments, so CI runs it beside what is marked thorough; `make test` has just installed by the same recipe.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough
ROOT = Path(__file__).parents[2]
# A build backend in one file, so that nothing has to be fetched: its editable wheel holds its name and what it needs.
BACKEND = """
import zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "house-1-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        wheel.writestr("house-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: house\\nVersion: 1\\nRequires-Dist: brick\\n")
        wheel.writestr("house-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("house-1.dist-info/RECORD", "")
    return name
"""
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


def wheel(folder: Path, name: str, *needs: str) -> str:
    """Lays a wheel of no code into ``folder`` -> its line of a lock."""
    path = folder / f"{name}-1-py3-none-any.whl"
    needed = "".join(f"Requires-Dist: {need}\n" for need in needs)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}-1.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{needed}")
        archive.writestr(f"{name}-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{name}-1.dist-info/RECORD", "")
    return f"{name}==1 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with nothing but pip, as the recipe makes it where there is none."""
    folder = tmp_path_factory.mktemp("bare") / ".venv"
    venv.create(folder, with_pip=True)
    return folder


def install(folder: Path, lock: str, bare: Path | None = None) -> subprocess.CompletedProcess[str]:
    if bare is not None:
        shutil.copytree(bare, folder / ".venv", symlinks=True)
    shutil.copy(ROOT / "Makefile", folder / "Makefile")
    (folder / "requirements.lock").write_text(f"--no-index\n--find-links {folder}\n{lock}", encoding="utf-8")
    (folder / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (folder / "backend.py").write_text(BACKEND, encoding="utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PIP_", "VIRTUAL_ENV"))}
    command = ["make", ".venv/.installed", f"PYTHON={sys.executable}"]
    return subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False, timeout=300)


def test_a_lock_that_holds_all_that_is_needed_installs(tmp_path: Path) -> None:
    done = install(tmp_path, wheel(tmp_path, "brick", "clay") + wheel(tmp_path, "clay"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / ".venv" / ".installed").exists()


@pytest.mark.parametrize(
    ("lacking", "named"), [("of the project", "house 1 requires brick"), ("of a package", "brick 1 requires clay")]
)
def test_a_lock_that_lacks_a_package_fails_and_names_it(tmp_path: Path, bare: Path, lacking: str, named: str) -> None:
    lock = wheel(tmp_path, "clay") if lacking == "of the project" else wheel(tmp_path, "brick", "clay")
    done = install(tmp_path, lock, bare)
    assert done.returncode != 0
    assert named in done.stdout
    assert "make lock" in done.stderr
    assert not (tmp_path / ".venv" / ".installed").exists()


def test_a_wheel_that_is_not_the_locked_one_is_refused(tmp_path: Path, bare: Path) -> None:
    lock = wheel(tmp_path, "brick")
    wheel(tmp_path, "brick", "clay")
    done = install(tmp_path, lock, bare)
    assert done.returncode != 0
    assert "do not match the hashes" in " ".join(done.stderr.lower().split())
