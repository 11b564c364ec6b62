"""A mistake is noticed by a case that fails, or it is named at its line."""

from __future__ import annotations

import pytest

from fhirpath_spine.authoring.cases import run
from fhirpath_spine.authoring.proving import Mutation, mutate
from fhirpath_spine.fhirpath import Shape, compile  # noqa: A004 - as re.compile
from tests.authoring.conftest import ProfileSet

DATA, PAIN = "data.yaml", "modules/pain.yaml"
SLIP = "data.yaml >= -> > in %pain-severity.value >= 7 at 21"
DROPPED = "R-PAIN-01 when severe dropped"
JUST = "  - case: Just severe\n    given: [night-pain: yes, pain-severity: 7]\n    expect: {recommended: R-PAIN-01}\n"
AWAY = "  - case: Worst\n    given: [night-pain: yes, pain-severity: 10]\n    expect: {recommended: R-PAIN-01}\n"
LITTLE = "  - case: Little\n    given: [night-pain: yes, pain-severity: 2]\n    expect: {not-applicable: R-PAIN-01}\n"


def told(profiles: ProfileSet, *cases: str, exempt: str = "") -> Mutation:
    profiles.write("alpha/cases/pain.yaml", "cases:\n" + "".join(cases))
    if exempt:
        profiles.write("cases/exempt.yaml", exempt)
    done = run(profiles.folder)
    assert [(r.story.title, r.problems) for r in done.results if r.problems] == []
    return mutate(done, lambda _: True)


def names(found: Mutation) -> set[str]:
    return {one.name for one in found.unexplained}


def test_a_slip_that_a_case_notices_is_none_of_the_survivors(profiles: ProfileSet) -> None:
    assert SLIP not in names(told(profiles, JUST))


def test_one_that_no_case_notices_is_named_at_its_line(profiles: ProfileSet) -> None:
    found = told(profiles, AWAY)
    (slip,) = (one for one in found.unexplained if one.name == SLIP)
    assert slip.place == profiles.place(DATA, "%pain-severity.value ¦>= 7")


@pytest.mark.parametrize(("cases", "noticed"), [((JUST,), False), ((JUST, LITTLE), True)])
def test_a_dropped_criterion_is_noticed_where_it_was_asked_and_not_met(
    profiles: ProfileSet, cases: tuple[str, ...], noticed: bool
) -> None:
    assert (DROPPED not in names(told(profiles, *cases))) == noticed


def test_numbers_count_too_and_the_score_is_the_part_that_is_noticed(profiles: ProfileSet) -> None:
    few, more = told(profiles, AWAY), told(profiles, JUST, LITTLE)
    assert set(few.kinds) == {"operators", "criteria", "numbers"}
    assert few.mistakes == more.mistakes == sum(made for _, made in few.kinds.values())
    assert few.score < more.score == 1 - len(more.survivors) / more.mistakes


def test_a_survivor_with_a_reason_is_explained_and_a_needless_reason_is_told(profiles: ProfileSet) -> None:
    exempt = f'mutants:\n  - {{name: "{SLIP}", reason: of no matter here}}\n'
    away = told(profiles, AWAY, exempt=exempt)
    assert SLIP not in names(away)
    assert away.explained[SLIP] == "of no matter here"
    assert told(profiles, JUST, exempt=exempt).stale == [SLIP]


def test_a_reason_for_a_mistake_that_nobody_can_make_is_told_whatever_is_asked_for(profiles: ProfileSet) -> None:
    gone = SLIP.replace("at 21", "at 22")
    profiles.write("cases/exempt.yaml", f'mutants:\n  - {{name: "{gone}", reason: it was there once}}\n')
    profiles.write("alpha/cases/pain.yaml", f"cases:\n{JUST}")
    assert mutate(run(profiles.folder), lambda file: file.endswith(PAIN)).stale == [gone]


def test_the_score_is_told_for_each_pathway_module_and_shared_file(profiles: ProfileSet) -> None:
    found = told(profiles, JUST, LITTLE)
    assert {"alpha", "beta", "modules/pain.yaml", "data.yaml"} <= set(found.parts)
    assert sum(made for _, made in found.parts.values()) == found.mistakes
    assert sum(noticed for noticed, _ in found.parts.values()) == found.mistakes - len(found.survivors)


@pytest.mark.parametrize(
    ("parts", "stale", "enough"),
    [
        ({"alpha": (9, 10), "modules/pain.yaml": (91, 100)}, [], True),
        ({"alpha": (8, 10), "modules/pain.yaml": (92, 100)}, [], False),
        ({"alpha": (10, 10), "modules/pain.yaml": (5, 8), "data.yaml": (85, 92)}, [], True),
        ({"alpha": (9, 10), "modules/pain.yaml": (91, 100)}, ["a reason for nothing"], False),
    ],
    ids=["all and each", "one pathway", "a module of few", "a needless reason"],
)
def test_nine_of_ten_have_to_be_noticed_in_all_and_in_each_pathway(
    profiles: ProfileSet, parts: dict[str, tuple[int, int]], stale: list[str], enough: bool
) -> None:
    (some, *_) = told(profiles, AWAY).unexplained
    made = sum(number for _, number in parts.values())
    found = Mutation(made, [some] * (made - sum(noticed for noticed, _ in parts.values())), stale=stale, parts=parts)
    assert found.enough == enough


def test_only_mistakes_in_the_files_asked_for_are_made(profiles: ProfileSet) -> None:
    profiles.write("alpha/cases/pain.yaml", f"cases:\n{JUST}")
    found = mutate(run(profiles.folder), lambda file: file.endswith(PAIN))
    assert {one.place.partition(":")[0].rpartition("profiles/")[2] for one in found.survivors} <= {PAIN}
    assert found.mistakes


def test_several_processes_notice_the_same(profiles: ProfileSet) -> None:
    profiles.write("alpha/cases/pain.yaml", f"cases:\n{JUST}{LITTLE}")
    done = run(profiles.folder)
    heard: list[tuple[int, int]] = []
    assert names(mutate(done, lambda _: True, 2, lambda *at: heard.append(at))) == names(mutate(done, lambda _: True))
    assert heard == [(n + 1, heard[-1][1]) for n in range(len(heard))]


def test_beside_a_criterion_that_is_literally_false_no_other_is_a_mistake_to_make(profiles: ProfileSet) -> None:
    profiles.edit(PAIN, 'when: [severe: "%severe-pain"]', 'when: [severe: "%severe-pain or %night-pain.value"]')
    open_ = told(profiles, JUST)
    never = "  - case: Never\n    given: [night-pain: yes, pain-severity: 7]\n    expect: {not-applicable: R-PAIN-01}\n"
    profiles.edit(PAIN, 'or %night-pain.value"]', 'or %night-pain.value", never: "false"]')
    shut = told(profiles, never)
    assert "R-PAIN-01 when severe dropped" in names(open_)
    assert not any("R-PAIN-01 when" in name for name in names(shut))
    assert shut.kinds["operators"][1] == open_.kinds["operators"][1] - 1
    # The criterion itself, left out, is a mistake as any other, and a case notices it.
    assert shut.kinds["criteria"][1] == open_.kinds["criteria"][1]


@pytest.mark.parametrize(
    ("text", "slips"),
    [
        ("%b and %c", ["%b or %c"]),
        ("(%a >= 7).not()", ["(%a > 7).not()", "(%a >= 7)"]),
        ("%b or %a = 7", ["%b and %a = 7", "%b or %a != 7"]),
        ("%b.exists()", []),
    ],
)
def test_each_operator_is_exchanged_once(text: str, slips: list[str]) -> None:
    shapes = {"a": Shape("integer", many=False), **dict.fromkeys("bc", Shape("boolean", many=False))}
    found = [other.text for _, other in compile(text, variables=shapes).slips()]
    assert sorted(found) == sorted(slips)
