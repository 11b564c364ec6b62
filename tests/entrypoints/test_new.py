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
