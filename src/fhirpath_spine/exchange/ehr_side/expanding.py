"""``ValueSet/$expand`` of FHIR R4: what to ask, and the codes in the answer. For ``codes expand``, never during a call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhirpath_spine.exchange.outgoing.markdown import clean

SNOMED = "http://snomed.info/sct"
PAGE = 1000
CODES = 10_000
"""Most codes of one value set: a file of the site is read whole at each start."""
TUMOURS = 50_000
"""Most codes of a list of tumours, which is classified."""
Row = tuple[str, str, str]
"""System, code, display."""


def question(source: str, offset: int) -> dict[str, str]:
    """The parameters for a value set, named by its canonical URL or as an ECL expression of SNOMED CT."""
    is_url = source.startswith(("http://", "https://", "urn:"))
    url = source if is_url else f"{SNOMED}?fhir_vs=ecl/{source}"
    return {"url": url, "count": str(PAGE), "offset": str(offset)}


def rows(value_set: Mapping[str, Any]) -> list[Row] | None:
    """The codes of an expanded ValueSet, nested ones too; None if it is none. Abstract groups are no codes."""
    expansion = value_set.get("expansion")
    if value_set.get("resourceType") != "ValueSet" or not isinstance(expansion, dict):
        return None
    return list(_contained(expansion.get("contains")))


def total(value_set: Mapping[str, Any]) -> int:
    """How many codes the server says there are, 0 if it does not say."""
    expansion = value_set.get("expansion")
    found = expansion.get("total") if isinstance(expansion, dict) else None
    return found if isinstance(found, int) else 0


def _contained(value: object) -> Iterator[Row]:
    for item in value if isinstance(value, list) else ():
        if not isinstance(item, dict):
            continue
        system, code, display = item.get("system"), item.get("code"), item.get("display")
        if isinstance(system, str) and isinstance(code, str) and code and item.get("abstract") is not True:
            yield system, code, clean(display) if isinstance(display, str) else ""
        yield from _contained(item.get("contains"))
