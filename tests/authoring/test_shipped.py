"""The profiles that ship with this package load, quickly, and say nothing that their own rules forbid."""

from __future__ import annotations

import re

import pytest

from fhirpath_spine.authoring import examine, profiles_directory
from fhirpath_spine.authoring.source import Report, read_yaml
from tests.kit.costs import calls_of

CLAIM = re.compile(r"\b[NTPEB]\d{1,2}\b")


@pytest.fixture(scope="module")
def shipped():
    return examine(profiles_directory())


def test_they_load_without_an_error(shipped):
    assert [str(d) for d in shipped.errors] == []


def test_nothing_is_warned_of_an_option_without_alternatives_least_of_all(shipped):
    assert [str(d) for d in shipped.diagnostics] == []


def test_an_alternative_says_whose_statement_it_is(shipped):
    known = set(shipped.library.claims)
    lines = {
        (use.recommendation.id, line.say.source)
        for pathway in shipped.library.pathways
        for use in pathway.uses
        for line in use.recommendation.alternatives
    }
    assert lines
    assert {one for one in lines if not (cited := set(CLAIM.findall(one[1]))) or cited - known} == set()


def test_loading_them_costs_no_more_than_reading_their_text_a_dozen_times():
    texts = [file.read_text(encoding="utf-8") for file in profiles_directory().rglob("*.yaml")]

    def read():
        for text in texts:
            read_yaml(text, "f.yaml", Report())

    assert calls_of(lambda: examine(profiles_directory())) < 12 * calls_of(read)


def test_every_pathway_has_a_digest_of_its_own(shipped):
    digests = [p.digest for p in shipped.library.pathways]

    assert len(set(digests)) == len(digests)
    assert all(len(d) == 64 for d in digests)


def test_no_line_is_longer_than_a_screen_and_each_file_begins_with_what_it_is():
    long, bare = [], []
    for file in sorted(profiles_directory().rglob("*.yaml")):
        lines = file.read_text(encoding="utf-8").splitlines()
        name = file.relative_to(profiles_directory()).as_posix()
        long += [f"{name}:{number}" for number, line in enumerate(lines, 1) if len(line) > 160]
        if "cases" not in file.parts and "terminology" not in file.parts and not lines[0].startswith("# "):
            bare.append(name)
    assert (long, bare) == ([], [])
