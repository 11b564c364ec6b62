"""Ways to tell the same patient anew: other ids, another order, other units and codes, another form of Bundle (rulings 9)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from zlib import crc32

from tests.clinical.clinical_kit import Json

SNOMED, ICD, LOINC = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm", "http://loinc.org"
LOCAL, RXNORM = "urn:fhirpath-spine:cs:local", "http://www.nlm.nih.gov/research/umls/rxnorm"

SAME: tuple[tuple[tuple[str, str], ...], ...] = (
    # Codes that say the same, from the write_code column of bindings.csv: any of them may stand in a chart.
    ((SNOMED, "279038004"), (SNOMED, "267981009"), (ICD, "M54.6")),
    ((SNOMED, "42452002"), (ICD, "M54.14")),
    ((SNOMED, "1845001"), (ICD, "G82.22")),
    ((SNOMED, "254837009"), (ICD, "C50.912")),
    ((SNOMED, "363358000"), (ICD, "C34.90")),
    ((SNOMED, "399068003"), (ICD, "C61")),
    ((SNOMED, "363518003"), (ICD, "C64.9")),
    ((SNOMED, "363478007"), (ICD, "C73")),
    ((SNOMED, "92824003"), (ICD, "Q85.01")),
    ((SNOMED, "189948006"), (SNOMED, "254984005"), (ICD, "D36.14")),
    ((SNOMED, "404037002"), (SNOMED, "866095008"), (ICD, "C47.3")),
    ((SNOMED, "94602001"), (SNOMED, "94274006"), (ICD, "C79.51")),
    ((SNOMED, "189167009"), (ICD, "D32.1")),
    ((SNOMED, "77386006"), (ICD, "Z33.1")),
    ((SNOMED, "71286001"), (ICD, "G95.20")),
    ((SNOMED, "22325002"), (ICD, "R26.9")),
    ((SNOMED, "431857002"), (ICD, "N18.4")),
    ((LOINC, "36067-7"), (LOINC, "24980-5"), (LOINC, "24981-3"), (LOINC, "24982-1"), (LOINC, "36531-2")),
    ((LOINC, "28566-8"), (LOINC, "24978-9")),
    ((LOINC, "39818-0"), (LOINC, "25031-6")),
    ((LOINC, "72514-3"), (LOINC, "38208-5")),
    ((LOINC, "89247-1"), (SNOMED, "423740007")),
    ((LOINC, "98979-8"), (LOINC, "62238-1")),
    ((LOINC, "751-8"), (LOINC, "26499-4")),
    ((LOINC, "777-3"), (LOINC, "26515-7")),
    ((RXNORM, "5640"), (RXNORM, "7258")),
)
GROUP: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = {code: group for group in SAME for code in group}


def walk(value: Any) -> Iterator[Json]:
    """Every object in a JSON value, outermost first."""
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)


def renamed(told: Json, name: Any) -> Json:
    """All ids by a rule, and the references with them."""
    ids = {f"{e['resource']['resourceType']}/{e['resource']['id']}": name(e["resource"]["id"]) for e in told["entry"]}
    for entry in told["entry"]:
        entry["resource"]["id"] = name(entry["resource"]["id"])
        for node in walk(entry["resource"]):
            if isinstance(reference := node.get("reference"), str) and reference in ids:
                node["reference"] = f"{reference.split('/')[0]}/{ids[reference]}"
    return told


def shuffled(told: Json, seed: int) -> Json:
    """The entries in another order."""
    random.Random(seed).shuffle(told["entry"])  # noqa: S311 - an order, not a secret
    return told


UNITS = {
    # code: (other code, its text, factor)
    "mm": ("cm", "cm", 0.1),
    "cm": ("mm", "mm", 10),
    "mg/dL": ("umol/L", "umol/L", 88.42),
    "umol/L": ("mg/dL", "mg/dL", 1 / 88.42),
    "10*9/L": ("10*3/uL", "10*3/uL", 1),
    "10*3/uL": ("10*9/L", "10*9/L", 1),
    "/uL": ("10*9/L", "10*9/L", 0.001),
    "g/dL": ("g/L", "g/L", 10),
}
CREATININE = {"2160-0"}
"""Only of creatinine mg/dL and umol/L are convertible; cholesterol stays as it is."""


def in_other_units(told: Json) -> Json:
    """Each quantity in another unit that is read as well."""
    for resource in (e["resource"] for e in told["entry"]):
        codes = {c.get("code") for node in walk(resource.get("code")) for c in node.get("coding", ())}
        quantity = resource.get("valueQuantity", {})
        unit = quantity.get("code")
        if unit in UNITS and not (unit in ("mg/dL", "umol/L") and not codes & CREATININE):
            code, text, factor = UNITS[unit]
            resource["valueQuantity"] = {
                **quantity,
                "value": round(quantity["value"] * factor, 4),
                "unit": text,
                "code": code,
            }
    return told


def recoded(told: Json, turn: int) -> Json:
    """Each concept that a group knows as the group's member ``turn`` places further; its other codings stay."""
    for entry in told["entry"]:
        for node in walk(entry["resource"]):
            codings = node.get("coding")
            group = next(
                (GROUP[key] for c in codings or () if (key := (c.get("system"), c.get("code"))) in GROUP), None
            )
            if group is None:
                continue
            first = next((c["system"], c["code"]) for c in codings if (c.get("system"), c.get("code")) in group)
            system, code = group[(group.index(first) + turn) % len(group)]
            others = [c for c in codings if (c.get("system"), c.get("code")) not in group]
            node["coding"] = [{"system": system, "code": code}, *others]
    return told


def as_a_transaction(told: Json) -> Json:
    """As a transaction whose entries have no ids and name each other by UUID."""
    names = {}
    for number, entry in enumerate(told["entry"]):
        resource = entry["resource"]
        entry["fullUrl"] = f"urn:uuid:00000000-0000-4000-8000-{number:012}"
        names[f"{resource['resourceType']}/{resource.pop('id')}"] = entry["fullUrl"]
    for entry in told["entry"]:
        for node in walk(entry["resource"]):
            if isinstance(reference := node.get("reference"), str):
                node["reference"] = names.get(reference, reference)
    return {**told, "type": "transaction"}


def twice(told: Json) -> Json:
    """With every resource twice."""
    return {**told, "entry": [*told["entry"], *told["entry"]]}


def in_another_language(told: Json) -> Json:
    """With displays and texts that say the same in other words."""
    for entry in told["entry"]:
        for node in walk(entry["resource"]):
            for name in ("display", "text"):
                if isinstance(node.get(name), str) and ("coding" in node or "code" in node):
                    node[name] = "другими словами"
    return told


NAMES: tuple[Callable[[str], str], ...] = (
    lambda i: f"x{i}",
    lambda i: i[::-1],
    lambda i: f"{crc32(i.encode())}-{i}"[:64],
)
TELLINGS: Mapping[str, Callable[[Json], Json]] = {
    **{f"other ids {n}": partial(renamed, name=name) for n, name in enumerate(NAMES)},
    **{f"another order {seed}": partial(shuffled, seed=seed) for seed in range(3)},
    "other units": in_other_units,
    **{f"other codes {turn}": partial(recoded, turn=turn) for turn in (1, 2, 3, 4)},
    "as a transaction": as_a_transaction,
    "every resource twice": twice,
    "another language": in_another_language,
}
"""Each gives the Bundle anew, and may change the one that it is given. On another day is told with the clock, not here."""
