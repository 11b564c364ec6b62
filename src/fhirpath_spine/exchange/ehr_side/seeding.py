"""Invented charts made ready for a FHIR server: transactions that change only what bears our prefix and our tag.

Every resource is written by PUT under an id of ours, so that loading twice is loading once; every resource is tagged,
so that it can be found and taken away again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fhirpath_spine.errors import RequestError
from fhirpath_spine.exchange import BASE, Json
from fhirpath_spine.exchange.incoming.answers import referring

TAG = {"system": f"{BASE}/tag", "code": "sandbox"}
DEMO, CASE = "spine-demo-", "spine-case-"
PREFIXES = (DEMO, CASE)
"""Every id that is loaded begins with one of these: the sandbox's own patients, and all other charts."""
TYPES = (
    "CarePlan",
    "Consent",
    "DiagnosticReport",
    "MedicationAdministration",
    "MedicationStatement",
    "MedicationRequest",
    "ServiceRequest",
    "Procedure",
    "Observation",
    "ImagingStudy",
    "FamilyMemberHistory",
    "AllergyIntolerance",
    "Condition",
    "Medication",
    "Encounter",
    "Patient",
)
"""Types that can be loaded, in the order in which they can be deleted: what refers to others comes first."""
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")


@dataclass(frozen=True, slots=True)
class Seed:
    """One chart to load: its transaction, its patient, and how many entries are no resources of a chart."""

    transaction: Json
    patient: str
    left_out: int = 0


def seed(bundle: object) -> Seed:
    """The transaction that loads a chart. An OperationOutcome is left out: it reports a fault, and no server keeps it.

    Ids get the prefix of the cases unless they have one of ours; references follow, also those by full URL.

    Raises:
        RequestError: it is no Bundle of one patient, or holds what could not be loaded and taken away again.

    """
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise RequestError("This is no FHIR Bundle.", hint="Load Bundles of invented patients, one patient in each.")
    entries = bundle.get("entry")
    found = [
        (entry.get("fullUrl"), entry["resource"])
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict)
    ]
    kept = [(url, resource) for url, resource in found if resource.get("resourceType") != "OperationOutcome"]
    names: dict[str, str] = {}
    new = [_named(url, resource, names) for url, resource in kept]
    patients = [name for name in new if name.startswith("Patient/")]
    if len(patients) != 1:
        raise RequestError(
            f"The Bundle holds {len(patients)} Patients, one is needed.", hint="Load one patient's chart per file."
        )
    loaded = [_entry(resource, name, names) for (_, resource), name in zip(kept, new, strict=True)]
    transaction = {"resourceType": "Bundle", "type": "transaction", "entry": loaded}
    return Seed(transaction, patients[0].removeprefix("Patient/"), len(found) - len(kept))


def removal(names: Iterable[str]) -> Json:
    """The batch that deletes these resources (``Type/id``), each by itself."""
    entries = [{"request": {"method": "DELETE", "url": name}} for name in names]
    return {"resourceType": "Bundle", "type": "batch", "entry": entries}


def ours(resource: object) -> str:
    """``Type/id`` of a resource that bears our prefix, else nothing."""
    if not isinstance(resource, dict):
        return ""
    kind, id_ = resource.get("resourceType"), resource.get("id")
    return f"{kind}/{id_}" if kind in TYPES and isinstance(id_, str) and id_.startswith(PREFIXES) else ""


def _named(url: object, resource: Mapping[str, Any], names: dict[str, str]) -> str:
    """The new ``Type/id``; ``names`` learns under which names others refer to it."""
    kind, id_ = resource.get("resourceType"), resource.get("id")
    if kind not in TYPES:
        raise RequestError(
            "The Bundle holds a resource of a type that is not loaded.", hint=f"Types are {', '.join(sorted(TYPES))}."
        )
    if not isinstance(id_, str):
        id_ = url.rsplit(":", 1)[-1] if isinstance(url, str) and url.startswith("urn:uuid:") else ""
    new = id_ if id_.startswith(PREFIXES) else CASE + id_
    if not id_ or not _ID.match(new):
        raise RequestError(
            f"A {kind} has no id that can be loaded.",
            hint=f"Ids are letters, digits, hyphen and dot, at most 64 with the prefix {CASE}.",
        )
    name = f"{kind}/{new}"
    if name in names.values():
        raise RequestError(f"Two resources would be loaded as the same {kind}.", hint="Give each an id of its own.")
    names[f"{kind}/{id_}"] = name
    if isinstance(url, str):
        names[url] = name
    return name


def _entry(resource: Mapping[str, Any], name: str, names: Mapping[str, str]) -> Json:
    whole = referring({**resource, "id": name.split("/", 1)[1]}, names)
    meta = whole.get("meta") or {}
    tags = [tag for tag in meta.get("tag", ()) if (tag.get("system"), tag.get("code")) != tuple(TAG.values())]
    whole["meta"] = {**meta, "tag": [*tags, dict(TAG)]}
    return {"resource": whole, "request": {"method": "PUT", "url": name}}
