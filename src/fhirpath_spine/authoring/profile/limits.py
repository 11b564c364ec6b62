"""Limits: each number that a judgement turns on, under a name, so that the criterion and the sentence name the same one."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from pydantic import PlainValidator, WithJsonSchema

from fhirpath_spine.authoring.source.fields import Form, Id, Ident, Number, Text, days
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.diagnostics import did_you_mean
from fhirpath_spine.fhirpath import Quantity
from fhirpath_spine.pathway.model import Limit
from fhirpath_spine.pathway.sentences import plain, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhirpath_spine.authoring.source.report import Report
    from fhirpath_spine.fhirpath import Amount

DEFAULT = "DEFAULT"
"""The source of a number that no document gives."""
NOBODY = "null"
_CALENDAR = {"days": "day", "weeks": "week", "months": "month", "years": "year"}
_PLACEHOLDER = re.compile(r"\{limit\.(?P<name>[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*)(?P<bare>\.value)?\}")
_NAMED = re.compile(r"limit\.(?P<name>[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*)")


class LimitForm(Form):
    """A number, its unit, where it comes from, who has approved it here, and the number with its unit as that person saw it."""

    value: Number
    unit: Text | None = None
    source: Id
    approver: Annotated[
        Text, WithJsonSchema({"type": ["string", "null"], "minLength": 1, "description": "A name, or null."})
    ]
    approved: Text | None = None


Limits = dict[Ident, LimitForm]


def _window(value: object) -> int | Scalar:
    if isinstance(value, Scalar) and _NAMED.fullmatch(value):
        return value
    return days(value)


Window = Annotated[
    int | Scalar,
    PlainValidator(_window),
    WithJsonSchema(
        {"type": "string", "pattern": f"^([1-9][0-9]{{0,4}} days?|{_NAMED.pattern.replace('?P<name>', '?:')})$"}
    ),
]
"""A number of days, or ``limit.id`` of one that is counted in days."""


def build_limits(
    forms: Mapping[Scalar, LimitForm], sources: Iterable[str], report: Report, pathway: str = ""
) -> dict[str, Limit]:
    """The limits of one file by name; a source has to be one of the set, or DEFAULT."""
    known = {DEFAULT, *sources}
    for form in forms.values():
        if form.source not in known:
            hint = did_you_mean(form.source, known) or "Name a source or framework of sources.yaml, or DEFAULT."
            report.add("SP308", f"the source '{form.source}' of a limit does not exist", form.source.span, hint)
        _check_approval(form, report)
    return {
        str(name): Limit(
            id=str(name),
            value=_amount(form),
            source=str(form.source),
            approver="" if form.approver == NOBODY else str(form.approver),
            pathway=pathway,
        )
        for name, form in forms.items()
    }


def _check_approval(form: LimitForm, report: Report) -> None:
    """An approval is of one number and unit: once these change, it is nobody's any more."""
    now = f"{form.value:f} {form.unit or ''}".strip()
    if form.approver == NOBODY:
        if form.approved is not None:
            hint = "Remove approved:, or name the approver."
            report.add("SP359", f"{form.approved} is approved by nobody", form.approved.span, hint)
    elif form.approved is None:
        hint = f"Write approved: {now} beside it, if that is what was approved."
        report.add("SP359", f"it is not said which value {form.approver} approved", form.approver.span, hint)
    elif form.approved != now:
        hint = f"Have {now} approved and write approved: {now}; until then approver: null."
        report.add(
            "SP359", f"{form.approver} approved {form.approved}, and the limit is {now}", form.approved.span, hint
        )


def _amount(form: LimitForm) -> Amount:
    unit = str(form.unit or "1")
    if unit == "1":
        return int(form.value) if form.value == form.value.to_integral_value() else form.value
    return Quantity(Decimal(form.value), _CALENDAR.get(unit, unit))


def window(asked: int | Scalar | None, limits: Mapping[str, Limit], report: Report) -> int | None:
    """The days that were written, or those of the limit that is named."""
    if not isinstance(asked, Scalar):
        return asked
    name = asked.removeprefix("limit.")
    found = limits.get(name)
    if found is None:
        hint = did_you_mean(name, limits) or "Declare it under limits:."
        report.add("SP123", f"no limit is called '{name}'", asked.span, hint)
    elif not (isinstance(found.value, Quantity) and found.value.unit == "day"):
        report.add("SP228", f"the limit '{name}' is not a number of days", asked.span, "Give it unit: days.")
    else:
        return int(found.value.value)
    return None


def told(label: Scalar, limits: Mapping[str, Limit], report: Report) -> str:
    """What a card calls a datum, with the number of each ``{limit.id}`` in its place."""

    def number(match: re.Match[str]) -> str:
        found = limits.get(match["name"])
        if found is None:
            hint = did_you_mean(match["name"], limits) or "Declare it under limits:."
            place = label.place(match.start(), len(match[0]))
            report.add("SP123", f"no limit is called '{match['name']}'", place, hint)
            return match[0]
        bare = match["bare"] and isinstance(found.value, Quantity)
        return plain(words(found.value.value if bare and isinstance(found.value, Quantity) else found.value))

    return _PLACEHOLDER.sub(number, label)
