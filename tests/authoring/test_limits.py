"""A number stands once: under ``limits:``, from where tests, windows, labels and sentences read it."""

from __future__ import annotations

import pytest

from fhirpath_spine.authoring.pages import pages
from fhirpath_spine.diagnostics import Severity
from fhirpath_spine.fhirpath import Quantity
from tests.authoring.conftest import ProfileSet

DATA, PAIN, POLICY, A = "data.yaml", "modules/pain.yaml", "policy.yaml", "alpha/pathway.yaml"
LIMITS = "limits:\n  severe: {value: 7, source: DEFAULT, approver: null}\n"


def limited(profiles: ProfileSet, say: str = "Severity of {limit.severe} or more", more: str = "") -> None:
    """The small set with its one pain limit under a name, and a sentence about it."""
    profiles.edit(DATA, "needs:\n  patient", f"{LIMITS}{more}needs:\n  patient")
    profiles.edit(DATA, "%pain-severity.value >= 7", "%pain-severity.value >= %limit.severe")
    profiles.edit(PAIN, '[severe: "%severe-pain"]', f'[severe: {{test: "%severe-pain", say: "{say}"}}]')


def sentence(profiles: ProfileSet) -> str:
    uses = next(p for p in profiles.library().pathways if p.id == "PW-ALPHA").uses
    said = next(c.say for u in uses for c in u.recommendation.when if c.name == "severe")
    assert said is not None
    return "".join(map(str, said.parts))


def test_the_criterion_and_the_sentence_read_the_same_number(profiles: ProfileSet) -> None:
    limited(profiles)
    library = profiles.library()
    assert library.definitions["severe-pain"].filled == "%pain-severity.value >= 7"
    assert sentence(profiles) == "Severity of 7 or more"


def test_a_raised_limit_changes_both_at_once(profiles: ProfileSet) -> None:
    limited(profiles)
    profiles.edit(DATA, "{value: 7, source", "{value: 8, source")
    assert profiles.found() == []
    assert profiles.library().definitions["severe-pain"].filled == "%pain-severity.value >= 8"
    assert sentence(profiles) == "Severity of 8 or more"


@pytest.mark.parametrize(
    ("limit", "written", "said"),
    [
        ("{value: 90, unit: days, source: DEFAULT, approver: null}", "{limit.other}", "90 days"),
        ("{value: 1, unit: days, source: DEFAULT, approver: null}", "{limit.other}", "1 day"),
        ("{value: 30, unit: 'mL/min/{1.73_m2}', source: DEFAULT, approver: null}", "{limit.other}", "30 mL/min/1.73m2"),
        ("{value: 30, unit: 'mL/min/{1.73_m2}', source: DEFAULT, approver: null}", "{limit.other.value}", "30"),
        ("{value: 1.5, unit: 10*9/L, source: DEFAULT, approver: null}", "{limit.other.value}", "1.5"),
        ("{value: 13, source: DEFAULT, approver: null}", "{limit.other - 1}", "12"),
    ],
)
def test_a_sentence_says_a_limit_with_its_unit_or_alone(
    profiles: ProfileSet, limit: str, written: str, said: str
) -> None:
    limited(profiles, f"Limit {written}.", f"  other: {limit}\n")
    assert sentence(profiles) == f"Limit {said}."


def test_the_number_of_a_limit_is_refused_in_a_sentence_that_its_criterion_stands_beside(profiles: ProfileSet) -> None:
    limited(profiles, "Severity of 7 or more")
    (told,) = profiles.found()
    assert (told.code, told.severity) == ("SP345", Severity.ERROR)
    assert str(told.span) == profiles.place(PAIN, "Severity of ¦7 or more")
    assert "Write {limit.severe}" in told.hint


def test_it_is_refused_in_a_label_and_in_a_line_beside_the_criterion_too(profiles: ProfileSet) -> None:
    limited(profiles)
    profiles.edit(DATA, "label: severe pain}", 'label: "pain of 7"}')
    (told,) = profiles.found()
    assert str(told.span) == profiles.place(DATA, "pain of ¦7")


WORDS = {
    "a title": (PAIN, "title: Pain plan", "title: Pain of ¦7 and more", "as they stand"),
    "a headline": (PAIN, "    say: [", '    headline: ["Pain of ¦7"]\n    say: [', "{limit.severe}"),
    "what is asked": (PAIN, "    say: [", '    ask: ["Is it ¦7 or more"]\n    say: [', "{limit.severe}"),
    "what stands against": (PAIN, "    say: [", '    against: ["Not ¦7"]\n    say: [', "{limit.severe}"),
    "an alternative": (PAIN, "    say: [", '    alternatives: ["Wait below ¦7."]\n    say: [', "{limit.severe}"),
    "an activity": (
        PAIN,
        "    say: [",
        "    activity: {kind: Task, text: Plan from ¦7 on}\n    say: [",
        "as they stand",
    ),
    "a hold": (POLICY, 'test: "%cancer.exists()"', 'test: "%cancer.exists() and %severe-pain"', "{limit.severe}"),
    "a goal": (POLICY, 'test: "%site.endoscopy"', 'test: "%severe-pain"', "{limit.severe}"),
}
"""The file, what is edited in it, and what the hint says."""


@pytest.mark.parametrize("words", WORDS.values(), ids=list(WORDS))
def test_it_is_refused_in_all_that_is_shown_beside_the_criterion(
    profiles: ProfileSet, words: tuple[str, str, str, str]
) -> None:
    file, old, new, hint = words
    limited(profiles)
    if file == POLICY:
        said = {"a hold": ("Own cancer", "Pain of ¦7"), "a goal": ('"Comfort"', '"Pain of ¦7"')}
        profiles.edit(file, old, new)
        old, new = said["a hold" if "cancer" in old else "a goal"]
    profiles.edit(file, old, new.replace("¦", ""))
    told = [d for d in profiles.found() if d.code == "SP345"]
    assert [str(d.span) for d in told] == [profiles.place(file, new)]
    assert hint in told[0].hint


def test_one_reason_excuses_a_quotation_in_the_words_of_a_whole_recommendation(profiles: ProfileSet) -> None:
    limited(profiles)
    profiles.edit(PAIN, "title: Pain plan", "title: Pain of 7 and more\n    quotes: the words of the source")
    assert not [d for d in profiles.found() if d.code == "SP345"]
    profiles.edit(PAIN, "Pain of 7 and more", "Pain plan")
    (told,) = (d for d in profiles.found() if d.code == "SP345")
    assert told.hint == "Remove quotes:."


def test_it_is_refused_in_a_text_file_beside_the_criterion(profiles: ProfileSet) -> None:
    limited(profiles)
    profiles.edit(A, 'planned: "%planned"]\n    blocked', 'planned: "%planned and %severe-pain"]\n    blocked')
    profiles.edit("alpha/texts/R-ALPHA-01.md", "The aim", "From 7 on the aim")
    (told,) = (d for d in profiles.found() if d.code == "SP345")
    assert str(told.span) == profiles.place("alpha/texts/R-ALPHA-01.md", "From ¦7 on")


def test_a_quotation_says_why_it_is_none_of_the_limits_and_a_needless_reason_is_refused(profiles: ProfileSet) -> None:
    limited(profiles, 'Severity 7 of the source", quotes: "the words of the source')
    assert profiles.found() == []
    profiles.edit(PAIN, "Severity 7 of", "Severity of")
    (told,) = profiles.found()
    assert told.code == "SP345"
    assert told.hint == "Remove quotes:."


def test_a_window_names_a_limit_in_days_and_a_label_says_it(profiles: ProfileSet) -> None:
    days = "limits:\n  night: {value: 20, unit: days, source: DEFAULT, approver: null}\n"
    profiles.edit(DATA, "needs:\n  patient", f"{days}needs:\n  patient")
    profiles.edit(DATA, "    label: Night pain\n", '    label: "Pain of the last {limit.night}"\n')
    profiles.edit(DATA, "    value: boolean\n    within: 30 days", "    value: boolean\n    within: limit.night")
    library = profiles.library()
    assert library.needs["night-pain"].within == 20
    assert library.labels["night-pain"] == "Pain of the last 20 days"
    assert library.limits["night"].value == Quantity(20, "day")  # type: ignore[arg-type]
    assert library.limits["night"].windows == {"night-pain"}


BAD = {
    "a limit that is not declared": ("%limit.severe", "%limit.sevre", "SP123", "Did you mean"),
    "a source that is none": ("source: DEFAULT", "source: OV-NONE", "SP308", "sources.yaml"),
    "no approver and no null": (", approver: null", "", "SP206", ""),
    "a number that is none": ("value: 7,", "value: seven,", "SP227", ""),
    "null where no name is wanted": ("source: DEFAULT", "source: null", "SP206", ""),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))
def test_a_limit_that_cannot_be_used_is_told(profiles: ProfileSet, bad: tuple[str, str, str, str]) -> None:
    old, new, code, hint = bad
    limited(profiles)
    profiles.edit(DATA, old, new)
    found = profiles.found()
    assert code in {d.code for d in found}
    assert any(hint in d.hint for d in found if d.code == code)


APPROVALS = {
    "of this value": ("approver: A. Surgeon, approved: 7", "", ""),
    "of another value": ("approver: A. Surgeon, approved: 6", "¦6}", "A. Surgeon approved 6, and the limit is 7."),
    "of another unit": ("approver: A. Surgeon, approved: 7 days", "¦7 days}", "approved 7 days, and the limit is 7."),
    "of no value": ("approver: A. Surgeon", "¦A. Surgeon", "It is not said which value A. Surgeon approved."),
    "by nobody": ("approver: null, approved: 7", "¦7}", "7 is approved by nobody."),
}


@pytest.mark.parametrize("approval", APPROVALS.values(), ids=list(APPROVALS))
def test_an_approval_is_of_one_value(profiles: ProfileSet, approval: tuple[str, str, str]) -> None:
    written, place, says = approval
    limited(profiles)
    profiles.edit(DATA, "approver: null", written)
    found = profiles.found()
    assert [d.code for d in found] == ["SP359"] * bool(place)
    for told in found:
        assert str(told.span) == profiles.place(DATA, place)
        assert says in told.message


def test_a_limit_that_nothing_reads_is_told(profiles: ProfileSet) -> None:
    limited(profiles, more="  other: {value: 3, source: DEFAULT, approver: null}\n")
    assert [(d.code, d.message) for d in profiles.found()] == [("SP317", "Nothing reads the limit 'other'.")]


def test_a_limit_of_one_pathway_is_read_there_and_nowhere_else(profiles: ProfileSet) -> None:
    own = LIMITS.replace("severe", "own")
    profiles.edit(A, "evidence:", f"{own}evidence:")
    profiles.edit(DATA, "%pain-severity.value >= 7", "%pain-severity.value >= %limit.own")
    assert {d.code for d in profiles.found()} == {"SP123"}


UNITS = {
    "another dimension": ("unit: g/dL, ", "¦g/dL, source", "SP351", "Write it in 'umol/L', the unit of the need."),
    "no unit of UCUM": ("unit: mgg/dL, ", "¦mgg/dL, source", "SP119", "UCUM minds case"),
    "none where one is due": ("", "¦low: {value: 7, source", "SP115", "Write the unit"),
}


@pytest.mark.parametrize("unit", UNITS.values(), ids=list(UNITS))
def test_a_wrong_unit_is_told_once_where_it_is_written_with_the_uses_named(
    profiles: ProfileSet, unit: tuple[str, str, str, str]
) -> None:
    written, place, code, hint = unit
    limited(profiles, more=f"  low: {{value: 7, {written}source: DEFAULT, approver: null}}\n")
    uses = '  poor: "%creatinine.value < %limit.low"\n  rich: "%creatinine.value >= %limit.low"\n'
    profiles.edit(DATA, "  bad-night:", f"{uses}  bad-night:")
    (told,) = (d for d in profiles.found() if d.severity is Severity.ERROR)
    assert (told.code, str(told.span)) == (code, profiles.place(DATA, place))
    assert hint in told.hint
    for use in ("poor:", "rich:"):
        assert profiles.place(DATA, use).rpartition(":")[0] in told.hint


def test_a_window_that_is_no_number_of_days_is_told_at_the_limit(profiles: ProfileSet) -> None:
    days = "limits:\n  night: {value: 2, unit: months, source: DEFAULT, approver: null}\n"
    profiles.edit(DATA, "needs:\n  patient", f"{days}needs:\n  patient")
    profiles.edit(DATA, "    value: boolean\n    within: 30 days", "    value: boolean\n    within: limit.night")
    profiles.edit(DATA, "    within: 7 days", "    within: limit.night")
    profiles.edit(DATA, "  bad-night:", '  of-late: "%night-pain.date >= today() - %limit.night"\n  bad-night:')
    (told,) = (d for d in profiles.found() if d.severity is Severity.ERROR)
    assert "Give it unit: days." in told.hint
    assert told.hint.count(f"{DATA}:") == 2
    assert (told.code, str(told.span)) == ("SP228", profiles.place(DATA, "unit: ¦months"))


def test_a_use_that_does_not_fit_is_told_there_where_another_shows_that_the_unit_is_right(profiles: ProfileSet) -> None:
    limited(profiles, more="  low: {value: 90, unit: umol/L, source: DEFAULT, approver: null}\n")
    uses = '  poor: "%creatinine.value < %limit.low"\n  rich: "%pain-severity.value >= %limit.low"\n'
    profiles.edit(DATA, "  bad-night:", f"{uses}  bad-night:")
    (told,) = (d for d in profiles.found() if d.severity is Severity.ERROR)
    assert str(told.span).rpartition(":")[0] == profiles.place(DATA, "rich:").rpartition(":")[0]


def test_the_pages_list_each_limit_with_who_approved_it(profiles: ProfileSet) -> None:
    limited(profiles)
    assert "| `severe` | 7 | DEFAULT | not approved |" in pages(profiles.library(), "")["PW-ALPHA.md"]
    profiles.edit(DATA, "approver: null", "approver: A. Surgeon, approved: 7")
    assert "| `severe` | 7 | DEFAULT | A. Surgeon |" in pages(profiles.library(), "")["PW-ALPHA.md"]
