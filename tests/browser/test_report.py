"""The report of a population in a real browser: what axe finds, narrow, on paper, and whether letters of a picture are cut."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fhirpath_spine.population.engines import judge_locally
from fhirpath_spine.population.report import WIDTH, write_report
from tests.browser.chromium import Tab
from tests.browser.test_browser import NARROW, findings
from tests.population.population_kit import STEMS, chart, export_of, job_of

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("SPINE_PICTURES", "")
BEYOND = """[...document.querySelectorAll("svg text")].filter((text) => {
  const box = text.getBBox(); return box.x < 0 || box.x + box.width > %d; }).map((text) => text.textContent)"""
FOLDED = """[...document.querySelectorAll("details table")].filter((table) => !table.checkVisibility()).length"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a report that compares two runs."""
    folder, outs = tmp_path_factory.mktemp("report"), []
    for name, cut in (("before", 8), ("after", 0)):
        lines = [x for stem in STEMS for x in chart(stem)[1][: -cut or None]]
        job = job_of(export_of(folder / name, {"x.ndjson": lines}), folder / f"{name}-out")
        judge_locally(job, 1)
        outs.append(job.out)
    write_report(outs[1], folder / "report.html", outs[0])
    return (folder / "report.html").as_uri()


def test_the_report_hinders_nobody_wide_or_narrow_and_asks_nobody_for_anything(tab: Tab, page: str, axe: str) -> None:
    tab.open(page)
    if PICTURES:
        tab.picture(Path(PICTURES) / "report-wide.png")
    assert tab.value(BEYOND % WIDTH) == []
    assert findings(tab, axe) == []
    tab.size(NARROW)
    assert tab.value("document.documentElement.scrollWidth") <= NARROW
    assert findings(tab, axe) == []
    assert tab.logged == []
    assert tab.asked == [page]


def test_folds_are_closed_on_the_screen_and_open_on_paper(tab: Tab, page: str) -> None:
    tab.open(page)
    assert tab.value(FOLDED) > 0
    tab.send("Emulation.setEmulatedMedia", media="print")
    assert tab.value(FOLDED) == 0


def test_a_table_is_sorted_by_keyboard(tab: Tab, page: str) -> None:
    tab.open(page)
    tab.value("document.querySelector('#missing ~ .scroll').focus()")
    tab.press("Tab", 2)
    tab.press("Enter", 2)
    column = (
        "[...document.querySelectorAll('#missing ~ .scroll tbody tr')].map((row) => Number(row.cells[1].dataset.value))"
    )
    found = tab.value(column)
    assert found == sorted(found)
    assert len(found) > 3


def test_an_entry_of_the_contents_leads_there(tab: Tab, page: str) -> None:
    tab.open(page)
    tab.tab_to("Not judged")
    tab.press("Enter")
    assert tab.value("location.hash") == "#refusals"
    assert tab.value("Math.abs(document.querySelector('#refusals').getBoundingClientRect().top) < innerHeight")
