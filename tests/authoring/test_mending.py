"""``lint --fix``: what has exactly one reading is mended in its place, comments and layout stay; the rest is left."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from fhirpath_spine.authoring import mend
from fhirpath_spine.diagnostics import catalogue
from tests.authoring.conftest import ProfileSet

DATA, PAIN, POLICY, A = "data.yaml", "modules/pain.yaml", "policy.yaml", "alpha/pathway.yaml"
SEVERE = '"%pain-severity.value >= 7"'
SAY = 'say: ["Severity {pain-severity.value} on {pain-severity.date}."]\n'


class Slip(NamedTuple):
    """What an author meant in place of ``old``, which stands in the small set, and what was written instead."""

    code: str
    file: str
    old: str
    good: str
    bad: str


FIXTURES = {
    "a colon": Slip(
        "SP202", PAIN, "title: Pain\n", 'title: "Pain: a plan"   # kept\n', "title: Pain: a plan   # kept\n"
    ),
    "a colon in a list": Slip(
        "SP202",
        PAIN,
        SAY,
        'say:\n      - text: Now.\n      - text: "Watch: and wait."\n',
        "say:\n      - text: Now.\n      - text: Watch: and wait.\n",
    ),
    "a colon beside quotation marks": Slip(
        "SP202", PAIN, "title: Pain\n", "title: 'Pain \"as told\": a plan'\n", 'title: Pain "as told": a plan\n'
    ),
    "a colon between braces": Slip(
        "SP202",
        PAIN,
        SAY,
        'say:\n      - {when: "%night-pain.value", text: "Watch: and wait"}\n',
        'say:\n      - {when: "%night-pain.value", text: Watch: and wait}\n',
    ),
    "an expression without quotes": Slip(
        "SP202",
        PAIN,
        SAY,
        'say:\n      - text: Now.\n        when: "%night-pain.value"\n',
        "say:\n      - text: Now.\n        when: %night-pain.value\n",
    ),
    "curly quotes": Slip("SP202", PAIN, "title: Pain\n", 'title: "A plan"\n', "title: “A plan”\n"),
    "a tab after a key": Slip("SP202", PAIN, "title: Pain\n", "title: Pain # all\n", "title:\tPain # all\n"),
    "a tab at the end": Slip("SP202", PAIN, "title: Pain\n", "title: Pain \n", "title: Pain\t\n"),
    "tabs as indentation": Slip("SP202", PAIN, "    scope: patient\n", "    scope: patient\n", "\t\tscope: patient\n"),
    "a character without width": Slip("SP202", PAIN, "title: Pain\n", "title: Pain\n", "title: Pa\u200bin\n"),
    "an operator": Slip("SP102", DATA, SEVERE, '"%pain-severity.value = 7"', '"%pain-severity.value == 7"'),
    "operators without a gap": Slip(
        "SP102",
        DATA,
        SEVERE,
        '"%night-pain.value or %pain-severity.value != 3 and %pain-severity.value > 1"',
        '"%night-pain.value||%pain-severity.value <> 3 && %pain-severity.value gt 1"',
    ),
    "a forgotten sign": Slip("SP106", DATA, SEVERE, SEVERE, '"pain-severity.value >= 7"'),
    "a forgotten sign and no quotes": Slip("SP106", DATA, SEVERE, SEVERE, "pain-severity.value >= 7"),
    "a forgotten sign inside": Slip(
        "SP106",
        DATA,
        SEVERE,
        '"%night-pain.value and\n     %pain-severity.value >= 7"',
        '"%night-pain.value and\n     pain-severity.value >= 7"',
    ),
    "the JSON name of a choice": Slip(
        "SP107",
        DATA,
        SEVERE,
        '"%pain-severity.some(effective.ofType(dateTime).exists())"',
        '"%pain-severity.some(effectiveDateTime.exists())"',
    ),
    "a word in capitals": Slip("SP226", PAIN, "kind: advice\n", "kind: advice\n", "kind: Advice\n"),
    "days in short": Slip("SP228", DATA, "    within: 30 days\n", "    within: 30 days\n", '    within: "30d"\n'),
    "weeks": Slip(
        "SP228", DATA, "    within: 30 days\n", "    within: 28 days  # all\n", "    within: 4 Weeks  # all\n"
    ),
    "off": Slip("SP229", A, "fallback: false", "fallback: false", "fallback: off"),
}


@pytest.mark.parametrize("slip", FIXTURES.values(), ids=list(FIXTURES))
def test_what_has_one_reading_is_mended_and_is_right_and_stays_so(profiles: ProfileSet, slip: Slip) -> None:
    profiles.edit(slip.file, slip.old, slip.good)
    wanted = profiles.text(slip.file)
    profiles.edit(slip.file, slip.good, slip.bad)

    mended = mend(profiles.folder)
    assert {d.code for d in mended.done} == {slip.code}
    assert mended.left == []
    assert catalogue()[slip.code].mends
    mended.write(profiles.folder)

    assert profiles.text(slip.file) == wanted
    again = mend(profiles.folder)
    assert (again.left, again.after) == ([], {})


@pytest.mark.parametrize("rule", [r for r in catalogue().values() if r.mends], ids=lambda r: r.code)
def test_every_rule_that_says_what_is_mended_has_a_slip(rule) -> None:
    assert rule.code in {slip.code for slip in FIXTURES.values()}


OPEN = {
    "a key without its line": (PAIN, "title: Pain\n", "title: Pain kind: advice\n"),
    "a colon with both quotes": (PAIN, "title: Pain\n", "title: Pain \"or\" 'ache': a plan\n"),
    "a text that goes on": (PAIN, "title: Pain\n", "title: Pain: a\n  plan\n"),
    "a colon in a flow": (DATA, "label: Drug,", "label: Drug: any,"),
    "a colon in an entry that may be one text": (PAIN, SAY, "say:\n      - Watch: and wait: here.\n"),
    "a tab in quotes": (PAIN, "title: Pain\n", 'title: "Pain\tplan"\n'),
    "a tab that may be one level or two": (
        DATA,
        "    Observation: {code: night-pain}\n    group: pain\n",
        "    Observation:\n      code: night-pain\n\t  group: pain\n",
    ),
    "a sign that turns the text": (PAIN, "title: Pain\n", "title: Pa\u202ein\n"),
    "a negation in front": (DATA, SEVERE, '"!%night-pain.value"'),
    "a window without a unit": (DATA, "    within: 30 days\n", "    within: 30\n"),
    "a month": (DATA, "    within: 30 days\n", "    within: 1 month\n"),
    "a misspelt key": (A, "blocked:", "blokced:"),
    "a misspelt name": (DATA, SEVERE, '"%pain-severty.value >= 7"'),
    "a version": (A, "version: 1.0.0", "version: 1.0"),
}


@pytest.mark.parametrize(("file", "old", "new"), OPEN.values(), ids=list(OPEN))
def test_what_could_be_meant_otherwise_is_left_to_the_author(
    profiles: ProfileSet, file: str, old: str, new: str
) -> None:
    profiles.edit(file, old, new)

    mended = mend(profiles.folder)

    assert mended.left
    assert (mended.done, mended.after) == ([], {})


def test_a_forgotten_sign_with_two_names_that_fit_is_left(profiles: ProfileSet) -> None:
    profiles.edit(DATA, "define:\n", 'define:\n  pain: "%pain-severity.exists()"\n')
    profiles.edit(DATA, SEVERE, '"%pain or pain-severity.value >= 7"')

    assert mend(profiles.folder).done == []


def test_several_slips_of_several_files_are_mended_though_they_hide_one_another(profiles: ProfileSet) -> None:
    wanted = {file: profiles.text(file) for file in (PAIN, DATA, A)}
    profiles.edit(PAIN, "title: Pain\n", "title:\tPain\n")
    profiles.edit(PAIN, "kind: advice\n", "kind: ADVICE\n")
    profiles.edit(DATA, SEVERE, "pain-severity.value >= 7")
    profiles.edit(A, "fallback: false", "fallback: no")

    mended = mend(profiles.folder)
    mended.write(profiles.folder)

    assert len(mended.done) == 4
    assert {file: profiles.text(file) for file in wanted} == wanted


def test_line_ends_and_the_mark_of_windows_stay(profiles: ProfileSet) -> None:
    text = "\ufeff" + profiles.text(PAIN).replace("\n", "\r\n")
    profiles.write(PAIN, text.replace("module: pain", "module:\tpain"))

    mend(profiles.folder).write(profiles.folder)

    assert (profiles.folder / PAIN).read_bytes().decode() == text


def test_files_that_were_not_asked_for_are_left(profiles: ProfileSet) -> None:
    profiles.edit(PAIN, "kind: advice\n", "kind: Advice\n")
    profiles.edit(A, "fallback: false", "fallback: no")

    mended = mend(profiles.folder, wanted=lambda file: file.endswith(A))

    assert list(mended.after) == [A]
    assert [d.code for d in mended.left] == ["SP226"]


def test_a_diff_is_of_what_would_change_and_nothing_is_written(profiles: ProfileSet) -> None:
    profiles.edit(A, "fallback: false", "fallback: no")
    before = profiles.text(A)

    lines = list(mend(profiles.folder).diff(profiles.folder))

    assert [line for line in lines if line[0] in "+-" and not line.startswith(("+++", "---"))] == [
        "-lesion: {per: lesion, fallback: no}",
        "+lesion: {per: lesion, fallback: false}",
    ]
    assert profiles.text(A) == before
