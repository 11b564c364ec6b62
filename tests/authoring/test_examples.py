"""The cases beside the shipped pathways pass, and show every criterion, claim and reason or name why not."""

from __future__ import annotations

import pytest

from fhirpath_spine.authoring import profiles_directory
from fhirpath_spine.authoring.cases import Outcome, Run, run
from fhirpath_spine.authoring.proving import Coverage, cover
from tests.kit import content


@pytest.fixture(scope="module")
def done() -> Run:
    return run(profiles_directory(), lambda _: content.written())


@pytest.fixture(scope="module")
def table(done: Run) -> Coverage:
    return cover(done, profiles_directory())


def test_every_case_passes_or_is_listed_as_failing(done: Run) -> None:
    bad = [
        f"{r.story.span.file}:{r.story.span.line} {r.story.title}: {'; '.join(r.problems)}"
        for r in done.results
        if r.outcome in (Outcome.FAIL, Outcome.ERROR)
    ]
    assert [str(d) for d in done.diagnostics] == []
    assert bad == []


def test_there_are_cases_for_every_pathway(done: Run) -> None:
    seen = {e.id for r in done.results if r.decision is not None for e in r.decision.entries}
    assert {p.id for p in done.library.pathways} <= seen


# What the cases show of criteria, claims, reasons and thresholds takes a minute to find: each threshold is moved, twice. CI asks
# `fhirpath-spine test --coverage` for the whole in a step of its own; here the parts can be told apart.


@pytest.mark.thorough
@pytest.mark.xdist_group("coverage")
def test_every_claim_is_mapped_fired_and_silenced(table: Coverage) -> None:
    assert (table.claims, table.driving) == (137, 92)
    assert table.unmapped == []
    assert table.not_fired == []
    assert table.not_silenced == []


@pytest.mark.thorough
@pytest.mark.xdist_group("coverage")
def test_every_criterion_is_seen_in_three_values_or_exempt_by_name(table: Coverage) -> None:
    assert table.unseen == {}


@pytest.mark.thorough
@pytest.mark.xdist_group("coverage")
def test_every_block_and_hold_shows_its_reason(table: Coverage) -> None:
    assert table.unsaid == []


@pytest.mark.thorough
@pytest.mark.xdist_group("coverage")
def test_every_threshold_is_held_on_both_sides_or_exempt_by_name(table: Coverage) -> None:
    assert table.thresholds > 150, "each number stands once, as a limit, however many criteria read it"
    assert [str(one) for one in table.unheld] == []


@pytest.mark.thorough
@pytest.mark.xdist_group("coverage")
def test_words_that_a_case_denies_are_shown_by_another(table: Coverage) -> None:
    assert table.hollow == []


@pytest.mark.thorough
@pytest.mark.xdist_group("coverage")
def test_no_code_is_used_that_the_tables_do_not_allow(table: Coverage) -> None:
    assert table.foreign == []


@pytest.mark.thorough
@pytest.mark.xdist_group("coverage")
def test_no_exemption_is_kept_that_is_not_needed(table: Coverage) -> None:
    assert table.stale == []
    assert table.complete


@pytest.mark.thorough
@pytest.mark.xdist_group("coverage")
def test_each_default_value_has_its_place(table: Coverage) -> None:
    assert len(table.defaults) >= 45
    assert [d.meaning for d in table.defaults if not d.places] == []
