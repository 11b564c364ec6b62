"""``explain`` of one recommendation: pathway, criterion and datum, also where no pathway applies; and whom it is asked about."""

from __future__ import annotations

import json
import re
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from fhirpath_spine import authoring
from tests.kit import content

AT = "2026-06-15"
PATIENTS = Path(__file__).parents[2] / "sandbox" / "patients"
SCHWANNOMA = PATIENTS / "09-schwannoma-safely-resectable.json"
CASES = authoring.profiles_directory() / "metastasis" / "cases" / "planning.yaml"
PAINFUL = (
    "A painful stable metastasis leads to radiotherapy, to systemic review and to the gathering of what is missing"
)


def told(ran: Any) -> str:
    return " ".join(ran.out.split())


def test_why_not_is_answered_with_pathway_criterion_and_datum_where_the_pathway_does_not_apply(run: Any) -> None:
    ran = run("explain", SCHWANNOMA, "R-MET-02", "--at", AT)
    assert ran.err == ""
    said = told(ran)
    assert "R-MET-02 not shown: PW-METS does not apply to neurogenic:T8; spinal metastasis is NOT_MET" in said
    assert "(Tumour of the spine, Schwannoma, 2026-05-11, Condition/spine-demo-resectable-schwannoma)" in said


def test_why_not_is_answered_where_no_pathway_applies_at_all(run: Any, chart: Path) -> None:
    ran = run("explain", chart, "R-MET-02", "--at", AT, "--format", "json")
    mets = [one for one in ran.json["why"] if one["pathway"] == "PW-METS"]
    assert [(one["applies"], one["barrier"]) for one in mets] == [("NOT_MET", "no-lesion")]
    assert ran.json["why"][0]["recommendations"][0]["criteria"]


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        (
            "Without pain there is no radiotherapy for pain",
            "R-MET-02 not-applicable: PW-METS applies to metastasis:T8; painful spinal metastasis is NOT_MET "
            "(Pain severity: not recorded)",
        ),
        (
            "Radiotherapy since the pain satisfies it",
            "R-MET-02 satisfied: PW-METS applies to metastasis:T8; irradiated since the pain is MET (Radiotherapy",
        ),
        (
            PATIENTS / "06-emergency-known-metastasis.json",
            "R-MET-02 suppressed: PW-METS applies to metastasis:T10; Elective recommendations are hidden",
        ),
        (
            PATIENTS / "16-comfort-only-goal.json",
            "PW-PALL applies to neurogenic:T8; painful spinal metastasis is NOT_MET (class of this lesion: neurogenic",
        ),
        (PAINFUL, "R-MET-02 recommended: PW-METS applies to metastasis:T8; painful spinal metastasis is MET (Pain"),
    ],
)
def test_the_answer_names_what_decided_and_not_a_hold_that_only_cautions(run: Any, subject: Any, says: str) -> None:
    words = ("--at", AT) if isinstance(subject, Path) else ()
    assert says in told(run("explain", subject, "R-MET-02", *words))


def test_the_answer_names_the_part_that_decided_and_the_fact_about_the_lesion(run: Any) -> None:
    two = CASES.parent / "several-lesions.yaml"
    said = told(run("explain", f"{two}:4", "R-MET-02"))
    assert "nor contested is NOT_MET (SINS total, 15, 2026-05-20, Observation/sins-total-1)" in said
    schwannoma = told(run("explain", SCHWANNOMA, "R-MET-02", "--at", AT))
    assert "spinal metastasis is NOT_MET (class of this lesion: neurogenic (Tumour of the spine" in schwannoma
    assert "facts about this lesion" not in schwannoma


@pytest.mark.parametrize("full", [(), ("--full",)])
@pytest.mark.parametrize(
    ("file", "first"),
    [
        (SCHWANNOMA.name, "not shown: PW-METS does not apply to neurogenic:T8"),
        ("16-comfort-only-goal.json", "not shown: PW-METS does not apply to neurogenic:T8"),
    ],
)
def test_all_answers_stand_on_top_and_first_that_of_the_pathway_that_a_recommendation_is_at_home_in(
    run: Any, file: str, first: str, full: tuple[str, ...]
) -> None:
    said = told(run("explain", PATIENTS / file, "R-MET-02", "--at", AT, *full))
    answers = said.partition("PW-METS 1.1.0 ")[0]
    assert [answers.count(f" PW-{name} ") for name in ("METS", "PALL")] == [1, 1]
    assert "PW-PALL 1.1.0 " not in answers
    assert answers.partition("R-MET-02 ")[2].startswith(first)


def test_where_no_pathway_bears_its_name_the_pathway_that_applies_comes_first(run: Any) -> None:
    said = told(run("explain", SCHWANNOMA, "R-TX-13", "--at", AT))
    assert said.partition("R-TX-13 ")[2].startswith("not-applicable: PW-NEURO applies")


def test_the_answers_come_first_and_what_is_the_same_for_each_lesion_stands_once(run: Any) -> None:
    two = CASES.parent / "several-lesions.yaml"
    ran = run("explain", f"{two}:4", "R-MET-02")
    answers, _, rest = ran.out.partition("PW-METS 1.1.0 ")
    assert [" ".join(answers.split()).count(f"R-MET-02 {status}") for status in ("recommended", "not-applicable")] == [
        1,
        1,
    ]
    mets = " ".join(rest.partition("PW-PALL 1.1.0 ")[0].split())
    assert mets.count("irradiated since the pain") == 1
    assert mets.count("potentially unstable: ") == 2
    full = run("explain", f"{two}:4", "R-MET-02", "--full")
    assert len(ran.out.splitlines()) * 4 < len(full.out.splitlines())


def test_a_limit_is_named_where_what_it_is_held_against_decided(run: Any) -> None:
    said = told(run("explain", SCHWANNOMA, "R-NEU-02", "--at", AT))
    assert "caution possibly unfit: NOT_MET (ECOG performance status: 0, 2026-06-08) %limit.ecog_unfit (3" in said
    assert "%limit.growth" not in said


@pytest.mark.parametrize("words", [("explain",), ("explain", "R-MET-02"), ("explain", "--all"), ("decide",)])
def test_who_names_no_day_is_told_that_it_is_now_and_for_which_day_an_invented_patient_is_written(
    run: Any, tmp_path: Path, words: tuple[str, ...]
) -> None:
    verb, *rest = words
    own = tmp_path / SCHWANNOMA.name
    own.write_bytes(SCHWANNOMA.read_bytes())
    invented, other = (" ".join(run(verb, file, *rest).out.splitlines()[:3]) for file in (SCHWANNOMA, own))
    now = "No --at names another day, so it is judged as of now."
    assert f"{now} This invented patient is written for --at {AT}." in invented
    assert now in other
    assert "invented" not in other
    dated = run(verb, SCHWANNOMA, *rest, "--at", AT).out
    assert re.match(rf"(Judged|decision \S+)\s+at\s+{AT}T23:59:59", dated)
    assert now not in dated


def test_what_would_decide_is_said_with_the_answer(run: Any) -> None:
    said = told(run("explain", SCHWANNOMA, "R-NEU-02", "--at", AT, "--unread", "Observation"))
    assert "R-NEU-02 needs-data: PW-NEURO applies to neurogenic:T8;" in said
    assert "; to decide it: " in said.partition("PW-NEURO 1.1.0")[0]


@pytest.mark.parametrize("subject", [PATIENTS / "14-observations-unreadable.json", SCHWANNOMA])
def test_where_lesions_could_not_be_read_it_is_not_said_that_there_is_none(run: Any, subject: Path) -> None:
    said = told(run("explain", subject, "R-MET-02", "--at", AT, "--unread", "Condition"))
    assert "PW-METS may apply; whether there is a lesion is not known, since it could not be read" in said
    assert "no lesion is on record" not in said


def test_without_a_recommendation_the_pathways_that_do_not_apply_stand_below_the_tree(run: Any) -> None:
    found = run("explain", SCHWANNOMA, "--at", AT, "--format", "json").json
    assert [e["id"] for e in found["entries"]]
    elsewhere = {one["pathway"] for one in found["elsewhere"]}
    assert "PW-METS" in elsewhere
    assert elsewhere.isdisjoint(e["id"] for e in found["entries"])


def test_a_definition_is_opened_down_to_the_data(run: Any) -> None:
    found = run("explain", SCHWANNOMA, "R-MET-02", "--at", AT, "--format", "json").json
    mets = next(one for one in found["why"] if one["pathway"] == "PW-METS")
    criteria = {c["name"]: c for c in mets["recommendations"][0]["criteria"]}
    reads = {part["name"]: part for part in criteria["painful-spinal-metastasis"]["reads"]}
    pain = {part["name"]: part for part in reads["pain-recorded"]["reads"]}
    assert reads["pain-recorded"]["answer"] == "MET"
    assert pain["pain-severity"]["data"][0]["value"] == "6"
    assert pain["night-pain"]["missing"][0]["reason"] == "not-recorded"


def test_every_recommendation_of_every_pathway_is_opened_on_request(run: Any, chart: Path) -> None:
    found = run("explain", chart, "--all", "--at", AT, "--format", "json").json["why"]
    assert {one["pathway"] for one in found} == {p.id for p in content.library().pathways}
    assert all(one["recommendations"] for one in found)


def test_the_smallest_set_that_would_decide_is_named(run: Any) -> None:
    found = run("explain", SCHWANNOMA, "--all", "--at", AT, "--format", "json").json["why"]
    considered = [c for one in found if one["applies"] == "MET" for c in one["recommendations"]]
    waiting = [c for c in considered if c.get("status") == "needs-data"]
    assert waiting
    assert all(c["decides"] for c in waiting)


@pytest.mark.parametrize("named", [f"{CASES}:4", f"{CASES}:20", PAINFUL, "painful"])
def test_a_case_is_named_by_any_of_its_lines_by_its_title_or_its_id(run: Any, named: str) -> None:
    found = run("explain", named, "--format", "json").json
    assert ("PW-METS", "TREAT_PLAN") in {(e["id"], e["state"]) for e in found["entries"]}


def test_decide_shows_the_card_of_a_case(run: Any) -> None:
    said = told(run("decide", PAINFUL))
    assert "PW-METS TREAT_PLAN" in said
    assert "ask radiation oncology" in said


def test_a_kept_decision_says_what_it_holds(run: Any, tmp_path: Path) -> None:
    kept = tmp_path / "decision.json"
    kept.write_text(run("decide", SCHWANNOMA, "--at", AT, "--format", "json").out, encoding="utf-8")
    ran = run("explain", kept, "R-NEU-01")
    assert ran.code == 0
    assert told(ran).startswith("decision ")
    assert "R-NEU-01" in ran.out
    assert "not the chart" in ran.err
    assert [v["id"] for v in run("explain", kept, "R-NEU-01", "--format", "json").json["verdicts"]] == ["R-NEU-01"]
    assert run("decide", kept).code == 2


def edited(kept: Path, **changed: Any) -> Path:
    document = json.loads(kept.read_text(encoding="utf-8"))
    document["profiles"].update(changed)
    kept.write_text(json.dumps(document), encoding="utf-8")
    return kept


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"phrases": "0"}, "the phrase book has other words"),
        ({"digest": "0"}, "a part of the profiles that no pathway reads"),
        ({"program": "0.0.9"}, "the program was 0.0.9 and is "),
        ({"pathways": {"PW-NEURO": {"version": "1.0.0", "digest": "0"}}}, "PW-NEURO was 1.0.0 and is "),
        ({"pathways": {"PW-NEURO": {"version": "1.1.0", "digest": "0"}}}, "PW-NEURO is still 1.1.0 and has another"),
        ({"pathways": {"PW-GONE": {"version": "1.1.0", "digest": "0"}}}, "PW-GONE is not here"),
    ],
)
def test_a_decision_of_other_profiles_says_what_differs_and_what_to_do(
    run: Any, tmp_path: Path, changed: dict[str, Any], says: str
) -> None:
    kept = tmp_path / "decision.json"
    kept.write_text(run("decide", SCHWANNOMA, "--at", AT, "--format", "json").out, encoding="utf-8")
    assert "judged with others" not in run("explain", kept).err
    ran = run("explain", edited(kept, **changed))
    assert ran.code == 0
    said = " ".join(ran.err.split())
    assert says in said
    assert "Judge the chart again with `decide`, or check out the revision" in said


def test_a_decision_is_asked_by_its_own_names_and_an_old_one_says_that_its_profiles_are_not_known(
    run: Any, tmp_path: Path
) -> None:
    kept = tmp_path / "decision.json"
    document = run("decide", SCHWANNOMA, "--at", AT, "--format", "json").json
    del document["profiles"]
    document["verdicts"][0]["id"] = "R-GONE-01"
    kept.write_text(json.dumps(document), encoding="utf-8")
    ran = run("explain", kept, "R-GONE-01")
    assert ran.code == 0
    assert "does not say with which profiles it was judged" in " ".join(ran.err.split())
    assert run("explain", kept, "R-GONE-02").code == 2


def test_a_refused_chart_is_explained_by_what_could_not_be_read(run: Any, chart: Path) -> None:
    ran = run("explain", chart, "R-MET-02", "--at", AT, "--unread", "Condition", "--unread", "Observation")
    assert ran.code == 1
    assert "could not be read" in told(ran)


def test_of_the_dead_no_pathway_is_asked(run: Any, chart: Path) -> None:
    bundle = json.loads(chart.read_text(encoding="utf-8"))
    bundle["entry"][0]["resource"]["deceasedBoolean"] = True
    chart.write_text(json.dumps(bundle), encoding="utf-8")
    assert "No pathway is asked: deceased." in told(run("explain", chart, "R-MET-02", "--at", AT))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("CHART", "R-MET-2"), "Did you mean 'R-MET-02'?"),
        (("A painful stable metastasis leads to radiotherapi",), "There is no file and no case"),
        (("metastasis",), "cases are meant"),
        ((f"{CASES}:1",), "There is no file and no case"),
        ((PAINFUL, "--at", AT), "its own lines"),
    ],
)
def test_what_is_not_there_is_told_with_what_to_do(run: Any, chart: Path, words: tuple[str, ...], says: str) -> None:
    ran = run("explain", *(chart if w == "CHART" else w for w in words))
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_a_case_of_another_set_is_explained_by_that_set(run: Any, tmp_path: Path) -> None:
    other = tmp_path / "other"
    copytree(authoring.profiles_directory(), other)
    data = other / "data.yaml"
    text = data.read_text(encoding="utf-8")
    assert "platelets_systemic: {value: 100," in text
    data.write_text(
        text.replace("platelets_systemic: {value: 100,", "platelets_systemic: {value: 123,"), encoding="utf-8"
    )
    file = other / "neurogenic" / "cases" / "malignant.yaml"
    line = next(n for n, words in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if "- case:" in words)
    ran = run("explain", f"{file}:{line}", "R-NEU-07")
    assert ran.err == ""
    assert "%limit.platelets_systemic (123" in told(ran)
