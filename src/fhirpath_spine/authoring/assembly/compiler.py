"""Compiles the expressions of a profile set and puts their findings where they stand in the file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fhirpath_spine.authoring.assembly.scopes import Names, Place
from fhirpath_spine.authoring.assembly.shapes import item_shape
from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.diagnostics import Severity
from fhirpath_spine.fhirpath import CompileError
from fhirpath_spine.fhirpath import compile as compile_fhirpath

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from fhirpath_spine.authoring.assembly.terminology import Terminology
    from fhirpath_spine.authoring.report import Report
    from fhirpath_spine.diagnostics import Diagnostic, Span
    from fhirpath_spine.fhirpath import Expression, Shape
    from fhirpath_spine.pathway.facts.needs import Need

REFUSED = frozenset({"SP151", "SP152", "SP153"})
"""Advice of the compiler that a profile has to follow: what leaks, what misses a second coding, what can fail at run time."""

_MEMBER_OF = re.compile(r"memberOf\(\s*'([^']*)'\s*\)")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A text that compiled: where it stands, and what could be read there. ``item`` is the need of which it judges one item."""

    text: str
    expression: Expression
    origin: Scalar
    shift: int
    names: Mapping[str, Shape]
    item: str


class Compiler:
    """Compiles one expression at a time. What fails is reported and replaced by a stand-in: the load fails as a whole."""

    def __init__(self, names: Names, terminology: Terminology, report: Report) -> None:
        self.names, self.terminology, self.report = names, terminology, report
        self.used: set[str] = set()
        self.compiled: list[Compiled] = []
        self.stand_in = compile_fhirpath("true", focus=None, variables={}, value_sets={}, want="boolean", profile=True)

    def test(self, text: Scalar, place: Place, pathway: str = "", item: Need | None = None) -> Expression:
        """A criterion: an expression that has to be boolean."""
        return self.expression(text, place, pathway, item, want="boolean")

    def expression(
        self,
        text: Scalar,
        place: Place,
        pathway: str = "",
        item: Need | None = None,
        want: Literal["boolean"] | None = None,
        shift: int = 0,
        written: Scalar | None = None,
    ) -> Expression:
        """The compiled expression. It stands in ``written`` (itself, if not given), ``shift`` characters later."""
        origin = text if written is None else written
        if self.names.is_broken(text):
            return self.stand_in
        if (obstacle := self.names.obstacle(place, pathway, text)) is not None:
            offset, name, reason = obstacle
            span = _place(text, offset, len(name) + 1, origin, shift)
            self.report.add("SP302", f"%{name} cannot be read here: {reason}", span)
            return self.stand_in
        try:
            compiled = compile_fhirpath(
                str(text),
                focus=item_shape(item) if item is not None else None,
                variables=self.names.view(place, pathway),
                value_sets=self.terminology.value_sets,
                want=want,
                profile=True,
            )
        except CompileError as error:
            self.report.extend(self._placed(d, text, origin, shift) for d in error.diagnostics)
            return self.stand_in
        self.report.extend(self._placed(d, text, origin, shift) for d in compiled.advice)
        if want == "boolean":
            compiled.prepare()  # at the load, so that no call pays for it
        self.used |= set(compiled.variables)
        names = self.names.view(place, pathway)
        self.compiled.append(Compiled(str(text), compiled, origin, shift, names, item.name if item is not None else ""))
        return compiled

    @staticmethod
    def _placed(found: Diagnostic, text: str, origin: Scalar, shift: int) -> Diagnostic:
        lines = text.split("\n")[: found.span.line - 1]
        offset = sum(len(line) + 1 for line in lines) + found.span.column - 1
        severity = Severity.ERROR if found.code in REFUSED else found.severity
        return replace(found, span=_place(text, offset, found.span.length, origin, shift), severity=severity)


def _place(text: str, offset: int, length: int, origin: Scalar, shift: int) -> Span:
    start = offset + shift
    if text[offset : offset + 1] == "%" and origin[start : start + 1] != "%":
        # In a placeholder the author leaves the sign of the first name out.
        start, length = start + 1, length - 1
    return origin.place(start, length)


def value_sets_in(text: str) -> list[str]:
    """Names of the value sets that an expression asks about."""
    return _MEMBER_OF.findall(text)
