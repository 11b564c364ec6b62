"""The judgement of one chart: pure, total, and the same for the same input.

Order (pathways page, section 8): status filter and facts; lesions; gate; pathways and states; holds, gate and goals over each
recommendation; then those that follow others; at last the plan of the cards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from fhirpath_spine.errors import ScopeUndecidable
from fhirpath_spine.fhirpath import Incomplete
from fhirpath_spine.pathway import layout
from fhirpath_spine.pathway.belonging import assigner
from fhirpath_spine.pathway.chart import Chart
from fhirpath_spine.pathway.decision import Decision, Missing, PathwayResult, Status, Step, Unread, Verdict
from fhirpath_spine.pathway.digests import facts_digest
from fhirpath_spine.pathway.environment import Answer, Environment
from fhirpath_spine.pathway.facts import Facts
from fhirpath_spine.pathway.intake import Intake
from fhirpath_spine.pathway.lesions import Lesion, behave, build, doubt
from fhirpath_spine.pathway.matching import Matcher
from fhirpath_spine.pathway.model import Library, Pathway, Recommendation, Site, Use
from fhirpath_spine.pathway.oversight import Oversight
from fhirpath_spine.pathway.reach import ADVISED, OPEN, leaders_first, pathway_needs, reads_advice
from fhirpath_spine.pathway.texts import Said
from fhirpath_spine.pathway.truth import Reason, Truth, all_of
from fhirpath_spine.pathway.verdicts import judge, spoken, to_step

RECOGNISED = {"chapter": "neoplasm-chapter", "neoplasms": "neoplasm-any-known", "medications": "medication-any-known"}
"""Value sets that tell a known entry from one that no table knows (rulings 2.2)."""


Observer = Callable[[str, str, str, Truth], None]
"""Hears of each question its role, its owner (a pathway, a recommendation or ``policy``), its name and its answer."""


def _unheard(role: str, owner: str, name: str, answer: Truth) -> None:
    """Nobody listens."""


def decide(
    library: Library,
    chart: Chart,
    at: datetime,
    site: Site,
    *,
    emergency: str = "full",
    audience: str = "clinician",
    observe: Observer | None = None,
) -> Decision:
    """Judges a chart.

    ``at`` is aware; ``emergency`` is ``full`` or ``scope-stop`` (the gate's card); an ``audience`` other than ``clinician``
    gets no cards (rulings 2.7). ``observe`` hears every question that was asked, and changes nothing.

    Raises:
        PatientMismatch: a resource of another patient is among the data.
        ScopeUndecidable: no pathway applies for certain, and one could have, had everything been readable.

    """
    return _Judgement(library, chart, at, site, emergency, observe).decide(audience)


@lru_cache(maxsize=8)
def _matcher(library: Library) -> Matcher:
    return Matcher(library.needs)


class _Entry:
    """One pathway judged for one lesion, or for the patient."""

    def __init__(self, pathway: Pathway, lesion: Lesion | None, env: Environment) -> None:
        self.pathway, self.lesion = pathway, lesion
        self.env = env.with_given({"pathway": [pathway.id]})
        self.state, self.certain = "", True
        self.for_patient: Environment | None = None
        self.doubt: Answer | None = None
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


class _Judgement:
    def __init__(
        self,
        library: Library,
        chart: Chart,
        at: datetime,
        site: Site,
        emergency: str,
        observe: Observer | None = None,
    ) -> None:
        self.observe: Observer = observe or _unheard
        self.library, self.chart, self.at, self.site, self.emergency = library, chart, at, site, emergency
        recognised = {role: library.value_sets.get(name) for role, name in RECOGNISED.items()}
        zone = ZoneInfo(site.timezone)
        intake = Intake(library.needs, _matcher(library), chart, at, zone, site.code_map, recognised)
        self.facts = Facts(library.needs, chart, intake, at, zone, library.policy.conflict_days)
        self.lesions: list[Lesion] = []
        self.lesions_complete = True
        self.undecided: list[Missing] = []
        self.everyone = self._environment(None)

    def decide(self, audience: str) -> Decision:
        if audience != "clinician":
            return self._silent("audience")
        patient = self.facts.patient
        if patient and (patient.get("deceasedBoolean") is True or "deceasedDateTime" in patient):
            return self._silent("deceased")
        self._find_lesions()
        oversight = Oversight(self.library, self._environment(None), self.site, self.emergency)
        for question in oversight.questions():
            self.observe(*question)
        entries = self._entries(oversight)
        if self.undecided and not any(e.doubt is None or e.lesion is not None for e in entries):
            unread = self._unread(list(self.library.needs))
            keys = ", ".join(f"{u.key} ({u.detail or u.reason})" for u in unread) or "a part of the chart"
            raise ScopeUndecidable(
                f"Whether a spinal pathway applies could not be decided, because this could not be read: {keys}.",
                hint="Provide these prefetch keys, or a FHIR server with a token that may read them.",
            )
        verdicts = self._verdicts(entries, oversight)
        gate = self.library.policy.gate
        results = tuple(
            e.result(oversight.gate_notes if gate and e.pathway.id == gate.pathway else ()) for e in entries
        )
        needs = self._needs_read(entries)
        unread = self._unread(needs)
        return Decision(
            at=self.at,
            patient=self.chart.patient,
            library=self.library.digest,
            facts=facts_digest(self.chart, self.facts.used),
            entries=results,
            verdicts=tuple(verdicts),
            cards=layout.plan(self.library.policy, results, verdicts, unread),
            head=oversight.head if entries else (),
            rejections=tuple(self.facts.rejections(needs)),
            unread=unread,
            counts=dict(self.facts.counts),
            drafts=any(r.draft for r in results),
            goals=tuple(e for g in self.library.policy.goals for e in self.everyone.recorded(g.test)),
        )

    def _silent(self, reason: str) -> Decision:
        digest = facts_digest(self.chart, {})
        return Decision(self.at, self.chart.patient, self.library.digest, digest, (), (), (), silent=reason)

    # ------------------------------------------------------------------ lesions and scope

    def _find_lesions(self) -> None:
        config = self.library.lesions
        conditions, imaging = self.facts.all_found(config.conditions), self.facts.all_found(config.imaging)
        self.lesions = build(config, conditions, imaging)
        unread = [isinstance(self.facts.resolve(n).items, Incomplete) for n in (config.conditions, config.imaging)]
        self.lesions_complete = not any(unread)
        self.facts.lesions_unread = not self.lesions_complete
        assign = assigner(config, self.lesions, complete=self.lesions_complete)
        for need in self.library.needs.values():
            if need.per_lesion:
                for found in self.facts.all_found(need.name):
                    found.lesions = assign(found)
        for lesion in self.lesions:
            histology = self.facts.resolve(config.histology, lesion.key) if config.histology else None
            values = [i["value"] for i in histology.items if "value" in i] if histology else []
            incomplete = histology is not None and isinstance(histology.items, Incomplete)
            behave(config, lesion, Incomplete(values) if incomplete else values)
            doubt(config, lesion, conditions=unread[0], imaging=unread[1])

    def _environment(self, lesion: Lesion | None) -> Environment:
        return Environment(
            self.library, self.facts, self.site, self.lesions, lesion, lesions_complete=self.lesions_complete
        )

    def _unsure(self, entry: _Entry, lesion: Lesion | None = None) -> Environment:
        """An environment in which the state depends on something that could not be read."""
        return Environment(
            self.library,
            self.facts,
            self.site,
            self.lesions,
            lesion,
            lesions_complete=self.lesions_complete,
            given={"pathway": [entry.pathway.id]},
            unsure={"state": Reason.UNREAD},
        )

    def _entries(self, oversight: Oversight) -> list[_Entry]:
        policy = self.library.policy
        entries: list[_Entry] = []
        pathways = sorted(
            (p for p in self.library.pathways if p.status != "retired"),
            key=lambda p: (p.fallback, self._priority(p)),
        )
        gate = policy.gate.pathway if policy.gate else ""
        for pathway in pathways:
            if pathway.id == gate:
                if oversight.gate.truth or oversight.gate.unread:
                    entry = _Entry(pathway, None, self._environment(None))
                    entry.doubt = None if oversight.gate.truth else oversight.gate
                    entries.append(entry)
                if oversight.gate.unread:
                    self.undecided += oversight.gate.missing
                continue
            for lesion in self.lesions if pathway.per_lesion else [None]:
                if lesion is not None and isinstance(lesion.item["class"], Incomplete):
                    # Any pathway might have it once its class is read: only the one for the rest is named, in doubt.
                    if not pathway.fallback:
                        continue
                    lesion.item["pathways"] = Incomplete()
                env = self._environment(lesion)
                applies = self._applies("applies", pathway, env)
                if applies.truth is False or (applies.truth is None and (lesion is None or not applies.unread)):
                    continue
                entry = _Entry(pathway, lesion, env)
                if applies.truth is None:
                    entry.doubt = applies
                entries.append(entry)
                if lesion is not None:
                    taken = lesion.item["pathways"]
                    lesion.item["pathways"] = [*taken, pathway.id] if entry.doubt is None else Incomplete(taken)
            # Where a lesion could not be read, it cannot be said that there is none.
            if pathway.per_lesion and pathway.without_lesion and not self.lesions and self.lesions_complete:
                env = self._environment(None)
                if self._applies("withoutLesion", pathway, env).truth:
                    entries.append(_Entry(pathway, None, env))
        if not self.lesions_complete:
            names = (self.library.lesions.conditions, self.library.lesions.imaging)
            self.undecided += [Missing(self.library.labels[n], Reason.UNREAD, n) for n in names]
        entries.sort(key=lambda e: (self._priority(e.pathway), e.lesion.rank if e.lesion else -1))
        for entry in entries:
            self._enter_state(entry)
        return entries

    def _priority(self, pathway: Pathway) -> int:
        order = self.library.policy.order
        return order.index(pathway.id) if pathway.id in order else len(order)

    def _applies(self, role: str, pathway: Pathway, env: Environment) -> Answer:
        """Whether all criteria hold; what could not be read and might have made them hold is kept."""
        answers: list[Answer] = []
        for criterion in pathway.applies if role == "applies" else pathway.without_lesion:
            answers.append(env.ask(criterion.test, criterion.label))
            self.observe(role, pathway.id, criterion.name, answers[-1].truth)
            if answers[-1].truth is False:
                return answers[-1]
        missing = tuple(m for a in answers for m in a.missing)
        if any(a.truth is None and not a.unread for a in answers):
            # Something is not recorded: whatever else could be read, the pathway would not apply.
            return Answer(None, missing=tuple(m for a in answers if not a.unread for m in a.missing))
        self.undecided += missing
        return Answer(all_of(a.truth for a in answers), missing=missing)

    def _enter_state(self, entry: _Entry) -> None:
        for state in entry.pathway.states:
            answer = entry.env.ask(state.test, state.name)
            self.observe("state", entry.pathway.id, state.name, answer.truth)
            if answer.truth:
                entry.state = state.name
                break
            if answer.truth is None and answer.unread:
                entry.certain = False
        if entry.doubt is not None:
            entry.certain = False
        if entry.certain and entry.state:
            entry.env = entry.env.with_given({"state": [entry.state]})
        else:
            entry.env = self._unsure(entry, entry.lesion)
        if entry.lesion is not None and entry.certain:
            entry.lesion.item["state"] = entry.state

    # ------------------------------------------------------------------ verdicts

    def _verdicts(self, entries: Sequence[_Entry], oversight: Oversight) -> list[Verdict]:
        self.everyone = self._environment(None)
        everywhere = [*entries, *self._closed_gate(oversight)]
        uses: dict[str, list[tuple[_Entry, Use]]] = {}
        for entry in everywhere:
            for use in entry.pathway.uses:
                uses.setdefault(use.recommendation.id, []).append((entry, use))
        order = {id_: n for n, id_ in enumerate(uses)}
        done: list[tuple[tuple[int, int], Verdict]] = []
        for recommendation in leaders_first(self.library, tuple(p[0][1].recommendation for p in uses.values())):
            pairs = uses[recommendation.id]
            so_far = [v for _, v in done]
            for entry, step in self._settings(recommendation, pairs):
                lesion = None if recommendation.per_patient else entry.lesion
                env = self._environment_for(recommendation, entry, so_far)
                following = oversight.follow(recommendation, so_far, lesion.key if lesion else None, step)
                verdict = judge(
                    recommendation,
                    env,
                    pathway=entry.pathway.id,
                    lesion=lesion.ref if lesion else None,
                    imposed=oversight.imposed(recommendation, env),
                    conditions=following.steps,
                )
                for one in verdict.steps:
                    self.observe(one.role, recommendation.id, one.name, one.answer)
                for indicator, test in recommendation.indicator:
                    if test is not None:
                        self.observe("indicator", recommendation.id, indicator.value, env.ask(test).truth)
                place = (everywhere.index(entry), order[recommendation.id])
                verdict = oversight.finish(verdict, following, env, recommendation)
                if entry.doubt is not None:
                    if verdict.status is Status.NOT_APPLICABLE:
                        continue
                    verdict = _doubted(verdict, entry.doubt)
                done.append((place, verdict))
        done.sort(key=lambda pair: pair[0])
        return [v for _, v in done]

    def _closed_gate(self, oversight: Oversight) -> list[_Entry]:
        """An acknowledged gate has no entry, but its recommendations are satisfied (rulings 4.2)."""
        gate = self.library.policy.gate
        pathway = self.library.pathway(gate.pathway) if gate else None
        if pathway is None or oversight.gate.truth or not oversight.acknowledged.truth:
            return []
        return [_Entry(pathway, None, self._environment(None))]

    def _settings(
        self, recommendation: Recommendation, pairs: Sequence[tuple[_Entry, Use]]
    ) -> list[tuple[_Entry, Step | None]]:
        """Where a recommendation is judged: once for each lesion, or once for the patient, in the best of its uses.

        The best is the first that may show it, those of pathways that surely apply before those in doubt.
        """
        groups: dict[str, list[tuple[_Entry, Step | None]]] = {}
        for entry, use in pairs:
            key = "" if recommendation.per_patient or entry.lesion is None else entry.lesion.key
            groups.setdefault(key, []).append((entry, self._use(use, entry)))
        return [max(group, key=_hope) for group in groups.values()]

    def _use(self, use: Use, entry: _Entry) -> Step | None:
        if use.when is None:
            return None
        answer = entry.env.ask(use.when, entry.pathway.title)
        self.observe("use", entry.pathway.id, use.recommendation.id, answer.truth)
        return to_step("use", entry.pathway.id, answer, use.when.text)

    def _environment_for(self, recommendation: Recommendation, entry: _Entry, so_far: Sequence[Verdict]) -> Environment:
        env = entry.env
        if recommendation.per_patient and entry.lesion is not None:
            env = entry.for_patient if entry.for_patient is not None else self._for_patient(entry)
        if reads_advice(self.library, recommendation.id):
            mine = None if recommendation.per_patient or entry.lesion is None else entry.lesion.key
            peers = [v for v in so_far if mine is None or v.lesion is None or v.lesion.key == mine]
            advised = dict.fromkeys(v.id for v in so_far if v.status is Status.RECOMMENDED)
            open_ = dict.fromkeys(v.kind for v in peers if v.status.shown)
            # What waits for something unread may be advised once that is read.
            waiting = (*self.undecided, *(m for v in so_far if v.status.shown for m in v.missing))
            if any(m.reason in (Reason.UNREAD, Reason.LIMIT) for m in waiting):
                unsure = {ADVISED: Reason.UNREAD, OPEN: Reason.UNREAD}
                return env.with_given({ADVISED: Incomplete(advised), OPEN: Incomplete(open_)}, unsure)
            env = env.with_given({ADVISED: list(advised), OPEN: list(open_)})
        return env

    def _for_patient(self, entry: _Entry) -> Environment:
        """The patient without a lesion, in the state of an entry: what its shared recommendations are judged in."""
        known = {"state": [entry.state], "pathway": [entry.pathway.id]}
        env = self.everyone.with_given(known) if entry.certain else self._unsure(entry)
        entry.for_patient = env
        return env

    # ------------------------------------------------------------------ what was not read

    def _needs_read(self, entries: Sequence[_Entry]) -> list[str]:
        read = frozenset().union(*(pathway_needs(self.library, e.pathway.id) for e in entries))
        return [name for name in self.library.needs if name in read]

    def _unread(self, needs: Sequence[str]) -> tuple[Unread, ...]:
        found = {u.key: u for n in needs for u in self.facts.unread(self.library.needs[n])}
        return tuple(found[key] for key in sorted(found))


def _doubted(verdict: Verdict, doubt: Answer) -> Verdict:
    """A pathway that may not apply recommends nothing: what it would recommend needs the data that decide it."""
    if verdict.status is not Status.RECOMMENDED:
        return verdict
    return replace(verdict, status=Status.NEEDS_DATA, because=(), missing=doubt.missing, safety=False, on_gate=False)


def _hope(setting: tuple[_Entry, Step | None]) -> tuple[bool, int]:
    entry, step = setting
    return entry.doubt is None, {True: 2, None: 1, False: 0}[step.answer if step else True]
