"""The coverage is not to be had without the cases: what each part of it misses when a case, a word or a reason is gone."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fhirpath_spine.authoring import profiles_directory
from fhirpath_spine.authoring.cases import Outcome, Run, judge, run
from fhirpath_spine.authoring.loading import Written
from fhirpath_spine.authoring.proving import Coverage, Threshold, cover, find_thresholds, scalars
from fhirpath_spine.pathway.model import Library
from tests.kit import content

PAIN = """cases:
  - case: Severe pain that persists is a red flag
    given:
      - back-pain: 28 days ago
      - pain-severity: {value}
    expect: {expect}
"""

FLAG = "limit red_flag_pain 7"
READING_ONLY = {"units", "answers", "conversion", "latest", "spine"}
"""Keys whose numbers say how a value is read, and limit nothing."""


@pytest.fixture(scope="module")
def loaded() -> tuple[Library, Written]:
    return content.written()


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    folder = tmp_path / "profiles"
    shutil.copytree(profiles_directory(), folder, ignore=shutil.ignore_patterns("cases"))
    (folder / "cases").mkdir()
    return folder


def told(profiles: Path, *cases: str, exempt: str = "") -> tuple[Run, Coverage]:
    for number, text in enumerate(cases):
        text = text.replace("Severe pain that", f"Severe pain {number} that")
        (profiles / "cases" / f"{number}.yaml").write_text(text, encoding="utf-8")
    if exempt:
        (profiles / "cases" / "exempt.yaml").write_text(exempt, encoding="utf-8")
    # The profiles are the shipped ones in every test here, so they are compiled once.
    done = run(profiles, lambda _: content.written())
    assert done.diagnostics == ()
    return done, cover(done, profiles)


def pain(value: int, expect: str) -> str:
    return PAIN.replace("{value}", str(value)).replace("{expect}", expect)


def open_ways(table: Coverage, name: str) -> tuple[str, ...]:
    return next((one.ways for one in table.unheld if one.name == name), ())


# ---------------------------------------------------------------------- thresholds


def test_without_a_case_every_threshold_is_open_both_ways(profiles: Path) -> None:
    done, table = told(profiles)
    assert table.thresholds == len(table.unheld) == len(find_thresholds(done.library, done.written)) > 150
    assert {one.ways for one in table.unheld} == {("up", "down")}
    assert not table.complete


def test_a_case_on_one_side_leaves_the_other_open_with_its_place(profiles: Path) -> None:
    _, table = told(profiles, pain(7, "{recommended: [R-SUS-01]}"))
    assert open_ways(table, FLAG) == ("down",)
    place = next(one.place for one in table.unheld if one.name == FLAG)
    assert re.fullmatch(r".*data\.yaml:\d+:\d+", place)


def test_a_case_on_each_side_holds_it(profiles: Path) -> None:
    _, table = told(profiles, pain(7, "{recommended: [R-SUS-01]}"), pain(6, "{silent: true}"))
    assert open_ways(table, FLAG) == ()


def test_a_case_away_from_the_border_holds_nothing(profiles: Path) -> None:
    _, table = told(profiles, pain(9, "{recommended: [R-SUS-01]}"), pain(4, "{silent: true}"))
    assert open_ways(table, FLAG) == ("up", "down")


def test_a_change_that_no_case_expects_otherwise_holds_nothing(profiles: Path) -> None:
    _, table = told(profiles, pain(7, "{absent: [R-EMG-01]}"))
    assert open_ways(table, FLAG) == ("up", "down")


def test_a_case_that_fails_holds_nothing(profiles: Path) -> None:
    done, table = told(profiles, pain(7, "{recommended: [R-SUS-01], states: {PW-METS: CLASSIFY}}"))
    assert [r.outcome for r in done.results] == [Outcome.FAIL]
    assert open_ways(table, FLAG) == ("up", "down")


def test_an_exemption_covers_the_ways_that_it_names_and_no_other(profiles: Path) -> None:
    exempt = f"thresholds:\n  - {{name: {FLAG}, moves: up, reason: of no matter here}}\n"
    _, table = told(profiles, exempt=exempt)
    assert open_ways(table, FLAG) == ("down",)
    assert table.moves_exempt == 1
    assert table.stale == []


def test_an_exemption_that_a_case_makes_needless_is_an_error(profiles: Path) -> None:
    exempt = f"thresholds:\n  - {{name: {FLAG}, moves: [up, down], reason: of no matter here}}\n"
    _, table = told(profiles, pain(7, "{recommended: [R-SUS-01]}"), exempt=exempt)
    assert table.stale == [f"{FLAG}: up"]


def test_an_exemption_of_what_does_not_exist_is_an_error(profiles: Path) -> None:
    _, table = told(profiles, exempt="thresholds:\n  - {name: no such 7, moves: up, reason: of no matter}\n")
    assert table.stale == ["no such 7: up"]


def test_each_threshold_has_a_name_of_its_own_and_moving_it_moves_something(loaded: tuple[Library, Written]) -> None:
    library, written = loaded
    found = find_thresholds(library, written)
    assert len({one.name for one in found}) == len(found)
    assert [one.name for one in found if one.moved(library, 1) is library] == []


def test_every_number_of_the_files_is_a_threshold_or_only_says_how_to_read(loaded: tuple[Library, Written]) -> None:
    library, written = loaded
    held = {one.span for one in find_thresholds(library, written)}
    bare = [
        " ".join(path)
        for path, text in scalars({n: c for n, c in written.content.items() if _is_of_judgement(n)})
        if re.fullmatch(r"-?\d+(\.\d+)?( [a-z]+)?", text) and text.span not in held and not READING_ONLY & set(path)
    ]
    assert bare == []


def _is_of_judgement(file: str) -> bool:
    return file.endswith(("data.yaml", "policy.yaml", "lesions.yaml", "pathway.yaml")) or file.startswith("modules/")


@pytest.fixture(scope="module")
def some(loaded: tuple[Library, Written]) -> list[Threshold]:
    return find_thresholds(*loaded)[::12]


def test_moved_by_nothing_every_case_of_the_pain_passes(
    loaded: tuple[Library, Written], some: list[Threshold], profiles: Path
) -> None:
    done, _ = told(profiles, pain(7, "{recommended: [R-SUS-01]}"), pain(6, "{silent: true}"))
    for threshold in some:
        moved = threshold.moved(loaded[0], 0)
        for result in done.results:
            assert result.scene is not None
            assert judge(moved, result.story, result.scene)[1] == [], threshold.name


# ---------------------------------------------------------------------- claims, criteria, reasons, denials


def test_without_a_case_no_claim_fires_or_is_silenced_and_nothing_is_seen_or_said(profiles: Path) -> None:
    _, table = told(profiles)
    assert len(table.not_fired) == len(table.not_silenced) == table.driving > 90
    assert len(table.unseen) == table.criteria > 290
    assert {", ".join(ways) for ways in table.unseen.values()} == {"met, not-met, unknown"}
    assert len(table.unsaid) == table.reasons > 70


NIGHT = """cases:
  - case: Night pain is a red flag
    id: night
    given:
      - back-pain: 2026-04-20
      - night-pain: yes
    expect: {recommended: [R-SUS-01]}
  - case: Without it there is none
    base: night
    {without}
    expect: {silent: true}
"""


@pytest.mark.parametrize(
    ("without", "silenced"),
    [("without: night-pain", True), ("instead: [{night-pain: no}]", False)],
    ids=["its base minus its trigger", "its base with something else"],
)
def test_a_claim_is_silenced_by_its_base_minus_something_only(profiles: Path, without: str, silenced: bool) -> None:
    done, table = told(profiles, NIGHT.replace("{without}", without))
    assert [r.outcome for r in done.results] == [Outcome.PASS] * 2
    assert "P2" not in table.not_fired
    assert ("P2" not in table.not_silenced) is silenced


ASKED = """cases:
  - case: A tumour that cannot be removed leads to radiotherapy
    id: unresectable
    given:
      - neurogenic-malignant: T7, 2026-01-10
      - resectability: unresectable, T7
    expect: {recommended: [R-NEU-04]}
  - case: Without the statement it is a question
    base: unresectable
    without: resectability
    expect: {needs-data: [R-NEU-04]}
"""


def test_a_question_does_not_silence_a_claim(profiles: Path) -> None:
    done, table = told(profiles, ASKED)
    assert [r.outcome for r in done.results] == [Outcome.PASS] * 2
    assert "N9" not in table.not_fired
    assert "N9" in table.not_silenced


INFECTED = """cases:
  - case: Infection of the spine blocks the steroid
    given:
      - spinal-metastasis-thoracic: T8, 2026-03-01
      - motor-power: 4, 5 days ago
      - spinal-infection: 2026-06-01
    expect: {blocked: [{wanted}]}
"""
BLOCKS = "policy hold INFECTION block"


def test_a_hold_shows_its_reason_where_a_case_expects_its_words(profiles: Path) -> None:
    _, table = told(profiles, INFECTED.replace("{wanted}", "R-STER-01: Active infection of the spine"))
    assert BLOCKS not in table.unsaid
    assert "policy hold INFECTION hide" in table.unsaid, "another effect of the same hold is another reason"


def test_a_hold_that_is_expected_without_its_words_shows_no_reason(profiles: Path) -> None:
    _, table = told(profiles, INFECTED.replace("{wanted}", "R-STER-01"))
    assert BLOCKS in table.unsaid


def test_a_hold_whose_words_are_gone_shows_no_reason_even_by_its_name(profiles: Path) -> None:
    done, _ = told(profiles, INFECTED.replace("{wanted}", "R-STER-01: Active infection of the spine"))
    policy = done.library.policy
    holds = tuple(replace(hold, say=None) if hold.id == "INFECTION" else hold for hold in policy.holds)
    silent = replace(done, library=replace(done.library, policy=replace(policy, holds=holds)))
    assert BLOCKS in cover(silent, profiles).unsaid


def test_words_that_are_denied_and_nowhere_shown_are_named(profiles: Path) -> None:
    _, table = told(profiles, pain(7, "{recommended: [R-SUS-01], says-not: Tumuor}"))
    assert [line.rpartition(" ")[2] for line in table.hollow] == ["Tumuor"]
    assert not table.complete
