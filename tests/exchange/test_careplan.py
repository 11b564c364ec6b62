"""The CarePlan is valid FHIR R4, a draft, and orders nothing (rulings 5.3)."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from fhir.resources.R4B.careplan import CarePlan
from fhir.resources.R4B.servicerequest import ServiceRequest

from fhirpath_spine.exchange.cards import Taste, word
from fhirpath_spine.exchange.careplan import KINDS
from fhirpath_spine.pathway.decision import Status
from fhirpath_spine.pathway.model import Activity


def plans(make: ModuleType, *cards: Any, **changes: Any) -> list[dict[str, Any]]:
    return word(make.decision(*cards, **changes), "d", make.wording()).careplans


def test_a_plan_is_valid_r4_and_says_where_it_comes_from(make: ModuleType) -> None:
    plan = plans(make, make.planned(make.verdict()))[0]
    CarePlan.model_validate(plan)
    assert (plan["status"], plan["intent"]) == ("draft", "proposal")
    assert plan["instantiatesCanonical"] == ["https://fhirpath-spine.org/fhir/PlanDefinition/PW-DEMO|1.2.3"]
    assert plan["subject"] == {"reference": "Patient/p1"}
    assert plan["addresses"] == [{"reference": "Condition/c1"}, {"reference": "Condition/c2"}]
    assert plan["created"] == "2026-06-15T23:59:59+00:00"


def test_the_check_has_a_negative_control(make: ModuleType) -> None:
    plan = plans(make, make.planned(make.verdict()))[0]
    with pytest.raises(ValueError, match="intent"):
        CarePlan.model_validate({k: v for k, v in plan.items() if k != "intent"})


def test_an_activity_names_claims_and_evidence_and_is_not_started(make: ModuleType) -> None:
    detail = plans(make, make.planned(make.verdict()))[0]["activity"][0]["detail"]
    assert detail["kind"] == "ServiceRequest"
    assert (detail["status"], detail["doNotPerform"]) == ("not-started", False)
    assert "S1" in detail["description"]
    assert "A page (patient education page, 2025-01-02, very low)" in detail["description"]


@pytest.mark.parametrize(
    "activity", [None, Activity("MedicationRequest", "a drug"), Activity("DeviceRequest", "a thing")]
)
def test_what_has_no_activity_that_a_plan_may_hold_is_named_in_the_note(
    make: ModuleType, activity: Activity | None
) -> None:
    plan = plans(make, make.planned(make.verdict(), make.verdict("R-DEMO-02", activity=activity)))[0]
    assert len(plan["activity"]) == 1
    assert "Title of R-DEMO-02 (R-DEMO-02)" in plan["note"][0]["text"]


def test_no_kind_of_activity_is_a_drug() -> None:
    assert "MedicationRequest" not in KINDS


def test_only_what_is_recommended_is_in_the_plan(make: ModuleType) -> None:
    wanting = make.verdict("R-DEMO-02", Status.NEEDS_DATA, missing=(make.missing(),))
    plan = plans(make, make.planned(make.verdict(), wanting))[0]
    assert "R-DEMO-02" not in str(plan)
    assert plans(make, make.planned(wanting)) == []


def test_a_plan_rides_once_and_holds_all_cards_of_its_entry(make: ModuleType) -> None:
    second = make.planned(make.verdict("R-DEMO-02"), carries_plan=False)
    found = word(make.decision(make.planned(make.verdict()), second), "d", make.wording())
    riding = [s for c in found.cards for s in c["suggestions"] if "actions" in s]
    assert len(riding) == len(found.careplans) == 1
    assert len(found.careplans[0]["activity"]) == 2


def test_what_the_gate_shows_is_not_in_a_plan(make: ModuleType) -> None:
    plan = plans(make, make.planned(make.verdict(), make.verdict("R-DEMO-02", on_gate=True)))[0]
    assert "R-DEMO-02" not in str(plan)


def test_asking_again_gives_the_same_plan_and_another_patient_another(make: ModuleType) -> None:
    one, two, other = (plans(make, make.planned(make.verdict()), patient=p)[0] for p in ("p1", "p1", "p2"))
    assert one["identifier"] == two["identifier"] != other["identifier"]
    assert one["id"] == two["id"]


def test_the_patients_id_stands_in_the_subject_only(make: ModuleType) -> None:
    plan = plans(make, make.planned(make.verdict()), patient="patient-4711")[0]
    del plan["subject"]
    assert "4711" not in str(plan)


def test_a_service_request_is_valid_r4(make: ModuleType) -> None:
    taste = Taste(actions=frozenset({"ServiceRequest"}))
    card = word(make.decision(make.planned(make.verdict())), "d", make.wording(), taste).cards[0]
    ServiceRequest.model_validate(card["suggestions"][0]["actions"][0]["resource"])
