"""An expansion file as a table: what it adds, and that a changed one is refused."""

from __future__ import annotations

import pytest

from fhirpath_spine.authoring import load, load_site
from fhirpath_spine.authoring.profile import Classified, table
from fhirpath_spine.errors import ProfileError

HOUSE = "urn:example:house"


def written(value_sets=("drug", "cancer")) -> str:
    rows = [
        Classified(value_sets, HOUSE, "D1", 'A "drug", of the house: ä', "metastatic", "bone"),
        Classified((value_sets[0],), HOUSE, "D2", "", "metastatic", ""),
    ]
    return table(rows, "a list\nof ours", "a server", "2026-11-24")


@pytest.fixture
def site_file(tmp_path):
    (tmp_path / "house.csv").write_text(written(), encoding="utf-8")
    path = tmp_path / "site.yaml"
    path.write_text("timezone: UTC\nexpansions: [house.csv]\n", encoding="utf-8")
    return path


def refused(site_file, profiles):
    with pytest.raises(ProfileError) as caught:
        load_site(site_file, profiles.folder)
    return caught.value.diagnostics


def test_value_sets_of_the_profiles_hold_the_codes_of_the_table(profiles, site_file):
    site = load_site(site_file, profiles.folder)
    assert site.expansions == {"drug": {(HOUSE, "D1"), (HOUSE, "D2")}, "cancer": {(HOUSE, "D1")}}
    library = load(profiles.folder, site)
    assert library.value_sets["drug"].contains(HOUSE, "D2")
    assert library.digest != load(profiles.folder).digest


def test_a_table_and_a_yaml_file_add_to_each_other(profiles, site_file):
    (site_file.parent / "more.csv").write_text(table([Classified(("drug",), HOUSE, "D3", "", "x", "")], "", "", "2026"))
    site_file.write_text("timezone: UTC\nexpansions: [house.csv, more.csv]\n", encoding="utf-8")
    assert {code for _, code in load_site(site_file, profiles.folder).expansions["drug"]} == {"D1", "D2", "D3"}


def test_line_ends_of_another_system_do_not_count(profiles, site_file):
    house = site_file.parent / "house.csv"
    house.write_bytes(house.read_bytes().replace(b"\n", b"\r\n"))
    assert load_site(site_file, profiles.folder).expansions["drug"]


@pytest.mark.parametrize(
    ("old", "new"), [("D1", "D9"), ("a server", "a sorter"), ("2026", "2027"), ("D2", "D2\n"), ("# sha", "# sho")]
)
def test_a_changed_table_is_refused(profiles, site_file, old, new):
    house = site_file.parent / "house.csv"
    house.write_text(house.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    (error,) = refused(site_file, profiles)
    assert error.code == "SP224"
    assert error.span.file.endswith("house.csv")


def test_a_value_set_that_no_profile_has_is_refused_at_its_line(profiles, site_file):
    (site_file.parent / "house.csv").write_text(written(("drug", "cancers")), encoding="utf-8")
    (error,) = refused(site_file, profiles)
    assert (error.code, error.hint, error.span.line) == ("SP301", "Did you mean 'cancer'?", 7)


def test_a_missing_table_is_named_where_it_is_listed(profiles, site_file):
    (site_file.parent / "house.csv").unlink()
    assert {e.code for e in refused(site_file, profiles)} == {"SP201", "SP224"}


@pytest.mark.parametrize("text", ["", "x", "# sha256: 0\n"])
def test_what_is_no_table_is_refused(profiles, site_file, text):
    (site_file.parent / "house.csv").write_text(text, encoding="utf-8")
    assert "SP224" in {e.code for e in refused(site_file, profiles)}
