"""A plan that the chart already holds: whether what is proposed now is the same, and how a card says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum

from fhirpath_spine.exchange import Json, objects
from fhirpath_spine.exchange.outgoing.dates import day
from fhirpath_spine.exchange.outgoing.phrases import Phrases
from fhirpath_spine.pathway.decision import Decision
from fhirpath_spine.pathway.facts.plans import DRAFT, PlanOnFile
from fhirpath_spine.pathway.sentences import Charted, Said


class Standing(StrEnum):
    """What becomes of a plan that is on file: it is named and not offered, or an update of it is offered."""

    SAME = "same"
    CHANGED = "changed"
    """A draft, and other than what is proposed now."""
    IN_USE = "in-use"
    """No draft any more: it belongs to those who carry it out, and is never written over."""
    IN_USE_CHANGED = "in-use-changed"


def on_file(decision: Decision, plan: Json) -> PlanOnFile | None:
    """The newest plan of the chart with the identifier of this one."""
    wanted = {one["value"] for one in plan["identifier"]}
    found = [one for one in decision.plans if one.identifier in wanted]
    return max(found, key=lambda one: (one.created, one.reference), default=None)


def standing(filed: PlanOnFile, plan: Json) -> Standing:
    """How a plan on file stands to what is proposed now."""
    same = set(_content(plan)) == set(_content(dict(filed.resource)))
    if filed.status == DRAFT:
        return Standing.SAME if same else Standing.CHANGED
    return Standing.IN_USE if same else Standing.IN_USE_CHANGED


def renewed(filed: PlanOnFile, plan: Json) -> Json:
    """The draft on file with what is proposed now. Its id, its identifiers and what the EHR keeps beside our content stay; the
    narrative goes, since it tells the old content.
    """
    kept = {name: value for name, value in filed.resource.items() if name not in _OURS}
    return {**plan, **kept}


_CONTENT = frozenset({"contained", "title", "addresses", "supportingInfo", "goal", "activity", "note"})
_OURS = _CONTENT | {"text", "instantiatesCanonical", "status", "intent", "created"}


def _content(plan: Json) -> Iterator[tuple[str, ...]]:
    """What a plan says to whoever reads it, in any order: its activities and its goals. Ids, days, notes and versions are not of
    it, nor what a server or a person wrote beside it.
    """
    for activity in objects(plan.get("activity")):
        detail = activity.get("detail")
        if isinstance(detail, dict):
            code = detail.get("code")
            yield (
                "activity",
                str(detail.get("kind")),
                str(code.get("text") if isinstance(code, dict) else ""),
                "done" if detail.get("status") == "completed" else "open",
            )
    for goal in objects(plan.get("contained")):
        description = goal.get("description")
        if goal.get("resourceType") == "Goal" and isinstance(description, dict):
            yield "goal", str(description.get("text"))


def said(filed: PlanOnFile, how: Standing, today: date, phrases: Phrases) -> Said:
    """What a card says of a plan on file."""
    if not filed.created:
        return phrases.say(f"plan-{how.value}-undated")
    return phrases.say(f"plan-{how.value}", date=(Charted(day(filed.created, today, phrases)),))
