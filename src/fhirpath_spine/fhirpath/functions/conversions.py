"""Functions that convert: ``toX()``, ``convertsToX()``."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fhirpath_spine.fhirpath.functions.table import value_function
from fhirpath_spine.fhirpath.values.quantity import Quantity
from fhirpath_spine.fhirpath.values.shapes import BOOLEAN, DATE, DATETIME, DECIMAL, INTEGER, QUANTITY, STRING, TIME
from fhirpath_spine.fhirpath.values.temporal import Date, DateTime, Time
from fhirpath_spine.fhirpath.values.units import CALENDAR

_INTEGER = re.compile(r"[+-]?\d{1,18}\Z", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d+(?:\.\d+)?\Z", re.ASCII)
_QUANTITY = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*(?:'([^']+)'|([a-zA-Z]+))?\Z", re.ASCII)
_TRUE = ("true", "t", "yes", "y", "1", "1.0")
_FALSE = ("false", "f", "no", "n", "0", "0.0")


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, Decimal)):
        return {0: False, 1: True}.get(int(value)) if value in (0, 1) else None
    if isinstance(value, str):
        return True if value.lower() in _TRUE else False if value.lower() in _FALSE else None
    return None


def _integer(value: Any) -> int | None:
    if isinstance(value, (bool, int)):
        return int(value)
    return int(value) if isinstance(value, str) and _INTEGER.match(value) else None


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, (bool, int, Decimal)):
        return Decimal(value)
    return Decimal(value) if isinstance(value, str) and _DECIMAL.match(value) else None


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value) if isinstance(value, (str, int, Date, DateTime, Time, Quantity)) else None


def _date(value: Any) -> Date | None:
    if isinstance(value, Date):
        return value
    if isinstance(value, DateTime):
        return Date(value.parts[:3])
    if isinstance(value, str):
        found = DateTime.parse(value)
        return None if found is None else Date(found.parts[:3])
    return None


def _date_time(value: Any) -> DateTime | None:
    if isinstance(value, DateTime):
        return value
    if isinstance(value, Date):
        return DateTime(value.parts)
    return DateTime.parse(value) if isinstance(value, str) else None


def _time(value: Any) -> Time | None:
    if isinstance(value, Time):
        return value
    return Time.parse(value.removeprefix("T")) if isinstance(value, str) else None


def _quantity(value: Any) -> Quantity | None:
    if isinstance(value, Quantity):
        return value
    if isinstance(value, (bool, int, Decimal)):
        return Quantity(Decimal(value))
    match = _QUANTITY.match(value) if isinstance(value, str) else None
    if match is None or (match[3] and match[3] not in CALENDAR):
        return None
    return Quantity(Decimal(match[1]), match[2] or CALENDAR.get(match[3] or "", "1"))


def _register(name: str, gives: str, convert: Callable[[Any], Any]) -> None:
    value_function(f"to{name}", on="any", gives=gives, maybe=True)(convert)
    value_function(f"convertsTo{name}", on="any", gives=BOOLEAN)(lambda value: convert(value) is not None)


_register("Boolean", BOOLEAN, _boolean)
_register("Integer", INTEGER, _integer)
_register("Decimal", DECIMAL, _decimal)
_register("String", STRING, _text)
_register("Date", DATE, _date)
_register("DateTime", DATETIME, _date_time)
_register("Time", TIME, _time)


def _in_unit(value: Any, unit: str | None = None) -> Quantity | None:
    found = _quantity(value)
    if found is None or unit is None:
        return found
    from fhirpath_spine.fhirpath.values.quantity import align

    aligned = align(found, Quantity(Decimal(1), unit))
    return Quantity(aligned[0] / aligned[1], unit) if aligned and aligned[1] else None


value_function("toQuantity", "string?", on="any", gives=QUANTITY, maybe=True)(_in_unit)
value_function("convertsToQuantity", "string?", on="any", gives=BOOLEAN)(lambda *args: _in_unit(*args) is not None)
