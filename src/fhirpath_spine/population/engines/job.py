"""What a run is asked to do, in a form that other processes and machines can be given."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from fhirpath_spine import __version__
from fhirpath_spine.authoring.loading import load_written
from fhirpath_spine.fhirpath import Expression
from fhirpath_spine.pathway.model import Library, Site
from fhirpath_spine.population.exports.export import Export
from fhirpath_spine.population.tables.pseudonyms import Pseudonyms
from fhirpath_spine.population.tables.schema import SCHEMA


@dataclass(frozen=True, slots=True)
class Content:
    """The files that a library and a site are loaded from. Each process loads them once."""

    profiles: Path
    site: Path | None = None

    def load(self) -> tuple[Library, Site]:
        """The library and the site.

        Raises:
            ProfileError: a file cannot be used.

        """
        library, site, _ = _loaded(self.profiles, self.site)
        return library, site

    def pack(self) -> bytes:
        """The library and the site as bytes, for a machine that has none of the files; :func:`unpack` gives them back."""
        return pickle.dumps(_loaded(self.profiles, self.site), protocol=5)


@lru_cache(maxsize=4)
def _loaded(profiles: Path, site: Path | None) -> tuple[Library, Site, tuple[Expression, ...]]:
    library, written = load_written(profiles, site)
    criteria = (one.expression for one in written.expressions if one.expression.prepared)
    return library, written.site, tuple(criteria)


def unpack(packed: bytes) -> tuple[Library, Site]:
    """What :meth:`Content.pack` packed, ready for many charts: what is generated does not travel, and is generated here.

    The bytes are trusted: a driver sends them to its own workers.
    """
    library, site, criteria = pickle.loads(packed)  # noqa: S301
    for criterion in criteria:
        criterion.prepare()
    return library, site


@dataclass(frozen=True, slots=True)
class Job:
    """One run: an export, judged with some content at one instant, into a folder."""

    export: Export
    content: Content
    at: datetime
    out: Path
    pseudonyms: Pseudonyms = field(default_factory=Pseudonyms)

    def mark(self) -> str:
        """A digest of all that the rows depend on. A run that was stopped goes on only under the same mark."""
        library, _ = self.content.load()
        site = self.content.site.read_bytes() if self.content.site else b""
        files = [(s.path.name, s.size, s.path.stat().st_mtime_ns) for s in self.export.sources]
        whole = (SCHEMA, __version__, library.digest, site, self.at.isoformat(), self.export.base, files)
        return hashlib.sha256(repr((whole, self.pseudonyms.mark)).encode()).hexdigest()
