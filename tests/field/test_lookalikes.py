"""Charts as others make them reach the pathway of the metastasis, with its level, and with the primary that they name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.field.lookalikes import CHARTS, mcode
from tests.field.making import Json

Judge = Callable[[Json], dict[str, Any]]


def lesion_of(answer: dict[str, Any]) -> list[str]:
    """The lesions that PW-METS was entered for."""
    return [one["lesion"]["key"] for one in answer["pathways"] if one["id"] == "PW-METS"]


def said(answer: dict[str, Any]) -> str:
    return "\n".join(card["detail"] for card in answer["cards"])


@pytest.mark.parametrize("name", CHARTS)
def test_a_metastasis_in_the_spine_reaches_its_pathway_with_level_and_primary(judged: Judge, name: str) -> None:
    make, lesion = CHARTS[name]
    answer = judged(make())
    assert lesion_of(answer) == [lesion]
    assert next(v["status"] for v in answer["verdicts"] if v["id"] == "R-SUS-07") != "recommended"
    assert "rimary cancer not recorded" not in said(answer)
    assert "not settled" not in said(answer)


@pytest.mark.parametrize("name", CHARTS)
def test_without_the_primary_it_is_asked_for(judged: Judge, name: str) -> None:
    chart = CHARTS[name][0]()
    primaries = ("primary-", "prostate-", "lung-", "breast-")
    kept = [
        e
        for e in chart["entry"]
        if not str(e["resource"].get("id")).startswith(primaries) and "breast" not in str(e["resource"].get("code"))
    ]
    assert len(kept) == len(chart["entry"]) - 1
    answer = judged({**chart, "entry": kept})
    assert next(v["status"] for v in answer["verdicts"] if v["id"] == "R-SUS-07") == "recommended"


def test_an_elsewhere_site_reaches_no_pathway_of_the_spine(judged: Judge) -> None:
    chart = mcode()
    for entry in chart["entry"]:
        if entry["resource"]["id"] == "secondary-lindqvist":
            entry["resource"]["bodySite"] = [
                {
                    "coding": [
                        {"system": "http://snomed.info/sct", "code": "71341001", "display": "Bone structure of femur"}
                    ]
                }
            ]
    assert lesion_of(judged(chart)) == []
