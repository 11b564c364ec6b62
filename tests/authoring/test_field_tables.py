"""Each row of the field tables is read as its datum and its note say."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from tests.kit import content

ROOT = Path(__file__).parents[2]
SHARED = next((p for p in (ROOT.parent / "shared" / "clinical",) if (p / "field-codes.csv").is_file()), None)
beside = pytest.mark.skipif(SHARED is None, reason="NOT CHECKED: the shared tables are not beside this repository")
GATE = ("paresis", "limb-weakness", "gait-disturbance", "numbness", "bladder-dysfunction", "bowel-dysfunction")
Row = dict[str, str]


def rows(name: str) -> list[Row]:
    if SHARED is None:
        return []
    with (SHARED / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def example(row: Row) -> tuple[str, str]:
    """The row's code as the tables hold it; a family of procedures by one of its codes."""
    family = "prefix of 4 characters" in row["note"]
    return content.library().spelling.coding((row["system"], f"{row['code']}0ZZ" if family else row["code"]))


def holders(row: Row) -> set[str]:
    coding = example(row)
    return {name for name, held in content.library().value_sets.items() if held.contains(*coding)}


FIELD = rows("field-codes.csv")
UNREAD = re.compile(r"never a histology result|needs a ruling|has to be ruled|may want them not to count|data error")


@beside
def test_a_row_is_known_unless_its_note_forbids_it() -> None:
    for row in FIELD:
        held, which = holders(row), (row["datum"], row["code"])
        if UNREAD.search(row["note"]):
            assert not held & {row["datum"], "histology-result", "platelets", "haemoglobin", "albumin"}, which
        elif "pain not certain" not in row["note"] and "disc surgery otherwise" not in row["note"]:
            assert held, which


@beside
def test_what_must_not_open_the_gate_is_in_no_set_that_does() -> None:
    named = re.compile(
        r"must not open the gate|not for the gate|overflow|falls alone|usually a brain|foot.drop: root|: brain, nerve"
    )
    for row in FIELD:
        words = f"{row['display']} {row['note']}".lower()
        if named.search(words) and "prefix" not in row["note"]:
            assert not holders(row) & set(GATE), row["code"]


@beside
def test_a_deficit_without_such_a_note_is_read_by_its_kind() -> None:
    kinds = {"paresis-or-paraplegia": "paresis", "limb-weakness": "limb-weakness", "numbness": "numbness"}
    for row in FIELD:
        if row["datum"] in kinds and "clinician decides" not in row["note"] and row["code"] != "M21.37":
            assert kinds[row["datum"]] in holders(row), row["code"]


@beside
def test_a_compression_as_a_diagnosis_is_read_by_the_gate_and_myelopathy_is_named() -> None:
    need = content.library().needs["compression-diagnosis"]
    for row in FIELD:
        if row["datum"] == "spinal-cord-compression":
            assert need.codes is not None
            assert need.codes.contains(*example(row)) == ("myelopathy" not in row["display"].lower()), row["code"]


@beside
def test_a_bone_without_a_name_counts_with_a_spinal_site_only() -> None:
    for row in FIELD:
        if row["datum"] == "pathological-vertebral-fracture":
            anywhere = "with a spinal bodySite" in row["note"]
            name = "vertebral-fracture-needs-spinal-site" if anywhere else "pathological-vertebral-fracture"
            other = "pathological-vertebral-fracture" if anywhere else "vertebral-fracture-needs-spinal-site"
            assert name in holders(row), row["code"]
            assert other not in holders(row), row["code"]


@beside
def test_an_answer_means_what_its_note_says() -> None:
    ecog = content.library().needs["ecog"].value
    assert ecog is not None
    assert ecog.conversion is not None
    for row in FIELD:
        coding = example(row)
        if found := re.search(r"-> (ECOG|Karnofsky) (\d+)", row["note"]):
            answers = ecog.answers if found[1] == "ECOG" else ecog.conversion.value.answers
            wanted = None if row["display"] == "Dead" else int(found[2])
            assert answers.get(coding) == wanted, row["code"]


@beside
def test_a_smoking_status_means_what_its_note_says_and_no_status_is_no_answer() -> None:
    value = content.library().needs["smoking"].value
    assert value is not None
    words = {"current": "current", "ex": "former", "never": "never"}
    for row in FIELD:
        answer = value.answers.get(example(row))
        found = re.search(r"^answer of 72166-2.*(?:\(|-> )(current|ex|never)\b", row["note"])
        if found and "non-smoker" not in row["note"]:
            assert answer == words[found[1]], row["code"]
        if "-> unknown" in row["note"] or "non-smoker: not never" in row["note"]:
            assert answer is None, row["code"]


@beside
def test_a_biopsy_is_told_from_a_resection_by_its_seventh_character() -> None:
    sets, pcs = content.library().value_sets, "http://www.cms.gov/Medicare/Coding/ICD10"
    for row in FIELD:
        if "seventh character X" in row["note"]:
            biopsy = (pcs, f"{row['code']}0ZX")
            assert sets["biopsy"].contains(*biopsy)
            assert not sets["tumour-resection-any"].contains(*biopsy)
            assert sets["tumour-resection-any"].contains(pcs, f"{row['code']}0ZZ") == (row["datum"] != "biopsy")


@beside
def test_a_study_is_read_and_a_limited_one_answers_no_emergency() -> None:
    for row in FIELD:
        if row["datum"] in ("spine-mri", "spine-ct"):
            held = holders(row)
            assert row["datum"] in held, row["code"]
            assert (f"{row['datum']}-full" in held) == ("limited or special" not in row["note"]), row["code"]
            assert (f"{row['datum']}-whole" in held) == ("coverage: whole" in row["note"]), row["code"]


@beside
def test_every_mr_and_ct_of_the_spine_in_the_loinc_list_is_read() -> None:
    vessel = re.compile(r"vessel|vein|guidance|Bone marrow|of Bone|angio|densit", re.IGNORECASE)
    missing = []
    for row in rows("expansions/loinc-spine-imaging.csv"):
        kind = {"MR": "spine-mri", "CT": "spine-ct"}.get(row["display"].split()[0])
        spine = re.search(r"\bspine\b", row["display"], re.IGNORECASE) and not vessel.search(row["display"])
        if kind and spine and kind not in holders({**row, "note": ""}):
            missing.append(row["display"])
    assert missing == []


@beside
def test_a_site_is_placed_elsewhere_or_cannot_be_placed() -> None:
    for row in rows("field-sites.csv"):
        placed_or_not(row)


def placed_or_not(row: Row) -> None:
    lesions = content.library().lesions
    coding = (row["system"], row["code"])
    wanted = tuple(level.removeprefix("level-").upper() for level in row["levels"].split())
    assert tuple(sorted(lesions.levels.get(coding, ()), key=lesions.order.index)) == wanted, row["code"]
    assert lesions.elsewhere is not None
    assert lesions.unspecific is not None
    assert lesions.elsewhere.contains(*coding) == (row["region"] == "elsewhere"), row["code"]
    assert lesions.unspecific.contains(*coding) == (row["region"] == "unspecific"), row["code"]
    in_spine = any(region.contains(*coding) for region in lesions.regions.values())
    assert in_spine == (row["region"] not in ("elsewhere", "unspecific")), row["code"]
    if row["region"] in lesions.regions:
        assert lesions.regions[row["region"]].contains(*coding), row["code"]


@beside
def test_every_site_of_the_radiotherapy_list_is_placed() -> None:
    lesions = content.library().lesions
    for row in rows("expansions/mcode-radiotherapy-spine-bodysite.csv"):
        coding = (row["system"], row["code"])
        assert coding in lesions.levels or any(v.contains(*coding) for v in lesions.regions.values()), row["display"]


@beside
def test_every_alias_is_read_as_its_system() -> None:
    for row in rows("system-aliases.csv"):
        alias = row["alias"].replace("/*", "/731000124108")
        assert content.library().spelling.system(alias) == row["system"], row["alias"]


@beside
def test_a_problem_has_its_class_unless_a_set_of_ours_reads_it() -> None:
    library = content.library()
    for row in rows("expansions/snomed-ips-problems.csv"):
        coding = ("http://snomed.info/sct", row["code"])
        own = any(
            library.value_sets[n].contains(*coding) for n in ("neoplasm-any-known", "deficit-any-known", "breast-lump")
        )
        assert library.recognition.classes.get(coding) == (None if own else row["reads_as"]), row["display"]


def test_no_class_founds_a_lesion_without_a_spinal_site() -> None:
    library = content.library()
    listed = {coding for coding, reads_as in library.recognition.classes.items() if reads_as != "elsewhere"}
    for kind in library.lesions.classes:
        for source in kind.sources:
            if source.site is None:
                assert not {c for c in listed if source.codes.contains(*c)}, kind.id
