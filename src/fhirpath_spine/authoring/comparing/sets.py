"""A profile set as it stands in a folder, or as it stood at a revision of the git repository that holds the profiles."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.loading import examine
from fhirpath_spine.authoring.source.folder import profiles_directory
from fhirpath_spine.errors import SettingsError

if TYPE_CHECKING:
    from fhirpath_spine.authoring.loading import Checked
    from fhirpath_spine.diagnostics import Diagnostic

ASKED = "Name a folder of profiles, or a revision such as HEAD, main or HEAD~1."
BEFORE = "A set that no revision holds is compared with the folder that it is a copy of, such as {}."


@dataclass(frozen=True, slots=True)
class Side:
    """One of two sets. ``named`` is how it was asked for, ``folder`` where it lies for now; messages name the first."""

    named: str
    folder: Path
    checked: Checked

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """What stops the load, at places that name the revision."""
        shown = self.folder.as_posix()
        return tuple(
            replace(d, span=replace(d.span, file=d.span.file.replace(shown, self.named, 1)))
            for d in self.checked.errors
        )


@contextmanager
def side(named: str, profiles: Path, site: Path | None = None) -> Iterator[Side]:
    """A set by the name of its folder or revision, while it is looked at.

    Raises:
        SettingsError: it is neither, or git cannot be asked.

    """
    if Path(named).is_dir():
        yield Side(named, Path(named), examine(named, site))
        return
    with TemporaryDirectory(prefix="profiles-") as made:
        folder = Path(made)
        _unpack(named, profiles, folder)
        yield Side(named, folder, examine(folder, site))


def _unpack(revision: str, profiles: Path, folder: Path) -> None:
    git = shutil.which("git")
    if git is None or not profiles.is_dir():
        raise SettingsError(f"'{revision}' is no folder, and there is no git to ask.", hint=ASKED)
    at = ("-C", str(profiles.resolve()))
    commit = _ask(git, *at, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    prefix = _ask(git, *at, "rev-parse", "--show-prefix")
    if commit is None or prefix is None:
        raise SettingsError(
            f"'{revision}' is neither a folder nor a revision of the repository that holds the profiles.",
            hint=_either(),
        )
    root = _ask(git, *at, "rev-parse", "--show-toplevel") or b""
    tree = f"{commit.decode().strip()}:{prefix.decode().strip().rstrip('/')}"
    packed = _ask(git, "-C", root.decode().strip(), "archive", "--format=tar", tree)
    if packed is None:
        raise SettingsError(f"At '{revision}' there are no profiles in {prefix.decode().strip()}.", hint=_either())
    with tarfile.open(fileobj=BytesIO(packed)) as held:
        held.extractall(folder, filter="data")


def _either() -> str:
    shipped, here = profiles_directory(), Path.cwd()
    named = shipped.relative_to(here) if shipped.is_relative_to(here) else shipped
    return f"{ASKED} {BEFORE.format(named)}"


def _ask(git: str, *words: str) -> bytes | None:
    """What git prints, None where it refuses. The words are a list and no shell reads them."""
    done = subprocess.run([git, *words], capture_output=True, check=False)  # noqa: S603
    return done.stdout if done.returncode == 0 else None
