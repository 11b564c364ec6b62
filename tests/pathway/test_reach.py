"""What each pathway can read, and the order in which verdicts depend on each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathway_kit import shipped

from fhirpath_spine.pathway.asking import reach
from fhirpath_spine.pathway.model import Recommendation

LIBRARY = shipped()
ALL: dict[str, Recommendation] = {u.recommendation.id: u.recommendation for p in LIBRARY.pathways for u in p.uses}


def test_a_definition_is_read_through_to_its_needs() -> None:
    read = reach.read_by(LIBRARY, LIBRARY.definitions["gate-open"])
    assert {"gate-cause", "any-pressing", "motor", "spine-mri", "cord-decision", "lesions"} <= read


def test_behind_a_finding_and_a_ranked_fact_stand_their_needs() -> None:
    needs = reach.needs_behind(LIBRARY, ["motor", "unfit", "ecog", "lesion"])
    assert {"paresis", "motor-power", "spine-mri", "unfit-statement", "asa", "ecog"} <= needs
    assert needs <= set(LIBRARY.needs)


@pytest.mark.parametrize("pathway", [p.id for p in LIBRARY.pathways])
def test_every_pathway_reads_its_lesions_and_what_the_policy_reads(pathway: str) -> None:
    read = reach.pathway_needs(LIBRARY, pathway)
    assert {"tumours", "lesion-on-imaging", "histology", "goals", "spine-mri"} <= read
    assert read <= set(LIBRARY.needs)


def test_a_pathway_reads_only_what_is_its_own() -> None:
    assert "sins-total" in reach.pathway_needs(LIBRARY, "PW-METS")
    assert reach.pathway_needs(LIBRARY, "PW-METS") != reach.pathway_needs(LIBRARY, "PW-OBSERVE")


def test_what_is_given_affects_the_definitions_that_read_it_and_no_other() -> None:
    affected = reach.affected(LIBRARY, frozenset({"state"}))
    assert {"state", "planning", "work-up-state", "follow-up-state"} <= affected
    assert not {"gate-open", "adult", "ecog"} & affected


@given(st.lists(st.sampled_from(sorted(ALL)), unique=True))
def test_each_recommendation_comes_after_those_that_it_follows(ids: list[str]) -> None:
    ordered = reach.leaders_first(LIBRARY, tuple(ALL[i] for i in ids))
    assert sorted(r.id for r in ordered) == sorted(ids)
    place = {r.id: n for n, r in enumerate(ordered)}
    for one in ordered:
        for leader in (*one.follows, *one.unless):
            for other in ordered:
                if other is not one and leader in (other.id, f"kind:{other.kind}") and not _follows(other, one):
                    assert place[other.id] < place[one.id]


def _follows(one: Recommendation, other: Recommendation) -> bool:
    return bool({other.id, f"kind:{other.kind}"} & {*one.follows, *one.unless})


def test_what_asks_for_advice_is_known_by_its_criteria() -> None:
    assert reach.reads_advice(LIBRARY, "R-TX-09")
    assert not reach.reads_advice(LIBRARY, "R-MET-06")
