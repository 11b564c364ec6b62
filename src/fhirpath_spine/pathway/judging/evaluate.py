"""The judgement of one chart: pure, total, and the same for the same input.

Order: status filter and facts; lesions; gate; pathways and states; gate, holds and goals over each recommendation; then those
that follow others; at last the plan of the cards.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from fhirpath_spine.errors import ScopeUndecidable
from fhirpath_spine.fhirpath import Incomplete
from fhirpath_spine.pathway.asking.environment import Answer, Environment
from fhirpath_spine.pathway.asking.reach import ADVISED, OPEN, leaders_first, pathway_needs, reads_advice
from fhirpath_spine.pathway.decision import Decision, Status, Step, Verdict
from fhirpath_spine.pathway.facts.chart import Chart, Unread, facts_digest
from fhirpath_spine.pathway.facts.facts import Facts
from fhirpath_spine.pathway.facts.intake import Intake
from fhirpath_spine.pathway.facts.needs import Matcher
from fhirpath_spine.pathway.judging import layout
from fhirpath_spine.pathway.judging.admission import Admission, Entry, Observer
from fhirpath_spine.pathway.judging.oversight import Oversight
from fhirpath_spine.pathway.judging.verdicts import judge, to_step
from fhirpath_spine.pathway.model import Library, Recommendation, Site, Use
from fhirpath_spine.pathway.truth import Reason, Truth

RECOGNISED = {"chapter": "neoplasm-chapter", "neoplasms": "neoplasm-any-known", "medications": "medication-any-known"}
"""Value sets that tell a known entry from one that no table knows (rulings 2.2)."""


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
    return _Judgement(library, chart, at, site, emergency, observe or _unheard).decide(audience)


@lru_cache(maxsize=8)
def _matcher(library: Library) -> Matcher:
    return Matcher(library.needs)


class _Judgement:
    def __init__(
        self, library: Library, chart: Chart, at: datetime, site: Site, emergency: str, observe: Observer
    ) -> None:
        self.library, self.chart, self.at, self.site, self.emergency = library, chart, at, site, emergency
        self.observe = observe
        recognised = {role: library.value_sets.get(name) for role, name in RECOGNISED.items()}
        zone = ZoneInfo(site.timezone)
        intake = Intake(library.needs, _matcher(library), chart, at, zone, site.code_map, recognised)
        self.facts = Facts(library.needs, chart, intake, at, zone, library.policy.conflict_days)

    def decide(self, audience: str) -> Decision:
        if audience != "clinician":
            return self._silent("audience")
        patient = self.facts.patient
        if patient and (patient.get("deceasedBoolean") is True or "deceasedDateTime" in patient):
            return self._silent("deceased")
        self.admission = Admission(self.library, self.facts, self.site, self.observe)
        self.everyone = self.admission.environment(None)
        oversight = Oversight(self.library, self.everyone, self.site, self.emergency)
        for question in oversight.questions():
            self.observe(*question)
        entries = self.admission.entries(oversight)
        if self.admission.undecided and not any(e.doubt is None or e.lesion is not None for e in entries):
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

    # ------------------------------------------------------------------ verdicts

    def _verdicts(self, entries: Sequence[Entry], oversight: Oversight) -> list[Verdict]:
        everywhere = [*entries, *self._closed_gate(oversight)]
        uses: dict[str, list[tuple[Entry, Use]]] = {}
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

    def _closed_gate(self, oversight: Oversight) -> list[Entry]:
        """An acknowledged gate has no entry, but its recommendations are satisfied (rulings 4.2)."""
        gate = self.library.policy.gate
        pathway = self.library.pathway(gate.pathway) if gate else None
        if pathway is None or oversight.gate.truth or not oversight.acknowledged.truth:
            return []
        return [Entry(pathway, None, self.everyone)]

    def _settings(
        self, recommendation: Recommendation, pairs: Sequence[tuple[Entry, Use]]
    ) -> list[tuple[Entry, Step | None]]:
        """Where a recommendation is judged: once for each lesion, or once for the patient, in the best of its uses.

        The best is the first that may show it, those of pathways that surely apply before those in doubt.
        """
        groups: dict[str, list[tuple[Entry, Step | None]]] = {}
        for entry, use in pairs:
            key = "" if recommendation.per_patient or entry.lesion is None else entry.lesion.key
            groups.setdefault(key, []).append((entry, self._use(use, entry)))
        return [max(group, key=_hope) for group in groups.values()]

    def _use(self, use: Use, entry: Entry) -> Step | None:
        if use.when is None:
            return None
        answer = entry.env.ask(use.when, entry.pathway.title)
        self.observe("use", entry.pathway.id, use.recommendation.id, answer.truth)
        return to_step("use", entry.pathway.id, answer, use.when.text)

    def _environment_for(self, recommendation: Recommendation, entry: Entry, so_far: Sequence[Verdict]) -> Environment:
        env = entry.env
        if recommendation.per_patient and entry.lesion is not None:
            env = entry.for_patient if entry.for_patient is not None else self._for_patient(entry)
        if reads_advice(self.library, recommendation.id):
            mine = None if recommendation.per_patient or entry.lesion is None else entry.lesion.key
            peers = [v for v in so_far if mine is None or v.lesion is None or v.lesion.key == mine]
            advised = dict.fromkeys(v.id for v in so_far if v.status is Status.RECOMMENDED)
            open_ = dict.fromkeys(v.kind for v in peers if v.status.shown)
            # What waits for something unread may be advised once that is read.
            waiting = (*self.admission.undecided, *(m for v in so_far if v.status.shown for m in v.missing))
            if any(m.reason in (Reason.UNREAD, Reason.LIMIT) for m in waiting):
                unsure = {ADVISED: Reason.UNREAD, OPEN: Reason.UNREAD}
                return env.with_given({ADVISED: Incomplete(advised), OPEN: Incomplete(open_)}, unsure)
            env = env.with_given({ADVISED: list(advised), OPEN: list(open_)})
        return env

    def _for_patient(self, entry: Entry) -> Environment:
        """The patient without a lesion, in the state of an entry: what its shared recommendations are judged in."""
        known = {"state": [entry.state], "pathway": [entry.pathway.id]}
        env = self.everyone.with_given(known) if entry.certain else self.admission.unsure(entry)
        entry.for_patient = env
        return env

    # ------------------------------------------------------------------ what was not read

    def _needs_read(self, entries: Sequence[Entry]) -> list[str]:
        read = frozenset().union(*(pathway_needs(self.library, e.pathway.id) for e in entries))
        return [name for name in self.library.needs if name in read]

    def _unread(self, needs: Sequence[str]) -> tuple[Unread, ...]:
        found = {u.key: u for n in needs for u in self.facts.unread(self.library.needs[n])}
        return tuple(found[key] for key in sorted(found))


def _doubted(verdict: Verdict, doubt: Answer) -> Verdict:
    """A pathway that may not apply recommends nothing: what it would recommend needs the data that decide it."""
    if verdict.status is not Status.RECOMMENDED:
        return verdict
    return verdict._replace(status=Status.NEEDS_DATA, because=(), missing=doubt.missing, safety=False, on_gate=False)


def _hope(setting: tuple[Entry, Step | None]) -> tuple[bool, int]:
    entry, step = setting
    return entry.doubt is None, {True: 2, None: 1, False: 0}[step.answer if step else True]
