"""What a card offers to do: only what an action of a type that this EHR takes can do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.outgoing.careplan import careplan, members, service_request
from fhirpath_spine.exchange.outgoing.filed import Standing, on_file, renewed, said, standing
from fhirpath_spine.exchange.outgoing.ids import Ids
from fhirpath_spine.exchange.outgoing.markdown import plain
from fhirpath_spine.exchange.outgoing.phrases import Phrases
from fhirpath_spine.pathway.decision import Decision, PathwayResult, PlannedCard, Status, Verdict
from fhirpath_spine.pathway.facts.plans import PlanOnFile
from fhirpath_spine.pathway.judging.weight import heaviest_first
from fhirpath_spine.pathway.model import Indicator, Library, Order
from fhirpath_spine.pathway.sentences import Said

REQUESTS = 3
"""Most requests that a card offers."""
PLAN = "plan"
"""Stands where a suggestion carries the plan of a whole pathway and no single recommendation."""


@dataclass(frozen=True, slots=True)
class Offering:
    """What is offered to one client: the types of its list, orders that its site has codes for, and which it may take back."""

    actions: frozenset[str]
    orders: tuple[Order, ...] = ()
    gate: bool = False
    deletes: frozenset[str] = frozenset()
    updates: frozenset[str] = frozenset()
    drafts: Mapping[str, Json] = field(default_factory=dict)
    """The orders on the screen as they were sent, by reference."""


@dataclass(slots=True)
class Offers:
    """Makes the suggestions of one decision; remembers the plans, and what each suggestion carries."""

    decision: Decision
    decision_id: str
    library: Library
    phrases: Phrases
    ids: Ids
    offering: Offering
    careplans: list[Json] = field(default_factory=list)
    carried: dict[str, str] = field(default_factory=dict)
    filed: dict[int, Said] = field(default_factory=dict)
    """What a card says of the plan of an entry that is on file, by the identity of the entry."""

    def of(self, card: PlannedCard, code: str, lesion: str) -> list[Json]:
        """The suggestions of a card: requests for its weightiest steps, then its plans."""
        gate = self.library.policy.gate
        on_gate = gate is not None and card.entry is not None and card.entry.id == gate.pathway
        requests = [] if on_gate and not self.offering.gate else [*self._requests(card, code, lesion)]
        return [*self._changes(card, code), *self._withdrawals(card, code), *requests, *self._plans(card, code)]

    def _changes(self, card: PlannedCard, code: str) -> Iterable[Json]:
        """Changes the orders of which it is known what they should become: each whole as it was sent, but for that."""
        for verdict in card.verdicts:
            for reference, priority in verdict.changes[:REQUESTS]:
                draft = self.offering.drafts.get(reference)
                if draft is None or reference.partition("/")[0] not in self.offering.updates:
                    continue
                identifier = self.ids.uuid("suggestion", self.decision_id, code, reference, "change")
                self.carried[identifier] = verdict.id
                description = self.phrases.text("change-action", priority=priority)
                action = {"type": "update", "description": description, "resource": {**draft, "priority": priority}}
                label = self.phrases.text("change-label", priority=priority)
                yield {"label": label, "uuid": identifier, "actions": [action]}

    def _withdrawals(self, card: PlannedCard, code: str) -> Iterable[Json]:
        """Takes back the orders that a warning is about, where the EHR can do that; one without an id cannot be named. On a card
        that several rules share, what only an information is about stays, and what should become more urgent is needed.
        """
        needed = {reference for verdict in card.verdicts for reference, _ in verdict.changes}
        warned: dict[str, Verdict] = {}
        for verdict in (one for one in card.verdicts if one.indicator is not Indicator.INFO):
            for reference in (one for one in verdict.orders if one not in needed):
                warned.setdefault(reference, verdict)
        for reference, verdict in list(warned.items())[:REQUESTS]:
            if reference.partition("/")[0] in self.offering.deletes:
                identifier = self.ids.uuid("suggestion", self.decision_id, code, reference, "withdraw")
                self.carried[identifier] = verdict.id
                description = self.phrases.text("withdraw-action")
                action = {"type": "delete", "description": description, "resourceId": reference}
                yield {"label": self.phrases.text("withdraw-label"), "uuid": identifier, "actions": [action]}

    def _requests(self, card: PlannedCard, code: str, lesion: str) -> Iterable[Json]:
        if "ServiceRequest" not in self.offering.actions:
            return
        recommended = (v for v in card.verdicts if v.status is Status.RECOMMENDED)
        asked: dict[str, Verdict] = {}
        for verdict in heaviest_first(recommended, self.library.policy):
            if verdict.activity is not None and verdict.activity.kind == "ServiceRequest":
                asked.setdefault(verdict.activity.text, verdict)
        for text, verdict in list(asked.items())[:REQUESTS]:
            of = verdict.lesion.key if verdict.lesion else lesion
            identifier = self.ids.uuid("suggestion", self.decision_id, code, of, verdict.id)
            self.carried[identifier] = verdict.id
            conditions = verdict.lesion.conditions if verdict.lesion else self._conditions(card)
            order = next((o for o in self.offering.orders if o.activity == text), None)
            request = service_request(
                self.decision, verdict, self.ids.uuid("request", identifier), conditions=conditions, order=order
            )
            if request is None:
                continue
            description = self.phrases.text("request-action", text=text)
            action = {"type": "create", "description": description, "resource": request}
            yield {"label": text, "uuid": identifier, "actions": [action]}

    @staticmethod
    def _conditions(card: PlannedCard) -> tuple[str, ...]:
        lesion = card.entry.lesion if card.entry is not None else None
        return lesion.conditions if lesion is not None else ()

    def _plans(self, card: PlannedCard, code: str) -> Iterable[Json]:
        made = [(entry, verdicts) for entry in card.plans if (verdicts := members(self.decision, entry))]
        for entry, verdicts in made:
            plan = careplan(self.decision, entry, verdicts, self.library, self.phrases, self.ids)
            self.careplans.append(plan)
            filed = on_file(self.decision, plan)
            how = standing(filed, plan) if filed is not None else None
            if filed is not None and how is not None:
                self.filed[id(entry)] = said(filed, how, self.decision.at.date(), self.phrases)
            wanted = filed is None or (how is Standing.CHANGED and filed.has_id)
            if wanted and "CarePlan" in self.offering.actions:
                yield self._plan(plan, entry, code, filed, alone=len(made) == 1)

    def _plan(self, plan: Json, entry: PathwayResult, code: str, filed: PlanOnFile | None, *, alone: bool) -> Json:
        """The suggestion of one plan: to create it, or to update the draft that is ``filed``. Where it is not ``alone``, its
        label says of which lesion it is.
        """
        lesion = entry.lesion.key if entry.lesion else ""
        where = entry.lesion.called or self.phrases.lesion(entry.lesion) if entry.lesion else ""
        label = self.phrases.text("plan-label" if filed is None else "plan-update-label")
        if where and not alone:
            label = self.phrases.text("plan-label-of", label=label, plan=where)
        identifier = self.ids.uuid("suggestion", self.decision_id, code, entry.id, lesion, "careplan")
        self.carried[identifier] = PLAN
        description = plain(
            self.phrases.say("plan-action" if filed is None else "plan-update-action", title=entry.title)
        )
        change = {"type": "create", "description": description, "resource": plan}
        if filed is not None:
            change |= {"type": "update", "resource": renewed(filed, plan)}
        return {"label": label, "uuid": identifier, "actions": [change]}
