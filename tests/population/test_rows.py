"""One patient's lines to one row: the same in any order, and what is wrong with one patient is that patient's row."""

from __future__ import annotations

import random
from pathlib import Path

import orjson
import pytest

from fhirpath_spine.exchange.incoming import read_bundle
from fhirpath_spine.pathway.judging import decide
from fhirpath_spine.population.rows import PATIENT_BYTES, Outcome, Row, pack, patient_row, pieces, unpack
from tests.population.population_kit import AT, LIBRARY, PATIENTS, SITE, chart, line, person


def judged(patient: str, lines: list[bytes]) -> Row:
    return patient_row(patient, lines, LIBRARY, AT, SITE)


READABLE = [p for p in sorted(PATIENTS.glob("*.json")) if '"OperationOutcome"' not in p.read_text(encoding="utf-8")]
"""What a server could not give is no line of an export."""


@pytest.mark.parametrize("path", READABLE, ids=lambda p: p.stem)
def test_a_row_says_what_the_decision_on_the_same_bundle_says(path: Path) -> None:
    patient, lines = chart(path.stem)
    decision = decide(LIBRARY, read_bundle(orjson.loads(path.read_bytes())), AT, SITE)
    row = judged(patient, lines)
    assert [(v.id, v.status) for v in row.verdicts] == [
        (v.id, v.status.value)
        for v in sorted(decision.verdicts, key=lambda v: (v.pathway, v.lesion.key if v.lesion else "", v.id))
    ]
    assert {(e.pathway, e.state) for e in row.entries} == {(e.id, e.state) for e in decision.entries}


def test_the_order_of_the_lines_does_not_matter() -> None:
    patient, lines = chart("12-")
    mixed = lines[:]
    random.Random(3).shuffle(mixed)  # noqa: S311
    assert judged(patient, mixed) == judged(patient, lines)


def test_a_row_holds_no_name_and_no_text_of_the_chart() -> None:
    patient, lines = chart("12-")
    told = [orjson.dumps({**orjson.loads(x), "note": [{"text": "Xyzzy said so"}]}) for x in lines]
    assert b"Xyzzy" not in pack(judged(patient, told))


def test_a_row_survives_its_journal() -> None:
    row = judged(*chart("10-"))
    assert row.verdicts
    assert unpack(pack(row)) == row


def test_a_patient_without_resources_is_judged_and_enters_nothing() -> None:
    row = judged("a", [person("a")])
    assert (row.outcome, row.resources, row.entries, row.refusal) == (Outcome.JUDGED, 1, (), None)


def test_resources_without_their_patient_are_refused() -> None:
    row = judged("a", [line("Condition", "c", "a")])
    assert (row.outcome, row.refusal and row.refusal.code) == (Outcome.REFUSED, "patient-missing")


def test_two_people_under_one_id_are_refused() -> None:
    row = judged("a", [person("a"), orjson.dumps({**orjson.loads(person("a")), "birthDate": "1970-01-01"})])
    assert row.refusal is not None
    assert row.refusal.code == "patient-twice"
    apart = [person("a", identifier=[{"system": "s", "value": v}]) for v in "xy"]
    assert (judged("a", apart).refusal or row.refusal).code == "patient-twice"


def test_two_versions_of_one_patient_are_one_person() -> None:
    old, new = person("a", meta={"lastUpdated": "2020"}), person("a", meta={"lastUpdated": "2021"}, active=True)
    assert judged("a", [old, new]).outcome == Outcome.JUDGED


def test_a_resource_of_two_patients_refuses_both() -> None:
    both = line("Condition", "c", "a", patient={"reference": "Patient/b"})
    for patient in "ab":
        row = judged(patient, [person(patient), both])
        assert row.refusal is not None
        assert row.refusal.code == "patient-mismatch"


def test_a_truncated_line_leaves_its_type_unread_and_is_never_an_empty_answer() -> None:
    patient, lines = chart("04-")
    truncated = line("Condition", "new", patient, note=[{"text": "cut"}])[:-9]
    row = judged(patient, [*lines, truncated])
    assert row.outcome == Outcome.REFUSED
    assert row.refusal is not None
    assert (row.refusal.code, row.refusal.detail) == ("scope-undecidable", "conditions:not-json")


def test_a_line_of_50_mb_leaves_its_type_unread() -> None:
    patient, lines = chart("09-")
    long = line("Procedure", "p", patient, note=[{"text": "x" * 50_000_000}])
    row = judged(patient, [*lines, long])
    # All lines of one patient together are more than is judged of one; as the split hands it over, the type is unread.
    assert row.refusal is not None
    assert row.refusal.code == "too-costly"
    row = judged(patient, [*lines, *(p.line for p in pieces(long))])
    assert row.unread == ("procedures:too-large",)


def test_a_patient_with_too_much_is_refused_by_name() -> None:
    heavy = line("Condition", "c", "a", note=[{"text": "x" * 1_000_000}])
    row = judged("a", [person("a"), *[heavy] * (PATIENT_BYTES // len(heavy) + 1)])
    assert row.refusal is not None
    assert row.refusal.code == "too-costly"


def test_a_key_that_stands_twice_and_a_line_too_deep_leave_their_types_unread() -> None:
    twice = (
        b'{"resourceType":"Procedure","id":"p","subject":{"reference":"Patient/a"},"status":"completed","status":"x"}'
    )
    deep = b'{"resourceType":"DiagnosticReport","id":"d","subject":{"reference":"Patient/a"},"x":%b}' % (
        b"[" * 80 + b"]" * 80
    )
    row = judged("a", [person("a"), twice, deep])
    assert row.unread == ("procedures:not-json", "reports:not-json")


def test_a_medication_beside_is_read_by_the_request_that_names_it() -> None:
    patient, lines = chart("12-")
    named = [x for x in lines if b"medicationCodeableConcept" in x]
    assert named
    apart = []
    for number, one in enumerate(lines):
        value = orjson.loads(one)
        concept = value.pop("medicationCodeableConcept", None)
        if concept is not None:
            apart.append(line("Medication", f"m{number}", code=concept))
            value["medicationReference"] = {"reference": f"Medication/m{number}"}
        apart.append(orjson.dumps(value))
    statuses = [(v.id, v.status) for v in judged(patient, apart).verdicts]
    assert statuses == [(v.id, v.status) for v in judged(patient, lines).verdicts]


class Broken:
    """A library with a bug in it."""

    def __getattr__(self, name: str) -> object:
        raise ZeroDivisionError(name)


def test_a_bug_of_ours_is_a_row_that_names_its_place_and_no_value() -> None:
    patient, lines = chart("09-")
    row = patient_row(patient, lines, Broken(), AT, SITE)  # type: ignore[arg-type]
    assert row.refusal is not None
    assert row.refusal.code == "internal-error"
    assert row.refusal.detail.startswith("ZeroDivisionError at test_rows.py:")


def test_what_was_not_recognised_is_counted_by_code_and_never_by_its_words() -> None:
    strange = {"coding": [{"system": "urn:x", "code": "zz9", "display": "Plural alpha"}], "text": "Plural alpha"}
    lines = [person("a"), *(line("Condition", f"c{n}", "a", code=strange, recordedDate="2026-01-01") for n in range(3))]
    row = judged("a", lines)
    assert [(u.way, u.system, u.code, u.number) for u in row.unrecognised if u.kind == "Condition"] == [
        ("not-recognised", "urn:x", "zz9", 3)
    ]
    assert b"Plural" not in pack(row)


def test_a_code_that_no_table_knows_is_counted_whatever_the_type_of_its_resource() -> None:
    foreign = {"coding": [{"system": "http://loinc.org", "code": "00000-0"}, {"system": "urn:lab", "code": "L7"}]}
    lines = [person("a"), line("Observation", "o", "a", status="final", code=foreign)]
    lines.append(line("Procedure", "p", "a", status="completed", code={"text": "whatever was done"}))
    told = {(u.kind, u.system, u.code, u.number) for u in judged("a", lines).unrecognised if u.kind}
    assert told == {
        ("Observation", "http://loinc.org", "00000-0", 1),
        ("Observation", "urn:lab", "L7", 1),
        ("Procedure", "", "", 1),
    }


MASKED = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]}
WITHHELD: list[tuple[dict[str, object], str]] = [
    ({"meta": {"security": [{"code": "REDACTED"}]}, "code": {"text": "x"}}, "withheld"),
    ({"meta": {"tag": [{"code": "subsetted"}]}, "code": {"text": "x"}}, "withheld"),
    ({"code": MASKED}, "withheld"),
    ({"_code": MASKED}, "withheld"),
    ({"code": {"coding": [{"code": "no-problem-info"}]}}, "no-information"),
    ({"code": 7}, "shape"),
    ({"cod": {"text": "x"}}, "shape"),
]


@pytest.mark.parametrize(("members", "why"), WITHHELD, ids=str)
def test_what_an_export_withholds_leaves_its_type_unread(members: dict[str, object], why: str) -> None:
    row = judged("a", [person("a"), line("Condition", "c", "a", **members)])
    assert row.refusal is not None
    assert (row.refusal.code, row.refusal.detail) == ("scope-undecidable", f"conditions:{why}")


def test_a_row_on_what_is_withheld_says_what_the_decision_on_the_bundle_says() -> None:
    hidden = {"resourceType": "Procedure", "id": "p", "subject": {"reference": "Patient/a"}, "code": MASKED}
    alone = judged("a", [person("a"), orjson.dumps(hidden)])
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": hidden}]}
    bundle["entry"].append({"resource": orjson.loads(person("a"))})  # type: ignore[attr-defined]
    chart_ = read_bundle(bundle, signs=LIBRARY.signs)
    assert alone.unread == tuple(f"{key}:{read.detail}" for key, read in chart_.reads.items() if not read.complete)
    assert alone.unread == ("procedures:withheld",)
    assert [(u.kind, u.way) for u in alone.unrecognised if u.kind] == [("Procedure", "unreadable")]


def test_an_outcome_that_says_something_was_suppressed_leaves_all_unread() -> None:
    told = orjson.dumps({"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "suppressed"}]})
    row = judged("a", [person("a"), told])
    assert row.refusal is not None
    assert row.refusal.code == "scope-undecidable"
