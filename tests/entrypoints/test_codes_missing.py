"""``codes missing`` against a stub of a FHIR server and over NDJSON files, and the way back into a site."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fhirpath_spine import authoring
from tests.entrypoints.fhir_stub import OUTCOME, FhirStub, serving

HOUSE = "urn:example:house"
TOKEN = "canary-token-4711"
DOC = (Path(__file__).parents[2] / "docs" / "onboarding.md").read_text(encoding="utf-8")


def entry(kind: str, code: str, number: int = 1, **more: Any) -> dict[str, Any]:
    coding = {"system": HOUSE, "code": code, "display": f"Pain at night of Mrs Canary, {code}"}
    subject = {"reference": f"Patient/{number % 3}"}
    return {"resourceType": kind, "id": f"{code}-{number}", "code": {"coding": [coding]}, "subject": subject, **more}


CHARTS = [*(entry("Condition", "C1", n) for n in range(7)), *(entry("Observation", "O1", n) for n in range(3))]


@pytest.fixture
def ehr() -> Iterator[FhirStub]:
    with serving(FhirStub([dict(r) for r in CHARTS], page_size=2)) as found:
        yield found


def rows(text: str) -> list[list[str]]:
    return [[r["system"], r["code"], r["count"]] for r in csv.DictReader(text.splitlines())]


def test_a_server_is_read_to_its_end_type_by_type(run: Any, ehr: FhirStub) -> None:
    ehr.token = TOKEN
    ran = run("codes", "missing", "--fhir", ehr.base, "--token", TOKEN)
    assert ran.code == 0, ran.err
    assert rows(ran.out) == [[HOUSE, "C1", "7"], [HOUSE, "O1", "3"]]
    assert "10 resources, 2 codes" in ran.err
    assert "anary" not in ran.out + ran.err
    asked = {target.split("?")[0].removeprefix("/fhir/") for target in ehr.asked if "_getpages" not in target}
    assert {"Condition", "Observation", "Procedure", "MedicationRequest", "AllergyIntolerance", "Medication"} <= asked


def test_a_type_that_is_not_listed_as_a_whole_is_named_and_the_others_are_read(run: Any, ehr: FhirStub) -> None:
    ehr.faults["Observation"] = (403, OUTCOME)
    ran = run("codes", "missing", "--fhir", ehr.base)
    assert ran.code == 0
    assert rows(ran.out) == [[HOUSE, "C1", "7"]]
    assert "Observation: the server answers HTTP 403" in ran.err


def test_a_server_that_lists_nothing_ends_with_1(run: Any, ehr: FhirStub) -> None:
    ehr.faults["*"] = (401, OUTCOME)
    ran = run("codes", "missing", "--fhir", ehr.base, "--token", TOKEN)
    assert (ran.code, ran.out) == (1, "")
    assert "bulk export" in ran.err
    assert TOKEN not in ran.err


def test_a_page_that_fails_ends_with_1(run: Any, ehr: FhirStub) -> None:
    ehr.faults["page"] = (500, OUTCOME)
    ran = run("codes", "missing", "--fhir", ehr.base)
    assert (ran.code, ran.out) == (1, "")
    assert "HTTP 500" in ran.err


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    for kind in ("Condition", "Observation"):
        lines = [json.dumps(r) for r in CHARTS if r["resourceType"] == kind]
        (folder / f"{kind}.000.ndjson").write_text("\n".join([*lines, "", ""]), encoding="utf-8")
    return folder


def test_the_files_of_an_export_are_read_line_by_line(run: Any, export: Path) -> None:
    ran = run("codes", "missing", "--ndjson", export)
    assert ran.code == 0, ran.err
    assert rows(ran.out) == [[HOUSE, "C1", "7"], [HOUSE, "O1", "3"]]
    assert "anary" not in ran.out + ran.err


def test_text_is_listed_only_when_asked_for(run: Any, export: Path) -> None:
    told = entry("Observation", "x", valueString="Steady, seen by Canary")
    told["code"]["coding"] = [{"system": "urn:fhirpath-spine:cs:local", "code": "gait"}]
    (export / "more.ndjson").write_text(json.dumps(told), encoding="utf-8")
    plain = run("codes", "missing", "--ndjson", export)
    assert "1 answers written as text are left out" in plain.err
    assert "anary" not in plain.out + plain.err
    full = run("codes", "missing", "--ndjson", export, "--with-text")
    assert ["urn:fhirpath-spine:answer:gait", "steady, seen by canary", "1"] in rows(full.out)
    assert "Mrs Canary" in full.out


@pytest.mark.parametrize(
    ("text", "says"),
    [("{}\n{\n", "Line 2 of bad.ndjson is no JSON"), ("\n[]\n", "Line 2 of bad.ndjson is no JSON object")],
)
def test_a_line_that_is_no_resource_is_named(run: Any, export: Path, text: str, says: str) -> None:
    (export / "bad.ndjson").write_text(text, encoding="utf-8")
    ran = run("codes", "missing", "--ndjson", export)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "Either --fhir or --ndjson"),
        (("--fhir", "http://x.example", "--ndjson", "."), "Either --fhir or --ndjson"),
        (("--ndjson", "nowhere"), r"no \*.ndjson file"),
    ],
)
def test_wrong_use_says_what_is_needed(run: Any, words: tuple[str, ...], says: str) -> None:
    ran = run("codes", "missing", *words)
    assert (ran.code, ran.out) == (2, "")
    assert re.search(says, ran.err)


def test_a_file_that_is_filled_in_is_taken_back_and_its_codes_are_missing_no_more(
    run: Any, export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "house-codes.csv"
    assert run("codes", "missing", "--ndjson", export, "--out", out).out.strip() == str(out)
    text = out.read_text(encoding="utf-8")
    filled = re.sub(
        r"^(urn:example:house,O1,3,[^,]*),,,$", r"\1,local|night-pain,A. Coder,2026-01-31", text, flags=re.M
    )
    assert filled != text
    out.write_text(filled, encoding="utf-8")
    (tmp_path / "site.yaml").write_text("timezone: UTC\ncode_map: house-codes.csv\n", encoding="utf-8")
    monkeypatch.setenv("SPINE_SITE", str(tmp_path / "site.yaml"))
    assert rows(run("codes", "missing", "--ndjson", export).out) == [[HOUSE, "C1", "7"]]


def test_the_page_shows_a_row_as_it_is_written_and_a_translation_that_is_taken(tmp_path: Path) -> None:
    (shown,) = re.findall(r"^```csv\n(.*?)^```", DOC, re.MULTILINE | re.DOTALL)
    to = re.findall(r"`(local\|[\w-]+)`", DOC)
    assert {"local|night-pain", "local|gait-normal"} <= set(to)
    answer = "urn:fhirpath-spine:answer:gait"
    assert f"`{answer}`, `wnl`" in DOC
    text = f"{shown.replace(',,,', ',local|night-pain,A. Coder,2026')}{answer},wnl,1,gait,local|gait-normal,A. Coder,2026\n"
    (tmp_path / "house-codes.csv").write_text(text, encoding="utf-8")
    (tmp_path / "site.yaml").write_text("timezone: UTC\ncode_map: house-codes.csv\n", encoding="utf-8")
    site = authoring.load_site(tmp_path / "site.yaml", authoring.profiles_directory())
    assert {code: target for (_, code), (_, target) in site.code_map.items()} == {
        "NP1": "night-pain",
        "wnl": "gait-normal",
    }
