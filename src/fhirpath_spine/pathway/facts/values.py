"""The value of an Observation or of a component, by the rule of a need: in whatever form it stands, as long as it can mean one
thing only. What does not is rejected by name, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from fhirpath_spine.fhirpath import Quantity
from fhirpath_spine.pathway.facts.needs import Value, known
from fhirpath_spine.pathway.facts.reading import codings, is_readable, items, says_absent

_COMPARATORS = {"<": "<", "<=": "<=", "≤": "<=", ">": ">", ">=": ">=", "≥": ">=", "": ""}
_TEXT = re.compile(
    r"(?P<comparator><=|>=|[<>≤≥])?\s*(?P<number>[+-]?[0-9]{1,9}(?:\.[0-9]{1,6})?)"
    r"(?:\s*/\s*(?P<top>[0-9]{1,3}))?(?:\s*(?P<unit>[^\s0-9.,/+-].*|/[^\s0-9].*|10[\^*].*))?\Z",
    re.DOTALL,
)
"""A number as text: ``2``, ``3.5``, ``<60``, ``2/5``, ``1.2 cm``. A decimal comma may divide thousands, so it is none."""
_TRUTHS = {"true": True, "false": False}


class Reading(NamedTuple):
    """A value as read, or the phrase key of the reason why it was not; ``raw`` is what stood there, in words."""

    value: Any = None
    problem: str = ""
    raw: str = ""


NOTHING = Reading()
UNREADABLE = "unreadable-value"
"""A value is there, in no form that this need takes. Another need may take it."""
MALFORMED = "malformed-value"
"""A value is there, in no form of FHIR: the interface is at fault, and what it meant cannot be told."""


class _Number(NamedTuple):
    """A number, and what stood with it."""

    amount: Decimal
    comparator: str = ""
    units: tuple[object, ...] = ()
    top: int | None = None


def values_of(element: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """All that stands under ``value[x]``, of whatever type. A list of one is that one."""
    return [
        (name, value[0] if type(value) is list and len(value) == 1 else value)
        for name, value in element.items()
        if name >= "value"
        and name.startswith("value")
        and name[5:6] in _CAPITALS  # most names are less, which is seen at once
    ]


_CAPITALS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ") | {""}


_FORMS: Mapping[str, Callable[[Any], bool]] = {
    "valueBoolean": lambda value: isinstance(value, bool),
    "valueInteger": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "valueString": lambda value: isinstance(value, str),
    "valueDateTime": lambda value: isinstance(value, str),
    "valueTime": lambda value: isinstance(value, str),
    "valueQuantity": lambda value: isinstance(value, dict) and (_number(value)[0] is not None or "value" not in value),
    "valueCodeableConcept": is_readable,
    "valuePeriod": lambda value: isinstance(value, dict),
    "valueRange": lambda value: isinstance(value, dict),
    "valueRatio": lambda value: isinstance(value, dict),
    "valueSampledData": lambda value: isinstance(value, dict),
}
"""What each value[x] of an Observation has to look like."""


def read_value(element: Mapping[str, Any], rule: Value) -> Reading:
    """The value of an Observation or component by the need's rule; :data:`NOTHING` when it has none."""
    if element.get("resourceType") == "DiagnosticReport":
        coded = [{"system": s, "code": c} for s, c in codings(element.get("conclusionCode"))]
        return Reading({"coding": coded}) if coded and rule.kind == "concept" else NOTHING
    told = [(name, value) for name, value in values_of(element) if not says_absent(value)]
    if len(told) == 1:
        return _read(*told[0], rule)
    readings = [_read(name, value, rule) for name, value in told]
    good = [one for one in readings if one.value is not None]
    if len({repr(one.value) for one in good}) > 1:
        return Reading(problem="two-answers")
    return next(iter(good or readings), NOTHING)


def _read(name: str, value: object, rule: Value) -> Reading:
    result = _by_rule(name, value, rule)
    if result.problem == UNREADABLE and not _FORMS.get(name, _never)(value):
        return result._replace(problem=MALFORMED)
    return result


def _never(_: object) -> bool:
    return False


def _by_rule(name: str, value: object, rule: Value) -> Reading:
    match rule.kind:
        case "quantity":
            return _quantity(value, rule)
        case "integer":
            return _integer(value, rule)
        case "boolean":
            return _boolean(name, value, rule)
        case "word":
            return _word(value, rule)
        case _:
            return _concept(value, rule)


def _quantity(value: object, rule: Value) -> Reading:
    found, raw = _number(value)
    if found is None:
        return _unreadable(value)
    if found.top is not None:
        return _unreadable(value)
    if not any(isinstance(unit, str) for unit in found.units):
        return Reading(problem="no-unit", raw=raw)
    factor = rule.factor(found.units)
    if factor is None:
        return Reading(problem="unlisted-unit", raw=raw)
    amount = found.amount * factor
    if not _is_plausible(amount, rule):
        return Reading(problem="implausible", raw=raw)
    comparator = _COMPARATORS.get(found.comparator)
    if comparator is None:
        return Reading(problem="comparator", raw=raw)
    return Reading(Quantity(amount, rule.unit, comparator), raw=raw)


def _integer(value: object, rule: Value) -> Reading:
    if _is_concept(value):
        return _word(value, rule)
    found, raw = _number(value)
    if found is None:
        return _unreadable(value)
    if found.top is not None and (rule.plausible is None or rule.plausible[1] != found.top or rule.plausible[0] != 0):
        # "2/5" is a power of two only on a scale that ends at five.
        return _unreadable(value)
    units = [unit for unit in found.units if unit is not None]
    if units and rule.factor(units) is None:
        return Reading(problem="unlisted-unit", raw=raw)
    if found.comparator:
        return Reading(problem="comparator", raw=raw)
    if found.amount != found.amount.to_integral_value() or not _is_plausible(found.amount, rule):
        return Reading(problem="implausible", raw=raw)
    return Reading(int(found.amount), raw=raw)


def _boolean(name: str, value: object, rule: Value) -> Reading:
    if isinstance(value, bool):
        return Reading(value)
    if name == "valueBoolean" and isinstance(value, str) and value.strip().lower() in _TRUTHS:
        return Reading(_TRUTHS[value.strip().lower()], raw=value)
    return _word(value, rule) if rule.answers and _is_concept(value) else _unreadable(value)


def _word(value: object, rule: Value) -> Reading:
    if not _is_concept(value):
        return _unreadable(value)
    answers = {rule.answers[c] for c in codings(value) if c in rule.answers}
    if len(answers) == 1:
        return Reading(answers.pop())
    if not answers and not is_readable(value):
        return _unreadable(value)
    return Reading(problem="two-answers" if answers else "unknown-answer", raw=_words(value))


def _concept(value: object, rule: Value) -> Reading:
    if not isinstance(value, dict) or not (any(True for _ in codings(value)) or isinstance(value.get("text"), str)):
        return _unreadable(value)
    if rule.concepts is None or known(rule.concepts, codings(value)):
        return Reading(value)
    return Reading(problem="unknown-answer", raw=_words(value))


def _is_concept(value: object) -> bool:
    """Whether it is coded or worded: a CodeableConcept, or a Coding."""
    return (
        isinstance(value, dict) and ("coding" in value or "text" in value or "code" in value) and "value" not in value
    )


def _is_plausible(amount: Decimal, rule: Value) -> bool:
    return rule.plausible is None or rule.plausible[0] <= amount <= rule.plausible[1]


def _unreadable(value: object) -> Reading:
    return Reading(problem=UNREADABLE, raw=_words(value))


def _words(value: object) -> str:
    """What stands there, as far as it is words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return str(value)
    if not isinstance(value, dict):
        return ""
    displays = (c.get("display") for c in items(value.get("coding")) if isinstance(c, dict))
    told = (value.get("text"), *displays, value.get("display"))
    return next((one for one in told if isinstance(one, str)), "")


def _number(value: object) -> tuple[_Number | None, str]:
    """A number, bare, as text or as a Quantity; and how it stood there."""
    if isinstance(value, dict):
        amount, unit, code, comparator = (
            value.get("value"),
            value.get("unit"),
            value.get("code"),
            value.get("comparator"),
        )
        shown = unit if isinstance(unit, str) else code if isinstance(code, str) else ""
        raw = f"{comparator if isinstance(comparator, str) else ''}{amount} {shown}".strip()
        inner, _ = _number(amount) if isinstance(amount, str | int | float) else (None, "")
        if inner is None or inner.top is not None or (comparator is not None and inner.comparator):
            return None, raw
        signs = "" if comparator is None else comparator.strip() if isinstance(comparator, str) else "?"
        return _Number(inner.amount, signs or inner.comparator, (code, unit, *inner.units)), raw
    if isinstance(value, str):
        match = _TEXT.match(value.strip())
        if match is None:
            return None, value
        top = int(match["top"]) if match["top"] else None
        unit = (match["unit"].strip(),) if match["unit"] else ()
        return _Number(Decimal(match["number"]), match["comparator"] or "", unit, top), value
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None, ""
    return _Number(Decimal(str(value))), str(value)
