"""The report before a reader who did not write it: what is asked first is answered on top, in plain words, and numbers agree."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from fhirpath_spine.errors import BodyTooLarge, PatientMismatch, ScopeUndecidable
from fhirpath_spine.pathway.decision import Status
from fhirpath_spine.pathway.truth import Reason
from fhirpath_spine.population.engines import LOST, judge_locally
from fhirpath_spine.population.report import (
    REASONS,
    REFUSED,
    STATUSES,
    WIDTH,
    Change,
    Section,
    Turned,
    changes,
    day,
    html_page,
    instant,
    long,
    why,
    write_report,
)
from fhirpath_spine.population.rows import PatientMissing, PatientTwice
from tests.population.population_kit import chart, export_of, job_of, line, rows_of, table


def short(page: Path) -> dict[str, str]:
    """The lines on top of a page, by their first word."""
    text = html.unescape(page.read_text(encoding="utf-8").split('<ul class="short">')[1].split("</ul>")[0])
    return dict(re.findall(r"<li>(.+?): (.+?)</li>", re.sub(r"</?(?:strong|a)\b[^>]*>", "", text)))


def number(text: str) -> int:
    return int(text.replace(",", ""))


def test_the_first_lines_answer_how_many_gates_what_is_missed_who_was_refused_and_what_changed(
    written: Path, runs: tuple[Path, Path]
) -> None:
    lines, rows, old = short(written), rows_of(runs[1]), rows_of(runs[0])
    judged = sum(r["outcome"] == "judged" for r in rows["patients"])
    assert lines["Patients"].startswith(f"{len(rows['patients'])} patients in the export, {judged} judged, ")
    now, before = (len({r["patient"] for r in of["lesions"] if r["gate"]}) for of in (rows, old))
    assert re.findall(r"\d+", lines["Open gates"]) == [str(now), str(before)]
    first = table(written, "missing")[0]
    assert f"{first['datum']} holds up {first['decisions held up']} decisions of" in lines["Missed most"]
    assert lines["Not judged"].startswith("nobody. Whose 1 resource is cannot be told")
    turned = [c for c in changes(*runs, *(json.loads((r / "run.json").read_text()) for r in runs)) if c.id]
    assert f"{len(turned)} decisions and " in lines["Changed"]
    most = max(table(written, "changed-steps"), key=lambda row: int(row["decisions"]))
    assert f"“{most['step']}” from {most['before']} to {most['after']}: " in lines["Changed"]


def test_each_line_on_top_leads_to_the_section_that_says_more(written: Path) -> None:
    text = written.read_text(encoding="utf-8")
    led = re.findall(r'<a href="#([a-z-]+)">', text.split('<ul class="short">')[1].split("</ul>")[0])
    assert led == ["funnel", "gates", "missing", "blocked", "refusals", "unrecognised", "changed-steps"]
    assert all(f'<h2 id="{one}">' in text for one in led)


def test_what_blocks_most_is_counted_over_all_steps(written: Path) -> None:
    by: Counter[str] = Counter()
    for row in table(written, "blocked"):
        by[row["criterion that blocks"]] += int(row["decisions"])
    told = re.findall(r"(?:^|, )(.+?) \((\d+) decisions?\)", short(written)["Blocks most"])
    assert [(name, int(number)) for name, number in told] == sorted(by.items(), key=lambda p: (-p[1], p[0]))[:3]


def test_what_is_said_on_top_of_what_blocks_stands_in_its_section(written: Path) -> None:
    page = html.unescape(written.read_text(encoding="utf-8"))
    section = page.split('<h2 id="blocked">')[1].split("</section>")[0]
    folds = re.findall(r"<summary><strong>(.+?)(?: <small>.*?</small>)?</strong> \((\d+) decisions\)", section)
    told = ", ".join(f"{name} ({number} decision{'s' * (number != '1')})" for name, number in folds[:3])
    assert short(written)["Blocks most"] == f"{told}."


def test_the_decisions_of_the_table_on_top_add_up(written: Path) -> None:
    found = {row["what"]: row for row in table(written, "summary-numbers")}
    for column in ("before", "now"):
        assert sum(int(found[words][column]) for words in STATUSES.values()) == int(found["decisions"][column]) > 0


def test_a_comparison_of_runs_of_one_moment_does_not_speak_of_time(runs: tuple[Path, Path], tmp_path: Path) -> None:
    write_report(runs[0], tmp_path / "r.html", runs[0])
    assert short(tmp_path / "r.html")["Changed"] == "nothing between the two runs, which judge as of the same moment."


@pytest.mark.parametrize(
    ("taken", "said"),
    [("2026-06-01T00:00:00Z", "14 days before that"), ("2026-06-15T12:00:00Z", ""), ("2027-01-01T00:00:00Z", "")],
)
def test_how_old_an_export_was_is_said(runs: tuple[Path, Path], tmp_path: Path, taken: str, said: str) -> None:
    other = shutil.copytree(runs[1], tmp_path / "other")
    record = json.loads((other / "run.json").read_text(encoding="utf-8"))
    record["at"], record["export"]["transactionTime"] = "2026-06-15T23:59:59+00:00", taken
    (other / "run.json").write_text(json.dumps(record), encoding="utf-8")
    write_report(other, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert ("before that" in page) == bool(said)
    assert said in page


def test_the_table_on_top_has_before_now_and_the_difference(written: Path, runs: tuple[Path, Path]) -> None:
    found = {r["what"]: r for r in table(written, "summary-numbers")}
    for name, status in (("decisions", ""), ("waiting for data", "needs-data"), ("blocked", "blocked")):
        before, now = (sum(not status or r["status"] == status for r in rows_of(run)["verdicts"]) for run in runs)
        assert (found[name]["before"], found[name]["now"]) == (str(before), str(now))
        assert int(found[name]["difference"]) == now - before
    assert [r["now"] for r in table(written, "summary-data")] == [
        r["decisions held up"] for r in table(written, "missing")[:5]
    ]


def test_a_report_that_compares_nothing_has_one_number_of_each(runs: tuple[Path, Path], tmp_path: Path) -> None:
    write_report(runs[0], tmp_path / "r.html")
    assert {len(r) for r in table(tmp_path / "r.html", "summary-numbers")} == {2}
    assert short(tmp_path / "r.html")["Changed"] == "this run is compared with no other."


def test_who_was_refused_is_told_with_the_reason_in_words(tmp_path: Path) -> None:
    export = export_of(tmp_path / "export", {"x.ndjson": [line("Condition", "c", "nobody-known"), *chart("09-")[1]]})
    job = job_of(export, tmp_path / "out")
    judge_locally(job, 1)
    write_report(job.out, tmp_path / "r.html")
    assert short(tmp_path / "r.html")["Not judged"] == f"1 patient (1: {REFUSED['patient-missing']})."


def test_steps_and_decisions_are_defined_once_and_their_totals_agree(written: Path, runs: tuple[Path, Path]) -> None:
    page, verdicts = written.read_text(encoding="utf-8"), rows_of(runs[1])["verdicts"]
    assert page.count("<dfn>A step</dfn>") == page.count("<dfn>A decision</dfn>") == 1
    assert page.index("<dfn>") < page.index("<table>")
    by_status = Counter(r["status"] for r in verdicts)
    steps = table(written, "steps")
    assert {words: sum(int(r[words]) for r in steps) for words in STATUSES.values()} == {
        words: by_status[status] for status, words in STATUSES.items()
    }
    assert f"{len(verdicts):,} decisions on {len({r['id'] for r in verdicts})} steps: " in page
    assert f"{by_status['needs-data']:,} wait for data" in page
    assert f"{by_status['blocked']:,} decisions on " in page


def test_each_decision_that_changed_stands_once_under_what_turned_it(written: Path, runs: tuple[Path, Path]) -> None:
    records = [json.loads((run / "run.json").read_text(encoding="utf-8")) for run in runs]
    turned = [c for c in changes(*runs, *records) if c.id]
    assert sum(int(r["decisions"]) for r in table(written, "changed-steps")) == len(turned) > 0
    sums: Counter[tuple[str, str]] = Counter()
    for row in table(written, "changed-steps"):
        sums[row["criterion"], row["its answer"]] += int(row["decisions"])
    assert list(sums.values()) == sorted(sums.values(), reverse=True), (
        "the cause of most comes first, its rows together"
    )


@pytest.mark.parametrize(
    ("before", "after", "moved", "criteria", "said"),
    [
        ("", "blocked", True, (), ("the patient or the lesion entered the pathway", "")),
        ("blocked", "", True, (), ("the patient or the lesion left the pathway", "")),
        ("", "blocked", False, (), ("the pathway judges this step only now", "")),
        ("blocked", "", False, (), ("the pathway judges this step no more", "")),
        ("suppressed", "blocked", False, (("when", "a-b", "", "MET"),), ("nothing hides it any more", "")),
        ("blocked", "suppressed", False, (), ("another step or a rule hides it", "")),
        ("blocked", "satisfied", False, (), ("no criterion of its own", "")),
        (
            "needs-data",
            "recommended",
            False,
            (("when", "a-b", "UNKNOWN", "MET"), ("blocked", "c", "", "NOT_MET")),
            ("a b", "unknown to met"),
        ),
        ("needs-data", "blocked", False, (("hold", "c", "", "MET"),), ("c", "not asked to met")),
        (
            "blocked",
            "satisfied",
            False,
            (("when", "a", "MET", "NOT_MET"), ("satisfied", "b", "NOT_MET", "MET")),
            ("a; b", "met to not met; not met to met"),
        ),
    ],
)
def test_what_turned_a_decision_is_said(
    before: str, after: str, moved: bool, criteria: tuple[tuple[str, ...], ...], said: tuple[str, str]
) -> None:
    turned = tuple(Turned(*one) for one in criteria)
    assert why(Change("p", "w", "", "r", before, after, "data", turned), moved) == said


def test_every_status_reason_and_refusal_has_plain_words() -> None:
    assert set(STATUSES) == {status.value for status in Status}
    assert set(REASONS) == {reason.ruled for reason in Reason}
    codes = {e.code for e in (PatientMissing, PatientTwice, PatientMismatch, BodyTooLarge, ScopeUndecidable)}
    assert codes | {LOST, "internal-error", "no-patient", "line-unreadable"} <= set(REFUSED)


def test_codes_stand_in_small_beside_their_words(written: Path) -> None:
    page = html.unescape(written.read_text(encoding="utf-8"))
    assert "possible emergency <small>EMERGENCY</small>" in page
    assert "procedures <small>" not in page, "a code that is its own word is not said twice"
    assert f"{REFUSED['no-patient']} <small>no-patient</small>" in page
    shown = re.findall(r"<t[hd][^>]*>([^<]*)", page)
    assert {"needs-data", "not-applicable", "EMERGENCY", "NOT_MET", "not-recognised"}.isdisjoint(shown)


def test_a_run_whose_record_has_no_words_yet_shows_its_codes_as_words(runs: tuple[Path, Path], tmp_path: Path) -> None:
    older = shutil.copytree(runs[1], tmp_path / "older")
    record = json.loads((older / "run.json").read_text(encoding="utf-8"))
    del record["words"]
    (older / "run.json").write_text(json.dumps(record), encoding="utf-8")
    write_report(older, tmp_path / "r.html")
    assert "emergency <small>EMERGENCY</small>" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_days_are_in_words() -> None:
    assert day("2026-06-15T23:59:59+00:00") == "15 June 2026"
    assert instant("2026-06-05T23:59:59+02:00") == "5 June 2026, 23:59 (UTC+02:00)"
    assert instant("soon") == "soon"


def test_no_day_of_the_page_is_in_figures(written: Path) -> None:
    assert re.findall(r"\d{4}-\d\d-\d\d", written.read_text(encoding="utf-8")) == []


def test_a_label_wraps_and_nothing_of_it_is_cut() -> None:
    label = "Gather the kind, the extent, the general health and the life expectancy, " * 3 + "x" * 200
    section = Section("s", "s", "a", ("step", "n"), [(label, 7)], bars=1)
    text = html_page("t", [], [section])
    drawn = re.findall(r"<text [^>]*>([^<]*)</text>", text)
    assert "".join("".join(drawn[:-1]).split()) == "".join(label.split())
    assert len(drawn) > 4
    assert all(long(one) <= WIDTH for one in drawn)
