"""What the Patient resource says beside age: whether death is recorded, and whether the record is the right one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, tzinfo

from fhirpath_spine.pathway.facts.chart import Resource
from fhirpath_spine.pathway.facts.dates import day_of, first_day
from fhirpath_spine.pathway.facts.reading import items


def is_deceased(patient: Resource, today: date, zone: tzinfo) -> bool:
    """Whether death is recorded: by ``true``, or by a date that is not to come. A date of which only the year or month is known
    counts from its first day.
    """
    if patient.get("deceasedBoolean") is True:
        return True
    day = first_day(day_of(patient.get("deceasedDateTime"), zone))
    return day is not None and day <= today


def warnings_of(patient: Resource, today: date, zone: tzinfo) -> Iterator[str]:
    """What a card has to say of the Patient, as tails of phrase keys ``record-``."""
    told = [name for name in patient if "deceased" in name.lower()]
    alive = told == ["deceasedBoolean"] and patient["deceasedBoolean"] is False
    if told and not alive and not is_deceased(patient, today, zone):
        yield "deceased-unreadable"
    links = [link for link in items(patient.get("link")) if isinstance(link, dict)]
    if any(str(link.get("type", "")).strip().lower() == "replaced-by" for link in links):
        yield "merged"
