"""The full text holds what a card leaves out: each line that has to be said, each verdict that is shown, and what it rests on."""

from __future__ import annotations

import pytest

from tests.clinical import score
from tests.clinical.clinical_kit import CASES, Judged, bundle, day, expected, judge_bundle, judged, without


def lines(result: Judged) -> list[str]:
    """Every line of the explanation, as plain as Markdown lets it be."""
    told = (line for one in result.document.get("explanation", ()) for line in one["text"].splitlines())
    return [line.replace("\\", "").strip("-*# ") for line in told if line.strip()]


MUST_SAY = [(case, line) for case in CASES for line in expected(case)["must_say"]]


@pytest.mark.parametrize(("case", "line"), MUST_SAY)
def test_each_line_that_has_to_be_said_stands_in_the_explanation(case: str, line: str) -> None:
    assert score.said(line, "\n".join(lines(judged(case))))


def test_a_line_goes_from_the_explanation_with_its_datum() -> None:
    poorer = judge_bundle(without(bundle("C05"), ["Observation/c05-obs-6"]), day("C05"))
    assert any("glucose 14.1 mmol/L" in line for line in lines(judged("C05")))
    assert not any("glucose 14.1 mmol/L" in line for line in lines(poorer))


@pytest.mark.parametrize("case", CASES)
def test_each_verdict_that_is_shown_stands_in_the_explanation_of_its_pathway_with_its_data(case: str) -> None:
    document = judged(case).document
    told = "\n".join(one["text"] for one in document["explanation"])
    for verdict in document["verdicts"]:
        if verdict["status"] in ("recommended", "blocked", "needs-data"):
            assert f"({verdict['id']})" in told, verdict["id"]
    for entry, one in zip(document["pathways"], document["explanation"], strict=False):
        assert (one["pathway"], one.get("lesion")) == (entry["id"], entry.get("lesion"))
        assert all(datum["resource"] in one["text"].replace("\\", "") for datum in one["data"])
