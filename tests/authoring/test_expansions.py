"""Expansion files of a site: what they add, what they count for, and that a changed one is refused."""

from __future__ import annotations

import pytest

from fhirpath_spine.authoring import load, load_site
from fhirpath_spine.authoring.profile import Expanded, text
from fhirpath_spine.errors import ProfileError
from fhirpath_spine.pathway.model import Site

NEW = ("urn:example:house", "D1", 'A "drug" of the house: ä')
OTHER = ("urn:example:house", "D2", "")


def written(name="drug", codes=(NEW, OTHER), date="2026-11-24"):
    return text({name: Expanded("http://tx.example/vs", "https://tx.example/fhir", date, tuple(codes))})


@pytest.fixture
def site_file(tmp_path):
    (tmp_path / "house.yaml").write_text(written(), encoding="utf-8")
    path = tmp_path / "site.yaml"
    path.write_text("timezone: UTC\nexpansions: [house.yaml]\n", encoding="utf-8")
    return path


def refused(site_file, profiles):
    with pytest.raises(ProfileError) as caught:
        load_site(site_file, profiles.folder)
    return caught.value.diagnostics


def test_a_value_set_of_the_profiles_holds_the_codes_of_the_file(profiles, site_file):
    site = load_site(site_file, profiles.folder)
    before, after = load(profiles.folder), load(profiles.folder, site)

    assert site.expansions == {"drug": frozenset({NEW[:2], OTHER[:2]})}
    assert not before.value_sets["drug"].contains(*NEW[:2])
    assert after.value_sets["drug"].contains(*NEW[:2])
    assert after.value_sets["drug"].members >= before.value_sets["drug"].members
    assert after.needs["drug"].codes.contains(*OTHER[:2])


def test_it_counts_for_the_digest_of_the_library_and_of_what_reads_it(profiles, site_file):
    before = load(profiles.folder)
    after = load(profiles.folder, load_site(site_file, profiles.folder))

    assert after.digest != before.digest
    changed = {p.id for p in after.pathways if p.digest != before.pathway(p.id).digest}
    assert changed

    again = load(profiles.folder, Site())
    assert again.digest == before.digest


def test_layout_does_not_count(profiles, site_file):
    house = site_file.parent / "house.yaml"
    house.write_text(
        "# ours\n" + house.read_text(encoding="utf-8").replace(', "display"', ',   "display"'), encoding="utf-8"
    )

    assert load_site(site_file, profiles.folder).expansions["drug"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"D1"', '"D9"'),
        ("tx.example/vs", "tx.example/other"),
        ("2026-11-24", "2026-11-25"),
        ("drug:\n", "pain-severity:\n"),
    ],
)
def test_a_changed_file_is_refused(profiles, site_file, old, new):
    house = site_file.parent / "house.yaml"
    house.write_text(house.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")

    (error,) = refused(site_file, profiles)

    assert error.code == "SP224"
    assert error.span.file.endswith("house.yaml")
    assert "anew" in error.hint


def test_a_value_set_that_no_profile_has_is_refused(profiles, site_file):
    (site_file.parent / "house.yaml").write_text(written("drugs"), encoding="utf-8")

    (error,) = refused(site_file, profiles)

    assert (error.code, error.hint) == ("SP301", "Did you mean 'drug'?")


def test_a_missing_file_is_named_where_it_is_listed(profiles, site_file):
    (site_file.parent / "house.yaml").unlink()

    errors = refused(site_file, profiles)

    assert {e.code for e in errors} == {"SP201", "SP224"}
    assert any(e.span.file.endswith("site.yaml") for e in errors)


@pytest.mark.parametrize("name", ["../house.yaml", "/etc/passwd"])
def test_nothing_outside_the_folder_is_read(profiles, site_file, name):
    site_file.write_text(f"timezone: UTC\nexpansions: ['{name}']\n", encoding="utf-8")

    assert {e.code for e in refused(site_file, profiles)} == {"SP201", "SP224"}


@pytest.mark.parametrize("missing", ["sha256", "source", "server", "date", "codes"])
def test_every_part_of_the_file_is_wanted(profiles, site_file, missing):
    house = site_file.parent / "house.yaml"
    lines = [x for x in house.read_text(encoding="utf-8").splitlines() if not x.strip().startswith((f"{missing}:",))]
    lines = [x for x in lines if missing != "codes" or not x.strip().startswith("- ")]
    house.write_text("\n".join(lines) + "\n", encoding="utf-8")

    assert {e.code for e in refused(site_file, profiles)} == {"SP206"}


def test_a_list_of_codes_that_makes_a_template_too_long_is_found_at_load(profiles, site_file):
    codes = tuple(("urn:example:house", f"{'N' * 40}{n}", "") for n in range(60))
    (site_file.parent / "house.yaml").write_text(written("night-pain", codes), encoding="utf-8")

    with pytest.raises(ProfileError) as caught:
        load(profiles.folder, load_site(site_file, profiles.folder))

    assert {e.code for e in caught.value.diagnostics} == {"SP306"}
