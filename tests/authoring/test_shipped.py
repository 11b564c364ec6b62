"""The profiles that ship with this package load, quickly, and say nothing that their own rules forbid."""

from __future__ import annotations

import re
import time

import pytest

from fhirpath_spine.authoring import examine, profiles_directory

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


def test_they_load_well_within_two_seconds():
    start = time.perf_counter()

    examine(profiles_directory())

    assert time.perf_counter() - start < 2


def test_every_pathway_has_a_digest_of_its_own(shipped):
    digests = [p.digest for p in shipped.library.pathways]

    assert len(set(digests)) == len(digests)
    assert all(len(d) == 64 for d in digests)
