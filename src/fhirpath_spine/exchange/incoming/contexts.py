"""What the context of a hook holds beside the patient: an encounter, new problems, orders on the screen.

Strict about what the standard requires, liberal about how clients write it. What stands here need not be on the FHIR server, so
it is judged as it was sent. That nothing of another patient is among it is looked at, of what nobody chose, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fhirpath_spine.errors import BodyTooLarge, RequestError
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.incoming.answers import UnreadReason, is_resource, unread
from fhirpath_spine.pathway.facts.chart import Chart
from fhirpath_spine.pathway.facts.reading import items
from fhirpath_spine.pathway.facts.subjects import check_ignored

_WITH_ENCOUNTER = frozenset({"encounter-start", "encounter-discharge"})
"""Hooks whose context has to name the encounter."""
_PROBLEMS, _SELECT, _SIGN = "problem-list-item-create", "order-select", "order-sign"
_OF_PERSON = {"NutritionOrder": "patient", "VisionPrescription": "patient", "Task": "for"}
"""Types of orders that name the person in another member than ``subject``."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a hook brings of its own: problems that were just finalised, the orders that are chosen or signed, and what else
    stands on the screen, of which only whose it is matters.
    """

    problems: tuple[Json, ...] = ()
    orders: tuple[Json, ...] = ()
    beside: tuple[Any, ...] = ()

    @property
    def size(self) -> int:
        """How many resources it holds."""
        return len(self.problems) + len(self.orders) + len(self.beside)


def read_context(hook: str, context: Mapping[str, Any], patient: str) -> Context:
    """What the context of a hook holds beside the patient.

    Raises:
        RequestError: what the standard requires is missing or of the wrong type.

    """
    if hook in _WITH_ENCOUNTER:
        _encounter(context)
    if hook == _PROBLEMS:
        found = list(_resources(context, "conditions"))
        return Context(
            problems=tuple(_of(one, patient) for one in found if _is_condition(one)),
            beside=tuple(one for one in found if not _is_condition(one)),
        )
    if hook in (_SELECT, _SIGN):
        entries = list(_entries(context, "draftOrders"))
        drafts = [(name, _draft(one, patient)) for name, one in _resolved(entries)]
        chosen = _selections(context) if hook == _SELECT else []
        named = {name for address, one in drafts for name in _names(address, one)}
        if hook == _SIGN or not all(_meanings(ref) & named for ref in chosen):
            # A selection that names none of the drafts may mean any of them: none is left out.
            return Context(orders=tuple(one for _, one in drafts))
        meant = {name for ref in chosen for name in _meanings(ref)}
        on_screen = [
            (not meant.isdisjoint(_names(address, one)) and not _is_open_form(sent), one)
            for (address, one), (_, sent) in zip(drafts, entries, strict=True)
        ]
        kept = tuple(one for mine, one in on_screen if mine or one.get("resourceType") == "Medication")
        return Context(orders=kept, beside=tuple(one for mine, one in on_screen if not mine))
    return Context()


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


def with_context(chart: Chart, context: Context) -> Chart:
    """A chart with what the hook brings: a problem stands in the place of an older state of itself, an order among the drafts."""
    if context.problems:
        # Where nobody read the problem list, the new problem is not all of it.
        read = chart.reads.get("conditions") or unread(UnreadReason.ABSENT)
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
    strange = isinstance(bundle, dict) and not (bundle.keys() & {"resourceType", "entry"} or bundle.keys() <= {"type"})
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
        yield address if isinstance(address, str) else "", entry.get("resource") if isinstance(entry, dict) else entry


def _resources(context: Mapping[str, Any], name: str) -> Iterator[Any]:
    return (one for _, one in _entries(context, name))


def _selections(context: Mapping[str, Any]) -> list[str]:
    found = context.get("selections")
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise RequestError(
            "context.selections is missing or is no list of texts.",
            hint="Send the references of the chosen orders, as Type/id; an empty list where none is chosen.",
            expression="context.selections",
        )
    return [one for one in found if one]


# ------------------------------------------------------------------ orders as clients write them


def _resolved(entries: Sequence[tuple[str, Any]]) -> Iterator[tuple[str, Json]]:
    """The orders, with what they refer to by an address in the Bundle put in by its id. What is no resource of FHIR is an order
    of a drug: where nothing can be read of it, that is said.
    """
    addressed = {name: one for name, one in entries if name and isinstance(one, dict)}
    for name, one in entries:
        order = dict(one) if isinstance(one, dict) else {}
        if not is_resource(order):
            order["resourceType"] = "MedicationRequest"
        holder = order.get("medicationReference")
        reference = holder.get("reference") if isinstance(holder, dict) else None
        target = addressed.get(reference) if isinstance(reference, str) else None
        if target is not None and target.get("resourceType") == "Medication":
            order.pop("medicationReference")
            order["contained"] = [*items(order.get("contained")), {**target, "id": "ordered"}]
            order["medicationReference"] = {"reference": "#ordered"}
        yield name, order


def _is_open_form(sent: Any) -> bool:
    """Whether no drug was chosen yet: clients call as soon as a form for a drug is on the screen. Once it is signed, an order
    without a drug is one.
    """
    return (
        isinstance(sent, dict)
        and sent.get("resourceType") == "MedicationRequest"
        and not any(member.lstrip("_").startswith("medication") for member in sent)
    )


def _draft(order: Json, patient: str) -> Json:
    """An order as FHIR R4 writes it. Who sends one in the context of a patient means that patient, where it names nobody."""
    kind = order.get("resourceType")
    if kind == "Medication":
        return order
    out = _of(order, patient)
    if not isinstance(out.get("status"), str):
        out["status"] = "draft"
    for name in ("category", "dosageInstruction", "reasonCode", "reasonReference"):
        if isinstance(out.get(name), dict):
            out[name] = [out[name]]
    # R5 writes what is ordered as a concept or a reference in one member.
    for name, concept in (("medication", "medicationCodeableConcept"), ("code", "code")):
        holder = out.get(name)
        if isinstance(holder, dict) and isinstance(holder.get("concept"), dict):
            out[concept] = holder["concept"]
        elif isinstance(holder, dict) and name == "medication" and isinstance(holder.get("reference"), dict):
            out["medicationReference"] = holder["reference"]
    out.pop("medication", None)
    return out


def _of(resource: Mapping[str, Any], patient: str) -> Json:
    out = dict(resource)
    name = _OF_PERSON.get(str(out.get("resourceType")), "subject")
    if not any(out.get(one) for one in {name, "subject", "patient"}):
        out[name] = {"reference": f"Patient/{patient}"}
    return out


def _is_condition(value: object) -> bool:
    return isinstance(value, dict) and value.get("resourceType") == "Condition"


def _names(address: str, order: Json) -> set[str]:
    """What a selection may call an order: its address, its id, or type and id."""
    id_ = order.get("id")
    own = {id_, f"{order.get('resourceType')}/{id_}"} if isinstance(id_, str) and id_ else set()
    return own | {address} if address else own


def _meanings(reference: str) -> set[str]:
    """What a selection may mean: what stands there, or type and id at the end of an address, of whatever version."""
    return {reference, "/".join(reference.split("/_history/")[0].split("/")[-2:])}
