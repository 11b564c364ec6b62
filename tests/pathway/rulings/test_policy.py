"""Each key of `policy.yaml`, in a policy of the test: gate, holds, goals, exclusions, audience (rulings 1.9, 2.7, 4.2 to 4.4).

It is long because holds, goals, exclusions and the gate act on each other, and are asked together.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from fhirpath_spine.errors import ScopeUndecidable
from fhirpath_spine.pathway.model import Library
from tests.pathway.rulings.small_world import (
    GATE,
    GATE_PATHWAY,
    PATIENT,
    PRESSING,
    condition,
    judge,
    library,
    observation,
    pathway,
    recommendation,
    report,
    said,
    status,
    verdict,
)

TUMOUR = condition("tumour", "level-t7")
WEAK = condition("weakness", onset="2026-06-10")
DECIDED = observation("decision", "decided", "2026-06-13")
SCANNED = report("scan", "2026-06-12")


@cache
def gated() -> Library:
    """A gate beside a pathway with an elective, a visible, an attached and a safety recommendation."""
    others = [
        recommendation("R-ASK-01", kind="surgery"),
        recommendation("R-SEEN-01"),
        recommendation("R-LINE-01"),
    ]
    gate = {**GATE, "visible": ["R-SEEN-*"], "attached": ["R-LINE-01"]}
    pathways = {"PW-GATE": GATE_PATHWAY, "PW-ASK": pathway(*others)}
    return library(pathways, define=PRESSING, policy={"gate": gate})


def gate_of(decision: Any) -> list[str]:
    return [e.state for e in decision.entries if e.id == "PW-GATE"]


def test_an_open_gate_is_an_entry_of_its_own_and_comes_first() -> None:
    decision = judge(gated(), TUMOUR, WEAK)
    assert [(e.id, e.state) for e in decision.entries] == [("PW-GATE", "EMERGENCY"), ("PW-ASK", "CLASSIFY")]
    assert status(decision, "R-GATE-01") == "recommended"


def test_it_hides_what_is_not_visible_and_says_by_what() -> None:
    decision = judge(gated(), TUMOUR, WEAK)
    assert status(decision, "R-ASK-01") == "suppressed"
    assert verdict(decision, "R-ASK-01").by == "PW-GATE"
    assert status(decision, "R-SEEN-01") == "recommended"


def test_what_is_attached_to_it_stands_on_its_card() -> None:
    decision = judge(gated(), TUMOUR, WEAK)
    (card,) = [c for c in decision.cards if c.indicator == "critical"]
    assert [v.id for v in card.verdicts] == ["R-GATE-01", "R-LINE-01"]


@pytest.mark.parametrize(
    "told",
    [
        (TUMOUR,),  # no deficit
        (WEAK,),  # no tumour
        (TUMOUR, condition("weakness", onset="2026-01-01")),  # an old one
    ],
)
def test_without_a_cause_it_is_closed_and_hides_nothing(told: Any) -> None:
    decision = judge(gated(), *told)
    assert gate_of(decision) == []
    assert status(decision, "R-ASK-01") == "recommended"


def test_once_acknowledged_it_is_closed_satisfied_and_named_at_the_head_of_each_card() -> None:
    decision = judge(gated(), TUMOUR, WEAK, SCANNED, DECIDED)
    assert gate_of(decision) == []
    assert status(decision, "R-GATE-01") == "satisfied"
    assert status(decision, "R-ASK-01") == "recommended"
    assert said(decision.head) == ["Acknowledged 2026-06-13"]


def test_half_an_acknowledgement_is_none() -> None:
    assert gate_of(judge(gated(), TUMOUR, WEAK, SCANNED)) == ["EMERGENCY"]
    assert gate_of(judge(gated(), TUMOUR, WEAK, DECIDED)) == ["EMERGENCY"]


def test_a_worsening_after_it_opens_the_gate_again() -> None:
    before = (observation("power", 4, "2026-06-01", id="a"), report("scan", "2026-06-02"))
    decided = observation("decision", "decided", "2026-06-03")
    assert gate_of(judge(gated(), TUMOUR, *before, decided)) == []
    assert gate_of(judge(gated(), TUMOUR, *before, decided, observation("power", 3, "2026-06-14", id="b"))) == [
        "EMERGENCY"
    ]


@pytest.mark.parametrize(
    "told",
    [
        (condition("weakness"), SCANNED, DECIDED),  # undated: whether they came since cannot be told
        (condition("weakness", onset="2026-06"), report("scan", "2026-06-02"), DECIDED),
        (WEAK, report("scan", "2026"), DECIDED),
    ],
)
def test_where_all_was_read_and_it_cannot_be_told_the_gate_is_open(told: Any) -> None:
    assert gate_of(judge(gated(), TUMOUR, *told)) == ["EMERGENCY"]


@pytest.mark.parametrize("lost", [["observations-neuro"], ["conditions"]])
def test_a_gate_that_could_not_be_read_releases_nothing(lost: list[str]) -> None:
    decision = judge(gated(), TUMOUR, lost=lost)
    assert status(decision, "R-ASK-01") == "needs-data"
    assert "A new deficit could not be excluded" in {m.item for m in verdict(decision, "R-ASK-01").missing}
    assert status(decision, "R-SEEN-01") == "recommended"


def test_a_deficit_that_was_read_is_not_hushed_up_because_something_else_was_not() -> None:
    decision = judge(gated(), TUMOUR, WEAK, lost=["observations-decisions", "reports"])
    assert gate_of(decision) == ["EMERGENCY"]
    assert status(decision, "R-ASK-01") in ("suppressed", "needs-data")


def test_scope_stop_says_only_where_to_go() -> None:
    decision = judge(gated(), TUMOUR, WEAK, emergency="scope-stop")
    assert gate_of(decision) == ["EMERGENCY"]
    assert status(decision, "R-GATE-01") == "suppressed"
    (card,) = [c for c in decision.cards if c.indicator == "critical"]
    assert "Use the emergency route." in said(card.notes)


# ------------------------------------------------------------------------------------------------- holds


def held(hold: dict[str, Any], **parts: Any) -> Library:
    return library(
        {"PW-ASK": pathway(recommendation(kind="surgery", **parts), recommendation("R-FREE-01"))},
        policy={"holds": [{"id": "HELD", "say": "It is held", **hold}]},
    )


SICK = {"test": "%cancer.exists()"}


@pytest.mark.parametrize(
    ("effect", "wanted"),
    [("hide", "suppressed"), ("block", "blocked"), ("ask", "needs-data"), ("caution", "recommended")],
)
def test_a_hold_in_force_hides_blocks_asks_or_cautions_what_it_names(effect: str, wanted: str) -> None:
    decision = judge(held({**SICK, effect: "kind:surgery"}), condition("cancer"))
    assert status(decision, "R-ASK-01") == wanted
    assert status(decision, "R-FREE-01") == "recommended"
    found = verdict(decision, "R-ASK-01")
    spoken = [*said(found.because), *said(found.cautions), *(m.item for m in found.missing)]
    assert "It is held" in spoken


@pytest.mark.parametrize("effect", ["hide", "block", "ask", "caution"])
def test_a_hold_that_is_not_in_force_does_nothing(effect: str) -> None:
    assert status(judge(held({**SICK, effect: "kind:surgery"})), "R-ASK-01") == "recommended"


@pytest.mark.parametrize(
    ("effect", "wanted"),
    [("hide", "needs-data"), ("block", "needs-data"), ("ask", "needs-data"), ("caution", "recommended")],
)
def test_a_hold_that_could_not_be_read_releases_nothing_but_a_caution(effect: str, wanted: str) -> None:
    decision = judge(held({**SICK, effect: "kind:surgery"}), lost=["conditions"])
    assert status(decision, "R-ASK-01") == wanted


def test_what_it_may_hide_and_what_does_not_apply_is_not_ruled_out_by_the_loss() -> None:
    lib = held({**SICK, "hide": "kind:surgery"}, when=[{"no": "%scan.exists()"}])
    assert status(judge(lib, condition("cancer")), "R-ASK-01") == "suppressed"
    assert status(judge(lib, lost=["conditions"]), "R-ASK-01") == "suppressed"
    assert status(judge(lib), "R-ASK-01") == "not-applicable"


CHILD = {"test": "%patient.age < 18", "unknown": "ask", "hide": "kind:surgery"}


@pytest.mark.parametrize(
    ("birth", "wanted"), [("2015-01-01", "suppressed"), ("1980-01-01", "recommended"), (None, "needs-data")]
)
def test_without_a_known_age_treatment_needs_data(birth: str | None, wanted: str) -> None:
    decision = judge(held(CHILD), patient={**PATIENT, "birthDate": birth})
    assert status(decision, "R-ASK-01") == wanted
    assert status(decision, "R-FREE-01") == "recommended"


def test_a_patient_who_was_not_read_has_no_known_age() -> None:
    assert status(judge(held(CHILD), patient=None, lost=["patient"]), "R-ASK-01") == "needs-data"


def test_a_hold_speaks_at_the_head_of_each_card_while_it_is_in_force() -> None:
    lib = held({**SICK, "caution": "R-FREE-01", "head": ["Mind the other disease."]})
    assert said(judge(lib, condition("cancer")).head) == ["Mind the other disease."]
    assert judge(lib).head == ()


# ------------------------------------------------------------------------------------------------- goals, exclusions

COMFORT = {
    "id": "COMFORT",
    "test": "%goal.some(value = 'comfort')",
    "hide": "kind:surgery",
    "say": "Comfort only ({goal.date})",
    "unread": "A goal could not be read",
}


def test_a_goal_hides_what_it_names_with_its_date() -> None:
    lib = library({"PW-ASK": pathway(recommendation(kind="surgery"))}, policy={"goals": [COMFORT]})
    decision = judge(lib, observation("goal", "goal-comfort"))
    assert status(decision, "R-ASK-01") == "suppressed"
    assert verdict(decision, "R-ASK-01").by == "COMFORT"
    assert said(verdict(decision, "R-ASK-01").because) == ["Comfort only (2026-06-10)"]
    assert status(judge(lib, observation("goal", "goal-cure")), "R-ASK-01") == "recommended"
    assert status(judge(lib), "R-ASK-01") == "recommended"


def test_a_goal_that_could_not_be_read_releases_nothing() -> None:
    lib = library({"PW-ASK": pathway(recommendation(kind="surgery"))}, policy={"goals": [COMFORT]})
    assert status(judge(lib, lost=["observations-decisions"]), "R-ASK-01") == "needs-data"


def test_a_goal_without_a_date_hides_all_the_same() -> None:
    lib = library({"PW-ASK": pathway(recommendation(kind="surgery"))}, policy={"goals": [COMFORT]})
    decision = judge(lib, observation("goal", "goal-comfort", None))
    assert status(decision, "R-ASK-01") == "suppressed"
    assert said(verdict(decision, "R-ASK-01").because) == ["COMFORT"]


@pytest.mark.parametrize(("effect", "wanted"), [("hide", "suppressed"), ("block", "blocked"), ("ask", "needs-data")])
def test_so_does_a_hold_of_which_a_value_is_missing(effect: str, wanted: str) -> None:
    decision = judge(held({**SICK, effect: "kind:surgery", "say": "Held since {scan.date}"}), condition("cancer"))
    assert status(decision, "R-ASK-01") == wanted


def test_a_goal_that_was_not_read_and_what_does_not_apply_is_not_ruled_out_by_the_loss() -> None:
    asked = recommendation(kind="surgery", when=[{"no": "%scan.exists()"}])
    lib = library({"PW-ASK": pathway(asked)}, policy={"goals": [COMFORT]})
    assert status(judge(lib, lost=["observations-decisions"]), "R-ASK-01") == "suppressed"


def test_goals_that_contradict_each_other_block() -> None:
    lib = library({"PW-ASK": pathway(recommendation(kind="surgery"))}, policy={"goals": [COMFORT]})
    two = (observation("goal", "goal-comfort", id="a"), observation("goal", "goal-cure", "2026-06-09", id="b"))
    assert status(judge(lib, *two), "R-ASK-01") == "blocked"


def test_an_exclusion_hides_what_it_names() -> None:
    rule = {"id": "OUT", "test": "%scan.exists()", "hide": "R-ASK-01", "say": "Another comes first"}
    lib = library({"PW-ASK": pathway(recommendation())}, policy={"exclusions": [rule]})
    assert status(judge(lib, report()), "R-ASK-01") == "suppressed"
    assert status(judge(lib), "R-ASK-01") == "recommended"
    assert status(judge(lib, lost=["reports"]), "R-ASK-01") == "needs-data"


# ------------------------------------------------------------------------------------------------- who is told, and scope


@pytest.mark.parametrize("dead", [{"deceasedBoolean": True}, {"deceasedDateTime": "2026-01-01"}])
def test_of_a_deceased_patient_there_are_no_cards_and_the_reason_is_kept(dead: dict[str, Any]) -> None:
    decision = judge(library({"PW-ASK": pathway(recommendation())}), patient={**PATIENT, **dead})
    assert (decision.cards, decision.verdicts, decision.silent) == ((), (), "deceased")


def test_a_living_patient_may_be_said_to_be_alive() -> None:
    decision = judge(library({"PW-ASK": pathway(recommendation())}), patient={**PATIENT, "deceasedBoolean": False})
    assert decision.cards


@pytest.mark.parametrize("audience", ["patient", "related"])
def test_who_is_no_clinician_gets_no_card(audience: str) -> None:
    decision = judge(library({"PW-ASK": pathway(recommendation())}), audience=audience)
    assert (decision.cards, decision.silent) == ((), "audience")


def test_where_no_pathway_applies_there_is_silence() -> None:
    lib = library({"PW-ASK": pathway(recommendation(), applies=[{"sick": "%cancer.exists()"}])})
    decision = judge(lib)
    assert (decision.entries, decision.verdicts, decision.cards) == ((), (), ())


def test_where_it_could_not_be_read_whether_one_applies_the_call_is_refused() -> None:
    lib = library({"PW-ASK": pathway(recommendation(), applies=[{"sick": "%cancer.exists()"}])})
    with pytest.raises(ScopeUndecidable):
        judge(lib, lost=["conditions"])


def test_where_it_is_only_not_recorded_there_is_silence() -> None:
    lib = library({"PW-ASK": pathway(recommendation(), applies=[{"fit": "%fit-latest.value"}])})
    assert judge(lib).entries == ()
