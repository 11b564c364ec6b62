"""A whole chart from one Bundle of any type, for ``decide``: what is not in it is not there (rulings 2.11)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from fhirpath_spine.errors import PatientMismatch, RequestError
from fhirpath_spine.exchange.incoming.answers import (
    CHARTS,
    READ_TYPES,
    UnreadReason,
    contents_of,
    is_failure,
    types_doubted,
    types_named,
    unread,
)
from fhirpath_spine.pathway.facts.chart import ORDER, TYPES, Chart, Read, Resource, is_id, type_of
from fhirpath_spine.pathway.facts.reading import MEDICATIONS
from fhirpath_spine.pathway.facts.signs import NO_SIGNS, Signs
from fhirpath_spine.pathway.facts.subjects import check_ignored

BUT_PATIENT = frozenset(TYPES) - {"Patient"}
"""The types that an entry may leave unread; the Patient is here, or there would be no chart."""
_DRUGS = {"Medication": MEDICATIONS}
"""Whose drug a Medication may be."""


def read_bundle(bundle: object, *, not_read: Iterable[str] = (), signs: Signs = NO_SIGNS) -> Chart:
    """The chart in a Bundle of type collection, searchset, transaction, batch or document.

    References by ``urn:uuid`` are rewritten to ``Type/id``. An OperationOutcome entry leaves the types that it names
    unread, or all of them; so does whatever else says or shows that not all is here. ``not_read`` names types that
    count as not read at all, ``signs`` are the codes that say so.

    Raises:
        RequestError: it is no Bundle, or holds no Patient.
        PatientMismatch: it holds two Patients, or a resource of another that nothing would have read.

    """
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise RequestError("This is no FHIR Bundle.", hint="Pass one JSON object with resourceType Bundle.")
    if not isinstance(bundle.get("entry", []), list):
        raise RequestError("Bundle.entry is no list.", expression="Bundle.entry")
    found = contents_of(bundle, signs, CHARTS)
    patient = _patient(found.resources)
    failed = dict.fromkeys(BUT_PATIENT if found.refused else found.named, UnreadReason.OUTCOME)
    failed |= _with_drugs(found.of_type)
    if whole := found.failed or found.cut:
        failed = {**dict.fromkeys(BUT_PATIENT, whole), **failed}
    whole_chart = Chart(
        patient=patient,
        reads=dict(reads(found.resources, set(not_read), failed)),
        aliases=frozenset(url for url, name in found.names.items() if name == f"Patient/{patient}"),
        base=_base(zip(found.urls, found.resources, strict=True), patient),
    )
    check_ignored(found.odd, whole_chart)
    check_ignored((r for r in found.resources if str(r.get("resourceType")) not in READ_TYPES), whole_chart)
    return whole_chart


def withheld_types(resources: Iterable[Resource], signs: Signs) -> dict[str, UnreadReason]:
    """The types of a chart that are unread for what its resources show, with why."""
    return _with_drugs(types_doubted(resources, signs))


def _with_drugs(of_type: Mapping[str, UnreadReason]) -> dict[str, UnreadReason]:
    return {one: why for kind, why in of_type.items() for one in _DRUGS.get(kind, (kind,))}


def contents(bundle: Mapping[str, Any]) -> tuple[list[Resource], bool]:
    """The resources of a Bundle, references by ``urn:uuid`` rewritten to ``Type/id``, and its OperationOutcomes; and whether that
    is all of it: false where an entry cannot be read or a next page is linked.
    """
    found = contents_of(bundle, NO_SIGNS, CHARTS)
    return [*found.resources, *found.outcomes], found.failed is None and found.cut is None


def _patient(resources: Iterable[Resource]) -> str:
    ids = {str(r.get("id", "")) for r in resources if r.get("resourceType") == "Patient"}
    if len(ids) > 1:
        raise PatientMismatch(
            "The Bundle holds more than one Patient, so nothing was judged.", hint="Pass one patient's chart at a time."
        )
    patient = next(iter(ids), "")
    if not is_id(patient):
        raise RequestError(
            "The Bundle holds no Patient with an id.", hint="Add the Patient.", expression="Bundle.entry"
        )
    return patient


def failed_types(resources: Iterable[Resource], signs: Signs = NO_SIGNS) -> Iterator[str]:
    """The types that an OperationOutcome among the resources leaves unread: those that it names, or all but the Patient."""
    for resource in resources:
        if resource.get("resourceType") == "OperationOutcome" and is_failure(resource, signs):
            yield from types_named(resource) or BUT_PATIENT


def reads(
    resources: Iterable[Resource], skipped: AbstractSet[str], failed: Mapping[str, UnreadReason]
) -> Iterator[tuple[str, Read]]:
    """Each key of a chart with what there is of it: whole, but for the types that are skipped or failed."""
    by_type: dict[str, list[Resource]] = {}
    for resource in resources:
        kind = str(resource.get("resourceType"))
        # A Medication is looked up by those that name it; it rides with the requests.
        by_type.setdefault("MedicationRequest" if kind == "Medication" else kind, []).append(resource)
    for key in ORDER:
        kind = type_of(key)
        # All Observations stand under the first group: the facts pool the groups, and completeness is per key.
        mine = tuple(by_type.pop(kind, ()))
        if kind in skipped:
            yield key, unread(UnreadReason.STATED, source="file")
        elif kind in failed:
            yield key, unread(failed[kind], mine, source="file")
        else:
            yield key, Read(mine, source="file")


def _base(found: Iterable[tuple[object, Resource]], patient: str) -> str:
    tail = f"/Patient/{patient}"
    urls = (u for u, r in found if isinstance(u, str) and r.get("resourceType") == "Patient" and u.endswith(tail))
    return next((url.removesuffix(tail) for url in urls if url.startswith("http")), "")
