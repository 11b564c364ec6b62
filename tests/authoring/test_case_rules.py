# ruff: noqa: E501 - a table reads best with one rule on one line
"""Every rule of case files: what is bad is found, at its place and alone; the same file without it passes."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fhirpath_spine.authoring.cases import Outcome, run
from fhirpath_spine.diagnostics import catalogue

FILE = "alpha/cases/some.yaml"
GOOD = """at: 2026-06-15
cases:
  - case: Pain by night
    id: night
    patient: {age: 45}
    given:
      - tumour: 2026-05-01
      - night-pain: yes, 2026-06-14
      - gait: abnormal, 2026-06-14
      - histology: benign, 2026-06-01
      - operation: {date: 2026-06-02, about: tumour, level: T1}
      - resource: {resourceType: Procedure, status: completed}
    unavailable: reports
    expect: {states: {PW-ALPHA T1: SURVEIL}, recommended: [R-PAIN-01], indicators: {R-PAIN-01: info}}
  - case: No pain by night
    base: night
    without: night-pain
    expect: {states: {}}
"""


@dataclass(frozen=True)
class Bad:
    """One edit that breaks one rule. ``at`` shows the place after the edit; ``says`` is part of message or hint."""

    code: str
    old: str
    new: str
    at: str
    says: str = ""


BAD = {
    "a list for an entry": Bad("SP207", "- tumour: 2026-05-01", "- [tumour]", "- ¦[tumour]", "one entry of the chart"),
    "a text for a resource": Bad("SP207", "resource: {resourceType: Procedure, status: completed}", "resource: Procedure", "¦resource: Procedure", "FHIR resource"),
    "a part twice": Bad("SP204", "gait: abnormal, 2026-06-14", "gait: abnormal, 2026-06-14, 2026-06-13", "14, ¦2026-06-13", "second"),
    "a system that no table knows": Bad("SP211", "histology: benign", "histology: lokal|benign", "¦lokal|benign", "local"),
    "a level that no table knows": Bad("SP321", "level: T1}", "level: T9}", "¦T9", "no level"),
    "a recommendation that does not exist": Bad("SP401", "recommended: [R-PAIN-01]", "recommended: [R-PAIN-10]", "¦R-PAIN-10", "Did you mean"),
    "an indicator of nothing": Bad("SP401", "{R-PAIN-01: info}", "{R-PAIN-10: info}", "{¦R-PAIN-10", "Did you mean"),
    "a citation of nothing": Bad("SP401", "{R-PAIN-01: info}", "{R-PAIN-01: info}, cites: {R-PAIN-10: P1}", "{¦R-PAIN-10", "Did you mean"),
    "a claim on which it does not rest": Bad("SP401", "{R-PAIN-01: info}", "{R-PAIN-01: info}, cites-not: {R-PAIN-01: P99}", "¦P99", "rests on no claim"),
    "a pathway that does not exist": Bad("SP401", "{PW-ALPHA T1: SURVEIL}", "{PW-ALPH T1: SURVEIL}", "¦PW-ALPH", "no pathway"),
    "a base that does not exist": Bad("SP402", "base: night", "base: nite", "base: ¦nite", "'night'"),
    "a circle of bases": Bad("SP403", "    id: night\n", "    id: night\n    base: night\n", "case: ¦Pain by", "itself"),
    "an entry that the base does not hold": Bad("SP404", "without: night-pain", "without: night-pains", "¦night-pains", "'night-pain'"),
    "another entry that the base does not hold": Bad("SP404", "    without: night-pain\n", "    instead: [weakness: 2026-06-01]\n", "instead: [¦weakness", "given"),
    "a key that is not asked for": Bad("SP405", "unavailable: reports", "unavailable: report", "unavailable: ¦report\n", "'reports'"),
    "a day that is none": Bad("SP406", "gait: abnormal, 2026-06-14", "gait: {value: abnormal, date: yesterday}", "date: ¦yesterday", "no date"),
    "a day written otherwise": Bad("SP406", "gait: abnormal, 2026-06-14", "gait: abnormal, 14.06.2026", ", ¦14.06.2026", "2025-06-01"),
    "a day written otherwise under its name": Bad("SP406", "gait: abnormal, 2026-06-14", "gait: {value: abnormal, date: 14/6/2026}", "date: ¦14/6/2026", "2025-06-01"),
    "an age that is none": Bad("SP407", "age: 45", "age: young", "age: ¦young", "age in years"),
    "an entry that is called like nothing": Bad("SP408", "gait: abnormal", "giat: abnormal", "¦giat", "'gait'"),
    "an entry of a value set that no need reads": Bad("SP408", "gait: abnormal", "level-t1: abnormal", "- ¦level-t1", "No need reads"),
    "a concept that does not exist": Bad("SP409", "histology: benign, 2026-06-01", "histology: {value: bening}", "value: ¦bening", "'benign'"),
    "a truth value that is none": Bad("SP410", "night-pain: yes, 2026-06-14", "night-pain: {value: perhaps}", "¦perhaps", "yes nor no"),
    "an answer that the need does not know": Bad("SP410", "gait: abnormal, 2026-06-14", "gait: {value: unsteady}", "¦unsteady", "no answer"),
    "a word that says nothing": Bad("SP410", "gait: abnormal", "gait: unsteady", "¦unsteady", "says nothing"),
    "another type than the need reads": Bad("SP411", "night-pain: yes, 2026-06-14", "night-pain: {value: yes, type: Condition}", "type: ¦Condition", "Observation"),
    "an entry about none before it": Bad("SP412", "about: tumour", "about: tumor", "about: ¦tumor,", "'tumour'"),
    "a resource of a type that is not read": Bad("SP413", "resourceType: Procedure", "resourceType: Encounter", "¦resource: {", "'Encounter'"),
}  # fmt: skip


def test_the_cases_are_good(profiles):
    profiles.write(FILE, GOOD)

    assert run(profiles.folder).diagnostics == ()


@pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))
def test_what_is_bad_is_found_at_its_place_and_alone(profiles, bad):
    profiles.write(FILE, GOOD)
    profiles.edit(FILE, bad.old, bad.new)

    found = run(profiles.folder).diagnostics

    assert {d.code for d in found} == {bad.code}, found
    assert profiles.place(FILE, bad.at) in {str(d.span) for d in found}
    assert any(bad.says.lower() in f"{d.message} {d.hint}".lower() for d in found)


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("base: night", "base: nite", 1),
        ("gait: abnormal", "giat: abnormal", 2),
        ("    id: night\n", "    id: night\n    base: night\n", 2),
        ("without: night-pain", "without: night-pains", 1),
        ("case: No pain by night", "case: Pain by night", 2),
    ],
)
def test_a_case_that_is_wrong_or_has_a_wrong_base_is_counted_and_passes_for_nothing(profiles, old, new, wrong):
    profiles.write(FILE, GOOD)
    profiles.edit(FILE, old, new)

    done = run(profiles.folder)

    assert (done.count(Outcome.ERROR), len(done.results)) == (wrong, 2)
    assert [r.story.title for r in done.results if r.outcome is Outcome.ERROR][-1] == done.results[-1].story.title


def test_every_rule_of_cases_is_tested():
    assert {code for code in catalogue() if code.startswith("SP4")} <= {bad.code for bad in BAD.values()}
