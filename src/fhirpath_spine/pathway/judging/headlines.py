"""What a card says first of a verdict: the first headline of its recommendation that can be said, by what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhirpath_spine.fhirpath import Expression
from fhirpath_spine.pathway.asking.environment import Environment
from fhirpath_spine.pathway.decision import Status, Verdict
from fhirpath_spine.pathway.model import Recommendation
from fhirpath_spine.pathway.sentences import Said, Text, render
from fhirpath_spine.pathway.truth import Reason


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

    def phrase(self, key: str, default: str = "") -> str:
        return self.env.phrase(key, default)


def worded(verdict: Verdict, recommendation: Recommendation, env: Environment, own: Sequence[Text] = ()) -> Verdict:
    """The verdict with what a card says first of it: ``own`` sentences if there are some, else those of its status."""
    contested = not verdict.because and any(m.reason is Reason.CONFLICT for m in verdict.missing)
    sentences = own or {
        Status.RECOMMENDED: recommendation.headline,
        Status.NEEDS_DATA: recommendation.ask,
        # Nothing is against it as long as statements about it contradict each other: it waits.
        Status.BLOCKED: recommendation.ask if contested else recommendation.against,
    }.get(verdict.status, ())
    if not sentences:
        return verdict
    blockers = tuple(s.name.replace("-", " ") for s in verdict.steps if s.role == "blocked" and s.answer)
    if verdict.status is Status.BLOCKED and not blockers and (held := _of_a_hold(verdict, env)):
        return verdict._replace(headline=(held,), step=sentences[-1].source)
    # What a criterion for it waits for says more than what one against it does not know.
    wanted = [m.item for s in verdict.steps if s.role in ("use", "when") and s.answer is None for m in s.missing]
    names = {"blockers": blockers, "missing": (*wanted, *(m.item for m in verdict.missing))}
    speaker = _Telling(env, names)
    said = next((said for text in sentences if (said := render(text, speaker)) is not None), ())
    return verdict._replace(headline=said, step=sentences[-1].source)


def _of_a_hold(verdict: Verdict, env: Environment) -> str:
    """What the hold that blocks has to say first."""
    held = {s.name for s in verdict.steps if s.role == "hold" and s.answer}
    wanted = {verdict.id, f"kind:{verdict.kind}", "*"}
    holds = env.circumstances.library.policy.holds
    blocking = (h for h in holds if h.id in held and any(selector.ids & wanted for selector in h.block))
    return next((h.headline for h in blocking if h.headline), "")
