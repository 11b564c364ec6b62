"""Names: needs with computed members, hyphens, closed shapes, the focus, value sets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fhirpath_spine import fhirpath
from fhirpath_spine.fhirpath import CompileError, Scope, Shape, ValueSet

AT = datetime(2026, 11, 1, tzinfo=UTC)
SNOMED, ICD = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm"


def concept(*codings: tuple[str | None, str | None], text: str = "") -> dict[str, Any]:
    """A CodeableConcept."""
    parts = [{k: v for k, v in (("system", s), ("code", c)) if v is not None} for s, c in codings]
    return {"coding": parts} | ({"text": text} if text else {})


class TestNames:
    def test_the_longest_declared_name_wins(self) -> None:
        whole = {"high": Shape("System.Integer", many=False), "low": Shape("System.Integer", many=False)}
        joined = whole | {"high-low": Shape("System.Integer", many=False)}
        scope = Scope({"high": [9], "low": [2], "high-low": [1]}, AT)
        assert fhirpath.compile("%high-%low", variables=whole).evaluate([], scope) == [7]
        assert fhirpath.compile("%high-low", variables=joined).evaluate([], scope) == [1]
        assert fhirpath.compile("%high-%low", variables=joined).evaluate([], scope) == [7]
        assert fhirpath.compile("%high-low-%low", variables=joined).evaluate([], scope) == [-1]
        assert fhirpath.compile("%high-1", variables=joined).evaluate([], scope) == [8]

    def test_a_hyphenated_name_is_one_name(self, judge: Any) -> None:
        assert judge("%open-surgery.value = false", open_surgery={"value": False}) is True
        assert judge("%open-surgery.value", open_surgery={"value": True}) is True
        assert judge("%open-surgery.value = false", open_surgery=[]) is None

    def test_quoted_names_and_constants(self, value: Any) -> None:
        assert value("%`open-surgery`.value", open_surgery={"value": True}) == [True]
        assert value("%sct") == [SNOMED]
        assert value("%`vs-x`") == ["http://hl7.org/fhir/ValueSet/x"]
        assert value("%context.id", focus=[{"resourceType": "Patient", "id": "p"}]) == ["p"]

    def test_a_site_flag_is_a_member(self, judge: Any) -> None:
        assert judge("%site.endoscopy", site={"endoscopy": True}) is True
        assert judge("%site.endoscopy", site={}) is None


def test_preparing_changes_no_answer(compiled: Any, scope: Any) -> None:
    expression = compiled("%ecog.value <= 2 and %a")
    expression.prepare()
    assert expression.truth([], scope(ecog={"value": 1}, a=True)) is True
    assert repr(expression) == "Expression('%ecog.value <= 2 and %a')"


class TestMembers:
    def test_computed_members_shadow_those_of_fhir(self, judge: Any, compiled: Any) -> None:
        item = {
            "resourceType": "Observation",
            "valueQuantity": {"value": 7},
            "value": 2,
            "date": "2026-10-01",
            "status": "final",
        }
        assert judge("%ecog.value <= 2", ecog=item) is True
        assert judge("%ecog.status = 'final' and %ecog.date > @2026-09-30", ecog=item) is True
        assert compiled("%ecog.value").shape == Shape("System.Integer", many=False)

    def test_a_missing_member_is_unknown(self, judge: Any) -> None:
        assert judge("%ecog.value <= 2", ecog={"resourceType": "Observation"}) is None
        assert judge("%ecog.value.exists()", ecog={"resourceType": "Observation"}) is False

    def test_a_closed_shape_has_nothing_else(self, compiled: Any) -> None:
        with pytest.raises(CompileError, match="no member 'size'"):
            compiled("%lesion.size.exists()")

    def test_members_may_repeat(self, judge: Any) -> None:
        levels = [concept((SNOMED, "122495006")), concept((SNOMED, "1"))]
        assert judge("%lesion.level.memberOf('thoracic-spine')", lesion={"level": levels}) is True
        assert judge("%lesion.level.count() = 2", lesion={"level": levels}) is True


class TestFocus:
    CHART = (
        {"resourceType": "Observation", "status": "final", "code": concept((SNOMED, "1"))},
        {"resourceType": "Condition", "code": concept((SNOMED, "2"))},
    )

    def test_a_type_name_at_the_root_filters(self, judge: Any) -> None:
        assert judge("Observation.count() = 1", focus=list(self.CHART)) is True
        assert judge("Procedure.exists()", focus=list(self.CHART)) is False
        assert judge("code.coding.count() = 2", focus=list(self.CHART)) is True

    def test_another_type_than_the_focus_is_refused(self) -> None:
        with pytest.raises(CompileError, match="never Encounter"):
            fhirpath.compile("Encounter.status = 'x'", focus=Shape("Patient"))

    def test_a_focus_of_one_type_needs_no_type_name(self) -> None:
        expression = fhirpath.compile("status = 'final'", focus=Shape("Observation", many=False))
        assert expression.truth([self.CHART[0]], Scope({}, AT)) is True
        assert expression.truth([{"resourceType": "Observation"}], Scope({}, AT)) is None

    def test_a_choice_may_begin_the_expression(self) -> None:
        quantity = {"value": 5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
        chart = [{"resourceType": "Observation", "valueQuantity": quantity, "status": "final"}]
        for text in (
            "value.ofType(Quantity) > 2 'mg'",
            "some(value.ofType(Quantity) > 2 'mg')",
            "$this.value.exists()",
        ):
            expression = fhirpath.compile(text, focus=Shape("Observation", many=False))
            assert expression.truth(chart, Scope({}, AT)) is True
            assert expression.items(chart, Scope({}, AT)) == [("System.Boolean", True)]

    def test_a_focus_may_have_computed_members(self) -> None:
        focus = Shape("Observation", members={"value": Shape("System.Integer", many=False)})
        expression = fhirpath.compile("Observation.some(value > 2)", focus=focus)
        assert expression.truth([{"resourceType": "Observation", "value": 3}], Scope({}, AT)) is True


class TestValueSets:
    @pytest.mark.parametrize(
        ("code", "answer"),
        [
            (concept((SNOMED, "253066009")), True),
            (concept((SNOMED, "1"), (ICD, "D36.15")), True),
            (concept((SNOMED, "1")), False),
            (concept(("http://other", "253066009")), False),
            (concept((ICD, "C79.51")), True),
            (concept((ICD, "c7951")), True),
            (concept((ICD, "C79.4")), False),
            (concept((ICD, "D36.151")), False),
            (concept(text="neurofibroma"), None),
            ({"coding": [{"display": "x"}]}, None),
            (concept((None, "253066009")), False),
        ],
    )
    def test_any_coding_counts_and_no_code_is_unknown(self, code: Any, answer: bool | None, judge: Any) -> None:
        tumour = [{"resourceType": "Condition", "code": code}]
        assert judge("%tumour.code.memberOf('neurogenic-tumour')", tumour=tumour) is answer
        assert judge("%tumour.some(code.memberOf('neurogenic-tumour'))", tumour=tumour) is answer

    def test_a_list_is_in_the_set_if_one_of_it_is(self, judge: Any) -> None:
        def tumours(*codes: str) -> list[dict[str, Any]]:
            return [{"resourceType": "Condition", "code": concept((SNOMED, code))} for code in codes]

        text = "%tumour.code.memberOf('neurogenic-tumour')"
        assert judge(text, tumour=tumours("1", "253066009")) is True
        assert judge(text, tumour=tumours("1", "2")) is False
        assert judge(text, tumour=[]) is None
        assert judge("%tumour.code.coding.memberOf('neurogenic-tumour')", tumour=tumours("253066009")) is True

    def test_a_bare_code_is_held_against_all_codes(self) -> None:
        sets = {"genders": ValueSet("genders", {("http://hl7.org/fhir/administrative-gender", "female")})}
        expression = fhirpath.compile("Patient.gender.memberOf('genders')", value_sets=sets)
        assert expression.truth([{"resourceType": "Patient", "gender": "female"}], Scope({}, AT)) is True
        assert expression.truth([{"resourceType": "Patient", "gender": "male"}], Scope({}, AT)) is False

    def test_an_unknown_set_is_refused_in_either_mode(self, compiled: Any) -> None:
        for profile in (True, False):
            with pytest.raises(CompileError, match="Did you mean 'thoracic-spine'"):
                compiled("%lesion.level.memberOf('thoracic-spin')", profile=profile)

    def test_contains_is_remembered_but_not_without_bound(self) -> None:
        found = ValueSet("x", {(SNOMED, "1")}, {ICD: ["C79"]})
        assert all(found.contains(ICD, f"C79.{i}") for i in range(10_000))
        assert not found.contains(ICD, None)
        assert found.prefixes == {ICD: ("C79",)}
        assert repr(found) == "ValueSet('x', 1 members)"


class TestOddCharts:
    """Where a chart breaks FHIR's form, both engines still agree and nothing is raised."""

    @pytest.mark.parametrize(
        "resource",
        [
            {"resourceType": "Observation", "status": ["final"]},
            {"resourceType": "Observation", "code": [concept((SNOMED, "1"))]},
            {"resourceType": "Observation", "code": {"coding": {"system": SNOMED, "code": "1"}}},
            {"resourceType": "Observation", "code": {"coding": [None, "x"]}},
            {"resourceType": "Observation", "code": "x", "status": 5},
            {"resourceType": "Observation", "valueQuantity": "5", "category": concept((SNOMED, "1"))},
            {"resourceType": "Observation", "valueQuantity": {"value": "5"}},
            {"resourceType": "Observation", "valueQuantity": {"value": True}},
            {"resourceType": "Observation", "_status": {"extension": []}},
        ],
    )
    @pytest.mark.parametrize(
        "text",
        [
            "Observation.where(status = 'final').exists()",
            "Observation.status.exists()",
            "Observation.where(code.coding.where(system = 'http://snomed.info/sct' and code = '1').exists()).exists()",
            "Observation.code.memberOf('thoracic-spine')",
            "Observation.category.coding.exists()",
            "Observation.value.ofType(Quantity).exists()",
            "Observation.value.ofType(Quantity).value.exists()",
            "Observation.value.ofType(Quantity).some($this > 2 'mg')",
        ],
    )
    def test_both_engines_agree(self, resource: Any, text: str, judge: Any) -> None:
        judge(text, focus=[resource])
