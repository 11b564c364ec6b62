"""What a loaded library holds: every part of the files, compiled, in the form that the judgement reads."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from fhirpath_spine.authoring import load, unreachable
from fhirpath_spine.errors import ProfileError
from fhirpath_spine.fhirpath import Quantity, Scope
from fhirpath_spine.pathway.facts import Absent
from fhirpath_spine.pathway.model import Indicator, Unknown
from fhirpath_spine.pathway.sentences import Slot

LOCAL = "urn:example:local"
AT = datetime(2026, 6, 15, tzinfo=UTC)


def recommendation(library, id_):
    return next(u.recommendation for p in library.pathways for u in p.uses if u.recommendation.id == id_)


def test_a_need_says_how_its_value_is_read(profiles):
    need = profiles.library().needs["creatinine"]

    assert need.label == "Creatinine"
    assert need.resources == ("Observation",)
    assert need.keys == ("observations-laboratory",)
    assert need.codes.members == {(LOCAL, "creatinine")}
    assert (need.within, need.latest) == (7, True)
    assert need.value.kind == "quantity"
    assert need.value.unit == "umol/L"
    assert need.value.factors == {"umol/L": Decimal(1), "mg/dL": Decimal("88.42")}
    assert need.value.plausible == (Decimal(18), Decimal(1800))


def test_a_boolean_need_says_what_its_absence_means(profiles):
    assert profiles.library().needs["night-pain"].absent is Absent.NO


def test_a_list_of_units_means_the_factor_one(profiles):
    assert profiles.library().needs["pain-severity"].value.factors == {"{score}": Decimal(1), "1": Decimal(1)}


def test_answers_come_from_codings_and_value_sets_and_the_first_that_is_listed_wins(profiles):
    gait = profiles.library().needs["gait"]

    assert gait.value.answers == {
        (LOCAL, "gait-normal"): "normal",
        (LOCAL, "gait-unable"): "unable",
        (LOCAL, "gait-abnormal"): "abnormal",
    }
    assert gait.value.words == {"normal", "unable", "abnormal"}
    assert gait.components["course"].words == {"new", "improving"}
    assert gait.components["course"].component.members == {(LOCAL, "course")}


def test_a_need_of_several_types_keeps_the_statuses_of_each(profiles):
    profiles.edit(
        "data.yaml",
        "  operation: {label: Operation, Procedure: {code: operation}, per: lesion, site: thoracic-spine}",
        "  operation: {label: Operation, Procedure: {code: operation}, Condition: {code: tumour}, per: lesion}",
    )

    need = profiles.library().needs["operation"]

    assert set(need.resources) == {"Procedure", "Condition"}
    assert need.statuses == {"completed", "active"}
    assert need.codes.members == {(LOCAL, "operation"), (LOCAL, "tumour")}
    assert set(need.keys) == {"procedures", "conditions"}


def test_both_verification_statuses_admit_a_missing_one_too(profiles):
    assert profiles.library().needs["weakness"].verification == {"confirmed"}
    profiles.edit("data.yaml", "verificationStatus: confirmed", "verificationStatus: [confirmed, provisional]")
    assert profiles.library().needs["weakness"].verification == frozenset()


def test_any_clinical_status_is_active_and_history(profiles):
    assert profiles.library().needs["tumours"].statuses == {"active", "history"}


def test_drugs_are_read_from_two_types_and_from_drafts(profiles):
    drug = profiles.library().needs["drug"]

    assert drug.keys == ("medicationRequests", "medicationStatements")
    assert drug.meaning == {"active", "proposed"}
    assert drug.drafts


def test_codes_match_exactly_or_by_prefix_as_their_row_says(profiles):
    cancer = profiles.library().value_sets["cancer"]

    assert cancer.contains("http://hl7.org/fhir/sid/icd-10-cm", "C50.911")
    assert cancer.contains("http://hl7.org/fhir/sid/icd-10-cm", "c50911")
    assert not cancer.contains("http://hl7.org/fhir/sid/icd-10-cm", "C79.52")


def test_a_definition_is_compiled_after_those_it_reads(profiles):
    profiles.edit("data.yaml", '  bad-night: "%night-pain.value and %severe-pain"\n', "")
    profiles.edit("data.yaml", "define:\n", 'define:\n  bad-night: "%night-pain.value and %severe-pain"\n')

    assert profiles.library().definitions["bad-night"].variables == {"night-pain", "severe-pain"}


def test_expressions_answer_over_the_shapes_of_their_needs(profiles):
    severe = profiles.library().definitions["severe-pain"]

    assert severe.truth((), Scope({"pain-severity": [{"value": 8}]}, at=AT)) is True
    assert severe.truth((), Scope({"pain-severity": []}, at=AT)) is None


def test_a_quantity_is_compared_in_the_units_of_the_need(profiles):
    renal = recommendation(profiles.library(), "R-PAIN-02").blocked[0]
    high = [{"value": Quantity(Decimal(200), "umol/L")}]

    assert renal.test.truth((), Scope({"creatinine": high}, at=AT)) is True
    assert renal.unknown is Unknown.ASK


def test_findings_and_ranked_facts_are_asked_of_one_item(profiles):
    library = profiles.library()
    motor, unfit = library.findings["motor"], library.ranked["unfit"]

    assert (motor.new_days, motor.open_days, motor.answered, motor.course) == (14, 90, ("imaging",), "course")
    weakness, gait = motor.sources
    assert weakness.abnormal.truth([{"current": True}], Scope({}, at=AT)) is True
    assert gait.only_worse
    assert gait.grade.evaluate([{"value": "unable"}], Scope({}, at=AT)) == [0]
    assert unfit.ranks[0][0].answer.evaluate([{"value": 9}], Scope({}, at=AT)) == [True]
    assert unfit.gap_days == 30


def test_a_recommendation_has_all_its_parts(profiles):
    one = recommendation(profiles.library(), "R-ALPHA-01")

    assert (one.title, one.kind, one.per_patient) == ("Operation", "surgery", False)
    assert [(c.id, c.when is None) for c in one.claims] == [("N1", True), ("N2", False)]
    assert one.indicator == ((Indicator.INFO, None),)
    assert [c.name for c in (*one.when, *one.blocked, *one.satisfied, *one.excluded)] == [
        "planned",
        "unfit",
        "done",
        "walking",
    ]
    assert one.activity.kind == "ServiceRequest"
    assert len(one.alternatives) == 1


def test_a_text_file_gives_one_line_for_each_paragraph(profiles):
    first, second = recommendation(profiles.library(), "R-ALPHA-01").lines

    assert first.say.parts[0] == "The aim is to take pressure off the cord ("
    assert isinstance(first.say.parts[1], Slot)
    assert second.say.parts == ("It is the surgeon's judgement.",)


def test_an_ordered_indicator_keeps_its_order(profiles):
    (warning, test), (info, otherwise) = recommendation(profiles.library(), "R-PAIN-02").indicator

    assert (warning, info, otherwise) == (Indicator.WARNING, Indicator.INFO, None)
    assert test.variables == {"bad-night"}


def test_what_follows_suppresses_or_warns_keeps_its_words(profiles):
    library = profiles.library()
    advice, disputed = recommendation(library, "R-ALPHA-02"), recommendation(library, "R-ALPHA-03")

    assert (advice.follows, advice.unless) == (("kind:surgery",), ("R-PAIN-01",))
    assert advice.safety.variables == {"motor"}
    assert disputed.suppressed == "disputed"
    assert unreachable(library) == {"R-ALPHA-02": "no data say so yet"}


def test_a_pathway_lists_its_own_recommendations_before_those_of_modules(profiles):
    alpha = profiles.library().pathway("PW-ALPHA")

    assert [u.recommendation.id for u in alpha.uses] == [
        "R-ALPHA-01",
        "R-ALPHA-02",
        "R-ALPHA-03",
        "R-PAIN-01",
        "R-PAIN-02",
    ]
    assert alpha.uses[4].when.variables == {"planned"}
    assert [s.name for s in alpha.states] == ["SURVEIL", "TREAT_PLAN", "CLASSIFY"]
    assert (alpha.folder, alpha.status, alpha.per_lesion, alpha.fallback) == ("alpha", "draft", True, False)
    assert alpha.without_lesion[0].name == "pain"


def test_pathways_come_in_the_order_of_the_policy(profiles):
    assert [p.id for p in profiles.library().pathways] == ["PW-BETA", "PW-ALPHA"]


def test_a_pathway_without_lesions_judges_its_recommendations_for_the_patient(profiles):
    beta = profiles.library().pathway("PW-BETA")

    assert not beta.per_lesion
    assert all(u.recommendation.per_patient for u in beta.uses)


def test_selectors_are_resolved_to_ids(profiles):
    policy = profiles.library().policy

    assert policy.gate.visible[0].ids == {"R-PAIN-01", "R-PAIN-02"}
    always, planned = policy.holds[0].hide
    assert (always.ids, always.when) == ({"R-ALPHA-01"}, None)
    assert (planned.ids, planned.when.variables) == ({"R-PAIN-01", "R-PAIN-02"}, {"state"})
    assert policy.holds[0].unknown is Unknown.ASK
    assert policy.budget.cards == 3


def test_lesions_are_built_by_the_class_table_in_its_order(profiles):
    lesions = profiles.library().lesions
    metastasis, tumour = lesions.classes

    assert [s.drop_without_site for s in metastasis.sources] == [False, True]
    assert tumour.sources[0].confirmed
    assert lesions.order == ("T1", "T2")
    assert list(lesions.levels.values()) == [("T1",), ("T2",)]
    assert (lesions.imaging_absent, lesions.imaging_known) == ({"no"}, {"again"})
    assert lesions.regions["thoracic"].contains(LOCAL, "level-t2")
    thoracic, spread = lesions.flags
    assert (thoracic.levels, thoracic.absent) == ({"T1", "T2"}, False)
    assert (spread.classes, spread.absent) == ({"metastasis"}, None)
    assert lesions.behaviour["condition"].malignant.members == {(LOCAL, "malignant"), (LOCAL, "metastasis")}


def test_histology_may_be_words_of_its_need(profiles):
    profiles.edit(
        "data.yaml",
        "conflict: meaning, value: concept}",
        "conflict: meaning, value: {type: word, answers: {good: {valueSet: benign}, bad: {valueSet: malignant}}}}",
    )
    profiles.edit(
        "lesions.yaml",
        "need: histology, benign: benign, malignant: malignant",
        "need: histology, benign: good, malignant: bad",
    )

    assert profiles.library().lesions.behaviour["histology"].malignant.members == {(LOCAL, "malignant")}


def test_everything_that_can_be_missing_has_a_name_on_cards(profiles):
    labels = profiles.library().labels

    assert labels["severe-pain"] == "severe pain"
    assert labels["bad-night"] == "bad night"
    assert labels["motor"] == "Motor deficit"
    assert labels["unfit"] == "Fitness"
    assert labels["site.endoscopy"] == "Endoscopic service"
    assert labels["state"] == "state of this pathway"


def test_evidence_keeps_the_words_of_its_sources(profiles):
    library = profiles.library()

    assert library.claims["N1"].strength == '"preferred"'
    assert library.sources["T"].date == "undated"
    assert library.phrases["not-recorded"] == "Not recorded: {item}."


def test_a_framework_stands_on_recommendations_and_keeps_its_grade(profiles):
    (framework,) = profiles.library().frameworks

    assert (framework.id, framework.date, framework.always) == ("F", "2020", False)
    assert framework.lines[0].on[0].ids == {"R-ALPHA-01"}
    assert framework.lines[0].grade == "B"


def test_an_error_names_what_to_do_next(profiles):
    profiles.edit("data.yaml", "within: 7 days", "within: 7")

    with pytest.raises(ProfileError) as caught:
        load(profiles.folder)

    assert caught.value.diagnostics[0].code == "SP228"
    assert "fhirpath-spine lint" in caught.value.hint
