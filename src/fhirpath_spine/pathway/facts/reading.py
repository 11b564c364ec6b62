"""How one resource is read: its codes, status, dates and author. Rulings section 2; no clinical content.

Each function is total: an odd resource gives an empty answer or a reason, never an exception.

It is long because each element of a resource has one reader, and all of them are here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeGuard

from fhirpath_spine.fhirpath import elements_of
from fhirpath_spine.pathway.facts.chart import Resource
from fhirpath_spine.pathway.facts.needs import Coding

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
MEDICATION = frozenset({"active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped"}) | {
    *("draft", "unknown", "intended", "not-taken", "in-progress", "not-done")
}
"""FHIR's statuses of an order, a statement and an administration of a drug."""
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


CONCEPTS: Mapping[str, tuple[str, ...]] = {
    "Condition": ("code",),
    "Observation": ("code",),
    "Procedure": ("code",),
    "DiagnosticReport": ("code",),
    "AllergyIntolerance": ("code",),
    "Medication": ("code",),
    # What R5 names them; a reader of R4 sees that something stands there.
    "MedicationRequest": ("medicationCodeableConcept", "medication"),
    "MedicationStatement": ("medicationCodeableConcept", "medication"),
    "MedicationAdministration": ("medicationCodeableConcept", "medication"),
}
"""The members that say what a resource is about."""
ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
ABSENT_REASONS = (ABSENT_REASON, "http://hl7.org/fhir/StructureDefinition/iso21090-nullFlavor")
"""Extensions that say why an element is absent."""
_ABSENT_SYSTEMS = ("/data-absent-reason", "/nullflavor", "/v3-nullflavor", "2.16.840.1.113883.5.1008")
"""How the code systems of nothing but reasons why there is no answer end: FHIR's, and the null flavours of HL7 V3."""
_NO_OTHER = re.compile(r"\w2\.16\.840\.1\.113883\.5\.1008\Z")
"""An OID that only ends as one of them does."""


def is_readable(concept: object) -> bool:
    """Whether a coding can be read of a concept, or words where no coding stands in a form that cannot."""
    holders = [one for one in items(concept) if isinstance(one, dict)]
    coded = [c for one in holders for c in items(one.get("coding"))]
    sound = [c for c in coded if _is_sound(c)]
    if any(isinstance(c.get("code"), str) and not _says_absent(c) for c in sound):
        return True
    if len(sound) < len(coded):
        return False
    return any(
        isinstance(word, str) for word in (*(h.get("text") for h in holders), *(c.get("display") for c in sound))
    )


def _is_sound(coding: object) -> TypeGuard[dict[str, Any]]:
    """Whether a coding has the form of one: its code and system are text, and stand under their names."""
    if not isinstance(coding, dict):
        return False
    system, code = coding.get("system", ""), coding.get("code", "")
    return isinstance(system, str) and isinstance(code, str) and ("system" in coding or coding.keys() <= _CODING)


_CODING = elements_of("Coding")


def _says_absent(coding: Mapping[str, Any]) -> bool:
    system = coding.get("system")
    if not isinstance(system, str):
        return False
    plain = system.lower().removesuffix("/")
    return plain.endswith(_ABSENT_SYSTEMS) and _NO_OTHER.search(plain) is None


def says_absent(value: object) -> bool:
    """Whether a coded value says nothing but that there is none."""
    if not isinstance(value, dict) or "text" in value:
        return False
    coded = items(value["coding"]) if "coding" in value else [value] if "code" in value else []
    for one in coded:
        if not isinstance(one, dict) or not _says_absent(one):
            return False
    return bool(coded)


def stated_absent(resource: Mapping[str, Any], name: str, reasons: frozenset[str]) -> bool:
    """Whether an element is said to be absent for one of these reasons, in an extension or as the one coding of it."""
    holders = [*items(resource.get(name)), *items(resource.get(f"_{name}"))]
    for holder in holders:
        if not isinstance(holder, dict):
            continue
        told = [
            e.get("valueCode")
            for e in items(holder.get("extension"))
            if isinstance(e, dict) and e.get("url") in ABSENT_REASONS
        ]
        told += [c.get("code") for c in items(holder.get("coding")) if isinstance(c, dict) and _says_absent(c)]
        if any(isinstance(code, str) and code.lower() in reasons for code in told):
            return True
    return False


def is_referring(resource: Resource) -> bool:
    """Whether the drug of an order or statement is named by a reference."""
    return isinstance(resource.get("medicationReference"), dict)


def strange_members(resource: Resource, like: str = "") -> list[str]:
    """Members that no resource of its type has, and that have ``like`` in their names: something misspelt stands there."""
    known = elements_of(str(resource.get("resourceType")))
    return [
        name
        for name in resource
        if name not in known and name != "resourceType" and name[:1] != "_" and like in name.lower()
    ]


def status_code(concept: object, codes: frozenset[str]) -> str:
    """The first code of a status concept, or a plain code, that is one of FHIR's, as FHIR spells it; empty if there is none.

    An EHR may put a code of its own first; a status that only it understands counts as not stated.
    """
    told: list[object] = [concept] if isinstance(concept, str) else [code for _, code in codings(concept)]
    # A status says what it means without the name of its system, too.
    told = told or [one.get("code") for one in _parts_of(concept)]
    return next((code for one in told if (code := plain_status(one)) in codes), "")


def _parts_of(concept: object) -> Iterator[dict[str, Any]]:
    for one in items(concept):
        if isinstance(one, dict):
            yield from (part for part in items(one.get("coding")) if isinstance(part, dict))


def plain_status(status: object) -> str:
    """A status as FHIR spells it: in small letters, its words joined by hyphens; empty if it is no text."""
    if not isinstance(status, str):
        return ""
    return status if status.islower() and status.isalpha() else "-".join(status.lower().replace("_", " ").split())


def status_of(resource: Resource) -> str | None:
    """The plain status of a resource as FHIR spells it; None without one."""
    return plain_status(resource.get("status")) or None


def is_garbled(resource: Resource, name: str, *, coded: bool = True) -> bool:
    """Whether a status stands there in no form of FHIR, or under another name: a plain code, or a concept if it is ``coded``. One
    that only the EHR understands has its form.
    """
    if name not in resource:
        return bool(strange_members(resource, name.lower()))
    return not (isinstance(resource[name], str) or (coded and is_readable(resource[name])))


CODED = ("Observation", "Condition", "Procedure", "DiagnosticReport")
"""Types that ``code`` alone says the subject matter of; nearly all of a chart."""


def concept_of(resource: Resource) -> Any:
    """What the resource is about: ``code``, or the medication's concept; a reference to it if it is named by one."""
    kind = resource.get("resourceType")
    if kind in CODED:
        code = resource.get("code")
        if kind == "Procedure" and "extension" in resource and (how := list(_done_by(resource))):
            return [*items(code), *how]
        return code
    if kind in MEDICATIONS:
        if "medicationCodeableConcept" in resource:
            return resource["medicationCodeableConcept"]
        return resource.get("medicationReference")
    if kind == "FamilyMemberHistory":
        return [c["code"] for c in items(resource.get("condition")) if isinstance(c, dict) and "code" in c]
    if kind == "AllergyIntolerance":
        reactions = [r.get("substance") for r in items(resource.get("reaction")) if isinstance(r, dict)]
        return [c for c in [resource.get("code"), *reactions] if isinstance(c, dict)]
    return resource.get("code")


_TREATMENT = "radiotherapy-modality-and-technique"


def _done_by(resource: Resource) -> Iterator[Any]:
    """How a course of radiotherapy was given, as mCODE says it in an extension: the course is of that kind."""
    for one in items(resource.get("extension")):
        if isinstance(one, dict) and isinstance(url := one.get("url"), str) and url.endswith(_TREATMENT):
            for part in items(one.get("extension")):
                if isinstance(part, dict) and isinstance(part.get("valueCodeableConcept"), dict):
                    yield part["valueCodeableConcept"]


def contained_in(resource: Resource, reference: str) -> Resource:
    """The contained resource that a reference of the resource means; an empty one if there is none."""
    for contained in items(resource.get("contained")):
        if isinstance(contained, dict) and contained.get("id") == reference[1:]:
            return contained
    return {}


def medication_concepts(medication: Resource, holder: Resource | None = None) -> list[Any]:
    """The codes of a Medication: its own and those of its ingredients (bindings rule 3), which may be contained in it, or with it
    in its holder, or stand as R5 has them.
    """
    found, holder = [medication.get("code")], medication if holder is None else holder
    for one in items(medication.get("ingredient")):
        if isinstance(one, dict):
            item = one["item"] if isinstance(one.get("item"), dict) else {}
            found += [one.get("itemCodeableConcept"), item.get("concept")]
            for referring in (one.get("itemReference"), item.get("reference")):
                name = referring.get("reference") if isinstance(referring, dict) else None
                found.append(
                    contained_in(holder, name).get("code") if isinstance(name, str) and name[:1] == "#" else None
                )
    return [c for c in found if isinstance(c, dict)]


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


_NO_DATES = frozenset({"onsetAge", "onsetRange", "onsetString"})
"""FHIR's own forms of an onset that are no dates."""


def unreadable_date(resource: Resource, name: str) -> str | None:
    """What stands for the date of that name in a form that is none, as far as it is text; None if nothing does."""
    known, low = elements_of(str(resource.get("resourceType"))), name.lower()
    for key, value in resource.items():
        if low not in key.lower() or key in _NO_DATES:
            continue
        plain = key.removeprefix("_")
        if plain in known and plain != name and not plain[len(name) :][:1].isupper():
            continue
        if key == plain or (name != "onset" and isinstance(value, dict)):
            return value if isinstance(value, str) else ""
    return None


_DATING = re.compile(r"date|time|period|occur|applies", re.IGNORECASE)


def foreign_date(resource: Resource) -> str | None:
    """What stands for a date under a name of another release of FHIR, or of none, as far as it is text; None if nothing does."""
    for name in strange_members(resource):
        if _DATING.search(name):
            return value if isinstance(value := resource[name], str) else ""
    return None


def date_groups(resource: Resource) -> Iterator[tuple[str, list[str]]]:
    """The elements that date a resource, in the order in which they count, each with the texts that stand there."""
    for elements, in_period, ends in _DATE_ELEMENTS.get(str(resource.get("resourceType")), ()):
        texts = []
        for element in elements:
            text = resource.get(element)
            if text is not None and isinstance(text, str):
                texts.append(text)
        if in_period in resource and isinstance(period := resource[in_period], dict):
            texts += [period[end] for end in ends if isinstance(period.get(end), str)]
        yield elements[0], texts


def date_texts(resource: Resource) -> Iterator[str]:
    """The dates of a resource in the order in which they count: the event first, then when it was recorded."""
    for _, texts in date_groups(resource):
        yield from texts


def clinical_status(resource: Resource, *, ended: bool) -> str:
    """clinicalStatus of a Condition; without one it is active unless it has ended (rulings 2.1)."""
    status = status_code(resource.get("clinicalStatus"), _CLINICAL)
    return status or ("resolved" if ended else "active")


def states_course(resource: Resource) -> bool:
    """Whether a Condition says by its clinicalStatus whether it is over."""
    return bool(status_code(resource.get("clinicalStatus"), _CLINICAL))


ENDS = ("abatementAge", "abatementRange")
"""Ends of a Condition that are no dates: it is over."""
ABATEMENTS = frozenset({*ENDS, "abatementDateTime", "abatementPeriod", "abatementBoolean"})
"""The elements that may say so."""


def verification(resource: Resource) -> str:
    """verificationStatus of a Condition, folded to confirmed, provisional, refuted or empty when not stated."""
    status = status_code(resource.get("verificationStatus"), _VERIFIED)
    if status in PROVISIONAL:
        return "provisional"
    return "refuted" if status in ERASED else status


def meaning(resource: Resource) -> str:
    """What an order or statement of a drug means: proposed, active, history, or empty when erased, or when it is an order not to
    give it (rulings 2.1).
    """
    status, intent = status_of(resource), plain_status(resource.get("intent")) or None
    if status == "entered-in-error" or resource.get("doNotPerform") is True:
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
    """All codings of the body sites."""
    return {coding for sites in site_concepts(resource) for coding in sites}


def site_concepts(resource: Resource) -> list[set[Coding]]:
    """Each body site with its codings; one that is text alone has none."""
    return [_placing(one) for one in items(resource.get("bodySite")) if one]


def _placing(site: object) -> set[Coding]:
    """The codings of a body site; what an expression narrows lies where the whole does."""
    coded = list(codings(site))
    return {*coded, *focus(coded)}


_FOCUS = re.compile(r"(?:===|<<<)?\s*([0-9]{6,18})\s*(?:\|[^|]*\|)?\s*[:+]")
"""The first concept of an expression that is put together of several."""


def focus(codes: Iterable[Coding]) -> list[Coding]:
    """What the expressions among the codes are put together around: each says more than its first concept, by no table."""
    return [(system, found[1]) for system, code in codes if (found := _FOCUS.match(code))]


def sited(resource: Resource) -> Resource:
    """The resource with the sites of the BodyStructures that it refers to instead of naming a body site; of one that it does not
    contain, the site is what the reference says.
    """
    if "bodySite" in resource or not ("extension" in resource or "bodyStructure" in resource):
        return resource
    sites = list(_structures(resource))
    return {**resource, "bodySite": sites} if sites else resource


_STRUCTURES = ("/bodySite", "bodyStructure")


def _structures(resource: Resource) -> Iterator[object]:
    told = [resource.get("bodyStructure")]
    told += [
        one.get("valueReference")
        for one in items(resource.get("extension"))
        if isinstance(one, dict) and isinstance(url := one.get("url"), str) and url.endswith(_STRUCTURES)
    ]
    for reference in told:
        if isinstance(reference, dict):
            found = contained_in(resource, str(reference.get("reference", "")))
            parts = [p.get("structure") for p in items(found.get("includedStructure")) if isinstance(p, dict)]
            said = {"text": reference["display"]} if isinstance(reference.get("display"), str) else reference
            yield from [one for one in (found.get("location"), *parts) if one] or [said]
