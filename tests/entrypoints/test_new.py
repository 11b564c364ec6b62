"""``new`` writes what lints but for what only the author knows; ``test`` of a part judges that part."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from fhirpath_spine.authoring import check

SET = Path(__file__).parents[1] / "authoring" / "set"


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Any) -> Path:
    folder = tmp_path / "profiles"
    copytree(SET, folder)
    monkeypatch.setenv("SPINE_PROFILES", str(folder))
    return folder


def found(profiles: Path) -> list[tuple[str, str]]:
    return [(d.code, d.message) for d in check(profiles)]


def fill_in(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "TODO" in text
    path.write_text(
        text.replace("evidence: [TODO]", "evidence: [N]").replace("claims: [TODO]", "claims: [N1]"), "utf-8"
    )


def test_a_new_pathway_lints_but_for_its_sources_and_loads_once_they_are_named(run: Any, profiles: Path) -> None:
    ran = run("new", "pathway", "PW-THYROID", "--title", "Thyroid")
    assert ran.code == 0, ran.err
    path = profiles / "thyroid" / "pathway.yaml"
    assert ran.out.strip() == str(path)
    assert {code for code, _ in found(profiles)} == {"SP308"}
    assert all("TODO" in message for _, message in found(profiles))
    fill_in(path)
    assert found(profiles) == []
    ran = run("test", profiles / "thyroid")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "1 cases: 1 pass, 0 fail, 0 known, 0 error")


def test_a_new_recommendation_lints_but_for_its_claims(run: Any, profiles: Path) -> None:
    assert run("new", "recommendation", "PW-ALPHA", "R-ALPHA-04", "--kind", "radiotherapy").code == 0
    assert {code for code, _ in found(profiles)} == {"SP308"}
    fill_in(profiles / "alpha" / "pathway.yaml")
    assert found(profiles) == []


def test_new_cases_are_judged_and_chosen_by_their_words(run: Any, profiles: Path) -> None:
    for title in ("Pain by night", "Nothing at all"):
        assert run("new", "case", "PW-ALPHA", "R-ALPHA-02", "--title", title).code == 0
    assert "2 cases: 2 pass" in run("test").out
    assert "1 cases: 1 pass" in run("test", "-k", "by night").out
    assert "2 cases: 2 pass" in run("test", "-k", "r-alpha-02").out
    assert run("test", "-k", "nobody wrote this").code == 2
    assert run("test", "-k", "night", "--coverage").code == 2
    assert run("test", profiles / "beta").code == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("pathway", "thyroid"), "PW- and a name in capitals"),
        (("pathway", "PW-ALPHA"), "is there already"),
        (("recommendation", "PW-ALPHA", "R-ALPHA-01"), "is there already"),
        (("recommendation", "PW-ALPHA", "R-4"), "R-AREA-NN"),
        (("recommendation", "PW-NOBODY", "R-ALPHA-09"), "No pathway is called PW-NOBODY"),
        (("case", "PW-ALPHA", "R-ALPHA-01", "--profiles", "nowhere"), "Name their folder"),
    ],
)
def test_what_cannot_be_written_is_told(run: Any, profiles: Path, words: tuple[str, ...], says: str) -> None:
    before = {p: p.read_bytes() for p in profiles.rglob("*") if p.is_file()}
    ran = run("new", *words)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert {p: p.read_bytes() for p in profiles.rglob("*") if p.is_file()} == before


def test_without_a_folder_of_ones_own_nothing_is_written_and_least_of_all_in_the_shipped_set(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("new", "case", "PW-NEURO", "R-NEU-01")
    assert (ran.code, ran.out) == (2, "")
    assert "Name their folder with --profiles, or by SPINE_PROFILES" in ran.err
    copytree(SET, tmp_path / "profiles")
    assert run("new", "case", "PW-ALPHA", "R-ALPHA-02").code == 0
    assert (tmp_path / "profiles" / "alpha" / "cases" / "new.yaml").is_file()


@pytest.mark.parametrize("broken", ["\tcase: x\n", "  - case: x\n    expekt: {}\n", "  - [\n"])
def test_a_file_of_cases_that_cannot_be_read_is_named_and_its_cases_are_not_counted_as_passed(
    run: Any, profiles: Path, broken: str
) -> None:
    assert run("new", "case", "PW-ALPHA", "R-ALPHA-02").code == 0
    file = profiles / "alpha" / "cases" / "other.yaml"
    file.write_text(f"cases:\n{broken}", encoding="utf-8")
    for words in ((), ("-k", "New case"), ("-k", "what the broken file says")):
        ran = run("test", *words)
        assert ran.code == 2
        assert ran.out.splitlines()[-1].endswith(f"; not read, and so not counted: {file}")
    assert run("test", "--format", "json").json["unread"] == [str(file)]


def test_lint_of_cases_says_who_reads_them(run: Any, profiles: Path) -> None:
    assert run("new", "case", "PW-ALPHA", "R-ALPHA-02").code == 0
    for asked in (profiles / "alpha" / "cases", profiles / "alpha" / "cases" / "new.yaml"):
        ran = run("lint", asked)
        assert ran.code == 2
        assert f"`fhirpath-spine test {asked}` reads them" in ran.err
