"""What can go wrong with an expression: before it runs (:class:`CompileError`) and while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhirpath_spine.diagnostics import Diagnostic, Edit, Severity, Span
from fhirpath_spine.errors import LimitExceeded, SpineError

if TYPE_CHECKING:
    from collections.abc import Sequence


class CompileError(SpineError):
    """An expression cannot be used. ``diagnostics`` says where and why, in order of place; never empty."""

    code = "expression-invalid"

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        first = diagnostics[0]
        super().__init__(f"{first.span}: {first.code}: {first.message}", hint=first.hint)
        self.diagnostics = tuple(diagnostics)


class EvaluationError(SpineError):
    """FHIRPath says that this evaluation has no result, not even an empty one (several items where one is due)."""

    code = "expression-failed"


class Report:
    """Collects findings about one text and turns offsets into places."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.errors: list[Diagnostic] = []
        self.advice: list[Diagnostic] = []

    def span(self, start: int, end: int) -> Span:
        """The stretch from ``start`` up to ``end``; one that runs over several lines ends with its first."""
        line = self.text.count("\n", 0, start) + 1
        begin = self.text.rfind("\n", 0, start) + 1
        stop = self.text.find("\n", start)
        end = min(end, stop) if stop >= 0 else end
        return Span("", line, start - begin + 1, max(1, end - start))

    def error(self, code: str, start: int, end: int, message: str, hint: str = "", instead: str = "") -> None:
        """Note an error; the same finding at the same place is kept once. ``instead`` is what was meant, where that is plain."""
        span = self.span(start, end)
        found = Diagnostic(code, message, span, hint, edit=Edit(span, instead) if instead else None)
        if found not in self.errors:
            self.errors.append(found)

    def warn(self, code: str, start: int, end: int, message: str, hint: str = "") -> None:
        """Note a finding that does not stop the load."""
        found = Diagnostic(code, message, self.span(start, end), hint, Severity.WARNING)
        if found not in self.advice:
            self.advice.append(found)

    def fail(self, code: str, start: int, end: int, message: str, hint: str = "", instead: str = "") -> CompileError:
        """The error to raise at once, where nothing after it can be read."""
        self.error(code, start, end, message, hint, instead)
        return self.failure()

    def failure(self) -> CompileError:
        """All errors noted so far, in order of place."""
        return CompileError(sorted(self.errors, key=lambda d: (d.span.line, d.span.column, d.code)))


STEPS: Final = 1_000_000
ITEMS: Final = 10_000
CHARACTERS: Final = 1_000_000
"""How long a text may become, however it is put together."""


def overspent(steps: int) -> LimitExceeded:
    """The error of a spent step budget."""
    return LimitExceeded(
        f"The expression needs more than {steps} steps.", hint="Narrow it with where() before it branches."
    )


def overlong() -> LimitExceeded:
    """The error of a text that is too long."""
    return LimitExceeded(f"The expression builds a text of more than {CHARACTERS} characters.", hint="Join less.")


def overfull(items: int) -> LimitExceeded:
    """The error of a collection that is too large."""
    return LimitExceeded(f"The expression gathers more than {items} items.", hint="Narrow it with where() first.")
