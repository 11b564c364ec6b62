"""The judgement of one chart as a whole: refusals, silence, determinism, and that doubt recommends nothing."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhirpath_spine.errors import PatientMismatch, ScopeUndecidable
from fhirpath_spine.pathway.decision import Status
from fhirpath_spine.pathway.facts import Chart, Read
from fhirpath_spine.pathway.judging import decide
from fhirpath_spine.pathway.truth import Reason, Truth
from tests.pathway.pathway_kit import (
    AT,
    METASTASIS,
    PAIN,
    PARESIS,
    SCHWANNOMA,
    SITE,
    Json,
    ago,
    amount,
    answer,
    chart,
    condition,
    entries,
    having,
    judge,
    observation,
    order,
    patient,
    procedure,
    report,
    shipped,
    verdict,
)

TRIES = settings().max_examples // 4
"""A whole judgement is slow beside other properties."""
NIGHT_PAIN = observation("night", "night-pain", valueBoolean=True)
WHOLE: tuple[Json, ...] = (
    METASTASIS,
    SCHWANNOMA,
    PAIN,
    PARESIS,
    NIGHT_PAIN,
    observation("sins", "sins-total", at="T8", valueInteger=14),
    observation("ecog-1", "ecog", days=20, valueInteger=1),
    observation("ecog-2", "ecog", days=2, valueInteger=3),
    observation("unfit-1", "unfit-for-open-surgery", days=2, valueBoolean=True),
    observation("unfit-2", "unfit-for-open-surgery", days=2, valueBoolean=False),
    observation("creatinine", "creatinine", **amount(90, "umol/L")),
    observation("mass", "spinal-lesion-on-imaging", at="C4", **answer("suspicious-mass")),
    report("mri", "spine-mri", days=20),
    procedure("operation", "gross-total-resection", days=60, at="L2"),
    order("steroid", "corticosteroid"),
    order("nsaid", "nsaid", state="draft"),
)
"""A chart in which much is said: two tumours, a lesion only seen, a deficit, contradictions, drugs."""


# ---------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "foreign",
    [
        {**PAIN, "subject": {"reference": "Patient/p2"}},
        {**PAIN, "subject": {"reference": "http://ehr.example.org/fhir/Patient/p2"}},
        {**PAIN, "subject": {"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}},
        {"resourceType": "AllergyIntolerance", "id": "a", "patient": {"reference": "Patient/p2"}, "code": {}},
        {"resourceType": "Patient", "id": "p2"},
    ],
    ids=["relative", "absolute", "urn", "patient-element", "a-second-patient"],
)
def test_a_resource_of_another_patient_is_refused(foreign: Json) -> None:
    with pytest.raises(PatientMismatch) as refused:
        judge(patient(), METASTASIS, foreign)
    assert "p2" not in str(refused.value)


def test_a_draft_order_of_another_patient_is_refused() -> None:
    foreign = {**order("nsaid", "nsaid", state="draft"), "subject": {"reference": "Patient/p2"}}
    with pytest.raises(PatientMismatch):
        judge(METASTASIS, drafts=(foreign,))


def test_the_scope_is_undecidable_when_the_conditions_were_not_read() -> None:
    with pytest.raises(ScopeUndecidable) as refused:
        judge(unread=["conditions"])
    assert "conditions" in str(refused.value)


def test_the_scope_is_undecidable_when_a_key_was_not_sent() -> None:
    with pytest.raises(ScopeUndecidable) as refused:
        judge(absent=["conditions"])
    assert "conditions (absent)" in str(refused.value)


def test_the_scope_is_undecidable_when_nothing_was_read() -> None:
    with pytest.raises(ScopeUndecidable):
        decide(shipped(), Chart("p1", {}), AT, SITE)


def test_a_complete_chart_without_a_tumour_or_pain_enters_no_pathway() -> None:
    decision = judge()
    assert (decision.entries, decision.verdicts, decision.cards, decision.silent) == ((), (), (), "")


def test_an_unread_key_that_no_answer_rests_on_does_not_refuse_the_chart() -> None:
    decision = judge(METASTASIS, unread=["medicationStatements"])
    assert ("PW-METS", "CLASSIFY") in entries(decision)
    assert [u.key for u in decision.unread] == ["medicationStatements"]


# ---------------------------------------------------------------------------------------------------- silence


@pytest.mark.parametrize("death", [{"deceasedBoolean": True}, {"deceasedDateTime": ago(1)}])
def test_a_chart_of_one_who_died_is_silent_and_says_why(death: Json) -> None:
    decision = judge(patient(**death), METASTASIS, PARESIS)
    assert decision.silent == "deceased"
    assert (decision.entries, decision.verdicts, decision.cards) == ((), (), ())


def test_one_who_is_said_to_be_alive_is_judged() -> None:
    decision = judge(patient(deceasedBoolean=False), METASTASIS)
    assert decision.silent == ""
    assert decision.cards


@pytest.mark.parametrize("audience", ["patient", "related-person", ""])
def test_who_is_no_clinician_gets_no_cards(audience: str) -> None:
    decision = judge(METASTASIS, PARESIS, audience=audience)
    assert decision.silent == "audience"
    assert (decision.entries, decision.verdicts, decision.cards) == ((), (), ())


def test_another_patients_resource_is_refused_before_anyone_is_told_nothing() -> None:
    with pytest.raises(PatientMismatch):
        judge(METASTASIS, {**PAIN, "subject": {"reference": "Patient/p2"}}, audience="patient")


# ---------------------------------------------------------------------------------------------------- determinism


@settings(deadline=None, max_examples=TRIES)
@given(st.permutations(WHOLE))
def test_the_order_of_the_resources_changes_nothing(shuffled: list[Json]) -> None:
    assert judge(*shuffled) == judge(*WHOLE)


@settings(deadline=None, max_examples=TRIES)
@given(st.integers(0, 2**16))
def test_the_order_of_the_keys_and_of_the_members_changes_nothing(seed: int) -> None:
    told = chart(*WHOLE)
    shuffle = random.Random(seed).sample  # noqa: S311 - not secret
    reads = {key: told.reads[key] for key in shuffle(list(told.reads), len(told.reads))}
    turned = {
        key: Read(tuple({m: r[m] for m in shuffle(list(r), len(r))} for r in read.resources), read.complete)
        for key, read in reads.items()
    }
    assert decide(shipped(), Chart("p1", turned), AT, SITE) == decide(shipped(), told, AT, SITE)


@settings(deadline=None, max_examples=TRIES)
@given(st.lists(st.sampled_from(WHOLE), max_size=6))
def test_a_resource_that_was_sent_twice_counts_once(again: list[Json]) -> None:
    assert judge(*WHOLE) == decide(shipped(), _with(chart(*WHOLE), again), AT, SITE)


def _with(told: Chart, again: list[Json]) -> Chart:
    read = told.reads["conditions"]
    return Chart(told.patient, {**told.reads, "conditions": Read((*read.resources, *again))})


def test_who_listens_changes_nothing() -> None:
    heard: list[tuple[str, str, str, Truth]] = []
    assert judge(*WHOLE, observe=lambda *question: heard.append(question)) == judge(*WHOLE)
    assert {role for role, *_ in heard} >= {"gate", "hold", "goal", "applies", "state", "when"}


# ---------------------------------------------------------------------------------------------------- doubt


@pytest.mark.parametrize("key", ["conditions", "observations-neuro", "observations-pain"])
def test_a_pathway_in_doubt_recommends_nothing(key: str) -> None:
    part = judge(SCHWANNOMA, unread=[key])
    assert ("PW-OBSERVE", False) in {(e.id, e.certain) for e in part.entries}
    assert not [v.id for v in part.verdicts if v.pathway == "PW-OBSERVE" and v.status is Status.RECOMMENDED]
    whole = judge(SCHWANNOMA)
    assert verdict(whole, "R-OBS-01").status is Status.RECOMMENDED


def test_a_gate_in_doubt_asks_for_what_decides_it() -> None:
    decision = judge(METASTASIS, unread=["observations-neuro"])
    found = verdict(decision, "R-EMG-01")
    assert found.status is Status.NEEDS_DATA
    assert {m.reason for m in found.missing} == {Reason.UNREAD}
    assert ("PW-COMPRESS", "EMERGENCY") in entries(decision)


def test_a_gate_in_doubt_releases_no_treatment() -> None:
    decision = judge(
        METASTASIS, observation("sins", "sins-total", at="T8", valueInteger=14), unread=["observations-neuro"]
    )
    assert verdict(decision, "R-MET-04").status is Status.NEEDS_DATA
    treats = {"surgery", "radiotherapy", "combination", "systemic"}
    assert not [v.id for v in decision.verdicts if v.kind in treats and v.status is Status.RECOMMENDED]


@pytest.mark.parametrize("key", ["conditions", "observations-neuro", "observations-lesion", "reports", "procedures"])
def test_what_was_not_read_leads_to_no_recommendation_that_a_whole_chart_lacks(key: str) -> None:
    whole = judge(METASTASIS, SCHWANNOMA, NIGHT_PAIN)
    part = judge(METASTASIS, SCHWANNOMA, NIGHT_PAIN, unread=[key])
    assert having(part, Status.RECOMMENDED) <= having(whole, Status.RECOMMENDED)


def test_what_was_not_read_has_a_card_of_its_own() -> None:
    decision = judge(METASTASIS, unread=["procedures"])
    assert [c.kind.value for c in decision.cards].count("incomplete") == 1


# ---------------------------------------------------------------------------------------------------- pathways


def test_a_lesion_is_served_by_its_own_pathway() -> None:
    decision = judge(METASTASIS, SCHWANNOMA)
    assert [(e.id, e.lesion.key if e.lesion else "") for e in decision.entries] == [
        ("PW-METS", "metastasis:T8"),
        ("PW-OBSERVE", "neurogenic:L2"),
    ]


def test_pain_with_a_red_flag_is_a_suspicion_without_a_lesion() -> None:
    assert entries(judge(PAIN, NIGHT_PAIN)) == [("PW-SUSPECT", "WORKUP")]


def test_pain_without_a_red_flag_stays_silent() -> None:
    assert entries(judge(PAIN)) == []


def test_a_recommendation_for_the_patient_is_judged_once() -> None:
    decision = judge(METASTASIS, SCHWANNOMA, PAIN)
    of_patient = [v.id for v in decision.verdicts if v.lesion is None]
    assert of_patient
    assert len(of_patient) == len(set(of_patient))


def test_a_tumour_that_no_table_knows_is_counted() -> None:
    unknown = condition("other", "spinal-metastasis-site")
    unknown["code"] = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "D09.9"}]}
    decision = judge(METASTASIS, unknown)
    assert decision.counts["unrecognisedNeoplasms"] == 1
