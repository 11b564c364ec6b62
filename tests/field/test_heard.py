"""Each code of a cancer beside a new loss of power is read or doubted; each site and study of the spine is read."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from fhirpath_spine import authoring
from tests.field.heard import (
    CANCERS,
    ELSEWHERE,
    IN_SITU,
    PERHAPS,
    READ,
    Row,
    asked_about,
    bare,
    hear,
    report,
    rows_of,
    studies,
    unplaced,
    way_of,
)
from tests.field.making import ICD, LOINC, SCT

SAMPLES = Path(__file__).parent / "samples"
SHARED = Path(__file__).parents[3] / "shared" / "clinical" / "expansions"
HOUSE = "http://hospital.example/codes"
PROBLEMS = authoring.profiles_directory() / "terminology" / "problems" / "snomed-ips-problems.csv"

NAMED = {
    "Primary anaplastic astrocytoma of the frontal lobe": "perhaps strong",
    "Mycosis fungoides of the spleen": "perhaps strong",
    "Sézary syndrome": "perhaps strong",
    "Gamma heavy chain disease": "perhaps strong",
    "Solitary plasmacytoma": "perhaps strong",
    "Yolk sac tumour of the ovary": "perhaps strong",
    "Krukenberg tumour": "perhaps strong",
    "Germinoma of the pineal gland": "perhaps strong",
    "Metastatic spindle cell melanoma": "perhaps strong",
    "Poorly differentiated chordoma": "perhaps spinal",
    "Tumour of the thoracic spine": "perhaps spinal",
    "Spindle cell tumour": "perhaps weak",
    "Neoplasm of uncertain behaviour of the kidney": "perhaps weak",
    "Melanoma in situ of the arm": IN_SITU,
}
"""What a hospital may call an entry under a code of its own, and how it is heard."""


def ips(every: int) -> list[Row]:
    """A share of the cancers of the list of problems that ships."""
    with PROBLEMS.open(encoding="utf-8", newline="") as file:
        rows = [Row(SCT, r["code"], r["display"]) for r in csv.DictReader(file) if r["class"] in CANCERS]
    return rows[::every]


def test_each_cancer_of_a_sample_of_icd_is_heard() -> None:
    rows = list(rows_of(SAMPLES / "icd-10-cm.csv"))
    heard = hear(rows)
    assert heard.silent == []
    assert heard.ways[READ] > 60
    assert set(heard.ways) <= {READ, *PERHAPS, ELSEWHERE}


def test_what_is_read_or_strongly_doubted_leads_to_a_card_unless_it_is_of_the_skin() -> None:
    heard = hear(rows_of(SAMPLES / "icd-10-cm.csv"))
    assert [row.code for row in heard.quiet if not row.code.startswith("C44")] == []


def test_each_cancer_of_a_share_of_the_shipped_problems_is_heard() -> None:
    heard = hear(ips(6))
    assert heard.ways.total() > 50
    assert (heard.silent, heard.quiet) == ([], [])


@pytest.mark.parametrize(("display", "way"), NAMED.items(), ids=lambda value: value.encode("ascii", "replace").decode())
def test_an_entry_of_a_house_is_heard_by_its_words(display: str, way: str) -> None:
    assert way_of(Row(HOUSE, "X1", display))[0] == way


def test_what_may_be_a_tumour_of_the_spine_is_a_warning_beside_a_loss_of_power() -> None:
    assert way_of(Row(HOUSE, "X1", "Poorly differentiated chordoma")) == ("perhaps spinal", True)


def test_a_bare_code_without_a_display_says_nothing_and_is_told_so() -> None:
    rows = [Row(HOUSE, "X1", "Colon cancer"), Row(ICD, "C18.9", "Malignant neoplasm of colon, unspecified")]
    assert bare(rows) == rows[:1]


@pytest.mark.parametrize("code", ["D33.9", "D45", "D72.110"])
def test_a_neoplasm_that_may_be_one_is_asked_about_beside_back_pain(code: str) -> None:
    assert asked_about(Row(ICD, code, ""))


@pytest.mark.parametrize("code", ["D05.10", "D03.11", "D33.3", "D35.2"])
def test_a_neoplasm_that_is_surely_elsewhere_is_not_asked_about(code: str) -> None:
    assert way_of(Row(ICD, code, "")) == (ELSEWHERE, False)
    assert not asked_about(Row(ICD, code, ""))


def test_every_site_of_radiotherapy_to_the_spine_is_placed() -> None:
    rows = list(rows_of(SAMPLES / "spine-sites.csv"))
    assert len(rows) == 41
    assert unplaced(rows) == []
    assert unplaced([Row(SCT, "71341001", "Bone structure of femur")]) != []


def test_studies_of_the_spine_are_told_from_guidance_and_from_other_places() -> None:
    rows = [
        Row(LOINC, "24981-3", "MR Thoracic spine WO and W contrast IV"),
        Row(LOINC, "24986-2", "CT Guidance for biopsy of Spine"),
        Row(LOINC, "0-0", "MR Lumbar spine"),
        Row(LOINC, "24590-2", "MR Brain"),
    ]
    assert studies(rows) == (rows[:1], [rows[2]])


@pytest.mark.thorough
def test_every_code_of_the_shared_tables_is_heard(capsys: pytest.CaptureFixture[str]) -> None:
    if not SHARED.is_dir():
        pytest.skip("NOT CHECKED: the shared tables are not beside this repository")
    with capsys.disabled():
        assert report(SHARED)
