"""Questions of the shipped definitions: each answer carries its evidence, or what is missing and why."""

from __future__ import annotations

from typing import Any

import pytest

from fhirpath_spine.pathway.asking import Answer, Environment, gather
from fhirpath_spine.pathway.truth import Reason
from tests.pathway.pathway_kit import (
    METASTASIS,
    PAIN,
    PARESIS,
    SITE,
    Json,
    condition,
    facts,
    observation,
    patient,
    shipped,
)


def _environment(*told: Json, **how: Any) -> Environment:
    return Environment(gather(shipped(), facts(*told, **how), SITE))


def _ask(definition: str, *told: Json, **how: Any) -> Answer:
    return _environment(*told, **how).ask(shipped().definitions[definition])


NIGHT = observation("night", "night-pain", valueBoolean=True)


@pytest.mark.parametrize(
    ("definition", "told", "truth"),
    [
        ("back-pain-now", (PAIN,), True),
        ("back-pain-now", (), False),
        ("pain-persists", (PAIN,), True),
        ("flag-night", (NIGHT,), True),
        ("adult", (), True),
        ("gate-open", (METASTASIS, PARESIS), True),
        ("gate-open", (METASTASIS,), False),
        ("gate-open", (PARESIS,), False),
    ],
)
def test_a_complete_chart_decides_a_definition(definition: str, told: tuple[Json, ...], truth: bool) -> None:
    assert _ask(definition, *told).truth is truth


def test_a_met_answer_names_the_resources_that_decided_it() -> None:
    environment, question = _environment(PAIN, NIGHT), shipped().definitions["back-pain-now"]
    assert [e.reference for e in environment.evidence(question)] == ["Condition/pain"]
    assert environment.ask(question).missing == ()


def test_an_answer_that_is_not_met_rests_on_nothing() -> None:
    assert _environment(NIGHT).evidence(shipped().definitions["back-pain-now"]) == ()


def test_an_unread_key_leaves_the_answer_unknown_and_named() -> None:
    found = _ask("flag-night", unread=["observations-pain"])
    assert found.truth is None
    assert found.unread
    assert [(m.item, m.reason) for m in found.missing] == [("Night pain", Reason.UNREAD)]


def test_what_was_found_decides_though_more_is_unread() -> None:
    assert _ask("flag-night", NIGHT, unread=["observations-pain"]).truth is True


def test_a_false_side_decides_though_the_other_is_unread() -> None:
    assert _ask("gate-with-tumour", unread=["observations-decisions"]).truth is False


@pytest.mark.parametrize(
    ("how", "reason"),
    [({"unread": ["patient"]}, Reason.UNREAD), ({}, Reason.NOT_RECORDED)],
    ids=["unread", "no-birth-date"],
)
def test_an_unknown_age_says_whether_it_was_not_read_or_is_not_recorded(how: Json, reason: Reason) -> None:
    unborn = patient()
    del unborn["birthDate"]
    found = _ask("adult", unborn, **how)
    assert found.truth is None
    assert {m.reason for m in found.missing} == {reason}


def test_contradicting_statements_leave_the_answer_unknown_and_are_both_shown() -> None:
    told = [observation(f"u{v}", "unfit-for-open-surgery", valueBoolean=v) for v in (True, False)]
    found = _ask("unfit-stated", *told)
    assert found.truth is None
    assert found.conflict
    assert {e.reference for m in found.missing for e in m.alternatives} == {"Observation/uTrue", "Observation/uFalse"}


def test_a_question_is_answered_once() -> None:
    environment = _environment(PAIN)
    question = shipped().definitions["back-pain-now"]
    assert environment.ask(question) is environment.ask(question)


def test_what_is_given_to_a_narrower_environment_leaves_the_wider_one_alone() -> None:
    environment = _environment(PAIN)
    narrower = environment.with_given({"state": ["TREAT_PLAN"]})
    assert list(narrower["state"]) == ["TREAT_PLAN"]
    assert narrower["back-pain"] is environment["back-pain"]
    with pytest.raises(KeyError):
        environment["state"]


def test_the_site_is_read_as_its_flags_and_the_variants_that_it_approved() -> None:
    assert list(_environment()["site"]) == [{"endoscopy_available": True, "approved_variants": []}]


UNSTABLE = shipped().definitions["stability-doubtful"]
TWO = (METASTASIS, condition("other", "spinal-metastasis-site", at="L3"))


def _score(points: int, at: str, days: int) -> Json:
    return observation(f"sins{at}", "sins-total", days=days, at=at, valueInteger=points)


def test_a_question_of_any_lesion_is_not_answered_by_what_is_newest_of_another() -> None:
    environment = _environment(*TWO, _score(15, "L3", 20), _score(4, "T8", 2))
    assert environment.ask_any_lesion(UNSTABLE).truth is True
    assert [e.reference for e in environment.evidence_of_any_lesion(UNSTABLE)] == ["Observation/sinsL3"]


def test_a_question_of_any_lesion_is_open_while_it_is_open_for_one_of_them() -> None:
    found = _environment(*TWO, _score(4, "T8", 2)).ask_any_lesion(shipped().definitions["stable"])
    assert found.truth is True
    doubt = _environment(*TWO, _score(4, "T8", 2)).ask_any_lesion(shipped().definitions["unstable"])
    assert doubt.truth is None
    assert {m.reason for m in doubt.missing} == {Reason.NOT_RECORDED}


def test_a_question_of_any_lesion_is_false_only_if_it_is_false_for_each() -> None:
    assert _environment(*TWO, _score(5, "L3", 20), _score(4, "T8", 2)).ask_any_lesion(UNSTABLE).truth is False


def test_a_question_of_any_lesion_is_asked_of_the_patient_where_there_is_none() -> None:
    assert _environment(PAIN).ask_any_lesion(shipped().definitions["pain-recorded"]).truth is True


def test_where_lesions_could_not_be_read_none_of_them_is_not_said() -> None:
    found = _environment(METASTASIS, _score(4, "T8", 2), unread=["observations-imaging"]).ask_any_lesion(UNSTABLE)
    assert found.truth is None
    assert found.unread


def test_a_group_of_which_a_part_is_on_record_but_old_is_too_old_and_not_missing() -> None:
    circumstances = gather(shipped(), facts(METASTASIS, _score(15, "T8", 100)), SITE)
    found = Environment(circumstances, circumstances.lesions[0]).ask(shipped().definitions["unstable"])
    assert any(m.item.startswith("SINS") and m.reason is Reason.STALE for m in found.missing)
