"""The report of a run: its numbers are those of the tables, it stands alone, and it can be read and used by everyone."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fhir.resources.R4B.measurereport import MeasureReport

from fhirpath_spine.population.engines import judge_locally
from fhirpath_spine.population.impact import impact
from fhirpath_spine.population.report import Section, html_page, write_report
from tests.population.population_kit import AT, STEMS, chart, export_of, job_of, rows_of, table

import pyarrow.parquet as pq  # isort: skip


def test_states_and_gates_are_counted_as_in_the_tables(written: Path, runs: tuple[Path, Path]) -> None:
    lesions = rows_of(runs[1])["lesions"]
    assert sum(int(r["lesions or patients judged"]) for r in table(written, "states")) == len(lesions)
    open_gates = {r["patient"] for r in lesions if r["gate"]}
    assert open_gates
    assert sum(int(r["patients"]) for r in table(written, "gates")) == len(open_gates)


def test_missing_data_stand_in_the_order_of_the_decisions_that_wait(written: Path, runs: tuple[Path, Path]) -> None:
    waits = Counter(
        r["need"]
        for r in rows_of(runs[1])["missing"]
        if r["status"] == "needs-data" or (r["status"] == "blocked" and r["reason"] == "conflict")
    )
    found = [int(r["decisions held up"]) for r in table(written, "missing")]
    assert found == sorted(waits.values(), reverse=True)


def test_what_blocks_is_named_for_every_blocked_step(written: Path, runs: tuple[Path, Path]) -> None:
    blocked = [r for r in rows_of(runs[1])["verdicts"] if r["status"] == "blocked"]
    assert blocked
    assert sum(int(r["decisions"]) for r in table(written, "blocked")) >= len(blocked)
    assert all(r["criterion that blocks"] for r in table(written, "blocked"))


def test_refusals_and_resources_of_nobody_are_told(written: Path) -> None:
    told = {(r["what"], r["reason code"]) for r in table(written, "refusals")}
    assert ("resources that no patient can be told of", "no-patient") in told
    assert {r["part of the chart"] for r in table(written, "unread")} == {"procedures"}


def test_changes_name_the_criterion_and_the_cause(written: Path) -> None:
    steps = table(written, "changed-steps")
    assert steps
    assert {r["because of code"] for r in steps} == {"data"}
    assert any(" to " in r["its answer"] for r in steps)
    assert table(written, "changed-states")


def test_a_run_that_is_compared_with_itself_has_not_changed(runs: tuple[Path, Path], tmp_path: Path) -> None:
    write_report(runs[0], tmp_path / "r.html", runs[0])
    assert "No step changed." in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "No state changed." in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_who_is_in_one_run_alone_is_said_to_have_come_or_gone(tmp_path: Path) -> None:
    outs = []
    for name, lines in (("nobody", []), ("one", chart("09-")[1])):
        job = job_of(export_of(tmp_path / name, {"x.ndjson": lines}), tmp_path / f"{name}-out")
        judge_locally(job, 1)
        outs.append(job.out)
    for now, before, said in ((outs[1], outs[0], "entered"), (outs[0], outs[1], "left")):
        write_report(now, tmp_path / "r.html", before)
        why = {row["criterion"] for row in table(tmp_path / "r.html", "changed-steps")}
        assert why == {f"the patient or the lesion {said} the pathway"}


def test_a_comparison_names_what_was_edited_before_it_tells_what_that_did(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    edited = tmp_path / "edited"
    shutil.copytree(runs[1], edited)
    record = json.loads((edited / "run.json").read_text(encoding="utf-8"))
    pathway, limit = next(iter(record["pathways"])), next(iter(record["limits"]))
    old = record["pathways"][pathway]["version"], record["limits"][limit]
    record["library"], record["limits"][limit] = "another", "99 days"
    record["pathways"][pathway]["version"] = "9.9.9"
    (edited / "run.json").write_text(json.dumps(record), encoding="utf-8")
    write_report(edited, tmp_path / "r.html", runs[1])
    rows = {row["what code"]: (row["before"], row["now"]) for row in table(tmp_path / "r.html", "summary-edited")}
    assert rows == {pathway: (old[0], "9.9.9"), limit: (old[1], "99 days")}
    page = html.unescape((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert page.index("<caption>Edited") < page.index('<h2 id="changed-steps"') < page.index('<h2 id="missing"')


def test_a_comparison_of_one_content_says_so(written: Path) -> None:
    assert "nothing: the same content judged both" in written.read_text(encoding="utf-8")


def test_a_report_names_no_patient(written: Path) -> None:
    text = "".join(p.read_text(encoding="utf-8") for p in written.parent.iterdir())
    assert [stem for stem in STEMS if chart(stem)[0] in text] == []


def test_who_they_are_stands_in_a_file_of_its_own_where_it_is_asked_for(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    plain, named = tmp_path / "plain.html", tmp_path / "named.html"
    assert len(write_report(runs[1], named, named=True)) == len(write_report(runs[1], plain)) + 1
    assert not plain.with_suffix(".who.csv").exists()
    found, rows = rows_of(runs[1]), table(named, "who")
    told = {why: {r["patient"] for r in rows if r["why"] == why} for why in {r["why"] for r in rows}}
    assert told["an open emergency gate"] == {r["patient"] for r in found["lesions"] if r["gate"]}
    assert told.get("not judged", set()) == {r["patient"] for r in found["refusals"]} - {""}
    waits = [
        r
        for r in found["missing"]
        if r["status"] == "needs-data" or (r["status"] == "blocked" and r["reason"] == "conflict")
    ]
    assert told["decisions wait for a datum"] == {r["patient"] for r in waits}
    assert sum(int(r["decisions"] or 0) for r in rows) == len(waits)
    assert all(r["state, reason or datum"] for r in rows)


def test_measure_reports_are_valid_r4(written: Path) -> None:
    bundle = json.loads(written.with_suffix(".measure-reports.json").read_text(encoding="utf-8"))
    reports = [MeasureReport.model_validate(e["resource"]) for e in bundle["entry"]]
    states = table(written, "states")
    counted = [s.population[0].count for r in reports for x in r.group[0].stratifier or () for s in x.stratum]
    assert sum(counted) == sum(int(r["patients"]) for r in states)


# ------------------------------------------------------------------ the page for everyone


class Outline(HTMLParser):
    """What assistive technology sees of a page: headings, tables, pictures, and what it would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.obeyed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        (self.obeyed if self.cdata_elem else self.text).append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def outline(written: Path) -> Outline:
    found = Outline()
    found.feed(written.read_text(encoding="utf-8"))
    return found


def test_the_page_asks_the_network_for_nothing(written: Path, outline: Outline) -> None:
    """Code systems are addresses, and stand in the tables as words; nothing that a browser acts on names one."""
    text = written.read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert not re.search(r"@import|url\(", text)
    acted_on = [value or "" for _, attributes in outline.tags for value in attributes.values()] + outline.obeyed
    assert [value for value in acted_on if "://" in value or value.startswith("//")] == []
    assert [a for _, a in outline.tags if a.get("src") or (a.get("href") or "#")[0] != "#"] == []
    assert not re.search(
        r"\b(?:fetch|import|XMLHttpRequest|WebSocket|EventSource|sendBeacon|Worker)\b", "".join(outline.obeyed)
    )
    assert {"link", "iframe", "object", "embed", "base"}.isdisjoint(tag for tag, _ in outline.tags)


def test_the_page_has_a_language_a_title_landmarks_and_headings_in_order(outline: Outline) -> None:
    assert outline.all("html") == [{"lang": "en"}]
    assert all(outline.all(tag) for tag in ("title", "header", "nav", "main"))
    levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert set(levels[1:]) == {2}


def test_each_table_has_a_caption_and_heads_with_a_scope_and_can_be_scrolled_by_keyboard(outline: Outline) -> None:
    tables = len(outline.all("table"))
    assert len(outline.all("caption")) == tables
    assert all(a.get("scope") for a in outline.all("th"))
    regions = [a for a in outline.all("div") if a.get("class") == "scroll"]
    assert len(regions) == tables
    assert all(a["tabindex"] == "0" and a["role"] == "region" and a["aria-label"] for a in regions)
    assert len({a["aria-label"] for a in regions}) == tables


def test_the_contents_lead_to_every_section_and_back(outline: Outline) -> None:
    ids = [a["id"] for _, a in outline.tags if a.get("id")]
    assert len(ids) == len(set(ids))
    led = {str(a["href"])[1:] for a in outline.all("a")}
    assert led <= set(ids)
    assert {a["aria-labelledby"] for a in outline.all("section")} - {"summary"} <= led
    assert "contents" in led


def test_the_many_steps_are_folded_by_pathway(written: Path, outline: Outline) -> None:
    assert len({r["pathway code"] for r in table(written, "steps")}) > 3
    page = written.read_text(encoding="utf-8").split('<h2 id="steps">')[1].split("</section>")[0]
    assert (
        page.count("<details><summary>")
        == page.count("<table>")
        == len({r["pathway"] for r in table(written, "steps")})
    )
    assert page.count("<tr>") - 2 * page.count("<thead>") >= len(table(written, "steps")) - page.count("<thead>")
    assert {"details::details-content", "beforeprint"} <= set(
        re.findall(r"details::[a-z-]+|beforeprint", "".join(outline.obeyed))
    )


def test_each_picture_has_a_name_and_its_table(outline: Outline) -> None:
    pictures = outline.all("svg")
    assert pictures
    ids = {a.get("id") for _, a in outline.tags}
    assert all(a["role"] == "img" and a["aria-labelledby"] in ids for a in pictures)
    assert len(pictures) < len(outline.all("table"))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_colour_of_text_has_the_contrast_that_wcag_asks_for(written: Path) -> None:
    style = written.read_text(encoding="utf-8").split("<style>")[1].split("</style>")[0]
    ink = set(re.findall(r"(?<!background: )(#[0-9a-f]{6})", style)) - {"#ffffff", "#c9d1d9"}  # the paper, a thin rule
    assert len(ink) >= 3
    assert {colour: contrast(colour, "#ffffff") for colour in ink if contrast(colour, "#ffffff") < 4.5} == {}


def test_text_of_an_export_stays_text_on_the_page_and_in_a_spreadsheet(tmp_path: Path) -> None:
    evil = '<script>alert("x")</script>'
    text = html_page("t", [(evil, evil)], [Section("s", evil, evil, (evil, "n"), [(evil, 1)], bars=1)])
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert") >= 6


def test_the_script_only_sorts_and_the_policy_allows_nothing_else(written: Path, outline: Outline) -> None:
    assert len(outline.all("script")) == 1
    assert [a for _, a in outline.tags if any(name.startswith("on") or name == "style" for name in a)] == []


# ------------------------------------------------------------------ impact


def test_impact_joins_what_two_libraries_say_of_one_export(tmp_path: Path) -> None:
    from shutil import copytree

    from fhirpath_spine.authoring import profiles_directory
    from fhirpath_spine.population.engines import Content, Job

    export = export_of(tmp_path / "export", {"x.ndjson": [x for stem in STEMS for x in chart(stem)[1]]})
    changed = copytree(profiles_directory(), tmp_path / "profiles")
    path = next(p for p in changed.rglob("pathway.yaml") if "neurogenic" in p.parts)
    text = path.read_text(encoding="utf-8")
    cut = text.replace("status: draft", "status: retired", 1)
    assert cut != text
    path.write_text(cut, encoding="utf-8")
    before = job_of(export, tmp_path / "before")
    after = Job(before.export, Content.of(changed), AT, tmp_path / "after")
    found = impact(before, after, lambda job: judge_locally(job, 2), tmp_path)
    rows = pq.read_table(found.changes).to_pylist()
    assert found.number == len(rows) > 0
    assert {r["cause"] for r in rows} == {"rules"}
    gone = [r for r in rows if r["pathway"] == "PW-NEURO" and not r["id"]]
    assert gone
    assert all(r["after"] == "" for r in gone)
