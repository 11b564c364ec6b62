"""The policy that ships: the gate, holds and goals above the single recommendation, and those that follow others."""

from __future__ import annotations

import pytest

from fhirpath_spine.pathway.decision import Status
from fhirpath_spine.pathway.sentences import plain
from fhirpath_spine.pathway.truth import Reason
from tests.pathway.pathway_kit import (
    METASTASIS,
    PAIN,
    PARESIS,
    Json,
    ago,
    answer,
    condition,
    entries,
    having,
    judge,
    observation,
    patient,
    report,
    verdict,
)

SINS = observation("sins", "sins-total", at="T8", valueInteger=14)
UNSTABLE: tuple[Json, ...] = (METASTASIS, SINS)
MRI = report("mri", "spine-mri", days=1)
DECISION = observation("decision", "mscc-decision", days=1, **answer("mscc-for-surgery"))
COMFORT = observation("goal", "goals-of-care", **answer("comfort-only"))
TREATS = frozenset({"surgery", "radiotherapy", "combination", "systemic"})


# ---------------------------------------------------------------------------------------------------- gate


def test_an_open_gate_suppresses_every_treatment() -> None:
    decision = judge(*UNSTABLE, PAIN, PARESIS)
    treats = [v for v in decision.verdicts if v.kind in TREATS]
    assert len(treats) > 3
    assert {(v.status, v.by) for v in treats} == {(Status.SUPPRESSED, "PW-COMPRESS")}
    assert having(decision, Status.RECOMMENDED) >= {"R-EMG-01", "R-EMG-02", "R-EMG-03"}


def test_without_a_deficit_the_gate_is_shut() -> None:
    decision = judge(*UNSTABLE)
    assert "PW-COMPRESS" not in {e.id for e in decision.entries}
    assert verdict(decision, "R-MET-04").status is Status.RECOMMENDED


@pytest.mark.parametrize("told", [(MRI,), (DECISION,)], ids=["only-imaging", "only-a-decision"])
def test_half_an_acknowledgement_frees_nothing(told: tuple[Json, ...]) -> None:
    decision = judge(*UNSTABLE, PARESIS, *told)
    assert verdict(decision, "R-MET-04").status is Status.SUPPRESSED


@pytest.mark.parametrize(("days", "frees"), [(1, True), (3, True), (4, False)])
def test_an_acknowledgement_counts_from_the_day_of_the_deficit(days: int, frees: bool) -> None:
    mri = report("mri", "spine-mri", days=days)
    decided = observation("decision", "mscc-decision", days=days, **answer("mscc-for-surgery"))
    decision = judge(*UNSTABLE, PARESIS, mri, decided)
    assert (verdict(decision, "R-MET-04").status is Status.RECOMMENDED) is frees
    assert ("PW-COMPRESS" in {e.id for e in decision.entries}) is not frees


def test_an_acknowledged_gate_is_said_at_the_head_and_its_recommendations_are_satisfied() -> None:
    decision = judge(*UNSTABLE, PARESIS, MRI, DECISION)
    assert [plain(said) for said in decision.head] == [
        f"Deficit acknowledged {ago(1)}: imaging and a decision are on record since its onset."
    ]
    assert having(decision, Status.SATISFIED) >= {"R-EMG-01", "R-EMG-02", "R-EMG-03"}


def test_a_scope_stop_shows_the_gate_and_recommends_nothing_of_it() -> None:
    decision = judge(*UNSTABLE, PARESIS, emergency="scope-stop")
    assert entries(decision)[0] == ("PW-COMPRESS", "EMERGENCY")
    assert {v.by for v in decision.verdicts if v.id.startswith("R-EMG")} == {"scope-stop"}
    assert having(decision, Status.RECOMMENDED) == set()
    assert decision.cards[0].notes


@pytest.mark.parametrize(("days", "open_"), [(0, True), (14, True), (90, True), (91, False)])
def test_a_deficit_is_open_for_ninety_days(days: int, open_: bool) -> None:
    decision = judge(METASTASIS, condition("paresis", "paresis", days=days))
    assert ("PW-COMPRESS" in {e.id for e in decision.entries}) is open_


def test_a_deficit_without_a_date_counts_as_new() -> None:
    undated = condition("paresis", "paresis")
    del undated["onsetDateTime"]
    decision = judge(METASTASIS, undated)
    assert ("PW-COMPRESS", "EMERGENCY") in entries(decision)


def test_a_deficit_without_a_tumour_cancer_or_pain_opens_no_gate() -> None:
    assert entries(judge(PARESIS)) == []


# ---------------------------------------------------------------------------------------------------- holds


@pytest.mark.parametrize(("years", "status"), [(17, Status.SUPPRESSED), (19, Status.RECOMMENDED)])
def test_a_child_is_offered_no_operation(years: int, status: Status) -> None:
    decision = judge(patient(birthDate=ago(years * 366)), *UNSTABLE)
    assert verdict(decision, "R-MET-04").status is status
    assert bool(decision.head) is (status is Status.SUPPRESSED)


def test_an_unknown_age_asks_before_an_operation() -> None:
    unborn = patient()
    del unborn["birthDate"]
    found = verdict(judge(unborn, *UNSTABLE), "R-MET-04")
    assert found.status is Status.NEEDS_DATA
    assert ("Birth date", Reason.NOT_RECORDED) in {(m.item, m.reason) for m in found.missing}


def test_a_pregnancy_blocks_one_and_cautions_of_another() -> None:
    woman = patient(gender="female", birthDate=ago(30 * 366))
    decision = judge(woman, *UNSTABLE, PAIN, condition("pregnancy", "pregnant"))
    assert verdict(decision, "R-SUS-04").status is Status.BLOCKED
    surgery = verdict(decision, "R-MET-04")
    assert surgery.status is Status.RECOMMENDED
    assert "Pregnancy: joint decision with obstetrics" in [plain(said) for said in surgery.cautions]


def test_an_unknown_pregnancy_is_asked_about_where_it_matters() -> None:
    found = verdict(judge(patient(gender="female", birthDate=ago(30 * 366)), *UNSTABLE, PAIN), "R-PAIN-04")
    assert found.status is Status.NEEDS_DATA
    assert "Pregnancy status of the last 14 days" in {m.item for m in found.missing}


def test_a_man_is_not_asked_about_a_pregnancy() -> None:
    found = verdict(judge(*UNSTABLE, PAIN), "R-PAIN-04")
    assert "Pregnancy status of the last 14 days" not in {m.item for m in found.missing}


# ---------------------------------------------------------------------------------------------------- goals


def test_comfort_only_hides_systemic_therapy_and_gives_its_date() -> None:
    decision = judge(*UNSTABLE, COMFORT)
    found = verdict(decision, "R-MET-06")
    assert (found.status, found.by) == (Status.SUPPRESSED, "COMFORT-ONLY")
    assert [plain(said) for said in found.because] == [f"Goal of care: comfort only ({ago(3)})"]
    assert [e.reference for e in decision.goals] == ["Observation/goal"]


def test_a_goal_that_was_not_read_releases_nothing_that_it_may_hide() -> None:
    found = verdict(judge(*UNSTABLE, unread=["observations-decisions"]), "R-MET-06")
    assert found.status is Status.NEEDS_DATA
    assert [(m.item, m.reason) for m in found.missing] == [("whether the goal of care is comfort only", Reason.UNREAD)]


def test_contradicting_goals_are_not_shown_as_one() -> None:
    other = observation("other-goal", "goals-of-care", **answer("prolong-life"))
    decision = judge(*UNSTABLE, COMFORT, other)
    assert decision.goals == ()
    assert verdict(decision, "R-MET-06").status is not Status.RECOMMENDED


# ---------------------------------------------------------------------------------------------------- following


def test_a_follower_is_no_better_than_the_one_that_it_follows() -> None:
    unfit = observation("unfit", "unfit-for-open-surgery", valueBoolean=True)
    for told, status in (((), Status.RECOMMENDED), ((unfit,), Status.BLOCKED)):
        decision = judge(*UNSTABLE, *told)
        assert verdict(decision, "R-MET-04").status is status
        assert verdict(decision, "R-TX-02").status is status


def test_a_follower_without_a_leader_does_not_apply() -> None:
    assert verdict(judge(METASTASIS), "R-TX-11").status is Status.NOT_APPLICABLE
