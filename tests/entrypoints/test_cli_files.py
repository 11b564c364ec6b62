"""``lint``, ``rule`` and ``config``: findings at their places, in the formats that other tools read."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from fhirpath_spine import authoring
from fhirpath_spine.entrypoints.commands import changes

AT = "2026-06-15"
SET = Path(__file__).parents[1] / "authoring" / "set"


@pytest.fixture
def copy(run: Any) -> Path:
    """A copy of the profiles that a test may change, under the same name for each: what it leaves is read once in a process."""
    folder = Path("profiles")
    copytree(authoring.profiles_directory(), folder)
    return folder


@pytest.fixture
def broken(copy: Path) -> Path:
    """The same with one misspelt key."""
    policy = copy / "policy.yaml"
    policy.write_text(policy.read_text(encoding="utf-8").replace("budget:", "bugdet:", 1), encoding="utf-8")
    return copy


def test_the_profiles_that_ship_have_no_error(run: Any) -> None:
    ran = run("lint", "--format", "json")
    assert ran.code == 0
    assert all(d["severity"] == "warning" for d in ran.json)
    assert "0 errors" in ran.err


def test_lint_says_file_line_and_column_and_ends_with_1(run: Any, broken: Path) -> None:
    ran = run("lint", broken)
    assert ran.code == 1
    assert "policy.yaml:" in ran.out
    assert "bugdet" in ran.out
    assert "Did you mean" in ran.out


def test_a_broken_set_is_refused_by_decide_with_1(
    run: Any, chart: Path, broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPINE_PROFILES", str(broken))
    ran = run("decide", chart, "--at", AT)
    assert (ran.code, ran.out) == (1, "")
    assert "nothing was loaded" in ran.err


@pytest.mark.parametrize("form", ["json", "github", "sarif", "junit"])
def test_findings_are_written_for_other_tools(run: Any, broken: Path, form: str) -> None:
    out = run("lint", broken, "--format", form).out
    match form:
        case "json":
            assert {"code", "severity", "file", "line", "column", "message"} <= set(json.loads(out)[0])
        case "github":
            assert out.startswith(("::error file=profiles/", "::warning file=profiles/"))
        case "sarif":
            found = json.loads(out)
            assert found["version"] == "2.1.0"
            assert "error" in {r["level"] for r in found["runs"][0]["results"]}
        case "junit":
            assert out.startswith("<testsuite ")
            assert 'failures="0"' not in out


def test_a_rule_is_printed_with_reason_and_both_examples(run: Any) -> None:
    out = run("rule", "sp201").out
    assert out.startswith("SP201 ")
    assert "Bad:" in out
    assert "Good:" in out


def test_config_prints_value_and_origin_and_masks_what_may_hold_a_password(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPINE_DATABASE_URL", "postgresql://user:canary4711@db/x")
    monkeypatch.setenv("SPINE_MODE", "dev")
    ran = run("config", "--format", "json")
    rows = {r["name"]: r for r in ran.json}
    assert (rows["SPINE_MODE"]["value"], rows["SPINE_MODE"]["origin"]) == ("dev", "environment")
    assert (rows["SPINE_DATABASE_URL"]["value"], rows["SPINE_DEADLINE"]["origin"]) == ("(set)", "default")
    assert "4711" not in ran.out + ran.err
    assert "4711" not in run("config").out


def test_config_prints_the_approvals_to_sign(run: Any) -> None:
    out = run("config", "--approvals").out
    assert out.startswith("approvals:\n- pathway: PW-")
    assert "digest: " in out


def test_config_prints_the_registration_sheet_in_both_forms(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPINE_PUBLIC_URL", "https://configured.example.org")
    sheet = run("config", "--registration", "--format", "json").json
    assert sheet["discovery"] == "https://configured.example.org/cds-services"
    out = run("config", "--registration", "--public-url", "https://named.example.org").out
    assert out.startswith("# Registration: ")
    assert "https://named.example.org/cds-services/spine-patient-view" in out
    assert all(key["template"] in out for key in sheet["prefetch"])


# ------------------------------------------------------------------ the line, a part of the set, and what was before


def test_a_finding_shows_its_line_with_a_caret_under_what_is_meant(run: Any, broken: Path) -> None:
    lines = run("lint", broken).out.splitlines()
    at = next(n for n, line in enumerate(lines) if "bugdet" in line and "error" in line)
    assert "bugdet:" in lines[at + 1]
    assert lines[at + 2].index("^") == lines[at + 1].index("bugdet")
    assert lines[at + 2].strip() == "^" * len("bugdet")


def test_one_pathway_is_linted_with_the_whole_set_behind_it(run: Any, copy: Path) -> None:
    for folder in ("neurogenic", "primary"):
        path = copy / folder / "pathway.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace("title:", "tilte:", 1), encoding="utf-8")
    ran = run("lint", copy / "neurogenic", "--format", "json")
    assert ran.code == 1
    assert {Path(d["file"]).parent.name for d in ran.json} == {"neurogenic"}


def test_what_stops_the_load_elsewhere_is_told_where_nothing_is_found_here(run: Any, broken: Path) -> None:
    ran = run("lint", broken / "neurogenic" / "pathway.yaml")
    assert ran.code == 1
    assert "policy.yaml" in ran.out


def test_what_has_one_reading_is_shown_as_a_diff_and_then_mended(run: Any) -> None:
    copy = Path("profiles")
    copytree(SET, copy)
    path = copy / "alpha" / "pathway.yaml"
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace("fallback: false", "fallback: no"), encoding="utf-8")
    told = run("lint", copy)
    assert told.code == 1
    assert "--fix mends 1 of them" in told.err
    assert run("lint", copy, "--format", "json").json[0]["fix"]["text"] == "false"
    shown = run("lint", copy, "--diff")
    assert "+lesion: {per: lesion, fallback: false}" in shown.out.splitlines()
    assert "would mend" in shown.err
    assert path.read_text(encoding="utf-8") != good
    ran = run("lint", copy / "alpha", "--fix")
    assert (ran.code, ran.out) == (0, "")
    assert "pathway.yaml:7:33: SP229" in ran.err
    assert path.read_text(encoding="utf-8") == good
    assert "lint --fix:" in run("rule", "SP229").out
    assert "lint --fix:" not in run("rule", "SP225").out


def test_a_change_of_meaning_needs_a_version_against_what_was_before(run: Any, copy: Path) -> None:
    path = copy / "neurogenic" / "pathway.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("title:", "title: Other", 1), encoding="utf-8")
    ran = run("lint", copy, "--against", authoring.profiles_directory(), "--format", "json")
    assert ran.code == 1
    assert [d["code"] for d in ran.json if d["severity"] == "error"] == ["SP342"]
    assert run("lint", copy, "--against", "nowhere").code == 2


def test_the_whole_catalogue_is_one_page(run: Any) -> None:
    out = run("rule", "--all").out
    assert "SP101 unexpected (error)" in out
    assert "SP348 wrong-check-digit (error)" in out
    assert run("rule").code == 2


def test_mistakes_that_no_case_notices_are_printed_and_too_few_noticed_fail(run: Any) -> None:
    folder = Path("profiles")
    copytree(SET, folder)
    (folder / "alpha" / "cases").mkdir()
    (folder / "alpha" / "cases" / "pain.yaml").write_text(
        "cases:\n  - case: Worst\n    given: [night-pain: yes, pain-severity: 10]\n    expect: {recommended: R-PAIN-01}\n",
        encoding="utf-8",
    )
    ran = run("test", folder / "modules", "--mutate")
    assert ran.code == 1, ran.err
    assert "mutation score" in ran.out
    assert "R-PAIN-01 when severe dropped" in ran.out
    told = run("test", folder / "modules", "--mutate", "--format", "json").json["mutation"]
    assert told["score"] < 0.9
    assert told["survivors"]
    assert run("test", folder, "--mutate", "-k", "Worst").code == 2


def test_a_folder_is_looked_at_again_once_a_file_of_it_changed(tmp_path: Path) -> None:
    file = tmp_path / "data.yaml"
    file.write_text("needs: {}\n", encoding="utf-8")
    again = changes(tmp_path, poll=0.01)
    next(again)
    file.write_text("needs: {}  # changed\n", encoding="utf-8")
    next(again)
    (tmp_path / "more.yaml").write_text("define: {}\n", encoding="utf-8")
    next(again)
    file.unlink()
    next(again)
