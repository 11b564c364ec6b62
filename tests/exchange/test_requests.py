"""The request of a hook: strict where an error would harm, tolerant where clients differ (REQ, HOOK and TOL lines)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.errors import PatientMismatch, RequestError, SpineError
from fhirpath_spine.exchange.incoming import HookRequest, parse_request

HOOK = "patient-view"


def body(**changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "hook": HOOK,
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "p1", "encounterId": "e1"},
        "prefetch": {"patient": {"resourceType": "Patient", "id": "p1"}},
        **changes,
    }
    return {k: v for k, v in whole.items() if v is not ...}


def test_a_plain_request_is_read() -> None:
    request = parse_request(body(fhirServer="https://ehr.example/fhir"), HOOK)
    assert (request.patient, request.user, request.encounter) == ("p1", "Practitioner/1", "e1")
    assert (request.server, request.access, request.audience) == ("https://ehr.example/fhir", None, "clinician")


@pytest.mark.parametrize(
    ("changes", "expression"),
    [
        ({"hook": ...}, "hook"),
        ({"hook": 1}, "hook"),
        ({"hook": "order-sign"}, "hook"),
        ({"hookInstance": ...}, "hookInstance"),
        ({"hookInstance": ""}, "hookInstance"),
        ({"context": ...}, "context"),
        ({"context": []}, "context"),
        ({"context": {}}, "context.patientId"),
        ({"context": {"patientId": 1}}, "context.patientId"),
        ({"context": {"patientId": "../../Group/1"}}, "context.patientId"),
        ({"context": {"patientId": "1?_include=*"}}, "context.patientId"),
        ({"context": {"patientId": "1%2f.."}}, "context.patientId"),
        ({"context": {"patientId": ".."}}, "context.patientId"),
        ({"context": {"patientId": "Patient/"}}, "context.patientId"),
        ({"prefetch": []}, "prefetch"),
        ({"fhirServer": 1}, "fhirServer"),
        ({"fhirAuthorization": "x"}, "fhirAuthorization"),
        ({"fhirAuthorization": {"access_token": "t"}}, "fhirServer"),
        ({"fhirServer": "https://a", "fhirAuthorization": {}}, "fhirAuthorization.access_token"),
    ],
)
def test_what_is_missing_or_wrong_is_named(changes: dict[str, Any], expression: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_request(body(**changes), HOOK)
    assert caught.value.expression == expression
    assert caught.value.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"hookInstance": "12345"},
        {"prefetch": ...},
        {"prefetch": None},
        {"prefetch": {}},
        {"fhirAuthorization": None},
        {"context": {"patientId": "Patient/p1"}},
        {"context": {"patientId": "p1", "userId": None, "encounterId": None, "unknown": {"x": []}}},
        {"context": {"patientId": "p1", "userId": 7}},
        {"user": "Practitioner/1234", "extension": {"com.vendor": {}}},
        {"fhirServer": "http://a", "fhirAuthorization": {"access_token": "t", "expires_in": "3600", "scope": ""}},
    ],
)
def test_what_real_clients_send_is_accepted(changes: dict[str, Any]) -> None:
    assert parse_request(body(**changes), HOOK).patient == "p1"


@pytest.mark.parametrize(
    ("changes", "expression"),
    [
        ({"access_token": ""}, "access_token"),
        ({"access_token": "a\r\nX: 1"}, "access_token"),
        ({"access_token": "a b"}, "access_token"),
        ({"access_token": "x" * 8193}, "access_token"),
        ({"token_type": "mac"}, "token_type"),
        ({"token_type": None}, "token_type"),
        ({"expires_in": "soon"}, "expires_in"),
        ({"expires_in": True}, "expires_in"),
        ({"expires_in": 1.5}, "expires_in"),
    ],
)
def test_a_token_that_cannot_be_used_is_refused_by_name(changes: dict[str, Any], expression: str) -> None:
    granted = {"access_token": "t", "token_type": "Bearer", "expires_in": 300, **changes}
    with pytest.raises(RequestError) as caught:
        parse_request(body(fhirServer="https://a", fhirAuthorization=granted), HOOK)
    assert caught.value.expression == f"fhirAuthorization.{expression}"


@pytest.mark.parametrize(
    "changes", [{"token_type": "bearer"}, {"token_type": ...}, {"expires_in": "3600"}, {"expires_in": ...}]
)
def test_a_token_is_taken_as_real_clients_send_it(changes: dict[str, Any]) -> None:
    granted = {"access_token": "t", "token_type": "Bearer", "expires_in": 300, **changes}
    granted = {k: v for k, v in granted.items() if v is not ...}
    assert parse_request(body(fhirServer="https://a", fhirAuthorization=granted), HOOK).access is not None


@pytest.mark.parametrize("user", ["Patient/p1", "RelatedPerson/r1", "https://ehr.example.org/fhir/Patient/p1"])
def test_a_patient_or_relative_is_no_clinician(user: str) -> None:
    assert parse_request(body(context={"patientId": "p1", "userId": user}), HOOK).audience == "patient"


@pytest.mark.parametrize("named", [..., None, ""])
def test_a_user_beside_the_context_is_read_where_the_context_names_none(named: Any) -> None:
    context = {k: v for k, v in {"patientId": "p1", "userId": named}.items() if v is not ...}
    assert parse_request(body(context=context, user="Patient/p1"), HOOK).audience == "patient"
    assert parse_request(body(user="Patient/p1"), HOOK).user == "Practitioner/1"


def test_a_token_for_another_patient_refuses_the_call() -> None:
    granted = {"access_token": "t", "patient": "p2"}
    with pytest.raises(PatientMismatch):
        parse_request(body(fhirServer="https://a", fhirAuthorization=granted), HOOK)


def test_a_token_is_never_shown() -> None:
    request = parse_request(body(fhirServer="https://a", fhirAuthorization={"access_token": "tok-4711"}), HOOK)
    assert request.access is not None
    assert request.access.token == "tok-4711"
    assert "4711" not in repr(request)
    assert "4711" not in f"{request.access.token!r}"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
MUTATED = st.fixed_dictionaries(
    {},
    optional={
        "hook": st.just(HOOK) | JSON,
        "hookInstance": st.just("i") | JSON,
        "context": st.fixed_dictionaries({"patientId": st.just("p") | JSON}, optional={"userId": JSON}) | JSON,
        "prefetch": JSON,
        "fhirServer": JSON,
        "fhirAuthorization": st.fixed_dictionaries({"access_token": JSON}, optional={"patient": JSON, "scope": JSON})
        | JSON,
    },
)


@given(MUTATED | JSON)
def test_any_json_is_a_request_or_a_typed_error(value: object) -> None:
    with suppress(SpineError):
        assert isinstance(parse_request(value, HOOK), HookRequest)
