"""What a run is asked to do, in a form that other processes and machines can be given."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from fhirpath_spine import __version__
from fhirpath_spine.authoring import load, load_site
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
        return _loaded(self.profiles, self.site)


@lru_cache(maxsize=4)
def _loaded(profiles: Path, site: Path | None) -> tuple[Library, Site]:
    found = load_site(site, profiles) if site else Site()
    return load(profiles, found), found


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
