"""Whose a line is: found by a glance where its text leaves no doubt, by parsing where it does, with one answer."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.population.rows import LINE_BYTES, Fate, Piece, medications_named, pieces
from tests.population.population_kit import line, person


def only(text: bytes) -> Piece:
    (found,) = pieces(text)
    return found


@pytest.mark.parametrize(
    ("reference", "owner"),
    [
        ("Patient/a-1", "a-1"),
        ("https://ehr.example/fhir/Patient/a-1", "a-1"),
        ("Patient/a-1/_history/3", "a-1"),
        ("https://ehr.example/fhir/Patient/a_1/_history/3", "a_1"),
    ],
)
def test_a_subject_is_found_in_each_form_of_a_reference(reference: str, owner: str) -> None:
    text = orjson.dumps({"resourceType": "Condition", "id": "c", "subject": {"reference": reference}})
    assert only(text) == Piece(Fate.OWNED, "Condition", (owner,), text)


@pytest.mark.parametrize("reference", ["urn:uuid:0c5a", "#p", "Patient?identifier=1", "", "Patient/a b"])
def test_a_reference_that_names_no_patient_leaves_a_stray(reference: str) -> None:
    text = orjson.dumps({"resourceType": "Condition", "id": "c", "subject": {"reference": reference}})
    assert only(text).fate is Fate.STRAY


def test_patient_stands_for_subject_where_a_type_has_it() -> None:
    text = orjson.dumps({"resourceType": "AllergyIntolerance", "id": "x", "patient": {"reference": "Patient/a"}})
    assert only(text).owners == ("a",)


def test_a_resource_of_two_patients_goes_to_both() -> None:
    text = line("Observation", "o", "a", patient={"reference": "Patient/b"})
    assert only(text).owners == ("a", "b")


def test_a_contained_resource_does_not_say_whose_the_whole_is() -> None:
    inner = {"resourceType": "Observation", "subject": {"reference": "Patient/inner"}}
    outer = {"resourceType": "DiagnosticReport", "contained": [inner], "subject": {"reference": "Patient/outer"}}
    assert only(orjson.dumps(outer)).owners == ("outer",)


def test_what_no_judgement_reads_is_put_aside_and_so_is_what_is_about_a_device() -> None:
    assert only(line("Encounter", "e", "a")).fate is Fate.ASIDE
    about = orjson.dumps({"resourceType": "Observation", "id": "o", "subject": {"reference": "Device/d"}})
    assert only(about).fate is Fate.ASIDE


def test_a_truncated_line_is_its_patients_where_it_still_names_one() -> None:
    whole = line("Condition", "c", "a", note=[{"text": "x" * 50}])
    assert only(whole[:-10]).owners == ("a",)
    assert only(whole[:30]).fate is Fate.UNREADABLE


def test_a_truncated_patient_leaves_that_patient_unread() -> None:
    piece = only(person("a", address=[{"text": "x"}])[:-8])
    assert piece.owners == ("a",)
    assert orjson.loads(piece.line)["issue"][0] == {"severity": "error", "code": "structure", "diagnostics": "Patient"}


def test_a_line_that_is_too_long_is_replaced_by_word_of_it() -> None:
    text = line("Observation", "o", "a", note=[{"text": "x" * 50_000_000}])
    piece = only(text)
    assert piece.owners == ("a",)
    assert len(piece.line) < 200
    assert only(text[: LINE_BYTES + 1]) == piece


def test_a_bundle_is_its_resources_with_references_by_urn_resolved() -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"fullUrl": "urn:uuid:p", "resource": {"resourceType": "Patient", "id": "a"}},
            {
                "fullUrl": "urn:uuid:c",
                "resource": {"resourceType": "Condition", "subject": {"reference": "urn:uuid:p"}},
            },
            {"fullUrl": "urn:uuid:m", "resource": {"resourceType": "Medication", "id": "m"}},
        ],
    }
    found = list(pieces(orjson.dumps(bundle)))
    assert [(p.fate, p.kind, p.owners) for p in found] == [
        (Fate.OWNED, "Patient", ("a",)),
        (Fate.OWNED, "Condition", ("a",)),
        (Fate.COMPANION, "Medication", ()),
    ]


def test_a_bundle_that_is_not_whole_tells_everyone_in_it() -> None:
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": {"resourceType": "Patient", "id": "a"}}, {"response": {}}],
    }
    *_, last = pieces(orjson.dumps(bundle))
    assert last.owners == ("a",)
    assert orjson.loads(last.line)["issue"][0]["code"] == "incomplete"


def test_a_blank_line_is_nothing() -> None:
    assert list(pieces(b"")) == list(pieces(b" \r")) == []


@pytest.mark.parametrize("text", [b"null", b"[]", b'"x"', b"{", b"\xff\xfe{\x00", b'{"id":"x"}'])
def test_what_is_no_resource_is_nobodys(text: bytes) -> None:
    assert only(text).fate is Fate.UNREADABLE


def test_the_medications_that_a_line_names_are_found_in_it() -> None:
    text = line(
        "MedicationRequest", "r", "a", medicationReference={"reference": "https://x.example/fhir/Medication/m-1"}
    )
    assert medications_named(text) == ["m-1"]
    assert medications_named(line("MedicationRequest", "r", "a")) == []


IDS = st.from_regex(r"[A-Za-z0-9\-._]{1,20}", fullmatch=True)
EXTRA = st.dictionaries(
    st.sampled_from(["note", "code", "status", "extension", "focus"]),
    st.recursive(
        st.text() | st.booleans() | st.just("subject") | st.just("patient"), lambda x: st.lists(x, max_size=3)
    ),
)


@given(IDS, EXTRA, st.booleans(), st.permutations(["resourceType", "id", "subject"]))
def test_glance_and_parser_agree_on_any_text_around_the_reference(
    id_: str, extra: dict[str, object], spaced: bool, order: list[str]
) -> None:
    value = {"resourceType": "Observation", "id": "o", "subject": {"reference": f"Patient/{id_}"}}
    whole = {**{key: value[key] for key in order}, **extra}
    text = orjson.dumps(whole, option=orjson.OPT_INDENT_2).replace(b"\n", b" ") if spaced else orjson.dumps(whole)
    assert only(text).owners == (id_,)
