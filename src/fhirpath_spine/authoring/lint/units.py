"""A limit whose unit fits nowhere: told once, where the unit is written, with the places that read it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhirpath_spine.authoring.profile.library import Draft
    from fhirpath_spine.authoring.profile.limits import LimitForm
    from fhirpath_spine.authoring.source.nodes import Scalar
    from fhirpath_spine.diagnostics import Diagnostic

NO_UNIT, BARE, OTHER, DIMENSION, NO_DAYS = "SP119", "SP115", "SP116", "SP351", "SP228"
"""What a wrong unit makes of a use: no unit at all, one too few or too many, another dimension, no window."""
_NAMED = re.compile(r"(?<![\w-])%?limit\.([A-Za-z][A-Za-z0-9_]*)")
_NUMBER = re.compile(r"(?<![\w.%-])\d")
MANY = 6
"""Places that are named."""


def check_units(draft: Draft) -> None:
    """Puts what was found at each use of a limit to the limit itself, unless another use shows that its unit is right."""
    found: dict[str, list[Diagnostic]] = {}
    for one in draft.files.report.sorted():
        if one.code in (NO_UNIT, BARE, OTHER, DIMENSION, NO_DAYS) and (limit := _limit_at(draft, one)):
            found.setdefault(limit, []).append(one)
    if not found:
        return
    for name, form in _forms(draft):
        told = found.get(str(name), [])
        windows = [one for one in told if one.code == NO_DAYS]
        # Days do wherever another calendar unit does, so a use that takes months is no sign that months are right.
        if windows:
            _tell(draft, name, form, windows)
        elif told and (told[0].code == NO_UNIT or not _fits_somewhere(draft, str(name), told)):
            _tell(draft, name, form, told)


def _tell(draft: Draft, name: Scalar, form: LimitForm, told: list[Diagnostic]) -> None:
    report, first = draft.files.report, told[0]
    report.withdraw(told)
    places = [str(one.span) for one in told]
    more = f" and {len(places) - MANY} more" if len(places) > MANY else ""
    unit = f"the unit '{form.unit}' of the limit '{name}'" if form.unit else f"the limit '{name}' without a unit"
    why = first.message[:1].lower() + first.message[1:]
    what = "window" if first.code == NO_DAYS else "use of it"
    message = f"{unit} fits no {what}: {why.rstrip('.')}"
    span = form.unit.span if form.unit else name.span
    report.add(first.code, message, span, f"{first.hint} It is read at {', '.join(places[:MANY])}{more}.".strip())


def _forms(draft: Draft) -> Iterator[tuple[Scalar, LimitForm]]:
    for forms in (draft.shared.data.limits, *(form.limits for form in draft.files.pathways.values())):
        yield from forms.items()


def _fits_somewhere(draft: Draft, name: str, told: list[Diagnostic]) -> bool:
    wrong = {(d.span.file, d.span.line) for d in told}
    for compiled in draft.compiler.compiled:
        for number in compiled.expression.numbers:
            if number.limit == name and compiled.expression.variables:
                place = compiled.origin.place(max(0, compiled.shift + number.start))
                if (place.file, place.line) not in wrong:
                    return True
    return False


def _limit_at(draft: Draft, told: Diagnostic) -> str:
    """The one limit that is read where something was found; nothing where there is none, or a number besides."""
    folder, span = draft.files.folder, told.span
    lines = (folder.read(span.file.removeprefix(f"{folder.shown}/")) or "").split("\n")
    text = lines[span.line - 1][span.column - 1 :][: span.length] if span.line <= len(lines) else ""
    names = set(_NAMED.findall(text))
    return names.pop() if len(names) == 1 and not _NUMBER.search(text) else ""
