"""What scopes let be read, in both spellings of SMART, and what a token says of itself."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from fhirpath_spine.errors import RequestError
from fhirpath_spine.exchange.ehr_side import read_token, uncovered

TYPES = ("Patient", "Condition")


def jwt(payload: Any) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in ({"alg": "ES384"}, payload)]
    return ".".join([*parts, "c2lnbmF0dXJl"])


@pytest.mark.parametrize(
    "scope",
    [
        "patient/Patient.rs patient/Condition.rs",
        "patient/*.rs",
        "user/*.cruds",
        "system/*.*",
        "launch openid patient/*.read fhirUser",
        "user/Patient.Read user/Condition.Read",
        "patient/Patient.r patient/Condition.s",
        "patient/*.rs patient/Condition.rs?category=problem-list-item",
    ],
)
def test_scopes_that_cover_everything(scope: str) -> None:
    assert uncovered(scope, TYPES) == {}


@pytest.mark.parametrize(
    ("scope", "lacking"),
    [
        ("", {"Patient": False, "Condition": False}),
        ("patient/Patient.rs", {"Condition": False}),
        ("patient/*.write", {"Patient": False, "Condition": False}),
        ("patient/*.r", {"Condition": False}),
        ("patient/*.s", {"Patient": False}),
        ("patient/Patient.rs patient/Condition.rs?category=problem-list-item", {"Condition": True}),
        ("patient/Conditions.rs patient/Patient.rs", {"Condition": False}),
        ("EPIC.FHIR.R4.Condition patient/Patient.rs", {"Condition": False}),
        ("patient/Condition.sr patient/Patient.rs", {"Condition": False}),
    ],
)
def test_what_scopes_leave_out_and_whether_a_part_is_there(scope: str, lacking: dict[str, bool]) -> None:
    assert uncovered(scope, TYPES) == lacking


def test_a_token_response_says_scope_and_patient() -> None:
    text = json.dumps({"access_token": "abc", "scope": "patient/*.rs", "patient": "p1", "expires_in": 300})
    found = read_token(f" {text}")
    assert (found.value, found.scope, found.patient, found.expires) == ("abc", "patient/*.rs", "p1", None)


def test_a_signed_token_says_scope_and_end() -> None:
    found = read_token(jwt({"scope": "patient/*.rs", "exp": 1_700_000_000, "patient": "p1"}))
    assert (found.scope, found.expires, found.patient) == ("patient/*.rs", 1_700_000_000.0, "p1")
    assert read_token(jwt({"scp": ["patient/*.rs", "openid"]})).scope == "patient/*.rs openid"


@pytest.mark.parametrize("text", ["", "opaque", "a.b", "a.b.c", "a.!!.c", jwt([1]), jwt({"scope": 7, "exp": "soon"})])
def test_a_token_that_says_nothing_is_taken_as_it_is(text: str) -> None:
    found = read_token(text)
    assert (found.value, found.scope, found.expires, found.patient) == (text, None, None, "")


@pytest.mark.parametrize("text", ["{}", "{", '{"access_token": 7}', '{"access_token": ""}', '{"scope": "x"}'])
def test_a_response_without_a_token_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="no access_token"):
        read_token(text)


def test_no_token_shows_in_its_words() -> None:
    found = read_token(json.dumps({"access_token": "canary", "patient": "canary-2"}))
    assert "canary" not in repr(found)
