"""What stands above the single recommendation: gate, holds, goals, exclusions, and those that follow others.

All of it is data (``profiles/policy.yaml``); here is only what each part does to a verdict (rulings 1.5, 1.9, 4.2, 4.4, 4.6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from fhirpath_spine.pathway.asking.environment import Answer, Environment
from fhirpath_spine.pathway.decision import Beside, Missing, Status, Step, Verdict
from fhirpath_spine.pathway.judging.verdicts import Hidden, Imposed, spoken, to_step
from fhirpath_spine.pathway.model import (
    Exclusion,
    Framework,
    FrameworkLine,
    Goal,
    Hold,
    Library,
    Recommendation,
    Selector,
    Unknown,
)
from fhirpath_spine.pathway.once import once
from fhirpath_spine.pathway.sentences import Said, Text, render
from fhirpath_spine.pathway.truth import Reason, Truth

SCOPE_STOP = "scope-stop"
_SILENT = (Status.NOT_APPLICABLE, Status.SATISFIED, Status.SUPPRESSED)
_NO = Answer(False)


@dataclass(frozen=True, slots=True)
class Following:
    """How a recommendation stands to those that it follows: the steps to judge it by, and the leader that sets its status."""

    steps: tuple[Step, ...]
    leader: Verdict | None = None


class _Effects(NamedTuple):
    """The selectors of one rule that name a recommendation, by what each does to it."""

    hide: tuple[Selector, ...] = ()
    block: tuple[Selector, ...] = ()
    ask: tuple[Selector, ...] = ()
    caution: tuple[Selector, ...] = ()


class _Concerned(NamedTuple):
    """The parts of the policy that name one recommendation. Whether a selector's condition holds, each chart tells."""

    visible: tuple[Selector, ...]
    holds: Mapping[str, _Effects]
    goals: Mapping[str, tuple[Selector, ...]]
    exclusions: tuple[tuple[Exclusion, tuple[Selector, ...]], ...]
    attached: tuple[Selector, ...]
    beside: tuple[tuple[Framework, FrameworkLine, tuple[Selector, ...]], ...]


@once
def _concerned(library: Library, recommendation: Recommendation) -> _Concerned:
    """The same for each chart, so it is found once for a library."""
    wanted = {recommendation.id, f"kind:{recommendation.kind}", "*"}

    def naming(selectors: Sequence[Selector]) -> tuple[Selector, ...]:
        return tuple(s for s in selectors if s.ids & wanted)

    policy, gate = library.policy, library.policy.gate
    holds = {h.id: _Effects(*map(naming, (h.hide, h.block, h.ask, h.caution))) for h in policy.holds}
    return _Concerned(
        naming((*gate.visible, *gate.attached)) if gate else (),
        {id_: effects for id_, effects in holds.items() if any(effects)},
        {g.id: selectors for g in policy.goals if (selectors := naming(g.hide))},
        tuple((x, selectors) for x in policy.exclusions if (selectors := naming(x.hide))),
        naming(gate.attached) if gate else (),
        tuple((f, line, on) for f in library.frameworks for line in f.lines if (on := naming(line.on))),
    )


class PolicyApplied:
    """The policy applied to one patient. Each part is asked once."""

    def __init__(self, env: Environment, emergency: str) -> None:
        library, site = env.circumstances.library, env.circumstances.site
        self._library = library
        self._frameworks = frozenset(f.id for f in library.frameworks if f.always or f.id in site.frameworks)
        self._gate, self._env, self._emergency = library.policy.gate, env, emergency
        self._own = frozenset(
            use.recommendation.id
            for p in library.pathways
            if self._gate and p.id == self._gate.pathway
            for use in p.uses
        )
        self.gate = env.ask(self._gate.open, "gate") if self._gate else _NO
        if self.gate.truth is None and not self.gate.unread and not self.gate.rejected:
            # All was read and understood, and it does not tell: in the gate that counts as a new deficit (rulings 1.6, 2.5).
            self.gate = self.gate._replace(truth=True)
        self.acknowledged = env.ask(self._gate.acknowledged, "acknowledged") if self._gate else _NO

    @cached_property
    def _holds(self) -> list[tuple[Hold, Answer]]:
        """Each hold with its answer. Of whom no pathway applies to, nobody asks."""
        return [(hold, self._env.ask(hold.test, hold.id)) for hold in self._library.policy.holds]

    @cached_property
    def _goals(self) -> list[tuple[Goal, Answer]]:
        return [(goal, self._env.ask(goal.test, goal.id)) for goal in self._library.policy.goals]

    def questions(self) -> Iterator[tuple[str, str, str, Truth]]:
        """Each question of the policy as role, owner, name and answer."""
        if self._gate:
            yield "gate", self._gate.pathway, "open", self._env.ask(self._gate.open).truth
            yield "gate", self._gate.pathway, "acknowledged", self.acknowledged.truth
        yield from (("hold", "policy", hold.id, answer.truth) for hold, answer in self._holds)
        yield from (("goal", "policy", goal.id, answer.truth) for goal, answer in self._goals)

    @property
    def head(self) -> tuple[Said, ...]:
        """Lines at the head of each card: what the holds in force say, and an acknowledged deficit."""
        lines = [line for hold, answer in self._holds if answer.truth for line in spoken(hold.head, self._env)]
        if self._gate and self.acknowledged.truth and not self.gate.truth:
            lines += self._say(self._gate.acknowledged_line)
        return tuple(dict.fromkeys(lines))

    @property
    def gate_notes(self) -> tuple[Said, ...]:
        """What the open gate's card says besides its recommendations."""
        if not self._gate or not self.gate.truth:
            return ()
        return tuple(self._say(self._gate.scope_stop if self._emergency == SCOPE_STOP else self._gate.hidden))

    def imposed(self, recommendation: Recommendation, env: Environment, *, gate: bool = True) -> Imposed:
        """What the policy lays on one recommendation in its environment; without the ``gate`` where that hides nothing."""
        imposed, concerned = Imposed(), _concerned(self._library, recommendation)
        if gate:
            self._gate_on(recommendation, concerned, env, imposed)
        for hold, answer in self._holds:
            if answer.truth is not False and (effects := concerned.holds.get(hold.id)):
                self._hold_on(hold, answer, effects, env, imposed)
        for goal, answer in self._goals:
            if answer.truth is not False and _in_force(concerned.goals.get(goal.id, ()), env):
                step = to_step("goal", goal.id, answer, goal.test, self._env)
                said, unread = self._named(goal.id, goal.say), self._say(goal.unread)
                self._hide(goal.id, answer, said, step, imposed, unread=unread)
        for exclusion, selectors in concerned.exclusions:
            if _in_force(selectors, env):
                answer = env.ask(exclusion.test, exclusion.id)
                step = to_step("exclusion", exclusion.id, answer, exclusion.test, env)
                self._hide(exclusion.id, answer, [render(exclusion.say, env) or (exclusion.id,)], step, imposed)
        return imposed

    @staticmethod
    def _hide(  # one rule that hides, however it was answered
        by: str, answer: Answer, said: Sequence[Said], step: Step, imposed: Imposed, *, unread: Sequence[Said] = ()
    ) -> None:
        """Hides where the rule holds; where that could not be read, nothing it would hide is released (rulings 1.9)."""
        if answer.truth:
            imposed.hidden += [Hidden(by, one) for one in said]
        elif answer.truth is None and answer.unread:
            imposed.perhaps += [Hidden(by, one) for one in said]
            named = tuple(Missing("".join(one), Reason.UNREAD) for one in unread)
            imposed.asked.append(step._replace(missing=named or step.missing))
        elif answer.conflict:
            imposed.asked.append(step)

    def _gate_on(
        self, recommendation: Recommendation, concerned: _Concerned, env: Environment, imposed: Imposed
    ) -> None:
        gate = self._gate
        if gate is None or self.gate.truth is False:
            return
        if recommendation.id in self._own:
            if self.gate.truth and self._emergency == SCOPE_STOP:
                imposed.hidden += [Hidden(SCOPE_STOP, said) for said in self._say(gate.scope_stop)]
        elif not _in_force(concerned.visible, env):
            step = to_step("gate", gate.pathway, self.gate, gate.open, self._env)
            self._hide(
                gate.pathway,
                self.gate,
                self._named(gate.pathway, gate.hidden),
                step,
                imposed,
                unread=self._say(gate.unread),
            )

    def _hold_on(self, hold: Hold, answer: Answer, effects: _Effects, env: Environment, imposed: Imposed) -> None:
        hides, blocks, asks, warns = (_in_force(selectors, env) for selectors in effects)
        if not (hides or blocks or asks or warns):
            return
        step = to_step("hold", hold.id, answer, hold.test, self._env)
        imposed.steps.append(step)
        said = self._named(hold.id, hold.say)
        if hides:
            self._hide(hold.id, answer, said, step, imposed)
        if answer.truth is None:
            # What a hold only cautions of is released by an unknown; what it would block or ask about is not.
            firm = answer.unread or answer.conflict
            if ((blocks or asks) and firm) or (hold.unknown is Unknown.ASK and (hides or blocks)):
                imposed.asked.append(step)
            return
        imposed.blocked += said if blocks else ()
        imposed.cautions += said if warns else ()
        if asks:
            item = Missing("".join(said[0]) if said else hold.id, Reason.NOT_RECORDED)
            imposed.asked.append(step._replace(answer=None, missing=(item,)))

    def follow(
        self, recommendation: Recommendation, done: Sequence[Verdict], lesion: str | None, use: Step | None
    ) -> Following:
        """The steps that use, with and unless add; ``lesion`` limits the leaders, None means those of any lesion."""
        steps = [use] if use is not None else []
        if not (recommendation.follows or recommendation.unless):
            return Following(tuple(steps))
        peers = [v for v in done if lesion is None or v.lesion is None or v.lesion.key == lesion]
        leader: Verdict | None = None
        if recommendation.follows:
            shown = [v for v in matching(recommendation.follows, peers) if v.status.shown]
            leader = max(shown, key=lambda v: _RANK[v.status], default=None)
            said = "; ".join(sorted({v.title for v in shown if leader and v.status is leader.status}))
            steps.append(Step("with", said or "with", leader is not None, ", ".join(recommendation.follows)))
        if recommendation.unless:
            open_ = [v for v in matching(recommendation.unless, peers) if v.status not in _SILENT]
            missing = tuple(Missing(v.title, Reason.NOT_RECORDED) for v in open_)
            steps.append(
                Step("unless", "unless", None if open_ else True, ", ".join(recommendation.unless), missing=missing)
            )
        return Following(tuple(steps), leader)

    def finish(
        self, verdict: Verdict, following: Following, env: Environment, recommendation: Recommendation
    ) -> Verdict:
        """The verdict after its leader and the gate: a follower is no better than the best of those it follows."""
        leader = following.leader
        if leader is not None and verdict.status is Status.RECOMMENDED and leader.status is not Status.RECOMMENDED:
            verdict = verdict._replace(
                status=leader.status, because=leader.because, missing=leader.missing, safety=False
            )
        if (
            self._gate
            and self.gate.truth
            and verdict.status is Status.RECOMMENDED
            and _in_force(_concerned(self._library, recommendation).attached, env)
        ):
            verdict = verdict._replace(on_gate=True, safety=False)
        if verdict.status.shown and (beside := tuple(self._beside(recommendation, env))):
            verdict = verdict._replace(beside=beside)
        return verdict

    def _beside(self, recommendation: Recommendation, env: Environment) -> Iterator[Beside]:
        for framework, fact, selectors in _concerned(self._library, recommendation).beside:
            if framework.id in self._frameworks and _in_force(selectors, env):
                yield from (Beside(framework.id, fact.grade, said) for said in spoken((fact.line,), env))

    def _named(self, by: str, text: Text | None) -> list[Said]:
        """The sentence of a rule; its name where a value of it is missing, since a rule holds without its words."""
        return (self._say(text) if text is not None else []) or [(by,)]

    def _say(self, text: Text) -> list[Said]:
        said = render(text, self._env)
        return [said] if said else []


_RANK = {Status.RECOMMENDED: 2, Status.BLOCKED: 1, Status.NEEDS_DATA: 0}


def _in_force(selectors: Sequence[Selector], env: Environment) -> bool:
    return any(s.when is None or env.ask(s.when).truth is True for s in selectors)


def matching(references: Sequence[str], verdicts: Sequence[Verdict]) -> Iterator[Verdict]:
    """The verdicts that ids and ``kind:<kind>`` name."""
    wanted = set(references)
    return (v for v in verdicts if v.id in wanted or f"kind:{v.kind}" in wanted)
