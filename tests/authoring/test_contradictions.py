"""All thirty contradictions are presented, each at a place that the profiles hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fhirpath_spine import authoring

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "contradictions.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| (X\d+) \|.*\| ([^|]+) \|$", PAGE, re.MULTILINE))


@pytest.fixture(scope="module")
def library():
    return authoring.load(ROOT / "profiles")


def test_all_thirty_are_listed_once_and_in_order():
    assert re.findall(r"^\| (X\d+) \|", PAGE, re.MULTILINE) == [f"X{n}" for n in range(1, 31)]
    assert len(ROWS) == 30


def test_each_names_where_and_all_of_it_exists(library):
    policy = library.policy
    known = {use.recommendation.id for pathway in library.pathways for use in pathway.uses}
    known |= {part.id for part in (*policy.holds, *policy.goals, *library.frameworks)}
    known |= {*library.definitions, *library.needs, *library.sources}
    named = {x: re.findall(r"`([^`]+)`", where) for x, where in ROWS.items()}
    assert [x for x, where in named.items() if not where] == []
    assert {x: lost for x, where in named.items() if (lost := set(where) - known)} == {}


@pytest.mark.parametrize(
    ("row", "claims"),
    [("X1", {"N11"}), ("X7", {"E10", "E11"}), ("X9", {"T11"}), ("X12", {"P1"}), ("X29", {"N21"})],
)
def test_what_is_never_a_reason_can_never_show(library, row, claims):
    uses = [use.recommendation for pathway in library.pathways for use in pathway.uses]
    found = [one for one in uses if claims & {c.id for c in one.claims}]
    assert found
    assert all(one.suppressed or one.unreachable for one in found)
    assert any(one.id in ROWS[row] for one in found)


def test_only_kinds_that_are_no_guideline_stand_behind_the_claims(library):
    assert {s.kind for s in library.sources.values()} <= {
        "clinician-article",
        "web-article",
        "case-report",
        "patient-education",
    }
    assert {s.certainty for s in library.sources.values()} == {"very-low"}
