"""A body site is placed, known to be elsewhere, or cannot be placed; the last is never the second."""

from __future__ import annotations

import pytest

from fhirpath_spine.pathway.lesions import Place, levels_of, place_of
from tests.pathway.pathway_kit import Json, shipped

CONFIG = shipped().lesions
SNOMED = "http://snomed.info/sct"


def at(*codes: str, text: str = "") -> Json:
    concept: Json = {"coding": [{"system": SNOMED, "code": code} for code in codes]} if codes else {}
    return {"bodySite": [{**concept, **({"text": text} if text else {})}]}


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        (at("11068009"), Place.SPINE),  # T8 vertebra
        (at("122495006"), Place.SPINE),
        (at("39607008"), Place.ELSEWHERE),  # lung
        (at("272673000"), Place.UNPLACED),  # any bone
        (at("78904004"), Place.UNPLACED),  # chest wall
        (at("999999999"), Place.UNPLACED),  # in no table
        (at(text="left of the old scar"), Place.UNPLACED),
        (at("39607008", "999999999"), Place.ELSEWHERE),  # a second coding of the same site
        ({"bodySite": [*at("39607008")["bodySite"], *at("999999999")["bodySite"]]}, Place.UNPLACED),
        ({"bodySite": [*at("39607008")["bodySite"], *at("11068009")["bodySite"]]}, Place.SPINE),
        ({}, Place.NOT_SAID),
    ],
)
def test_only_what_is_known_to_be_elsewhere_is(resource: Json, place: Place) -> None:
    assert place_of(CONFIG, resource) is place


def test_a_disc_lies_at_both_of_its_levels() -> None:
    assert levels_of(CONFIG, [(SNOMED, "243914004")]) == {"T7", "T8"}
