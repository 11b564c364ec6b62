"""The 60 expressions verbatim on three stacks: the naive one, fhirpathpy compiled, and ours. Each gives 60 answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import fhirpathpy
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.patient import Patient
from fhirpathpy.models import models

from benchmarks.workload import CONSTANTS, EXPRESSIONS, VALUE_SETS, member_of
from fhirpath_spine.fhirpath import Scope, Shape, ValueSet, compile  # noqa: A004

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
"""The instant of every judgement: the day that the workload counts its dates from."""

Answers = list[bool | None]
_R4 = models["r4"]
_OPTIONS = {"userInvocationTable": {"memberOf": {"fn": member_of, "arity": {0: [], 1: ["String"]}}}}


def resources(body: dict[str, Any]) -> list[dict[str, Any]]:
    """All resources of a hook body's prefetch, as the workload's expressions want them: one collection."""
    found = []
    for value in body["prefetch"].values():
        found += [e["resource"] for e in value["entry"]] if value["resourceType"] == "Bundle" else [value]
    return found


def naive(body: bytes) -> Answers:
    """What a first attempt does: json, a model of every resource, expressions parsed anew."""
    request = json.loads(body)
    for value in request["prefetch"].values():
        (Bundle if value["resourceType"] == "Bundle" else Patient).model_validate(value)
    chart = resources(request)
    return [_answer(fhirpathpy.evaluate(chart, e, CONSTANTS, _R4, _OPTIONS)) for e in EXPRESSIONS]


def fhirpathpy_compiled(expressions: Sequence[str] = EXPRESSIONS) -> Callable[[Sequence[Any]], Answers]:
    """The library at its best: every expression parsed once, before the clock starts."""
    compiled: list[Callable[[Any, Any], list[Any]]] = [fhirpathpy.compile(e, _R4, _OPTIONS) for e in expressions]
    return lambda chart: [_answer(c(list(chart), CONSTANTS)) for c in compiled]


def ours() -> Callable[[Sequence[Any]], Answers]:
    """Our compiler on the same texts."""
    shapes = {"ecogCode": Shape("System.String", many=False), "maxEcog": Shape("System.Integer", many=False)}
    sets = {url: ValueSet(url, members) for url, members in VALUE_SETS.items()}
    compiled = [compile(e, variables=shapes, value_sets=sets, want="boolean", profile=False) for e in EXPRESSIONS]
    constants = {name: [value] for name, value in CONSTANTS.items()}

    def run(chart: Sequence[Any]) -> Answers:
        scope = Scope(constants, AT)
        return [e.truth(chart, scope) for e in compiled]

    return run


def _answer(found: list[Any]) -> bool | None:
    if not found:
        return None
    if len(found) == 1 and isinstance(found[0], bool):
        return found[0]
    raise AssertionError(f"no truth value: {found!r}")
