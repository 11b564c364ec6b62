"""From a case to what the engine judges: a chart, an instant, a site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from fhirpath_spine.authoring.cases.codes import PATIENT
from fhirpath_spine.authoring.cases.shorthand import Scribe
from fhirpath_spine.diagnostics import Span, did_you_mean
from fhirpath_spine.pathway.facts.chart import ORDER, Chart, Read
from fhirpath_spine.pathway.model import Site
from fhirpath_spine.pathway.truth import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhirpath_spine.authoring.cases.form import PatientForm
    from fhirpath_spine.authoring.cases.stories import Story
    from fhirpath_spine.authoring.source.nodes import Scalar
    from fhirpath_spine.authoring.source.report import Report
    from fhirpath_spine.pathway.facts.needs import Coding
    from fhirpath_spine.pathway.model import Library


@dataclass(frozen=True, slots=True)
class Scene:
    """One case, ready to be judged, and the codes that were written for it with the place of each."""

    chart: Chart
    at: datetime
    site: Site
    codings: Mapping[Coding, Span]


def stage(story: Story, library: Library, systems: Mapping[str, str], report: Report) -> Scene:
    """The scene of a case; what of it means nothing goes to the report."""
    today = _day(story, report)
    scribe = Scribe(library, systems, report, today)
    held: dict[str, list[dict[str, Any]]] = {key: [] for key in ORDER}
    drafts: list[dict[str, Any]] = []
    held["patient"] = [_patient(story.patient, today, scribe)]
    for entry in story.entries:
        made = scribe.write(entry)
        if made is not None:
            (drafts if made.draft else held[made.key]).append(made.resource)
    for entry in story.orders:
        if (order := scribe.order(entry)) is not None:
            drafts.append(order)
    for key in (*story.unavailable, *story.cut):
        if key not in ORDER:
            hint = did_you_mean(key, ORDER) or f"Known: {', '.join(ORDER)}."
            report.add("SP405", f"no prefetch key is called '{key}'", key.span, hint)
    reads = {key: _read(key, held[key], story) for key in ORDER}
    settings = story.site
    for name in settings.flags if settings else ():
        if name not in library.flags:
            report.add("SP220", f"no flag is called '{name}'", name.span, did_you_mean(name, library.flags))
    frameworks = [framework.id for framework in library.frameworks]
    for name in settings.frameworks if settings else ():
        if name not in frameworks:
            report.add("SP220", f"no framework is called '{name}'", name.span, did_you_mean(name, frameworks))
    site = Site(
        flags={str(k): v for k, v in settings.flags.items()} if settings else {},
        variants=tuple(map(str, settings.variants)) if settings else (),
        frameworks=tuple(map(str, settings.frameworks)) if settings else (),
    )
    at = datetime.combine(today, time(23, 59, 59), UTC)
    return Scene(Chart(PATIENT, reads, drafts=tuple(drafts)), at, site, scribe.codings)


def _day(story: Story, report: Report) -> date:
    try:
        return date.fromisoformat(story.at)
    except ValueError:
        report.add("SP406", f"'{story.at}' is no date", story.span, "Write for example: at: 2026-06-15.")
        return date(2026, 6, 15)


def _read(key: str, held: list[dict[str, Any]], story: Story) -> Read:
    if key in story.unavailable:
        return Read((), complete=False, reason=Reason.UNREAD, detail="not read", source="case")
    if key in story.cut:
        return Read(tuple(held), complete=False, reason=Reason.UNREAD, detail="read in part", source="case")
    return Read(tuple(held), source="case")


def _patient(form: PatientForm | None, today: date, scribe: Scribe) -> dict[str, Any]:
    patient: dict[str, Any] = {"resourceType": "Patient", "id": PATIENT}
    gender = str(form.gender) if form is not None and form.gender else "male"
    if gender != "unstated":
        patient["gender"] = gender
    if form is not None and form.birth_date is not None:
        patient["birthDate"] = str(form.birth_date)
    elif birth := _birth(form.age if form is not None else None, today, scribe):
        patient["birthDate"] = birth
    if form is not None and form.deceased is not None:
        patient["deceasedDateTime"] = scribe.day(form.deceased)
    return patient


def _birth(age: Scalar | None, today: date, scribe: Scribe) -> str:
    """The birth date of somebody who is exactly so many years old today."""
    if age == "unknown":
        return ""
    if age is not None and not age.isdigit():
        scribe.report.add("SP407", f"'{age}' is no age in years", age.span, "Write for example: age: 45.")
        return ""
    year = today.year - int(age or 60)
    leap = today.month == 2 and today.day == 29
    return f"{year:04d}-{today.month:02d}-{28 if leap else today.day:02d}"
