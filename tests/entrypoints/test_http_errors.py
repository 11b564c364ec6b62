"""Every error of ours has a status and a FHIR issue code: one table, and no class is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

import fhirpath_spine
from fhirpath_spine.diagnostics import Diagnostic, Span
from fhirpath_spine.entrypoints.http import TABLE, answer
from fhirpath_spine.errors import ProfileError, SpineError
from fhirpath_spine.exchange.outgoing import of_error
from fhirpath_spine.fhirpath import CompileError

ISSUE_TYPES = {
    "invalid",
    "too-long",
    "not-supported",
    "not-found",
    "processing",
    "business-rule",
    "conflict",
    "incomplete",
    "too-costly",
    "exception",
    "login",
    "transient",
    "timeout",
    "throttled",
}


EXTRA = frozenset({"fhirpath_spine.population.engines.spark"})
"""What needs a package that only an extra brings; `make spark` installs it, and its own tests import it."""
for module in walk_packages(fhirpath_spine.__path__, "fhirpath_spine."):
    if module.name in EXTRA:
        continue
    import_module(module.name)  # a class that no test imports would not be seen


def classes(root: type[SpineError] = SpineError) -> Iterator[type[SpineError]]:
    yield root
    for child in root.__subclasses__():
        # What ends a run over a population is told by its command, and never answers a call.
        if not child.__module__.startswith("fhirpath_spine.population"):
            yield from classes(child)


def made(kind: type[SpineError]) -> SpineError:
    if issubclass(kind, ProfileError):
        return kind("What.", diagnostics=(), hint="Do.")
    if issubclass(kind, CompileError):
        return kind([Diagnostic("SP000", "What.", Span("", 1, 1), "Do.")])
    return kind("What.", hint="Do.")


@pytest.mark.parametrize("kind", sorted(set(classes()), key=lambda c: c.__name__))
def test_each_error_stands_in_the_table_and_is_a_valid_outcome(kind: type[SpineError]) -> None:
    assert kind in TABLE
    status, code = answer(made(kind))
    assert status >= 400
    assert code in ISSUE_TYPES
    OperationOutcome.model_validate(of_error(made(kind), code, "0032dee0-0f73-89a6-8e0b-3e253bdb58a3"))


def test_the_table_names_only_errors_of_ours() -> None:
    assert set(TABLE) <= set(classes())


def test_a_new_class_answers_as_its_parent() -> None:
    class NewerError(SpineError):
        pass

    assert answer(NewerError("x")) == (500, "exception")
