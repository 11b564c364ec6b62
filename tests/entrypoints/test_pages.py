"""The pages: their outline, what they may load, what of a chart reaches them, and who sees which.

It is long because all pages are asked of one browser.
"""

from __future__ import annotations

import html
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.testclient import TestClient

from fhirpath_spine.entrypoints.pages import ASSETS, BREAKS, PACKAGE
from fhirpath_spine.entrypoints.patients import invented, patients_directory
from fhirpath_spine.pathway.model import HOOKS
from fhirpath_spine.service import Client
from tests.entrypoints.pages_kit import PAIN, application
from tests.kit import content
from tests.kit.html import faults, read

PATIENTS = {one.path.stem: one.path for one in invented(patients_directory())}
UNREAD = "14-observations-unreadable"
SHOWN = ("04", "06", "09", "14", "17")
"""No card, a gate, a plan, a refusal, a doubt."""
PUBLIC = ["/pathways", "/pathways/policy", "/docs", *(f"/pathways/{p.id}" for p in content.library().pathways)]
DEV = [
    "/",
    "/patient",
    "/caller",
    f"/caller?name={PAIN}&conditions=failed",
    *(f"/patient?name={n}" for n in PATIENTS if n[:2] in SHOWN),
]


def shown(page: str) -> str:
    """The text of a page as it is read, without tags."""
    return html.unescape(re.sub(r"<[^>]+>", "", page))


def bundle(name: str = PAIN) -> dict[str, Any]:
    return cast(dict[str, Any], json.loads(PATIENTS[name].read_text(encoding="utf-8")))


# ------------------------------------------------------------------ every page


@pytest.mark.parametrize("path", [*PUBLIC, *DEV])
def test_each_page_has_an_outline_labels_and_loads_nothing_from_elsewhere(browser: TestClient, path: str) -> None:
    answer = browser.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert faults(answer.text) == []
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"


def test_the_search_for_faults_can_find_them() -> None:
    good = (
        '<html lang="en"><header></header><nav></nav><main><h1>a</h1><label for="x">b</label><select id="x"></select></main>'
        "<footer></footer></html>"
    )
    assert faults(good) == []
    bad = {
        "<h1>a</h1>": "<h1>a</h1><h3>b</h3>",
        ' for="x"': "",
        "<nav></nav>": "",
        ' lang="en"': "",
        "<footer></footer>": '<footer><img src="https://elsewhere.example/x"></footer>',
        "<select": '<select onclick="x()"',
        "</main>": "<script></script></main>",
    }
    assert [old for old, new in bad.items() if faults(good.replace(old, new)) == []] == []


def test_every_link_within_the_service_leads_somewhere(browser: TestClient) -> None:
    seen: set[str] = set()
    for path in ["/pathways", PUBLIC[-1], "/docs", "/", "/patient"]:
        page = read(browser.get(path).text)
        seen |= {link.partition("#")[0] for link in page.links if link.startswith("/")}
        assert [link for link in page.links if link.startswith("#") and link[1:] not in page.ids] == []
    patients = {link for link in seen if "name=" in link}
    assert {link.partition("=")[2] for link in patients} == set(PATIENTS)
    assert [link for link in sorted(seen - patients) if browser.get(link).status_code != 200] == []


def test_a_link_to_a_recommendation_finds_its_heading(browser: TestClient) -> None:
    links = [link for link in read(browser.get("/pathways").text).links if "#" in link and link.startswith("/")]
    ids = {path: set(read(browser.get(path).text).ids) for path in PUBLIC}
    assert len(links) > 100
    assert [link for link in links if link.partition("#")[2] not in ids[link.partition("#")[0]]] == []


def test_assets_are_served_with_their_type(browser: TestClient) -> None:
    got = {name: browser.get(f"/assets/{name}").headers["content-type"] for name in ASSETS}
    assert got == ASSETS
    assert browser.get("/assets/other.css").status_code == 404


def test_templates_and_assets_stand_in_the_package() -> None:
    package = files(PACKAGE)
    assert {a.name for a in package.joinpath("assets").iterdir()} == set(ASSETS)
    assert "base.html" in {t.name for t in package.joinpath("templates").iterdir()}


def test_no_file_that_is_loaded_names_an_address() -> None:
    for name in ASSETS:
        text = files(PACKAGE).joinpath("assets", name).read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert re.findall(r"url\(|https?:|@import", text) == []


# ------------------------------------------------------------------ start, patient


def test_the_start_page_names_the_patients_the_addresses_and_what_is_in_force(browser: TestClient) -> None:
    page = browser.get("/").text
    assert [link for link in read(page).links if "name=" in link] == [f"/patient?name={name}" for name in PATIENTS]
    assert "/cds-services" in page
    assert all(p.title in shown(page) for p in content.library().pathways)


def test_the_patient_page_shows_the_cards_that_an_ehr_gets(browser: TestClient) -> None:
    written = html.unescape(
        re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", browser.get(f"/caller?name={PAIN}").text, re.S)[0]
    )
    answered = browser.post("/cds-services/spine-patient-view", json=json.loads(written)).json()["cards"]
    page = browser.get(f"/patient?name={PAIN}").text
    assert answered
    assert [page.count(f"</span> {html.escape(card['summary'])}</h3>") for card in answered] == [2] * len(answered)


def test_the_state_is_named_and_marked_and_not_by_colour_alone(browser: TestClient) -> None:
    page = browser.get(f"/patient?name={PAIN}").text
    (current,) = re.findall(r'<li class="state here" aria-current="step">(.*?)</li>', page, re.DOTALL)
    assert "TREAT_PLAN" in current
    assert "The chart is here" in shown(current)


def test_a_state_that_could_be_another_says_so(browser: TestClient) -> None:
    page = shown(browser.get("/patient?name=17-tumour-with-observations-unreadable").text)
    assert "perhaps here: some of it could not be read" in page


def test_the_full_explanation_stands_beside_the_cards(browser: TestClient) -> None:
    page = shown(browser.get(f"/patient?name={PAIN}").text)
    cards, _, why = page.partition("The full explanation")
    assert "Cards, as an EHR shows them" in cards
    assert all(title in why for title in ("Data used", "Sources"))


def test_a_chart_that_cannot_be_judged_is_told_in_words(browser: TestClient) -> None:
    page = shown(browser.get(f"/patient?name={UNREAD}").text)
    assert "could not be decided, because" in page


def test_a_pasted_bundle_is_judged_as_the_invented_one(browser: TestClient) -> None:
    pasted = browser.post("/patient", data={"bundle": json.dumps(bundle())})
    assert pasted.status_code == 200
    assert faults(pasted.text) == []
    summaries = re.compile(r"<h3><span class=\"mark\">.*?</h3>", re.DOTALL)
    assert summaries.findall(pasted.text) == summaries.findall(browser.get(f"/patient?name={PAIN}").text)


def test_nobody_is_called_so(browser: TestClient) -> None:
    assert browser.get("/patient?name=../../etc/passwd").status_code == 404


# ------------------------------------------------------------------ bad input


def test_a_bundle_above_the_limit_is_refused_in_words(browser: TestClient) -> None:
    large = b"bundle=" + b"a" * (16 * 1024 * 1024 + 1)  # written as a form already: to encode as much takes a second
    answer = browser.post("/patient", content=large, headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 413
    assert "The body is larger than 16 MiB." in answer.text
    assert faults(answer.text) == []


def test_a_bundle_of_two_patients_is_refused_in_words(browser: TestClient) -> None:
    two = bundle()
    two["entry"].append({"resource": {"resourceType": "Patient", "id": "another"}})
    answer = browser.post("/patient", data={"bundle": json.dumps(two)})
    assert answer.status_code == 412
    assert "The Bundle holds more than one Patient, so nothing was judged." in answer.text


def test_html_is_refused_in_words_and_not_shown(browser: TestClient) -> None:
    answer = browser.post("/patient", data={"bundle": "<h1>canary4711</h1><script>alert(1)</script>"})
    assert answer.status_code == 400
    assert "The body is not valid JSON" in answer.text
    assert "canary4711" not in answer.text
    assert faults(answer.text) == []


@pytest.mark.parametrize(
    ("sent", "kind", "status"),
    [
        (b"bundle=%FF", "application/x-www-form-urlencoded", 400),
        ("bundle=ä".encode(), "application/x-www-form-urlencoded", 400),
        (b"&".join([b"a=b"] * 100), "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 415),
        (b"", "application/x-www-form-urlencoded", 400),
    ],
)
def test_what_is_no_form_of_ours_is_refused_in_words(browser: TestClient, sent: bytes, kind: str, status: int) -> None:
    answer = browser.post("/patient", content=sent, headers={"content-type": kind})
    assert (answer.status_code, f"HTTP {status}." in answer.text) == (status, True)


@pytest.mark.parametrize(
    "canary",
    [
        "<img src=x onerror=alert(4711)>",
        "**canary4711** [look](https://evil.example/4711)",
        "![x](https://evil.example/4711.png)",
        "https://evil.example/4711",
        "</textarea><script>alert(4711)</script>",
        "javascript:alert(4711)",
    ],
)
def test_text_of_a_chart_stays_text(browser: TestClient, canary: str) -> None:
    spoilt = json.dumps(bundle()).replace('"Schwannoma"', json.dumps(canary))
    assert "4711" in spoilt
    judged = browser.post("/patient", data={"bundle": spoilt}).text
    composed = browser.post("/caller", data={"request": spoilt}).text
    for page in (judged, composed):
        assert "4711" in page
        assert faults(page) == []
        outline = read(page)
        assert "img" not in outline.tags
        assert [link for link in outline.links if "4711" in link] == []


# ------------------------------------------------------------------ caller


@pytest.mark.parametrize("way", BREAKS)
def test_each_way_to_break_a_key_is_written_and_answered(browser: TestClient, way: str) -> None:
    page = browser.get(f"/caller?name={PAIN}&conditions={way}").text
    (written,) = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    request = json.loads(html.unescape(written))
    found = request["prefetch"].get("conditions", "left out")
    kind = found["resourceType"] if isinstance(found, dict) else found
    assert kind == {"left-out": "left out", "null": None, "failed": "OperationOutcome"}.get(way, "Bundle")
    assert ("link" in found if isinstance(found, dict) else False) is (way == "cut")
    answer = browser.post("/caller", data={"request": json.dumps(request), "name": PAIN})
    assert answer.status_code == 200
    assert faults(answer.text) == []
    direct = browser.post("/cds-services/spine-patient-view", json=request)
    assert f"HTTP {direct.status_code}" in answer.text
    assert (direct.status_code == 412) is (way == "stranger" or "Refused:" in answer.text)
    assert re.search(r"in [\d.]+ ms", answer.text)


@pytest.mark.parametrize("hook", HOOKS)
def test_the_request_of_each_hook_is_written_and_answered_by_its_own_service(browser: TestClient, hook: str) -> None:
    page = browser.get(f"/caller?name={PAIN}&hook={hook}").text
    assert f"/cds-services/spine-{hook}" in page
    (written,) = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    request = json.loads(html.unescape(written))
    assert request["hook"] == hook
    assert ("draftOrders" in request["context"]) is hook.startswith("order-")
    answer = browser.post("/caller", data={"request": json.dumps(request), "name": PAIN, "hook": hook})
    assert faults(answer.text) == []
    assert "HTTP 200" in answer.text


def written(page: str) -> dict[str, Any]:
    (found,) = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    return dict(json.loads(html.unescape(found)))


def test_what_is_ordered_is_chosen_among_all_that_a_rule_speaks_of(browser: TestClient) -> None:
    page = browser.get(f"/caller?name={PAIN}&hook=order-sign").text
    (options,) = re.findall(r'<select id="order".*?</select>', page, re.DOTALL)
    names = re.findall(r'<option value="([^"]+)"', options)
    assert len(names) > 3
    kinds = set()
    for name in names:
        request = written(browser.get(f"/caller?name={PAIN}&hook=order-sign&order={name}").text)
        (entry,) = request["context"]["draftOrders"]["entry"]
        kinds.add(entry["resource"]["resourceType"])
        answer = browser.post("/cds-services/spine-order-sign", json=request)
        assert answer.status_code == 200
        assert "not recognised" not in answer.text
    assert kinds == {"MedicationRequest", "ServiceRequest"}


def test_a_problem_that_is_added_is_one_of_the_chart(browser: TestClient) -> None:
    request = written(browser.get(f"/caller?name={PAIN}&hook=problem-list-item-create").text)
    (entry,) = request["context"]["conditions"]["entry"]
    assert entry["resource"]["resourceType"] == "Condition"
    assert entry["resource"]["id"] in {e["resource"]["id"] for e in request["prefetch"]["conditions"]["entry"]}


def test_a_request_that_is_no_json_is_answered_in_words_and_stays_to_be_mended(browser: TestClient) -> None:
    answer = browser.post("/caller", data={"request": '{"hook": '})
    assert answer.status_code == 200
    assert "HTTP 400" in answer.text
    assert "not valid JSON" in answer.text
    assert "{&#34;hook&#34;: " in answer.text


# ------------------------------------------------------------------ who sees what


@pytest.mark.parametrize("path", ["/pathways", PUBLIC[-1], "/docs"])
def test_in_development_every_page_leads_back_to_the_start_and_in_production_none_leads_nowhere(
    browser: TestClient, path: str
) -> None:
    menu = {"/", "/patient", "/caller"}
    assert menu <= set(read(browser.get(path).text).links)
    with TestClient(application(patients=patients_directory(), door=cast(Any, Shut()))) as found:
        assert not menu & set(read(found.get(path).text).links)


def test_each_part_of_a_long_page_is_reached_from_its_head(browser: TestClient) -> None:
    page = browser.get(PUBLIC[-1]).text
    parts = re.findall(r'<h2 id="([^"]+)"', page)
    assert len(parts) > 3
    (nav,) = re.findall(r'<ul class="parts" aria-label="On this page">.*?</ul>', page, re.DOTALL)
    assert re.findall(r'href="#([^"]+)"', nav) == parts


def test_a_patient_leads_to_the_call_of_its_chart(browser: TestClient) -> None:
    assert f"/caller?name={PAIN}" in read(browser.get(f"/patient?name={PAIN}").text).links


class Shut:
    """A door through which nobody comes."""

    ages: dict[str, float] = {}  # noqa: RUF012 - nothing is put in

    async def admit(self, *_: Any) -> Client:
        raise AssertionError("no page asks for a token")


def test_production_shows_pathways_and_nothing_of_patients() -> None:
    app = application(patients=patients_directory(), door=cast(Any, Shut()))
    with TestClient(app) as found:
        some = ["/pathways", PUBLIC[-1], "/docs"]
        assert {path: found.get(path).status_code for path in some} == dict.fromkeys(some, 200)
        assert {path: found.get(path).status_code for path in DEV} == dict.fromkeys(DEV, 404)
        assert [found.post(path, data={"bundle": "{}"}).status_code for path in ("/patient", "/caller")] == [404, 404]
        said = found.get("/openapi.json").json()["paths"]
        assert not {"/", "/patient", "/caller"} & set(said)
        links = {link for path in some for link in read(found.get(path).text).links}
        assert not {"/", "/patient", "/caller"} & links


def test_without_invented_patients_the_pages_take_a_bundle(tmp_path: Path) -> None:
    with TestClient(application(patients=tmp_path / "none")) as found:
        for path in ("/", "/patient", "/caller"):
            answer = found.get(path)
            assert (answer.status_code, faults(answer.text)) == (200, [])
