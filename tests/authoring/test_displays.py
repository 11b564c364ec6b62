"""What a display of SNOMED CT says of a tumour: class, organ, and the value sets that take it."""

from __future__ import annotations

import csv
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from fhirpath_spine import authoring
from fhirpath_spine.authoring import check
from fhirpath_spine.authoring.profile import FILE, Displays, Named, load_displays
from fhirpath_spine.errors import ProfileError

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SHARED = ROOT.parent / "shared" / "clinical" / "expansions"
CANCERS = ("malignant-primary", "metastatic", "haematological")


@cache
def rules() -> Displays:
    return load_displays(authoring.profiles_directory())


def invented() -> list[tuple[str, str, str]]:
    lines = (HERE / "displays.txt").read_text(encoding="utf-8").splitlines()
    parts = [line.split("|", 2) for line in lines if line and not line.startswith("#")]
    return [(name.strip(), organ.strip(), display.strip()) for name, organ, display in parts]


@pytest.mark.parametrize(("name", "organ", "display"), invented())
def test_a_display_says_its_class_and_organ(name: str, organ: str, display: str) -> None:
    found = rules().read(display)
    assert (found.name, found.organ) == (name, organ)


def test_the_invented_displays_hold_every_class() -> None:
    counted = Counter(name for name, _, _ in invented())
    assert len(counted) == 9
    assert min(counted.values()) >= 6
    assert counted.total() >= 120


@pytest.mark.parametrize(
    ("display", "sets"),
    [
        ("Malignant neoplasm of breast", "primary-cancer primary-cancer-known-site primary-cancer-breast"),
        ("Primary adenocarcinoma of lung", "primary-cancer primary-cancer-known-site primary-cancer-lung"),
        ("Carcinoma of stomach", "primary-cancer primary-cancer-known-site primary-cancer-other"),
        # where metastases settle, a cancer that is not called primary is the patient's own, of whatever origin
        ("Adenocarcinoma of lung", "cancer-history"),
        ("Malignant neoplasm of liver", "cancer-history"),
        ("Sarcoma", "cancer-history"),
        ("Malignant neoplasm of thoracic vertebra", "cancer-history"),
        ("Metastatic malignant neoplasm to vertebra", "any-secondary-malignancy"),
        ("Follicular lymphoma", "haematological-malignancy"),
        ("Follicular lymphoma in remission", "cancer-history"),
        ("History of malignant neoplasm of breast", "cancer-history cancer-history-codes-only"),
        ("Family history of malignant neoplasm of breast", ""),
        ("Basal cell carcinoma of skin of face", ""),
        ("Squamous cell carcinoma of skin of face", ""),
        ("Squamous cell carcinoma of oesophagus", "primary-cancer primary-cancer-known-site primary-cancer-other"),
        ("Carcinoma in situ of breast", ""),
        ("Neoplasm of breast", ""),
        ("Benign neoplasm of breast", ""),
    ],
)
def test_a_display_goes_to_the_value_sets_that_read_its_class(display: str, sets: str) -> None:
    assert rules().read(display).to == tuple(sets.split())


def test_in_a_list_of_tumours_a_display_without_a_word_is_one_all_the_same() -> None:
    assert rules().read("Rathke pouch thing") == Named("other")
    assert rules().read("Rathke pouch thing", tumours=True).name == "uncertain-or-unspecified"


@pytest.mark.skipif(not (SHARED / "snomed-cancer-words.csv").exists(), reason="the list does not ship")
def test_the_classes_agree_with_a_list_that_was_read_by_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    with (SHARED / "snomed-cancer-words.csv").open(encoding="utf-8", newline="") as lines:
        pairs = Counter(
            (row["class"], rules().read(row["display"], tumours=True).name) for row in csv.DictReader(lines)
        )
    figures = agreement(pairs)
    with capsys.disabled():
        print("\nclass recall precision rows")
        for name, (recall, precision, rows) in figures.items():
            print(f"{name:26} {recall:.4f} {precision:.4f} {rows}")
    assert pairs.total() > 10_000
    assert all(min(figures[name][:2]) >= 0.98 for name in CANCERS)
    assert all(min(recall, precision) >= 0.95 for recall, precision, _ in figures.values())


@pytest.mark.skipif(not (SHARED / "snomed-ips-problems.csv").exists(), reason="the list does not lie beside")
def test_in_a_list_of_all_problems_what_is_no_cancer_is_not_taken_for_one() -> None:
    with (SHARED / "snomed-ips-problems.csv").open(encoding="utf-8", newline="") as lines:
        pairs = Counter((row["class"], rules().read(row["display"]).name) for row in csv.DictReader(lines))
    figures = agreement(pairs)
    assert pairs.total() > 5_000
    assert all(min(figures[name][:2]) >= 0.98 for name in CANCERS)


def agreement(pairs: Counter[tuple[str, str]]) -> dict[str, tuple[float, float, int]]:
    """Recall, precision and number of rows, by class of the list."""
    found = {}
    for name in sorted({wanted for wanted, _ in pairs}):
        same = pairs[name, name]
        wanted = sum(n for (w, _), n in pairs.items() if w == name)
        given = sum(n for (_, g), n in pairs.items() if g == name)
        found[name] = (same / wanted, same / max(given, 1), wanted)
    return found


# ------------------------------------------------------------------ the file

GOOD = """\
tags: {disorder: words}
classes: [{class: metastatic, words: [metasta*]}]
tumours: [tumor*]
organs: [{organ: bone, words: [rib]}]
sets: [{class: metastatic, to: [metastasis]}]
"""


def test_a_file_of_a_set_is_read(profiles) -> None:
    profiles.write(FILE, GOOD)
    assert load_displays(profiles.folder).read("Metastasis to rib") == Named("metastatic", "bone", ("metastasis",))
    assert check(profiles.folder) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("metasta*]", "met*sta]", "SP208"),
        ("to: [metastasis]", "to: [metastases]", "SP301"),
        ("tumours", "tumors", "SP205"),
        ("class: metastatic, to", "class: metastasis, to", "SP341"),
        ("metastatic, to:", "metastatic, organ: [bones], to:", "SP341"),
        ("[metastasis]}]", "[metastasis]}, {class: metastatic, organ: [bone], to: [metastasis]}]", "SP341"),
        ("[metastasis]}]", "[metastasis]}, {class: metastatic, words: [remission], to: []}]", "SP341"),
        ("to: [metastasis]}]", "words: [rib], without: [rib], to: [metastasis]}]", "SP341"),
        ("to: [metastasis]}]", "to: []}]", "SP341"),
    ],
)
def test_what_is_wrong_with_it_is_found_by_lint_and_not_used(profiles, old: str, new: str, code: str) -> None:
    profiles.write(FILE, GOOD.replace(old, new))
    assert code in {d.code for d in check(profiles.folder)}
    with pytest.raises(ProfileError):
        load_displays(profiles.folder)


def test_a_set_without_the_file_classifies_nothing(profiles) -> None:
    with pytest.raises(ProfileError, match=r"displays\.yaml"):
        load_displays(profiles.folder)
