"""A digest names content: what a pathway depends on changes it, and nothing else does."""

from __future__ import annotations

import pytest

A, B = "PW-ALPHA", "PW-BETA"
BOTH: set[str] = {A, B}


def digests(profiles) -> dict[str, str]:
    library = profiles.library()
    return {"": library.digest, **{p.id: p.digest for p in library.pathways}}


EDITS = {
    "a comment": ("data.yaml", "needs:\n", "# for the neurologist\nneeds:\n", False, set()),
    "quotes": ("alpha/pathway.yaml", "title: Alpha", "title: 'Alpha'", False, set()),
    "a title of one pathway": ("alpha/pathway.yaml", "title: Alpha", "title: Alfa", True, {A}),
    "a text of one pathway": ("alpha/texts/R-ALPHA-01.md", "The aim", "The one aim", True, {A}),
    "a module that one pathway uses": ("modules/pain.yaml", "title: Pain plan", "title: Plan", True, {A}),
    "a shared file": ("data.yaml", "within: 7 days", "within: 8 days", True, BOTH),
    "a word that raises a doubt": ("words.yaml", "weak .. leg", "weak .. arm", True, BOTH),
    "the policy": ("policy.yaml", "cards: 3", "cards: 2", True, BOTH),
    "a code that only one pathway reads": ("terminology/local.csv", "creatinine,creatinine,", "creatinine,crea,", True, {A}),
    "a code that both read": ("terminology/local.csv", "metastasis,metastasis,", "metastasis,meta,", True, BOTH),
    "the display of a code": ("terminology/local.csv", "Any drug", "Some drug", True, set()),
}  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "whole", "pathways"), EDITS.values(), ids=list(EDITS))
def test_a_digest_changes_with_what_it_depends_on(profiles, file, old, new, whole, pathways):
    before = digests(profiles)
    profiles.edit(file, old, new)
    after = digests(profiles)

    assert (before[""] != after[""]) == whole
    assert {p for p in (A, B) if before[p] != after[p]} == pathways


def test_cases_and_schemas_change_nothing(profiles):
    before = digests(profiles)
    profiles.write("alpha/cases/one.yaml", "a: b\n")
    profiles.write("schema/data.schema.json", "{}")

    assert digests(profiles) == before


def test_the_order_of_rows_in_a_table_changes_no_pathway(profiles):
    before = digests(profiles)
    head, *rows = profiles.text("terminology/local.csv").splitlines(keepends=True)
    profiles.write("terminology/local.csv", "".join([head, *reversed(rows)]))
    after = digests(profiles)

    assert (before[A], before[B]) == (after[A], after[B])


def test_the_same_files_give_the_same_digest_elsewhere(profiles, tmp_path):
    before = digests(profiles)
    profiles.folder.rename(tmp_path / "moved")
    profiles.folder = tmp_path / "moved"

    assert digests(profiles) == before
