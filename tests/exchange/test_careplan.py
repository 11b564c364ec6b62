"""The CarePlan is valid FHIR R4, a draft, and orders nothing (rulings 5.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fhir.resources.R4B.careplan import CarePlan
from fhir.resources.R4B.servicerequest import ServiceRequest

from fhirpath_spine.exchange.outgoing import CardPolicy, members, write_cards
from fhirpath_spine.pathway.decision import Evidence, Status, Step, Verdict
from fhirpath_spine.pathway.lesions import LesionRef
from fhirpath_spine.pathway.model import ACTIVITY_KINDS, Activity, Library
from tests.kit import decisions as make


def plans(*cards: Any, **changes: Any) -> list[dict[str, Any]]:
    return write_cards(make.decision(*cards, **changes), "d", make.wording()).careplans


def test_a_plan_is_valid_r4_and_says_where_it_comes_from() -> None:
    plan = plans(make.planned(make.verdict()))[0]
    CarePlan.model_validate(plan)
    assert (plan["status"], plan["intent"]) == ("draft", "proposal")
    assert plan["instantiatesCanonical"] == ["https://fhirpath-spine.org/fhir/PlanDefinition/PW-DEMO|1.2.3"]
    assert plan["subject"] == {"reference": "Patient/p1"}
    assert plan["addresses"] == [{"reference": "Condition/c1"}, {"reference": "Condition/c2"}]
    assert plan["created"] == "2026-06-15T23:59:59+00:00"


def test_the_check_has_a_negative_control() -> None:
    plan = plans(make.planned(make.verdict()))[0]
    with pytest.raises(ValueError, match="intent"):
        CarePlan.model_validate({k: v for k, v in plan.items() if k != "intent"})


def test_an_activity_names_claims_and_evidence_and_is_not_started() -> None:
    detail = plans(make.planned(make.verdict()))[0]["activity"][0]["detail"]
    assert detail["kind"] == "ServiceRequest"
    assert (detail["status"], detail["doNotPerform"]) == ("not-started", False)
    assert "S1" in detail["description"]
    assert "A page (patient education page, 2025-01-02, very low)" in detail["description"]


@pytest.mark.parametrize(
    "activity", [None, Activity("MedicationRequest", "a drug"), Activity("DeviceRequest", "a thing")]
)
def test_what_has_no_activity_that_a_plan_may_hold_is_named_in_the_note(activity: Activity | None) -> None:
    plan = plans(make.planned(make.verdict(), make.verdict("R-DEMO-02", activity=activity)))[0]
    assert len(plan["activity"]) == 1
    assert "Title of R-DEMO-02 (R-DEMO-02)" in plan["note"][0]["text"]


def test_no_kind_of_activity_is_a_drug() -> None:
    assert "MedicationRequest" not in ACTIVITY_KINDS


def test_only_what_is_recommended_is_in_the_plan() -> None:
    wanting = make.verdict("R-DEMO-02", Status.NEEDS_DATA, missing=(make.missing(),))
    plan = plans(make.planned(make.verdict(), wanting))[0]
    assert "R-DEMO-02" not in str(plan)
    assert plans(make.planned(wanting)) == []


def test_a_plan_rides_once_and_holds_all_cards_of_its_entry() -> None:
    second = make.planned(make.verdict("R-DEMO-02"), plans=())
    found = write_cards(make.decision(make.planned(make.verdict()), second), "d", make.wording())
    offered = [s for c in found.cards for s in c["suggestions"]]
    riding = [s for s in offered if s["actions"][0]["resource"]["resourceType"] == "CarePlan"]
    assert len(riding) == len(found.careplans) == 1
    assert len(found.careplans[0]["activity"]) == 2


def test_what_the_gate_shows_is_not_in_a_plan() -> None:
    plan = plans(make.planned(make.verdict(), make.verdict("R-DEMO-02", on_gate=True)))[0]
    assert "R-DEMO-02" not in str(plan)


def test_asking_again_gives_the_same_plan_and_another_patient_another() -> None:
    one, two, other = (plans(make.planned(make.verdict()), patient=p)[0] for p in ("p1", "p1", "p2"))
    assert one["identifier"] == two["identifier"] != other["identifier"]
    assert one["id"] == two["id"]


def test_the_patients_id_stands_in_the_subject_only() -> None:
    plan = plans(make.planned(make.verdict()), patient="patient-4711")[0]
    del plan["subject"]
    assert "4711" not in str(plan)


def test_a_service_request_is_valid_r4() -> None:
    card_policy = CardPolicy(actions=frozenset({"ServiceRequest"}))
    card = write_cards(make.decision(make.planned(make.verdict())), "d", make.wording(), card_policy).cards[0]
    ServiceRequest.model_validate(card["suggestions"][0]["actions"][0]["resource"])


# ---------------------------------------------------------------------------------------------------- goals


def goal(value: str = "restore function", **changes: Any) -> Evidence:
    return make.evidence(value, label="Goal of care", need="goals", reference="Observation/g1", **changes)


def test_without_a_recorded_goal_the_plan_has_none() -> None:
    plan = plans(make.planned(make.verdict()))[0]
    assert not {"contained", "goal", "supportingInfo"} & set(plan)


def test_a_recorded_goal_stands_in_the_plan_in_its_own_words() -> None:
    plan = plans(make.planned(make.verdict()), goals=(goal(),))[0]
    CarePlan.model_validate(plan)
    (held,) = plan["contained"]
    assert plan["goal"] == [{"reference": f"#{held['id']}"}]
    assert plan["supportingInfo"] == [{"reference": "Observation/g1"}]
    assert held["description"]["text"] == "Goal of care as recorded: restore function (2026-06-01)"
    assert held["subject"] == plan["subject"]
    assert not {"addresses", "target", "priority"} & set(held), "nothing is added to what is recorded"


def test_a_goal_is_told_once_and_in_one_order() -> None:
    other = goal("comfort only")
    second = other._replace(reference="Observation/g2")
    one = plans(make.planned(make.verdict()), goals=(other, second, other))[0]
    two = plans(make.planned(make.verdict()), goals=(second, other))[0]
    assert one == two
    assert [g["id"] for g in one["contained"]] == ["goal-1", "goal-2"]


def test_the_words_of_a_goal_come_from_the_chart_and_stay_one_line() -> None:
    plan = plans(make.planned(make.verdict()), goals=(goal("a\nb\u202ec"),))[0]
    assert "a bc" in plan["contained"][0]["description"]["text"]


# ---------------------------------------------------------------------------------------------------- what is done


def with_procedures(status: str = "completed") -> Library:
    library = make.library()
    operation = replace(make.need("operation", "Procedure", "procedures"), statuses=frozenset({status}))
    return replace(library, needs={**library.needs, "operation": operation})


def satisfied(*references: str, **changes: Any) -> Verdict:
    found = tuple(
        make.evidence("resection", need="operation", reference=r, date=f"2026-0{n}-01")
        for n, r in enumerate(references, start=1)
    )
    step = Step("satisfied", "operated", True, "%operation.exists()", found)
    said = (("Operated (2026-02-01)",),)
    return make.verdict("R-DEMO-09", Status.SATISFIED, steps=(step,), because=said, **changes)


def closed(verdict: Verdict, library: Library) -> list[dict[str, Any]]:
    card = make.planned(make.verdict())
    shown = make.decision(card)
    decision = replace(shown, verdicts=(*shown.verdicts, verdict))
    plan = write_cards(decision, "d", make.wording(library)).careplans[0]
    CarePlan.model_validate(plan)
    return [a for a in plan["activity"] if a["detail"]["status"] == "completed"]


def test_a_completed_procedure_closes_the_activity_that_it_satisfies() -> None:
    (activity,) = closed(satisfied("Procedure/p1"), with_procedures())
    assert activity["outcomeReference"] == [{"reference": "Procedure/p1"}]
    assert "reference" not in activity, "cpl-3: a detail and a reference exclude each other"
    assert "R-DEMO-09. Done: Operated (2026-02-01)." in activity["detail"]["description"]


def test_of_several_procedures_the_newest_counts() -> None:
    (activity,) = closed(satisfied("Procedure/old", "Procedure/new"), with_procedures())
    assert activity["outcomeReference"] == [{"reference": "Procedure/new"}]


def test_what_is_satisfied_otherwise_is_no_activity() -> None:
    library = with_procedures()
    assert closed(satisfied("DiagnosticReport/r1"), library) == []
    assert closed(satisfied("Procedure/p1", activity=None), library) == []
    assert closed(satisfied("Procedure/p1"), with_procedures("in-progress")) == []
    assert closed(satisfied("Procedure/p1", pathway="PW-OTHER"), library) == []
    elsewhere = LesionRef("demo:L1", "another", ("L1",), ())
    assert closed(satisfied("Procedure/p1", lesion=elsewhere), library) == []


# ---------------------------------------------------------------------------------------------------- superseded


def test_another_major_version_is_another_plan_and_a_minor_one_is_not() -> None:
    def identifier(version: str) -> Any:
        entry = replace(make.ENTRY, version=version)
        shown = make.planned(make.verdict(), entry=entry)
        decision = replace(make.decision(shown), entries=(entry,))
        return write_cards(decision, "d", make.wording()).careplans[0]["identifier"]

    assert identifier("1.2.3") == identifier("1.9.0") != identifier("2.0.0")


def test_a_plan_says_what_it_replaces() -> None:
    notes = [n["text"] for n in plans(make.planned(make.verdict()))[0]["note"]]
    assert any("Replaces any earlier draft with this identifier" in n for n in notes)


# ---------------------------------------------------------------------------------------------------- folded cards


def test_a_plan_takes_nothing_of_another_lesion_from_the_folded_card() -> None:
    other_lesion = LesionRef("demo:L1", "another tumour at L1", ("L1",), ("c9",))
    other_entry = replace(make.ENTRY, lesion=other_lesion)
    mine, folded = make.verdict(), make.verdict("R-DEMO-02")
    foreign = make.verdict("R-DEMO-03", lesion=other_lesion)
    shared = make.verdict("R-DEMO-04", lesion=None)
    more = make.planned(folded, foreign, shared, plans=(), entries=(make.ENTRY, other_entry))
    decision = replace(make.decision(make.planned(mine), more), entries=(make.ENTRY, other_entry))
    assert [v.id for v in members(decision, make.ENTRY)] == ["R-DEMO-01", "R-DEMO-02", "R-DEMO-04"]
    assert [v.id for v in members(decision, other_entry)] == ["R-DEMO-03"]


def test_the_folded_card_carries_the_plan_of_each_entry_and_names_its_lesion() -> None:
    lesion = LesionRef("demo:L1", "another tumour", ("L1",), ("c9",), called="Another L1")
    other = replace(make.ENTRY, lesion=lesion)
    verdicts = make.verdict(), make.verdict(lesion=lesion)
    more = make.planned(*verdicts, plans=(make.ENTRY, other), entries=(make.ENTRY, other))
    found = write_cards(replace(make.decision(more), entries=(make.ENTRY, other)), "d", make.wording())
    (card,) = found.cards
    plans = [s for s in card["suggestions"] if s["actions"][0]["resource"]["resourceType"] == "CarePlan"]
    assert [s["actions"][0]["resource"] for s in plans] == found.careplans
    assert [len(p["activity"]) for p in found.careplans] == [1, 1]
    assert found.careplans[1]["addresses"] == [{"reference": "Condition/c9"}]
    assert [s["label"] for s in plans] == [
        "Add this plan as a draft: Demo T8",
        "Add this plan as a draft: Another L1",
    ]
    assert len({s["uuid"] for s in card["suggestions"]}) == len(card["suggestions"])
    assert "**Another L1**: Title of R-DEMO-01" in card["detail"]
