"""What charts send and no table reads: counted, with what may be meant, and without a word of a chart unless asked for."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from fhirpath_spine.exchange.ehr_side import COLUMNS, Gap, Missing, table
from fhirpath_spine.pathway.facts import answer
from fhirpath_spine.pathway.model import Library, Site
from tests.kit import content

HOUSE, LOCAL, ICD = "urn:example:house", "urn:fhirpath-spine:cs:local", "http://hl7.org/fhir/sid/icd-10-cm"


@pytest.fixture(scope="module")
def library() -> Library:
    return content.library()


def coded(kind: str, *codes: tuple[str, str], display: str = "", **more: Any) -> dict[str, Any]:
    coding = [{"system": s, "code": c, **({"display": display} if display else {})} for s, c in codes]
    return {"resourceType": kind, "code": {"coding": coding}, **more}


def gaps(library: Library, *resources: dict[str, Any], site: Site | None = None) -> list[Gap]:
    found = Missing(library, site or Site())
    for one in resources:
        found.take(one)
    return list(found.gaps())


def codes(found: list[Gap]) -> list[tuple[str, str, int]]:
    return [(gap.system, gap.code, gap.count) for gap in found]


def test_codes_that_nothing_reads_are_counted_the_most_frequent_first(library: Library) -> None:
    rare, often = coded("Condition", (HOUSE, "A")), coded("Procedure", (HOUSE, "B"))
    assert codes(gaps(library, rare, often, often)) == [(HOUSE, "B", 2), (HOUSE, "A", 1)]


def test_a_code_that_is_read_is_not_listed_nor_one_that_stands_beside_it(library: Library) -> None:
    assert gaps(library, coded("Condition", (ICD, "C79.51"), (HOUSE, "A"))) == []
    assert gaps(library, coded("Condition", (ICD, "c7951"))) == []


def test_a_code_that_another_type_is_read_by_is_known(library: Library) -> None:
    assert gaps(library, coded("Procedure", (ICD, "C79.51"))) == []


def test_a_translated_code_is_not_missing(library: Library) -> None:
    site = Site(code_map={(HOUSE, "NP"): (LOCAL, "night-pain")})
    assert gaps(library, coded("Observation", (HOUSE, "NP")), site=site) == []


def test_drugs_sites_components_and_answers_are_looked_at(library: Library) -> None:
    drug = {
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": {"coding": [{"system": HOUSE, "code": "D"}]},
    }
    ingredient = {
        "resourceType": "Medication",
        "ingredient": [{"itemCodeableConcept": {"coding": [{"system": HOUSE, "code": "I"}]}}],
    }
    site = coded("Condition", (ICD, "C79.51"), bodySite=[{"coding": [{"system": HOUSE, "code": "S"}]}])
    seen = (LOCAL, "gait")
    part = coded("Observation", seen, component=[{"code": {"coding": [{"system": HOUSE, "code": "P"}]}}])
    said = coded("Observation", seen, valueCodeableConcept={"coding": [{"system": HOUSE, "code": "V"}]})
    found = gaps(library, drug, ingredient, site, part, said)
    assert {code for _, code, _ in codes(found)} == {"D", "I", "S", "P", "V"}
    assert next(gap for gap in found if gap.code == "V").nearest == "gait"


def test_a_text_that_answers_is_listed_under_its_datum_whatever_its_case(library: Library) -> None:
    gait = (LOCAL, "gait")
    found = gaps(
        library,
        coded("Observation", gait, valueString=" WNL"),
        coded("Observation", gait, valueCodeableConcept={"text": "wnl"}),
        coded("Observation", gait, valueString="x" * 200),
    )
    assert codes(found) == [("urn:fhirpath-spine:answer:gait", "wnl", 2)]
    assert found[0].nearest == "gait"
    bound = answer("gait", "WNL")
    assert bound is not None
    site = Site(code_map={bound: (LOCAL, "gait-normal")})
    assert gaps(library, coded("Observation", gait, valueString="WNL"), site=site) == []


def test_the_nearest_datum_has_the_words_of_the_display_or_the_chapter_of_the_code(library: Library) -> None:
    named = coded("Observation", (HOUSE, "1"), display="Pain at night")
    chapter = coded("Condition", (ICD, "C79.9999"))
    far = coded("Condition", (HOUSE, "2"), display="Ingrown toenail")
    near = {gap.code: gap.nearest for gap in gaps(library, named, chapter, far)}
    assert near["1"] == "night-pain"
    assert near["2"] == ""


def test_other_types_and_odd_shapes_count_for_nothing(library: Library) -> None:
    odd: list[Any] = [
        {"resourceType": "Encounter", "code": {"coding": [{"system": HOUSE, "code": "E"}]}},
        {"resourceType": "Condition", "code": {"coding": [{"system": 1, "code": None}, "x", None]}},
        {"resourceType": "Condition", "code": "x"},
        {"resourceType": "Condition"},
        {"resourceType": 7},
        {"resourceType": "MedicationRequest", "medicationReference": {"reference": "Medication/1"}},
        {"resourceType": "Observation", "component": ["x"], "bodySite": "x"},
        {},
    ]
    assert gaps(library, *odd) == []


def test_resources_without_a_code_are_counted(library: Library) -> None:
    found = Missing(library, Site())
    found.take({"resourceType": "Condition", "code": {"text": "Lump"}})
    assert (found.uncoded, found.read, list(found.gaps())) == (1, 1, [])


def test_what_is_kept_is_bounded(library: Library) -> None:
    found = Missing(library, Site(), most=20)
    for number in range(25):
        found.take(coded("Condition", (HOUSE, str(number))))
    found.take(coded("Condition", (HOUSE, "0")))
    rows = list(found.gaps())
    assert (len(rows), found.further, rows[0].count) == (20, 5, 2)


def test_the_table_holds_no_word_of_a_chart_unless_it_is_asked_for() -> None:
    rows = [
        Gap(HOUSE, "A,1", 3, "gait", "=Mrs Canary's gait"),
        Gap("urn:fhirpath-spine:answer:gait", "seen by canary", 2, "gait", "Seen by Canary"),
    ]
    plain, told = table(rows, with_text=False), table(rows, with_text=True)
    assert "anary" not in plain
    assert list(csv.reader(plain.splitlines())) == [list(COLUMNS), [HOUSE, "A,1", "3", "gait", "", "", ""]]
    first, second = list(csv.DictReader(told.splitlines()))
    assert first["display"] == "'=Mrs Canary's gait"
    assert second["code"] == "seen by canary"
