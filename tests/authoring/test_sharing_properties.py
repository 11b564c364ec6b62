"""Whatever is edited: the quick comparison, which judges once and leaves out what no difference reaches, finds what two whole
judgements of each chart find.
"""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from shutil import copytree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.authoring import Checked, examine, profiles_directory
from fhirpath_spine.authoring.comparing import Patient, patients_of_cases, shared, turns
from fhirpath_spine.pathway.model import Library
from tests.authoring.conftest import SET
from tests.authoring.edits_kit import CASES, Edit, edits

SHIPPED = profiles_directory()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Library, list[Patient]]:
    """The small set with charts that enter all of it."""
    folder = tmp_path_factory.mktemp("edited") / "profiles"
    copytree(SET, folder)
    (folder / "alpha" / "cases").mkdir()
    (folder / "alpha" / "cases" / "charts.yaml").write_text(CASES, encoding="utf-8")
    return (folder, *told(folder, examine(folder)))


def told(folder: Path, checked: Checked) -> tuple[Library, list[Patient]]:
    assert checked.library is not None
    patients, untold = patients_of_cases(folder, checked)
    assert not untold
    return checked.library, patients


@cache
def of_small() -> list[Edit]:
    return list(edits(SET))


def agrees(old: Library, folder: Path, edit: Edit, patients: list[Patient]) -> bool | None:
    """Whether both ways find the same; None where the edited set does not load, or nothing is shared."""
    new = examine(folder, edited={edit.file: edit.made(folder)}).library
    if new is None or shared(old, new) is None:
        return None
    apart = replace(new, flags=(*new.flags, "one_more"))
    assert shared(old, apart) is None
    return list(turns(old, new, patients)) == list(turns(old, apart, patients))


@given(data=st.data())
def test_any_edit_turns_the_charts_that_two_whole_judgements_turn(
    small: tuple[Path, Library, list[Patient]], data: st.DataObject
) -> None:
    folder, old, patients = small
    edit = data.draw(st.sampled_from(of_small()))
    assert agrees(old, folder, edit, patients) is not False, edit


def test_where_one_recommendation_is_reached_the_others_are_not_asked_and_it_turns_all_the_same(
    small: tuple[Path, Library, list[Patient]],
) -> None:
    folder, old, patients = small
    edit = next(e for e in of_small() if e.text is not None and "> 132 'umol/L'" in e.text)
    new = examine(folder, edited={edit.file: edit.made(folder)}).library
    assert new is not None
    found = shared(old, new)
    assert found is not None
    asked = {use.recommendation.id for pathway in found.watching.pathways for use in pathway.uses}
    assert asked == {"R-PAIN-02"}
    turned = {(turn.id, turn.before, turn.after) for turn in turns(old, new, patients)}
    assert turned == {("R-PAIN-02", "recommended (warning)", "blocked (warning)")}


@pytest.mark.thorough
@pytest.mark.parametrize("number", range(4))
def test_the_same_holds_of_the_set_that_ships(number: int) -> None:
    old, patients = told(SHIPPED, examine(SHIPPED))
    files = [
        p.relative_to(SHIPPED).as_posix() for kind in ("*/pathway.yaml", "modules/*.yaml") for p in SHIPPED.glob(kind)
    ]
    every = list(edits(SHIPPED, tuple(sorted([*files, "data.yaml", "policy.yaml"]))))
    random.Random(number).shuffle(every)  # noqa: S311 - which edits are tried is no secret
    tried = (agrees(old, SHIPPED, edit, patients[number::32]) for edit in every)
    # Many edits load no set, or share nothing: they are passed over.
    assert list(islice((found for found in tried if found is not None), 3)) == [True] * 3
