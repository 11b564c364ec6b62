"""Whom a verb is asked about: a Bundle, a case of the profiles by its place or title, or a document that ``decide`` printed."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fhirpath_spine.authoring import profiles_directory, set_around
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.entrypoints.content import Content, load_content, moment, wording_of
from fhirpath_spine.entrypoints.kept import cache, compiled_here
from fhirpath_spine.entrypoints.settings import Settings, load
from fhirpath_spine.errors import ProfileError, RequestError, SettingsError
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.incoming.bundles import read_bundle
from fhirpath_spine.exchange.incoming.parsing import take_in
from fhirpath_spine.pathway.facts.chart import TYPES, Chart

if TYPE_CHECKING:
    from fhirpath_spine.authoring.cases.stories import Story  # its forms are not for a command about a Bundle

PLACE = re.compile(r"(?P<file>.+\.yaml)(?::(?P<line>\d+))?$")
TODAY = "No --at names another day, so it is judged as of now."
MANY = 8
"""Cases that are named where several are meant."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A chart to be judged, by which content and when; or what is left of one in a ``document``. ``remark`` says that nobody
    named the day.
    """

    content: Content
    at: datetime
    bundle: object = None
    chart: Chart | None = None
    document: Json | None = None
    emergency: str = "full"
    audience: str = "clinician"
    remark: str = ""

    def read(self, unread: list[str]) -> Chart:
        """The chart. Raises RequestError or PreconditionError if the Bundle is none of one patient."""
        return (
            self.chart
            if self.chart is not None
            else read_bundle(self.bundle, not_read=unread, signs=self.content.library.signs)
        )


def find_subject(named: str, at: str, site: Path | None, unread: list[str] | None) -> Subject:
    """What is named on the command line.

    Raises:
        RequestError: nothing or several are meant by it, or the file cannot be read.
        ProfileError, SettingsError: the content cannot be used.

    """
    if strangers := set(unread or ()) - set(TYPES):
        names = ", ".join(sorted(strangers))
        raise RequestError(f"--unread: {names} is never read.", hint=f"One of {', '.join(TYPES)}.")
    settings = load(site=site).settings
    path = Path(named)
    place = PLACE.match(named)
    if place is None and (path.exists() or path.suffix == ".json" or len(path.parts) > 1):
        return _of_file(path, at, settings)
    if at or unread:
        raise RequestError(
            "A case has its day and what is not read in its own lines.", hint="Leave --at and --unread out."
        )
    return _of_case(named, place, settings)


def _of_file(path: Path, at: str, settings: Settings) -> Subject:
    content = load_content(settings)
    when = moment(at, content.site) if at else datetime.now(UTC)
    try:
        body = path.read_bytes()
    except OSError as error:
        raise RequestError(
            f"The file cannot be read: {type(error).__name__}.",
            hint="Name a Bundle as JSON, a case (FILE:LINE or its title), or what `decide --format json` printed.",
        ) from None
    found = take_in(body)
    if isinstance(found, dict) and "decision" in found and ("verdicts" in found or "entries" in found):
        return Subject(content, when, document=found)
    return Subject(content, when, bundle=found, remark="" if at else f"{TODAY}{_written_for(path)}")


def _written_for(path: Path) -> str:
    """The day to judge an invented patient at: its dates are relative to that, so that today says something else of it."""
    from fhirpath_spine.entrypoints.patients import INDEX, WRITTEN_FOR, invented

    patients = []
    if (path.parent / INDEX).is_file():
        with suppress(SettingsError):
            patients = [one.path.name for one in invented(path.parent)]
    return f" This invented patient is written for --at {WRITTEN_FOR}." if path.name in patients else ""


def _of_case(named: str, place: re.Match[str] | None, settings: Settings) -> Subject:
    from fhirpath_spine.authoring.cases.charts import stage
    from fhirpath_spine.authoring.cases.stories import BASELESS, read_stories
    from fhirpath_spine.authoring.source.folder import Folder
    from fhirpath_spine.authoring.source.report import Report

    around = set_around(Path(place["file"])) if place is not None else None
    profiles = around or settings.profiles or profiles_directory()
    report = Report()
    folder = Folder.at(profiles, report)
    stories = read_stories(folder) if folder is not None else []
    found = _at_place(stories, place) if place is not None else _titled(stories, named)
    if len(found) != 1:
        raise _none_or_many(named, found, stories)
    story = found[0]
    # A case says itself what its site has decided, so the library is the one of no site.
    kept = compiled_here(profiles, None, cache(settings.cache))
    library = kept.library
    # What is wrong with other cases is not said of this one.
    before = report.errors
    scene = stage(story, library, kept.systems, report)
    if report.errors > before or story.flaw == BASELESS:
        raise ProfileError("The case cannot be told.", diagnostics=tuple(report.sorted()), hint="Correct its lines.")
    content = Content(library, scene.site, wording_of(library, settings, scene.site))
    emergency, audience = str(story.form.emergency or "full"), str(story.form.audience or "clinician")
    return Subject(content, scene.at, chart=scene.chart, emergency=emergency, audience=audience)


def _at_place(stories: list[Story], place: re.Match[str]) -> list[Story]:
    """The case that stands at a line of a file: the last that begins there or above."""
    named = Path(place["file"]).as_posix()
    there = [s for s in stories if s.span.file == named or s.span.file.endswith(f"/{named}") or _same(s, named)]
    if place["line"] is None:
        return there
    return [s for s in there if s.span.line <= int(place["line"])][-1:]


def _same(story: Story, named: str) -> bool:
    return Path(story.span.file).resolve() == Path(named).resolve()


def _titled(stories: list[Story], named: str) -> list[Story]:
    """The case of that title or id, else all whose title holds the words."""
    exact = [s for s in stories if named in (s.title, str(s.form.id or ""))]
    words = named.casefold()
    return exact or [s for s in stories if words in s.title.casefold()]


def _none_or_many(named: str, found: list[Story], stories: list[Story]) -> RequestError:
    if found:
        names = "; ".join(f"{s.span.file}:{s.span.line} {s.title}" for s in found[:MANY])
        more = f"; and {len(found) - MANY} more" if len(found) > MANY else ""
        return RequestError(f"{len(found)} cases are meant: {names}{more}.", hint="Name one by FILE:LINE.")
    hint = did_you_mean(named, [s.title for s in stories])
    return RequestError(
        f"There is no file and no case '{named}'.",
        hint=hint or "Name a Bundle as JSON, a case (FILE:LINE or its title), or what `decide --format json` printed.",
    )
