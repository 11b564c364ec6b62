"""What the Patient resource says of death and of its own place."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pathway.pathway_kit import PAIN, ago, judge, patient


@pytest.mark.parametrize(
    "death", [{"deceasedBoolean": True}, {"deceasedDateTime": ago(1)}, {"deceasedDateTime": "2026"}]
)
def test_death_is_recorded_by_a_yes_or_a_date_that_is_past(death: dict[str, Any]) -> None:
    assert judge(patient(**death), PAIN).silent == "deceased"


@pytest.mark.parametrize(
    "death",
    [
        {"deceasedDateTime": "unknown"},
        {"deceasedDateTime": ago(-1)},
        {"deceasedDateTime": True},
        {"deceasedBoolean": "true"},
        {"deceased": True},
        {"DeceasedDateTime": ago(1)},
        {"_deceasedDateTime": {"extension": []}},
    ],
)
def test_anything_else_that_stands_there_is_said_and_the_chart_is_judged(death: dict[str, Any]) -> None:
    found = judge(patient(**death), PAIN)
    assert (found.silent, found.warnings) == ("", ("deceased-unreadable",))


def test_the_living_have_nothing_to_explain() -> None:
    assert judge(patient(deceasedBoolean=False), PAIN).warnings == ()


@pytest.mark.parametrize(
    ("kind", "said"), [("replaced-by", ("merged",)), (" Replaced-By ", ("merged",)), ("replaces", ())]
)
def test_a_record_that_was_replaced_is_said(kind: str, said: tuple[str, ...]) -> None:
    link = [{"other": {"reference": "Patient/p9"}, "type": kind}]
    assert judge(patient(link=link), PAIN).warnings == said
