"""What a run is asked to do, in a form that other processes and machines can be given."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from fhirpath_spine import __version__
from fhirpath_spine.fhirpath import Expression
from fhirpath_spine.pathway.model import Library, Site
from fhirpath_spine.population.exports.export import Export
from fhirpath_spine.population.tables.pseudonyms import Pseudonyms
from fhirpath_spine.population.tables.schema import SCHEMA


@dataclass(frozen=True, slots=True)
class Content:
    """What is judged with. ``criteria`` are those of the library, to be made ready before many charts; ``site_mark`` is a digest
    of the file that the site was read from.
    """

    library: Library
    site: Site
    criteria: tuple[Expression, ...]
    site_mark: str = ""

    @classmethod
    def of(cls, profiles: Path, site: Path | None = None) -> Content:
        """The content in files.

        Raises:
            ProfileError: a file cannot be used.

        """
        # The forms of files are not for those who are handed the content.
        from fhirpath_spine.authoring.loading import load_written

        library, written = load_written(profiles, site)
        criteria = (one.expression for one in written.expressions if one.criterion)
        return cls(library, written.site, tuple(criteria), mark_of(site))

    def ready(self) -> Content:
        """The same, with the source of each criterion generated: that does not travel, and pays from a few charts on."""
        for criterion in self.criteria:
            criterion.prepare()
        return self

    def pack(self) -> bytes:
        """As bytes, for a machine that has none of the files; :func:`unpack` gives it back."""
        return pickle.dumps(self, protocol=5)


def mark_of(site: Path | None) -> str:
    """A digest of a site file; empty without one."""
    return hashlib.sha256(site.read_bytes()).hexdigest() if site else ""


def unpack(packed: bytes) -> Content:
    """What :meth:`Content.pack` packed, ready. The bytes are trusted: a driver sends them to its own workers."""
    found: Content = pickle.loads(packed)  # noqa: S301
    return found.ready()


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
        content = self.content
        files = [(s.path.name, s.size, s.path.stat().st_mtime_ns) for s in self.export.sources]
        whole = (
            SCHEMA,
            __version__,
            content.library.digest,
            content.site_mark,
            self.at.isoformat(),
            self.export.base,
            self.export.unasked,
            files,
        )
        return hashlib.sha256(repr((whole, self.pseudonyms.mark)).encode()).hexdigest()
