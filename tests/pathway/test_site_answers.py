"""Answers that a house writes as text: the whole text, bound by the site, is read as the answer that it stands for."""

from __future__ import annotations

from typing import Any

import pytest

from fhirpath_spine.pathway.facts import Coding
from fhirpath_spine.pathway.model import Site
from tests.pathway.pathway_kit import Json, concept, facts, observation


def values_of(need: str, told: Json, site: Site) -> list[Any]:
    return [item["value"] for item in facts(told, site=site).resolve(need).items]


WNL: Coding = ("urn:fhirpath-spine:answer:gait", "within normal limits")
LEGS: Coding = ("urn:fhirpath-spine:answer:bladder-function", "retains")


def bound(answers: dict[Coding, str]) -> Site:
    """A site that binds texts to answers, each named by its value set."""
    targets = {name: concept(name)["coding"][0] for name in answers.values()}
    return Site(code_map={said: (targets[name]["system"], targets[name]["code"]) for said, name in answers.items()})


@pytest.mark.parametrize(
    "value",
    [
        {"valueString": "Within  normal LIMITS"},
        {"valueCodeableConcept": {"text": "within normal limits"}},
        {"valueCodeableConcept": {"coding": [{"display": "WNL"}], "text": "Within normal limits"}},
    ],
    ids=str,
)
def test_a_whole_text_that_the_site_binds_is_read_as_its_answer(value: Json) -> None:
    told = observation("o", "gait", days=1, **value)
    assert values_of("gait", told, bound({WNL: "gait-normal"})) == ["normal"]
    assert values_of("gait", told, Site()) == []


@pytest.mark.parametrize("text", ["within normal limits today", "not within normal limits", "normal limits", ""])
def test_a_part_of_it_or_more_than_it_is_not_bound(text: str) -> None:
    told = observation("o", "gait", days=1, valueString=text)
    assert values_of("gait", told, bound({WNL: "gait-normal"})) == []


def test_what_is_bound_for_one_datum_is_not_bound_for_another() -> None:
    told = observation("o", "sensory-finding", days=1, valueString="within normal limits")
    assert values_of("sensory-finding", told, bound({WNL: "gait-normal"})) == []


def test_a_code_of_its_own_wins_over_the_text_beside_it() -> None:
    coded = {**concept("gait-unable"), "text": "within normal limits"}
    told = observation("o", "gait", days=1, valueCodeableConcept=coded)
    assert values_of("gait", told, bound({WNL: "gait-normal"})) == ["unable"]


def test_each_need_of_the_same_datum_hears_the_binding() -> None:
    told = observation("o", "bladder-function", days=1, valueString="retains")
    site = bound({LEGS: "sphincter-loss-answer"})
    assert values_of("bladder-named", told, site) == ["loss"]
    assert values_of("bladder-function", told, site) == ["abnormal"]
