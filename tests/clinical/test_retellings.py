"""The same patient told in another way gets the same verdicts (rulings 9)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any
from zlib import crc32

import pytest

from fhirpath_spine.exchange.ehr_side import shift_dates
from tests.clinical.clinical_kit import CASES, Json, bundle, day, judge_bundle, judged

cases = pytest.mark.parametrize("case", CASES)

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


def same_verdicts(case: str, told: Json, at: date | None = None) -> None:
    """The recommendations with their status, by lesion: its key names class and level, and no id."""
    result = judge_bundle(told, at or day(case))
    assert result.error is None
    assert result.verdicts == judged(case).verdicts
    assert result.entries == judged(case).entries


@pytest.mark.parametrize("days", [37, -37])
@cases
def test_on_another_day(case: str, days: int) -> None:
    same_verdicts(case, shift_dates(bundle(case), days), day(case) + timedelta(days=days))


def renamed(told: Json, name: Any) -> Json:
    """All ids by a rule, and the references with them."""
    ids = {f"{e['resource']['resourceType']}/{e['resource']['id']}": name(e["resource"]["id"]) for e in told["entry"]}
    for entry in told["entry"]:
        entry["resource"]["id"] = name(entry["resource"]["id"])
        for node in walk(entry["resource"]):
            if isinstance(reference := node.get("reference"), str) and reference in ids:
                node["reference"] = f"{reference.split('/')[0]}/{ids[reference]}"
    return told


@pytest.mark.parametrize("name", [lambda i: f"x{i}", lambda i: i[::-1], lambda i: f"{crc32(i.encode())}-{i}"[:64]])
@cases
def test_with_other_ids(case: str, name: Any) -> None:
    same_verdicts(case, renamed(bundle(case), name))


@pytest.mark.parametrize("seed", range(3))
@cases
def test_in_another_order(case: str, seed: int) -> None:
    told = bundle(case)
    random.Random(seed).shuffle(told["entry"])  # noqa: S311 - an order, not a secret
    same_verdicts(case, told)


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


@cases
def test_in_other_units(case: str) -> None:
    told = bundle(case)
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
    same_verdicts(case, told)


def recoded(told: Json, turn: int) -> tuple[Json, int]:
    """Each concept that a group knows as the group's member ``turn`` places further; its other codings stay."""
    changed = 0
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
            changed += 1
    return told, changed


@pytest.mark.parametrize("turn", [1, 2, 3, 4])
@cases
def test_in_other_codes_of_the_same_meaning(case: str, turn: int) -> None:
    told, _ = recoded(bundle(case), turn)
    same_verdicts(case, told)


def test_most_cases_have_something_to_say_in_another_code() -> None:
    assert sum(recoded(bundle(case), 1)[1] > 0 for case in CASES) >= len(CASES) - 2


@cases
def test_as_a_transaction_whose_entries_name_each_other_by_uuid(case: str) -> None:
    told = bundle(case)
    names = {}
    for number, entry in enumerate(told["entry"]):
        resource = entry["resource"]
        entry["fullUrl"] = f"urn:uuid:00000000-0000-4000-8000-{number:012}"
        names[f"{resource['resourceType']}/{resource.pop('id')}"] = entry["fullUrl"]
    for entry in told["entry"]:
        for node in walk(entry["resource"]):
            if isinstance(reference := node.get("reference"), str):
                node["reference"] = names.get(reference, reference)
    same_verdicts(case, {**told, "type": "transaction"})


@cases
def test_with_every_resource_twice(case: str) -> None:
    told = bundle(case)
    same_verdicts(case, {**told, "entry": [*told["entry"], *told["entry"]]})


@cases
def test_with_displays_and_texts_in_another_language(case: str) -> None:
    told = bundle(case)
    for entry in told["entry"]:
        for node in walk(entry["resource"]):
            for name in ("display", "text"):
                if isinstance(node.get(name), str) and ("coding" in node or "code" in node):
                    node[name] = "другими словами"
    same_verdicts(case, told)
