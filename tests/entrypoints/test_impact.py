"""``impact``: what an edit changes in the files and for whom, by the criterion that turned; and what has to be mended first."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from fhirpath_spine.authoring.comparing import Turn, in_order, is_seen

SET = Path(__file__).parents[1] / "authoring" / "set"
CASES = """\
cases:
  - case: Severe pain by night
    given: [night-pain: yes, pain-severity: 7]
    expect: {states: {PW-ALPHA: CLASSIFY}}
  - case: Little pain by night
    given: [night-pain: yes, pain-severity: 2]
    expect: {states: {PW-ALPHA: CLASSIFY}}
"""


def edit(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A small set with two cases, in a git repository of its own."""
    folder = tmp_path / "repository" / "profiles"
    copytree(SET, folder)
    (folder / "alpha" / "cases").mkdir()
    (folder / "alpha" / "cases" / "pain.yaml").write_text(CASES, encoding="utf-8")
    for words in (
        ("init", "-q"),
        ("add", "-A"),
        ("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "first"),
    ):
        subprocess.run(["git", *words], cwd=folder.parent, check=True)
    return folder


@pytest.fixture
def new(old: Path, tmp_path: Path) -> Path:
    """The same set with a raised limit, and every version that it needs."""
    folder = tmp_path / "new"
    copytree(old, folder)
    edit(folder, "data.yaml", "value >= 7", "value >= 8")
    edit(folder, "alpha/pathway.yaml", "version: 1.0.0", "version: 1.1.0")
    edit(folder, "beta/pathway.yaml", "version: 0.1.0", "version: 0.2.0")
    return folder


def test_counts_come_first_and_name_from_what_to_what_and_because_of_which_criterion(
    run: Any, old: Path, new: Path
) -> None:
    ran = run("impact", old, new)
    assert ran.code == 0, ran.err
    assert "patients seen otherwise: 1 of" in ran.out
    head, _, rest = ran.out.partition("what turns:")
    assert "Severe pain by night" not in head
    assert "bad night: met to not met" in rest or "met to not met" in rest
    assert "data.yaml" in rest
    assert "%pain-severity.value >= 7 -> %pain-severity.value >= 8" in rest
    assert "Severe pain by night" in rest
    assert "Little pain by night" not in rest


def test_a_change_of_meaning_without_a_new_version_fails(run: Any, old: Path, new: Path) -> None:
    edit(new, "alpha/pathway.yaml", "version: 1.1.0", "version: 1.0.0")
    ran = run("impact", old, new)
    assert ran.code == 1
    assert "alpha/pathway.yaml:3:10" in ran.out
    assert "PW-ALPHA means something else than before and is still 1.0.0" in ran.out
    assert "PW-BETA means" not in ran.out


CAUSES = {
    "the policy": ("policy.yaml", "cards: 3", "cards: 2", "policy.yaml:{line}, budget cards changed (which counts"),
    "a claim": (
        "claims.yaml",
        "use: support",
        "use: context",
        "claims.yaml:{line}, claims N2 use changed (which counts",
    ),
    "a code that both read": (
        "terminology/local.csv",
        "metastasis,metastasis,",
        "metastasis,meta,",
        "terminology, metastasis changed, and 1 more",
    ),
}


@pytest.mark.parametrize("cause", CAUSES.values(), ids=list(CAUSES))
def test_it_names_the_file_and_entry_that_count_for_the_pathway_and_no_other_edit(
    run: Any, old: Path, new: Path, cause: tuple[str, str, str, str]
) -> None:
    edit(new, "data.yaml", "value >= 8", "value >= 7")
    edit(new, "beta/pathway.yaml", "version: 0.2.0", "version: 0.1.0")
    # An edit of the other pathway, under a new version, comes first in the list of changes.
    edit(new, "alpha/pathway.yaml", "title: Alpha", "title: Omega")
    file, before, after, told = cause
    edit(new, file, before, after)
    ran = run("impact", old, new)
    assert ran.code == 1
    (line,) = (one for one in ran.out.splitlines() if "means something else" in one)
    text = (new / file).read_text(encoding="utf-8")
    assert "PW-BETA" in line
    assert told.format(line=text[: text.find(after)].count("\n") + 1) in line
    assert "alpha/" not in line


@pytest.mark.parametrize(("value", "source", "asks"), [(8, "N", True), (8, "DEFAULT", False), (7, "N", False)])
def test_a_number_that_changed_has_to_say_whether_its_source_still_gives_it(
    run: Any, old: Path, new: Path, value: int, source: str, asks: bool
) -> None:
    edit(old, "data.yaml", "value >= 7", "value >= %limit.much")
    edit(new, "data.yaml", "value >= 8", "value >= %limit.much")
    for folder, number, gives in ((old, 7, "N"), (new, value, source)):
        limit = f"limits:\n  much: {{value: {number}, source: {gives}, approver: null}}\nneeds:\n  patient:"
        edit(folder, "data.yaml", "needs:\n  patient:", limit)
    told = run("impact", old, new).err, run("lint", new, "--against", old).out
    for text in told:
        assert ("SP362" in text) == asks
        assert ("data.yaml:2:28" in text) == asks
        assert ("The limit 'much' was 7 and is 8, and its source is still N" in text) == asks


HEAVIEST_FIRST = [
    Turn("b", "", "", "", "judged", "refused: what could not be read"),
    Turn("b", "PW-A", "", "R-A-01", "needs-data (info)", "satisfied"),
    Turn("c", "PW-A", "", "R-A-02", "needs-data (critical)", "not-applicable"),
    Turn("c", "PW-A", "", "R-A-03", "absent", "recommended (info)"),
    Turn("a", "PW-A", "", "R-A-04", "not-applicable", "recommended (warning)"),
    Turn("a", "PW-A", "", "R-A-05", "not-applicable", "recommended (info)"),
    Turn("a", "PW-A", "", "R-A-06", "blocked (warning) by CHILD", "needs-data (warning)"),
    Turn("a", "PW-A", "", "R-A-07", "needs-data (info)", "absent"),
    Turn("a", "PW-A", "", "", "WORKUP", "CLASSIFY"),
    Turn("a", "PW-A", "", "R-A-08", "satisfied", "not-applicable"),
    Turn("a", "PW-A", "", "R-A-09", "recommended (info)", "recommended (info)", (), ("- x", "+ y")),
]


def test_what_a_clinician_would_see_first_is_listed_first() -> None:
    assert in_order(sorted(HEAVIEST_FIRST, key=lambda t: t.id)) == HEAVIEST_FIRST
    assert all(map(is_seen, HEAVIEST_FIRST))


def test_what_nothing_shows_is_counted_in_one_line_and_not_listed(run: Any, old: Path, new: Path) -> None:
    before = run("impact", old, new, "--format", "json").json["counts"]
    path = new / "alpha" / "pathway.yaml"
    hidden = (
        "  - id: R-ALPHA-04\n    title: Later\n    kind: advice\n    claims: [N1]\n    when: [planned: '%planned']\n"
    )
    path.write_text(path.read_text(encoding="utf-8") + hidden, encoding="utf-8")
    after = run("impact", old, new, "--format", "json").json["counts"]
    assert {k: v for k, v in after.items() if k not in ("differences", "unseen")} == {
        k: v for k, v in before.items() if k not in ("differences", "unseen")
    }
    assert after["unseen"] > before["unseen"]
    out = run("impact", old, new).out
    assert f"no card and no explanation shows: {after['unseen']}" in out
    assert "R-ALPHA-04: absent" not in out


def test_comments_and_layout_are_no_change(run: Any, old: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    copytree(old, again)
    edit(again, "data.yaml", "  operated:", "  # when it is done\n  operated:")
    ran = run("impact", old, again, "--format", "json")
    assert ran.code == 0
    assert set((ran.json["counts"] | {"patients": 0}).values()) == {0}


def test_a_git_revision_is_a_side(run: Any, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPINE_PROFILES", str(old))
    edit(old, "alpha/pathway.yaml", "title: Alpha", "title: Omega")
    ran = run("impact", "HEAD", old, "--format", "json")
    assert ran.code == 1
    (difference,) = ran.json["differences"]
    assert (difference["where"], difference["before"], difference["after"]) == ("title", "Alpha", "Omega")


@pytest.mark.parametrize("broken", ["old", "new"])
def test_a_side_that_does_not_load_prints_its_errors_and_nothing_is_compared(
    run: Any, old: Path, new: Path, broken: str
) -> None:
    edit({"old": old, "new": new}[broken], "modules/pain.yaml", "kind: advice", "kind: advise")
    ran = run("impact", old, new)
    assert (ran.code, ran.out) == (2, "")
    assert "SP226" in ran.err
    assert "Nothing was compared" in ran.err


@pytest.mark.parametrize("named", ["nowhere", "--force", "HEAD; ls"])
def test_a_side_that_is_neither_folder_nor_revision_is_wrong_use(run: Any, old: Path, named: str) -> None:
    ran = run("impact", "--", named, old)
    assert (ran.code, ran.out) == (2, "")
    assert "Name a folder of profiles, or a revision" in ran.err


def test_a_set_that_no_revision_holds_is_compared_with_what_it_is_a_copy_of_as_the_page_says(
    run: Any, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text(encoding="utf-8")
    loop = page.partition("\n## The loop\n")[2]
    copytree(old, old.parent / "my-profiles")
    monkeypatch.chdir(old.parent)
    monkeypatch.setenv("SPINE_PROFILES", "my-profiles")
    for words in (("impact", "HEAD", "profiles"), ("lint", "--against", "HEAD")):
        ran = run(*words)
        assert ran.code == 2
        assert "At 'HEAD' there are no profiles in my-profiles/" in ran.err
        assert "compared with the folder that it is a copy of, such as " in " ".join(ran.err.split())
    for words in (("impact", "profiles", "my-profiles"), ("lint", "--against", "profiles")):
        assert f"`fhirpath-spine {' '.join(words)}`" in loop
        assert run(*words).code == 0


@pytest.mark.parametrize("kind", ["folder", "lines"])
def test_patients_may_be_a_folder_of_bundles_or_lines_of_them(
    run: Any, old: Path, new: Path, chart: Path, tmp_path: Path, kind: str
) -> None:
    bundle = json.dumps(json.loads(chart.read_text(encoding="utf-8")))
    named = tmp_path / "charts"
    named.mkdir()
    if kind == "folder":
        (named / "one.json").write_text(bundle, encoding="utf-8")
        (named / "two.json").write_text(bundle, encoding="utf-8")
    else:
        named = named / "charts.ndjson"
        named.write_text(f"{bundle}\n{bundle}\n", encoding="utf-8")
    assert run("impact", old, new, named, "--at", "2026-06-15", "--format", "json").json["counts"]["patients"] == 2


def test_a_bundle_that_cannot_be_read_is_named_and_left_out(run: Any, old: Path, new: Path, tmp_path: Path) -> None:
    charts = tmp_path / "charts"
    charts.mkdir()
    (charts / "one.json").write_text("{", encoding="utf-8")
    ran = run("impact", old, new, charts)
    assert "one.json is left out" in ran.err
    assert "of 0" in ran.out


def test_an_export_is_judged_by_the_engine_for_populations(run: Any, old: Path, new: Path, tmp_path: Path) -> None:
    code = {"coding": [{"system": "urn:example:local", "code": "night-pain"}]}
    severity = {"coding": [{"system": "urn:example:local", "code": "pain-severity"}]}
    subject = {"reference": "Patient/a"}
    base = {"resourceType": "Observation", "status": "final", "subject": subject, "effectiveDateTime": "2026-06-10"}
    lines = {
        "Patient": [{"resourceType": "Patient", "id": "a", "birthDate": "1960-01-01", "gender": "male"}],
        "Observation": [
            {**base, "id": "n", "code": code, "valueBoolean": True},
            {**base, "id": "s", "code": severity, "valueInteger": 7},
        ],
    }
    folder = tmp_path / "export"
    folder.mkdir()
    for kind, found in lines.items():
        (folder / f"{kind}.ndjson").write_text("\n".join(map(json.dumps, found)) + "\n", encoding="utf-8")
    ran = run("impact", old, new, folder, "--at", "2026-06-15", "--format", "json")
    assert ran.code == 0, ran.err
    assert ran.json["counts"]["patientsTurned"] == 1


def test_markdown_for_a_pull_request_holds_tables_that_no_text_of_a_profile_breaks(
    run: Any, old: Path, new: Path
) -> None:
    edit(new, "alpha/pathway.yaml", "title: Alpha", 'title: "A | <b>"')
    out = run("impact", old, new, "--format", "markdown").out
    assert out.startswith("## Impact\n")
    assert "| Alpha | A \\| &lt;b> |" in out
    assert "<details>" in out
