"""Check digits of codes: Verhoeff over the whole number, as SNOMED CT has it; modulo 10 after a hyphen, as LOINC has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

_TIMES = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
"""The permutation of Verhoeff, which is applied once more for each place to the left."""


@lru_cache(maxsize=16384)
def verhoeff(code: str) -> bool:
    """Whether the last digit of a number follows from the others."""
    if not code.isascii() or not code.isdigit():
        return False
    sum_ = 0
    for place, digit in enumerate(map(int, reversed(code))):
        for _ in range(place % 8):
            digit = _TIMES[digit]
        sum_ = _product(sum_, digit)
    return sum_ == 0


def _product(one: int, other: int) -> int:
    """Multiplication in the group of the symmetries of a pentagon: 0 to 4 turn it, 5 to 9 flip it."""
    turn = one + other if one < 5 else one - other
    return turn % 5 + 5 * ((one < 5) is not (other < 5))


def modulo_10(code: str) -> bool:
    """Whether the digit behind the hyphen follows from those before it. Parts and answers, which begin with letters, have none
    that could be told.
    """
    if code[:1].isalpha():
        return True
    number, hyphen, check = code.partition("-")
    if not hyphen or not number.isdigit() or len(check) != 1 or not check.isdigit() or not code.isascii():
        return False
    doubled = "".join(str(int(d) * 2) if place % 2 == 0 else d for place, d in enumerate(reversed(number)))
    return (10 - sum(map(int, doubled)) % 10) % 10 == int(check)


CHECKS: Mapping[str, Callable[[str], bool]] = {"verhoeff": verhoeff, "modulo-10": modulo_10}
"""By the name that ``systems.yaml`` gives them."""
