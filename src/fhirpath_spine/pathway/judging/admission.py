"""Which pathways a chart enters, for which lesion, and in which state: the scope of a judgement.

An entry stands for a pathway that applies, or that might once something unread is read (it is then in doubt, and recommends
nothing). The order of lesions and pathways is that of the pathways page, section 8. Each step knows more of the lesions than the
one before: first none of their pathways, then all of them, then their states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fhirpath_spine.fhirpath import Incomplete, every
from fhirpath_spine.pathway.asking.environment import Answer, Environment
from fhirpath_spine.pathway.decision import Missing, PathwayResult
from fhirpath_spine.pathway.judging.oversight import PolicyApplied
from fhirpath_spine.pathway.judging.verdicts import spoken
from fhirpath_spine.pathway.lesions.lesion import Lesion
from fhirpath_spine.pathway.model import Pathway
from fhirpath_spine.pathway.sentences import Said
from fhirpath_spine.pathway.truth import Reason, Truth

Observer = Callable[[str, str, str, Truth], None]
"""Hears of each question its role, its owner (a pathway, a recommendation or ``policy``), its name and its answer."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One pathway judged for one lesion, or for the patient.

    ``env`` is what its recommendations are asked in, ``for_patient`` what those of them are that are shared by all lesions.
    ``certain`` is false where something unread could make the state another.
    """

    pathway: Pathway
    lesion: Lesion | None
    env: Environment
    for_patient: Environment
    state: str = ""
    certain: bool = True
    doubt: Answer | None = None
    """Set where something unread leaves open whether the pathway applies: then nothing of it is recommended."""

    def result(self, notes: Sequence[Said] = ()) -> PathwayResult:
        """The entry as a decision names it."""
        p = self.pathway
        return PathwayResult(
            p.id,
            p.version,
            p.title,
            p.digest,
            self.state,
            self.certain,
            self.lesion.ref if self.lesion else None,
            (*notes, *spoken(p.notes, self.env)),
            p.status == "draft",
        )


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """That a pathway was asked whether it applies, of which lesion, in which circumstances, and the answer."""

    pathway: Pathway
    role: str
    lesion: str | None
    env: Environment
    answer: Answer


@dataclass(frozen=True, slots=True)
class Admitted:
    """What a chart enters: the entries in the order of the policy and of the lesions; what was unread and might have made a
    pathway apply; and what questions about the patient are asked in once all that is known.
    """

    entries: tuple[Entry, ...]
    undecided: tuple[Missing, ...]
    everyone: Environment
    asked: tuple[Asked, ...] = ()


@dataclass(frozen=True, slots=True)
class _Applies:
    """A pathway that applies to a lesion, or to the patient; ``doubt`` as in :class:`Entry`."""

    pathway: Pathway
    lesion: str | None
    doubt: Answer | None = None


def admit(everyone: Environment, policy: PolicyApplied, observe: Observer) -> Admitted:
    """The entries of a chart. ``everyone`` is what the policy was asked in, before any pathway was known."""
    admission = _Admission(everyone, policy, observe)
    admission.run()
    states = [(a, *admission.state(a)) for a in admission.ordered()]
    # A lesion that several pathways take has the state of the last of them.
    certain = {a.lesion: state for a, state, sure in states if a.lesion is not None and sure}
    admission.learn({key: {"state": state} for key, state in certain.items()})
    entries = tuple(admission.entry(a, state, sure) for a, state, sure in states)
    return Admitted(entries, tuple(admission.undecided), admission.environment(None), tuple(admission.asked))


class _Admission:
    """The state of one admission; what it hands out does not change any more."""

    def __init__(self, everyone: Environment, policy: PolicyApplied, observe: Observer) -> None:
        self._first, self._now = everyone.circumstances, everyone.circumstances
        self._policy, self._observe = policy, observe
        self._environments: dict[str | None, Environment] = {None: everyone}
        self._renewed: dict[str | None, Environment] = {}
        self._applying: list[_Applies] = []
        self.undecided: list[Missing] = []
        self.asked: list[Asked] = []

    # ------------------------------------------------------------------ what is known of the lesions

    def environment(self, key: str | None) -> Environment:
        """What questions about a lesion, or about the patient, are asked in by now."""
        if self._now is self._first:
            return self._original(key)
        env = self._renewed.get(key)
        if env is None:
            env = self._renewed[key] = self._original(key).once_known(self._now, self._lesion(key))
        return env

    def _original(self, key: str | None) -> Environment:
        env = self._environments.get(key)
        if env is None:
            lesion = next(x for x in self._first.lesions if x.key == key)
            env = self._environments[key] = Environment(self._first, lesion)
        return env

    def _lesion(self, key: str | None) -> Lesion | None:
        return next((x for x in self._now.lesions if x.key == key), None)

    def learn(self, members: Mapping[str, Mapping[str, object]]) -> None:
        """From now on these members of the lesions of these keys are known."""
        if members:
            self._now = self._now.with_lesions(
                x.told(**members[x.key]) if x.key in members else x for x in self._now.lesions
            )
            self._renewed = {}

    # ------------------------------------------------------------------ which pathways apply

    def run(self) -> None:
        """Goes through the pathways in the order in which they are asked; those that take the rest come last."""
        library, gate = self._first.library, self._first.library.policy.gate
        pathways = (p for p in library.pathways if p.status != "retired")
        for pathway in sorted(pathways, key=lambda p: (p.fallback, self._priority(p))):
            if gate and pathway.id == gate.pathway:
                self._at_gate(pathway)
            elif pathway.per_lesion:
                self._of_lesions(pathway)
            elif self._applies("applies", pathway, None).truth:
                self._applying.append(_Applies(pathway, None))
        if not self._first.complete:
            names = (library.lesions.conditions, library.lesions.imaging)
            self.undecided += [Missing(library.labels[n], Reason.UNREAD, n) for n in names]

    def ordered(self) -> list[_Applies]:
        """What applies, in the order of the policy and of the lesions."""
        ranks = {x.key: x.rank for x in self._first.lesions}
        return sorted(
            self._applying, key=lambda a: (self._priority(a.pathway), ranks[a.lesion] if a.lesion is not None else -1)
        )

    def _priority(self, pathway: Pathway) -> int:
        order = self._first.library.policy.order
        return order.index(pathway.id) if pathway.id in order else len(order)

    def _at_gate(self, pathway: Pathway) -> None:
        gate = self._policy.gate
        self.asked.append(Asked(pathway, "gate", None, self.environment(None), gate))
        if gate.unread:
            self.undecided += gate.missing
        elif not gate.truth:
            return
        self._applying.append(_Applies(pathway, None, None if gate.truth else gate))

    def _of_lesions(self, pathway: Pathway) -> None:
        for lesion in self._first.lesions:
            self._of_lesion(pathway, lesion.key)
        # Where a lesion could not be read, it cannot be said that there is none. One that is history, and that no pathway
        # follows, explains no new pain (D1).
        taken = [x.about.pathways for x in self._now.lesions]
        followed = any(ids or isinstance(ids, Incomplete) for ids in taken)
        if not pathway.without_lesion or followed or not self._first.complete:
            return
        if self._applies("withoutLesion", pathway, None).truth:
            self._applying.append(_Applies(pathway, None))

    def _of_lesion(self, pathway: Pathway, key: str) -> None:
        lesion = self._lesion(key)
        if lesion is None:
            raise KeyError(key)
        if isinstance(lesion.about.kind, Incomplete):
            # Any pathway might have it once its class is read: only the one for the rest is named, in doubt.
            if not pathway.fallback:
                return
            self.learn({key: {"pathways": Incomplete()}})
        applies = self._applies("applies", pathway, key)
        if not (applies.truth or (applies.truth is None and applies.unread)):
            return
        doubt = applies if applies.truth is None else None
        self._applying.append(_Applies(pathway, key, doubt))
        taken = Incomplete() if isinstance(lesion.about.kind, Incomplete) else lesion.about.pathways
        now = taken if doubt is not None else [*taken, pathway.id]
        # Once a pathway is in doubt, those that surely take the lesion are not known to be all.
        in_doubt = doubt is not None or isinstance(taken, Incomplete)
        self.learn({key: {"pathways": Incomplete(now) if in_doubt else now}})

    def _applies(self, role: str, pathway: Pathway, key: str | None) -> Answer:
        """Whether all criteria hold, kept for whoever asks why."""
        env = self.environment(key)
        answer = self._all_hold(role, pathway, env)
        self.asked.append(Asked(pathway, role, key, env, answer))
        return answer

    def _all_hold(self, role: str, pathway: Pathway, env: Environment) -> Answer:
        """Whether all criteria hold; what could not be read and might have made them hold is kept."""
        answers: list[Answer] = []
        for criterion in pathway.applies if role == "applies" else pathway.without_lesion:
            answers.append(env.ask(criterion.test, criterion.label))
            self._observe(role, pathway.id, criterion.name, answers[-1].truth)
            if answers[-1].truth is False:
                return answers[-1]
        missing = tuple(m for a in answers for m in a.missing)
        if any(a.truth is None and not a.unread for a in answers):
            # Something is not recorded: whatever else could be read, the pathway would not apply.
            return Answer(None, missing=tuple(m for a in answers if not a.unread for m in a.missing))
        self.undecided += missing
        return Answer(every(a.truth for a in answers), missing=missing)

    # ------------------------------------------------------------------ in which state

    def state(self, applies: _Applies) -> tuple[str, bool]:
        """The first state that holds, and whether that is certain."""
        certain = applies.doubt is None
        env = self.environment(applies.lesion).with_given({"pathway": [applies.pathway.id]})
        for state in applies.pathway.states:
            answer = env.ask(state.test, state.name)
            self._observe("state", applies.pathway.id, state.name, answer.truth)
            if answer.truth:
                return state.name, certain
            if answer.truth is None and answer.unread:
                certain = False
        return "", certain

    def entry(self, applies: _Applies, state: str, certain: bool) -> Entry:
        """The entry of a pathway that applies."""
        id_, sure = applies.pathway.id, certain and state
        env, everyone = (
            in_state(self.environment(key), id_, state if known else None)
            for key, known in ((applies.lesion, sure), (None, certain))
        )
        return Entry(applies.pathway, self._lesion(applies.lesion), env, everyone, state, certain, applies.doubt)


def in_state(env: Environment, pathway: str, state: str | None) -> Environment:
    """An environment in a state of a pathway; None if the state depends on something that could not be read."""
    if state is None:
        return env.with_given({"pathway": [pathway]}, {"state": Reason.UNREAD})
    return env.with_given({"pathway": [pathway], "state": [state]})
