"""Collects what is found about a profile set, so that one run names everything at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirpath_spine.diagnostics import Diagnostic, Severity, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhirpath_spine.diagnostics import Edit, Span


class Report:
    """Findings so far. The severity of a finding is that of its rule in the catalogue, and nothing can turn it off."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}

    def add(self, code: str, message: str, span: Span, hint: str = "", edit: Edit | None = None) -> None:
        """Note one finding of a rule; the same one at the same place is kept once. The message becomes a sentence."""
        sentence = message[:1].upper() + message[1:] + ("" if message.endswith((".", "?")) else ".")
        self._found[Diagnostic(code, sentence, span, hint, catalogue()[code].severity, edit)] = None

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Note findings that are already placed."""
        self._found.update(dict.fromkeys(diagnostics))

    def withdraw(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Forget findings that are told better elsewhere."""
        for one in diagnostics:
            self._found.pop(one, None)

    def sorted(self) -> list[Diagnostic]:
        """All findings in order of place."""
        return sorted(self._found, key=lambda d: (d.span.file, d.span.line, d.span.column, d.code, d.message))

    @property
    def errors(self) -> int:
        """How many of them stop the load."""
        return sum(d.severity is Severity.ERROR for d in self._found)
