"""To which lesion a resource belongs: by focus, else by level, else by region, else to the only one."""

from __future__ import annotations

import pytest

from fhirpath_spine.pathway.lesions import assigner
from tests.pathway.pathway_kit import METASTASIS, SCHWANNOMA, Json, concept, facts, lesions, observation, shipped

SINS = observation("sins", "sins-total", valueInteger=9)
AT_T8, AT_L2, AT_C4 = (observation("sins", "sins-total", at=at, valueInteger=9) for at in ("T8", "L2", "C4"))
THORACIC = {**SINS, "bodySite": concept("site-thoracic-spine")}
FOCUS = {**AT_L2, "focus": [{"reference": "Condition/met"}]}
VERSIONED = {**SINS, "focus": [{"reference": "http://ehr.example.org/fhir/Condition/met/_history/2"}]}
MET, NERVE = frozenset({"metastasis:T8"}), frozenset({"neurogenic:L2"})


def _belongs(told: Json, *tumours: Json, complete: bool = True) -> frozenset[str] | None:
    (found,) = facts(told).all_found("sins-total")
    return assigner(shipped().lesions, lesions(*tumours), complete=complete)(found)


@pytest.mark.parametrize(
    ("told", "whose"),
    [
        (FOCUS, MET),
        (VERSIONED, MET),
        (AT_T8, MET),
        (AT_L2, NERVE),
        (THORACIC, MET),
        (SINS, frozenset()),
        (AT_C4, None),
    ],
    ids=["focus-before-level", "focus-of-a-version", "level", "other-level", "region", "no-place", "elsewhere"],
)
def test_of_two_lesions_a_resource_belongs_to_the_one_that_it_names(told: Json, whose: frozenset[str] | None) -> None:
    assert _belongs(told, METASTASIS, SCHWANNOMA) == whose


@pytest.mark.parametrize(("told", "whose"), [(SINS, MET), (THORACIC, MET), (AT_T8, MET), (AT_L2, None)])
def test_what_names_no_place_belongs_to_the_only_lesion(told: Json, whose: frozenset[str] | None) -> None:
    assert _belongs(told, METASTASIS) == whose


@pytest.mark.parametrize(("told", "whose"), [(SINS, frozenset()), (THORACIC, frozenset()), (AT_T8, MET), (FOCUS, MET)])
def test_while_more_lesions_may_be_unread_only_focus_and_level_say_so(told: Json, whose: frozenset[str]) -> None:
    assert _belongs(told, METASTASIS, complete=False) == whose
