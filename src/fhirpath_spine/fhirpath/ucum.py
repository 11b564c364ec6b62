"""Units outside the generated table, through ``ucumvert``. Imported only when one turns up: loading takes a second."""

from __future__ import annotations

import warnings
from decimal import Decimal
from functools import cache
from typing import Any

from fhirpath_spine.fhirpath.quantity import Unit

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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            quantity = _registry().from_ucum(code)
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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _registry().from_ucum(code)
    except _failures():
        return False
    return True
