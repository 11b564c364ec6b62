"""Dates as charts have them: partial, zoned, impossible. Windows are calendar days in the site's zone (rulings 2.5)."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

_SHAPE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?\Z", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?\Z", re.ASCII)
SLACK = timedelta(minutes=5)
"""Clock slack between the EHR and this service before an instant counts as future."""
Order = tuple[date, float]
"""Sorts dates; the second part orders instants within a day, and is 0 where only the day is known."""


def day_of(text: object, zone: tzinfo) -> str:
    """The calendar day of a FHIR date, dateTime or instant in the site's zone, at its precision; empty if unreadable."""
    if not isinstance(text, str):
        return ""
    if "T" in text:
        moment = moment_of(text, zone)
        return moment.date().isoformat() if moment else ""
    return text if _first(text) else ""


class Stamp(NamedTuple):
    """A date of a chart read once: its calendar day at its precision, that day's first date, and the seconds since the epoch
    if it has a time of day.
    """

    day: str
    first: date
    seconds: float | None

    @property
    def order(self) -> Order:
        """Sort key: newest is greatest; a partial date sorts by its first day."""
        return self.first, self.seconds or 0.0

    def before(self, bound: date) -> bool:
        """Whether all of it lies before a day."""
        return self.first < bound and (len(self.day) == 10 or (_last(self.day) or date.max) < bound)


def stamp(text: str, zone: tzinfo) -> Stamp | None:
    """A FHIR date, dateTime or instant in the site's zone; None if unreadable."""
    if "T" in text:
        written = _written(text)
        if written is None:
            return None
        try:
            # Seconds come from the offset that the chart wrote: a table of a zone is asked for the day only.
            local = written.astimezone(zone) if written.tzinfo else written.replace(tzinfo=zone)
            day = local.date()
            same = day.day == written.day and day.month == written.month  # no offset is a year
            return Stamp(
                text[:10] if same else day.isoformat(), day, (written if written.tzinfo else local).timestamp()
            )
        except OverflowError:
            return None
    first = first_day(text)
    return Stamp(text, first, None) if first else None


def moment_of(text: object, zone: tzinfo) -> datetime | None:
    """The instant of a dateTime with a time of day in the site's zone, or None. Without an offset it is read in that zone."""
    written = _written(text) if isinstance(text, str) else None
    if written is None:
        return None
    try:
        return written.astimezone(zone) if written.tzinfo else written.replace(tzinfo=zone)
    except OverflowError:
        # An instant that leaves the calendar in the site's zone.
        return None


def _written(text: str) -> datetime | None:
    """The instant with the offset that it was written with; None where no calendar holds it."""
    if not _INSTANT.match(text):
        return None
    if text[17:19] == "60":
        # A leap second, which no calendar of ours has.
        text = f"{text[:17]}59{text[19:]}"
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def is_before(day: str, bound: str) -> bool:
    """Whether all of a (partial) date lies before the first day of another."""
    last, first = _last(day), _first(bound)
    return last is not None and first is not None and last < first


def is_since(day: str, bound: str) -> bool:
    """Whether all of a (partial) date lies on or after all of another; a date whose precision does not tell does not."""
    first, last = _first(day), _last(bound)
    return first is not None and last is not None and first >= last


def within(day: str, today: date, days: int) -> bool | None:
    """Whether a date lies in the window of so many days up to today; None if its precision does not tell."""
    first, last, start = _first(day), _last(day), today - timedelta(days=days)
    if first is None or last is None:
        return None
    if first >= start:
        return True
    return False if last < start else None


def apart(a: str, b: str) -> int | None:
    """The fewest days that may lie between two (partial) dates, or None where one is unreadable."""
    first, last, start, end = _first(a), _last(a), _first(b), _last(b)
    if first is None or last is None or start is None or end is None:
        return None
    return max((first - end).days, (start - last).days, 0)


def possible_ages(born: str, today: date) -> tuple[int, ...]:
    """Completed years of age, youngest first: two where a partial birth date leaves them open, none where it is unreadable."""
    first, last = _first(born), _last(born)
    if first is None or last is None:
        return ()
    ages = {today.year - d.year - ((today.month, today.day) < (d.month, d.day)) for d in (first, last)}
    return tuple(sorted(age for age in ages if age >= 0))


def first_day(day: str) -> date | None:
    """The first day of a (partial) date."""
    return _first(day)


def _first(day: str) -> date | None:
    if not (found := _SHAPE.match(day)):
        return None
    try:
        return date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return None


def _last(day: str) -> date | None:
    first = _first(day)
    if first is None or len(day) == 10:
        return first
    if len(day) == 4:
        return date(first.year, 12, 31)
    return (
        date(first.year + first.month // 12, first.month % 12 + 1, 1) - timedelta(days=1)
        if first.year < 9999
        else first
    )
