"""Files that are not as they should be: named, with a place, and the set is not loaded."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from fhirpath_spine.authoring import check, load, profiles_directory
from fhirpath_spine.authoring.source import Folder, Report
from fhirpath_spine.errors import ProfileError


def codes(profiles) -> set[str]:
    return {d.code for d in profiles.found()}


@pytest.mark.parametrize(
    "content",
    [b"", b"   \n", b"needs: \xff\xfe\n", b"\x00\x01", b"x: " + b"y" * (1 << 20)],
    ids=["empty", "blank", "not UTF-8", "binary", "too large"],
)
@pytest.mark.parametrize("file", ["data.yaml", "alpha/pathway.yaml", "modules/pain.yaml"])
def test_an_unreadable_file_is_named(profiles, file, content):
    profiles.write(file, content)

    found = profiles.found()

    assert {d.code for d in found} <= {"SP201", "SP202"}
    assert any(d.span.file.endswith(file) for d in found)
    assert profiles.examine().library is None


@pytest.mark.parametrize("file", ["data.yaml", "lesions.yaml", "policy.yaml", "phrases.yaml", "terminology/local.csv"])
def test_a_missing_file_is_named(profiles, file):
    (profiles.folder / file).unlink()

    assert any(d.code == "SP201" and "missing" in d.message and d.span.file.endswith(file) for d in profiles.found())


def test_a_half_written_file_is_refused(profiles):
    text = profiles.text("alpha/pathway.yaml")
    for size in range(1, len(text), 97):
        if text[:size].rstrip(" ").endswith("\n"):
            continue  # what ends between two lines may be whole
        profiles.write("alpha/pathway.yaml", text[:size])
        with pytest.raises(ProfileError):
            load(profiles.folder)


def test_a_link_out_of_the_folder_is_refused(profiles, tmp_path):
    outside = tmp_path / "outside.yaml"
    outside.write_text(profiles.text("phrases.yaml"))
    (profiles.folder / "phrases.yaml").unlink()
    (profiles.folder / "phrases.yaml").symlink_to(outside)

    assert "SP201" in codes(profiles)


def test_a_linked_folder_is_refused(profiles, tmp_path):
    (tmp_path / "gamma").mkdir()
    (profiles.folder / "gamma").symlink_to(tmp_path / "gamma")

    assert codes(profiles) == {"SP201"}


def test_a_text_outside_of_texts_cannot_be_named(profiles):
    profiles.edit("alpha/pathway.yaml", "detail: texts/R-ALPHA-01.md", "detail: ../../outside.md")

    assert codes(profiles) == {"SP208"}


def test_a_missing_text_is_named_where_it_is_used(profiles):
    (profiles.folder / "alpha/texts/R-ALPHA-01.md").unlink()

    found = {d.code: str(d.span) for d in profiles.found()}

    assert found["SP213"] == profiles.place("alpha/pathway.yaml", "detail: ¦texts/R-ALPHA-01.md")


def test_a_file_without_permission_is_named(profiles, monkeypatch):
    def refuse(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)

    assert any(d.code == "SP201" and "Permission denied" in d.message for d in profiles.found())


@pytest.mark.parametrize(
    "name", ["gamma/pathway.yml", "alpha/old/pathway.yaml", "notes.yaml", "alpha/pathwy.yaml", "modules/deep/x.yaml"]
)
def test_a_file_that_nothing_reads_is_refused(profiles, name):
    profiles.write(name, "a: b\n")

    assert codes(profiles) == {"SP213"}


def test_a_code_table_that_no_system_names_is_refused(profiles):
    profiles.write("terminology/loinc.csv", "value_set,code,display,match,note\n")

    assert codes(profiles) == {"SP210"}


def test_a_folder_without_permission_is_named(profiles, monkeypatch):
    def refuse(path: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)

    assert any(d.code == "SP201" and "Permission denied" in d.message for d in profiles.found())


@pytest.mark.parametrize("name", [b"odd\xff.yaml", "turned\u202e.yaml".encode(), b"new\nline.yaml"])
def test_a_file_name_that_is_no_plain_text_is_refused(profiles, name):
    (profiles.folder / "modules" / os.fsdecode(name)).write_text(profiles.text("modules/pain.yaml"))

    (found,) = profiles.found()

    assert found.code == "SP201"
    assert str(found).isascii()


def test_a_set_has_a_limit_on_files(profiles):
    report = Report()
    folder = Folder(profiles.folder, "profiles", report, most=10)

    assert len(folder.names()) == 10
    (found,) = report.sorted()
    assert (found.code, "more than 10 files" in found.message) == ("SP201", True)


def test_a_module_of_the_same_name_is_refused(profiles):
    profiles.write("modules/other.yaml", profiles.text("modules/pain.yaml"))

    assert codes(profiles) == {"SP311"}


def test_a_pathway_of_the_same_id_is_refused(profiles):
    profiles.write("gamma/pathway.yaml", profiles.text("beta/pathway.yaml"))

    assert codes(profiles) == {"SP311"}


@pytest.mark.parametrize("name", ["alpha/cases/one.yaml", "schema/x.yaml", ".hidden.yaml", "terminology/NOTICE.md"])
def test_cases_schemas_and_notes_are_left_alone(profiles, name):
    profiles.write(name, "a: b\n")

    assert profiles.found() == []


def test_no_folder_is_an_error_like_any_other(tmp_path):
    (found,) = check(tmp_path / "none")

    assert found.code == "SP201"


def test_an_empty_folder_names_every_file_that_is_missing(tmp_path):
    missing = {d.span.file.removeprefix(f"{tmp_path.as_posix()}/") for d in check(tmp_path) if d.code == "SP201"}

    assert missing >= {
        "data.yaml",
        "lesions.yaml",
        "policy.yaml",
        "phrases.yaml",
        "words.yaml",
        "sources.yaml",
        "claims.yaml",
    }


def test_errors_of_all_files_are_named_at_once(profiles):
    profiles.edit("alpha/pathway.yaml", "status: draft", "status: darft")
    profiles.edit("beta/pathway.yaml", "kind: referral", "kind: referal")
    profiles.edit("modules/pain.yaml", "kind: advice", "kind: advise")
    profiles.edit("policy.yaml", "unknown: ask", "unknown: asks")

    with pytest.raises(ProfileError) as caught:
        load(profiles.folder)

    assert len({d.span.file for d in caught.value.diagnostics}) == 4
    assert "4 errors" in str(caught.value)


def test_a_broken_file_does_not_drown_the_others_in_echoes(profiles):
    profiles.edit("modules/pain.yaml", "module: pain", "module: [pain]")
    profiles.edit("alpha/pathway.yaml", "value = 'normal'", "value = 'steady'")

    assert {d.code for d in profiles.found()} == {"SP207", "SP319"}


def test_the_profiles_of_this_package_are_found():
    assert (profiles_directory() / "data.yaml").is_file()
