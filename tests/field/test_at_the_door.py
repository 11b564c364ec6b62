"""The hook and ``decide`` hear the same, whatever the shape of what is sent."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhirpath_spine.errors import ScopeUndecidable
from fhirpath_spine.exchange.incoming import read_bundle, read_prefetch, take_in
from fhirpath_spine.pathway.facts import Read
from tests.kit import content

from .asking import ask
from .charts import PATIENT, SCHWANNOMA, SPEAKING, call

Json = Any
SIGNS = content.library().signs


def offline(*entries: Json, **bundle: Any) -> Read:
    """What ``decide`` reads of the Conditions."""
    listed = [{"resource": PATIENT}, *entries]
    found = {"resourceType": "Bundle", "type": "searchset", "entry": listed, **bundle}
    return read_bundle(take_in(orjson.dumps(found)), signs=SIGNS).reads["conditions"]


def asked(*entries: Json, **bundle: Any) -> Read | None:
    """What a hook reads of the Conditions; None where there is more to fetch."""
    found = {"resourceType": "Bundle", "type": "searchset", "entry": list(entries), **bundle}
    body = take_in(orjson.dumps({"prefetch": {"conditions": found}}))
    reads = read_prefetch(body["prefetch"], {"conditions": "Condition?x"}, "42", signs=SIGNS)
    return reads.reads.get("conditions")


def outcome(**issue: Any) -> Json:
    return {"resource": {"resourceType": "OperationOutcome", "issue": [issue]}}


TUMOUR = {"resource": SCHWANNOMA}


def but(**parts: Any) -> Json:
    return {"resource": {**SCHWANNOMA, **parts}}


ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
MASKED = {"extension": [{"url": ABSENT, "valueCode": "masked"}]}
IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
WITHHELD = [
    (outcome(severity="warning", code=code), {})
    for code in (
        "incomplete",
        "too-costly",
        "suppressed",
        "throttled",
        "timeout",
        "transient",
        "lock-error",
        "forbidden",
    )
] + [
    (outcome(severity="information", code=" Incomplete "), {}),
    (outcome(severity="error", code="processing"), {}),
    (outcome(severity="strange", code="processing"), {}),
    (TUMOUR, {"meta": {"tag": [{"code": "SUBSETTED"}]}}),
    (TUMOUR, {"meta": {"tag": {"code": "subsetted"}}}),
    (but(meta={"tag": [{"system": "urn:x", "code": "SUBSETTED"}]}), {}),
    (but(meta={"security": [{"code": "REDACTED"}]}), {}),
    (but(meta={"security": [{"code": "masked"}]}), {}),
    (but(code=MASKED), {}),
    (but(code=None, _code=MASKED), {}),
    (
        but(
            code={"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "masked"}]}
        ),
        {},
    ),
    (but(code={"coding": [{"system": IPS, "code": "no-problem-info"}]}), {}),
]
SHAPES = [
    (but(code=code), {})
    for code in (
        "189948006",
        189948006,
        {"coding": [{"system": "http://snomed.info/sct", "code": 189948006, "display": "Schwannoma"}]},
        {"coding": [{"system": 7, "code": "189948006"}]},
        {"Coding": [{"system": "http://snomed.info/sct", "code": "189948006"}]},
        {"coding": ["189948006"]},
        {"concept": {"coding": [{"system": "http://snomed.info/sct", "code": "189948006"}]}},
        {"coding": [{"Code": "189948006", "display": "Schwannoma"}]},
        MASKED | {"extension": [{"url": ABSENT, "valueCode": "unknown"}]},
    )
] + [
    ({"resource": {**{k: v for k, v in SCHWANNOMA.items() if k != "code"}, "Code": SCHWANNOMA["code"]}}, {}),
    (but(resourceType="Conditions"), {}),
    (but(resourceType="condition"), {}),
    ({"Resource": SCHWANNOMA}, {}),
    (TUMOUR, {"link": [{"rel": "next", "href": "http://x/2"}]}),
    (TUMOUR, {"link": [{"relation": "self"}]}),
    (TUMOUR, {"link": ["next"]}),
    (TUMOUR, {"link": {"relation": "next", "url": "http://x/2"}}),
    (TUMOUR, {"total": "1"}),
    (TUMOUR, {"total": True}),
    (TUMOUR, {"type": "history"}),
    (TUMOUR, {"type": ["searchset"]}),
]


@pytest.mark.parametrize(("entry", "bundle"), [*WITHHELD, *SHAPES])
def test_what_is_withheld_or_has_no_shape_is_heard_alike_at_both_doors(entry: Json, bundle: Json) -> None:
    assert not offline(entry, **bundle).complete
    read = asked(entry, **bundle)
    assert read is not None
    assert not read.complete
    assert read.detail == offline(entry, **bundle).detail


@pytest.mark.parametrize(
    ("entry", "bundle"),
    [
        (outcome(severity="information", code="informational"), {}),
        (outcome(severity="warning", code="business-rule"), {}),
        (but(code={"text": "tumour of the back"}), {}),
        (but(code={"coding": [{"display": "tumour of the back"}]}), {}),
        (but(code={"coding": [{"system": IPS, "code": "no-known-problems"}]}), {}),
        (but(code=None), {}),
        (but(meta={"security": [{"code": "R"}], "tag": [{"code": "actionable"}]}), {}),
        (TUMOUR, {"link": [{"relation": "self", "url": "http://x/1"}, {"relation": "last", "url": "http://x/1"}]}),
        (TUMOUR, {"total": 1}),
        (TUMOUR, {"total": 0}),
        (TUMOUR, {"extension": []}),
        (None, {}),
    ],
)
def test_what_is_whole_is_whole_at_both_doors(entry: Json, bundle: Json) -> None:
    assert offline(entry, **bundle).complete
    read = asked(entry, **bundle)
    assert read is not None
    assert read.complete


@pytest.mark.parametrize("relation", ["next", "Next", " NEXT "])
def test_a_link_to_the_next_page_is_seen_in_any_spelling(relation: str) -> None:
    link = [{"relation": relation, "url": "http://x/2"}]
    assert offline(TUMOUR, link=link).detail == "next-page"
    assert asked(TUMOUR, link=link) is None


def test_by_total_something_is_missing_only_beyond_all_that_came() -> None:
    included = {"resource": {"resourceType": "Encounter", "id": "e", "subject": {"reference": "Patient/42"}}}
    for total, whole in ((1, True), (2, True), (3, False)):
        read = asked(TUMOUR, included, total=total)
        assert read is not None
        assert read.complete is whole


def test_what_belongs_to_another_key_leaves_both_unread() -> None:
    body = call(())
    page = {"resourceType": "Bundle", "type": "searchset", "entry": [TUMOUR]}
    sent = {**body["prefetch"], "procedures": page}
    keys = dict.fromkeys(sent, "X?x")
    reads = read_prefetch(take_in(orjson.dumps({"prefetch": sent}))["prefetch"], keys, "42", signs=SIGNS).reads
    assert {key for key, read in reads.items() if not read.complete} == {"procedures", "conditions"}


@pytest.mark.parametrize("name", ["entries", "Entry", "resources", "resource"])
def test_entries_under_another_name_are_no_empty_answer(name: str) -> None:
    body = call(())
    body["prefetch"]["conditions"] = {"resourceType": "Bundle", "type": "searchset", name: [TUMOUR]}
    assert ask(body).refused == ScopeUndecidable.code


def test_a_section_that_is_empty_for_a_reason_leaves_its_types_unread() -> None:
    reason = {"coding": [{"code": "withheld"}]}
    section = {"code": {"coding": [{"system": "http://loinc.org", "code": "11450-4"}]}, "emptyReason": reason}
    document = {"resourceType": "Composition", "id": "x", "section": [section]}
    assert offline({"resource": document}).detail == "withheld"


def test_no_information_about_drugs_leaves_orders_and_statements_unread() -> None:
    told = {
        "resourceType": "MedicationStatement",
        "id": "m",
        "subject": {"reference": "Patient/42"},
        "medicationCodeableConcept": {"coding": [{"system": IPS, "code": "no-medication-info"}]},
    }
    found = {"resourceType": "Bundle", "type": "document", "entry": [{"resource": PATIENT}, {"resource": told}]}
    reads = read_bundle(found, signs=SIGNS).reads
    assert {k for k, r in reads.items() if not r.complete} == {"medicationRequests", "medicationStatements"}


# ---------------------------------------------------------------------------------------------------- nothing


def _paths(value: Json, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(p for name, inner in pairs for p in _paths(inner, (*path, name)))]


BODY = call(SPEAKING["metastasis, paraplegia and pain"])
HOLDERS = [p for p in _paths(BODY["prefetch"]) if p]


@settings(deadline=None, max_examples=min(50, settings.default.max_examples))
@given(st.data(), st.sampled_from([None, "", {}, [], "  ", [None], [{}], {"a": None}, [[], ""]]))
def test_nothing_beside_anything_changes_nothing(data: st.DataObject, nothing: Json) -> None:
    path = data.draw(st.sampled_from(HOLDERS))
    body = orjson.loads(orjson.dumps(BODY))
    holder = body["prefetch"]
    for step in path:
        holder = holder[step]
    if isinstance(holder, dict):
        holder[
            data.draw(st.sampled_from(["abatementDateTime", "valueString", "modifierExtension", "status2", "link"]))
        ] = nothing
    elif isinstance(holder, list):
        holder.insert(data.draw(st.integers(0, len(holder))), nothing)
    else:
        return
    assert ask(body) == ask(BODY)


def test_null_is_an_answer_of_a_key_and_holds_its_place_beside_an_extension() -> None:
    body = {
        "prefetch": {"conditions": None, "procedures": ""},
        "context": {"x": None},
        "name": {"given": ["a", None], "_given": [None, {"id": "x"}], "prefix": [None], "_prefix": [None]},
    }
    assert take_in(orjson.dumps(body)) == {
        "prefetch": {"conditions": None, "procedures": ""},
        "name": {"given": ["a", None], "_given": [None, {"id": "x"}]},
    }


LEAVES = st.sampled_from([None, "", " ", "a", " a ", 0, False, 1.5])
NESTED = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=3),
    max_leaves=12,
)


@given(NESTED)
def test_what_is_taken_in_is_settled_and_loses_nothing_that_says_something(value: Json) -> None:
    once = take_in(orjson.dumps({"resourceType": "Basic", "x": value}))
    assert take_in(orjson.dumps(once)) == once
    assert sorted(map(repr, _leaves(once))) == sorted(map(repr, _leaves({"resourceType": "Basic", "x": value})))


def _leaves(value: Json) -> list[Any]:
    if isinstance(value, dict | list):
        return [leaf for inner in (value.values() if isinstance(value, dict) else value) for leaf in _leaves(inner)]
    if value is None or (isinstance(value, str) and not value.strip()):
        return []
    return [value.strip() if isinstance(value, str) else value]


def test_what_a_call_says_of_itself_keeps_its_blanks() -> None:
    body = {
        "fhirServer": " https://a.example",
        "fhirAuthorization": {"access_token": "a ", "scope": None},
        "prefetch": {},
    }
    assert take_in(orjson.dumps(body)) == {**body, "fhirAuthorization": {"access_token": "a "}}
    told = {"resourceType": "Parameters", "parameter": [{"name": "fhirServer", "valueUrl": " https://a.example"}]}
    assert take_in(orjson.dumps(told)) == told


@pytest.mark.parametrize("blank", [" ", "\t", "\n", "\u00a0", "\u3000", "\ufeff"])
def test_blanks_around_a_token_are_no_part_of_it(blank: str) -> None:
    resource = {
        **SCHWANNOMA,
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": f"{blank}189948006{blank}"}]},
    }
    assert ask(call((resource,))) == ask(call((SCHWANNOMA,)))
