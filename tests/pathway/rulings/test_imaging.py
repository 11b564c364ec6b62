"""How imaging findings found lesions, join them, or clear an older finding (rulings 3)."""

from __future__ import annotations

from itertools import permutations
from typing import Any

from tests.pathway.rulings.small_world import ask_lesions, concept, condition, lesions, observation


def mass(*sites: str, when: str = "2026-06-10", **parts: Any) -> dict[str, Any]:
    """An imaging finding that says a lesion is there."""
    return observation("seen", "seen-mass", when, bodySite=concept(*sites) if sites else None, **parts)


def test_an_imaging_finding_joins_the_lesion_of_its_level() -> None:
    told = [condition("tumour", "level-t7"), condition("metastasis", "level-l1"), mass("level-t7")]
    assert ask_lesions("%lesion.imaged", *told) == {"tumour:T7": True, "metastasis:L1": False}


def test_else_it_founds_one_of_class_unknown() -> None:
    assert lesions(mass("level-t7")) == ["unknown:T7"]
    assert lesions(condition("tumour", "level-t7"), mass("level-l1")) == ["tumour:T7", "unknown:L1"]


def test_it_joins_the_lesion_of_its_focus_wherever_it_lies() -> None:
    told = [condition("tumour", "level-t7"), condition("metastasis", "level-l1")]
    seen = mass(focus=[{"reference": "Condition/metastasis-1"}])
    assert ask_lesions("%lesion.imaged", *told, seen) == {"tumour:T7": False, "metastasis:L1": True}


def test_without_a_place_it_joins_the_only_lesion() -> None:
    assert lesions(condition("tumour", "level-t7"), mass()) == ["tumour:T7"]


def test_in_another_region_it_does_not_join_the_only_lesion() -> None:
    assert lesions(condition("tumour", "level-t7"), mass("lumbar-spine")) == ["tumour:T7", "unknown:unnamed"]
    assert lesions(condition("tumour", "level-t7"), mass("thoracic-spine")) == ["tumour:T7"]


def test_it_names_the_level_of_the_only_unnamed_lesion() -> None:
    assert lesions(condition("tumour"), mass("level-t7")) == ["tumour:T7"]


def test_imaging_gives_the_same_lesions_whatever_the_ids() -> None:
    places = [("level-t7",), ("level-t8",), ("level-t7", "level-t8"), ()]
    found = set()
    for names in permutations("abcd"):
        found.add(tuple(lesions(*(mass(*where, id=name) for where, name in zip(places, names, strict=True)))))
    assert found == {("unknown:T7+T8",)}


def test_imaging_that_finds_none_founds_none_and_clears_an_older_finding() -> None:
    clear = observation("seen", "seen-none", "2026-06-12", id="later")
    assert lesions(clear) == []
    assert lesions(mass("level-t7"), clear) == []
    assert lesions(mass("level-t7", when="2026-06-13"), clear) == ["unknown:T7"]


def test_a_clear_study_of_another_level_clears_nothing() -> None:
    elsewhere = observation("seen", "seen-none", "2026-06-12", id="later", bodySite=concept("level-l1"))
    assert lesions(mass("level-t7"), elsewhere) == ["unknown:T7"]


def again(*sites: str, when: str = "2026-06-12", **parts: Any) -> dict[str, Any]:
    """An imaging finding that sees a recorded tumour."""
    return observation(
        "seen", "seen-known", when, **{"id": "again", **parts}, bodySite=concept(*sites) if sites else None
    )


def test_a_known_tumour_that_is_seen_founds_no_lesion_and_clears_none() -> None:
    assert lesions(again()) == []
    assert lesions(again("level-t7")) == []
    assert lesions(mass("level-t7"), again()) == ["unknown:T7"]
    assert lesions(mass("level-t7"), again("level-t7")) == ["unknown:T7"]


def test_a_known_tumour_that_is_seen_shows_the_recorded_one_on_imaging_but_not_since_when_it_is_there() -> None:
    assert ask_lesions("%lesion.imaged", condition("tumour"), again()) == {"tumour:unnamed": True}
    assert ask_lesions("%lesion.imaged", condition("tumour"), again("level-t7")) == {"tumour:T7": True}
    assert ask_lesions("%lesion.imaged", condition("tumour", "level-l1"), again("level-t7")) == {"tumour:L1": False}
    assert ask_lesions("%lesion.since.exists()", condition("tumour"), again()) == {"tumour:unnamed": False}


def test_a_known_tumour_is_seen_at_what_other_imaging_founds_whatever_the_ids() -> None:
    for one, other in permutations("ab"):
        assert lesions(mass("level-t7", id=one), again("level-t7", "level-t8", id=other)) == ["unknown:T7+T8"]
