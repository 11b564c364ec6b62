"""``decide``, ``explain`` and ``demo`` with the profiles that ship: results on stdout, talk on stderr, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fhirpath_spine.entrypoints.commands import typed

AT = "2026-06-15"
PATIENTS = Path(__file__).parents[2] / "sandbox" / "patients"


def test_decide_prints_one_document_and_ends_with_0(run: Any, chart: Path) -> None:
    ran = run("decide", chart, "--at", AT, "--format", "json")
    assert ran.code == 0
    assert list(ran.json)[:4] == ["decision", "pathways", "verdicts", "cards"]
    assert ran.json["cards"] == []
    assert ran.err == ""


def test_decide_repeats_to_the_byte(run: Any, chart: Path) -> None:
    assert (
        run("decide", chart, "--at", AT, "--format", "json").out
        == run("decide", chart, "--at", AT, "--format", "json").out
    )


def test_what_is_hidden_for_one_reason_is_told_in_one_sentence(run: Any) -> None:
    told = " ".join(run("decide", PATIENTS / "06-emergency-known-metastasis.json", "--at", AT, "--full").out.split())
    assert told.count("suppressed by PW-COMPRESS: Elective recommendations are hidden") == 1
    assert "R-MET-01, R-MET-02" in told


UNREAD = ("--format", "json", "--unread", "Condition", "--unread", "Observation")


def test_a_chart_that_cannot_be_judged_gets_a_warning_that_says_so(run: Any, chart: Path) -> None:
    ran = run("decide", chart, "--at", AT, *UNREAD)
    assert ran.code == 0
    assert [(c["indicator"], c["summary"][:18]) for c in ran.json["cards"]] == [("warning", "Nothing was judged")]
    assert run("decide", chart, "--at", AT, "--on-unavailable", "never").code == 2


def test_what_a_clinician_sees_is_shown_and_the_rest_in_full(run: Any) -> None:
    asked = ("decide", PATIENTS / "09-schwannoma-safely-resectable.json", "--at", AT)
    short, full = run(*asked).out, run(*asked, "--full").out
    assert "safely resectable: discuss complete resection" in short
    assert "[ ] Opinion of spine surgery" in short
    assert "R-NEU-02" not in short
    assert "R-NEU-02" in full


def test_a_chart_that_cannot_be_judged_is_refused_with_1_and_an_outcome_where_that_is_asked_for(
    run: Any, chart: Path
) -> None:
    ran = run("decide", chart, "--at", AT, *UNREAD, "--on-unavailable", "412")
    assert ran.code == 1
    assert ran.json["outcome"]["issue"][0]["code"] == "incomplete"
    assert (ran.json["pathways"], ran.json["verdicts"], ran.json["cards"]) == ([], [], [])


def test_two_patients_are_refused_with_1(run: Any, chart: Path) -> None:
    bundle = json.loads(chart.read_text(encoding="utf-8"))
    bundle["entry"].append({"resource": {**bundle["entry"][0]["resource"], "id": "demo-2"}})
    chart.write_text(json.dumps(bundle), encoding="utf-8")
    ran = run("decide", chart, "--at", AT)
    assert ran.code == 1
    assert "more than one Patient" in ran.out


@pytest.mark.parametrize(
    "words",
    [
        ("decide", "nope.json", "--at", AT),
        ("decide", "CHART", "--at", "yesterday"),
        ("decide", "CHART", "--at", AT, "--unread", "Goal"),
        ("decide", "CHART", "--format", "xml"),
        ("decide",),
        ("lint", "nowhere"),
        ("rule", "SP000000"),
        ("demo", "--once", "--patients", "nowhere"),
        ("nonsense",),
    ],
)
def test_wrong_use_ends_with_2_and_leaves_stdout_empty(run: Any, chart: Path, words: tuple[str, ...]) -> None:
    ran = run(*(chart if w == "CHART" else w for w in words))
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err


def test_a_file_that_is_no_json_is_wrong_use(run: Any, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{", encoding="utf-8")
    assert run("decide", "x.json", "--at", AT).code == 2


def test_explain_shows_the_tree_in_both_forms(run: Any, chart: Path) -> None:
    assert run("explain", chart, "--at", AT).out.startswith("decision ")
    assert run("explain", chart, "--at", AT, "--format", "json").json["entries"] == []


def test_an_internal_error_is_loud_and_repeats_no_value(run: Any) -> None:
    def broken() -> None:
        raise ValueError("canary4711")

    ran = run("decide", verbs=broken)
    assert ran.code == 2
    assert "internal error ValueError at" in ran.err
    assert "4711" not in ran.out + ran.err


# ------------------------------------------------------------------ demo


@pytest.fixture
def patients(tmp_path: Path, chart: Path) -> Path:
    folder = tmp_path / "patients"
    folder.mkdir()
    (folder / "one.json").write_bytes(chart.read_bytes())
    (folder / "INDEX.yaml").write_text("- {file: one.json, title: Back pain, expect: no card}\n", encoding="utf-8")
    return folder


def test_demo_shows_each_patient_in_one_line_and_the_way_to_more(run: Any, patients: Path) -> None:
    ran = run("demo", "--once", "--patients", patients)
    assert ran.code == 0
    head, line, count, cards, why = ran.out.splitlines()
    assert head.startswith("Judged at 2026-06-15T23:59:59")
    assert (line, count) == ("one: no pathway; no card", "1 patients.")
    assert cards.endswith(f"fhirpath-spine decide {patients / 'one.json'} --at 2026-06-15")
    assert why.endswith(f"fhirpath-spine explain {patients / 'one.json'} --at 2026-06-15")


def test_demo_names_pathways_with_states_and_the_first_card_of_each_patient_that_ships(run: Any) -> None:
    told = dict(
        line.split(": ", 1) for line in run("demo", "--once").out.splitlines() if ": " in line and line[:2].isdigit()
    )
    assert len(told) == len(list(PATIENTS.glob("*.json")))
    assert told["09-schwannoma-safely-resectable"].startswith("PW-NEURO ")
    assert "; Schwannoma T8, safely resectable" in told["09-schwannoma-safely-resectable"]
    assert all(line.count("; ") >= 1 or line.startswith("refused: ") for line in told.values())
    assert not [line for line in told.values() if line.startswith(";")], "a chart of no pathway says so"


@pytest.mark.parametrize(
    ("called", "found", "shown"),
    [
        (".venv/bin/fhirpath-spine", None, ".venv/bin/fhirpath-spine"),
        (".venv/bin/fhirpath-spine", "/usr/bin/fhirpath-spine", "fhirpath-spine"),
        ("/x/pytest", None, "fhirpath-spine"),
    ],
)
def test_the_way_to_more_can_be_typed_as_it_stands(called: str, found: str | None, shown: str) -> None:
    assert typed(called, found) == shown


def test_demo_moves_the_patients_to_the_chosen_day_and_says_so(run: Any, patients: Path) -> None:
    ran = run("demo", "--once", "--patients", patients, "--at", "2026-07-22")
    assert "moved by 37 days" in ran.out
    assert "explain" not in ran.out


def test_an_index_that_names_no_file_is_refused(run: Any, patients: Path) -> None:
    (patients / "one.json").unlink()
    assert run("demo", "--once", "--patients", patients).code == 2
