"""Where something lies: levels and regions of the spine, and what a resource names by reference."""

from __future__ import annotations

import pytest

from fhirpath_spine.pathway import lesions
from fhirpath_spine.pathway.facts import Coding, codings
from tests.pathway.pathway_kit import Json, concept, facts, level, observation, shipped

CONFIG = shipped().lesions


def _sites(*concepts: Json) -> set[Coding]:
    return set(codings(list(concepts)))


@pytest.mark.parametrize(
    ("concepts", "levels"),
    [
        ((level("T8"),), {"T8"}),
        ((level("T8"), level("L2")), {"T8", "L2"}),
        ((concept("site-thoracic-spine"),), set()),
        ((), set()),
    ],
)
def test_only_a_level_names_a_level(concepts: tuple[Json, ...], levels: set[str]) -> None:
    assert lesions.levels_of(CONFIG, _sites(*concepts)) == levels


@pytest.mark.parametrize(
    ("short", "region"),
    [("C1", "cervical"), ("T1", "thoracic"), ("T12", "thoracic"), ("L1", "lumbar"), ("S5", "sacral")],
)
def test_a_level_lies_in_its_own_region_and_in_no_other(short: str, region: str) -> None:
    found = lesions.regions_of(CONFIG, _sites(level(short)))
    assert lesions.exact(CONFIG, found) == {region}


def test_each_level_lies_in_exactly_one_region() -> None:
    for short in CONFIG.order:
        assert len(lesions.exact(CONFIG, lesions.regions_of(CONFIG, _sites(level(short))))) == 1, short


def test_the_spine_as_a_whole_says_nothing_about_where() -> None:
    assert lesions.exact(CONFIG, frozenset({"spine"})) == frozenset()


@pytest.mark.parametrize(
    ("these", "those", "may"),
    [
        ({"thoracic"}, {"thoracic"}, True),
        ({"thoracic"}, {"lumbar"}, False),
        ({"thoracic"}, {"spine"}, True),
        ({"spine"}, {"lumbar"}, True),
        ({"thoracic"}, set(), True),
        (set(), {"thoracic"}, False),
        ({"thoracic", "lumbar"}, {"lumbar"}, True),
    ],
)
def test_two_places_may_be_one_if_a_region_is_common_or_not_told(these: set[str], those: set[str], may: bool) -> None:
    assert lesions.near(CONFIG, frozenset(these), frozenset(those)) is may


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"focus": [{"reference": "Condition/a"}]}, ["A"]),
        ({"focus": {"reference": "Condition/a"}}, ["A"]),
        ({"focus": [{"reference": "http://ehr.example.org/fhir/Condition/a/_history/1"}]}, ["A"]),
        ({"reasonReference": [{"reference": "Condition/b"}]}, ["B"]),
        ({"focus": [{"reference": "Condition/a"}], "reasonReference": [{"reference": "Condition/b"}]}, ["A"]),
        ({"focus": [{"reference": "Condition/a"}, {"reference": "Condition/b"}]}, ["A", "B"]),
        ({"focus": [{"reference": "Condition/c"}]}, []),
        ({"focus": [{"display": "the lesion"}]}, []),
        ({}, []),
    ],
)
def test_a_resource_names_a_lesion_by_its_focus_else_by_its_reason(fields: Json, named: list[str]) -> None:
    (found,) = facts({**observation("o", "ecog", valueInteger=1), **fields}).all_found("ecog")
    assert lesions.named_by(found, {"Condition/a": "A", "Condition/b": "B"}) == named
