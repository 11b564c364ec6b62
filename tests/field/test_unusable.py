"""A tumour that cannot be used is named on a card of its own, counts as what may be one, and hinders nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.field.making import (
    BACK_PAIN,
    BREAST,
    ICD,
    MOTOR_POWER,
    SCT,
    Json,
    bundle,
    concept,
    condition,
    local,
    observation,
)

Judge = Callable[[Json], dict[str, Any]]
MODIFIED: Json = {"modifierExtension": [{"url": "http://hospital.example/negated", "valueBoolean": True}]}
RULED: Json = {"implicitRules": "http://hospital.example/rules"}
METASTASIS = condition("m", concept(SCT, "94602001", "Metastasis to spine"), 50, bodySite=[local("level-t8")])
SCHWANNOMA = condition("s", concept(SCT, "189948006", "Schwannoma"), 50, bodySite=[local("level-l1")])
POWER = observation("power", MOTOR_POWER, 1, valueInteger=2)
SET_ASIDE = "A tumour of the spine may be on record: its entry could not be used"


def named(answer: dict[str, Any]) -> list[str]:
    """The indicator of each card that names a tumour which could not be used."""
    return [card["indicator"] for card in answer["cards"] if card["summary"] == SET_ASIDE]


@pytest.mark.parametrize(
    ("part", "why"), [(MODIFIED, "a modifier that is not known"), (RULED, "implicitRules that are not known")]
)
def test_it_is_named_alone_too_with_the_reason(judged: Judge, part: Json, why: str) -> None:
    answer = judged(bundle({**METASTASIS, **part}))
    (card,) = answer["cards"]
    assert (card["summary"], card["indicator"]) == (SET_ASIDE, "info")
    assert "Metastasis to spine" in card["detail"]
    assert why in card["detail"]
    assert answer["pathways"] == []


def test_what_else_the_key_holds_is_judged_as_without_it(judged: Judge) -> None:
    alone = judged(bundle(SCHWANNOMA))
    beside = judged(bundle(SCHWANNOMA, {**METASTASIS, **MODIFIED}))
    assert named(beside) == ["info"]
    assert beside["pathways"] == alone["pathways"]
    assert [v["status"] for v in beside["verdicts"]] == [v["status"] for v in alone["verdicts"]]


def test_beside_a_new_loss_of_power_it_counts_as_what_may_be_a_cancer(judged: Judge) -> None:
    answer = judged(bundle({**METASTASIS, **MODIFIED}, POWER))
    assert answer["cards"][0]["indicator"] == "critical"
    assert "an entry may be a cancer" in answer["cards"][0]["detail"]


def test_a_primary_with_a_modifier_is_a_doubt_and_no_primary(judged: Judge) -> None:
    answer = judged(bundle({**condition("b", BREAST, 400), **MODIFIED}, METASTASIS))
    said = "\n".join(card["detail"] for card in answer["cards"])
    assert "Primary cancer not recorded" not in said
    assert "1 entry not used: a modifier that is not known" in said
    assert "Primary not settled: the entry of" in str(answer["explanation"])


def test_a_cancer_elsewhere_with_a_modifier_is_silent_alone_and_named_in_the_explanation(judged: Judge) -> None:
    answer = judged(bundle({**condition("b", BREAST, 400), **MODIFIED}))
    assert answer["cards"] == []
    assert "modifier" in str(answer["explanation"])


def test_one_that_no_table_knows_keeps_its_doubt(judged: Judge) -> None:
    entry = condition("x", concept("http://hospital.example/codes", "1", "Carcinoma of the colon"), 90)
    answer = judged(bundle({**entry, **MODIFIED}, POWER))
    assert answer["cards"][0]["indicator"] == "critical"


def test_one_that_is_refuted_is_none(judged: Judge) -> None:
    refuted = concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "refuted")
    assert judged(bundle({**METASTASIS, **MODIFIED, "verificationStatus": refuted}))["cards"] == []


def test_versions_that_nothing_orders_are_named_and_their_type_is_unread(judged: Judge) -> None:
    other = {**METASTASIS, "bodySite": [local("level-t9")]}
    answer = judged(bundle(METASTASIS, other, condition("pain", BACK_PAIN, 5)))
    assert named(answer) == ["info"]
    assert any("Data incomplete" in card["summary"] for card in answer["cards"])
    assert all(v["status"] != "recommended" for v in answer["verdicts"])
    assert answer["ledger"] == 2


def test_the_order_of_the_versions_changes_nothing(judged: Judge) -> None:
    other = {**METASTASIS, "code": concept(ICD, "C79.51", "Secondary malignant neoplasm of bone")}
    assert judged(bundle(METASTASIS, other))["cards"] == judged(bundle(other, METASTASIS))["cards"]
