"""Which pathways a chart enters, for which lesion, and in which state: the scope of a judgement.

An entry stands for a pathway that applies, or that might once something unread is read (it is then in doubt, and recommends
nothing). Lesions stand cranial to caudal, pathways in the order of the policy (rulings 5.1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fhirpath_spine.fhirpath import Incomplete, every
from fhirpath_spine.pathway.asking.environment import Answer, Environment
from fhirpath_spine.pathway.decision import Missing, PathwayResult
from fhirpath_spine.pathway.facts.facts import Facts
from fhirpath_spine.pathway.judging.oversight import Oversight
from fhirpath_spine.pathway.judging.verdicts import spoken
from fhirpath_spine.pathway.lesions.building import build
from fhirpath_spine.pathway.lesions.lesion import Lesion, behave, doubt
from fhirpath_spine.pathway.lesions.places import assigner
from fhirpath_spine.pathway.model import Library, Pathway, Site
from fhirpath_spine.pathway.sentences import Said
from fhirpath_spine.pathway.truth import Reason, Truth

Observer = Callable[[str, str, str, Truth], None]
"""Hears of each question its role, its owner (a pathway, a recommendation or ``policy``), its name and its answer."""


class Entry:
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


class Admission:
    """The lesions of a chart, and the entries it makes into the library's pathways.

    ``undecided`` grows with what was unread and might have made a pathway apply.
    """

    def __init__(self, library: Library, facts: Facts, site: Site, observe: Observer) -> None:
        self.library, self.facts, self.site, self.observe = library, facts, site, observe
        self.undecided: list[Missing] = []
        self.lesions: list[Lesion] = []
        self.lesions_complete = True
        self._find_lesions()

    def environment(self, lesion: Lesion | None) -> Environment:
        """What questions about a lesion are asked in; about the patient without one."""
        return Environment(
            self.library, self.facts, self.site, self.lesions, lesion, lesions_complete=self.lesions_complete
        )

    def unsure(self, entry: Entry, lesion: Lesion | None = None) -> Environment:
        """An environment in which the state of an entry depends on something that could not be read."""
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

    def entries(self, oversight: Oversight) -> list[Entry]:
        """The entries in the order of the policy and of the lesions, each in its state."""
        pathways = sorted(
            (p for p in self.library.pathways if p.status != "retired"),
            key=lambda p: (p.fallback, self._priority(p)),
        )
        gate = self.library.policy.gate
        entries: list[Entry] = []
        for pathway in pathways:
            if gate and pathway.id == gate.pathway:
                entries += self._at_gate(pathway, oversight)
            elif pathway.per_lesion:
                entries += self._of_lesions(pathway)
            else:
                entries += self._of_patient(pathway)
        if not self.lesions_complete:
            names = (self.library.lesions.conditions, self.library.lesions.imaging)
            self.undecided += [Missing(self.library.labels[n], Reason.UNREAD, n) for n in names]
        entries.sort(key=lambda e: (self._priority(e.pathway), e.lesion.rank if e.lesion else -1))
        for entry in entries:
            self._enter_state(entry)
        return entries

    def _at_gate(self, pathway: Pathway, oversight: Oversight) -> list[Entry]:
        if oversight.gate.unread:
            self.undecided += oversight.gate.missing
        elif not oversight.gate.truth:
            return []
        entry = Entry(pathway, None, self.environment(None))
        entry.doubt = None if oversight.gate.truth else oversight.gate
        return [entry]

    def _of_patient(self, pathway: Pathway) -> list[Entry]:
        env = self.environment(None)
        return [Entry(pathway, None, env)] if self._applies("applies", pathway, env).truth else []

    def _of_lesions(self, pathway: Pathway) -> list[Entry]:
        entries = [e for e in (self._of_lesion(pathway, lesion) for lesion in self.lesions) if e is not None]
        # Where a lesion could not be read, it cannot be said that there is none. One that is history, and that no pathway
        # follows, explains no new pain (D1).
        followed = any(x.item["pathways"] or isinstance(x.item["pathways"], Incomplete) for x in self.lesions)
        if pathway.without_lesion and not followed and self.lesions_complete:
            env = self.environment(None)
            if self._applies("withoutLesion", pathway, env).truth:
                entries.append(Entry(pathway, None, env))
        return entries

    def _of_lesion(self, pathway: Pathway, lesion: Lesion) -> Entry | None:
        if isinstance(lesion.item["class"], Incomplete):
            # Any pathway might have it once its class is read: only the one for the rest is named, in doubt.
            if not pathway.fallback:
                return None
            lesion.item["pathways"] = Incomplete()
        env = self.environment(lesion)
        applies = self._applies("applies", pathway, env)
        if not (applies.truth or (applies.truth is None and applies.unread)):
            return None
        entry = Entry(pathway, lesion, env)
        entry.doubt = applies if applies.truth is None else None
        taken = lesion.item["pathways"]
        now = taken if entry.doubt is not None else [*taken, pathway.id]
        # Once a pathway is in doubt, those that surely take the lesion are not known to be all.
        in_doubt = entry.doubt is not None or isinstance(taken, Incomplete)
        lesion.item["pathways"] = Incomplete(now) if in_doubt else now
        return entry

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
        return Answer(every(a.truth for a in answers), missing=missing)

    def _enter_state(self, entry: Entry) -> None:
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
            entry.env = self.unsure(entry, entry.lesion)
        if entry.lesion is not None and entry.certain:
            entry.lesion.item["state"] = entry.state
