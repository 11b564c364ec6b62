"""Hook bodies of growing size for the real pathways: the workload's chart, alone or behind an invented spinal patient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from benchmarks.stacks import AT, resources
from benchmarks.workload import hook
from fhirpath_spine.entrypoints.patients import WRITTEN_FOR, patients_directory
from fhirpath_spine.exchange.ehr_side import shift_dates
from fhirpath_spine.exchange.incoming import read_bundle
from fhirpath_spine.pathway.facts import type_of

SPINAL = "09-schwannoma-safely-resectable.json"
"""The invented patient whose chart has something to say about the spine."""
NO_TUMOUR = "04-muscle-strain.json"
ORDINARY_DRUG = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "161"}
"""One that no rule watches."""


def body_for(templates: Mapping[str, str], size: int, *, spinal: bool = False) -> bytes:
    """A call with so many resources of the workload, laid under the keys of our templates; every key is answered."""
    request = hook(size)
    patient = request["context"]["patientId"]
    found = resources(request)
    if spinal:
        found = [
            *_spinal(patients_directory() / SPINAL, patient),
            *(r for r in found if r["resourceType"] != "Patient"),
        ]
    # What no query asks for lies under the last key: the chart keeps its size.
    return orjson.dumps({**request, "prefetch": laid(found, templates, rest=list(templates)[-1])})


def order_for(templates: Mapping[str, str], *, bare: bool = False) -> bytes:
    """The signing of an ordinary drug for a patient without any tumour, with what the hook asks for of the invented chart; or,
    ``bare``, of nothing, for a patient of whom nothing else is known.
    """
    request = hook(0)
    patient = request["context"]["patientId"]
    found = list(_spinal(patients_directory() / NO_TUMOUR, patient))
    drug = {"resourceType": "MedicationRequest", "id": "order", "status": "draft", "intent": "order"}
    drug |= {"subject": {"reference": f"Patient/{patient}"}, "medicationCodeableConcept": {"coding": [ORDINARY_DRUG]}}
    if bare:
        found = [one for one in found if one["resourceType"] == "Patient"]
    orders = {"resourceType": "Bundle", "entry": [] if bare else [{"resource": drug}]}
    context = {**request["context"], "draftOrders": orders}
    return orjson.dumps({**request, "hook": "order-sign", "context": context, "prefetch": laid(found, templates)})


def laid(found: Iterable[Mapping[str, Any]], templates: Mapping[str, str], rest: str = "") -> dict[str, Any]:
    """A prefetch of these resources: each under the key whose query finds it, or under ``rest``, or left out."""
    asked = {key: frozenset(_codes(query)) for key, query in templates.items()}
    keyed: dict[str, list[Any]] = {key: [] for key in templates}
    for one in found:
        codings = one.get("code", {}).get("coding", ())
        # A search names some codes without their system, where the system has several names.
        coded = {token for c in codings for token in (f"{c.get('system')}|{c.get('code')}", c.get("code"))}
        keys = [k for k, codes in asked.items() if type_of(k) == one["resourceType"] and (not codes or codes & coded)]
        for key in keys or ([rest] if rest else []):
            keyed[key].append(one)
    return {key: _bundle(key, listed) for key, listed in keyed.items()}


def _codes(query: str) -> Iterable[str]:
    return query.partition("&code=")[2].partition("&")[0].split(",") if "&code=" in query else ()


def _bundle(key: str, listed: Iterable[Any]) -> Any:
    if key == "patient":
        return next(iter(listed))
    entries = [{"resource": one, "search": {"mode": "match"}} for one in listed]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def _spinal(path: Path, patient: str) -> Iterator[dict[str, Any]]:
    """The resources of an invented patient, moved to the day of the benchmark and renamed to the workload's patient."""
    bundle = shift_dates(orjson.loads(path.read_bytes()), (AT.date() - WRITTEN_FOR).days)
    told = read_bundle(bundle)
    seen = set()
    for read in told.reads.values():
        for one in read.resources:
            if (name := (one["resourceType"], one.get("id"))) not in seen:
                seen.add(name)
                text = orjson.dumps(one).decode().replace(f"Patient/{told.patient}", f"Patient/{patient}")
                renamed = orjson.loads(text)
                yield renamed | ({"id": patient} if renamed["resourceType"] == "Patient" else {})
