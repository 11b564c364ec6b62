"""Units outside the generated table, through ``ucumvert``. Imported only when one turns up: loading takes a second."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final

WORDS = ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
CALENDAR: Final = {**{w: w for w in WORDS}, **{f"{w}s": w for w in WORDS}}
"""Calendar words, singular and plural, to the singular."""
UCUM: Final = "http://unitsofmeasure.org"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit's factor to the base units of its dimension, and the offset that temperatures have."""

    factor: Decimal
    dimension: str
    offset: Decimal = Decimal(0)


@cache
def _table() -> dict[str, Unit]:
    rows = json.loads(files("fhirpath_spine.fhirpath").joinpath("ucum.json").read_text(encoding="utf-8"))["units"]
    return {code: Unit(Decimal(r[0]), r[1], Decimal(r[2]) if len(r) > 2 else Decimal(0)) for code, r in rows.items()}


@cache
def unit(code: str) -> Unit | None:
    """Factor and dimension of a UCUM code, or None if it is not UCUM or an arbitrary unit, which only equals itself."""
    known = _table().get(code)
    if known is not None:
        return known
    if "{" in code or "|" in code or code in WORDS:
        return None
    return measure(code)


# ucumvert treats these as counts; UCUM says that arbitrary units cannot be converted.
_ARBITRARY = ("[IU]", "[iU]", "[arb'U]", "[USP'U]", "[AU]", "[CFU]", "[PFU]", "[pH]")
_CELSIUS = {"Cel": Unit(Decimal(1), "[temperature]", Decimal("273.15"))}
_DIGITS = 12


@cache
def _registry() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ucumvert import PintUcumRegistry  # type: ignore[import-untyped]

        return PintUcumRegistry()


@cache
def _failures() -> tuple[type[Exception], ...]:
    """What the parser, its grammar library and pint raise for text that is no unit."""
    from lark.exceptions import LarkError
    from pint.errors import PintError

    return (LarkError, PintError, AttributeError, ArithmeticError, TypeError, ValueError)


def _rounded(number: float) -> Decimal:
    return Decimal(f"{number:.{_DIGITS}e}").normalize()


def measure(code: str) -> Unit | None:
    """Factor and dimension of one UCUM code; None if it is none, or arbitrary, or not a plain factor."""
    if code in _CELSIUS:
        return _CELSIUS[code]
    if any(part in code for part in _ARBITRARY) or "{" in code or not code.isascii():
        return None
    registry = _registry()  # outside: a library that does not start is no unit that nobody knows
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            quantity = registry.from_ucum(code)
            reduced = quantity.to_base_units()
            twice = (quantity * 2).to_base_units()
    except _failures():
        return None
    factor = float(reduced.magnitude)
    if factor <= 0 or abs(float(twice.magnitude) / factor - 2) > 1e-9:
        return None
    return Unit(_rounded(factor), str(reduced.dimensionality))


def is_code(code: str) -> bool:
    """Whether UCUM knows the code, arbitrary units and annotations included."""
    if any(part in code for part in _ARBITRARY):
        return True
    registry = _registry()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            registry.from_ucum(code)
    except _failures():
        return False
    return True
