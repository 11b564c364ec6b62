"""Cards as CDS Hooks wants them: CARD, SRC, SUG and ACT lines of the catalogue, and the transparency list."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import orjson
import pytest

from fhirpath_spine.exchange import EXTENSION
from fhirpath_spine.exchange.outgoing import FITTING, HL7, OWN, CardPolicy, explain, reasons, unavailable, write_cards
from fhirpath_spine.pathway.decision import CardKind, Status, Step
from fhirpath_spine.pathway.facts import Rejection
from fhirpath_spine.pathway.model import Activity, Indicator, Order
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


def test_the_summary_holds_no_identifier_and_no_chart_text() -> None:
    found = make.verdict(title="An option", because=(("x: ", Charted("SECRET NOTE")),))
    card = cards(make.planned(found), patient="patient-4711")[0]
    assert not re.search("SECRET|4711|R-DEMO|c1", card["summary"])


def test_the_same_decision_gives_the_same_bytes() -> None:
    one, two = (orjson.dumps(cards(make.planned(make.verdict()))) for _ in range(2))
    assert one == two


def test_ids_differ_between_cards_and_suggestions() -> None:
    first = make.planned(make.verdict(), indicator=Indicator.WARNING)
    second = make.planned(make.verdict("R-2"), plans=())
    found = cards(first, second)
    ids = [c["uuid"] for c in found] + [s["uuid"] for c in found for s in c["suggestions"]]
    assert len(ids) == len(set(ids)) == 5


# ------------------------------------------------------------------ the explanation


def explanation(*planned: Any, **changes: Any) -> str:
    wording = make.wording()
    return explain(make.decision(*planned, **changes), "decision-1", wording.library, wording.phrases)[0].text


def test_the_explanation_says_what_why_what_is_missing_what_was_rejected_and_which_source() -> None:
    wanting = make.verdict("R-DEMO-02", Status.NEEDS_DATA, because=(), missing=(make.missing(),), claims=("K1",))
    blocked = make.verdict("R-DEMO-03", Status.BLOCKED, because=(("value too low",),), claims=())
    found = make.verdict(alternatives=(("Wait and see",),), cautions=(("ask first",),))
    rejection = Rejection("pain", "Pain severity", "no-unit", "Observation/z", (Charted("1.9"),), "2026-06-14")
    text = explanation(make.planned(found, wanting, blocked), rejections=(rejection,))
    for line in (
        "Demo pathway, demo tumour at T8: treatment planning.",
        "**Title of R-DEMO-01 (R-DEMO-01)**",
        "- Why: pain recorded (Pain severity: yes)",
        "- Caution: ask first",
        "- Alternatives: Wait and see",
        "**Blocked**\n\n- Title of R-DEMO-03 (R-DEMO-03): value too low.",
        "**Needs data**\n\n- Title of R-DEMO-02 (R-DEMO-02): Not recorded: Grade.",
        "**Not found**\n\n- Not recorded: Grade.",
        '- Title of R-DEMO-01 (R-DEMO-01): S1 ("may")',
        "- S: A page (A site, 2025-01-02); patient education page; certainty very low; "
        "educational source, not a guideline.",
        "one reported patient, not a guideline",
        "**Data used**\n\n- Pain severity: yes (2026-06-01), from Observation/o1",
        "**Rejected**\n\n- Pain severity 1.9 (2026-06-14) has no unit: not used.",
        "Draft content",
        "Not for time-critical decisions",
    ):
        assert line in text
    order = ("R-DEMO-01", "**Blocked**", "**Needs data**", "**Claims", "**Sources**", "**Data used**", "**Rejected**")
    assert sorted(order, key=text.index) == list(order)


def test_what_stands_at_the_head_is_not_said_again_below() -> None:
    known = ("Stability is not known.",)
    lines = (known, ("One more line.",))
    open_ = make.verdict("R-DEMO-02", Status.BLOCKED, because=(("value too low",),), lines=lines)
    noted = replace(make.ENTRY, notes=(known,))
    planned = make.planned(make.verdict(lines=lines), open_, entry=noted)
    text = explanation(planned, entries=(noted,))
    assert text.count("Stability is not known.") == 1
    assert text.count("One more line.") == 2


def test_a_lesion_whose_kind_the_title_names_adds_its_level_only() -> None:
    entry = replace(make.ENTRY, title="Spinal demo tumour", lesion=replace(make.LESION, title="demo tumour"))
    assert explanation(make.planned(make.verdict(), entry=entry), entries=(entry,)).startswith(
        "Spinal demo tumour at T8: treatment planning."
    )


def test_a_document_that_only_an_alternative_cites_is_a_source_too() -> None:
    assert "- K: One patient" not in explanation(make.planned(make.verdict()))
    cited = make.verdict(alternatives=(("Doing nothing (K1, X1).",),))
    assert "- K: One patient" in explanation(make.planned(cited))


def test_where_the_entry_says_so_the_explanation_follows_the_detail_below_a_rule() -> None:
    (short,) = cards(make.planned(make.verdict()))
    (full,) = cards(make.planned(make.verdict()), card_policy=CardPolicy(full=True))
    assert full["detail"].startswith(f"{short['detail']}\n\n---\n\n")
    assert "**Title of R-DEMO-01 (R-DEMO-01)**" in full["detail"]
    assert "(R-DEMO-01)" not in short["detail"]


# ------------------------------------------------------------------ summary


def headed(*said: str, step: str = "Step", **changes: Any) -> Any:
    return make.verdict(headline=said or (step,), step=step, **changes)


def test_the_summary_is_the_headline_with_days_as_people_write_them() -> None:
    said = headed("Demo T8, seen on ", Charted("2026-06-08"), ": ask a surgeon")
    assert cards(make.planned(said))[0]["summary"] == "Demo T8, seen on 8 June: ask a surgeon"
    earlier = headed("Demo T8, seen on ", Charted("2024-06-08"), ": ask a surgeon")
    assert cards(make.planned(earlier))[0]["summary"] == "Demo T8, seen on 8 June 2024: ask a surgeon"


def test_the_weightiest_verdict_leads_and_not_the_first() -> None:
    quiet = headed(step="Advise")
    loud = make.verdict("R-2", headline=("Demo T8: MRI now",), step="MRI", indicator=Indicator.WARNING)
    held = make.verdict(
        "R-3", Status.BLOCKED, headline=("Demo T8, no drug now: counts",), step="No drug", because=(("low",),)
    )
    both = (make.evidence(date="2026-06-02"), make.evidence("no", date="2026-06-09"))
    torn = make.verdict("R-4", Status.BLOCKED, missing=(make.missing("Grade", Reason.CONFLICT, alternatives=both),))
    for rising in ((quiet,), (quiet, loud), (quiet, loud, held), (quiet, loud, held, torn)):
        assert len({cards(make.planned(*order))[0]["summary"] for order in (rising, rising[::-1])}) == 1
    assert cards(make.planned(quiet, loud))[0]["summary"] == "Demo T8: MRI now"
    assert cards(make.planned(quiet, loud, held))[0]["summary"] == "Demo T8, no drug now: counts"
    found = cards(make.planned(quiet, loud, held, torn))[0]["summary"]
    assert found == "Demo T8: statements on grade contradict each other (2 and 9 June)"


def test_a_summary_names_the_lesion_where_its_headline_does_not() -> None:
    assert cards(make.planned(headed(step="Ask a surgeon")))[0]["summary"] == "Demo T8: ask a surgeon"


@pytest.mark.parametrize("kind", [CardKind.PATHWAY, CardKind.SAFETY])
@pytest.mark.parametrize("title", ["word " * 60, *("x" * n for n in range(90, 150, 7))])
def test_a_summary_of_any_length_fits(title: str, kind: CardKind) -> None:
    summary = cards(make.planned(make.verdict(title=title), kind=kind))[0]["summary"]
    assert 50 < len(summary) <= 110


@pytest.mark.parametrize("text", ["x" * 300, "**bold** [a](http://b.example) <b>", "\u202edrowssap\u200b"])
def test_whatever_a_chart_says_a_card_stays_inside_its_bounds_and_nothing_of_it_acts(text: str) -> None:
    odd = make.evidence(text)
    step = Step("when", "pain", True, "true", (odd,) * 3)
    many = [headed("Demo: ", Charted(text), step="Step", id_=f"R-{n}", steps=(step,)) for n in range(30)]
    (card,) = cards(make.planned(*many))
    assert len(card["summary"]) <= 110
    assert len(card["detail"]) <= 1500
    assert not re.search(r"<b>|http://b|\u202e|\u200b", card["detail"] + card["summary"])


def test_what_waits_for_data_alone_says_so() -> None:
    wanting = make.verdict(status=Status.NEEDS_DATA, missing=(make.missing(),), step="Surgery", headline=("Surgery",))
    card = cards(make.planned(wanting))[0]
    assert "suggestions" not in card
    assert "selectionBehavior" not in card
    assert card["summary"] == "Demo T8: surgery waits for data"
    assert "- Not recorded: grade." in card["detail"]


def test_an_open_gate_without_an_option_still_names_what_it_is_about() -> None:
    entry = replace(make.ENTRY, title="Possible emergency", lesion=None)
    found = make.planned(entry=entry, indicator=Indicator.CRITICAL, notes=(("Use the local route.",),), plans=())
    assert cards(found)[0]["summary"] == "Use the local route"


# ------------------------------------------------------------------ detail


def test_a_detail_says_what_to_do_what_stands_against_it_what_is_missing_and_how_weak_the_basis_is() -> None:
    done = headed(step="Ask a surgeon")
    wanting = make.verdict("R-2", Status.NEEDS_DATA, missing=(make.missing(),))
    held = make.verdict(
        "R-3", Status.BLOCKED, because=(("platelets 92 (", Charted("2026-06-12"), ")"),), step="No drug"
    )
    (card,) = cards(make.planned(done, wanting, held))
    assert card["detail"] == (
        "- **Ask a surgeon**: pain severity yes (1 June)\n\n"
        "Against it:\n\n- **No drug**: platelets 92 (12 June)\n\n"
        "Missing:\n\n- Not recorded: grade.\n\n"
        "Basis: one patient-education page; very low certainty. Draft, not approved here."
    )


def test_a_sentence_leaves_out_what_it_says_of_its_own_standing() -> None:
    said = (
        ("Renal function below the limit (eGFR 60, DEFAULT); the sources are silent on dialysis",),
        ("Seen (T4, T35).",),
    )
    held = make.verdict(status=Status.BLOCKED, because=said, step="No drug")
    (card,) = cards(make.planned(held))
    assert "- **No drug**: renal function below the limit; seen\n" in card["detail"]


def test_at_most_five_steps_are_told_the_others_by_name() -> None:
    many = [headed(step=f"Step {n}", id_=f"R-{n}") for n in range(9)]
    detail = cards(make.planned(*many))[0]["detail"]
    assert detail.count("- **Step") == 5
    assert "- Also to consider: Step 5; Step 6; Step 7; Step 8." in detail


def test_statements_that_contradict_each_other_stand_together_and_name_what_waits() -> None:
    both = (make.evidence("yes"), make.evidence("no"))
    torn = make.verdict(
        status=Status.BLOCKED,
        because=(),
        step="Surgery",
        missing=(make.missing("Fitness", Reason.CONFLICT, alternatives=both),),
    )
    card = cards(make.planned(torn))[0]
    assert (
        "- **Contradicting statements**: grade: pain severity yes (1 June); pain severity no (1 June)" in card["detail"]
    )
    assert "these wait: surgery" in card["detail"]
    assert card["extension"][EXTENSION]["verdicts"][0]["because"][0].startswith("Conflict: Fitness")


def test_an_uncertain_state_says_so_to_machine_and_reader() -> None:
    entry = replace(make.ENTRY, certain=False)
    card = cards(make.planned(make.verdict(), entry=entry))[0]
    assert card["extension"][EXTENSION]["certain"] is False
    assert "The state is uncertain" in card["detail"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("92 10*9/L", "92 ×10⁹/L"),
        ("177 umol/L", "177 µmol/L"),
        ("-1.5 10*9/L", "-1.5 ×10⁹/L"),
        ("92 g/L", "92 g/L"),
        ("grade 10*9/L", "grade 10\\*9/L"),
    ],
)
def test_a_unit_reads_as_it_is_printed(value: str, shown: str) -> None:
    held = make.verdict("R-3", Status.BLOCKED, because=(("platelets ", value),), step="No drug")
    (card,) = cards(make.planned(held))
    assert f"**No drug**: platelets {shown}\n" in card["detail"]


def test_what_was_not_used_is_called_as_a_clinician_calls_it() -> None:
    lost = Rejection("own-cancer", "Own cancer", "no-subject", "Condition/1")
    (card,) = cards(make.planned(make.verdict()), rejections=(lost,))
    assert "- History of cancer does not say whose it is: not used." in card["detail"]


def test_lines_at_the_head_stand_on_every_card() -> None:
    found = cards(make.planned(make.verdict()), make.planned(make.verdict("R-2")), head=(("Held back.",),))
    assert all("\n\nHeld back.\n\n" in c["detail"] for c in found), (
        "a list after a list would be one to a reader of Markdown"
    )


def test_the_incomplete_card_names_what_could_not_be_read_and_why() -> None:
    found = make.planned(kind=CardKind.INCOMPLETE, indicator=Indicator.WARNING, plans=())
    card = cards(found, unread=(make.not_read(), make.not_read("procedures", "next-page")))[0]
    assert "- Could not be read: diagnoses (the EHR did not send it" in card["detail"]
    assert "procedures (the EHR sent one page of several)" in card["detail"]
    assert card["summary"] == "Data incomplete: some of the chart could not be read"


def test_where_nothing_could_be_judged_a_card_can_say_so() -> None:
    card = unavailable("decision-1", make.wording(), {"conditions": "absent"})
    assert card["indicator"] == "warning"
    assert "not a statement that nothing is needed" in card["detail"]
    assert "- Could not be read: diagnoses" in card["detail"]


# ------------------------------------------------------------------ source, topic, reasons, extension


def test_the_topic_is_static_letters_and_digits_and_says_in_words_what_it_is() -> None:
    source = cards(make.planned(make.verdict(), indicator=Indicator.WARNING))[0]["source"]
    assert source == {
        "label": "Demo pathway",
        "topic": {
            "system": "https://fhirpath-spine.org/fhir/CodeSystem/card-topic",
            "code": "PWDEMOwarning",
            "display": "Demo pathway, warning",
        },
    }


def test_a_safety_card_has_its_own_topic() -> None:
    found = make.planned(make.verdict(safety=True), kind=CardKind.SAFETY, indicator=Indicator.WARNING)
    assert cards(found)[0]["source"]["topic"]["code"] == "PWDEMOsafetyRDEMO01"


@pytest.mark.parametrize(("kept", "number"), [(True, 5), (False, 0)])
def test_a_reason_is_asked_for_only_where_it_is_kept(kept: bool, number: int) -> None:
    worded = replace(make.wording(), feedback=kept)
    wanting = make.planned(make.verdict("R-2", Status.NEEDS_DATA, missing=(make.missing(),)))
    found = write_cards(make.decision(make.planned(make.verdict()), wanting), "d", worded).cards
    assert [len(c.get("overrideReasons", [])) for c in found] == [number, 0]
    assert all(set(r) == {"system", "code", "display"} for r in found[0].get("overrideReasons", []))


def test_a_reason_has_the_code_of_hl7_where_one_fits_and_ours_where_none_does() -> None:
    options = {r["code"]: r["system"] for r in reasons(make.wording().phrases, "options")}
    gate = reasons(make.wording().phrases, "gate")
    assert [code for code, system in options.items() if system == HL7] == list(FITTING.values())
    assert {code for code, system in options.items() if system == OWN} == {"options-not-now"}
    assert {r["system"] for r in gate} == {OWN}


# ------------------------------------------------------------------ pages

PAGES = "https://cds.example.org/spine"


def linked(hosts: frozenset[str] | None = None, pages: str = PAGES, **changes: Any) -> list[Any]:
    worded = replace(make.wording(), pages=pages)
    shown = make.decision(make.planned(make.verdict(), **changes))
    return write_cards(shown, "d", worded, CardPolicy(links=hosts)).cards


def test_a_card_leads_to_the_page_of_its_pathway_where_the_service_is_reached() -> None:
    (card,) = linked()
    url = "https://cds.example.org/spine/pathways/PW-DEMO"
    assert card["source"]["url"] == url
    assert card["links"] == [{"label": "Rules and sources: Demo pathway", "url": url, "type": "absolute"}]
    assert "http" not in card["detail"], "no bare address stands in the detail"


def test_a_folded_card_leads_to_each_of_its_pathways_once() -> None:
    other = replace(make.ENTRY, id="PW-OTHER", title="Other pathway")
    (card,) = linked(entries=(make.ENTRY, other, make.ENTRY))
    assert [link["url"].rsplit("/", 1)[-1] for link in card["links"]] == ["PW-DEMO", "PW-OTHER"]


@pytest.mark.parametrize(
    ("hosts", "pages", "leads"),
    [
        (None, PAGES, True),
        (None, "", False),
        (frozenset({"cds.example.org"}), PAGES, True),
        (frozenset({"cds.example.org"}), "https://CDS.example.org", True),
        (frozenset({"cds.example.org"}), "https://cds.example.org:8443", False),
        (frozenset({"cds.example.org:8443"}), "https://cds.example.org:8443", True),
        (frozenset(), PAGES, False),
        (frozenset({"example.org"}), PAGES, False),
    ],
)
def test_a_card_leads_only_to_a_host_that_the_ehr_opens(hosts: Any, pages: str, leads: bool) -> None:
    (card,) = linked(hosts, pages)
    assert ("links" in card, "url" in card["source"]) == (leads, leads)


def test_a_link_holds_nothing_of_the_patient() -> None:
    shown = make.decision(make.planned(make.verdict()), patient="patient-4711")
    (card,) = write_cards(shown, "d", replace(make.wording(), pages=PAGES)).cards
    assert "4711" not in str([card["links"], card["source"]])


def test_a_folded_card_names_its_weightiest_lesion_and_each_verdict_its_own() -> None:
    other = replace(make.ENTRY, id="PW-OTHER", lesion=None)
    foreign = make.verdict("R-2", pathway="PW-OTHER", lesion=None)
    told = cards(make.planned(make.verdict(), foreign, entries=(make.ENTRY, other)))[0]["extension"][EXTENSION]
    assert (told["pathway"], told["state"]) == ("PW-DEMO", "TREAT_PLAN")
    assert [(v["pathway"], "lesion" in v) for v in told["verdicts"]] == [("PW-DEMO", True), ("PW-OTHER", False)]


# ------------------------------------------------------------------ suggestions


@pytest.mark.parametrize(
    ("taken", "kinds"),
    [
        ((), []),
        (("ServiceRequest",), ["ServiceRequest"]),
        (("CarePlan",), ["CarePlan"]),
        (("CarePlan", "ServiceRequest"), ["ServiceRequest", "CarePlan"]),
    ],
)
def test_each_suggestion_carries_one_action_of_a_type_that_the_client_takes(taken: Any, kinds: list[str]) -> None:
    listless = make.verdict("R-2", activity=Activity("Task", "Do"))
    card = cards(make.planned(make.verdict(), listless), card_policy=CardPolicy(actions=frozenset(taken)))[0]
    offered = card.get("suggestions", [])
    assert [[a["resource"]["resourceType"] for a in s["actions"]] for s in offered] == [[kind] for kind in kinds]
    assert ("selectionBehavior" in card) is bool(kinds)


def test_at_most_three_requests_a_card_the_weightiest_first_and_none_twice() -> None:
    many = [make.verdict(f"R-{n}", activity=Activity("ServiceRequest", f"Ask {n // 2}")) for n in range(12)]
    loud = make.verdict("R-99", indicator=Indicator.WARNING, activity=Activity("ServiceRequest", "Ask now"))
    policy = CardPolicy(actions=frozenset({"ServiceRequest"}))
    (card,) = cards(make.planned(*many, loud), card_policy=policy)
    assert [s["label"] for s in card["suggestions"]] == ["Ask now", "Ask 0", "Ask 1"]


def test_a_request_is_a_draft_says_why_and_has_the_code_of_the_site() -> None:
    order = Order("Ask for an opinion", "urn:site", "4711", "Opinion, spine")
    worded = replace(make.wording(), orders=(order,))
    (card,) = write_cards(make.decision(make.planned(make.verdict())), "d", worded).cards
    request = card["suggestions"][0]["actions"][0]["resource"]
    assert (request["status"], request["intent"], request["subject"]) == (
        "draft",
        "proposal",
        {"reference": "Patient/p1"},
    )
    assert request["code"] == {
        "coding": [{"system": "urn:site", "code": "4711", "display": "Opinion, spine"}],
        "text": "Ask for an opinion",
    }
    assert request["reasonReference"] == [{"reference": "Condition/c1"}, {"reference": "Condition/c2"}]
