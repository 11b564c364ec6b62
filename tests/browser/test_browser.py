"""The pages in a real browser: their task by keyboard alone, what axe finds, narrow, on paper, and who is asked for what."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from fhirpath_spine.entrypoints.patients import patients_directory
from tests.browser.chromium import Tab
from tests.entrypoints.pages_kit import PAIN
from tests.kit import content

pytestmark = pytest.mark.browser
PATHWAY = max(content.library().pathways, key=lambda p: len(p.uses)).id
PAGES = {
    "start": "/",
    "patient": f"/patient?name={PAIN}",
    "emergency": "/patient?name=06-emergency-known-metastasis",
    "doubt": "/patient?name=17-tumour-with-observations-unreadable",
    "refused": "/patient?name=14-observations-unreadable",
    "pathways": "/pathways",
    "pathway": f"/pathways/{PATHWAY}",
    "policy": "/pathways/policy",
    "caller": f"/caller?name={PAIN}",
    "interface": "/docs",
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NARROW = 320
PICTURES = os.environ.get("SPINE_PICTURES", "")
"""A folder that takes a picture of each page, wide and narrow; by default none is taken."""


def quiet(tab: Tab, service: str) -> None:
    """Nothing was logged, and nobody else was asked."""
    assert tab.logged == []
    assert [address for address in tab.asked if not address.startswith((f"{service}/", "data:"))] == []
    assert tab.asked


def findings(tab: Tab, axe: str) -> list[Any]:
    """What axe finds on the page, as rule and places."""
    tab.value(f"{axe}; 0")
    tab.value("document.querySelectorAll('details').forEach(d => d.open = true)")
    run = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    told = tab.value(f"axe.run(document, {json.dumps(run)}).then(r => JSON.stringify([r.passes.length, r.violations]))")
    passed, violations = json.loads(told)
    assert passed > 5
    return [(v["id"], [node["target"] for node in v["nodes"]][:3]) for v in violations]


@pytest.mark.parametrize("name", PAGES)
def test_nothing_hinders_anybody_and_nobody_else_is_asked(tab: Tab, service: str, axe: str, name: str) -> None:
    tab.open(service + PAGES[name])
    picture(tab, name, "wide")
    assert findings(tab, axe) == []
    tab.size(NARROW)
    assert tab.value("document.documentElement.scrollWidth") <= NARROW
    picture(tab, name, "narrow")
    assert findings(tab, axe) == []
    quiet(tab, service)


def picture(tab: Tab, name: str, width: str, of: str = "") -> None:
    if PICTURES:
        tab.picture(Path(PICTURES) / f"{name}-{width}.png", of)


READ = ("01", "06", "09", "11", "15", "17")
"""Invented patients whose cards are shown to readers who did not write them: one of each kind."""


@pytest.mark.parametrize("number", READ)
def test_a_card_is_whole_on_a_wide_and_on_a_narrow_screen(tab: Tab, service: str, number: str) -> None:
    (chart,) = patients_directory().glob(f"{number}-*.json")
    for width, name in ((1280, "wide"), (NARROW, "narrow")):
        tab.size(width)
        tab.open(f"{service}/patient?name={chart.stem}")
        card = "document.querySelector('[aria-labelledby=cards] .card')"
        assert tab.value(f"{card}.scrollWidth <= {card}.clientWidth")
        assert tab.value(f"{card}.querySelector('h3').getBoundingClientRect().bottom") < 900, (
            "the summary is seen at once"
        )
        picture(tab, f"cards-{number}", name, "[aria-labelledby=cards]")
        picture(tab, f"card-{number}", name, "[aria-labelledby=cards] .card")
    quiet(tab, service)


def test_axe_can_find_something(tab: Tab, service: str, axe: str) -> None:
    tab.open(service)
    tab.value(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/assets/spine.svg\"><h4>x</h4>')"
    )
    assert {rule for rule, _ in findings(tab, axe)} >= {"image-alt", "heading-order"}


@pytest.mark.parametrize("name", ["patient", "pathway"])
def test_on_paper_there_is_what_is_read_and_nothing_to_press(tab: Tab, service: str, name: str) -> None:
    tab.open(service + PAGES[name])
    tab.send("Emulation.setEmulatedMedia", media="print")
    for part in ("nav", "footer", "form"):
        shown = f"[...document.querySelectorAll('{part}')].filter(e => getComputedStyle(e).display != 'none').length"
        assert tab.value(shown) == 0
    assert tab.value("getComputedStyle(document.querySelector('main')).display") != "none"
    pdf = tab.printed()
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 1


# ------------------------------------------------------------------ the task of each page, by keyboard alone


def heading(tab: Tab) -> str:
    return str(tab.value("document.querySelector('h1').textContent"))


def test_start_leads_to_a_patient(tab: Tab, service: str) -> None:
    tab.open(service)
    title = str(tab.value("document.querySelector('.patients a').textContent"))
    tab.tab_to(title)
    with tab.loading():
        tab.press("Enter")
    assert heading(tab) == title
    assert tab.value("document.querySelectorAll('.card').length") > 0
    quiet(tab, service)


def test_a_bundle_is_pasted_and_judged(tab: Tab, service: str) -> None:
    tab.open(f"{service}/patient")
    tab.tab_to("bundle")
    tab.write((patients_directory() / f"{PAIN}.json").read_text(encoding="utf-8"))
    tab.tab_to("Judge this Bundle")
    with tab.loading():
        tab.press("Enter")
    assert heading(tab) == "The pasted chart"
    assert tab.value("document.querySelector('[aria-current=step]').textContent.includes('The chart is here')")
    quiet(tab, service)


def test_a_pathway_is_found_and_read(tab: Tab, service: str) -> None:
    tab.open(f"{service}/pathways")
    tab.tab_to(PATHWAY)
    with tab.loading():
        tab.press("Enter")
    assert heading(tab).startswith(PATHWAY)
    assert tab.value("document.querySelectorAll('.states > li').length") > 1
    quiet(tab, service)


def test_a_call_is_composed_broken_and_sent(tab: Tab, service: str) -> None:
    tab.open(service + PAGES["caller"])
    tab.tab_to("key-conditions")
    tab.press("ArrowDown")
    tab.tab_to("Write the request")
    with tab.loading():
        tab.press("Enter")
    request = json.loads(tab.value("document.getElementById('request').value"))
    assert "conditions" not in request["prefetch"]
    tab.tab_to("Send")
    with tab.loading():
        tab.press("Enter")
    assert re.search(r"HTTP \d+, \d+ bytes, in [\d.]+ ms", str(tab.value("document.body.textContent")))
    quiet(tab, service)


CALLED = {
    "encounter-start": "01-red-flags-not-imaged",
    "problem-list-item-create": "09-schwannoma-safely-resectable",
    "encounter-discharge": "13-surveillance-overdue",
    "order-select": "10-dumbbell-no-resectability-statement",
    "order-sign": "11-malignant-laboratory-limits",
}
"""Hooks beside the first, and an invented patient for whom each has something to say."""


@pytest.mark.parametrize("hook", CALLED)
def test_each_hook_is_called_from_the_page_and_shows_its_card(tab: Tab, service: str, hook: str) -> None:
    tab.size(900)
    tab.open(f"{service}/caller?name={CALLED[hook]}&hook={hook}&order=nsaid")
    tab.tab_to("Send")
    with tab.loading():
        tab.press("Enter")
    card = "document.querySelector('[aria-labelledby=answer] .card')"
    assert tab.value(f"{card}.querySelector('h3').textContent.trim().length") > 0
    picture(tab, "hook", hook, "[aria-labelledby=answer] .card")
    quiet(tab, service)


def test_the_first_tab_leads_past_the_menu(tab: Tab, service: str) -> None:
    tab.open(service)
    tab.press("Tab")
    assert tab.focused() == "Skip to the content"
    tab.press("Enter")
    tab.until(lambda: tab.focused() == "content")
