"""The pages of docs/pathways say what the profiles say, are made the same at each run, and hold nothing that acts."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from fhirpath_spine.authoring.pages import English, pages, plain
from fhirpath_spine.entrypoints.commands import app
from tests.kit import content

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def library():
    return content.library()


@pytest.fixture(scope="module")
def made(library):
    return pages(library, (DOCS / "approvals.md").read_text(encoding="utf-8"))


def test_the_pages_have_not_drifted():
    ran = CliRunner().invoke(app, ["render", str(ROOT / "profiles"), "--out", str(DOCS / "pathways"), "--check"])
    assert ran.exit_code == 0, f"run `fhirpath-spine render`: {ran.stdout}"


def test_drift_is_named_and_a_page_too_many_is_removed(tmp_path):
    run = CliRunner().invoke
    out = tmp_path / "pathways"
    args = ["render", str(ROOT / "profiles"), "--out", str(out)]
    assert run(app, args).exit_code == 0
    (out / "PW-NEURO.md").write_text("changed")
    (out / "PW-GONE.md").write_text("no such pathway")
    (out / "note.md").write_text("not ours")
    found = run(app, [*args, "--check"])
    assert found.exit_code == 1
    assert [Path(line).name for line in found.stdout.split() if line.endswith(".md")] == ["PW-GONE.md", "PW-NEURO.md"]
    assert run(app, args).exit_code == 0
    assert not (out / "PW-GONE.md").exists()
    assert (out / "note.md").exists()


def test_the_same_library_gives_the_same_bytes(library, made):
    again = pages(library, (DOCS / "approvals.md").read_text(encoding="utf-8"))
    assert again == made


def test_each_pathway_has_a_page_with_all_that_it_uses(library, made):
    for pathway in library.pathways:
        page = made[f"{pathway.id}.md"]
        for use in pathway.uses:
            one = use.recommendation
            assert f"### {one.id}: " in page
            assert all(c.id in page for c in one.claims)
            assert all(f"**{c.label}**" in page for c in (*one.when, *one.blocked, *one.caution, *one.satisfied))
        assert all(state.name in page for state in pathway.states)


def test_links_to_recommendations_lead_somewhere(made):
    for page, heading in set(re.findall(r"\((PW-[A-Z]+\.md)#([\w-]+)\)", made["README.md"])):
        headings = re.findall(r"^### (.*)$", made[page], re.MULTILINE)
        assert heading in {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}, (page, heading)


def test_a_default_of_the_list_to_sign_stands_on_the_page_where_it_acts(made):
    assert "Pain persists after 28 days" in made["PW-SUSPECT.md"]
    assert "An opioid is named from 7 of 10, in palliative care from 4" in made["PW-PALL.md"]
    assert "A deficit is new for 14 days" not in made["README.md"]


NODE = re.compile(r'(?:open|state|kind)\d+\["(?P<label>[^"]*)"\]')
EDGE = re.compile(r"(?:state\d+ -- else --> state\d+|opens --> states --> kinds)")
GROUP = re.compile(r'subgraph (?:opens|states|kinds) \["[^"]*"\]|direction TB|end')


def shown(label: str) -> str:
    """A label as Mermaid shows it: codes are signs again."""
    return html.unescape(re.sub(r"#(\d+);", r"&#\1;", label.replace("<br/>", " ")))


def test_a_flowchart_names_each_state_and_each_recommendation_and_holds_nothing_else(library, made):
    for pathway in library.pathways:
        (chart,) = re.findall(r"^```mermaid\n(.*?)^```$", made[f"{pathway.id}.md"], re.MULTILINE | re.DOTALL)
        head, title, described, *lines = (line.strip() for line in chart.splitlines())
        assert (head, title, described[:10]) == ("flowchart LR", f"accTitle: Flow of {pathway.id}", "accDescr: ")
        assert all(pattern_of(line) for line in lines), chart
        told = [shown(match["label"]) for line in lines if (match := NODE.fullmatch(line))]
        assert all(any(state.name in said for said in told) for state in pathway.states)
        assert all(any(f"{u.recommendation.id} {u.recommendation.title}" in s for s in told) for u in pathway.uses)


def pattern_of(line: str) -> bool:
    return any(pattern.fullmatch(line) for pattern in (NODE, EDGE, GROUP))


@pytest.mark.parametrize(
    "said", ['a "]--> b', "<script>", "`*b*`", "a;b%%{init}%%", "x\nend", "$$x$$", "#35;", "1. a\\|b"]
)
def test_no_text_of_a_profile_acts_in_a_flowchart(said):
    assert not re.search(r'["<>`*;%{}\[\]|$#\\\n]', re.sub(r"#\d+;", "", plain(said)))


@given(st.text())
def test_a_flowchart_shows_any_text_as_it_is(said):
    codes = re.sub(r"#(\d+);", lambda match: chr(int(match[1])), plain(said))
    assert codes == " ".join(said.split())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gate-open", "gate cause and not (urgent imaging and decision since)"),
        ("benign", "behaviour of the lesion is “benign”"),
        ("adult", "age of the patient is at least 18"),
        ("new-pain", "any back pain whose date is not before today - 14 days"),
        ("comfort-only", "any goals whose value is “comfort only”"),
    ],
)
def test_fhirpath_is_told_in_words(library, name, words):
    assert English(library).say(library.definitions[name]) == words


def test_no_definition_is_without_words(library):
    english = English(library)
    assert not [n for n, e in library.definitions.items() if "`" in english.say(e)]
