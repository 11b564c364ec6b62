"""``codes expand`` against a stub of a terminology server, and ``codes where``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fhirpath_spine import authoring
from fhirpath_spine.exchange.ehr_side import SNOMED, question
from tests.entrypoints.fhir_stub import OUTCOME, FhirStub, Reply, serving

HOUSE = "urn:example:house"
TOKEN = "canary-token-4711"
URL = "http://tx.example/ValueSet/drugs"


def value_set(codes: list[str], total: int | None = None) -> Any:
    contains = [{"system": HOUSE, "code": code, "display": f"Drug {code}"} for code in codes]
    counted = {} if total is None else {"total": total}
    return {"resourceType": "ValueSet", "expansion": {**counted, "contains": contains}}


@pytest.fixture
def tx() -> Iterator[FhirStub]:
    with serving(FhirStub()) as found:
        yield found


@pytest.fixture
def expand(run: Any, tx: FhirStub) -> Any:
    def command(*specs: str, token: str = "") -> Any:
        given = [word for spec in specs for word in ("--valueset", spec)]
        more = ("--token", token) if token else ()
        return run("codes", "expand", "--tx", tx.base, *given, "--out", "house.yaml", *more)

    return command


def test_pages_are_read_to_the_end_and_nested_groups_opened(expand: Any, tx: FhirStub, tmp_path: Path) -> None:
    asked: list[dict[str, str]] = []

    def answer(query: dict[str, str]) -> Reply:
        asked.append(query)
        start = int(query["offset"])
        page = value_set([f"D{n}" for n in range(start, min(start + 2, 5))], total=5)
        return 200, page

    tx.expand = answer
    ran = expand(f"nsaid={URL}")
    assert ran.code == 0, ran.err
    assert [q["offset"] for q in asked] == ["0", "2", "4"]
    assert {q["url"] for q in asked} == {URL}
    assert "nsaid: 5 codes, 5 of them new" in ran.err
    written = (tmp_path / "house.yaml").read_text(encoding="utf-8")
    assert written.count(HOUSE) == 5
    assert f'source: "{URL}"' in written
    assert f'server: "{tx.base}"' in written


def test_what_it_writes_is_read_at_load(expand: Any, tx: FhirStub, tmp_path: Path) -> None:
    nested = {
        "contains": [{"abstract": True, "system": HOUSE, "code": "G", "contains": [{"system": HOUSE, "code": "D1"}]}]
    }
    tx.expand = lambda _: (200, {"resourceType": "ValueSet", "expansion": nested})
    assert expand(f"nsaid={URL}").code == 0
    (tmp_path / "site.yaml").write_text("timezone: UTC\nexpansions: [house.yaml]\n", encoding="utf-8")
    site = authoring.load_site(tmp_path / "site.yaml", authoring.profiles_directory())
    library = authoring.load(authoring.profiles_directory(), site)
    assert library.value_sets["nsaid"].contains(HOUSE, "D1")
    assert not library.value_sets["nsaid"].contains(HOUSE, "G")


def test_an_expression_is_asked_as_an_implicit_value_set() -> None:
    assert question("<< 1234567", 0)["url"] == "http://snomed.info/sct?fhir_vs=ecl/<< 1234567"
    assert question(URL, 0)["url"] == URL


def test_a_server_that_does_not_page_is_asked_until_nothing_is_new(expand: Any, tx: FhirStub) -> None:
    tx.expand = lambda _: (200, value_set(["D1", "D2"]))
    ran = expand(f"nsaid={URL}")
    assert ran.code == 0
    assert "nsaid: 2 codes" in ran.err
    assert len(tx.asked) == 2


def test_pages_smaller_than_asked_for_without_a_count_are_read_to_the_end(expand: Any, tx: FhirStub) -> None:
    def answer(query: dict[str, str]) -> Reply:
        start = int(query["offset"])
        codes = [f"D{n}" for n in range(start, min(start + 2, 5))]
        return 200, value_set(codes) if codes else {"resourceType": "ValueSet"}

    tx.expand = answer
    assert "nsaid: 5 codes" in expand(f"nsaid={URL}").err


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ((404, OUTCOME), "HTTP 404"),
        ((401, OUTCOME), "HTTP 401"),
        ((200, b"<html>"), "with a web page"),
        ((200, {"resourceType": "Bundle"}), "expanded ValueSet"),
        ((200, value_set([])), "lists no code"),
        ((200, value_set(["D1"], total=20_000)), "more than 10000"),
        ((200, value_set(["D1"], total=3)), "counts 3 codes"),
        ((422, {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "too costly"}]}), "too costly"),
    ],
)
def test_what_cannot_be_expanded_is_not_written(
    expand: Any, tx: FhirStub, tmp_path: Path, reply: Reply, says: str
) -> None:
    tx.expand = lambda _: reply
    ran = expand(f"nsaid={URL}", token=TOKEN)
    assert (ran.code, ran.out) == (1, "")
    assert says in ran.err
    assert TOKEN not in ran.err
    assert not (tmp_path / "house.yaml").exists()


@pytest.mark.parametrize(
    ("specs", "says"),
    [(("nsaids=x",), "Did you mean 'nsaid'?"), (("nsaid",), "NAME=SPEC"), (("nsaid=a", "nsaid=b"), "named twice")],
)
def test_wrong_use_ends_with_2(expand: Any, specs: tuple[str, ...], says: str) -> None:
    ran = expand(*specs)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_where_shows_what_reads_a_code(run: Any) -> None:
    found = run("codes", "where", "C79.51", "--format", "json")
    assert found.code == 0
    rows = json.loads(found.out)
    assert {"any-secondary-malignancy"} <= {r["valueSet"] for r in rows}
    assert any("tumours" in r["needs"] and "PW-METS" in r["pathways"] for r in rows)
    assert run("codes", "where", "http://snomed.info/sct|C79.51").code == 1
    assert run("codes", "where", "|C79.51").code == 2
    assert "any-secondary" in run("codes", "where", "C79.51").out
    assert "Nothing reads" in run("codes", "where", "nothing-has-this").err


@pytest.mark.parametrize(
    ("written", "by"),
    [
        ("http://hl7.org/fhir/sid/icd-10-cm|c7951", "icd-10-cm|C79.51: another spelling"),
        ("urn:oid:2.16.840.1.113883.6.90|C79.51", "icd-10-cm|C79.51: another spelling"),
        ("http://hl7.org/fhir/sid/icd-10|C79.5", "icd-10-cm|C79.5: a code of another system that says the same"),
        ("urn:example:house|BM7", "icd-10-cm|C79.51: code_map of the site"),
        ("BM7", "icd-10-cm|C79.51: code_map of the site"),
    ],
)
def test_where_reads_a_code_as_a_chart_is_read(run: Any, tmp_path: Path, written: str, by: str) -> None:
    (tmp_path / "site.yaml").write_text(
        f"timezone: UTC\ncode_map:\n  - {{from: '{HOUSE}|BM7', to: 'icd-10-cm|C79.51', claim: Nobody, when: 2026-06-01}}\n",
        encoding="utf-8",
    )
    found = run("codes", "where", written, "--site", "site.yaml", "--format", "json")
    assert f"http://hl7.org/fhir/sid/{by}" in {row.get("readAs") for row in json.loads(found.out)}
    said = run("codes", "where", written, "--site", "site.yaml").out
    assert f"{written} is read as http://hl7.org/fhir/sid/{by}." in " ".join(said.split())


# ------------------------------------------------------------------ classified by display

LIST = """code,display
9900001,Malignant neoplasm of breast
9900002,Metastatic malignant neoplasm to vertebra
9900003,Follicular lymphoma
9900004,Benign neoplasm of breast
9900005,Fracture of femur
"""


@pytest.fixture
def classify(run: Any, tmp_path: Path) -> Any:
    def command(text: str | bytes, *more: str) -> Any:
        (tmp_path / "mine.csv").write_bytes(text.encode() if isinstance(text, str) else text)
        return run("codes", "expand", "--list", "mine.csv", "--out", "house.csv", *more)

    return command


def test_a_list_of_the_site_is_classified_and_read_at_load(classify: Any, tmp_path: Path) -> None:
    ran = classify(LIST)
    assert ran.code == 0, ran.err
    assert ran.out.strip() == "house.csv"
    assert "metastatic: 1 codes" in ran.err
    assert "other: 1 codes, no tumours" in ran.err
    assert "Written: 3 codes, 3 of them new" in ran.err
    (tmp_path / "site.yaml").write_text("timezone: UTC\nexpansions: [house.csv]\n", encoding="utf-8")
    site = authoring.load_site(tmp_path / "site.yaml", authoring.profiles_directory())
    library = authoring.load(authoring.profiles_directory(), site)
    assert library.value_sets["primary-cancer-breast"].contains(SNOMED, "9900001")
    assert library.value_sets["any-secondary-malignancy"].contains(SNOMED, "9900002")
    assert library.value_sets["haematological-malignancy"].contains(SNOMED, "9900003")
    assert not any(v.contains(SNOMED, "9900004") for v in library.value_sets.values())


def test_the_tumours_of_a_terminology_server_are_classified(run: Any, tx: FhirStub, tmp_path: Path) -> None:
    displays = ["Carcinoma of stomach", "Growth without a word"]
    contains = [{"system": SNOMED, "code": f"990000{n}", "display": d} for n, d in enumerate(displays)]
    tx.expand = lambda _: (200, {"resourceType": "ValueSet", "expansion": {"total": 2, "contains": contains}})
    ran = run("codes", "expand", "--tx", tx.base, "--tumours", "<< 9900009", "--out", "house.csv")
    assert ran.code == 0, ran.err
    assert "uncertain-or-unspecified: 1 codes." in ran.err
    written = (tmp_path / "house.csv").read_text(encoding="utf-8")
    assert "# source: << 9900009\n" in written
    assert f"# server: {tx.base}\n" in written
    assert (
        "primary-cancer-other,http://snomed.info/sct,9900000,Carcinoma of stomach,malignant-primary,stomach" in written
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("code,display\nA1,Carcinoma\n", "Line 2 of the list holds no code"),
        ("code,display\n9900005,Fracture of femur\n", "names a cancer"),
        (b"code,display\n9900005,\xff\n", "not UTF-8"),
    ],
)
def test_a_list_that_cannot_be_classified_is_not_written(classify: Any, tmp_path: Path, text: Any, says: str) -> None:
    ran = classify(text)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert not (tmp_path / "house.csv").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "One of --valueset"),
        (("--list", "a", "--tumours", "b"), "One of --valueset"),
        (("--tumours", "b"), "--tx is missing"),
        (("--valueset", "nsaid=b"), "--tx is missing"),
        (("--tx", "http://x.example/fhir", "--valueset", "nsaid=b"), "written as YAML"),
        (("--list", "nowhere.csv"), "cannot be read"),
    ],
)
def test_wrong_use_of_expand_says_what_is_needed(run: Any, words: tuple[str, ...], says: str) -> None:
    ran = run("codes", "expand", "--out", "house.csv", *words)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
