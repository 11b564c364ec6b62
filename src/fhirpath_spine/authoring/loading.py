"""The ways into a profile set: load it, or check it and hear everything about it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.lint import lint
from fhirpath_spine.authoring.profile.digests import SITE_WORDS, with_digests
from fhirpath_spine.authoring.profile.displays import FILE as DISPLAYS
from fhirpath_spine.authoring.profile.displays import read_displays
from fhirpath_spine.authoring.profile.files import read_files
from fhirpath_spine.authoring.profile.library import build
from fhirpath_spine.authoring.profile.site import check_approvals, read_site
from fhirpath_spine.authoring.profile.terminology import Terminology
from fhirpath_spine.authoring.source.folder import Folder
from fhirpath_spine.authoring.source.report import Report
from fhirpath_spine.authoring.source.unfinished import without_echoes
from fhirpath_spine.diagnostics import Severity
from fhirpath_spine.errors import ProfileError
from fhirpath_spine.pathway.model import Library, Site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhirpath_spine.authoring.profile.compiler import Compiled
    from fhirpath_spine.authoring.profile.files import Files
    from fhirpath_spine.authoring.source.nodes import Node
    from fhirpath_spine.diagnostics import Diagnostic

PathLike = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Written:
    """How a library was written: each of its expressions with its place, the files by name as nodes with places, the code
    tables, and the site that it was compiled for. ``counted`` names what the digest of each pathway is made of.
    """

    expressions: tuple[Compiled, ...] = ()
    content: Mapping[str, Node | str] = field(default_factory=dict)
    terminology: Terminology = field(default_factory=Terminology)
    site: Site = field(default_factory=Site)
    counted: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found about a profile set, and the library if nothing of it stops the load."""

    diagnostics: tuple[Diagnostic, ...]
    library: Library | None
    written: Written = field(default_factory=Written)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings that stop the load."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)


def examine(
    directory: PathLike, site: Site | PathLike | None = None, edited: Mapping[str, str] | None = None
) -> Checked:
    """Reads, compiles and lints a whole profile set, each file once. Never raises because of what stands in its files.

    ``site`` is what a site has decided, or the file that says it; ``edited`` has texts that count instead of those of files, by
    relative path. Raises :class:`ProfileError` if that file cannot be used.
    """
    report = Report()
    folder = Folder.at(directory, report, edited)
    library: Library | None = None
    written = Written()
    if folder is not None:
        files = read_files(folder)
        settings = _settings(site, files)
        if settings.expansions:
            files.content["expansions"] = files.terminology.extend(settings.expansions)
        if settings.languages != Site().languages or settings.words != Site().words:
            files.content[SITE_WORDS] = repr((settings.languages, settings.words))
        written = Written((), files.content, files.terminology, settings)
        if files.shared is not None and files.terminology.value_sets:
            draft = build(files, files.shared)
            lint(draft, settings)
            library = draft.library
            written = Written(tuple(draft.compiler.compiled), files.content, files.terminology, settings)
        without_echoes(report)
        if report.errors or library is None:
            library = None
        else:
            library, counted = with_digests(library, files)
            written = replace(written, counted=counted)
    return Checked(tuple(report.sorted()), library, written)


def _settings(site: Site | PathLike | None, files: Files) -> Site:
    if site is None or isinstance(site, Site):
        return site or Site()
    shared = files.shared
    if shared is None:
        # What the file names cannot be looked up, and the set is refused for its own errors.
        return Site()
    return read_site(site, files.terminology, shared.data, shared.sources, shared.words, files=lambda: files)


def check(
    directory: PathLike,
    site: Site | PathLike | None = None,
    edited: Mapping[str, str] | None = None,
    examined: Checked | None = None,
) -> list[Diagnostic]:
    """All errors and warnings about a profile set, in order of place; those about files that only tools read, too. Arguments are
    those of :func:`examine`; ``examined`` is what that gave, where it was asked already.
    """
    report = Report()
    checked = examined or examine(directory, site, edited)
    report.extend(checked.diagnostics)
    folder = Folder.at(directory, report, edited)
    if site is not None and not isinstance(site, Site) and checked.library is not None:
        check_approvals(site, checked.library, report)
    if folder is not None and (folder.root / DISPLAYS).exists():
        read_displays(folder, checked.written.terminology)
    return report.sorted()


def load(directory: PathLike, site: Site | PathLike | None = None) -> Library:
    """The library of a profile set.

    Raises:
        ProfileError: anything in the set is wrong; it carries every error, and nothing is loaded.

    """
    return load_written(directory, site)[0]


def load_written(directory: PathLike, site: Site | PathLike | None = None) -> tuple[Library, Written]:
    """The library of a profile set, and how it was written. Raises as :func:`load` does."""
    checked = examine(directory, site)
    if checked.library is None:
        errors = checked.errors
        shown = "; ".join(map(str, errors[:3])) + (f"; and {len(errors) - 3} more" if len(errors) > 3 else "")
        raise ProfileError(
            f"The profiles cannot be loaded, {len(errors)} errors: {shown}",
            diagnostics=errors,
            hint="Run fhirpath-spine lint, correct the files, and load again; nothing of the set is in use.",
        )
    return checked.library, checked.written


def unreachable(library: Library) -> dict[str, str]:
    """Recommendations whose criteria no data can answer today, with the reason: for information, never a finding."""
    marked = (use.recommendation for pathway in library.pathways for use in pathway.uses)
    return {one.id: one.unreachable for one in marked if one.unreachable}
