"""Orders as clients write them, in the words of FHIR R4.

What stands on the screen is ordered now, of the patient of the context: what a client leaves out of that, or writes in another
form, is put so. Whether anything was ordered at all, and for whom, is never guessed at.

It is long because there is one reader of orders: each form in which one may come is a few statements of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.incoming.answers import is_failure, is_resource
from fhirpath_spine.fhirpath import elements_of
from fhirpath_spine.pathway.facts.chart import is_id
from fhirpath_spine.pathway.facts.orders import OVER
from fhirpath_spine.pathway.facts.reading import items, plain_status
from fhirpath_spine.pathway.facts.signs import NO_SIGNS, Signs

DRUG, SERVICE, MEDICATION = "MedicationRequest", "ServiceRequest", "Medication"
_OF_PERSON = {"NutritionOrder": "patient", "VisionPrescription": "patient", "Task": "for"}
"""Types of orders that name the person in another member than ``subject``."""
_PERSONS = ("subject", "patient", "for")
_CALLED_NOW = {
    "MedicationOrder": DRUG,
    "ProcedureRequest": SERVICE,
    "DiagnosticOrder": SERVICE,
    "ReferralRequest": SERVICE,
    "DeviceUseRequest": "DeviceRequest",
    "RequestOrchestration": "RequestGroup",
}
"""Types of other releases. What is of no type at all is an order of a drug: where nothing can be read of it, that is said."""
_GROUPS = frozenset({"CarePlan", "RequestGroup"})
"""Types that hold orders: each of these is one."""
_IN_FORCE = frozenset({"active", "on-hold"})


@dataclass(frozen=True, slots=True)
class Draft:
    """One order. ``names`` are what a selection may call it; ``is_form``: no drug was chosen yet, as clients call as soon as a
    form for one is on the screen.
    """

    order: Json
    names: frozenset[str]
    is_form: bool = False
    sent: Json | None = None
    """As it came, where it can be named and sent back."""
    holds: frozenset[str] = frozenset()
    """What a group calls the orders that are its own, and stand beside it."""


def drafts_of(entries: Sequence[tuple[str, Any]], patient: str, signs: Signs = NO_SIGNS) -> Iterator[Draft]:
    """The orders in the entries of a Bundle, each entry with its address; then what a plan or a group of orders holds. What says
    that an order could not be given stands for one of which nothing can be read.
    """
    there = addressed(entries)
    heard = [(address, _unless_refused(sent, signs)) for address, sent in entries]
    named = frozenset(name for address, sent in heard for name in _names_of(address, sent))
    for address, sent in heard:
        order = _ordered(_resolved(_plain(_typed(sent)), there), patient, there)
        names = frozenset({*_names(address, order), *_names_of("", sent)})
        own = sent if isinstance(sent, dict) and sent.get("resourceType") == order["resourceType"] else None
        inside = _named_inside(order)
        holds = frozenset(meaning for reference in inside for meaning in meanings(reference))
        yield Draft(order, names, _is_form(sent), own if is_id(order.get("id")) and _is_whole(own) else None, holds)
        for part in (*_parts(order), *_not_sent(order, inside, named)):
            yield Draft(_ordered(part, patient), names)


def of_nothing(patient: str) -> Json:
    """An order of which nothing can be read."""
    return _ordered({"resourceType": DRUG}, patient)


def _is_whole(value: Any) -> bool:
    """Whether nothing in it is null or empty: an answer holds neither, and what is sent back is what came (GEN-05, GEN-06)."""
    if isinstance(value, dict | list):
        return bool(value) and all(map(_is_whole, value.values() if isinstance(value, dict) else value))
    return value is not None and value != ""


def meanings(reference: str) -> set[str]:
    """What a selection may mean: what stands there, or type and id at the end of an address, of whatever version."""
    return {reference, "/".join(reference.strip().split("/_history/")[0].split("/")[-2:])}


def addressed(entries: Sequence[tuple[str, Any]]) -> dict[str, Json]:
    """What stands in a Bundle, by its address there."""
    return {_plain_address(name): one for name, one in entries if name and isinstance(one, dict)}


def of_patient(resource: Mapping[str, Any], patient: str, there: Mapping[str, Json] = MappingProxyType({})) -> Json:
    """A resource of the context. Who sends one in the context of a patient means that patient, where it names nobody; ``there``
    is what an address in its Bundle means.
    """
    out, mine = dict(resource), {"reference": f"Patient/{patient}"}
    name = _OF_PERSON.get(str(out.get("resourceType")), "subject")
    for one in _PERSONS:
        if one in out:
            out[one] = _reference(out[one])
            person = _target(out[one], there) or {}
            named = isinstance(out[one], dict) and out[one].get("reference") == patient
            if named or (person.get("resourceType"), person.get("id")) == ("Patient", patient):
                out[one] = mine
    if not any(out.get(one) for one in {name, "subject", "patient"}):
        out[name] = mine
    if name == "for" and out.get(name):
        # Whose a resource is stands in no other member than these two.
        out.setdefault("subject", out[name])
    return out


def _unless_refused(sent: Any, signs: Signs) -> Any:
    outcome = isinstance(sent, dict) and sent.get("resourceType") == "OperationOutcome"
    return {} if outcome and is_failure(sent, signs) else sent


def _is_form(sent: Any) -> bool:
    """Once it is signed, an order without a drug is one."""
    return (
        isinstance(sent, dict)
        and sent.get("resourceType") == DRUG
        and not any(member.lstrip("_").startswith("medication") for member in sent)
    )


def _names(address: str, order: Mapping[str, Any]) -> set[str]:
    """What a selection may call an order: its address, its id, or type and id."""
    id_ = order.get("id")
    own = {id_, f"{order.get('resourceType')}/{id_}"} if isinstance(id_, str) and id_ else set()
    return own | {address} if address else own


def _names_of(address: str, sent: Any) -> set[str]:
    return _names(address, sent if isinstance(sent, dict) else {})


# ------------------------------------------------------------------ forms


def _typed(sent: Any) -> Json:
    order = dict(sent) if isinstance(sent, dict) else {}
    kind = order.get("resourceType")
    if isinstance(kind, str) and kind in _CALLED_NOW:
        order["resourceType"] = _CALLED_NOW[kind]
    elif not is_resource(order):
        order["resourceType"] = DRUG
    return order


def _plain(order: Json) -> Json:
    """An order with what it is about in the form of R4: R5 has a concept or a reference in one member, others a bare text, a
    number for a code, or a list.
    """
    out = dict(order)
    holder = out.pop("medication", None)
    if isinstance(holder, dict) and not isinstance(holder.get("concept"), dict):
        concept, reference = (holder if holder.keys() & {"coding", "text"} else None), holder.get("reference")
    else:
        concept, reference = (holder.get("concept") if isinstance(holder, dict) else holder), None
    for name, found in (("medicationCodeableConcept", concept), ("medicationReference", reference)):
        if found is not None:
            out.setdefault(name, found)
    if isinstance(code := out.get("code"), dict) and isinstance(code.get("concept"), dict):
        out["code"] = code["concept"]
    if out["resourceType"] == SERVICE and "code" not in out and (asked := _asked_for(order)):
        out["code"] = {"coding": asked}
    if "medicationCodeableConcept" in out:
        out["medicationCodeableConcept"] = plain_concept(out["medicationCodeableConcept"])
    if "medicationReference" in out:
        out["medicationReference"] = _reference(out["medicationReference"])
    if "contained" in out:
        out["contained"] = [_unmarked(one) for one in items(out["contained"])]
    for name in ("category", "dosageInstruction", "reasonCode", "reasonReference"):
        if isinstance(out.get(name), dict):
            out[name] = [out[name]]
    return out


def _asked_for(order: Mapping[str, Any]) -> list[Any]:
    """The codings of a service as releases before R4 have it: of each item, or in a list."""
    concepts = [one.get("code") for one in items(order.get("item")) if isinstance(one, dict)]
    plain = map(plain_concept, (*concepts, *items(order.get("serviceRequested"))))
    return [coding for one in plain if isinstance(one, dict) for coding in items(one.get("coding"))]


def plain_concept(value: Any) -> Any:
    """A concept in the form of R4: some write a bare text, one coding, or a number for a code."""
    if isinstance(value, str):
        return {"text": value}
    if isinstance(value, dict) and "code" in value and "coding" not in value:
        value = {"coding": value}
    if not isinstance(value, dict) or "coding" not in value:
        return value
    return {**value, "coding": [_coding(one) for one in items(value["coding"])]}


def _coding(value: Any) -> Any:
    code = value.get("code") if isinstance(value, dict) else None
    return {**value, "code": str(code)} if isinstance(code, int) and not isinstance(code, bool) else value


def _reference(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return {"reference": value} if isinstance(value, str) else value


def _unmarked(value: Any) -> Any:
    """Some write the mark of a reference into the id, too."""
    id_ = value.get("id") if isinstance(value, dict) else None
    return {**value, "id": id_[1:]} if isinstance(id_, str) and id_.startswith("#") else value


# ------------------------------------------------------------------ what an order refers to


def _plain_address(address: str) -> str:
    return address.lower() if address[:4].lower() == "urn:" else address


def _resolved(order: Json, there: Mapping[str, Json]) -> Json:
    """An order with the Medication that it refers to by an address in the Bundle, or without the mark of what it contains."""
    out = dict(order)
    target = _target(out.get("medicationReference"), there)
    if target is not None and target.get("resourceType") == MEDICATION:
        out["contained"] = [*items(out.get("contained")), {**target, "id": "ordered"}]
        out["medicationReference"] = {"reference": "#ordered"}
    elif (inner := _within(out)) is not None:
        out["medicationReference"] = {**out["medicationReference"], "reference": f"#{inner}"}
    return out


def _target(holder: Any, there: Mapping[str, Json]) -> Json | None:
    reference = holder.get("reference") if isinstance(holder, dict) else None
    return there.get(_plain_address(reference)) if isinstance(reference, str) else None


def _within(order: Json) -> str | None:
    """The id of what an order contains, where its reference lacks the mark that says so."""
    holder = order.get("medicationReference")
    reference = holder.get("reference") if isinstance(holder, dict) else None
    if not isinstance(reference, str) or reference.startswith("#"):
        return None
    held = (one.get("id") for one in items(order.get("contained")) if isinstance(one, dict))
    return next((id_ for id_ in held if isinstance(id_, str) and reference in (id_, f"{MEDICATION}/{id_}")), None)


# ------------------------------------------------------------------ what is ordered now


def _ordered(order: Json, patient: str, there: Mapping[str, Json] = MappingProxyType({})) -> Json:
    """The order of this patient, now. A status that is none of an order on its way is not stated; a date is when it was typed,
    and the members of other releases are not looked at.
    """
    kind = str(order.get("resourceType"))
    if kind == MEDICATION:
        return order
    known = elements_of(kind) | {"resourceType", *_PERSONS}
    out = of_patient({name: value for name, value in order.items() if name in known or name[:1] == "_"}, patient, there)
    if plain_status(out.get("status")) not in _IN_FORCE | OVER:
        out["status"] = "draft"
    if kind in (DRUG, SERVICE):
        out.pop("authoredOn", None)
    return out


def _parts(group: Json) -> Iterator[Json]:
    """The orders that a plan or a group holds: contained ones, and what its activities are. They have no name of their own on the
    screen.
    """
    if group.get("resourceType") not in _GROUPS or plain_status(group.get("status")) in OVER:
        return
    held = [one for one in items(group.get("contained")) if isinstance(one, dict)]
    # What each refers to comes with it, and no more: all of it with each would be as many times as many.
    named = {one["id"]: one for one in held if isinstance(one.get("id"), str)}
    for one in held:
        if _typed(one)["resourceType"] in (DRUG, SERVICE):
            yield _with_drug({name: value for name, value in _typed(one).items() if name != "id"}, named)
    for activity in items(group.get("activity")):
        detail = activity.get("detail") if isinstance(activity, dict) else None
        if isinstance(detail, dict) and (what := _detail(detail)):
            said = {name: detail[name] for name in ("status", "doNotPerform") if name in detail}
            yield _with_drug({**what, **said}, named)


def _steps(holder: Mapping[str, Any]) -> Iterator[Json]:
    """What a group is to do: its actions, with those within them."""
    for one in items(holder.get("action")):
        if isinstance(one, dict):
            yield one
            yield from _steps(one)


def _named_inside(group: Json) -> tuple[str, ...]:
    """The references of a plan or a group to orders that do not stand in it."""
    if group.get("resourceType") not in _GROUPS:
        return ()
    activities = [one for one in items(group.get("activity")) if isinstance(one, dict)]
    holders = [one.get(name) for one in activities for name in ("reference", "plannedActivityReference")]
    holders += [step.get("resource") for step in _steps(group)]
    found = (one.get("reference") for one in map(_reference, holders) if isinstance(one, dict))
    return tuple(one for one in found if isinstance(one, str) and one and not one.startswith("#"))


def _not_sent(group: Json, inside: Iterable[str], named: frozenset[str]) -> Iterator[Json]:
    """Orders of a group of drafts of which only a reference or a code is known. What a plan refers to may be an old order."""
    if group.get("resourceType") != "RequestGroup" or plain_status(group.get("status")) in OVER:
        return
    for reference in inside:
        if not meanings(reference) & named:
            yield _typed({"resourceType": reference.split("/_history/")[0].split("/")[-2:][0]})
    for step in _steps(group):
        if "resource" not in step:
            yield from ({"resourceType": SERVICE, "code": plain_concept(one)} for one in items(step.get("code")))


def _with_drug(order: Json, named: Mapping[str, Json]) -> Json:
    out = _plain(order)
    holder = out.get("medicationReference")
    reference = holder.get("reference") if isinstance(holder, dict) else None
    if isinstance(reference, str) and (bare := reference.removeprefix("#").removeprefix(f"{MEDICATION}/")) in named:
        out |= {"medicationReference": {"reference": f"#{bare}"}, "contained": [named[bare]]}
    return out


def _detail(detail: Mapping[str, Any]) -> Json:
    for name, member in (("productCodeableConcept", "CodeableConcept"), ("productReference", "Reference")):
        if name in detail:
            return {"resourceType": DRUG, f"medication{member}": detail[name]}
    if "code" not in detail:
        return {}
    if detail.get("kind") == DRUG:
        return {"resourceType": DRUG, "medicationCodeableConcept": detail["code"]}
    return {"resourceType": SERVICE, "code": detail["code"]}
