"""The invented patients: where they lie, which day they were written for, and what should happen with each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib.resources import files as package_files
from pathlib import Path

import yaml

from fhirpath_spine.errors import SettingsError

WRITTEN_FOR = date(2026, 6, 15)
"""The day that the dates of the invented patients are relative to (rulings 7)."""
INDEX = "INDEX.yaml"


@dataclass(frozen=True, slots=True)
class Invented:
    """One invented patient: its Bundle, a title, a line that says what should happen, and whether a server can hold it."""

    path: Path
    title: str
    expect: str
    loadable: bool = True


def patients_directory() -> Path:
    """The invented patients that come with this package: inside it when installed, under ``sandbox`` in a checkout."""
    inside = Path(str(package_files("fhirpath_spine"))) / "patients"
    return inside if inside.is_dir() else Path(__file__).resolve().parents[3] / "sandbox" / "patients"


def invented(directory: Path) -> list[Invented]:
    """The patients of a folder in the order of its index.

    Raises:
        SettingsError: there is no index, or an entry of it names no file.

    """
    try:
        rows = yaml.safe_load((directory / INDEX).read_text(encoding="utf-8"))
        found = [
            Invented(directory / row["file"], str(row["title"]), str(row["expect"]), row.get("loadable") is not False)
            for row in rows
        ]
    except (OSError, yaml.YAMLError, TypeError, KeyError) as error:
        raise SettingsError(
            f"The invented patients cannot be read: {type(error).__name__} in {INDEX}.",
            hint="They come with the package; name another folder with --patients.",
        ) from None
    if absent := [p.path.name for p in found if not p.path.is_file()]:
        raise SettingsError(f"{INDEX} names files that are not there: {', '.join(absent)}.", hint="Add them.")
    return found
