"""The committed terminology tables: every code comes from the shared tables, none ships that must not."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.kit.files import yaml_of

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "profiles" / "terminology"
SHARED = ROOT.parent / "shared" / "clinical"
SYSTEMS = yaml_of(FOLDER / "systems.yaml")
SETS = yaml_of(FOLDER / "value-sets.yaml")
# What counts as a coded neoplasm at all (rulings 2.2): ICD-10-CM C00-D49. No table lists it.
CHAPTER = {"C", "D0", "D1", "D2", "D3", "D4"}
CHAPTERS = (
    "neoplasm-chapter",
    "neoplasm-malignant-chapter",
    "neoplasm-uncertain-chapter",
    "neoplasm-perhaps-chapter",
    "neoplasm-elsewhere-chapter",
)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


SYMBOLS = {"NF1", "NF2", "KIT", "PDGFRA", "SMARCB1"}
"""Of these genes the number alone and the symbol arrive too."""
TABLES = {name: rows_of(FOLDER / system["file"]) for name, system in SYSTEMS.items()}
URI = {name: system["uri"] for name, system in SYSTEMS.items()}


@pytest.fixture(scope="module")
def shared() -> Path:
    if not (SHARED / "codes.csv").is_file():
        pytest.skip("NOT CHECKED: the shared tables are not beside this repository, codes were not compared with them")
    return SHARED


@pytest.fixture(scope="module")
def allowed(shared: Path) -> dict[tuple[str, str], str]:
    """(system URI, code) to display, of every row that may ship."""
    good = {"verified", "single-source"}
    found = {
        (row["system"], row["code"]): row["display"]
        for row in rows_of(shared / "codes.csv")
        if row["status"] in good and row["code"] and row["value_set"] != "legacy-do-not-emit"
    }
    found |= {(row["system"], row["code"]): row["display"] for row in rows_of(shared / "extra-codes.csv")}
    for file in ("field-codes.csv", "field-sites.csv", "expansions/mcode-radiotherapy-spine-bodysite.csv"):
        for row in rows_of(shared / file):
            found.setdefault((row["system"], row["code"]), row["display"].removesuffix(" (body structure)"))
    for row in rows_of(ROOT / "tools" / "allergens.csv"):
        found.setdefault((URI["snomed-ct"], row["code"]), row["display"])
    for row in rows_of(ROOT / "tools" / "products.csv"):
        found.setdefault((URI["rxnorm"], row["code"]), row["display"])
    for row in rows_of(shared / "expansions" / "snomed-ips-problems.csv"):
        found.setdefault((URI["snomed-ct"], row["code"]), row["display"])
    # Two spellings of one system, which the aliases fold.
    found |= {
        (URI["hcpcs"], code): display for (uri, code), display in found.items() if uri.endswith("HCPCSReleaseCodeSets")
    }
    return found | {(URI["local"], row["code"]): row["display"] for row in rows_of(shared / "local-codes.csv")}


@pytest.fixture(scope="module")
def prefixes(shared: Path) -> set[str]:
    """ICD-10-CM codes below which everything counts: `*` and ranges of the bindings, headers of codes.csv."""
    text = (shared / "bindings.csv").read_text(encoding="utf-8")
    found = set(re.findall(r"icd-10-cm\|([A-Z0-9.]+)\*", text))
    found |= set(re.findall(r"\b([A-Z]\d\d\.\d+)-(?!\w)", text))
    for letter, first, last in re.findall(r"\b([A-Z])(\d\d)-\1(\d\d)\b", text):
        found |= {f"{letter}{number:02}" for number in range(int(first), int(last) + 1)}
    found |= {
        row["code"]
        for row in rows_of(shared / "field-codes.csv")
        if row["system"] == URI["icd-10-cm"] and row["note"].startswith("prefix")
    }
    return found | {
        row["code"]
        for row in rows_of(shared / "codes.csv")
        if row["system"] == URI["icd-10-cm"] and re.search(r"\b(prefix|header)\b", row["note"])
    }


def codes_of(cell: str) -> list[tuple[str, str]]:
    """(table, code) of a `system|code|display ; ...` cell."""
    names = {uri: name for name, uri in URI.items()}
    parts = [part.strip().split("|") for part in cell.split(" ; ") if part.strip()]
    return [(names[uri], code) for uri, code, _ in parts]


def verhoeff(code: str) -> bool:
    """A dihedral-group checksum, as SNOMED CT prescribes it."""
    check = 0
    for place, digit in enumerate(int(sign) for sign in reversed(code)):
        for _ in range(place % 8):
            digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
        turned = (check % 5 + digit * (1 if check < 5 else -1)) % 5
        check = turned + 5 * ((check >= 5) != (digit >= 5))
    return check == 0


def mod10(code: str) -> bool:
    digits, _, check = code.partition("-")
    if digits.startswith("LA"):
        # Answer codes: the digit sum has an offset of 5, or of 8 where the number of digits is odd.
        odd = str(int(digits[2:][::-1][::2][::-1]) * 2)
        total = sum(int(sign) for sign in odd + digits[2:][::-1][1::2])
        return any((10 - (total + offset) % 10) % 10 == int(check) for offset in (5, 8))
    odd = str(int(digits[::-1][::2][::-1]) * 2)
    total = sum(int(sign) for sign in odd + digits[::-1][1::2])
    return (10 - total % 10) % 10 == int(check)


def test_the_columns_are_those_the_reader_expects() -> None:
    for name, rows in TABLES.items():
        assert rows, name
        assert list(rows[0]) == ["value_set", "code", "display", "match", "note"], name


def test_every_set_has_a_title_and_every_title_a_set() -> None:
    held = {row["value_set"] for rows in TABLES.values() for row in rows}
    assert held == set(SETS)
    assert [name for name, described in SETS.items() if not described["title"] or not described["from"]] == []
    assert [name for name in SETS if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)] == []


def test_no_row_stands_twice_and_rows_are_sorted() -> None:
    for name, rows in TABLES.items():
        keys = [(row["value_set"], row["code"]) for row in rows]
        assert [key for key, count in Counter(keys).items() if count > 1] == [], name
        assert keys == sorted(keys), name


def test_families_are_of_icd_only_and_a_shape_has_a_place_for_any_sign() -> None:
    assert {row["match"] for row in TABLES["icd-10-cm"]} == {"exact", "prefix", "shape"}
    for name, rows in TABLES.items():
        if name not in ("icd-10-cm", "icd-10-pcs", "icd-o-3"):
            assert {row["match"] for row in rows} == {"exact"}, name
        assert [row for row in rows if ("?" in row["code"]) != (row["match"] == "shape")] == [], name
        assert [row for row in rows if "*" in row["code"] or not row["display"]] == [], name


def test_check_digits_hold() -> None:
    assert verhoeff("985004")
    assert not verhoeff("985005")
    assert mod10("2160-0")
    assert not mod10("2160-1")
    assert [row["code"] for row in TABLES["snomed-ct"] if not verhoeff(row["code"])] == []
    assert [row["code"] for row in TABLES["loinc"] if not mod10(row["code"])] == []


def test_codes_of_one_national_edition_do_not_ship() -> None:
    assert [row["code"] for row in TABLES["snomed-ct"] if row["code"][-10:-3] == "1000210"] == []


def test_systems_under_who_copyright_do_not_ship() -> None:
    uris = {uri for system in SYSTEMS.values() for uri in [system["uri"], *system.get("aliases", [])]}
    assert "http://hl7.org/fhir/sid/icd-10" not in uris
    # The behaviour digit alone: no code and no title.
    assert {row["code"][:-1] for row in TABLES["icd-o-3"]} == {"????/"}
    assert {row["display"] for row in TABLES["icd-o-3"]} == {f"behaviour digit {n}" for n in "0136"}


def test_every_code_system_is_named_in_the_notice() -> None:
    notice = (FOLDER / "NOTICE.md").read_text(encoding="utf-8")
    assert [name for name, system in SYSTEMS.items() if system["file"] not in notice] == []


def test_every_code_comes_from_the_shared_tables(
    allowed: dict[tuple[str, str], str], prefixes: set[str], shared: Path
) -> None:
    cancers = [row["code"] for row in rows_of(shared / "expansions/mcode-cancer-condition-icd10cm.csv")]
    parts = {row["code"] for row in TABLES["icd-10-cm"] if any(c.startswith(row["code"]) for c in cancers)}
    for name, rows in TABLES.items():
        strange = [row for row in rows if (URI[name], row["code"]) not in allowed and row["match"] != "shape"]
        strange = [row for row in strange if (name, row["note"]) != ("hgnc", "") or row["display"] not in SYMBOLS]
        if name == "icd-10-cm":
            strange = [
                row
                for row in strange
                if not any(row["code"].startswith(prefix) for prefix in prefixes)
                and not (row["value_set"] in CHAPTERS and row["code"] in (*CHAPTER, *parts, "D37", "D38", "D39"))
            ]
        assert strange == [], name


def test_every_prefix_is_one_by_the_tables_or_a_child_of_one(prefixes: set[str]) -> None:
    for row in TABLES["icd-10-cm"]:
        if row["match"] == "prefix" and row["value_set"] not in CHAPTERS:
            assert any(row["code"].startswith(prefix) for prefix in prefixes), row
            assert row["code"] in prefixes or row["note"].startswith("split of "), row


def test_displays_are_those_of_the_tables(allowed: dict[tuple[str, str], str], shared: Path) -> None:
    other: dict[tuple[str, str], set[str]] = {}
    for file in ("codes.csv", "extra-codes.csv", "field-codes.csv", "field-sites.csv"):
        for row in rows_of(shared / file):
            other.setdefault((row["system"], row["code"]), set()).add(row["display"])
    for name, rows in TABLES.items():
        for row in rows:
            key = (URI[name], row["code"])
            if key not in allowed or row["note"] == "code range" or row["note"].startswith("split of"):
                continue
            if "(first of the family)" in allowed[key]:
                assert allowed[key].startswith(row["display"]), row
            else:
                assert row["display"] in {allowed[key], *other.get(key, ())}, row


def test_what_a_binding_excludes_is_not_matched(shared: Path) -> None:
    for binding in rows_of(shared / "bindings.csv"):
        for name, code in codes_of(binding["read_exclude"]):
            for row in TABLES[name]:
                if row["value_set"] == binding["datum"]:
                    below = row["match"] == "prefix" and code.startswith(row["code"])
                    assert row["code"] != code, (binding["datum"], code)
                    assert not below, (binding["datum"], code)


def test_every_write_code_is_matched_by_its_datum_or_named_as_dropped(shared: Path) -> None:
    missing = []
    for binding in rows_of(shared / "bindings.csv"):
        for name, code in codes_of(binding["write_code"]):
            held = any(
                row["code"] == code or (row["match"] == "prefix" and code.startswith(row["code"]))
                for row in TABLES[name]
                if row["value_set"] == binding["datum"]
            )
            if not held and not any(code in text for text in SETS[binding["datum"]].get("dropped", [])):
                missing.append((binding["datum"], code))
    assert missing == []


def test_the_tables_are_as_the_generator_writes_them(shared: Path) -> None:
    command = [sys.executable, str(ROOT / "tools" / "terminology.py"), "--check", "--shared", str(shared)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_allergen_has_two_sources_and_is_none_of_an_nsaid() -> None:
    rows = rows_of(ROOT / "tools" / "allergens.csv")
    assert [row["code"] for row in rows if len({row["source"], row["second_source"]} - {""}) < 2] == []
    nsaids = {r["code"] for r in TABLES["snomed-ct"] if r["value_set"].startswith("nsaid")}
    assert [row["code"] for row in rows if row["code"] in nsaids] == []


def test_every_product_has_two_sources_and_the_name_of_its_one_ingredient() -> None:
    rows = rows_of(ROOT / "tools" / "products.csv")
    assert [row["code"] for row in rows if len({row["source"], row["second_source"]} - {""}) < 2] == []
    named = {row["code"]: row["display"] for row in TABLES["rxnorm"]}
    for row in rows:
        drug = re.sub(r"^[\d.]+ ML ", "", row["display"]).lower()
        assert drug.startswith(named[row["ingredient"]].lower().split()[0]), row["code"]
        assert " / " not in row["display"], f"{row['code']} is of several drugs"


def test_a_product_stands_where_its_ingredient_stands() -> None:
    sets: dict[str, set[str]] = {}
    for row in TABLES["rxnorm"]:
        sets.setdefault(row["code"], set()).add(row["value_set"])
    rows = rows_of(ROOT / "tools" / "products.csv")
    assert [row["code"] for row in rows if sets[row["code"]] != sets[row["ingredient"]]] == []
