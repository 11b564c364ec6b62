"""What a card says first of a verdict: the first headline of its recommendation that can be said, by what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhirpath_spine.fhirpath import Expression
from fhirpath_spine.pathway.asking.environment import Environment
from fhirpath_spine.pathway.decision import Status, Verdict
from fhirpath_spine.pathway.model import Recommendation
from fhirpath_spine.pathway.sentences import Said, render


@dataclass(frozen=True, slots=True)
class _Telling:
    """An environment that also tells what the verdict itself says."""

    env: Environment
    names: Mapping[str, tuple[str, ...]]

    def read(self, expression: Expression) -> Sequence[Any]:
        return self.env.read(expression)

    def rejected(self, need: str) -> Sequence[Said]:
        return self.env.rejected(need)

    def of_verdict(self, name: str) -> str:
        return self.env.enumeration(self.names[name])


def worded(verdict: Verdict, recommendation: Recommendation, env: Environment) -> Verdict:
    """The verdict with what a card says first of it, by its status."""
    sentences = {
        Status.RECOMMENDED: recommendation.headline,
        Status.NEEDS_DATA: recommendation.ask,
        Status.BLOCKED: recommendation.against,
    }.get(verdict.status, ())
    if not sentences:
        return verdict
    blockers = [s.name for s in verdict.steps if s.role == "blocked" and s.answer]
    blockers = blockers or [s.name.lower() for s in verdict.steps if s.role == "hold" and s.answer]
    names = {
        "blockers": tuple(b.replace("-", " ") for b in blockers),
        "missing": tuple(m.item for m in verdict.missing),
    }
    speaker = _Telling(env, names)
    said = next((said for text in sentences if (said := render(text, speaker)) is not None), ())
    return verdict._replace(headline=said, step=sentences[-1].source)
