"""Days as people write them: "12 June", the year where it is not this one."""

from __future__ import annotations

import re
from datetime import date

from fhirpath_spine.exchange.outgoing.phrases import Phrases
from fhirpath_spine.pathway.sentences import Charted, Said

_DAY = re.compile(r"(?P<year>\d{4})(?:-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>0[1-9]|[12]\d|3[01]))?)?(?:T[0-9:.+Z-]*)?")
_INSIDE = re.compile(r"(?<![\w./-])\d{4}-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01])(?:T[0-9:.+Z-]*)?)?(?![\w/-])")


def day(text: str, today: date, phrases: Phrases) -> str:
    """A FHIR date or instant in words; anything else as it is."""
    found = _DAY.fullmatch(text)
    if found is None or found["month"] is None:
        return text
    month = phrases.text("months").split()[int(found["month"]) - 1]
    if found["day"] is None:
        return phrases.text("month-year", month=month, year=found["year"])
    number = str(int(found["day"]))
    if int(found["year"]) == today.year:
        return phrases.text("day", day=number, month=month)
    return phrases.text("day-year", day=number, month=month, year=found["year"])


def dated(said: Said, today: date, phrases: Phrases) -> Said:
    """A sentence with its days in words. What someone typed into a chart stays as it was, unless it is a day and no more."""
    return tuple(_part(part, today, phrases) for part in said)


def _part(part: str, today: date, phrases: Phrases) -> str:
    if isinstance(part, Charted):
        return day(part, today, phrases) if _DAY.fullmatch(part) else part
    return _INSIDE.sub(lambda m: day(m[0], today, phrases), part)
