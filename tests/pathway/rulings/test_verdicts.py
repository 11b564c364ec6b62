"""The order in which a verdict is decided, and what UNKNOWN does in each place (rulings 1.5, 1.6)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import Any

import pytest

from fhirpath_spine.pathway.decision import Decision
from tests.pathway.rulings.small_world import (
    condition,
    judge,
    library,
    observation,
    pathway,
    recommendation,
    said,
    status,
    verdict,
)

YES, NO, OPEN = "%cancer.exists().not()", "%cancer.exists()", "%fit-latest.value"
"""On an empty chart: true, false, and unknown because nothing is recorded."""

CAUSES: dict[str, tuple[dict[str, Any], str]] = {
    # what makes a verdict -> the part of the recommendation, in the order of rulings 1.5
    "suppressed": ({"excluded": [{"out": YES}]}, "suppressed"),
    "satisfied": ({"satisfied": [{"done": YES}]}, "satisfied"),
    "not-applicable": ({"when": [{"wanted": NO}]}, "not-applicable"),
    "blocked": ({"blocked": [{"stop": YES}]}, "blocked"),
    "needs-data": ({"blocked": [{"doubt": {"test": OPEN, "unknown": "ask"}}]}, "needs-data"),
    "recommended": ({}, "recommended"),
}


@cache
def _judged(parts: str) -> Decision:
    import json

    return judge(library({"PW-ASK": pathway(recommendation(**json.loads(parts)))}))


def judged(**parts: Any) -> Decision:
    """A recommendation with these parts, on an empty chart."""
    import json

    return _judged(json.dumps(parts))


@pytest.mark.parametrize("cause", CAUSES)
def test_each_verdict_by_itself(cause: str) -> None:
    parts, wanted = CAUSES[cause]
    assert status(judged(**parts), "R-ASK-01") == wanted


@pytest.mark.parametrize(("first", "second"), list(combinations(CAUSES, 2)))
def test_of_two_that_hold_the_first_in_the_order_decides(first: str, second: str) -> None:
    a, b = CAUSES[first][0], CAUSES[second][0]
    both = {name: [*a.get(name, []), *b.get(name, [])] for name in {*a, *b}}
    assert status(judged(**both), "R-ASK-01") == first


def test_a_suppressed_mark_comes_before_everything() -> None:
    both = {"suppressed": "disputed", **CAUSES["satisfied"][0]}
    decision = judged(**both)
    assert status(decision, "R-ASK-01") == "suppressed"
    assert verdict(decision, "R-ASK-01").by == "profile"


def test_when_is_and() -> None:
    assert status(judged(when=[{"a": YES}, {"b": NO}]), "R-ASK-01") == "not-applicable"
    assert status(judged(when=[{"a": YES}, {"b": YES}]), "R-ASK-01") == "recommended"


@pytest.mark.parametrize(("part", "wanted"), [("blocked", "blocked"), ("satisfied", "satisfied")])
def test_blocked_and_satisfied_are_or(part: str, wanted: str) -> None:
    assert status(judged(**{part: [{"a": NO}, {"b": YES}]}), "R-ASK-01") == wanted


def test_every_blocker_that_holds_is_listed() -> None:
    decision = judged(blocked=[{"one": {"test": YES, "say": "First"}}, {"two": {"test": YES, "say": "Second"}}])
    assert said(verdict(decision, "R-ASK-01").because) == ["First", "Second"]


def test_what_shows_an_option_says_the_data_it_rests_on_after_its_own_words() -> None:
    asked = recommendation(when=[{"painful": {"test": "%pain.exists()", "say": "pain, whatever its degree"}}])
    decision = judge(library({"PW-ASK": pathway(asked)}), observation("pain", 7, "2026-06-10"))
    (because,) = said(verdict(decision, "R-ASK-01").because)
    assert because.startswith("pain, whatever its degree (")
    assert "7, 2026-06-10)" in because


# ------------------------------------------------------------------------------------------------- unknown


@pytest.mark.parametrize(
    ("unknown", "others", "wanted"),
    [
        (None, [], "needs-data"),  # a when asks
        ("ask", [], "needs-data"),
        ("hide", [], "not-applicable"),
        (None, [NO], "not-applicable"),  # unless another is not met
        (None, [YES], "needs-data"),
        ("met", [], "recommended"),
    ],
)
def test_a_when_that_is_unknown(unknown: str | None, others: list[str], wanted: str) -> None:
    asked: Any = {"test": OPEN, "unknown": unknown} if unknown else OPEN
    when = [{"open": asked}, *({f"other-{n}": o} for n, o in enumerate(others))]
    assert status(judged(when=when), "R-ASK-01") == wanted


def test_what_the_gate_counts_as_met_is_met_where_it_was_not_read_too() -> None:
    asked = recommendation(when=[{"open": {"test": OPEN, "unknown": "met"}}])
    decision = judge(library({"PW-ASK": pathway(asked)}), lost=["observations-status"])
    assert status(decision, "R-ASK-01") == "recommended"


def test_what_the_gate_counts_as_met_without_knowing_is_said_to_be_not_ruled_out() -> None:
    asked = recommendation(when=[{"open": {"test": OPEN, "unknown": "met", "say": "a deficit"}}])
    lib = replace(library({"PW-ASK": pathway(asked)}), phrases={"not-ruled-out": "Not ruled out:"})
    assert said(verdict(judge(lib), "R-ASK-01").cautions) == ["Not ruled out: a deficit"]


def test_one_unknown_that_hides_hides_another_that_asks() -> None:
    when = [{"asks": OPEN}, {"hides": {"test": "%goal.value = 'cure'", "unknown": "hide"}}]
    assert status(judged(when=when), "R-ASK-01") == "not-applicable"


@pytest.mark.parametrize(
    ("unknown", "lost", "wanted"),
    [
        (None, [], "recommended"),  # not recorded cautions
        (None, ["observations-status"], "needs-data"),  # not read asks
        ("caution", [], "recommended"),
        ("caution", ["observations-status"], "needs-data"),  # unread never recommends
        ("ask", [], "needs-data"),
        ("ask", ["observations-status"], "needs-data"),
    ],
)
def test_a_blocker_that_is_unknown(unknown: str | None, lost: list[str], wanted: str) -> None:
    test: Any = {"test": OPEN, "unknown": unknown} if unknown else OPEN
    decision = judge(library({"PW-ASK": pathway(recommendation(blocked=[{"stop": test}]))}), lost=lost)
    assert status(decision, "R-ASK-01") == wanted
    assert [m.item for m in verdict(decision, "R-ASK-01").missing] == ["Fitness"]  # a line either way


@pytest.mark.parametrize("part", ["satisfied", "excluded"])
def test_what_may_be_done_or_hidden_and_was_not_read_is_not_recommended(part: str) -> None:
    lib = library({"PW-ASK": pathway(recommendation(**{part: [{"perhaps": "%scan.exists()"}]}))})
    assert status(judge(lib), "R-ASK-01") == "recommended"
    assert status(judge(lib, lost=["reports"]), "R-ASK-01") == "needs-data"


def test_a_blocker_is_judged_only_where_every_when_may_hold() -> None:
    decision = judged(when=[{"wanted": NO}], blocked=[{"stop": YES}])
    assert {s.role for s in verdict(decision, "R-ASK-01").steps} == {"when"}


def test_all_that_is_missing_is_named_together() -> None:
    decision = judged(when=[{"a": "%fit-latest.value"}, {"b": "%pain.value > 3"}])
    assert {m.item for m in verdict(decision, "R-ASK-01").missing} == {"Fitness", "Pain"}


FIT = (observation("fit", True, "2026-06-09", id="a"), observation("fit", False, "2026-06-10", id="b"))


@pytest.mark.parametrize("part", ["when", "blocked"])
def test_a_conflict_in_an_input_blocks(part: str) -> None:
    lib = library({"PW-ASK": pathway(recommendation(**{part: [{"fit": "%fit-latest.value"}]}))})
    decision = judge(lib, *FIT)
    assert status(decision, "R-ASK-01") == "blocked"
    assert [m.reason.value for m in verdict(decision, "R-ASK-01").missing] == ["conflict"]


def test_a_conflict_that_no_criterion_reads_blocks_nothing() -> None:
    assert status(judge(library({"PW-ASK": pathway(recommendation())}), *FIT), "R-ASK-01") == "recommended"


def test_a_conflict_blocks_only_where_the_values_answer_differently() -> None:
    asked = recommendation(when=[{"any": "%fit-latest.value.exists()"}])
    assert status(judge(library({"PW-ASK": pathway(asked)}), *FIT), "R-ASK-01") == "recommended"


# ------------------------------------------------------------------------------------------------- caution, lines, claims


def test_a_caution_is_a_line_and_no_obstacle() -> None:
    decision = judged(caution=[{"careful": {"test": YES, "say": "Be careful"}}])
    assert status(decision, "R-ASK-01") == "recommended"
    assert said(verdict(decision, "R-ASK-01").cautions) == ["Be careful"]


def test_a_line_is_said_only_with_its_datum() -> None:
    lib = library({"PW-ASK": pathway(recommendation(say=["Pain {pain.value} ({pain.date})."]))})
    assert said(verdict(judge(lib, observation("pain", 7)), "R-ASK-01").lines) == ["Pain 7 (2026-06-10)."]
    assert verdict(judge(lib), "R-ASK-01").lines == ()


def test_a_claim_is_cited_only_where_its_scope_holds() -> None:
    lib = library({"PW-ASK": pathway(recommendation(claims=[{"id": "N1", "when": "%cancer.exists()"}]))})
    assert verdict(judge(lib, condition("cancer")), "R-ASK-01").claims == ("N1",)
    assert verdict(judge(lib), "R-ASK-01").claims == ()


def test_the_first_indicator_that_holds_counts() -> None:
    lib = library({"PW-ASK": pathway(recommendation(indicator=[{"warning": "%cancer.exists()"}, "info"]))})
    assert verdict(judge(lib, condition("cancer")), "R-ASK-01").indicator == "warning"
    assert verdict(judge(lib), "R-ASK-01").indicator == "info"


def test_what_answered_is_named_with_its_resource() -> None:
    lib = library({"PW-ASK": pathway(recommendation(when=[{"sick": "%cancer.exists()"}]))})
    (step,) = verdict(judge(lib, condition("cancer", onset="2026-01-01")), "R-ASK-01").steps
    (evidence,) = step.evidence
    assert (evidence.reference, evidence.date, evidence.label) == ("Condition/cancer-1", "2026-01-01", "Cancer")


# ------------------------------------------------------------------------------------------------- with, unless, use


def leaders(*states: str) -> list[dict[str, Any]]:
    return [recommendation(f"R-LEAD-{n:02}", kind="surgery", **CAUSES[s][0]) for n, s in enumerate(states, start=1)]


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        (("recommended",), "recommended"),
        (("blocked", "recommended"), "recommended"),
        (("needs-data", "blocked"), "blocked"),
        (("needs-data",), "needs-data"),
        (("satisfied",), "not-applicable"),
        (("suppressed", "not-applicable"), "not-applicable"),
    ],
)
@pytest.mark.parametrize("by", ["ids", "kind"])
def test_a_follower_is_as_good_as_the_best_of_those_it_follows(states: tuple[str, ...], wanted: str, by: str) -> None:
    several = leaders(*states)
    names = "kind:surgery" if by == "kind" else [one["id"] for one in several]
    lib = library({"PW-ASK": pathway(recommendation("R-ASK-01", **{"with": names}), *several)})
    assert status(judge(lib), "R-ASK-01") == wanted


def test_a_follower_says_whom_it_follows() -> None:
    lib = library({"PW-ASK": pathway(*leaders("recommended"), recommendation("R-ASK-01", **{"with": "kind:surgery"}))})
    assert said(verdict(judge(lib), "R-ASK-01").because) == ["Title of R-LEAD-01"]


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ("not-applicable", "recommended"),
        ("satisfied", "recommended"),
        ("suppressed", "recommended"),
        ("recommended", "needs-data"),  # unknown, and a when that is unknown asks
        ("blocked", "needs-data"),
        ("needs-data", "needs-data"),
    ],
)
def test_unless_holds_only_where_all_that_it_names_are_silent(state: str, wanted: str) -> None:
    lib = library({"PW-ASK": pathway(*leaders(state), recommendation("R-ASK-01", unless=["kind:surgery"]))})
    assert status(judge(lib), "R-ASK-01") == wanted


# ------------------------------------------------------------------------------------------------- states (rulings 4.1)

STATES = [{"SURVEIL": "%scan.exists()"}, {"TREATING": "%pain.value > 3"}, {"CLASSIFY": "true"}]


@pytest.mark.parametrize(
    ("told", "lost", "state", "certain"),
    [
        ([], [], "CLASSIFY", True),  # not recorded falls through
        ([observation("pain", 7)], [], "TREATING", True),
        ([], ["reports"], "CLASSIFY", False),  # unread stops the search for what is certain
        ([observation("pain", 7)], ["reports"], "TREATING", False),
        ([], ["conditions"], "CLASSIFY", True),
    ],
)
def test_the_first_state_that_holds(told: list[Any], lost: list[str], state: str, certain: bool) -> None:
    lib = library({"PW-ASK": pathway(recommendation(when=[{"here": "%state = 'CLASSIFY'"}]), states=STATES)})
    decision = judge(lib, *told, lost=lost)
    (entry,) = decision.entries
    assert (entry.state, entry.certain) == (state, certain)
    wanted = "needs-data" if not certain else "recommended" if state == "CLASSIFY" else "not-applicable"
    assert status(decision, "R-ASK-01") == wanted
