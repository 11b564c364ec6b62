"""Dates, dateTimes and times as FHIRPath has them: each as precise as it was written, compared no further than that."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z")
_TIME = re.compile(r"(\d{2})(?::(\d{2})(?::(\d{2}(?:\.\d+)?))?)?\Z")
_OFFSET = re.compile(r"(Z|[+-]\d{2}:\d{2})\Z")
# A clock without zone may stand anywhere between UTC-12 and UTC+14.
_WIDEST_ZONE = timedelta(hours=26)
Parts = tuple[int | Decimal, ...]


def _pad(number: int | Decimal) -> str:
    if isinstance(number, Decimal):
        whole, _, rest = f"{number:f}".partition(".")
        return whole.zfill(2) + (f".{rest}" if rest else "")
    return f"{number:02d}"


def _ascend(left: Sequence[int | Decimal], right: Sequence[int | Decimal]) -> int | None:
    for a, b in zip(left, right, strict=False):
        if a != b:
            return -1 if a < b else 1
    return 0 if len(left) == len(right) else None


def _valid_date(parts: Sequence[int]) -> bool:
    if not 1 <= parts[0] <= 9999 or (len(parts) > 1 and not 1 <= parts[1] <= 12):
        return False
    return len(parts) < 3 or 1 <= parts[2] <= monthrange(parts[0], parts[1])[1]


def _read_time(text: str) -> Parts | None:
    match = _TIME.match(text)
    if match is None:
        return None
    hour, minute, second = match[1], match[2], match[3]
    parts: list[int | Decimal] = [int(hour)]
    if minute is not None:
        parts.append(int(minute))
    if second is not None:
        parts.append(Decimal(second))
    fits = all(part < limit for part, limit in zip(parts, (24, 60, 60), strict=False))
    return tuple(parts) if fits else None


@dataclass(frozen=True)
class Date:
    """Year, month, day, as far as known."""

    parts: Parts

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read ``2026``, ``2026-11`` or ``2026-11-01``; None if it is no such date."""
        match = _DATE.match(text)
        if match is None:
            return None
        parts = tuple(int(g) for g in match.groups() if g is not None)
        return cls(parts) if _valid_date(parts) else None

    def __str__(self) -> str:
        return "-".join((f"{self.parts[0]:04d}", *(_pad(p) for p in self.parts[1:])))


@dataclass(frozen=True)
class Time:
    """Hour, minute, second, as far as known; the second may have a fraction."""

    parts: Parts

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read ``10``, ``10:30``, ``10:30:00`` or ``10:30:00.000``; None if it is no such time."""
        parts = _read_time(text)
        return None if parts is None else cls(parts)

    def __str__(self) -> str:
        return ":".join(_pad(p) for p in self.parts)


@dataclass(frozen=True)
class DateTime:
    """A date with a time and an offset in minutes, each as far as known."""

    parts: Parts
    offset: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a FHIR dateTime or instant, or a FHIRPath literal without its sign; None if it is none."""
        day, _, clock = text.partition("T")
        date_part = Date.parse(day)
        if date_part is None or not clock:
            return None if date_part is None else cls(date_part.parts)
        zone = _OFFSET.search(clock)
        offset = None
        if zone is not None:
            clock = clock[: zone.start()]
            offset = 0 if zone[1] == "Z" else _minutes(zone[1])
        time_part = _read_time(clock)
        if time_part is None or len(date_part.parts) < 3 or (offset is not None and abs(offset) > 14 * 60):
            return None
        return cls(date_part.parts + time_part, offset)

    @classmethod
    def at(cls, moment: datetime) -> Self:
        """An aware moment, to the millisecond."""
        second = Decimal(moment.second) + Decimal(moment.microsecond // 1000).scaleb(-3).quantize(Decimal("0.001"))
        offset = moment.utcoffset()
        minutes = None if offset is None else int(offset.total_seconds() // 60)
        return cls((moment.year, moment.month, moment.day, moment.hour, moment.minute, second), minutes)

    @cached_property
    def universal(self) -> Parts:
        """The parts in UTC if the offset is known, else as written."""
        if not self.offset or len(self.parts) < 4:
            return self.parts
        try:
            moment = moment_of(self.parts) - timedelta(minutes=self.offset)
        except OverflowError:
            return self.parts
        found: list[int | Decimal] = [moment.year, moment.month, moment.day, moment.hour, moment.minute]
        return tuple(found[: len(self.parts)]) + self.parts[5:]

    def __str__(self) -> str:
        text = str(Date(self.parts[:3]))
        if len(self.parts) > 3:
            text += f"T{Time(self.parts[3:])}"
        if self.offset is not None:
            hours, minutes = divmod(abs(self.offset), 60)
            text += f"{'-' if self.offset < 0 else '+'}{hours:02d}:{minutes:02d}"
        return text


Temporal = Date | DateTime | Time


def _minutes(zone: str) -> int:
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return -minutes if zone[0] == "-" else minutes


def moment_of(parts: Sequence[int | Decimal]) -> datetime:
    """The first moment that the parts of a date or dateTime allow, read as UTC, fractions of a second left out."""
    numbers = [*(int(p) for p in parts), *[1] * (3 - len(parts))]
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[arg-type, misc]


def _zoned(left: DateTime, right: DateTime) -> int | None:
    """One of the two has no offset: decided only if no zone on earth could turn the answer round."""
    apart = moment_of(left.parts) - moment_of(right.parts)
    if abs(apart) <= _WIDEST_ZONE:
        return None
    return -1 if apart < timedelta(0) else 1


def compare(left: Temporal, right: Temporal) -> int | None:
    """-1, 0 or 1, or None where the precisions leave it open. A time and a date cannot be compared: ``TypeError``."""
    if isinstance(left, Time) or isinstance(right, Time):
        if type(left) is not type(right):
            raise TypeError
        return _ascend(left.parts, right.parts)
    if isinstance(left, DateTime) and isinstance(right, DateTime):
        if len(left.parts) > 3 and len(right.parts) > 3:
            if (left.offset is None) is not (right.offset is None):
                return _zoned(left, right)
            return _ascend(left.universal, right.universal)
        return _ascend(left.parts, right.parts)
    return _ascend(left.parts, right.parts)


@lru_cache(maxsize=65536)
def read(type_name: str, text: str) -> Temporal | None:
    """A FHIR date, dateTime, instant or time; None if the text is none."""
    if type_name in ("date", "System.Date"):
        return Date.parse(text)
    return Time.parse(text) if type_name in ("time", "System.Time") else DateTime.parse(text)


_SECONDS = {"week": 604800, "day": 86400, "hour": 3600, "minute": 60, "second": 1}


def add(start: Temporal, amount: int, unit: str) -> Temporal | None:
    """``start`` moved by whole calendar units (year, month, week, day, hour, minute, second, millisecond).

    A finer unit than the start is precise to is turned into whole steps of that precision. None beyond the calendar.
    """
    if isinstance(start, Time):
        return _add_to_time(start, amount, unit)
    parts = start.parts
    if unit == "year":
        unit, amount = "month", amount * 12
    if len(parts) < 3 and unit != "month":
        days = int(amount * _milliseconds(unit) / 86_400_000)
        amount, unit = int(days / (365 if len(parts) == 1 else 30)) * (12 if len(parts) == 1 else 1), "month"
    try:
        if unit == "month":
            return _replace(start, _months(parts, amount))
        span = timedelta(milliseconds=amount * _milliseconds(unit))
        if len(parts) == 3:
            moved = date(*(int(p) for p in parts)) + timedelta(days=int(span / timedelta(days=1)))
            return _replace(start, (moved.year, moved.month, moved.day))
        return _replace(start, _moved(parts, span))
    except (OverflowError, ValueError):
        return None


def _milliseconds(unit: str) -> int:
    return 1 if unit == "millisecond" else _SECONDS[unit] * 1000


def _replace(start: Date | DateTime, parts: Parts) -> Date | DateTime:
    return DateTime(parts, start.offset) if isinstance(start, DateTime) else Date(parts)


def _months(parts: Parts, amount: int) -> Parts:
    if len(parts) == 1:
        year = int(parts[0]) + int(amount / 12)
        month = 1
    else:
        year, month = divmod(int(parts[0]) * 12 + int(parts[1]) - 1 + amount, 12)
        month += 1
    if not 1 <= year <= 9999:
        raise OverflowError
    moved: list[int | Decimal] = [year, month]
    moved = moved[: len(parts)]
    if len(parts) > 2:
        moved.append(min(int(parts[2]), monthrange(year, month)[1]))
    return tuple(moved) + parts[3:]


def _moved(parts: Parts, span: timedelta) -> Parts:
    second = Decimal(parts[5]) if len(parts) > 5 else Decimal(0)
    fraction = second - int(second)
    moved = moment_of(parts) + timedelta(microseconds=int(fraction * 1_000_000)) + span
    found: list[int | Decimal] = [moved.year, moved.month, moved.day, moved.hour, moved.minute]
    if len(parts) > 5:
        exact = Decimal(moved.second) + Decimal(moved.microsecond).scaleb(-6)
        places = max(-int(second.as_tuple().exponent), 3 if moved.microsecond else 0)
        found.append(exact.quantize(Decimal(1).scaleb(-places)))
    return tuple(found[: len(parts)])


def _add_to_time(start: Time, amount: int, unit: str) -> Time | None:
    if unit not in ("hour", "minute", "second", "millisecond"):
        raise TypeError
    full = _moved((2000, 1, 2, *start.parts), timedelta(milliseconds=amount * _milliseconds(unit)))
    return Time(full[3:])
