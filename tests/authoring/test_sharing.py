"""What two libraries share is judged once, and nothing that turns is missed by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fhirpath_spine.authoring import Checked, examine
from fhirpath_spine.authoring.comparing import LeftOut, Patient, Sealed, patients_of_cases, shared, turns
from fhirpath_spine.errors import RequestError
from tests.authoring.conftest import ProfileSet

DATA, PAIN, A = "data.yaml", "modules/pain.yaml", "alpha/pathway.yaml"
CASES = """\
cases:
  - case: Severe pain by night
    given: [night-pain: yes, pain-severity: 7]
    expect: {states: {PW-ALPHA: CLASSIFY}}
  - case: Little pain by night
    given: [night-pain: yes, pain-severity: 2]
    expect: {states: {PW-ALPHA: CLASSIFY}}
  - case: A night that is a month old
    given: [night-pain: {value: yes, date: 25 days ago}, pain-severity: 7]
    expect: {states: {PW-ALPHA: CLASSIFY}}
  - case: Nothing at all
    expect: {silent: true}
"""
EDITS = {
    "a limit": (DATA, "value >= 7", "value >= 8", True),
    "a limit that turns nobody": (DATA, "value >= 7", "value >= 6", True),
    "a window": (DATA, "    within: 30 days", "    within: 20 days", True),
    "an operator": (DATA, "%night-pain.value and %severe-pain", "%night-pain.value or %severe-pain", True),
    "a sentence": (PAIN, '[severe: "%severe-pain"]', '[severe: {test: "%severe-pain", say: "It is severe"}]', True),
    "a version": (A, "version: 1.0.0", "version: 1.1.0", True),
    "a name that was not read before": (DATA, '"%pain-severity.value >= 7"', '"%weakness.exists()"', False),
    "a new name": (DATA, "  bad-night:", '  worse: "%pain-severity.value > 8"\n  bad-night:', False),
}


def patients(profiles: ProfileSet) -> tuple[Checked, list[Patient]]:
    profiles.write("alpha/cases/pain.yaml", CASES)
    checked = examine(profiles.folder)
    return checked, patients_of_cases(Path(profiles.folder), checked)[0]


@pytest.mark.parametrize("edit", EDITS.values(), ids=list(EDITS))
def test_what_is_shared_is_judged_once_and_the_turns_are_those_of_two_judgements(
    profiles: ProfileSet, edit: tuple[str, str, str, bool]
) -> None:
    file, before, after, shares = edit
    old, whom = patients(profiles)
    profiles.edit(file, before, after)
    new = examine(profiles.folder)
    assert old.library is not None
    assert new.library is not None, new.diagnostics
    assert (shared(old.library, new.library) is not None) == shares
    apart = replace(new.library, flags=(*new.library.flags, "one_more"))
    assert shared(old.library, apart) is None
    assert list(turns(old.library, new.library, whom)) == list(turns(old.library, apart, whom))


def test_the_edits_turn_somebody(profiles: ProfileSet) -> None:
    old, whom = patients(profiles)
    profiles.edit(*EDITS["a limit"][:3])
    new = examine(profiles.folder)
    assert old.library is not None
    assert new.library is not None
    assert len({turn.patient for turn in turns(old.library, new.library, whom)}) == 2


def test_of_what_no_chart_tells_every_chart_turns(profiles: ProfileSet) -> None:
    profiles.edit(PAIN, '[severe: "%severe-pain"]', '[severe: "%severe-pain", gait: "%gait.exists()"]')
    old, whom = patients(profiles)
    profiles.edit(PAIN, "%gait.exists()", "%gait.exists().not()")
    new = examine(profiles.folder)
    assert old.library is not None
    assert new.library is not None
    assert shared(old.library, new.library) is not None
    apart = replace(new.library, flags=(*new.library.flags, "one_more"))
    twice = list(turns(old.library, apart, whom))
    assert len({turn.patient for turn in twice}) > 1
    assert list(turns(old.library, new.library, whom)) == twice


def test_several_processes_find_the_same_turns_in_the_same_order(profiles: ProfileSet) -> None:
    old, whom = patients(profiles)
    profiles.edit(*EDITS["a limit"][:3])
    new = examine(profiles.folder)
    assert old.library is not None
    assert new.library is not None
    many = [replace(one, name=f"{one.name} {number}") for number in range(16) for one in whom]
    assert list(turns(old.library, new.library, many, 2)) == list(turns(old.library, new.library, many))


def test_a_chart_is_read_where_it_is_judged_and_one_that_cannot_be_is_named(profiles: ProfileSet) -> None:
    old, whom = patients(profiles)
    profiles.edit(DATA, "value >= 7", "value >= 8")
    new = profiles.examine()
    assert old.library
    assert new.library

    def refuse() -> Patient:
        raise RequestError("Not a Bundle.", hint="Send one.")

    sealed = [Sealed(one.name, lambda one=one: one) for one in whom]  # type: ignore[misc]
    found = list(turns(old.library, new.library, [*sealed, Sealed("broken", refuse)]))

    assert found == [*turns(old.library, new.library, whom), LeftOut("broken", "Not a Bundle. Send one.")]
