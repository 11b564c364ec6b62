"""Cards as CDS Hooks wants them: CARD, SRC, SUG and ACT lines of the catalogue, and the transparency list."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import orjson
import pytest

from fhirpath_spine.exchange import EXTENSION
from fhirpath_spine.exchange.outgoing import CardPolicy, unavailable, write_cards
from fhirpath_spine.pathway.decision import CardKind, Status
from fhirpath_spine.pathway.facts import Rejection
from fhirpath_spine.pathway.model import Activity, Indicator
from fhirpath_spine.pathway.sentences import Charted
from fhirpath_spine.pathway.truth import Reason
from tests.kit import decisions as make


def cards(*planned: Any, card_policy: CardPolicy | None = None, **changes: Any) -> list[dict[str, Any]]:
    return write_cards(make.decision(*planned, **changes), "decision-1", make.wording(), card_policy).cards


def empties(value: object) -> bool:
    if value is None or value in ("", [], {}):
        return True
    if isinstance(value, dict):
        return any(empties(v) for v in value.values())
    return isinstance(value, list) and any(empties(v) for v in value)


@pytest.fixture
def mixed() -> list[dict[str, Any]]:
    wanting = make.verdict("R-DEMO-02", Status.NEEDS_DATA, because=(), missing=(make.missing(),), claims=("K1",))
    blocked = make.verdict("R-DEMO-03", Status.BLOCKED, because=(("value too low",),), claims=())
    return cards(
        make.planned(make.verdict(alternatives=(("Wait and see",),), cautions=(("ask first",),)), wanting, blocked),
        rejections=(Rejection("lab", "Laboratory", "no-unit", "Observation/z", (Charted("1.9"),), "2026-06-14"),),
        counts={"uncoded": 2},
    )


def test_nothing_on_the_wire_is_null_or_empty(mixed: list[dict[str, Any]]) -> None:
    assert not empties(mixed)


def test_a_card_says_what_why_what_is_missing_what_was_rejected_and_which_source(mixed: list[dict[str, Any]]) -> None:
    detail = mixed[0]["detail"]
    for line in (
        "Demo pathway, demo tumour at T8: treatment planning.",
        "**Title of R-DEMO-01 (R-DEMO-01)**",
        "- Why: pain recorded (Pain severity: yes)",
        "- Caution: ask first",
        '- Source statements: S1 ("may")',
        "**Blocked**\n\n- Title of R-DEMO-03 (R-DEMO-03): value too low.",
        "**Needs data**\n\n- Title of R-DEMO-02 (R-DEMO-02): Not recorded: Grade.",
        "- Alternatives: Wait and see",
        "**Data used**\n\n- Pain severity: yes (2026-06-01), from Observation/o1",
        "**Not found**\n\n- Not recorded: Grade.",
        "**Rejected**\n\n- Laboratory 1.9 (2026-06-14) has no unit: not used.",
        "Uncoded entries of the chart (text only, not judged): 2.",
        "- S: A page (A site, 2025-01-02); patient education page; certainty very low; "
        "educational source, not a guideline.",
        "one reported patient, not a guideline",
        "Draft content",
        "Not for time-critical decisions",
    ):
        assert line in detail


def test_the_detail_has_no_html_and_no_table(mixed: list[dict[str, Any]]) -> None:
    assert not re.search(r"<[a-zA-Z/]|^\|", mixed[0]["detail"], re.MULTILINE)


def test_the_extension_is_exactly_what_the_design_says(mixed: list[dict[str, Any]]) -> None:
    lesion = {"key": "demo:T8", "conditions": ["c2", "c1"]}
    assert mixed[0]["extension"] == {
        EXTENSION: {
            "decision": "decision-1",
            "pathway": "PW-DEMO",
            "version": "1.2.3",
            "state": "TREAT_PLAN",
            "lesion": lesion,
            "verdicts": [
                {
                    "id": "R-DEMO-01",
                    "status": "recommended",
                    "lesion": lesion,
                    "claims": ["S1"],
                    "because": ["pain recorded (Pain severity: yes)"],
                },
                {
                    "id": "R-DEMO-02",
                    "status": "needs-data",
                    "lesion": lesion,
                    "claims": ["K1"],
                    "because": ["Not recorded: Grade."],
                    "missing": [{"item": "Grade", "reason": "not-recorded"}],
                },
                {"id": "R-DEMO-03", "status": "blocked", "lesion": lesion, "because": ["value too low"]},
            ],
        }
    }


def test_what_stands_at_the_head_of_a_card_is_not_said_again_below() -> None:
    known = ("Stability is not known.",)
    lines = (known, ("One more line.",))
    open_ = make.verdict("R-DEMO-02", Status.BLOCKED, because=(("value too low",),), lines=lines)
    (card,) = cards(make.planned(make.verdict(lines=lines), open_, notes=(known,)))
    assert card["detail"].count("Stability is not known.") == 1
    assert card["detail"].count("One more line.") == 2


def test_a_lesion_whose_kind_the_title_names_adds_its_level_only() -> None:
    entry = replace(make.ENTRY, title="Spinal demo tumour", lesion=replace(make.LESION, title="demo tumour"))
    (card,) = cards(make.planned(make.verdict(), entry=entry))
    assert card["detail"].startswith("Spinal demo tumour at T8: treatment planning.")


def test_a_document_that_only_an_alternative_cites_is_a_source_too() -> None:
    (bare,) = cards(make.planned(make.verdict()))
    (card,) = cards(make.planned(make.verdict(alternatives=(("Doing nothing (K1, X1).",),))))
    assert "- K: One patient" not in bare["detail"]
    assert "- K: One patient" in card["detail"]


def test_an_uncertain_state_says_so_to_machine_and_reader() -> None:
    entry = replace(make.ENTRY, certain=False)
    card = cards(make.planned(make.verdict(), entry=entry))[0]
    assert card["extension"][EXTENSION]["certain"] is False
    assert "The state is uncertain" in card["detail"]


@pytest.mark.parametrize("count", [1, 2, 5, 30])
def test_a_summary_is_shorter_than_140_and_counts_what_does_not_fit(count: int) -> None:
    verdicts = [make.verdict(f"R-DEMO-{n:02}", title=f"A rather long title number {n}") for n in range(count)]
    summary = cards(make.planned(*verdicts))[0]["summary"]
    assert len(summary) < 140
    assert summary.startswith("Options for demo tumour at T8: A rather long title number 0")
    assert count < 5 or re.search(r"and \d+ more$", summary)


@pytest.mark.parametrize("kind", [CardKind.PATHWAY, CardKind.SAFETY])
@pytest.mark.parametrize("title", ["word " * 60, *("x" * n for n in range(90, 150))])
def test_a_single_title_of_any_length_fits(title: str, kind: CardKind) -> None:
    summary = cards(make.planned(make.verdict(title=title), kind=kind))[0]["summary"]
    assert 60 < len(summary) < 140


def test_the_summary_holds_no_identifier_and_no_chart_text() -> None:
    found = make.verdict(title="An option", because=(("x: ", Charted("SECRET NOTE")),))
    card = cards(make.planned(found), patient="patient-4711")[0]
    assert not re.search("SECRET|4711|R-DEMO|c1", card["summary"])


def test_the_topic_is_static_letters_and_digits() -> None:
    topic = cards(make.planned(make.verdict(), indicator=Indicator.WARNING))[0]["source"]["topic"]
    assert topic == {"system": "https://fhirpath-spine.org/fhir/CodeSystem/card-topic", "code": "PWDEMOwarning"}


def test_a_safety_card_has_its_own_topic_and_wants_a_reason() -> None:
    found = make.planned(make.verdict(safety=True), kind=CardKind.SAFETY, indicator=Indicator.WARNING)
    card = cards(found)[0]
    assert card["source"]["topic"]["code"] == "PWDEMOsafetyRDEMO01"
    assert card["summary"] == "Safety: Title of R-DEMO-01"
    assert "a reason is required" in card["detail"]
    assert all(set(r) == {"system", "code", "display"} for r in card["overrideReasons"])


def test_an_info_card_asks_for_no_reason(mixed: list[dict[str, Any]]) -> None:
    assert "overrideReasons" not in mixed[0]


def test_the_source_is_the_document_and_not_us(mixed: list[dict[str, Any]]) -> None:
    assert mixed[0]["source"]["label"] == "A page (A site, 2025-01-02) and 1 more"
    assert mixed[0]["source"]["url"] == "https://a.example/p"


def test_each_option_is_a_suggestion_without_an_action_and_the_plan_is_one_more(mixed: list[dict[str, Any]]) -> None:
    option, plan = mixed[0]["suggestions"]
    assert set(option) == {"label", "uuid"}
    assert plan["label"] == "Add this plan as a draft"
    assert [a["type"] for a in plan["actions"]] == ["create"]
    assert plan["actions"][0]["resource"]["resourceType"] == "CarePlan"
    assert mixed[0]["selectionBehavior"] == "any"


def test_a_client_that_takes_service_requests_gets_one_action_per_suggestion() -> None:
    card_policy = CardPolicy(actions=frozenset({"ServiceRequest"}))
    listless = make.verdict("R-DEMO-02", activity=Activity("Task", "Do"))
    found = cards(make.planned(make.verdict(), listless), card_policy=card_policy)[0]["suggestions"]
    assert [len(s.get("actions", [])) for s in found] == [1, 0]
    request = found[0]["actions"][0]["resource"]
    assert (request["resourceType"], request["status"], request["subject"]) == (
        "ServiceRequest",
        "draft",
        {"reference": "Patient/p1"},
    )


def test_a_card_without_an_option_has_no_suggestion_and_no_selection_behavior() -> None:
    wanting = make.verdict(status=Status.NEEDS_DATA, missing=(make.missing(),))
    card = cards(make.planned(wanting))[0]
    assert "suggestions" not in card
    assert "selectionBehavior" not in card
    assert card["summary"] == "demo tumour at T8: some options are blocked or need data"


def test_an_open_gate_without_an_option_still_names_what_it_is_about() -> None:
    entry = replace(make.ENTRY, title="Possible emergency", lesion=None)
    found = make.planned(entry=entry, indicator=Indicator.CRITICAL, notes=(("Use the local route.",),), plans=())
    card = cards(found)[0]
    assert card["summary"] == "Possible emergency"
    assert "- Use the local route." in card["detail"]


def test_the_incomplete_card_names_what_could_not_be_read_and_why() -> None:
    found = make.planned(kind=CardKind.INCOMPLETE, indicator=Indicator.WARNING, plans=())
    card = cards(found, unread=(make.not_read(), make.not_read("procedures", "next-page")))[0]
    assert "- Condition (conditions): the EHR did not send it" in card["detail"]
    assert "the EHR sent one page of several" in card["detail"]
    assert card["summary"] == "Spine pathway: data incomplete, some of the chart could not be read"


def test_a_folded_card_names_no_single_pathway() -> None:
    card = cards(make.planned(make.verdict(), kind=CardKind.MORE, plans=()))[0]
    assert "pathway" not in card["extension"][EXTENSION]
    assert [v["id"] for v in card["extension"][EXTENSION]["verdicts"]] == ["R-DEMO-01"]


def test_lines_at_the_head_stand_on_every_card() -> None:
    found = cards(make.planned(make.verdict()), make.planned(make.verdict("R-2")), head=(("Held back.",),))
    assert all("- Held back." in c["detail"] for c in found)


def test_the_same_decision_gives_the_same_bytes() -> None:
    one, two = (orjson.dumps(cards(make.planned(make.verdict()))) for _ in range(2))
    assert one == two


def test_ids_differ_between_cards_and_suggestions() -> None:
    first = make.planned(make.verdict(), indicator=Indicator.WARNING)
    second = make.planned(make.verdict("R-2"), plans=())
    found = cards(first, second)
    ids = [c["uuid"] for c in found] + [s["uuid"] for c in found for s in c["suggestions"]]
    assert len(ids) == len(set(ids)) == 5


def test_a_conflict_is_said_on_the_blocked_line_with_both_values() -> None:
    both = (make.evidence("yes"), make.evidence("no"))
    blocked = make.verdict(
        status=Status.BLOCKED, because=(), missing=(make.missing("Fitness", Reason.CONFLICT, alternatives=both),)
    )
    card = cards(make.planned(blocked))[0]
    assert "Conflict: Fitness yes (2026-06-01); no (2026-06-01). No value was chosen." in card["detail"]
    assert card["extension"][EXTENSION]["verdicts"][0]["because"][0].startswith("Conflict: Fitness")


def test_where_nothing_could_be_judged_a_card_can_say_so() -> None:
    card = unavailable("decision-1", make.wording(), {"conditions": "absent"})
    assert card["indicator"] == "info"
    assert "not a statement that nothing is needed" in card["detail"]
    assert "- conditions" in card["detail"]
