"""A reason never rests on silence: whatever one datum is taken away or made old, no reason states what nobody recorded."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from fhirpath_spine.errors import SpineError
from tests.field.making import Json
from tests.kit.content import SITE

Judge = Callable[[Json], dict[str, Any]]
CASES = sorted((SITE.parent / "cases").glob("*.json"))
_SILENCE = re.compile(
    r"\basymptomatic\b|\bno instability\b|\bnot unstable\b|\bnot (yet )?(resected|operated|irradiated|treated)\b"
    r"|\bno (symptoms?|deficit|growth|compression|pain)\b(?! recorded)",
    re.IGNORECASE,
)
"""What may be said from a recorded statement only; of silence it is said that nothing is recorded, and since when."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATES = ("onsetDateTime", "effectiveDateTime", "performedDateTime", "recordedDate", "authoredOn", "issued")


def older(text: str) -> str:
    """The same time four years before."""

    def moved(match: re.Match[str]) -> str:
        return (date.fromisoformat(match[0]) - timedelta(days=1461)).isoformat()

    return _DAY.sub(moved, text)


def variants(chart: Json) -> Iterator[tuple[str, Json]]:
    """The chart without each of its data, and with each of them made old."""
    for number, entry in enumerate(chart["entry"]):
        resource = entry["resource"]
        if resource["resourceType"] == "Patient":
            continue
        name = f"{resource['resourceType']}/{resource.get('id')}"
        yield f"without {name}", {**chart, "entry": [e for n, e in enumerate(chart["entry"]) if n != number]}
        if dated := [element for element in _DATES if isinstance(resource.get(element), str)]:
            aged = copy.deepcopy(chart)
            for element in dated:
                aged["entry"][number]["resource"][element] = older(resource[element])
            yield f"old {name}", aged


def reasons(answer: dict[str, Any]) -> list[str]:
    """Each reason of what is recommended, blocked or satisfied."""
    return [str(reason) for verdict in answer["verdicts"] for reason in verdict.get("because", [])]


def unfounded(judged: Judge, told: list[tuple[str, Json]]) -> list[str]:
    """The reasons that state what silence cannot."""
    found = []
    for name, chart in told:
        try:
            answer = judged(chart)
        except SpineError:
            continue
        found += [f"{name}: {reason}" for reason in reasons(answer) if _SILENCE.search(reason)]
    return found


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_a_reason_never_rests_on_silence(judged: Judge, path: Any) -> None:
    told = list(variants(json.loads(path.read_text(encoding="utf-8"))))
    assert unfounded(judged, told[:: max(1, len(told) // 5)]) == []


@pytest.mark.thorough
@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_none_of_all_of_them_does(judged: Judge, path: Any) -> None:
    told = list(variants(json.loads(path.read_text(encoding="utf-8"))))
    assert len(told) > 10
    assert unfounded(judged, told) == []


@pytest.mark.parametrize("reason", ["asymptomatic", "no instability shown", "not yet resected", "no symptoms"])
def test_the_words_of_silence_are_heard(reason: str) -> None:
    assert _SILENCE.search(reason)


@pytest.mark.parametrize(
    "reason", ["no symptom recorded since 2026-05-16", "stability not recorded", "no pain recorded"]
)
def test_what_says_that_nothing_is_recorded_is_none(reason: str) -> None:
    assert not _SILENCE.search(reason)
