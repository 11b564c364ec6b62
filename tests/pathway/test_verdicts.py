"""The verdict of one recommendation: what comes first, and that every answer names its data or what is missing."""

from __future__ import annotations

import pytest

from fhirpath_spine.pathway.decision import Status
from fhirpath_spine.pathway.model import Library
from fhirpath_spine.pathway.sentences import plain
from fhirpath_spine.pathway.truth import Reason
from tests.pathway.pathway_kit import METASTASIS, PAIN, Json, ago, answer, judge, observation, procedure, verdict

SINS = observation("sins", "sins-total", at="T8", valueInteger=14)
UNFIT = observation("unfit", "unfit-for-open-surgery", valueBoolean=True)
NOT_UNFIT = observation("not-unfit", "unfit-for-open-surgery", valueBoolean=False)
STABILISED = procedure("rods", "stabilisation-corpectomy", at="T8")
SURGERY = "R-MET-04"


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ((), Status.NEEDS_DATA),
        ((SINS,), Status.RECOMMENDED),
        ((observation("sins", "sins-total", at="T8", valueInteger=12),), Status.NOT_APPLICABLE),
        ((SINS, UNFIT), Status.BLOCKED),
        ((SINS, NOT_UNFIT), Status.RECOMMENDED),
        ((SINS, UNFIT, NOT_UNFIT), Status.BLOCKED),
        ((SINS, STABILISED), Status.SATISFIED),
        ((SINS, UNFIT, STABILISED), Status.SATISFIED),
    ],
    ids=["nothing", "unstable", "not-unstable", "unfit", "fit", "contested", "done", "done-beats-blocked"],
)
def test_the_first_rule_that_holds_is_the_verdict(told: tuple[Json, ...], status: Status) -> None:
    assert verdict(judge(METASTASIS, *told), SURGERY).status is status


def test_blocked_beats_recommended_and_says_only_why() -> None:
    found = verdict(judge(METASTASIS, SINS, UNFIT), SURGERY)
    assert [plain(said) for said in found.because] == ["Explicitly unfit for open surgery"]
    assert (found.alternatives, found.missing, found.safety) == ((), (), False)


def test_blocked_beats_what_is_not_recorded() -> None:
    found = verdict(judge(METASTASIS, UNFIT), SURGERY)
    assert found.status is Status.BLOCKED


def test_a_criterion_that_is_not_recorded_needs_data_and_names_the_datum() -> None:
    found = verdict(judge(METASTASIS), SURGERY)
    assert found.status is Status.NEEDS_DATA
    named = {m.item: m.reason for m in found.missing}
    assert named["SINS (spinal instability score)"] is Reason.NOT_RECORDED
    assert named["Stability statement"] is Reason.NOT_RECORDED


def test_a_criterion_whose_value_is_too_old_needs_data_and_names_its_date() -> None:
    old = observation("sins", "sins-total", days=91, at="T8", valueInteger=14)
    stated = observation("stable", "spine-stability", days=91, at="T8", **answer("spine-unstable"))
    found = verdict(judge(METASTASIS, old, stated), SURGERY)
    stale = {m.need: m for m in found.missing if m.reason is Reason.STALE}
    assert found.status is Status.NEEDS_DATA
    assert (stale["stability"].date, stale["stability"].days) == (ago(91), 90)


def test_a_criterion_that_was_not_read_needs_data_and_names_the_datum() -> None:
    found = verdict(judge(METASTASIS, SINS, unread=["observations-status"]), SURGERY)
    assert found.status is Status.NEEDS_DATA
    assert ("Fitness for open surgery", Reason.UNREAD) in {(m.item, m.reason) for m in found.missing}


def test_a_blocker_that_is_not_recorded_lets_pass_and_is_named() -> None:
    found = verdict(judge(METASTASIS, SINS), SURGERY)
    assert found.status is Status.RECOMMENDED
    assert [(m.item, m.reason) for m in found.missing] == [("Fitness for open surgery", Reason.NOT_RECORDED)]


def test_a_blocker_that_has_to_ask_does_ask() -> None:
    safe = observation("safe", "resectability", at="T8", **answer("safely-resectable"))
    found = verdict(judge(METASTASIS, SINS, safe), "R-TX-03")
    assert found.status is Status.NEEDS_DATA
    assert [(m.item, m.reason) for m in found.missing] == [("Fitness for open surgery", Reason.NOT_RECORDED)]


def test_a_contested_blocker_blocks_and_shows_both_statements() -> None:
    found = verdict(judge(METASTASIS, SINS, UNFIT, NOT_UNFIT), SURGERY)
    (contested,) = found.missing
    assert contested.reason is Reason.CONFLICT
    assert {(e.reference, plain(e.value)) for e in contested.alternatives} == {
        ("Observation/unfit", "yes"),
        ("Observation/not-unfit", "no"),
    }


def test_a_recommendation_names_the_datum_that_it_rests_on() -> None:
    found = verdict(judge(METASTASIS, SINS), SURGERY)
    (step,) = [s for s in found.steps if s.name == "instability-or-mass-effect"]
    assert [e.reference for e in step.evidence] == ["Observation/sins"]
    assert any("14" in plain(said) and ago(3) in plain(said) for said in found.because)


def test_a_caution_is_said_beside_the_recommendation() -> None:
    ecog = observation("ecog", "ecog", valueInteger=3)
    found = verdict(judge(METASTASIS, SINS, ecog), SURGERY)
    assert found.status is Status.RECOMMENDED
    assert any(plain(said).startswith("ECOG 3") for said in found.cautions)


def test_what_does_not_apply_says_nothing() -> None:
    found = verdict(judge(METASTASIS), "R-MET-02")
    assert found.status is Status.NOT_APPLICABLE
    assert (found.lines, found.cautions, found.missing, found.alternatives) == ((), (), (), ())


def test_what_a_profile_suppresses_says_so() -> None:
    weak = observation("power", "motor-power", days=2, valueInteger=3)
    found = verdict(judge(METASTASIS, weak), "R-STER-02")
    assert (found.status, found.by) == (Status.SUPPRESSED, "profile")
    assert found.because


def test_every_shown_verdict_has_a_reason_or_asks_for_one(library: Library) -> None:
    shown = [v for v in judge(METASTASIS, PAIN, SINS, UNFIT).verdicts if v.status.shown]
    assert {v.status for v in shown} == {Status.RECOMMENDED, Status.BLOCKED, Status.NEEDS_DATA}
    for one in shown:
        assert one.because or one.missing or not _criteria(library, one.id), one.id


def _criteria(library: Library, id_: str) -> bool:
    found = next(u.recommendation for p in library.pathways for u in p.uses if u.recommendation.id == id_)
    return bool(found.when)
