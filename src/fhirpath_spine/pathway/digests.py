"""One digest over the facts of a call, the same for the same facts in any order (rulings 5.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import orjson

from fhirpath_spine.pathway.chart import Chart, Resource


def canonical(resource: Resource) -> bytes:
    """A resource as the same bytes in whatever order its members stand."""
    return orjson.dumps(resource, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)


def facts_digest(chart: Chart, used: Mapping[str, Resource]) -> str:
    """SHA-256 over the resources that some need used, the patient's id, and the completeness of each key."""
    lines = sorted(hashlib.sha256(canonical(r)).digest() for r in used.values())
    whole = hashlib.sha256(chart.patient.encode())
    for key in sorted(chart.reads):
        read = chart.reads[key]
        whole.update(f"{key}:{read.complete}:{read.reason or ''};".encode())
    for line in lines:
        whole.update(line)
    return whole.hexdigest()
