"""The page for authors holds a complete example that loads, and its fragments are YAML."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fhirpath_spine.authoring import examine
from fhirpath_spine.authoring.profile import CLINICAL, KINDS, STATES, VALUE_TYPES, RecommendationForm
from fhirpath_spine.authoring.source import Report, read_yaml
from fhirpath_spine.pathway.facts import OBSERVATION_GROUPS

PAGE = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"^`([\w/.-]+)`\n\n```\w+\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
FRAGMENTS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def example(tmp_path):
    for name, text in EXAMPLE:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return examine(tmp_path)


def test_the_example_loads_without_a_finding(example):
    assert [str(d) for d in example.diagnostics] == []


def test_the_example_holds_the_pathway_that_the_page_shows(example):
    assert [p.id for p in example.library.pathways] == ["PW-EXAMPLE"]


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_a_fragment_is_plain_yaml(fragment):
    once = fragment if fragment.count("\nvalue:") == 0 else "\n".join(f"- {line}" for line in fragment.splitlines())
    report = Report()

    read_yaml(once, "page", report)

    assert report.sorted() == []


@pytest.mark.parametrize(
    "word", [*KINDS, *STATES, *OBSERVATION_GROUPS, *VALUE_TYPES, *CLINICAL[:3], *RecommendationForm.keys()]
)
def test_the_page_names_every_word_of_the_format(word):
    assert re.search(rf"\b{word}\b", PAGE)
