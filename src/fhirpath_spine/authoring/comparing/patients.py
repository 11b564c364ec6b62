"""Of whom two libraries are asked: any chart with its day; and the cases of a profile set, as they are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.cases.charts import stage
from fhirpath_spine.authoring.cases.stories import TWICE, read_stories
from fhirpath_spine.authoring.source.folder import Folder
from fhirpath_spine.authoring.source.report import Report
from fhirpath_spine.pathway.facts.chart import Chart
from fhirpath_spine.pathway.model import Site

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fhirpath_spine.authoring.loading import Checked


@dataclass(frozen=True, slots=True)
class Patient:
    """One chart by a name that a person finds again, and how it is judged."""

    name: str
    chart: Chart
    at: datetime
    site: Site
    emergency: str = "full"
    audience: str = "clinician"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A chart that is read where it is judged, so that several processes share the reading, too, and none holds all charts.

    ``open`` raises :class:`PreconditionError` or :class:`RequestError` where it cannot be read.
    """

    name: str
    open: Callable[[], Patient]


def patients_of_cases(profiles: Path, checked: Checked) -> tuple[list[Patient], int]:
    """The cases of a set that loads, and how many of them mean nothing to it."""
    folder = Folder.at(profiles, Report())
    found: list[Patient] = []
    untold = 0
    if folder is None or checked.library is None:
        return found, untold
    for story in read_stories(folder):
        # A mistake in a base is one of each case of it, so no report is shared.
        report = Report()
        scene = stage(story, checked.library, checked.written.terminology.systems, report)
        if report.errors or story.flaw not in ("", TWICE):
            untold += 1
            continue
        name = f"{story.span.file.removeprefix(f'{folder.shown}/')}:{story.span.line} {story.title}"
        emergency, audience = str(story.form.emergency or "full"), str(story.form.audience or "clinician")
        found.append(Patient(name, scene.chart, scene.at, scene.site, emergency, audience))
    return found, untold
