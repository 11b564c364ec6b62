"""How a resource is read: status, verification, units, answers, drugs, codes (rulings 2.1, 2.2; pathways D1, section 6).

It is long because each kind of reading is shown by its own small chart.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.pathway.rulings.small_world import (
    LOCAL,
    OURS,
    ask,
    concept,
    condition,
    observation,
    order,
    procedure,
    report,
)


@pytest.mark.parametrize(
    ("status", "used", "reason"),
    [
        ("final", True, None),
        ("amended", True, None),
        ("corrected", True, None),
        ("preliminary", False, "preliminary"),  # shown, never used
        ("entered-in-error", False, None),
        ("cancelled", False, None),
        ("registered", False, None),
        ("unknown", False, "no-status"),
        ("vendor-status", False, "no-status"),
        (None, False, "no-status"),
    ],
)
@pytest.mark.parametrize("kind", ["Observation", "DiagnosticReport"])
def test_only_a_final_observation_or_report_is_used(
    kind: str, status: str | None, used: bool, reason: str | None
) -> None:
    resource = observation("pain", 7, status=status) if kind == "Observation" else report(status=status)
    found = ask("%pains.exists() or %scan.exists()", resource)
    assert found.truth is used
    assert list(found.rejected.values()) == ([reason] if reason else [])


@pytest.mark.parametrize(
    ("status", "of_a_report", "of_an_observation"),
    [("appended", (True, []), (False, ["no-status"])), ("partial", (False, ["preliminary"]), (False, ["no-status"]))],
)
def test_two_statuses_are_those_of_a_report_alone(
    status: str, of_a_report: tuple[bool, list[str]], of_an_observation: tuple[bool, list[str]]
) -> None:
    told = ask("%scan.exists()", report(status=status))
    assert (told.truth, list(told.rejected.values())) == of_a_report
    told = ask("%pains.exists()", observation("pain", 7, status=status))
    assert (told.truth, list(told.rejected.values())) == of_an_observation


@pytest.mark.parametrize(
    ("status", "done", "reason"),
    [
        ("completed", True, None),
        ("in-progress", False, None),
        ("not-done", False, None),
        ("stopped", False, None),
        ("preparation", False, None),
        ("entered-in-error", False, None),
        ("unknown", False, "no-status"),
        (None, False, "no-status"),
    ],
)
def test_only_a_completed_procedure_is_done(status: str | None, done: bool, reason: str | None) -> None:
    found = ask("%operation.exists()", procedure("operation", status=status))
    assert found.truth is done
    assert list(found.rejected.values()) == ([reason] if reason else [])


@pytest.mark.parametrize("clinical", ["active", "recurrence", "relapse"])
def test_active_means_active_recurrence_and_relapse(clinical: str) -> None:
    assert ask("%cancer.exists()", condition("cancer", clinical=clinical)).truth is True
    assert ask("%old-cancer.exists()", condition("cancer", clinical=clinical)).truth is False


@pytest.mark.parametrize("clinical", ["inactive", "remission", "resolved"])
def test_history_means_inactive_remission_and_resolved(clinical: str) -> None:
    assert ask("%cancer.exists()", condition("cancer", clinical=clinical)).truth is False
    assert ask("%old-cancer.exists()", condition("cancer", clinical=clinical)).truth is True


def test_without_a_clinical_status_a_condition_is_active_unless_it_has_abated() -> None:
    assert ask("%cancer.exists()", condition("cancer", clinical=None)).truth is True
    gone = condition("cancer", clinical=None, abatementDateTime="2020-01-01")
    assert ask("%cancer.exists()", gone).truth is False
    assert ask("%old-cancer.exists()", gone).truth is True


@pytest.mark.parametrize("verified", ["refuted", "entered-in-error"])
def test_what_was_refuted_or_entered_in_error_is_ignored_entirely(verified: str) -> None:
    found = ask("%cancer.exists()", condition("cancer", verified=verified))
    assert found.truth is False
    assert found.rejected == {}


@pytest.mark.parametrize("verified", ["provisional", "differential", "unconfirmed", None])
def test_what_is_not_confirmed_counts_where_nothing_more_is_asked(verified: str | None) -> None:
    assert ask("%cancer.exists()", condition("cancer", verified=verified)).truth is True


def test_where_it_has_to_be_confirmed_a_provisional_one_does_not_count() -> None:
    assert ask("%sure-cancer.exists()", condition("cancer", verified="provisional")).truth is False


def test_where_it_has_to_be_confirmed_and_nothing_is_said_data_are_needed() -> None:
    found = ask("%sure-cancer.exists()", condition("cancer", verified=None))
    assert found.truth is None
    assert found.reasons == {"unverified"}


# ------------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("value", "greater"),
    [((168, "umol/L"), True), ((1.9, "mg/dL"), True), ((1.5, "mg/dL"), False), ((133, "umol/L"), False)],
)
def test_listed_units_are_converted(value: tuple[float, str], greater: bool) -> None:
    assert ask("%creatinine.value > 133 'umol/L'", observation("creatinine", value)).truth is greater


@pytest.mark.parametrize(
    ("quantity", "reason"),
    [
        ({"value": 1.9}, "no-unit"),
        ({"value": 1.9, "unit": "mmol/L", "code": "mmol/L"}, "unlisted-unit"),
        ({"value": 9999, "unit": "umol/L", "code": "umol/L"}, "implausible"),
        ({"value": 1, "unit": "umol/L", "code": "umol/L"}, "implausible"),
    ],
)
def test_a_value_without_a_usable_unit_or_out_of_all_reason_is_named_and_not_used(
    quantity: dict[str, Any], reason: str
) -> None:
    found = ask("%creatinine.value > 133 'umol/L'", observation("creatinine", valueQuantity=quantity))
    assert found.truth is None
    assert found.rejected == {"Observation/creatinine-1": reason}


def test_the_code_of_a_unit_counts_before_its_text() -> None:
    quantity = {"value": 168, "unit": "micromol per litre", "code": "umol/L"}
    assert ask("%creatinine.value > 133 'umol/L'", observation("creatinine", valueQuantity=quantity)).truth is True


def test_a_rejected_value_does_not_hide_an_older_good_one() -> None:
    good = observation("creatinine", (168, "umol/L"), "2026-06-13")
    bad = observation("creatinine", valueQuantity={"value": 1.9}, when="2026-06-14", id="creatinine-2")
    found = ask("%creatinine.value > 133 'umol/L'", good, bad)
    assert found.truth is True
    assert found.rejected == {"Observation/creatinine-2": "no-unit"}


@pytest.mark.parametrize(
    "given",
    [
        {"valueInteger": 7},
        {"valueQuantity": {"value": 7, "unit": "{score}", "code": "{score}"}},
        {"valueQuantity": {"value": 7}},
    ],
)
def test_a_score_comes_as_an_integer_or_as_a_quantity(given: dict[str, Any]) -> None:
    assert ask("%pain.value = 7", observation("pain", **given)).truth is True


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"valueInteger": 11}, "implausible"),
        ({"valueQuantity": {"value": 6.5, "code": "{score}"}}, "implausible"),
        ({"valueQuantity": {"value": 7, "code": "mm"}}, "unlisted-unit"),
        ({"valueQuantity": {"value": 7, "code": ["mm"]}}, "unlisted-unit"),
        ({"valueQuantity": {"value": 7, "unit": {}}}, "unlisted-unit"),
        ({"valueQuantity": {"value": 7, "code": "{score}", "comparator": "<"}}, "comparator"),
    ],
)
def test_a_score_that_is_none_is_named_and_not_used(given: dict[str, Any], reason: str) -> None:
    assert ask("%pain.exists()", observation("pain", **given)).rejected == {"Observation/pain-1": reason}


def test_a_coded_answer_is_read_by_any_of_its_codings_and_never_by_its_text() -> None:
    foreign = {"system": "urn:oid:1.2.3", "code": "X"}
    known = {"coding": [foreign, *concept("goal-comfort")["coding"]], "text": "cure"}
    assert ask("%goal.value = 'comfort'", observation("goal", valueCodeableConcept=known)).truth is True
    found = ask("%goal.value = 'comfort'", observation("goal", valueCodeableConcept={"text": "goal-comfort"}))
    assert found.truth is None
    assert found.rejected == {"Observation/goal-1": "unknown-answer"}


def test_an_answer_that_says_two_things_at_once_is_none() -> None:
    both = concept("goal-comfort", "goal-cure")
    found = ask("%goal.exists()", observation("goal", valueCodeableConcept=both))
    assert found.rejected == {"Observation/goal-1": "two-answers"}


def test_an_observation_without_a_value_is_named_and_not_used() -> None:
    found = ask("%pain.value > 3", observation("pain", dataAbsentReason=concept("unknown")))
    assert (found.reasons, found.rejected) == ({"rejected"}, {"Observation/pain-1": "no-value"})


# ------------------------------------------------------------------------------------------------- drugs


@pytest.mark.parametrize(
    ("status", "intent", "meaning"),
    [
        ("active", "order", "active"),
        ("on-hold", "order", "active"),
        ("draft", "order", "proposed"),
        ("active", "proposal", "proposed"),
        ("active", "plan", "proposed"),
        ("stopped", "order", "history"),
        ("completed", "order", "history"),
        ("cancelled", "order", "history"),
        ("entered-in-error", "order", "erased"),
    ],
)
def test_what_an_order_means(status: str, intent: str, meaning: str) -> None:
    drug = order(status=status, intent=intent)
    assert ask("%drug-taken.exists()", drug).truth is (meaning == "active")
    assert ask("%drug.exists()", drug).truth is (meaning in ("active", "proposed"))


def test_a_draft_order_counts_as_proposed_where_drafts_are_asked_for() -> None:
    draft = order(status="draft")
    assert ask("%drug.some(meaning = 'proposed')", drafts=(draft,)).truth is True
    assert ask("%drug-taken.exists()", drafts=(draft,)).truth is False


@pytest.mark.parametrize("inside", [True, False])
def test_a_drug_is_found_in_a_medication_that_names_its_ingredient(inside: bool) -> None:
    product = {"resourceType": "Medication", "id": "m", "ingredient": [{"itemCodeableConcept": concept("drug")}]}
    reference = "#m" if inside else "Medication/m"
    drug = order(medicationCodeableConcept=None, medicationReference={"reference": reference})
    found = ask("%drug.exists()", {**drug, "contained": [product]}) if inside else ask("%drug.exists()", drug, product)
    assert found.truth is True


# ------------------------------------------------------------------------------------------------- codes


def test_any_coding_matches_and_the_text_never_does() -> None:
    foreign = {"system": "urn:oid:1.2.3", "code": "X"}
    assert ask("%cancer.exists()", condition("cancer", code={"coding": [foreign, *concept("cancer")["coding"]]})).truth
    assert ask("%cancer.exists()", condition("cancer", code={"text": "cancer"})).truth is False
    assert ask("%cancer.exists()", condition("cancer", code={"coding": [{"code": "cancer"}]})).truth is False
    assert (
        ask("%cancer.exists()", condition("cancer", code={"coding": [{"system": "urn:x", "code": "cancer"}]})).truth
        is False
    )


@pytest.mark.parametrize(
    ("code", "counted"),
    [
        ({"text": "some pain"}, 1),
        ({"coding": [{"system": "urn:oid:1.2.3", "code": "X"}]}, 1),
        ({"coding": [{"system": LOCAL, "code": "unrelated"}]}, 0),
        ({"coding": [{"system": "urn:oid:1.2.3", "code": "X"}, {"system": LOCAL, "code": "unrelated"}]}, 0),
    ],
)
def test_an_entry_in_words_or_in_a_system_that_no_table_knows_is_counted(code: dict[str, Any], counted: int) -> None:
    assert ask("%pain.exists()", condition("cancer", code=code)).decision.counts["uncoded"] == counted


def test_a_neoplasm_that_no_table_knows_is_counted() -> None:
    counts = ask("%pain.exists()", condition("neoplasm-chapter")).decision.counts
    assert counts["unrecognisedNeoplasms"] == 1
    counts = ask(
        "%pain.exists()", condition("neoplasm-chapter", code=concept("neoplasm-chapter", "tumour"))
    ).decision.counts
    assert counts["unrecognisedNeoplasms"] == 0


@pytest.mark.parametrize(
    ("drug", "counted"),
    [
        (order("unrelated"), 1),
        (order("unrelated", status="stopped"), 0),
        (order("drug"), 0),
        (order("medication-any-known"), 0),
    ],
)
def test_a_drug_on_the_list_that_no_table_knows_is_counted(drug: dict[str, Any], counted: int) -> None:
    assert ask("%pain.exists()", drug).decision.counts["unrecognisedMedications"] == counted


def test_a_code_map_translates_the_sites_codes_wherever_they_stand() -> None:
    from fhirpath_spine.pathway.model import Site

    mapped = Site(code_map={("urn:oid:1.2.3", "P"): (LOCAL, "goal"), ("urn:oid:1.2.3", "C"): (LOCAL, "goal-comfort")})
    theirs = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "subject": OURS,
        "code": {"coding": [{"system": "urn:oid:1.2.3", "code": "P"}]},
        "valueCodeableConcept": {"coding": [{"system": "urn:oid:1.2.3", "code": "C"}]},
    }
    assert ask("%goal.value = 'comfort'", theirs, site=mapped).truth is True
    assert ask("%goal.value = 'comfort'", theirs).truth is None
