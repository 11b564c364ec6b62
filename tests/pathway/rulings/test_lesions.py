"""How lesions are built and what belongs to them: each sentence of rulings 3."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from tests.pathway.rulings.small_world import (
    ask_lesions,
    concept,
    condition,
    judge,
    lesions,
    library,
    observation,
    pathway,
    procedure,
    recommendation,
    report,
)


def test_one_condition_is_one_lesion_however_many_levels_it_names() -> None:
    assert lesions(condition("tumour", "level-t7", "level-t8")) == ["tumour:T7+T8"]


def test_so_it_is_where_each_level_is_a_body_site_of_its_own() -> None:
    assert lesions(condition("tumour", bodySite=[concept("level-t7"), concept("level-t8")])) == ["tumour:T7+T8"]


def test_lesions_stand_cranial_to_caudal() -> None:
    assert lesions(condition("tumour", "level-l1", id="a"), condition("metastasis", "level-t7")) == [
        "metastasis:T7",
        "tumour:L1",
    ]


def test_lesions_of_one_class_with_a_common_level_are_one() -> None:
    again = [condition("tumour", "level-t7", id="a"), condition("benign-tumour", "level-t7", id="b")]
    assert lesions(*again) == ["tumour:T7"]
    assert lesions(condition("tumour", "level-t7", id="a"), condition("tumour", "level-t8", id="b")) == [
        "tumour:T7",
        "tumour:T8",
    ]


def test_a_common_level_joins_through_others_too_whatever_the_ids() -> None:
    sites = [("level-t7",), ("level-t8",), ("level-t7", "level-t8")]
    for names in permutations("abc"):
        told = [condition("tumour", *where, id=name) for where, name in zip(sites, names, strict=True)]
        assert lesions(*told) == ["tumour:T7+T8"]


def test_two_classes_at_one_level_stay_two() -> None:
    assert lesions(condition("tumour", "level-t7"), condition("metastasis", "level-t7")) == [
        "metastasis:T7",
        "tumour:T7",
    ]


def test_an_unnamed_lesion_is_absorbed_by_the_only_named_one_of_its_class() -> None:
    assert lesions(condition("tumour", "level-t7", id="a"), condition("tumour", id="b")) == ["tumour:T7"]


def test_it_is_not_absorbed_by_one_of_two_nor_by_another_class() -> None:
    two = [condition("tumour", "level-t7", id="a"), condition("tumour", "level-l1", id="b")]
    assert lesions(*two, condition("tumour", id="c")) == ["tumour:T7", "tumour:L1", "tumour:unnamed"]
    assert lesions(condition("metastasis", "level-t7"), condition("tumour")) == ["metastasis:T7", "tumour:unnamed"]


def test_several_without_a_site_are_one_unnamed_lesion() -> None:
    two = [condition("tumour", "level-t7", id="a"), condition("tumour", "level-l1", id="b")]
    more = [condition("tumour", id="c"), condition("tumour", id="d")]
    assert lesions(*more) == ["tumour:unnamed"]
    assert lesions(*two, *more) == ["tumour:T7", "tumour:L1", "tumour:unnamed"]


@pytest.mark.parametrize("clinical", ["active", "resolved", "remission", None])
def test_a_tumour_of_any_clinical_status_is_a_lesion_and_its_state_is_kept(clinical: str | None) -> None:
    told = condition("tumour", "level-t7", clinical=clinical)
    assert ask_lesions("%lesion.current", told) == {"tumour:T7": clinical in ("active", None)}


# ------------------------------------------------------------------------------------------------- what belongs to which

TWO = (condition("tumour", "level-t7"), condition("metastasis", "level-l1"))


def statement(**parts: Any) -> dict[str, Any]:
    return observation("statement", "statement-safe", **parts)


@pytest.mark.parametrize(
    ("parts", "at_t7", "at_l1"),
    [
        ({"focus": [{"reference": "Condition/tumour-1"}]}, True, False),
        ({"focus": [{"reference": "Condition/tumour-1"}], "bodySite": concept("level-l1")}, True, False),  # focus first
        ({"focus": [{"reference": "https://x.example/fhir/Condition/tumour-1/_history/2"}]}, True, False),
        ({"bodySite": concept("level-l1")}, False, True),
        ({"bodySite": concept("thoracic-spine")}, True, False),
        ({"bodySite": concept("whole-spine")}, None, None),
        ({}, None, None),  # to none, so unknown for each
        ({"bodySite": concept("level-t8")}, False, False),  # it lies elsewhere
        ({"bodySite": concept("unrelated")}, False, False),
        ({"bodySite": {"text": "somewhere"}}, None, None),  # a site that no table knows is not elsewhere
    ],
)
def test_an_observation_belongs_to_the_lesion_of_its_focus_else_of_its_body_site(
    parts: dict[str, Any], at_t7: bool | None, at_l1: bool | None
) -> None:
    found = ask_lesions("%statement.exists()", *TWO, statement(**parts))
    assert found == {"tumour:T7": at_t7, "metastasis:L1": at_l1}


def test_else_it_belongs_to_the_only_lesion() -> None:
    assert ask_lesions("%statement.value = 'safe'", TWO[0], statement()) == {"tumour:T7": True}


def test_an_operation_belongs_to_the_lesion_of_its_reason() -> None:
    done = procedure("operation", reasonReference=[{"reference": "Condition/tumour-1"}])
    assert ask_lesions("%operations.exists()", *TWO, done) == {"tumour:T7": True, "metastasis:L1": False}


# ------------------------------------------------------------------------------------------------- thoracic, bone, blood


@pytest.mark.parametrize(
    ("code", "sites", "thoracic"),
    [
        ("tumour", ("level-t7",), True),
        ("tumour", ("thoracic-spine",), True),
        ("benign-tumour", (), True),  # a code that says thoracic
        ("tumour", ("level-l1",), False),
        ("tumour", ("lumbar-spine",), False),
        ("tumour", ("whole-spine",), None),
        ("tumour", (), None),
        ("tumour", ("level-t8", "level-l1"), True),
    ],
)
def test_thoracic_is_by_site_level_or_code_and_else_unknown(
    code: str, sites: tuple[str, ...], thoracic: bool | None
) -> None:
    assert list(ask_lesions("%lesion.thoracic", condition(code, *sites)).values()) == [thoracic]


def test_a_recorded_level_makes_an_unnamed_lesion_thoracic() -> None:
    assert ask_lesions(
        "%lesion.thoracic", condition("tumour"), observation("seen", "seen-mass", bodySite=concept("level-t7"))
    ) == {"tumour:T7": True}


def test_a_metastasis_to_bone_is_spinal_only_with_a_spinal_site() -> None:
    assert lesions(condition("any-bone", "level-t7")) == ["metastasis:T7"]
    assert lesions(condition("any-bone")) == ["unknown:unnamed"]


def test_a_disease_of_the_blood_is_a_lesion_only_confirmed_and_at_the_spine() -> None:
    assert lesions(condition("blood", "level-t7")) == ["blood:T7"]
    assert lesions(condition("blood", "level-t7", verified="provisional")) == []
    assert lesions(condition("blood")) == []


def test_what_was_refuted_founds_nothing() -> None:
    assert lesions(condition("tumour", "level-t7", verified="refuted")) == []


@pytest.mark.parametrize(
    ("verified", "confirmed"), [(("confirmed", "provisional"), True), (("provisional",), False), ((None,), None)]
)
def test_a_lesion_is_confirmed_if_any_of_its_conditions_is(
    verified: tuple[str | None, ...], confirmed: bool | None
) -> None:
    told = [condition("tumour", "level-t7", id=f"c{n}", verified=v) for n, v in enumerate(verified)]
    assert ask_lesions("%lesion.confirmed", *told) == {"tumour:T7": confirmed}


# ------------------------------------------------------------------------------------------------- behaviour (D4)


@pytest.mark.parametrize(
    ("code", "histology", "behaviour"),
    [
        ("benign-tumour", [], "benign"),
        ("malignant-tumour", [], "malignant"),
        ("tumour", [], None),
        ("benign-tumour", ["histology-malignant"], "malignant"),  # histology first
        ("tumour", ["histology-benign"], "benign"),
        ("benign-tumour", ["histology-benign", "histology-malignant"], None),
    ],
)
def test_behaviour_is_by_histology_then_by_the_code(code: str, histology: list[str], behaviour: str | None) -> None:
    results = [observation("histology", h, id=h) for h in histology]
    for word in ("benign", "malignant"):
        wanted = None if behaviour is None else behaviour == word
        found = ask_lesions(f"%lesion.behaviour = '{word}'", condition(code, "level-t7"), *results)
        assert list(found.values()) == [wanted]


# ------------------------------------------------------------------------------------------------- what was not read

T7 = condition("tumour", "level-t7", onset="2026-01-01")


@pytest.mark.parametrize(
    ("question", "lost", "answer"),
    [
        ("%lesion.imaged", "observations-imaging", None),
        ("%lesion.level.exists()", "observations-imaging", True),
        ("%lesion.level.count() = 1", "observations-imaging", None),
        ("%lesion.thoracic", "observations-imaging", True),
        ("%lesion.class = 'tumour'", "observations-imaging", True),
        ("%lesion.behaviour.exists()", "observations-lesion", None),
        ("%scan.some(date >= %lesion.since)", "observations-imaging", None),
    ],
)
def test_of_a_lesion_only_what_can_only_be_confirmed_is_sure_while_something_is_unread(
    question: str, lost: str, answer: bool | None
) -> None:
    assert list(ask_lesions(question, T7, report(), lost=[lost]).values()) == [answer]


def test_while_a_lesion_may_be_unread_the_only_one_is_not_known_to_be_the_only_one() -> None:
    assert ask_lesions("%statement.exists()", T7, statement()) == {"tumour:T7": True}
    assert ask_lesions("%statement.exists()", T7, statement(), lost=["observations-imaging"]) == {"tumour:T7": None}
    placed = statement(bodySite=concept("level-t7"))
    assert ask_lesions("%statement.exists()", T7, placed, lost=["observations-imaging"]) == {"tumour:T7": True}


def test_the_conditions_of_a_lesion_are_named_in_one_order_whatever_the_order_of_the_chart() -> None:
    told = [condition("tumour", "level-t7", id=name) for name in "cab"]
    named = {ask_lesion(*order) for order in permutations(told)}
    assert named == {("Condition/a", "Condition/b", "Condition/c")}


def ask_lesion(*told: dict[str, Any]) -> tuple[str, ...]:
    """The evidence of a question about the only lesion, in its order."""
    decision = judge(
        library({"PW-ASK": pathway(recommendation(when=[{"it": "%lesion.current"}]), per="lesion")}), *told
    )
    (found,) = decision.verdicts
    return tuple(e.reference for e in found.steps[0].evidence)
