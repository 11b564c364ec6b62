"""The files of a profile set, read once as bytes. Nothing outside the folder is read, and nothing that is not a plain file."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field
from importlib.resources import files as package_files
from pathlib import Path
from typing import TYPE_CHECKING

from fhirpath_spine.diagnostics import Span, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhirpath_spine.authoring.source.nodes import Node
    from fhirpath_spine.authoring.source.report import Report

SIZE = 1 << 20
"""Largest file of a profile set, in bytes."""

FILES = 2_000
"""Most files in a profile set."""

SHARED = (
    *("data.yaml", "lesions.yaml", "policy.yaml", "phrases.yaml", "words.yaml"),
    *("sources.yaml", "claims.yaml", "incoming.yaml"),
)
"""The files that every set has, in the order in which they are read."""

APART = frozenset({"cases", "schema", "terminology", "modules", "texts"})
"""Folders with a meaning of their own, so no pathway lives in them."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A profile set on disk. ``root`` is resolved; ``shown`` is how messages name it."""

    root: Path
    shown: str
    report: Report
    most: int = FILES
    """Files that the set may hold."""
    edited: Mapping[str, str] = field(default_factory=dict)
    """Texts that count instead of those of files, by relative path."""

    @classmethod
    def at(
        cls, directory: str | os.PathLike[str], report: Report, edited: Mapping[str, str] | None = None
    ) -> Folder | None:
        """The folder, or None with a finding if there is none."""
        shown = Path(directory).as_posix()
        try:
            root = Path(directory).resolve(strict=True)
            is_folder = root.is_dir()
        except (OSError, ValueError, RuntimeError):
            is_folder = False
        if not is_folder:
            report.add("SP201", "this is no folder that can be read", Span(shown, 1, 1), "Name the profiles' folder.")
            return None
        return cls(root, shown, report, edited=edited or {})

    def name(self, relative: str) -> str:
        """How messages name a file of the set."""
        return f"{self.shown}/{relative}"

    def names(self) -> list[str]:
        """Relative paths of all files, in order; hidden ones are left out, links are refused."""
        found: list[str] = []
        for path, is_link in self._walk(self.root):
            relative = path.relative_to(self.root).as_posix()
            if is_link:
                self._refuse(relative, "this is a link", "Put the file itself into the folder.")
            elif not relative.isprintable():
                self._refuse(ascii(relative)[1:-1], "the name of this file is not plain text", "Rename it.")
            elif len(found) >= self.most:
                self._refuse(
                    relative, f"the set holds more than {self.most} files", "Remove what does not belong to it."
                )
                break
            else:
                found.append(relative)
        return sorted(found)

    def _walk(self, folder: Path) -> Iterator[tuple[Path, bool]]:
        try:
            entries = sorted(os.scandir(folder), key=lambda e: e.name)
        except OSError as error:
            self._refuse(folder.relative_to(self.root).as_posix(), _why(error), "Check its permissions.")
            return
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_symlink():
                yield Path(entry.path), True
            elif entry.is_dir():
                yield from self._walk(Path(entry.path))
            else:
                yield Path(entry.path), False

    def has(self, relative: str) -> bool:
        """Whether there is such a file, for those that a set may lack."""
        return (self.root / relative).is_file()

    def read(self, relative: str, limit: int = SIZE) -> str | None:
        """The text of one file of at most ``limit`` bytes, or None with a finding."""
        data = self.read_bytes(relative, limit)
        if data is None:
            return None
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = error.start - data.rfind(b"\n", 0, error.start)
            self.report.add("SP201", "this is not UTF-8", Span(self.name(relative), line, column), "Save it as UTF-8.")
            return None
        if not text.strip():
            self._refuse(relative, "the file is empty", "Restore it, or remove it from the set.")
            return None
        return text

    def read_bytes(self, relative: str, limit: int = SIZE) -> bytes | None:
        """The bytes of one plain file inside the folder, or None with a finding."""
        path = self.root / relative
        try:
            inside = path.resolve(strict=True).is_relative_to(self.root)
            info = path.lstat()
            if not inside or not stat.S_ISREG(info.st_mode):
                self._refuse(relative, "this is a link or no plain file", "Put the file itself into the folder.")
                return None
            with path.open("rb") as stream:
                data = stream.read(limit + 1)
        except FileNotFoundError:
            self._refuse(relative, "this file is missing", self._similar(relative))
            return None
        except (OSError, ValueError, RuntimeError) as error:
            self._refuse(relative, _why(error), "Check the file and its permissions.")
            return None
        if relative in self.edited:
            data = self.edited[relative].encode()
        if len(data) > limit:
            self._refuse(relative, f"the file is larger than {limit >> 20} MiB", "Split it.")
            return None
        return data

    def yaml(self, relative: str) -> Node | None:
        """The parsed document of one file, or None with findings."""
        from fhirpath_spine.authoring.source.reader import document  # not for those who only want the bytes

        text = self.read(relative)
        if text is None:
            return None
        node, found = document(text, self.name(relative))
        self.report.extend(found)
        return node

    def fingerprint(self) -> str:
        """A digest of all files, names and bytes. It says nothing if the report has an error afterwards."""
        whole = hashlib.sha256()
        for name in self.names():
            data = self.read_bytes(name) or b""
            whole.update(b"%s\0%d\0%s" % (name.encode(), len(data), data))
        return whole.hexdigest()

    def _similar(self, relative: str) -> str:
        folder = (self.root / relative).parent
        try:
            there = [p.name for p in folder.iterdir()]
        except OSError:
            there = []
        return did_you_mean(Path(relative).name, there) or "Create it; docs/profiles.md shows its form."

    def _refuse(self, relative: str, message: str, hint: str) -> None:
        self.report.add("SP201", message, Span(self.name(relative), 1, 1), hint)


def _why(error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else ""
    return f"the file cannot be read: {reason or 'its name or content is unusable'}"


def profiles_directory() -> Path:
    """The profiles that come with this package: inside it when installed, beside ``src`` in a checkout."""
    inside = Path(str(package_files("fhirpath_spine"))) / "profiles"
    return inside if inside.is_dir() else Path(__file__).resolve().parents[4] / "profiles"


def set_around(asked: Path) -> Path | None:
    """The set that a path belongs to: the nearest folder at or above it that has the shared files."""
    if not asked.exists():
        return None
    for folder in (asked, *asked.resolve().parents):
        if (folder / "policy.yaml").is_file() or (folder / "data.yaml").is_file():
            return folder
    return asked if asked.is_dir() else None
