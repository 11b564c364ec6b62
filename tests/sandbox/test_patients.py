"""The invented patients: each is a valid chart, and the service does with it what the index says."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from fhirpath_spine.entrypoints.commands import as_document, judge_chart
from fhirpath_spine.entrypoints.content import Content
from fhirpath_spine.exchange.ehr_side import shift_dates
from tests.kit.content import shipped
from tests.kit.files import yaml_of

ROOT = Path(__file__).resolve().parents[2]
PATIENTS = ROOT / "sandbox" / "patients"
INDEX: list[dict[str, Any]] = yaml_of(PATIENTS / "INDEX.yaml")
AT = datetime.combine(datetime(2026, 6, 15, tzinfo=UTC), time.max, UTC)
COMPLETE = ("recommended", "blocked", "needs-data")
WEIGHT = ("none", "info", "warning", "critical")
LEAST = 12
OUTCOMES = {"cards": (False, True), "silent": (False, False), "refused": (True, False)}
"""Outcome -> whether the chart was refused, whether there are cards."""
KEYS = {"file", "title", "expect", "pathways", *COMPLETE, "suppressed", "outcome", "top"}
OPTIONAL = {"says", "open-ended", "loadable"}

LOCAL = "urn:fhirpath-spine:cs:local"
TABLES = {
    LOCAL: "local",
    "http://snomed.info/sct": "snomed-ct",
    "http://hl7.org/fhir/sid/icd-10-cm": "icd-10-cm",
    "http://www.cms.gov/Medicare/Coding/ICD10": "icd-10-pcs",
    "http://loinc.org": "loinc",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
}
UNRELATED = {
    *("8867-4", "85354-9", "8480-6", "8462-4", "29463-7", "8302-2", "59408-5", "8310-5", "2093-3", "4544-3", "2276-4"),
    *("15074-8", "444814009", "J01.90", "367498001", "59621000", "239873007", "195662009", "24079001", "49436004"),
    "Z80.3",
}
"""Codes of vital signs and of ordinary problems: no pathway asks for them."""

by_title = pytest.mark.parametrize("row", INDEX, ids=[row["title"] for row in INDEX])


@pytest.fixture(scope="module")
def content() -> Content:
    """The shipped profiles, without a site."""
    return shipped()


def read(row: Mapping[str, Any]) -> dict[str, Any]:
    """The Bundle of an entry of the index."""
    found: dict[str, Any] = json.loads((PATIENTS / row["file"]).read_bytes())
    return found


def resources(bundle: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The resources of a Bundle."""
    return [entry["resource"] for entry in bundle["entry"]]


def values(value: Any, key: str) -> Iterator[Any]:
    """Everything that stands under a key, at any depth."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name == key:
                yield item
            yield from values(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from values(item, key)


def kept(entry: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """An object with only these members."""
    return {name: entry[name] for name in names if name in entry}


def statuses(document: Mapping[str, Any]) -> dict[str, set[str]]:
    """Status -> the recommendations that have it."""
    found: dict[str, set[str]] = {}
    for verdict in document["verdicts"]:
        found.setdefault(verdict["status"], set()).add(verdict["id"])
    return found


def verdicts(document: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """What a document judged, without the dates in its sentences."""
    return [
        (v["id"], v["status"], v.get("by"), json.dumps(v.get("lesion")), json.dumps(v.get("missing")))
        for v in document["verdicts"]
    ]


# ------------------------------------------------------------------ what the service does


@by_title
def test_the_service_does_what_the_index_says(row: dict[str, Any], content: Content) -> None:
    document = as_document(judge_chart(content, read(row), AT))
    found = statuses(document)

    entries = document["pathways"]
    if "pathways" in row.get("open-ended", ()):
        assert all(any(wanted.items() <= entry.items() for entry in entries) for wanted in row["pathways"])
    else:
        assert [{"certain": True} | kept(e, ("id", "state", "certain")) for e in entries] == [
            {"certain": True} | wanted for wanted in row["pathways"]
        ]
    for status in COMPLETE:
        wanted, got = set(row[status]), found.get(status, set())
        if status in row.get("open-ended", ()):
            assert wanted <= got, status
        else:
            assert got == wanted, status
    assert set(row["suppressed"]) <= found.get("suppressed", set())


@by_title
def test_the_outcome_is_the_one_of_the_index(row: dict[str, Any], content: Content) -> None:
    document = as_document(judge_chart(content, read(row), AT))

    refused, shown = "outcome" in document, bool(document["cards"])
    assert (refused, shown) == OUTCOMES[row["outcome"]]
    assert max((c["indicator"] for c in document["cards"]), key=WEIGHT.index, default="none") == row["top"]


@by_title
def test_a_card_about_a_lesion_is_of_a_pathway_that_applies_and_of_none_that_only_may(
    row: dict[str, Any], content: Content
) -> None:
    applies = {one["id"] for one in row["pathways"]}
    for card in as_document(judge_chart(content, read(row), AT))["cards"]:
        told = card["extension"]["org.fhirpath-spine"]
        assert "lesion" not in told or told["pathway"] in applies, card["summary"]


@by_title
def test_the_answer_says_what_the_index_quotes(row: dict[str, Any], content: Content) -> None:
    document = as_document(judge_chart(content, read(row), AT))
    said = "\n".join([*(f"{c['summary']}\n{c['detail']}" for c in document["cards"]), *values(document, "text")])

    for sentence in row.get("says", ()):
        assert sentence in said.replace("\\", "")


@by_title
def test_moving_all_dates_by_37_days_changes_no_verdict(row: dict[str, Any], content: Content) -> None:
    bundle = read(row)
    before = as_document(judge_chart(content, bundle, AT))
    after = as_document(judge_chart(content, shift_dates(bundle, 37), AT + timedelta(days=37)))

    assert after["pathways"] == before["pathways"]
    assert verdicts(after) == verdicts(before)
    assert [c["indicator"] for c in after["cards"]] == [c["indicator"] for c in before["cards"]]


def test_the_patients_show_every_status_and_outcome() -> None:
    assert {row["outcome"] for row in INDEX} == {"cards", "silent"}
    assert {row["top"] for row in INDEX} == set(WEIGHT)
    for status in (*COMPLETE, "suppressed"):
        assert any(row[status] for row in INDEX), status


# ------------------------------------------------------------------ the index


def test_the_index_lists_every_file_once_and_no_other() -> None:
    listed = [row["file"] for row in INDEX]
    assert listed == sorted(p.name for p in PATIENTS.glob("*.json"))
    assert len(listed) >= LEAST
    assert len({row["title"] for row in INDEX}) == len(INDEX)


@by_title
def test_an_entry_says_in_one_sentence_what_should_happen(row: dict[str, Any]) -> None:
    assert KEYS <= set(row) <= KEYS | OPTIONAL
    assert re.fullmatch(r"[A-Z][^.\n]+\.", row["expect"])


@by_title
def test_a_recommendation_stands_in_one_list_only(row: dict[str, Any]) -> None:
    listed = [name for status in (*COMPLETE, "suppressed") for name in row[status]]
    assert len(listed) == len(set(listed))


# ------------------------------------------------------------------ the Bundles


@by_title
def test_a_patient_is_a_valid_transaction(row: dict[str, Any]) -> None:
    bundle = read(row)
    Bundle.model_validate(bundle)
    assert bundle["type"] == "transaction"
    for entry in bundle["entry"]:
        resource = entry["resource"]
        assert entry["request"] == {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}
        assert entry["fullUrl"].startswith("urn:uuid:") or entry["fullUrl"].endswith(entry["request"]["url"])


@by_title
def test_every_id_is_ours_and_stands_once(row: dict[str, Any]) -> None:
    bundle = read(row)
    ids = [bundle["id"], *(r["id"] for r in resources(bundle))]
    assert all(re.fullmatch(r"spine-demo-[a-z0-9-]{1,53}", id_) for id_ in ids)
    assert len(ids) == len(set(ids))


def test_no_two_patients_share_an_id() -> None:
    ids = [r["id"] for row in INDEX for r in resources(read(row))]
    assert len(ids) == len(set(ids))


@by_title
def test_every_reference_leads_to_an_entry_of_the_same_bundle(row: dict[str, Any]) -> None:
    bundle = read(row)
    targets = {entry["fullUrl"] for entry in bundle["entry"]} | {entry["request"]["url"] for entry in bundle["entry"]}
    assert set(values(bundle, "reference")) <= targets


def test_both_forms_of_reference_occur() -> None:
    found = {ref.startswith("urn:uuid:") for row in INDEX for ref in values(read(row), "reference")}
    assert found == {True, False}


@by_title
def test_a_patient_is_labelled_as_invented_test_data(row: dict[str, Any]) -> None:
    (patient,) = [r for r in resources(read(row)) if r["resourceType"] == "Patient"]
    assert [label["code"] for label in patient["meta"]["security"]] == ["HTEST"]
    assert patient["identifier"][0]["value"].startswith("SPINE-DEMO-")


@by_title
def test_a_patient_carries_ordinary_findings_too(row: dict[str, Any]) -> None:
    codes = {coding["code"] for coding in values_of_codings(read(row))}
    assert codes & UNRELATED


@by_title
def test_every_code_stands_in_the_tables_or_is_an_ordinary_finding(row: dict[str, Any]) -> None:
    for coding in values_of_codings(read(row)):
        if (table := TABLES.get(coding["system"])) and coding["code"] not in UNRELATED:
            assert (coding["code"], coding["display"]) in known(table), coding


def test_the_coding_is_as_varied_as_in_real_problem_lists() -> None:
    ways = set()
    for row in INDEX:
        for resource in resources(read(row)):
            if resource["resourceType"] == "Condition":
                systems = [TABLES.get(c["system"], "ehr") for c in resource["code"]["coding"]]
                ways.add(systems[0] if len(systems) == 1 else f"{systems[0]} first")
    assert {"snomed-ct", "icd-10-cm", "local", "ehr first", "icd-10-cm first", "snomed-ct first"} <= ways


@by_title
def test_nothing_lies_after_the_day_the_patients_are_written_for(row: dict[str, Any]) -> None:
    dates = re.findall(r'"(\d{4}-\d\d(?:-\d\d)?)(?:T[^"]*)?"', json.dumps(read(row)))
    assert max(dates) <= "2026-06-15"


def values_of_codings(bundle: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All codings of a Bundle."""
    for listed in values(bundle, "coding"):
        yield from listed


_known: dict[str, set[tuple[str, str]]] = {}


def known(table: str) -> set[tuple[str, str]]:
    """Code and display of a terminology table."""
    if table not in _known:
        with (ROOT / "profiles" / "terminology" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            _known[table] = {(row["code"], row["display"]) for row in csv.DictReader(file)}
    return _known[table]
