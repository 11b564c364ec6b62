"""What stands once and is used at several places: lists of answers, views of a need, tags by which holds select."""

from __future__ import annotations

from dataclasses import replace

from fhirpath_spine.authoring import examine
from fhirpath_spine.authoring.proving import Days, Range, find_thresholds
from tests.authoring.conftest import ProfileSet

DATA, PAIN, POLICY, B = "data.yaml", "modules/pain.yaml", "policy.yaml", "beta/pathway.yaml"
VIEWS = """\
  pain-recent: {of: pain-severity, within: 14 days}
  pain-newest: {of: pain-recent, label: Newest pain}
"""
READ = 'bad-night: "%night-pain.value and %severe-pain and %pain-recent.exists() and %pain-newest.exists()"'


def with_views(profiles: ProfileSet) -> None:
    profiles.edit(DATA, "  pain-course:", VIEWS + "  pain-course:")
    profiles.edit(DATA, 'bad-night: "%night-pain.value and %severe-pain"', READ)


def test_a_view_is_its_need_with_what_it_says_itself(profiles: ProfileSet) -> None:
    with_views(profiles)
    needs = profiles.library().needs
    whole, recent, newest = (needs[name] for name in ("pain-severity", "pain-recent", "pain-newest"))
    assert recent == replace(whole, name="pain-recent", within=14, of="pain-severity")
    assert newest == replace(recent, name="pain-newest", label="Newest pain", of="pain-recent")


def test_a_view_of_a_pathway_is_seen_there_and_may_stand_before_its_need(profiles: ProfileSet) -> None:
    profiles.edit(
        B,
        "evidence: [N]\n",
        "evidence: [N]\nneeds:\n  fresh: {of: older, within: 2 days}\n  older: {of: night-pain, within: 9 days}\n",
    )
    profiles.edit(B, '[new: "%motor.new"]', '[new: "%motor.new", recent: "%fresh.exists() and %older.exists()"]')
    needs = profiles.library().needs
    assert (needs["fresh"].within, needs["older"].within) == (2, 9)
    assert needs["fresh"].codes == needs["night-pain"].codes


def test_a_limit_moves_for_a_need_and_for_the_views_that_have_it_from_there(profiles: ProfileSet) -> None:
    with_views(profiles)
    checked = examine(profiles.folder)
    assert checked.library is not None
    found = find_thresholds(checked.library, checked.written)
    (high,) = (one for one in found if isinstance(one, Range) and one.name == "pain-severity plausible to 10")
    moved = high.moved(checked.library, 1).needs
    ranges = {name: moved[name].value.plausible[1] for name in ("pain-severity", "pain-recent", "pain-newest")}  # type: ignore[union-attr,index]
    assert {name: int(end) for name, end in ranges.items()} == dict.fromkeys(ranges, 11)
    (window,) = (one for one in found if isinstance(one, Days) and "pain-recent" in one.name)
    windows = window.moved(checked.library, 1).needs
    assert [windows[name].within for name in ("pain-severity", "pain-recent", "pain-newest")] == [None, 15, 15]


def test_a_list_of_answers_means_what_its_entries_mean_where_they_are_written_out(profiles: ProfileSet) -> None:
    before = profiles.library().needs["gait"].components["course"]
    course = "{'local|course-new': new, 'local|course-improving': improving}"
    profiles.edit(DATA, f"answers: {course}", "answers: course")
    profiles.edit(DATA, "needs:\n", f"answers:\n  course: {course}\nneeds:\n")
    after = profiles.library().needs["gait"].components["course"]
    assert (after.answers, after.kind) == (before.answers, before.kind)


def test_a_hold_selects_by_tag_but_for_what_it_spares(profiles: ProfileSet) -> None:
    profiles.edit(PAIN, "    kind: advice\n", "    kind: advice\n    tags: [drowsy]\n")
    profiles.edit(PAIN, "    kind: medication\n", "    kind: medication\n    tags: [drowsy, costly]\n")
    profiles.edit(
        POLICY,
        "    caution: R-ALPHA-01\n",
        "    caution: [R-ALPHA-01, tag:drowsy, tag:costly]\n    except: R-PAIN-01\n",
    )
    hold = next(h for h in profiles.library().policy.holds if h.id == "CANCER")
    assert hold.caution[0].ids == {"R-ALPHA-01", "R-PAIN-02"}
