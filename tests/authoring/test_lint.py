"""Rules that look at the whole set: search templates, and what is used by what."""

from __future__ import annotations

import pytest

from fhirpath_spine.exchange.incoming import prefetch_templates
from fhirpath_spine.pathway.facts import LONGEST
from fhirpath_spine.pathway.model import Site


def many_codes(profiles, count: int) -> None:
    rows = "".join(f"night-pain,{'x' * 20}{number:03},More,exact,\n" for number in range(count))
    profiles.write("terminology/local.csv", profiles.text("terminology/local.csv") + rows)


def test_a_group_too_long_for_a_prefetch_template_is_refused(profiles):
    many_codes(profiles, 45)

    (found,) = profiles.found()

    assert found.code == "SP306"
    # The group is named where its first need names it.
    assert str(found.span) == profiles.place("data.yaml", "night-pain}\n    group: ¦pain")
    assert f"{LONGEST} are allowed" in found.message


def test_the_whole_search_counts_as_it_is_sent(profiles):
    query = prefetch_templates(profiles.library(), Site())["observations-pain"]
    padding = LONGEST - len(query) - len(",urn:example:local|")

    assert padding > 0
    profiles.write(
        "terminology/local.csv", profiles.text("terminology/local.csv") + f"night-pain,{'x' * padding},More,exact,\n"
    )
    assert len(prefetch_templates(profiles.library(), Site())["observations-pain"]) == LONGEST
    assert profiles.found() == []

    profiles.edit("terminology/local.csv", f",{'x' * padding},", f",{'x' * (padding + 1)},")
    assert [d.code for d in profiles.found()] == ["SP306"]


def test_the_codes_of_a_site_count_too(profiles):
    many_codes(profiles, 30)
    mapped = {("urn:example:house", f"{'y' * 20}{n}"): ("urn:example:local", "night-pain") for n in range(15)}

    assert profiles.examine(Site()).errors == ()
    assert [d.code for d in profiles.examine(Site(code_map=mapped)).errors] == ["SP306"]


def test_a_need_read_only_by_an_unused_definition_is_unused_too(profiles):
    profiles.edit("data.yaml", "  drug: {", "  idle: {label: Idle, Condition: {code: drug}}\n  drug: {")
    profiles.edit("data.yaml", "define:\n", 'define:\n  idler: "%idle.exists()"\n')

    assert [d.message for d in profiles.found()] == [
        "Nothing reads the need 'idle'.",
        "Nothing reads the definition 'idler'.",
    ]


def test_a_need_that_only_answers_a_deficit_is_used(profiles):
    assert profiles.text("data.yaml").count("imaging:") == 1
    assert "%imaging" not in "".join(p.read_text() for p in profiles.folder.rglob("*.yaml"))
    assert profiles.found() == []


@pytest.mark.parametrize(
    "test",
    [
        "%patient.age < 18",
        "%site.endoscopy",
        "%weakness.exists()",
        "%severe-pain",
        "%motor.new",
        "%unfit",
        "%lesions.exists()",
    ],
)
def test_a_hold_rests_on_codes_settings_or_the_patient(profiles, test):
    profiles.edit("policy.yaml", '"%cancer.exists()"', f'"{test}"')

    assert "SP310" not in {d.code for d in profiles.found()}


@pytest.mark.parametrize("test", ['"true"', '"%chart.uncoded > 1"', '"today() > @2020-01-01"'])
def test_a_hold_without_any_is_refused(profiles, test):
    profiles.edit("policy.yaml", '"%cancer.exists()"', test)

    assert "SP310" in {d.code for d in profiles.found()}


@pytest.mark.parametrize(
    "test",
    [
        "%gait.some(value = 'steady')",
        "%gait.where(value = 'steady').date.exists()",
        "%gait.some(value in ('normal' | 'steady'))",
        "%gait.first().value != 'steady'",
        "%gait.every('steady' = value)",
        "%gait.some(course = 'steady')",
        "iif(%severe-pain, %gait.some(value = 'steady'), false)",
        "%weakness.some(clinical = 'steady')",
        "%drug.some(meaning = 'steady')",
        "%lesions.some(class = 'steady')",
        "%lesion.behaviour = 'steady'",
        "%lesion.level.some($this = 'steady')",
        "%state in ('CLASSIFY' | 'steady')",
        "%pathway = 'steady'",
        "%advised.some($this = 'steady')",
        "'steady' in %open",
        "%conflicts.some($this = 'steady')",
        "'steady' in %lesion.pathways",
    ],
)
def test_a_word_that_can_never_stand_there_is_found(profiles, test):
    profiles.edit("alpha/pathway.yaml", '[planned: "%planned"]', f'[planned: "{test}"]')

    errors = [d for d in profiles.examine().errors if d.code == "SP319"]

    assert [str(d.span) for d in errors] == [profiles.place("alpha/pathway.yaml", "¦'steady'")]


@pytest.mark.parametrize(
    "test",
    [
        "%gait.some(value = 'normal' or course = 'worse').not() or %gait.some(course = 'new')",
        "%gait.some(author = 'anyone')",
        "%lesion.title = 'anything'",
        "%histology.some(value.text = 'anything')",
        "%lesions.some(class = 'unknown' and state = 'TREAT_PLAN' and 'PW-LATER' in pathways)",
        "'surgery' in %open and 'histology' in %conflicts and 'unfit' in %conflicts",
        "%advised.some($this = 'R-PAIN-01')",
    ],
)
def test_words_that_can_stand_there_or_are_free_pass(profiles, test):
    profiles.edit("alpha/pathway.yaml", '[planned: "%planned"]', f'[planned: "{test}"]')
    wanted = ["SP319"] if "'worse'" in test else []

    assert [d.code for d in profiles.examine().errors] == wanted
