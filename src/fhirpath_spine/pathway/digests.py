"""One digest over the facts of a call, the same for the same facts in any order (rulings 5.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import orjson

from fhirpath_spine.pathway.chart import Chart, Resource

UNREAD = ("meta", "text")
"""Members of a resource that no judgement reads: what a server writes beside the content (version, time of its storing, the
narrative that it makes). The same chart has other ones, or none, on the way through a prefetch.
"""


def canonical(resource: Resource) -> bytes:
    """A resource as the same bytes in whatever order its members stand."""
    return orjson.dumps(resource, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)


def facts_digest(chart: Chart, used: Mapping[str, Resource]) -> str:
    """SHA-256 over what was read of the Patient and of the resources that some need used, the patient's id, and the
    completeness of each key.
    """
    patient = [r for read in chart.reads.values() for r in read.resources if r.get("resourceType") == "Patient"]
    lines = sorted({canonical(_content(r)) for r in (*patient, *used.values())})
    whole = hashlib.sha256(chart.patient.encode())
    for key in sorted(chart.reads):
        read = chart.reads[key]
        whole.update(f"{key}:{read.complete}:{read.reason or ''};".encode())
    whole.update(b"\n".join(lines))
    return whole.hexdigest()


def _content(resource: Resource) -> Resource:
    """A resource without what no judgement reads."""
    content = dict(resource)
    for name in UNREAD:
        content.pop(name, None)
    return content
