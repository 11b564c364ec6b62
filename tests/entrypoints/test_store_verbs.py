"""The verbs of production: approvals to paste, the store, what users did, and calls that are signed."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from fhirpath_spine.adapters.callers import Signer, public_keys, wrongs
from fhirpath_spine.adapters.store import Database, Keeping
from fhirpath_spine.authoring import load_site, profiles_directory
from fhirpath_spine.entrypoints.acceptance import acceptance_page
from fhirpath_spine.exchange.feedback import GROUPS, Issued, Item, Row, interval, summary

AT = "2026-06-15T12:00:00Z"


@pytest.fixture
def stored(tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command line, with a store that holds feedback."""
    monkeypatch.setenv("SPINE_DATA_DIR", str(tmp_path / "data"))
    store = Database.open("", tmp_path / "data")
    store.upgrade()
    items = [Item("c1", "", "overridden", AT, "https://a.example|=1+1"), Item("c2", "", "accepted", AT)]
    asyncio.run(Keeping(store, lambda: datetime.now(UTC)).feedback("general-hospital", items))
    store.close()
    return run


def test_approvals_are_printed_so_that_they_can_be_pasted(run: Any, tmp_path: Path) -> None:
    ran = run("config", "--approvals", "--by", "N. N.", "--role", "board", "--date", "2026-06-15")
    entries = yaml.safe_load(ran.out)["approvals"]
    assert {(e["by"], e["role"], e["date"]) for e in entries} == {("N. N.", "board", "2026-06-15")}
    (tmp_path / "site.yaml").write_text(f"timezone: UTC\n{ran.out}", encoding="utf-8")
    site = load_site(tmp_path / "site.yaml", profiles_directory())
    assert [a["digest"] for a in site.approvals] == [e["digest"] for e in entries]


def test_a_day_that_is_none_is_wrong_use(run: Any) -> None:
    ran = run("config", "--approvals", "--date", "soon")
    assert (ran.code, ran.out) == (2, "")


def test_each_item_is_printed_as_other_programs_expect_it(stored: Any) -> None:
    ran = stored("feedback", "--format", "json", "--raw")
    first, second = json.loads(ran.out)["feedback"]
    assert list(first) == [
        *("client", "card", "suggestion", "outcome", "outcomeTimestamp"),
        *("recommendation", "pathway", "version", "reasons", "known"),
    ]
    assert (first["card"], first["known"], second["outcome"]) == ("c1", False, "accepted")


def test_a_spreadsheet_runs_nothing_of_it(stored: Any) -> None:
    rows = list(csv.DictReader(io.StringIO(stored("feedback", "--format", "csv", "--raw").out)))
    assert len(rows) == 2
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


@pytest.mark.parametrize("form", ["human", "json", "csv", "html"])
def test_what_it_adds_up_to_is_shown_in_each_form(stored: Any, form: str) -> None:
    ran = stored("feedback", "--format", form)
    assert ran.code == 0
    assert ran.out


def test_the_page_draws_what_was_answered_and_asks_no_other_address() -> None:
    issued = [("a", Issued("c1", "s1", "R-1", "P", "1.0.0")), ("a", Issued("c2", "s2", "R-1", "P", "1.0.0"))]
    rows = [
        Row("a", "c1", "s1", "accepted", AT, "R-1", "P", "1.0.0", known=True),
        Row("a", "c2", "s2", "overridden", AT, "R-1", "P", "1.0.0", ("<script>alert(1)</script>",), known=True),
    ]
    page = acceptance_page(summary(rows, issued), datetime(2026, 6, 15, tzinfo=UTC))
    assert page.count("<svg") == len(GROUPS) + 1
    assert "<td>R-1</td>" in page or ">R-1<" in page
    ends = interval(1, 2)
    assert ends is not None
    assert " to ".join(f"{100 * round(end, 3):.0f}" for end in ends) in page
    assert "<script>alert" not in page
    assert "http:" not in page.replace("http://www.w3.org/2000/svg", "")


def test_a_page_without_feedback_says_so() -> None:
    page = acceptance_page(summary([], []), datetime(2026, 6, 15, tzinfo=UTC))
    assert "Nobody has answered yet." in page


def test_without_a_place_for_a_store_nothing_is_shown(run: Any) -> None:
    ran = run("feedback")
    assert (ran.code, ran.out) == (2, "")
    assert "SPINE_DATA_DIR" in ran.err


def test_a_store_is_made_copied_and_rid_of_what_is_old(stored: Any, tmp_path: Path) -> None:
    assert stored("store", "upgrade").code == 0
    assert stored("store", "backup", str(tmp_path / "copy.db")).code == 0
    assert stored("store", "backup", str(tmp_path / "copy.db")).code == 2
    assert stored("store", "purge", "--before", "2999-01-01").code == 0
    assert json.loads(stored("feedback", "--format", "json", "--raw").out) == {"feedback": []}
    assert stored("store", "purge", "--before", "soon").code == 2


# ------------------------------------------------------------------ signed calls

CALL = ("call", "patient-view", "--patient", "1", "--fhir", "http://127.0.0.1:1", "--service", "http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--sign-wrongly", "canary4711"), "expired"),
        (("--sign-wrongly", "expired"), "--issuer"),
        (("--issuer", "https://a.example", "--key", "gone.pem"), "private key"),
    ],
)
def test_a_signature_that_cannot_be_made_is_wrong_use(run: Any, words: tuple[str, ...], says: str) -> None:
    ran = run(*CALL, *words)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_a_key_is_read_as_json_and_as_pem(tmp_path: Path) -> None:
    signer = Signer.generated("https://a.example")
    (tmp_path / "key.json").write_text(json.dumps(signer.key.as_dict(private=True)), encoding="utf-8")
    (tmp_path / "key.pem").write_bytes(signer.key.as_pem(private=True))
    for name in ("key.json", "key.pem"):
        found = Signer.from_file(tmp_path / name, "https://a.example")
        assert found.algorithm == "ES384"
        assert found.key.as_dict(private=False)["x"] == signer.key.as_dict(private=False)["x"]
    assert "d" not in public_keys(signer)["keys"][0]
    assert len(set(wrongs())) == len(wrongs())
