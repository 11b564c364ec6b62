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


WRITTEN = {
    "evidence: [TODO]": "evidence: [N]",
    "claims: [TODO]": "claims: [N1]",
    "title: TODO": "title: Opinion",
    "meant-here: TODO": 'meant-here: "%lesion.current"',
    "of-use-here: TODO": 'of-use-here: "%lesion.current"',
    "- TODO": "- Watching.",
    "case: TODO": "case: Pain by night",
    "given: [TODO]": "given: []",
    "{recommended: [R-ALPHA-02: TODO]}": "{absent: [R-ALPHA-02]}",
}


def fill_in(path: Path) -> int:
    """Writes what the author knows; the number of places."""
    text = path.read_text(encoding="utf-8")
    places = sum(line.partition("#")[0].count("TODO") for line in text.splitlines())
    for old, new in WRITTEN.items():
        text = text.replace(old, new)
    assert "TODO" not in text
    path.write_text(text, "utf-8")
    return places


def test_a_new_pathway_is_told_at_each_place_that_its_author_has_to_write_and_loads_once_it_is(
    run: Any, profiles: Path
) -> None:
    ran = run("new", "pathway", "PW-THYROID")
    assert ran.code == 0, ran.err
    path = profiles / "thyroid" / "pathway.yaml"
    assert ran.out.strip() == str(path)
    told = found(profiles)
    assert {code for code, _ in told} == {"SP361"}
    assert len(told) == fill_in(path) == 6
    assert found(profiles) == []
    ran = run("test", profiles / "thyroid")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "1 cases: 1 pass, 0 fail, 0 known, 0 error")


@pytest.mark.parametrize(("kind", "places"), [("radiotherapy", 4), ("advice", 3)])
def test_a_new_recommendation_is_told_at_each_place_that_its_author_has_to_write(
    run: Any, profiles: Path, kind: str, places: int
) -> None:
    assert run("new", "recommendation", "PW-ALPHA", "R-ALPHA-04", "--kind", kind).code == 0
    told = found(profiles)
    assert {code for code, _ in told} == {"SP361"}
    assert [message for _, message in told][:3] == [
        "'title' is still to be written.",
        "'claims' is still to be written.",
        "'of-use-here' is still to be written.",
    ]
    assert len(told) == fill_in(profiles / "alpha" / "pathway.yaml") == places
    assert found(profiles) == []


def test_a_text_file_that_is_still_to_be_written_is_told(profiles: Path) -> None:
    path = profiles / "alpha" / "texts" / "R-ALPHA-01.md"
    path.write_text(f"{path.read_text(encoding='utf-8')}\nTODO: the risks\n", encoding="utf-8")
    assert [code for code, _ in found(profiles)] == ["SP361"]


def test_a_new_case_is_an_error_until_it_is_written(run: Any, profiles: Path) -> None:
    assert run("new", "case", "PW-ALPHA", "R-ALPHA-02").code == 0
    ran = run("test")
    assert ran.code == 2
    assert ran.out.count("SP361") == 3
    assert ran.out.splitlines()[-1] == "1 cases: 0 pass, 0 fail, 0 known, 1 error"
    assert fill_in(profiles / "alpha" / "cases" / "new.yaml") == 3
    assert run("test").code == 0


def test_new_cases_are_judged_and_chosen_by_their_words(run: Any, profiles: Path) -> None:
    for title in ("Pain by night", "Nothing at all"):
        assert run("new", "case", "PW-ALPHA", "R-ALPHA-02", "--title", title).code == 0
    fill_in(profiles / "alpha" / "cases" / "new.yaml")
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
    for words in ((), ("-k", "TODO"), ("-k", "what the broken file says")):
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
