"""How one resource is read: its codes, status, dates, author and value. Rulings section 2; no clinical content.

Each function is total: an odd resource gives an empty answer or a reason, never an exception.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from fhirpath_spine.fhirpath import Quantity
from fhirpath_spine.pathway.facts.chart import Resource
from fhirpath_spine.pathway.facts.needs import Coding, Value

FINAL = {
    "Observation": frozenset({"final", "amended", "corrected"}),
    # A report that is appended is a final one to which something was added.
    "DiagnosticReport": frozenset({"final", "amended", "corrected", "appended"}),
}
PRELIMINARY = {
    "Observation": frozenset({"preliminary"}),
    "DiagnosticReport": frozenset({"preliminary", "partial"}),
}
ACTIVE = frozenset({"active", "recurrence", "relapse"})
HISTORY = frozenset({"inactive", "remission", "resolved"})
PROVISIONAL = frozenset({"unconfirmed", "provisional", "differential"})
ERASED = frozenset({"entered-in-error", "refuted", "cancelled", "not-done"})
MEDICATIONS = ("MedicationRequest", "MedicationStatement", "MedicationAdministration")
_GIVEN = frozenset({"in-progress", "on-hold", "completed", "stopped"})
_CLINICAL = ACTIVE | HISTORY
_VERIFIED = PROVISIONAL | {"confirmed", "refuted", "entered-in-error"}
_DATES: Mapping[str, tuple[str, ...]] = {
    "Condition": ("onset", "recordedDate"),
    "Observation": ("effective", "issued"),
    "DiagnosticReport": ("effective", "issued"),
    "Procedure": ("performed",),
    "MedicationRequest": ("authoredOn",),
    "MedicationStatement": ("effective", "dateAsserted"),
    "MedicationAdministration": ("effective",),
    "AllergyIntolerance": ("onset", "recordedDate"),
    "FamilyMemberHistory": ("date",),
}
_DATE_ELEMENTS = {
    kind: tuple(
        # The end of a course is what "last done" means; an onset counts from its start.
        ((n, f"{n}DateTime", f"{n}Instant"), f"{n}Period", ("start", "end") if n == "onset" else ("end", "start"))
        for n in names
    )
    for kind, names in _DATES.items()
}


def items(value: object) -> list[Any]:
    """A value as a list: absent is empty, a single one is wrapped."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def codings(concept: object) -> Iterable[Coding]:
    """All (system, code) of a CodeableConcept, Coding or list of them; text alone gives none."""
    if type(concept) is dict and type(coded := concept.get("coding")) is list:  # nearly always
        return [
            (system, code)
            for coding in coded
            if type(coding) is dict
            and isinstance(system := coding.get("system"), str)
            and isinstance(code := coding.get("code"), str)
        ]
    return _codings(concept)


def _codings(concept: object) -> Iterator[Coding]:
    for one in items(concept):
        if not isinstance(one, dict):
            continue
        for coding in items(one["coding"]) if "coding" in one else [one]:
            if isinstance(coding, dict):
                system, code = coding.get("system"), coding.get("code")
                if isinstance(system, str) and isinstance(code, str):
                    yield system, code


def status_code(concept: object, codes: frozenset[str]) -> str:
    """The first code of a status concept, or a plain code, that is one of FHIR's; empty if there is none.

    An EHR may put a code of its own first; a status that only it understands counts as not stated.
    """
    if isinstance(concept, str):
        return concept if concept in codes else ""
    for _, code in codings(concept):
        if code in codes:
            return code
    return ""


_CODED = ("Observation", "Condition", "Procedure", "DiagnosticReport")
"""Types that ``code`` alone says the subject matter of; nearly all of a chart."""


def concept_of(resource: Resource) -> Any:
    """What the resource is about: ``code``, or the medication's concept, from a contained Medication too."""
    kind = resource.get("resourceType")
    if kind in _CODED:
        return resource.get("code")
    if kind in MEDICATIONS:
        if "medicationCodeableConcept" in resource:
            return resource["medicationCodeableConcept"]
        reference = resource.get("medicationReference")
        target = reference.get("reference") if isinstance(reference, dict) else None
        if isinstance(target, str) and target.startswith("#"):
            for contained in items(resource.get("contained")):
                if isinstance(contained, dict) and contained.get("id") == target[1:]:
                    return medication_concepts(contained)
        return reference
    if kind == "FamilyMemberHistory":
        return [c["code"] for c in items(resource.get("condition")) if isinstance(c, dict) and "code" in c]
    if kind == "AllergyIntolerance":
        reactions = [r.get("substance") for r in items(resource.get("reaction")) if isinstance(r, dict)]
        return [c for c in [resource.get("code"), *reactions] if isinstance(c, dict)]
    return resource.get("code")


def medication_concepts(medication: Resource) -> list[Any]:
    """The codes of a Medication: its own and those of its ingredients (bindings rule 3)."""
    ingredients = [i.get("itemCodeableConcept") for i in items(medication.get("ingredient")) if isinstance(i, dict)]
    return [c for c in [medication.get("code"), *ingredients] if isinstance(c, dict)]


_MORPHOLOGY = "histology-morphology-behavior"


def morphology(resource: Resource) -> list[Any]:
    """The histology that stands in an extension of a Condition, as mCODE puts it there."""
    return [
        e["valueCodeableConcept"]
        for e in items(resource.get("extension"))
        if isinstance(e, dict)
        and isinstance(e.get("url"), str)
        and e["url"].endswith(_MORPHOLOGY)
        and isinstance(e.get("valueCodeableConcept"), dict)
    ]


def date_texts(resource: Resource) -> Iterator[str]:
    """The dates of a resource in the order in which they count: the event first, then when it was recorded."""
    for elements, in_period, ends in _DATE_ELEMENTS.get(str(resource.get("resourceType")), ()):
        for element in elements:
            if isinstance(text := resource.get(element), str):
                yield text
        if isinstance(period := resource.get(in_period), dict):
            yield from (period[end] for end in ends if isinstance(period.get(end), str))


def clinical_status(resource: Resource) -> str:
    """clinicalStatus of a Condition; without one it is active unless abated (rulings 2.1)."""
    status = status_code(resource.get("clinicalStatus"), _CLINICAL)
    if status:
        return status
    return "resolved" if any(key.startswith("abatement") for key in resource) else "active"


def verification(resource: Resource) -> str:
    """verificationStatus of a Condition, folded to confirmed, provisional, refuted or empty when not stated."""
    status = status_code(resource.get("verificationStatus"), _VERIFIED)
    if status in PROVISIONAL:
        return "provisional"
    return "refuted" if status in ERASED else status


def meaning(resource: Resource) -> str:
    """What an order or statement of a drug means: proposed, active, history, or empty when erased (rulings 2.1)."""
    status, intent = resource.get("status"), resource.get("intent")
    if status == "entered-in-error":
        return ""
    if resource.get("resourceType") == "MedicationRequest":
        if status == "draft" or (intent in ("proposal", "plan") and status in ("active", "on-hold", None)):
            return "proposed"
        return "active" if status in ("active", "on-hold") else "history"
    if resource.get("resourceType") == "MedicationAdministration":
        # What was given, and be it in part, was given; a window of the need says for how long that counts.
        return "active" if status in _GIVEN else ""
    return "active" if status in ("active", "on-hold", "intended") else "history"


def author(resource: Resource) -> str:
    """Who stated it, by display."""
    for element in ("performer", "recorder", "asserter", "requester", "informationSource"):
        value = resource.get(element)
        for one in () if value is None else items(value):
            actor = one.get("actor", one) if isinstance(one, dict) else None
            if isinstance(actor, dict) and isinstance(actor.get("display"), str):
                return str(actor["display"])
    return ""


def body_sites(resource: Resource) -> set[Coding]:
    """All codings of bodySite."""
    return set(codings(resource.get("bodySite")))


def site_concepts(resource: Resource) -> list[set[Coding]]:
    """Each bodySite with its codings; one that is text alone has none."""
    return [set(codings(one)) for one in items(resource.get("bodySite")) if one]


class Reading(NamedTuple):
    """A value as read, or the phrase key of the reason why it was not; ``raw`` is what stood there, in words."""

    value: Any = None
    problem: str = ""
    raw: str = ""


NOTHING = Reading()


def read_value(element: Mapping[str, Any], rule: Value) -> Reading:
    """The value of an Observation or component by the need's rule; :data:`NOTHING` when it has none."""
    match rule.kind:
        case "quantity":
            return _quantity(element, rule)
        case "integer":
            return _integer(element, rule)
        case "boolean":
            return _boolean(element)
        case "word":
            return _word(element, rule)
        case _:
            if element.get("resourceType") == "DiagnosticReport":
                coded = [{"system": s, "code": c} for s, c in codings(element.get("conclusionCode"))]
                return Reading({"coding": coded}) if coded else NOTHING
            concept = element.get("valueCodeableConcept")
            return Reading(concept) if isinstance(concept, dict) else NOTHING


def _quantity(element: Mapping[str, Any], rule: Value) -> Reading:
    quantity = element.get("valueQuantity")
    if not isinstance(quantity, dict) or (amount := _decimal(quantity.get("value"))) is None:
        return NOTHING
    unit, code = quantity.get("unit"), quantity.get("code")
    raw = f"{quantity.get('value')} {unit or code or ''}".strip()
    if not isinstance(unit, str) and not isinstance(code, str):
        return Reading(problem="no-unit", raw=raw)
    factor = next((rule.factors[u] for u in (code, unit) if isinstance(u, str) and u in rule.factors), None)
    if factor is None:
        return Reading(problem="unlisted-unit", raw=raw)
    value = amount * factor
    if rule.plausible and not rule.plausible[0] <= value <= rule.plausible[1]:
        return Reading(problem="implausible", raw=raw)
    comparator = quantity.get("comparator")
    return Reading(Quantity(value, rule.unit, comparator if isinstance(comparator, str) else ""), raw=raw)


def _integer(element: Mapping[str, Any], rule: Value) -> Reading:
    number: Decimal | None = None
    raw = ""
    if "valueInteger" in element:
        number, raw = _decimal(element["valueInteger"]), str(element["valueInteger"])
    elif isinstance(quantity := element.get("valueQuantity"), dict):
        unit = quantity.get("code", quantity.get("unit"))
        raw = f"{quantity.get('value')} {unit or ''}".strip()
        if unit is not None and not (isinstance(unit, str) and unit in rule.factors):
            return Reading(problem="unlisted-unit", raw=raw)
        if quantity.get("comparator"):
            return Reading(problem="comparator", raw=raw)
        number = _decimal(quantity.get("value"))
    elif "valueCodeableConcept" in element:
        return _word(element, rule)
    if number is None:
        return NOTHING
    if number != number.to_integral_value() or (
        rule.plausible and not rule.plausible[0] <= number <= rule.plausible[1]
    ):
        return Reading(problem="implausible", raw=raw)
    return Reading(int(number), raw=raw)


def _boolean(element: Mapping[str, Any]) -> Reading:
    value = element.get("valueBoolean")
    return Reading(value) if isinstance(value, bool) else NOTHING


def _word(element: Mapping[str, Any], rule: Value) -> Reading:
    concept = element.get("valueCodeableConcept")
    if not isinstance(concept, dict):
        return NOTHING
    answers = {rule.answers[c] for c in codings(concept) if c in rule.answers}
    if len(answers) == 1:
        return Reading(answers.pop())
    return Reading(problem="two-answers" if answers else "unknown-answer", raw=str(concept.get("text", "")))


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return Decimal(str(value))
