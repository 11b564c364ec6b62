"""Functions on numbers and quantities, and the boundaries of what a precision leaves open."""

from __future__ import annotations

from calendar import monthrange
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, DecimalException, localcontext
from typing import Any

from fhirpath_spine.fhirpath.functions.table import value_function
from fhirpath_spine.fhirpath.values.quantity import Quantity, align
from fhirpath_spine.fhirpath.values.shapes import BOOLEAN, DECIMAL, INTEGER, Ty, type_named
from fhirpath_spine.fhirpath.values.temporal import Date, DateTime, Time

Number = int | Decimal
_CONTEXT = Context(prec=28)
# What FHIRPath allows for a decimal, and what its clocks can say.
_MOST_PLACES = 31
_LENGTHS = {4: 1, 6: 2, 8: 3, 10: 4, 12: 5, 14: 6, 17: 6}
_CLOCK_LENGTHS = {2: 1, 4: 2, 6: 3, 9: 3}


def _like_input(base: Ty, _args: list[Ty]) -> Ty:
    return base.one()


@value_function("abs", on="quantity", gives=_like_input)
def _abs(number: Number | Quantity) -> Number | Quantity:
    if isinstance(number, Quantity):
        return Quantity(abs(number.value), number.unit)
    return number.copy_abs() if isinstance(number, Decimal) else abs(number)


@value_function("ceiling", on="number", gives=INTEGER)
def _ceiling(number: Number) -> int:
    return int(Decimal(number).to_integral_value(ROUND_CEILING))


@value_function("floor", on="number", gives=INTEGER)
def _floor(number: Number) -> int:
    return int(Decimal(number).to_integral_value(ROUND_FLOOR))


@value_function("truncate", on="number", gives=INTEGER)
def _truncate(number: Number) -> int:
    return int(number)


@value_function("round", "integer?", on="number", gives=DECIMAL, maybe=True)
def _round(number: Number, digits: int = 0) -> Decimal | None:
    if not 0 <= digits <= _MOST_PLACES:
        return None
    return _guarded(lambda: Decimal(number).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def _guarded(compute: Any) -> Decimal | None:
    with localcontext(_CONTEXT):
        try:
            found: Decimal = compute()
        except (DecimalException, OverflowError):
            return None
        return found if found.is_finite() else None


@value_function("exp", on="number", gives=DECIMAL, maybe=True)
def _exp(number: Number) -> Decimal | None:
    return _guarded(lambda: Decimal(number).exp()) if number < 1000 else None


@value_function("ln", on="number", gives=DECIMAL, maybe=True)
def _ln(number: Number) -> Decimal | None:
    return _guarded(lambda: Decimal(number).ln()) if number > 0 else None


@value_function("log", "number", on="number", gives=DECIMAL, maybe=True)
def _log(number: Number, base: Number) -> Decimal | None:
    if number <= 0 or base <= 0 or base == 1:
        return None
    quotient = _guarded(lambda: Decimal(number).ln() / Decimal(base).ln())
    # The last digits of a quotient of logarithms are noise: 16.log(2) is 4.
    return None if quotient is None else Context(prec=20).plus(quotient).normalize()


@value_function("sqrt", on="number", gives=DECIMAL, maybe=True)
def _sqrt(number: Number) -> Decimal | None:
    return _guarded(lambda: Decimal(number).sqrt()) if number >= 0 else None


@value_function("power", "number", on="number", gives=_like_input, maybe=True)
def _power(number: Number, exponent: Number) -> Number | None:
    if isinstance(number, int) and isinstance(exponent, int) and exponent >= 0:
        # An integer has at most 63 bits, so a larger power of anything but 0, 1 and -1 is none.
        if abs(number) > 1 and exponent > 63:
            return None
        result = int(number ** (exponent if abs(number) > 1 else 2 - exponent % 2 if exponent else 0))
        return result if abs(result) < 2**63 else None
    return _guarded(lambda: Decimal(number) ** Decimal(exponent))


@value_function("comparable", "quantity", on="quantity", gives=BOOLEAN)
def _comparable(left: Quantity, right: Quantity) -> bool:
    if not (isinstance(left, Quantity) and isinstance(right, Quantity)):
        return True
    return align(left, right) is not None


@value_function("precision", on="any", gives=lambda _base, _args: type_named(INTEGER), maybe=True)
def _precision(value: Any) -> int | None:
    if isinstance(value, Decimal):
        return max(0, -int(value.as_tuple().exponent))
    if isinstance(value, int):
        return 0
    if isinstance(value, (Date, DateTime, Time)):
        return _written(value)
    return None


def _written(value: Date | DateTime | Time) -> int:
    parts = value.parts
    fraction = isinstance(parts[-1], Decimal) and "." in f"{parts[-1]:f}"
    return len(parts) * 2 + (0 if isinstance(value, Time) else 2) + (3 if fraction else 0)


@value_function("lowBoundary", "integer?", on="any", gives=_like_input, maybe=True)
def _low(value: Any, digits: int | None = None) -> Any:
    return _boundary(value, digits, low=True)


@value_function("highBoundary", "integer?", on="any", gives=_like_input, maybe=True)
def _high(value: Any, digits: int | None = None) -> Any:
    return _boundary(value, digits, low=False)


def _boundary(value: Any, digits: int | None, *, low: bool) -> Any:
    if isinstance(value, (bool, str)):
        return None
    if isinstance(value, Quantity):
        found = _decimal_boundary(value.value, digits, low=low)
        return None if found is None else Quantity(found, value.unit)
    if isinstance(value, (int, Decimal)):
        return _decimal_boundary(Decimal(value), digits, low=low)
    if isinstance(value, Time):
        length = _CLOCK_LENGTHS.get(9 if digits is None else digits)
        return None if length is None else Time(_clock(value.parts, length, low=low, milliseconds=digits in (None, 9)))
    if isinstance(value, Date):
        length = _LENGTHS.get(8 if digits is None else digits)
        if length is not None and length > 3:
            return _moment(DateTime(value.parts), digits or 17, low=low)
        return None if length is None else Date(_day(value.parts, length, low=low))
    return _moment(value, 17 if digits is None else digits, low=low) if isinstance(value, DateTime) else None


def _decimal_boundary(number: Decimal, digits: int | None, *, low: bool) -> Decimal | None:
    digits = 8 if digits is None else digits
    if not 0 <= digits <= _MOST_PLACES:
        return None
    exponent = int(number.as_tuple().exponent)
    half = Decimal(5).scaleb(exponent - 1)
    with localcontext() as context:
        context.prec = 60
        edge = number - half if low else number + half
        return edge.quantize(Decimal(1).scaleb(-digits), ROUND_FLOOR if low else ROUND_CEILING)


def _day(parts: Any, length: int, *, low: bool) -> tuple[Any, ...]:
    found = list(parts[:3])
    if len(found) < 2:
        found.append(1 if low else 12)
    if len(found) < 3:
        found.append(1 if low else monthrange(int(found[0]), int(found[1]))[1])
    return tuple(found[:length])


def _clock(parts: Any, length: int, *, low: bool, milliseconds: bool) -> tuple[Any, ...]:
    found = list(parts)
    if len(found) < 1:
        found.append(0 if low else 23)
    if len(found) < 2:
        found.append(0 if low else 59)
    if len(found) < 3:
        found.append(Decimal(0 if low else 59))
        exact = Decimal("0.000" if low else "0.999")
    else:
        exact = Decimal("0.000" if low or "." in f"{found[2]:f}" else "0.999")
    if milliseconds:
        found[2] = (Decimal(found[2]) + exact).quantize(Decimal("0.001"))
    return tuple(found[:length])


def _moment(value: DateTime, digits: int, *, low: bool) -> Date | DateTime | None:
    length = _LENGTHS.get(digits)
    if length is None:
        return None
    day = _day(value.parts, min(length, 3), low=low)
    if length <= 3:
        return DateTime(day)
    clock = _clock(value.parts[3:], length - 3, low=low, milliseconds=digits == 17)
    offset = value.offset if value.offset is not None else (14 * 60 if low else -12 * 60)
    return DateTime(day + clock, offset)
