"""The compiled library, kept between starts in the user's cache folder, so that a start costs no compilation.

An entry is found by a digest of all that it was made from: every byte of the profiles and of the site file, the source of this
package, the Python that runs it, and what is installed beside it. So a change of any of these is a miss, never a wrong hit, and
``lint`` does not come here at all. An entry holds plain records and checked syntax trees; no class outside a closed list is made
when it is read.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import io
import os
import pickle
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fhirpath_spine.adapters.shelf import Shelf
from fhirpath_spine.authoring.source.folder import Folder
from fhirpath_spine.authoring.source.report import Report
from fhirpath_spine.fhirpath import Expression
from fhirpath_spine.pathway.model import Library, Site

if TYPE_CHECKING:
    from collections.abc import Mapping

OFF = "off"
LARGEST = 32 << 20
"""Largest file beside the site file, in bytes: a table of codes."""
PACKAGE = Path(__file__).resolve().parents[1]
_BROKEN = (pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, KeyError, TypeError, ValueError)
"""What reading a pickle raises that was not written by this code."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A library for a site, and its criteria, for a service to prepare; one chart is judged sooner than that is done. ``systems``
    are the short names that its authors give to code systems, as their cases use them.
    """

    library: Library
    site: Site
    criteria: tuple[Expression, ...]
    systems: Mapping[str, str]


def cache(setting: str) -> Shelf | None:
    """Where compiled libraries are kept: as set, else by the convention of the platform; None where nothing shall be kept."""
    if setting == OFF:
        return None
    if setting:
        return Shelf(Path(setting))
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "darwin":
        root = home / "Library" / "Caches"
    else:
        named = os.environ.get("XDG_CACHE_HOME", "")
        root = Path(named) if os.path.isabs(named) else home / ".cache"
    return Shelf(root / "fhirpath-spine")


def compiled(profiles: Path, site_file: Path | None, shelf: Shelf | None, package: Path = PACKAGE) -> Compiled:
    """The library of the profiles for a site, as it was kept on the shelf or compiled now. ``package`` holds the code that an
    entry is bound to.

    Raises:
        ProfileError: a file of the content cannot be used; nothing is half loaded.

    """
    before = _key(profiles, site_file, package) if shelf is not None else ""
    return _compiled(profiles, site_file, shelf, package, before)


def compiled_here(profiles: Path, site_file: Path | None, shelf: Shelf | None) -> Compiled:
    """As :func:`compiled`; and the very library that this process loaded last, if nothing has changed since: a service that is
    asked to load anew what it has goes on with what it has derived from it.

    Raises:
        ProfileError: as :func:`compiled`.

    """
    mark = _key(profiles, site_file, PACKAGE) if shelf is not None else ""
    if mark and (last := _LAST.get(mark)) is not None and last[1] == _beside(site_file, last[0].site):
        return last[0]
    made = _compiled(profiles, site_file, shelf, PACKAGE, mark)
    _LAST.clear()
    if mark:
        _LAST[mark] = made, _beside(site_file, made.site)
    return made


_LAST: dict[str, tuple[Compiled, str]] = {}
"""What was loaded last, by its key, and the digest of what lies beside its site file; no more, so that nothing old is held."""


def _compiled(profiles: Path, site_file: Path | None, shelf: Shelf | None, package: Path, before: str) -> Compiled:
    if shelf is None or not before:
        return _compile(profiles, site_file)
    if (found := _read(shelf.get(before), site_file)) is not None:
        return found
    made = _compile(profiles, site_file)
    beside = _beside(site_file, made.site)
    # A file that changed while it was read would be kept under the digest of what it was before.
    if beside and _key(profiles, site_file, package) == before:
        shelf.put(before, pickle.dumps((made.library, made.site, made.criteria, made.systems, beside), protocol=5))
    return made


def _compile(profiles: Path, site_file: Path | None) -> Compiled:
    from fhirpath_spine.authoring.loading import load_written  # the forms are not for those who find it compiled

    library, written = load_written(profiles, site_file)
    criteria = (one.expression for one in written.expressions if one.criterion)
    return Compiled(library, written.site, tuple(criteria), written.terminology.systems)


def _read(data: bytes | None, site_file: Path | None) -> Compiled | None:
    if data is None:
        return None
    collecting = gc.isenabled()
    gc.disable()  # nothing that is read can be garbage yet, and looking for it takes as long as reading
    try:
        library, site, criteria, systems, beside = _Reader(io.BytesIO(data)).load()
    except _BROKEN:
        return None
    finally:
        if collecting:
            gc.enable()
    if not (isinstance(library, Library) and isinstance(site, Site) and beside == _beside(site_file, site)):
        return None
    return Compiled(library, site, criteria, systems)


class _Reader(pickle.Unpickler):
    """Makes no object but our own records and decimals."""

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith(("fhirpath_spine.fhirpath.", "fhirpath_spine.pathway.")) and name.isidentifier():
            found = super().find_class(module, name)
            if isinstance(found, type):
                return found
        if (module, name) == ("decimal", "Decimal"):
            return Decimal
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a library")


def _key(profiles: Path, site_file: Path | None, package: Path) -> str:
    """The name of the entry; empty if a file cannot be read, which the load will name at its place."""
    report = Report()
    folder = Folder.at(profiles, report)
    code = _running() if package == PACKAGE else _code(package)
    parts = [folder.fingerprint() if folder is not None else "", code, sys.version, *_installed()]
    if site_file is not None:
        parts.append(_digest_of(site_file))
    if report.errors or "" in parts:
        return ""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _beside(site_file: Path | None, site: Site) -> str:
    """A digest of the expansion files of a site; empty if one cannot be read."""
    digests = [_digest_of(site_file.parent / name) for name in site.files] if site_file else []
    return "" if "" in digests else hashlib.sha256("\0".join(digests).encode()).hexdigest()


@functools.cache
def _running() -> str:
    """A digest of the code of this process: it goes on as it began, whatever is written over it meanwhile."""
    return _code(PACKAGE)


def _code(package: Path) -> str:
    """A digest of source and tables. Times and sizes are not trusted: the bytes are read."""
    whole = hashlib.sha256()
    for root, folders, names in os.walk(package):
        folders[:] = sorted(name for name in folders if name not in ("__pycache__", "profiles"))
        for path in (Path(root, name) for name in sorted(names)):
            data = path.read_bytes()
            whole.update(b"%s\0%d\0%s" % (path.relative_to(package).as_posix().encode(), len(data), data))
    return whole.hexdigest()


def _installed() -> list[str]:
    """Names and versions of the packages that could be imported; the factors of units come from one of them."""
    found: set[str] = set()
    for folder in sys.path:
        try:
            found.update(name for name in os.listdir(folder or ".") if name.endswith(".dist-info"))
        except OSError:
            continue
    return sorted(found)


def _digest_of(path: Path) -> str:
    """The digest of a file's bytes, read as the load would read them; empty if it would refuse to."""
    folder = Folder.at(path.parent, Report())
    data = folder.read_bytes(path.name, LARGEST) if folder is not None else None
    return "" if data is None else hashlib.sha256(data).hexdigest()
