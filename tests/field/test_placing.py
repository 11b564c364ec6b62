"""A tumour at a body site that nobody can place is named; a course of radiotherapy is read as mCODE says it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.field.making import ME, SCT, Json, ago, bundle, concept, condition, local

Judge = Callable[[Json], dict[str, Any]]
ASKED = "A tumour whose body site cannot be placed: is it one of the spine?"
LYMPHOMA = concept(SCT, "118600007", "Malignant lymphoma")
UNPLACED = {
    "in no table": concept("http://hospital.example/sites", "7", "some bone"),
    "in words alone": {"text": "left side"},
    "that may hold a part of the spine": concept(SCT, "118645006", "Pelvis"),
}
METASTASIS = condition("m", concept(SCT, "94602001"), 50, bodySite=[local("level-t8")])
MODALITY = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-modality-and-technique"


def asked(answer: dict[str, Any]) -> list[str]:
    """The indicators of the cards that ask where a tumour lies."""
    return [card["indicator"] for card in answer["cards"] if card["summary"] == ASKED]


@pytest.mark.parametrize("site", UNPLACED.values(), ids=UNPLACED)
def test_a_tumour_at_a_site_that_nobody_can_place_is_asked_about(judged: Judge, site: Json) -> None:
    answer = judged(bundle(condition("l", LYMPHOMA, 50, bodySite=[site])))
    assert asked(answer) == ["info"]
    assert answer["pathways"] == []


@pytest.mark.parametrize(
    "sites", [[], [concept(SCT, "71341001", "Bone structure of femur")]], ids=["none", "elsewhere"]
)
def test_without_a_site_or_elsewhere_it_is_not(judged: Judge, sites: list[Json]) -> None:
    more = {"bodySite": sites} if sites else {}
    assert judged(bundle(condition("l", LYMPHOMA, 50, **more)))["cards"] == []


def test_one_that_is_over_is_not(judged: Judge) -> None:
    over = condition("l", LYMPHOMA, 900, status="resolved", bodySite=[UNPLACED["in no table"]])
    assert asked(judged(bundle(over))) == []


@pytest.mark.parametrize("part", ["modality", "technique"])
def test_a_course_is_radiotherapy_by_its_modality_or_technique(judged: Judge, part: str) -> None:
    photons = concept(SCT, "1156506007", "External beam radiation therapy using photons")
    course = {
        "resourceType": "Procedure",
        "id": "course",
        "status": "completed",
        "subject": ME,
        "performedDateTime": ago(10),
        "bodySite": [local("level-t8")],
        "code": {"text": "Course 1"},
        "extension": [{"url": MODALITY, "extension": [{"url": part, "valueCodeableConcept": photons}]}],
    }
    plain = {name: value for name, value in course.items() if name != "extension"}
    states = [next(p["state"] for p in judged(bundle(METASTASIS, c))["pathways"]) for c in (course, plain)]
    assert states == ["TREATING", "CLASSIFY"]
