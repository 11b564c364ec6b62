"""The document of ``decide`` and the tree of ``explain``."""

from __future__ import annotations

from dataclasses import replace

from fhirpath_spine.errors import PatientMismatch
from fhirpath_spine.exchange.outgoing import document, refusal, tree
from fhirpath_spine.pathway.decision import Status, Step
from tests.kit import decisions as make


def test_the_document_has_the_fixed_keys() -> None:
    found = document(make.decision(make.planned(make.verdict())), make.wording())
    assert list(found) == ["decision", "pathways", "verdicts", "cards", "careplans", "explanation"]
    assert found["pathways"] == [
        {"id": "PW-DEMO", "state": "TREAT_PLAN", "lesion": {"key": "demo:T8", "conditions": ["c2", "c1"]}}
    ]


def test_verdicts_that_no_card_shows_are_in_it_too() -> None:
    hidden = make.verdict("R-DEMO-09", Status.SUPPRESSED, by="GATE", because=(("hidden while open",),))
    decision = make.decision(make.planned(make.verdict()))
    found = document(replace(decision, verdicts=(*decision.verdicts, hidden)), make.wording())
    assert found["verdicts"][1]["by"] == "GATE"
    assert found["verdicts"][1]["because"] == ["hidden while open"]


def test_a_deliberate_silence_says_why() -> None:
    found = document(make.decision(silent="deceased"), make.wording())
    assert (found["cards"], found["silent"]) == ([], "deceased")


def test_a_refusal_has_an_outcome_and_empty_lists() -> None:
    found = refusal(PatientMismatch("No.", hint="Do."), "conflict", None, make.wording(), "2026-06-15")
    assert list(found) == ["decision", "outcome", "pathways", "verdicts", "cards"]
    assert found["outcome"]["issue"][0]["code"] == "conflict"
    assert found["outcome"]["issue"][0]["details"]["coding"][0]["code"] == "patient-mismatch"
    assert found["pathways"] == found["verdicts"] == found["cards"] == []


def test_the_tree_shows_each_criterion_with_its_answer_value_resource_and_date() -> None:
    asked = Step("when", "grade-high", None, "%grade = 'high'", (), (make.missing(),))
    steps = (*make.verdict().steps, asked, Step("blocked", "unfit", False, "%unfit"))
    found = tree(make.decision(make.planned(make.verdict(steps=steps))), "d", make.wording())
    criteria = found["entries"][0]["verdicts"][0]["criteria"]
    assert [c["answer"] for c in criteria] == ["MET", "UNKNOWN", "NOT_MET"]
    assert criteria[0]["data"] == [
        {"need": "pain", "label": "Pain severity", "value": "yes", "date": "2026-06-01", "resource": "Observation/o1"}
    ]
    assert criteria[1]["missing"] == [{"item": "Grade", "reason": "not-recorded"}]
