"""Charts made ready for a server: ids of ours, references that follow, a tag on everything, and PUT alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fhirpath_spine.errors import RequestError
from fhirpath_spine.exchange.ehr_side import CASE, DEMO, TAG, TYPES, ours, removal, seed
from fhirpath_spine.exchange.incoming import read_bundle

ROOT = Path(__file__).resolve().parents[2]
CHARTS = sorted(
    [*(ROOT / "sandbox" / "patients").glob("*.json"), *(ROOT / "tests" / "clinical" / "cases").glob("*.json")]
)

PATIENT = {"resourceType": "Patient", "id": "p1"}
TUMOUR = {"resourceType": "Condition", "id": "t1", "subject": {"reference": "Patient/p1"}}


def bundle(*resources: dict[str, Any], urls: bool = False) -> dict[str, Any]:
    entries = [{"fullUrl": f"urn:uuid:{r['id']}", "resource": r} if urls else {"resource": r} for r in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [r for item in value.values() for r in references(item)]
    return [r for item in value for r in references(item)] if isinstance(value, list) else []


def test_a_case_gets_the_prefix_and_its_references_follow() -> None:
    made = seed(bundle(PATIENT, TUMOUR))
    assert made.patient == "spine-case-p1"
    patient, tumour = made.transaction["entry"]
    assert patient["request"] == {"method": "PUT", "url": "Patient/spine-case-p1"}
    assert tumour["resource"]["id"] == "spine-case-t1"
    assert tumour["resource"]["subject"] == {"reference": "Patient/spine-case-p1"}
    assert all(e["resource"]["meta"]["tag"] == [TAG] for e in made.transaction["entry"])


def test_references_by_full_url_follow_too() -> None:
    by_url = {**TUMOUR, "subject": {"reference": "urn:uuid:p1"}}
    assert references(seed(bundle(PATIENT, by_url, urls=True)).transaction) == ["Patient/spine-case-p1"]
    absolute = "http://ehr.example.org/fhir/Patient/p1"
    given = bundle(PATIENT, {**TUMOUR, "subject": {"reference": absolute}})
    given["entry"][0]["fullUrl"] = absolute
    assert references(seed(given).transaction) == ["Patient/spine-case-p1"]


def test_what_stands_in_the_meta_stays_and_the_tag_is_set_once() -> None:
    other = {"system": "urn:x", "code": "y"}
    given = bundle({**PATIENT, "meta": {"tag": [other, TAG], "security": [{"code": "HTEST"}]}})
    meta = seed(given).transaction["entry"][0]["resource"]["meta"]
    assert meta == {"tag": [other, TAG], "security": [{"code": "HTEST"}]}


def test_the_bundle_that_was_given_is_not_changed() -> None:
    given = bundle(PATIENT, TUMOUR)
    before = json.dumps(given)
    seed(given)
    assert json.dumps(given) == before


def test_seeding_a_seed_changes_nothing() -> None:
    once = seed(bundle(PATIENT, TUMOUR)).transaction
    assert seed(once).transaction == once


def test_an_outcome_is_no_resource_of_a_chart() -> None:
    made = seed(bundle(PATIENT, {"resourceType": "OperationOutcome", "id": "o"}))
    assert made.left_out == 1
    assert len(made.transaction["entry"]) == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "no FHIR Bundle"),
        ({"resourceType": "Patient"}, "no FHIR Bundle"),
        (bundle(), "0 Patients"),
        (bundle(PATIENT, {**PATIENT, "id": "p2"}), "2 Patients"),
        (bundle(PATIENT, {"resourceType": "Binary", "id": "b"}), "type that is not loaded"),
        (bundle(PATIENT, {**TUMOUR, "id": "a b"}), "no id that can be loaded"),
        (bundle(PATIENT, {**TUMOUR, "id": "x" * 60}), "no id that can be loaded"),
        (bundle(PATIENT, {"resourceType": "Condition"}), "no id that can be loaded"),
        (bundle(PATIENT, TUMOUR, {**TUMOUR, "id": "spine-case-t1"}), "the same Condition"),
    ],
)
def test_what_could_not_be_taken_away_again_is_refused(given: Any, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        seed(given)


@pytest.mark.parametrize("path", CHARTS, ids=lambda p: p.stem)
def test_every_chart_that_we_have_can_be_loaded_and_reads_as_before(path: Path) -> None:
    given = json.loads(path.read_bytes())
    made = seed(given)
    names = {e["request"]["url"] for e in made.transaction["entry"]}
    assert set(references(made.transaction)) <= names
    assert all(name.split("/")[0] in TYPES and name.split("/")[1].startswith((DEMO, CASE)) for name in names)
    before, after = read_bundle(given), read_bundle(made.transaction)
    assert {k: len(r.resources) for k, r in before.reads.items()} == {
        k: len(r.resources) for k, r in after.reads.items()
    }


def test_only_what_bears_a_prefix_of_ours_is_ours() -> None:
    assert ours({"resourceType": "Patient", "id": "spine-demo-1"}) == "Patient/spine-demo-1"
    for other in (None, PATIENT, {"resourceType": "Binary", "id": "spine-demo-1"}, {"resourceType": "Patient"}):
        assert ours(other) == ""
    assert removal(["Patient/spine-demo-1"])["entry"] == [
        {"request": {"method": "DELETE", "url": "Patient/spine-demo-1"}}
    ]
