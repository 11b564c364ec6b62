"""Moves all dates of a Bundle by a number of days, so that invented patients stay as old as they were (rulings 7)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

_NAMES = frozenset(
    {"start", "end", "issued", "authoredOn", "date", "created", "dateAsserted", "lastUpdated", "recorded"}
)
_SUFFIXES = ("DateTime", "Date", "Instant")
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(T.*)?)?)?\Z", re.DOTALL)


def shift_dates(value: Any, days: int) -> Any:
    """The same JSON with every date element moved. A partial date stays partial; what is no date stays as it is.

    Dates in free text are not touched: whoever writes them there does so on purpose.
    """
    if isinstance(value, dict):
        return {
            key: _moved(item, days) if isinstance(item, str) and _is_date(key) else shift_dates(item, days)
            for key, item in value.items()
        }
    return [shift_dates(item, days) for item in value] if isinstance(value, list) else value


def _is_date(name: str) -> bool:
    return name in _NAMES or name.endswith(_SUFFIXES)


def _moved(text: str, days: int) -> str:
    found = _DATE.match(text)
    if found is None:
        return text
    year, month, day, rest = found.groups()
    try:
        # A partial date moves by its middle, so that it lands in the month or year where most of it falls.
        moved = date(int(year), int(month or 7), int(day or (15 if month else 1))) + timedelta(days=days)
    except (ValueError, OverflowError):
        return text
    return moved.isoformat()[: len(text.split("T", 1)[0])] + (rest or "")
