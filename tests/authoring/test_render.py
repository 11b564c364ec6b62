"""The pages of docs/pathways say what the profiles say, are made the same at each run, and hold nothing that acts."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fhirpath_spine.authoring.pages import pages
from fhirpath_spine.authoring.pages.english import English
from fhirpath_spine.entrypoints.commands.main import app
from tests.kit import content

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SVG = "{http://www.w3.org/2000/svg}"


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


def test_a_graph_is_plain_svg_that_reads_without_seeing_it(library, made):
    for pathway in library.pathways:
        root = ElementTree.fromstring(made[f"{pathway.id}.svg"])  # noqa: S314 - our own text
        assert root.get("role") == "img"
        assert pathway.title in (root.findtext(f"{SVG}title") or "")
        told = " ".join(t.text or "" for t in root.iter(f"{SVG}text"))
        assert all(state.name in told for state in pathway.states)
        assert all(use.recommendation.id in told for use in pathway.uses)
        assert not any(e.tag in (f"{SVG}script", f"{SVG}image", f"{SVG}foreignObject") for e in root.iter())
        assert "prefers-color-scheme:dark" in made[f"{pathway.id}.svg"]


def test_no_text_of_a_graph_leaves_its_box(library, made):
    for pathway in library.pathways:
        root = ElementTree.fromstring(made[f"{pathway.id}.svg"])  # noqa: S314 - our own text
        wide = float(root.get("width", "0"))
        for one in root.iter(f"{SVG}text"):
            assert float(one.get("x", "0")) + 6.4 * len(one.text or "") <= wide


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
