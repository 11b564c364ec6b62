"""Hook bodies of growing size for the real pathways: the workload's chart, alone or behind an invented spinal patient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from benchmarks.stacks import AT, resources
from benchmarks.workload import hook
from fhirpath_spine.entrypoints.demo import WRITTEN_FOR, patients_directory
from fhirpath_spine.exchange.bundles import chart
from fhirpath_spine.exchange.shift import shift
from fhirpath_spine.exchange.templates import type_of

SPINAL = "09-schwannoma-safely-resectable.json"
"""The invented patient whose chart has something to say about the spine."""


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
    keyed: dict[str, list[Any]] = {key: [] for key in templates}
    for one in found:
        keyed[_key(one, templates)].append(one)
    prefetch = {key: _bundle(key, listed) for key, listed in keyed.items()}
    return orjson.dumps({**request, "prefetch": prefetch})


def _key(one: Mapping[str, Any], templates: Mapping[str, str]) -> str:
    """The key whose query would find a resource; an Observation that none asks for lies under the last one."""
    keys = [key for key in templates if type_of(key) == one["resourceType"]]
    coded = [f"{c.get('system')}|{c.get('code')}" for c in one.get("code", {}).get("coding", ())]
    return next((k for k in keys if any(f"{code}," in f"{templates[k]}," for code in coded)), keys[-1])


def _bundle(key: str, listed: Iterable[Any]) -> Any:
    if key == "patient":
        return next(iter(listed))
    entries = [{"resource": one, "search": {"mode": "match"}} for one in listed]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def _spinal(path: Path, patient: str) -> Iterator[dict[str, Any]]:
    """The resources of an invented patient, moved to the day of the benchmark and renamed to the workload's patient."""
    bundle = shift(orjson.loads(path.read_bytes()), (AT.date() - WRITTEN_FOR).days)
    told = chart(bundle)
    seen = set()
    for read in told.reads.values():
        for one in read.resources:
            if (name := (one["resourceType"], one.get("id"))) not in seen:
                seen.add(name)
                text = orjson.dumps(one).decode().replace(f"Patient/{told.patient}", f"Patient/{patient}")
                renamed = orjson.loads(text)
                yield renamed | ({"id": patient} if renamed["resourceType"] == "Patient" else {})
