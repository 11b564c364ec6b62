"""A whole chart from one Bundle of any type, for ``decide``: what is not in it is not there (rulings 2.11)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from fhirpath_spine.errors import PatientMismatch, RequestError
from fhirpath_spine.exchange.incoming.prefetch import UnreadReason, is_failure, is_resource, unread
from fhirpath_spine.pathway.facts.chart import ORDER, TYPES, Chart, Read, Resource, check_ignored, type_of

BUT_PATIENT = frozenset(TYPES) - {"Patient"}
"""The types that an entry may leave unread; the Patient is here, or there would be no chart."""
_READ = {*TYPES, "Medication"}
_WORD = re.compile(r"[A-Za-z]+")


def read_bundle(bundle: object, *, not_read: Iterable[str] = ()) -> Chart:
    """The chart in a Bundle of type collection, searchset, transaction, batch or document.

    References by ``urn:uuid`` are rewritten to ``Type/id``. An OperationOutcome entry leaves the types that it names
    unread, or all of them; so does an entry that cannot be read, and a link to a next page. ``not_read`` names types that
    count as not read at all.

    Raises:
        RequestError: it is no Bundle, or holds no Patient.
        PatientMismatch: it holds two Patients, or a resource of another that nothing would have read.

    """
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise RequestError("This is no FHIR Bundle.", hint="Pass one JSON object with resourceType Bundle.")
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise RequestError("Bundle.entry is no list.", expression="Bundle.entry")
    found = _found(entries)
    names = _names(found)
    resources = [_renamed(resource, url, names) for url, resource in found]
    patient = _patient(resources)
    skipped, failed = set(not_read), dict.fromkeys(failed_types(resources), UnreadReason.OUTCOME)
    if not all(map(is_resource, resources)):
        failed = dict.fromkeys(BUT_PATIENT, UnreadReason.SHAPE)
    if _has_next(bundle):
        failed = dict.fromkeys(BUT_PATIENT, UnreadReason.NEXT_PAGE)
    whole = Chart(
        patient=patient,
        reads=dict(reads(resources, skipped, failed)),
        aliases=frozenset(url for url, name in names.items() if name == f"Patient/{patient}"),
        base=_base(found, patient),
    )
    check_ignored((r for r in resources if str(r.get("resourceType")) not in _READ), whole)
    return whole


def contents(bundle: Mapping[str, Any]) -> tuple[list[Resource], bool]:
    """The resources of a Bundle, references by ``urn:uuid`` rewritten to ``Type/id``; and whether that is all of it: false
    where an entry cannot be read or a next page is linked.
    """
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        return [], False
    found = _found(entries)
    names = _names(found)
    resources = [_renamed(resource, url, names) for url, resource in found]
    return resources, len(found) == len(entries) and all(map(is_resource, resources)) and not _has_next(bundle)


def _found(entries: Iterable[Any]) -> list[tuple[Any, dict[str, Any]]]:
    return [
        (e.get("fullUrl"), e["resource"])
        for e in entries
        if isinstance(e, dict) and isinstance(e.get("resource"), dict)
    ]


def _has_next(bundle: Mapping[str, Any]) -> bool:
    links = bundle.get("link")
    return isinstance(links, list) and any(isinstance(x, dict) and x.get("relation") == "next" for x in links)


def _names(found: Iterable[tuple[Any, dict[str, Any]]]) -> dict[str, str]:
    """``urn:`` full URL -> ``Type/id``; a resource without an id is named by the URL's tail."""
    names: dict[str, str] = {}
    for url, resource in found:
        if isinstance(url, str) and url.startswith("urn:"):
            id_ = resource.get("id")
            names[url] = (
                f"{resource.get('resourceType')}/{id_ if isinstance(id_, str) and id_ else url.rsplit(':', 1)[-1]}"
            )
    return names


def _renamed(resource: dict[str, Any], url: object, names: Mapping[str, str]) -> Resource:
    if not names:
        return resource
    renamed: dict[str, Any] = referring(resource, names)
    if not isinstance(renamed.get("id"), str) and isinstance(url, str) and url in names:
        renamed["id"] = names[url].split("/", 1)[1]
    return renamed


def referring(value: Any, names: Mapping[str, str]) -> Any:
    """The value with each reference under the name that it has now; one that no name is known for stays."""
    if isinstance(value, dict):
        return {
            key: names.get(item, item) if key == "reference" and isinstance(item, str) else referring(item, names)
            for key, item in value.items()
        }
    return [referring(item, names) for item in value] if isinstance(value, list) else value


def _patient(resources: Iterable[Resource]) -> str:
    ids = {str(r.get("id", "")) for r in resources if r.get("resourceType") == "Patient"}
    if len(ids) > 1:
        raise PatientMismatch(
            "The Bundle holds more than one Patient, so nothing was judged.", hint="Pass one patient's chart at a time."
        )
    patient = next(iter(ids), "")
    if not patient:
        raise RequestError(
            "The Bundle holds no Patient with an id.", hint="Add the Patient.", expression="Bundle.entry"
        )
    return patient


def failed_types(resources: Iterable[Resource]) -> Iterator[str]:
    """The types that an OperationOutcome among the resources leaves unread: those that it names, or all but the Patient."""
    for resource in resources:
        if resource.get("resourceType") == "OperationOutcome" and is_failure(resource):
            named = set(_WORD.findall(" ".join(_texts(resource.get("issue"))))) & set(TYPES)
            yield from named or BUT_PATIENT


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


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


def _base(found: Iterable[tuple[Any, dict[str, Any]]], patient: str) -> str:
    tail = f"/Patient/{patient}"
    urls = (u for u, r in found if isinstance(u, str) and r.get("resourceType") == "Patient" and u.endswith(tail))
    return next((url.removesuffix(tail) for url in urls if url.startswith("http")), "")
