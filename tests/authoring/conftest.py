"""A small complete profile set that a test can change, and what is found about it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from fhirpath_spine.authoring import Checked, examine
from fhirpath_spine.diagnostics import Diagnostic
from fhirpath_spine.pathway.model import Library, Site

SET = Path(__file__).parent / "set"


@dataclass
class ProfileSet:
    """A profile set in a folder of its own."""

    folder: Path

    def text(self, file: str) -> str:
        return (self.folder / file).read_text(encoding="utf-8")

    def write(self, file: str, text: str | bytes) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def edit(self, file: str, old: str, new: str) -> None:
        text = self.text(file)
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        self.write(file, text.replace(old, new))

    def place(self, file: str, marker: str) -> str:
        """Where the marker stands: file:line:column. A ``¦`` in it says which character is meant."""
        before, bar, after = marker.partition("¦")
        text, whole = self.text(file), before + after
        assert text.count(whole) == 1, f"{whole!r} stands {text.count(whole)} times in {file}"
        at = text.index(whole) + (len(before) if bar else 0)
        line = text.count("\n", 0, at) + 1
        return f"{self.folder.as_posix()}/{file}:{line}:{at - text.rfind(chr(10), 0, at)}"

    def examine(self, site: Site | None = None) -> Checked:
        return examine(self.folder, site)

    def found(self) -> list[Diagnostic]:
        return list(self.examine().diagnostics)

    def library(self) -> Library:
        checked = self.examine()
        assert checked.library is not None, "\n".join(map(str, checked.diagnostics))
        return checked.library


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProfileSet:
    """A copy of the small set, under the same name for each test: what a test does not change is read once in each process."""
    shutil.copytree(SET, tmp_path / "profiles")
    monkeypatch.chdir(tmp_path)
    return ProfileSet(Path("profiles"))
