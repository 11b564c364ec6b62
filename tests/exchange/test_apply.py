"""What ``$apply`` asks for, and how it answers where there is no plan."""

from __future__ import annotations

import pytest

from fhirpath_spine.errors import BodyTooLarge, NothingToPropose, PreconditionError, RequestError
from fhirpath_spine.exchange.fhir import ApplyRequest, applied, from_parameters, from_query
from fhirpath_spine.pathway.decision import Status
from tests.kit import decisions as make

CANARY = "canary4711"


def listed(**parts: str) -> dict[str, object]:
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "subject", "valueReference": {"reference": "Patient/p1"}},
            {"name": "fhirServer", "valueUrl": "https://a.example/fhir"},
            *({"name": name, "valueString": value} for name, value in parts.items()),
        ],
    }


def test_the_token_of_the_body_is_that_of_the_server() -> None:
    asked = from_parameters(listed(accessToken="inner"))
    assert (asked.patient, asked.server) == ("p1", "https://a.example/fhir")
    assert asked.access is not None
    assert asked.access.token == "inner"
    assert asked.as_call().access == asked.access


def test_without_one_the_server_is_asked_without() -> None:
    assert from_parameters(listed()).access is None
    assert from_query([("subject", "p1"), ("fhirServer", "https://a.example/fhir")]).access is None


def test_a_token_in_an_address_is_refused_without_repeating_it() -> None:
    with pytest.raises(RequestError, match="revoked") as caught:
        from_query([("subject", "p1"), ("fhirServer", "https://a.example/fhir"), ("access_token", CANARY)])
    assert CANARY not in str(caught.value)


def test_neither_token_nor_chart_are_shown() -> None:
    assert CANARY not in repr(from_parameters(listed(accessToken=CANARY)))
    assert CANARY not in repr(ApplyRequest("p1", {"resourceType": CANARY}))


def test_a_chart_has_its_limit() -> None:
    with pytest.raises(BodyTooLarge):
        ApplyRequest("p1", {"resourceType": "Bundle", "entry": [{}] * 3}).chart(2)


def test_where_nothing_is_due_the_counts_are_said() -> None:
    decision = make.decision(make.planned(make.verdict(status=Status.BLOCKED)))
    with pytest.raises(NothingToPropose, match="1 blocked"):
        applied(decision, "PW-DEMO", "d", make.wording())


def test_where_something_was_not_read_nothing_is_not_the_answer() -> None:
    decision = make.decision(make.planned(make.verdict(status=Status.NEEDS_DATA)), unread=(make.not_read(),))
    with pytest.raises(PreconditionError, match="conditions: the EHR did not send it") as caught:
        applied(decision, "PW-DEMO", "d", make.wording())
    assert not isinstance(caught.value, NothingToPropose)


@pytest.mark.parametrize("name", ["subject", "fhirServer", "accessToken"])
def test_what_is_given_twice_is_refused(name: str) -> None:
    body = listed(accessToken="inner")
    body["parameter"].append({"name": name, "valueString": CANARY})
    with pytest.raises(RequestError, match=f"more than one {name}") as caught:
        from_parameters(body)
    assert CANARY not in str(caught.value)
    with pytest.raises(RequestError, match="more than one subject"):
        from_query([("subject", "p1"), ("subject", "p2"), ("fhirServer", "https://a.example/fhir")])
