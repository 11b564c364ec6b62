"""The judgement of one chart: pure, total, and the same for the same input.

Order: status filter and facts; lesions; gate; pathways and states; gate, holds and goals over each recommendation; then those
that follow others; at last the plan of the cards. It is long because the order of the steps is read in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from fhirpath_spine.errors import ScopeUndecidable
from fhirpath_spine.fhirpath import Incomplete
from fhirpath_spine.pathway.asking.circumstances import gather
from fhirpath_spine.pathway.asking.environment import Answer, Environment
from fhirpath_spine.pathway.asking.occasions import hook_needs, judged_at, recommendation_needs
from fhirpath_spine.pathway.asking.reach import ADVISED, OPEN, leaders_first, pathway_needs, reads_advice
from fhirpath_spine.pathway.decision import Decision, Missing, Status, Step, Verdict
from fhirpath_spine.pathway.facts.chart import Chart, Unread, facts_digest
from fhirpath_spine.pathway.facts.facts import Facts
from fhirpath_spine.pathway.facts.intake import Intake
from fhirpath_spine.pathway.judging import layout
from fhirpath_spine.pathway.judging.admission import Admitted, Entry, Observer, admit
from fhirpath_spine.pathway.judging.headlines import worded
from fhirpath_spine.pathway.judging.moment import shown, tells
from fhirpath_spine.pathway.judging.notices import noticed, questions
from fhirpath_spine.pathway.judging.orders import Spoken, judged, not_recognised, spoken_of
from fhirpath_spine.pathway.judging.oversight import PolicyApplied
from fhirpath_spine.pathway.judging.tables import matters_of
from fhirpath_spine.pathway.judging.verdicts import judge, to_step
from fhirpath_spine.pathway.model import HOOKS, Hook, Library, Recommendation, Site, Use
from fhirpath_spine.pathway.truth import Reason, Truth


def _ignore(role: str, owner: str, name: str, answer: Truth) -> None:
    """Stands where no observer was given."""


def decide(
    library: Library,
    chart: Chart,
    at: datetime,
    site: Site,
    *,
    emergency: str = "full",
    audience: str = "clinician",
    observe: Observer | None = None,
    explained: bool = True,
    look: Callable[[Admitted], None] | None = None,
    hook: str = HOOKS[0],
) -> Decision:
    """Judges a chart, for one hook: what its policy shows there.

    ``at`` is aware; ``emergency`` is ``full`` or ``scope-stop`` (the gate's card); an ``audience`` other than ``clinician``
    gets no cards (rulings 2.7). ``observe`` hears every question that was asked, and changes nothing. Where it need not be
    ``explained``, what no card shows and no plan names is decided all the same, without the data that it rests on. ``look`` is
    shown what the chart enters, and in which circumstances, even where that cannot be decided.

    Raises:
        PatientMismatch: a resource of another patient is among the data.
        ScopeUndecidable: no pathway applies for certain, and one could have, had everything been readable.

    """
    judgement = _Judgement(library, chart, at, site, emergency, observe or _ignore, explained=explained, look=look)
    return judgement.decide(audience, library.policy.hook(hook))


class _Used(NamedTuple):
    """A use of a recommendation in an entry; ``place`` is the entry's own among all."""

    place: int
    entry: Entry
    use: Use


class _Judgement:
    def __init__(
        self,
        library: Library,
        chart: Chart,
        at: datetime,
        site: Site,
        emergency: str,
        observe: Observer,
        *,
        explained: bool,
        look: Callable[[Admitted], None] | None,
    ) -> None:
        self.library, self.chart, self.at, self.site, self.emergency = library, chart, at, site, emergency
        self.observe, self.explained, self.look = observe, explained, look
        zone = ZoneInfo(site.timezone)
        intake = Intake(library.needs, matters_of(library, site), chart, at, zone)
        self.facts = Facts(library.needs, chart, intake, at, zone, library.policy.conflict_days)

    def decide(self, audience: str, hook: Hook) -> Decision:
        if audience != "clinician":
            return self._silent("audience")
        if self.facts.deceased:
            return self._silent("deceased")
        if not hook.about_orders:
            self.facts.orders = ()
        everyone = Environment(gather(self.library, self.facts, self.site))
        policy = PolicyApplied(everyone, self.emergency)
        if self.observe is not _ignore:  # what nobody hears is asked only where it decides something
            for question in (*policy.questions(), *questions(self.library.policy.notices, everyone)):
                self.observe(*question)
        admitted = admit(everyone, policy, self.observe)
        if self.look is not None:
            self.look(admitted)
        entries = admitted.entries
        notices = tuple(n for n in noticed(self.library.policy.notices, everyone) if tells(hook, n))
        open_ = bool(admitted.undecided) and not any(e.doubt is None or e.lesion is not None for e in entries)
        if open_ and not any(n.certain for n in notices):
            unread = self._unread(list(self.library.needs))
            keys = ", ".join(f"{u.key} ({u.detail or u.reason})" for u in unread) or "a part of the chart"
            raise ScopeUndecidable(
                f"Whether a spinal pathway applies could not be decided, because this could not be read: {keys}.",
                hint="Provide these prefetch keys, or a FHIR server with a token that may read them.",
                unread=tuple((u.key, u.detail or u.reason.value) for u in unread),
            )
        verdicts = shown(hook, self._verdicts(admitted, policy, hook), self.library)
        spoken = spoken_of(self.library, hook, self.facts.orders, self.site, admitted.everyone)
        if hook.about_orders:
            verdicts = [v for v in verdicts if policy.gate.truth] + judged(spoken, admitted, policy, self.library, hook)
            notices = not_recognised(notices if entries else (), hook, self.facts.orders)
        gate = self.library.policy.gate
        results = tuple(e.result(policy.gate_notes if gate and e.pathway.id == gate.pathway else ()) for e in entries)
        # What a pathway says of a patient beside its recommendations is said where all of it is shown.
        results = tuple(r if hook.whole or (gate and r.id == gate.pathway) else replace(r, notes=()) for r in results)
        needs = list(self.library.needs) if open_ else self._needs_read(entries, hook, spoken)
        unread = self._unread(needs)
        return Decision(
            at=self.at,
            patient=self.chart.patient,
            library=self.library.digest,
            facts=facts_digest(self.chart, self.facts.used, self.facts.types_unread),
            entries=results,
            verdicts=tuple(verdicts),
            cards=layout.plan(self.library.policy, results, verdicts, unread, notices, hook),
            head=policy.head if entries else (),
            # Where no pathway reads anything, what was not used is named all the same.
            rejections=tuple(self.facts.rejections(needs if entries else self.library.needs)),
            unread=unread,
            notices=notices,
            ledger=self.facts.ledger,
            counts=dict(self.facts.counts),
            drafts=any(r.draft for r in results),
            warnings=self.facts.warnings,
            goals=tuple(e for g in self.library.policy.goals for e in everyone.recorded(g.test)),
            plans=self.facts.plans,
        )

    def _silent(self, reason: str) -> Decision:
        digest = facts_digest(self.chart, {})
        return Decision(self.at, self.chart.patient, self.library.digest, digest, (), (), (), silent=reason)

    # ------------------------------------------------------------------ verdicts

    def _verdicts(self, admitted: Admitted, policy: PolicyApplied, hook: Hook) -> list[Verdict]:
        """The verdicts in the order of the entries, and of the profiles within one; of what is judged for the hook."""
        uses: dict[str, list[_Used]] = {}
        wanted = None if hook.whole else judged_at(self.library, hook)
        for place, entry in enumerate((*admitted.entries, *self._closed_gate(admitted, policy))):
            for use in entry.pathway.uses:
                if wanted is None or use.recommendation.id in wanted:
                    uses.setdefault(use.recommendation.id, []).append(_Used(place, entry, use))
        order = {id_: n for n, id_ in enumerate(uses)}
        done: list[Verdict] = []
        places: list[tuple[int, int]] = []
        for recommendation in leaders_first(self.library, tuple(u[0].use.recommendation for u in uses.values())):
            so_far = tuple(done)
            for used, step in self._settings(recommendation, uses[recommendation.id]):
                verdict = self._verdict(recommendation, used.entry, step, so_far, admitted, policy)
                if verdict is not None:
                    done.append(verdict)
                    places.append((used.place, order[recommendation.id]))
        return [done[n] for n in sorted(range(len(done)), key=places.__getitem__)]

    def _verdict(
        self,
        recommendation: Recommendation,
        entry: Entry,
        step: Step | None,
        so_far: Sequence[Verdict],
        admitted: Admitted,
        policy: PolicyApplied,
    ) -> Verdict | None:
        """The verdict in one setting; None where it would be that a pathway which may not apply has nothing to say."""
        lesion = None if recommendation.per_patient else entry.lesion
        env = self._environment_for(recommendation, entry, so_far, admitted.undecided)
        following = policy.follow(recommendation, so_far, lesion.key if lesion else None, step)
        verdict = judge(
            recommendation,
            env,
            pathway=entry.pathway.id,
            lesion=lesion.ref if lesion else None,
            imposed=policy.imposed(recommendation, env),
            conditions=following.steps,
            explained=self.explained,
        )
        for answered in verdict.steps:
            self.observe(answered.role, recommendation.id, answered.name, answered.answer)
        for indicator, test in recommendation.indicator:
            if test is not None:
                self.observe("indicator", recommendation.id, indicator.value, env.ask(test).truth)
        verdict = policy.finish(verdict, following, env, recommendation)
        if entry.doubt is not None:
            if verdict.status is Status.NOT_APPLICABLE:
                return None
            verdict = _doubted(verdict, entry.doubt)
        return worded(verdict, recommendation, env)

    def _closed_gate(self, admitted: Admitted, policy: PolicyApplied) -> list[Entry]:
        """An acknowledged gate has no entry, but its recommendations are satisfied (rulings 4.2)."""
        gate = self.library.policy.gate
        pathway = self.library.pathway(gate.pathway) if gate else None
        if pathway is None or policy.gate.truth or not policy.acknowledged.truth:
            return []
        env = admitted.everyone.with_given({"pathway": [pathway.id]})
        return [Entry(pathway, None, env, env)]

    def _settings(self, recommendation: Recommendation, uses: Sequence[_Used]) -> list[tuple[_Used, Step | None]]:
        """Where a recommendation is judged: once for each lesion, or once for the patient, in the best of its uses.

        The best is the first that may show it, those of pathways that surely apply before those in doubt.
        """
        groups: dict[str, list[tuple[_Used, Step | None]]] = {}
        for used in uses:
            lesion = None if recommendation.per_patient else used.entry.lesion
            groups.setdefault(lesion.key if lesion else "", []).append((used, self._use(used)))
        return [max(group, key=_promise) for group in groups.values()]

    def _use(self, used: _Used) -> Step | None:
        entry, use = used.entry, used.use
        if use.when is None:
            return None
        answer = entry.env.ask(use.when, entry.pathway.title)
        self.observe("use", entry.pathway.id, use.recommendation.id, answer.truth)
        return to_step("use", entry.pathway.id, answer, use.when, entry.env)

    def _environment_for(
        self, recommendation: Recommendation, entry: Entry, so_far: Sequence[Verdict], undecided: Sequence[Missing]
    ) -> Environment:
        shared = recommendation.per_patient or entry.lesion is None
        env = entry.for_patient if recommendation.per_patient and entry.lesion is not None else entry.env
        if not reads_advice(self.library, recommendation.id):
            return env
        key = None if shared or entry.lesion is None else entry.lesion.key
        peers = [v for v in so_far if key is None or v.lesion is None or v.lesion.key == key]
        advised = dict.fromkeys(v.id for v in so_far if v.status is Status.RECOMMENDED)
        open_ = dict.fromkeys(v.kind for v in peers if v.status.shown)
        # What waits for something unread may be advised once that is read.
        waiting = (*undecided, *(m for v in so_far if v.status.shown for m in v.missing))
        if any(m.reason in (Reason.UNREAD, Reason.LIMIT) for m in waiting):
            unsure = {ADVISED: Reason.UNREAD, OPEN: Reason.UNREAD}
            return env.with_given({ADVISED: Incomplete(advised), OPEN: Incomplete(open_)}, unsure)
        return env.with_given({ADVISED: list(advised), OPEN: list(open_)})

    # ------------------------------------------------------------------ what was not read

    def _needs_read(self, entries: Sequence[Entry], hook: Hook, spoken: Sequence[Spoken]) -> list[str]:
        read = frozenset().union(*(pathway_needs(self.library, e.pathway.id) for e in entries))
        if hook.about_orders:
            # What could not be read is of interest as far as it bears on what is ordered.
            read = frozenset().union(*(recommendation_needs(self.library, s.recommendation) for s in spoken if entries))
        asked = hook_needs(self.library, hook)
        return [name for name in self.library.needs if name in read and name in asked]

    def _unread(self, needs: Sequence[str]) -> tuple[Unread, ...]:
        read = [self.library.needs[name] for name in needs]
        lost = {u.key: u for need in read for u in self.facts.unread(need)}
        doubts = {(u.key, u.detail): u for need in read for u in self.facts.doubts(need) if u.key not in lost}
        return tuple(sorted((*lost.values(), *doubts.values()), key=lambda u: (u.key, u.detail)))


def _doubted(verdict: Verdict, doubt: Answer) -> Verdict:
    """A pathway that may not apply recommends nothing: what it would recommend needs the data that decide it."""
    if verdict.status is not Status.RECOMMENDED:
        return verdict
    return verdict._replace(status=Status.NEEDS_DATA, because=(), missing=doubt.missing, safety=False, on_gate=False)


def _promise(setting: tuple[_Used, Step | None]) -> tuple[bool, int]:
    """How much a setting may show: more where its pathway surely applies, and where the use holds or may hold."""
    used, step = setting
    return used.entry.doubt is None, {True: 2, None: 1, False: 0}[step.answer if step else True]
