"""A draft plan that the chart holds already is named, not offered again, and never written over once it is in use."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.careplan import CarePlan

from fhirpath_spine.entrypoints.commands import Judged, as_document, judge_chart
from fhirpath_spine.errors import PatientMismatch
from fhirpath_spine.exchange.outgoing import Cards, write_cards
from fhirpath_spine.pathway.decision import Verdict
from fhirpath_spine.pathway.facts import of_ours
from fhirpath_spine.pathway.model import Activity
from tests.kit import decisions as make
from tests.kit.content import shipped

OPINION = Activity("ServiceRequest", "Ask for another opinion")


def plans(*cards: Any) -> list[dict[str, Any]]:
    return write_cards(make.decision(*cards), "d", make.wording()).careplans


def on_file(status: str = "draft", *verdicts: Verdict, **changes: Any) -> tuple[dict[str, Any], Cards]:
    """The plan of a demo card as a chart holds it, and the cards of the next call, which recommend ``verdicts``."""
    held = {**plans(make.planned(make.verdict()))[0], "created": "2026-06-12", "status": status, **changes}
    known = of_ours(held, f"CarePlan/{held['id']}" if "id" in held else "CarePlan#1")
    again = make.decision(make.planned(*(verdicts or (make.verdict(),))), plans=(known,) if known else ())
    return held, write_cards(again, "d", make.wording())


def offered(cards: Cards) -> list[dict[str, Any]]:
    actions = [a for c in cards.cards for s in c["suggestions"] for a in s["actions"]]
    return [a for a in actions if a["resource"]["resourceType"] == "CarePlan"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("draft", "The draft plan of 12 June is on file."),
        ("active", "The care plan of 12 June is on file."),
        ("on-hold", "The care plan of 12 June is on file."),
    ],
)
def test_a_plan_on_file_is_named_and_not_offered_again(status: str, said: str) -> None:
    _, cards = on_file(status)
    assert f"\n\n{said}\n\n" in cards.cards[0]["detail"]
    assert offered(cards) == []
    assert cards.cards[0]["suggestions"], "what else the card offers stays"
    assert len(cards.careplans) == 1, "what asks for the plan itself still gets it"


@pytest.mark.parametrize("status", ["completed", "revoked", "entered-in-error"])
def test_a_plan_whose_time_is_over_may_be_proposed_again(status: str) -> None:
    _, cards = on_file(status)
    assert "on file" not in cards.cards[0]["detail"]
    assert [a["type"] for a in offered(cards)] == ["create"]


def test_a_draft_whose_content_changed_is_updated_under_its_own_id() -> None:
    of_hospital = {"id": "4711", "careTeam": [{"reference": "CareTeam/1"}], "text": {"status": "generated"}}
    held, cards = on_file("draft", make.verdict(), make.verdict("R-DEMO-02", activity=OPINION), **of_hospital)
    assert "The draft plan of 12 June is on file; what is proposed has changed since." in cards.cards[0]["detail"]
    (action,) = offered(cards)
    assert (action["type"], action["resource"]["id"]) == ("update", "4711")
    assert action["resource"]["careTeam"] == held["careTeam"]
    assert action["resource"]["identifier"] == held["identifier"]
    assert "text" not in action["resource"], "the narrative tells the old content"
    assert len(action["resource"]["activity"]) == 2
    CarePlan.model_validate(action["resource"])


def test_a_plan_in_use_is_never_written_over() -> None:
    _, cards = on_file("active", make.verdict("R-DEMO-02", activity=OPINION))
    assert "is on file; what is proposed now differs from it." in cards.cards[0]["detail"]
    assert offered(cards) == []


def test_a_draft_that_cannot_be_addressed_is_named_and_not_updated() -> None:
    held = plans(make.planned(make.verdict()))[0] | {"status": "draft"}
    known = of_ours(held, "CarePlan#1")
    again = make.decision(make.planned(make.verdict("R-DEMO-02", activity=OPINION)), plans=(known,))
    cards = write_cards(again, "d", make.wording())
    assert "on file" in cards.cards[0]["detail"]
    assert offered(cards) == []


def test_what_a_server_writes_beside_a_plan_is_no_change_of_it() -> None:
    _, cards = on_file(meta={"versionId": "7"}, note=[], instantiatesCanonical=["https://else.example/x|9"])
    assert "The draft plan of 12 June is on file." in cards.cards[0]["detail"]


def test_of_several_plans_of_one_identifier_the_newest_is_named() -> None:
    held = plans(make.planned(make.verdict()))[0] | {"status": "draft"}
    known = [of_ours(held | {"created": day}, f"CarePlan/{day}") for day in ("2026-06-02", "2026-06-12")]
    cards = write_cards(make.decision(make.planned(make.verdict()), plans=tuple(known)), "d", make.wording())
    assert "The draft plan of 12 June is on file." in cards.cards[0]["detail"]


def test_a_plan_without_a_date_is_named_all_the_same() -> None:
    _, cards = on_file(created="")
    assert "\n\nA draft plan is on file.\n\n" in cards.cards[0]["detail"]


@pytest.mark.parametrize(
    "odd",
    [{}, {"identifier": "x"}, {"identifier": [{"system": "https://else.example", "value": "1"}]}, {"identifier": [7]}],
)
def test_a_plan_of_others_is_none_of_ours(odd: dict[str, Any]) -> None:
    assert of_ours({"resourceType": "CarePlan", "status": "active", **odd}, "CarePlan/1") is None


def test_a_status_that_cannot_be_read_ends_no_plan() -> None:
    held = plans(make.planned(make.verdict()))[0] | {"status": ["revoked"]}
    assert of_ours(held, "CarePlan/1") is not None


# ------------------------------------------------------------------ from chart to card

PATIENT = Path(__file__).parents[2] / "sandbox" / "patients" / "09-schwannoma-safely-resectable.json"
AT = datetime(2026, 6, 15, 23, 59, 59, tzinfo=UTC)


def judged(*more: dict[str, Any]) -> Judged:
    """What is decided of a chart that holds these resources, too."""
    bundle = json.loads(PATIENT.read_bytes())
    bundle["entry"] += [{"resource": one} for one in more]
    return judge_chart(shipped(), bundle, AT)


def held() -> dict[str, Any]:
    """The plan of that chart, as an EHR keeps it."""
    (plan,) = as_document(judged())["careplans"]
    return {**plan, "created": "2026-06-12"}


def told(judged_: Judged) -> list[Any]:
    return [(c["detail"], c.get("suggestions")) for c in as_document(judged_)["cards"]]


def of_plans(judged_: Judged) -> dict[str, int]:
    assert judged_.decision is not None
    return judged_.decision.ledger.by_type()["CarePlan"]


def test_the_plan_of_the_last_call_is_found_in_the_chart_and_named() -> None:
    before, after = judged(), judged(held())
    one, two = as_document(before)["cards"][0], as_document(after)["cards"][0]
    assert "The draft plan of 12 June is on file." in two["detail"]
    labels = [s["label"] for s in two["suggestions"]]
    assert [s["label"] for s in one["suggestions"]] == [*labels, "Add this plan as a draft"]
    assert of_plans(after) == {"read": 1}
    assert as_document(after)["decision"] != as_document(before)["decision"], "what changes an answer is of its facts"
    assert as_document(after)["verdicts"] == as_document(before)["verdicts"]


def test_a_plan_of_another_patient_refuses_the_chart() -> None:
    refused = judged({**held(), "subject": {"reference": "Patient/somebody-else"}})
    assert isinstance(refused.error, PatientMismatch)


@pytest.mark.parametrize(
    ("change", "way"),
    [
        ({"modifierExtension": [{"url": "https://else.example/not", "valueBoolean": True}]}, "unreadable"),
        ({"identifier": [{"system": "https://else.example", "value": "1"}]}, "elsewhere"),
        ({"status": "revoked"}, "elsewhere"),
    ],
)
def test_a_plan_that_does_not_count_is_counted_and_changes_nothing(change: dict[str, Any], way: str) -> None:
    after = judged({**held(), **change})
    assert of_plans(after) == {way: 1}
    assert [text for text, _ in told(after)] == [text for text, _ in told(judged())]
    assert [len(offered or ()) for _, offered in told(after)] == [len(offered or ()) for _, offered in told(judged())]
