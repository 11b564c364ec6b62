"""What the context of a hook holds beside the patient: an encounter, new problems, orders on the screen.

Strict about what the standard requires, liberal about how clients write it. What stands here need not be on the FHIR server, so
it is judged as it was sent. That nothing of another patient is among it is looked at, of what nobody chose, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fhirpath_spine.errors import BodyTooLarge, RequestError
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.incoming.answers import (
    UnreadReason,
    is_failure,
    is_part,
    is_resource,
    types_doubted,
    unread,
)
from fhirpath_spine.exchange.incoming.orders import (
    Draft,
    addressed,
    drafts_of,
    meanings,
    of_nothing,
    of_patient,
    plain_concept,
)
from fhirpath_spine.fhirpath import elements_of
from fhirpath_spine.pathway.facts.chart import Chart
from fhirpath_spine.pathway.facts.signs import NO_SIGNS, Signs
from fhirpath_spine.pathway.facts.subjects import check_ignored

_WITH_ENCOUNTER = frozenset({"encounter-start", "encounter-discharge"})
"""Hooks whose context has to name the encounter."""
_PROBLEMS, _SELECT, _SIGN = "problem-list-item-create", "order-select", "order-sign"


@dataclass(frozen=True, slots=True)
class Context:
    """What a hook brings of its own: problems that were just finalised, the orders that are chosen or signed, and what else
    stands on the screen, of which only whose it is matters.
    """

    problems: tuple[Json, ...] = ()
    orders: tuple[Json, ...] = ()
    beside: tuple[Any, ...] = ()
    sent: Mapping[str, Json] = field(default_factory=dict, repr=False)
    """The orders as they came, by reference, for whoever sends one back; of two of one name neither."""
    partial: bool = False
    """Whether the problems are not all that there are."""

    @property
    def size(self) -> int:
        """How many resources it holds."""
        return len(self.problems) + len(self.orders) + len(self.beside)


def read_context(hook: str, context: Mapping[str, Any], patient: str, signs: Signs = NO_SIGNS) -> Context:
    """What the context of a hook holds beside the patient. ``signs`` say that not all of it is here.

    Raises:
        RequestError: what the standard requires is missing or of the wrong type.

    """
    if hook in _WITH_ENCOUNTER:
        _encounter(context)
    if hook == _PROBLEMS:
        entries = list(_entries(context, "conditions"))
        there, found = addressed(entries), [_typed(one) for _, one in entries]
        return Context(
            problems=tuple(of_patient(one, patient, there) for one in found if _is_condition(one)),
            beside=tuple(one for one in found if not _is_condition(one)),
            partial=is_part(context["conditions"], signs) or any(_is_refusal(one, signs) for one in found),
        )
    if hook in (_SELECT, _SIGN):
        drafts = list(drafts_of(list(_entries(context, "draftOrders")), patient, signs))
        chosen = _selections(context) if hook == _SELECT else []
        named = {name for one in drafts for name in one.names}
        nameless = [ref for ref in chosen if not meanings(ref) & named]
        meant = _meant(chosen, drafts)
        # Of a page, and of more selections than they can mean, something was not sent: it is an order, too.
        lost = is_part(context["draftOrders"], signs) or len(set(nameless)) > sum(
            meant.isdisjoint(one.names) and one.order.get("resourceType") != "Medication" for one in drafts
        )
        more = (of_nothing(patient),) if lost else ()
        if hook == _SIGN or nameless:
            # A selection that names none of the drafts may mean any of them: none is left out.
            return Context(orders=(*(one.order for one in drafts), *more), sent=_by_reference(drafts))
        on_screen = [(not meant.isdisjoint(one.names) and not one.is_form, one.order) for one in drafts]
        kept = tuple(one for mine, one in on_screen if mine or one.get("resourceType") == "Medication")
        beside = tuple(one for mine, one in on_screen if not mine)
        return Context(orders=(*kept, *more), beside=beside, sent=_by_reference(drafts))
    return Context()


def _meant(chosen: Iterable[str], drafts: Sequence[Draft]) -> set[str]:
    """What is chosen, by every name: who chooses a group chooses what it holds."""
    meant = {name for ref in chosen for name in meanings(ref)}
    groups: dict[str, list[Draft]] = {}
    for one in drafts:
        for name in one.names if one.holds else ():
            groups.setdefault(name, []).append(one)
    waiting = [*meant]
    while waiting:
        more = {held for group in groups.pop(waiting.pop(), ()) for held in group.holds} - meant
        meant |= more
        waiting += more
    return meant


def _by_reference(drafts: Iterable[Draft]) -> dict[str, Json]:
    named = [(f"{one.order['resourceType']}/{one.order['id']}", one.sent) for one in drafts if "id" in one.order]
    seen = Counter(reference for reference, _ in named)
    return {reference: sent for reference, sent in named if sent is not None and seen[reference] == 1}


def check_context(context: Context, patient: str, base: str, limit: int) -> None:
    """Refuses what a hook brings that cannot be judged, whatever the chart holds: nothing has to be read to know it.

    Raises:
        BodyTooLarge: the context holds more resources than the limit.
        PatientMismatch: something on the screen belongs to another patient.

    """
    if context.size > limit:
        raise BodyTooLarge(
            f"The context holds more than {limit} resources.",
            hint="Send what is chosen or signed, and nothing else.",
            expression="context",
        )
    check_ignored((*context.problems, *context.orders, *context.beside), Chart(patient, {}, base=base))


def with_context(chart: Chart, context: Context, signs: Signs = NO_SIGNS) -> Chart:
    """A chart with what the hook brings: a problem stands in the place of an older state of itself, an order among the drafts. A
    problem that cannot be read is one of the problems that could not be read.
    """
    blank = context.partial or any("code" not in one and "_code" not in one for one in context.problems)
    why = UnreadReason.SHAPE if blank or not all(isinstance(one, dict) for one in context.beside) else None
    why = types_doubted(context.problems, signs).get("Condition", why)
    if context.problems or why is not None:
        # Where nobody read the problem list, the new problem is not all of it.
        read = chart.reads.get("conditions") or unread(UnreadReason.ABSENT)
        if why is not None and read.complete:
            read = unread(why, read.resources, source=read.source)
        ids = {id_ for one in context.problems if isinstance(id_ := one.get("id"), str)}
        kept = tuple(one for one in read.resources if not (isinstance(id_ := one.get("id"), str) and id_ in ids))
        chart = replace(chart, reads={**chart.reads, "conditions": replace(read, resources=(*kept, *context.problems))})
    return replace(chart, drafts=(*chart.drafts, *context.orders)) if context.orders else chart


# ------------------------------------------------------------------ what the standard requires


def _encounter(context: Mapping[str, Any]) -> None:
    value = context.get("encounterId")
    if not isinstance(value, str) or not value:
        raise RequestError(
            "context.encounterId is missing or is no text.",
            hint="Send the logical id of the Encounter; this hook requires it.",
            expression="context.encounterId",
        )


def _entries(context: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    """The entries of a Bundle that the hook requires, each with its address in the Bundle."""
    bundle = context.get(name)
    strange = isinstance(bundle, dict) and ("entry" not in bundle and _holds_elsewhere(bundle))
    if strange or not isinstance(bundle, dict) or bundle.get("resourceType", "Bundle") != "Bundle":
        raise RequestError(
            f"context.{name} is missing or is no Bundle.",
            hint=f"Send {name} as a FHIR Bundle; one without entries is fine.",
            expression=f"context.{name}",
        )
    found = bundle.get("entry")
    if found is not None and not isinstance(found, list):
        raise RequestError(
            f"The entries of context.{name} are no list.",
            hint="Send entry as a list, or leave it out.",
            expression=f"context.{name}.entry",
        )
    for entry in found or ():
        address = entry.get("fullUrl") if isinstance(entry, dict) else None
        # Some leave out the member in which a resource stands.
        bare = not isinstance(entry, dict) or ("resource" not in entry and "resourceType" in entry)
        yield address if isinstance(address, str) else "", entry if bare else entry.get("resource")


def _holds_elsewhere(bundle: Mapping[str, Any]) -> bool:
    """Whether what a Bundle holds may stand under another name than FHIR's."""
    return any(isinstance(value, list | dict) and name not in elements_of("Bundle") for name, value in bundle.items())


def _typed(problem: Any) -> Any:
    """What stands among the problems and is of no type of FHIR is one."""
    if isinstance(problem, dict) and not is_resource(problem):
        problem = {**problem, "resourceType": "Condition"}
    if _is_condition(problem) and isinstance(problem.get("code"), dict):
        return {**problem, "code": plain_concept(problem["code"])}
    return problem


def _selections(context: Mapping[str, Any]) -> list[str]:
    found = context.get("selections")
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise RequestError(
            "context.selections is missing or is no list of texts.",
            hint="Send the references of the chosen orders, as Type/id; an empty list where none is chosen.",
            expression="context.selections",
        )
    return found


def _is_refusal(value: object, signs: Signs) -> bool:
    return isinstance(value, dict) and value.get("resourceType") == "OperationOutcome" and is_failure(value, signs)


def _is_condition(value: object) -> bool:
    return isinstance(value, dict) and value.get("resourceType") == "Condition"
