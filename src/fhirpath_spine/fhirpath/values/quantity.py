"""Quantities and their units: UCUM by a generated table, by ``ucumvert`` for units outside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Context, Decimal, localcontext
from functools import cache
from typing import Any

from fhirpath_spine.fhirpath.values.units import CALENDAR, UCUM, WORDS, Unit, unit

# A calendar year or month is no fixed stretch of time; all shorter words equal their UCUM unit.
_AS_UCUM = {"week": "wk", "day": "d", "hour": "h", "minute": "min", "second": "s", "millisecond": "ms"}
_CONTEXT = Context(prec=11)
_CALENDAR_OF = {"a": "year", "mo": "month", **{v: k for k, v in _AS_UCUM.items()}}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with a unit: a UCUM code, or a calendar word in the singular (``day``); ``'1'`` for none.

    ``comparator`` is FHIR's: the true value lies below or above. ``fhir``: read from a resource, where ``a`` and
    ``mo`` may stand for calendar years and months.
    """

    value: Decimal
    unit: str = "1"
    comparator: str = field(default="", compare=False)
    fhir: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        if self.unit in WORDS:
            return f"{self.value:f} {self.unit}{'' if abs(self.value) == 1 else 's'}"
        return f"{self.value:f} '{self.unit}'"


def from_fhir(value: dict[str, Any]) -> Quantity | None:
    """The quantity a FHIR Quantity states; None without a number. Codes of other systems stay what they are."""
    number = value.get("value")
    if number is None or isinstance(number, (bool, str)):
        return None
    unit = value.get("code") or value.get("unit") or "1"
    if value.get("system") not in (None, UCUM):
        unit = f"{value['system']}|{unit}"
    exact = number if isinstance(number, Decimal) else Decimal(repr(number))
    return Quantity(exact, unit, value.get("comparator") or "", fhir=True)


@cache
def _ratio(left: str, right: str) -> tuple[Unit, Unit] | None:
    if {left, right} & {"year", "month"}:
        return None
    a, b = unit(_AS_UCUM.get(left, left)), unit(_AS_UCUM.get(right, right))
    return (a, b) if a and b and a.dimension == b.dimension else None


def _months(q: Quantity, *, lenient: bool) -> Decimal | None:
    if q.unit == "year" or (lenient and q.unit == "a"):
        return q.value * 12
    return q.value if q.unit == "month" or (lenient and q.unit == "mo") else None


def align(left: Quantity, right: Quantity) -> tuple[Decimal, Decimal] | None:
    """Both values in one unit, or None if the units cannot be compared."""
    if left.unit == right.unit:
        return left.value, right.value
    lenient = left.fhir or right.fhir
    a, b = _months(left, lenient=lenient), _months(right, lenient=lenient)
    if a is not None and b is not None:
        return a, b
    units = _ratio(left.unit, right.unit)
    if units is None:
        return None
    return _round(left.value * units[0].factor + units[0].offset), _round(
        right.value * units[1].factor + units[1].offset
    )


def _round(number: Decimal) -> Decimal:
    # Factors carry a dozen digits; what lies beyond is noise and must not make equal amounts unequal.
    return _CONTEXT.plus(number)


def calendar_unit(q: Quantity) -> str | None:
    """The calendar word for date arithmetic; None if the unit is no time, or a definite year or month."""
    if q.unit in WORDS:
        return q.unit
    if q.unit in ("a", "mo") and not q.fhir:
        return None
    return CALENDAR.get(q.unit) or _CALENDAR_OF.get(q.unit)


def total(left: Quantity, right: Quantity, sign: int) -> Quantity | None:
    """Sum or difference, in the finer of the two units; None if they cannot be added."""
    if left.unit == right.unit:
        return Quantity(left.value + sign * right.value, left.unit)
    aligned, units = align(left, right), _ratio(left.unit, right.unit)
    if aligned is None:
        return None
    if units is None:
        return Quantity(aligned[0] + sign * aligned[1], "month")
    finer, name = (units[0], left.unit) if units[0].factor <= units[1].factor else (units[1], right.unit)
    return Quantity((aligned[0] + sign * aligned[1] - finer.offset) / finer.factor, name)


def product(left: Quantity, right: Quantity, *, divide: bool) -> Quantity | None:
    """Product or quotient; the unit is reduced to base units unless one side has none."""
    if divide and right.value == 0:
        return None
    value = left.value / right.value if divide else left.value * right.value
    if right.unit == "1":
        return Quantity(value, left.unit)
    if left.unit == "1" and not divide:
        return Quantity(value, right.unit)
    if divide and (aligned := align(left, right)) is not None:
        return Quantity(aligned[0] / aligned[1], "1") if aligned[1] else None
    a, b = (_AS_UCUM.get(q.unit, q.unit) for q in (left, right))
    if divide:
        return Quantity(value, f"{a}/{b}" if "/" not in b else f"{a}/({b})")
    with localcontext() as context:
        context.prec = 28
        same = align(Quantity(Decimal(1), right.unit), Quantity(Decimal(1), left.unit))
        if same is not None and "." not in a and "/" not in a:
            return Quantity(left.value * right.value * same[0] / same[1], f"{a}2")
    return Quantity(value, f"{a}.{b}")
