"""Sentences of a profile with typed placeholders, and what becomes of them.

A placeholder is ``{expression}`` or ``{expression in unit}`` over the variables of the profile, or ``{need.rejected}``. A
sentence of which a placeholder has no value is not said at all: a line vanishes with its datum.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from fhirpath_spine.fhirpath import CALENDAR, Expression, Quantity


class Charted(str):
    """Text that someone typed into a chart. It is escaped where it is written to a card, and nowhere else."""

    __slots__ = ()


Said = tuple[str, ...]
"""A rendered sentence in parts; parts of type :class:`Charted` come from the chart."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A placeholder: the expression whose value stands there, and the unit asked for with its factor to the need's unit."""

    source: str
    expression: Expression | None
    unit: str = ""
    factor: Decimal = Decimal(1)
    rejected: str = ""
    told: str = ""
    """What the verdict itself tells, not the chart: one of :data:`TOLD`."""


TOLD = ("blockers", "missing")
"""Placeholders of a headline: the names of the blockers that hold, and of the data that are missing."""


@dataclass(frozen=True, slots=True)
class Text:
    """A compiled sentence: fixed parts and slots."""

    parts: tuple[str | Slot, ...]
    source: str = ""


class Speaker(Protocol):
    """What rendering asks of an environment."""

    def read(self, expression: Expression) -> Sequence[Any]:
        """The value of an expression."""

    def rejected(self, need: str) -> Sequence[Said]:
        """The rejections of a need in words."""

    def of_verdict(self, name: str) -> str:
        """What a verdict tells of itself; empty where there is nothing, or no verdict."""

    def phrase(self, key: str, default: str = "") -> str:
        """A fixed sentence of the phrase book; the default where a set has none of that name."""


MANY = 8
"""Values of one placeholder that are said one by one; of further ones it is said how many there are."""
DIGITS = 16
"""Digits up to which a number is written out."""


def render(text: Text, speaker: Speaker) -> Said | None:
    """The sentence with its values, or None when one is missing. Of several values each is said."""
    said: list[str] = []
    for part in text.parts:
        if isinstance(part, str):
            said.append(part)
            continue
        if part.told:
            if not (word := speaker.of_verdict(part.told)):
                return None
            said.append(word)
            continue
        if part.rejected:
            reasons = speaker.rejected(part.rejected)
            if not reasons:
                return None
            for i, reason in enumerate(reasons):
                said.extend(("; ", *reason) if i else reason)
            continue
        assert part.expression is not None  # noqa: S101 - a slot has one or the other
        values = speaker.read(part.expression)
        if not values:
            return None
        said += _listed(list(dict.fromkeys(words(v, part) for v in values)), speaker)
    return tuple(said)


def _listed(values: Sequence[Said], speaker: Speaker) -> Iterator[str]:
    """Values after one another as people list them: ``a, b and c``."""
    shown = list(values)
    if len(shown) > MANY + 1:
        shown = [*shown[:MANY], (f"{len(values) - MANY} {speaker.phrase('more', 'more')}",)]
    for number, value in enumerate(shown):
        if number:
            yield f" {speaker.phrase('and', 'and')} " if number == len(shown) - 1 else ", "
        yield from value


def expressions(text: Text | None) -> Iterator[Expression]:
    """The expressions of a sentence's placeholders."""
    for part in text.parts if text else ():
        if isinstance(part, Slot) and part.expression is not None:
            yield part.expression


def words(value: Any, slot: Slot | None = None) -> Said:
    """A value as words: quantities with their unit, booleans as yes and no, concepts by text or display."""
    match value:
        case bool():
            return ("yes" if value else "no",)
        case Quantity():
            if slot is not None and slot.unit:
                return (f"{_to_cents(value.value / slot.factor)} {slot.unit}",)
            return (f"{number(value.value)} {_readable(value.unit, value.value)}".rstrip(),)
        case int() | float() | Decimal():
            return (number(value),)
        case dict():
            return (concept(value),)
        case _:
            return (Charted(value),)


def _readable(unit: str, count: Decimal) -> str:
    """A unit as people write it: annotations in braces are for machines, and a calendar word has a plural."""
    if unit in CALENDAR:
        return unit if abs(count) == 1 else f"{unit}s"
    return re.sub(r"\{([^}]*)\}", lambda m: "" if m[1] == "score" else m[1].replace("_", ""), unit)


def _to_cents(exact: Decimal) -> Decimal:
    """A number to two decimals; as it stands, where it has more digits than can be counted with: a chart may hold any."""
    return exact.quantize(Decimal("0.01")) if exact.is_finite() and exact.adjusted() < DIGITS else exact


def number(value: Decimal | float) -> str:
    """A number without an exponent or trailing zeros, to two decimals at most: it is for reading, unless nobody could."""
    exact = Decimal(str(value))
    if exact and abs(exact.adjusted()) >= DIGITS:
        return str(exact)
    rounded = _to_cents(exact)
    text = format(rounded if rounded or not exact else exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def concept(value: Mapping[str, Any]) -> Charted:
    """A CodeableConcept, Coding, Quantity or Reference in the words of the chart."""
    if isinstance(text := value.get("text"), str) and text:
        return Charted(text)
    codings = value.get("coding")
    for coding in codings if isinstance(codings, list) else [value]:
        if isinstance(coding, dict):
            for key in ("display", "code", "reference"):
                if isinstance(word := coding.get(key), str) and word:
                    return Charted(word)
    return Charted("")


SUMMARY = 110
"""Characters of a summary: one sentence, read at a glance. The wire allows 139."""
DATE, NUMBER, WORDS = 17, 16, 40
"""Characters that a date, a number with its unit and other text may take in a headline; what is longer is cut there."""
_LONGEST = {"date": DATE, "dateTime": DATE, "boolean": 3, "integer": NUMBER, "decimal": NUMBER, "Quantity": NUMBER}

_CHOSEN = re.compile(r"\.select\('([^'\\]*)'\)")
"""Words of the profile's own that stand where something holds."""


def longest(text: Text) -> int:
    """Characters of a headline with the longest value in each of its placeholders."""
    return sum(len(part) if isinstance(part, str) else _longest(part) for part in text.parts)


def _longest(slot: Slot) -> int:
    if slot.expression is not None and (words := _CHOSEN.search(slot.expression.text)):
        return len(words[1])
    type_name = slot.expression.shape.type if slot.expression is not None else ""
    return _LONGEST.get(type_name.removeprefix("System."), WORDS)


def plain(said: Said) -> str:
    """The sentence as plain text, unescaped."""
    return "".join(said)
