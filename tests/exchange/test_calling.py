"""A call as an EHR builds it: tokens filled in, pages put together, no token in what is kept."""

from __future__ import annotations

from datetime import date

import pytest

from fhirpath_spine.exchange.ehr_side import Occasion, whole, with_token, without_token
from fhirpath_spine.exchange.incoming import parse_request

DAY = date(2026, 6, 15)
CANARY = "canary4711"


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("Patient/{{context.patientId}}", "Patient/p1"),
        ("Patient/{{ context.patientId }}", "Patient/p1"),
        ("Practitioner/{{userPractitionerId}}", "Practitioner/7"),
        ("Patient/{{userPatientId}}", None),
        ("Encounter/{{context.encounterId}}", None),
        ("Observation?date=ge{{today()}}", "Observation?date=ge2026-06-15"),
        ("Observation?date=ge{{today() - 90 days}}", "Observation?date=ge2026-03-17"),
        ("Observation?date=le{{today()+1 day}}", "Observation?date=le2026-06-16"),
        ("Medication/{{%patient.id}}", None),
        ("Patient?_id=a", "Patient?_id=a"),
    ],
)
def test_tokens_are_filled_or_the_key_is_left_out(template: str, filled: str | None) -> None:
    assert Occasion("patient-view", "p1", "Practitioner/7", DAY).fill(template) == filled


def test_the_body_is_one_that_the_service_reads() -> None:
    occasion = Occasion("patient-view", "p1", "Practitioner/7", DAY, "https://a.example/fhir", "", CANARY)
    found = parse_request(occasion.request("i1", {"conditions": {"resourceType": "Bundle"}}), "patient-view")
    assert (found.patient, found.server, found.user) == ("p1", "https://a.example/fhir", "Practitioner/7")
    assert found.access is not None
    assert found.access.token == CANARY
    assert CANARY not in repr(occasion)


def test_what_is_kept_holds_no_token_and_can_get_another() -> None:
    request = Occasion("patient-view", "p1", "u/1", DAY, "https://a.example/fhir", "", CANARY).request("i1", {})
    kept = without_token(request)
    assert CANARY not in str(kept)
    again = parse_request(with_token(kept, "other"), "patient-view")
    assert again.access is not None
    assert again.access.token == "other"
    assert with_token(kept, "") == kept


def test_pages_become_one_bundle_without_a_next_link() -> None:
    pages = [
        {"resourceType": "Bundle", "total": 3, "entry": [1, 2], "link": [{"relation": "next", "url": "x"}]},
        {"resourceType": "Bundle", "entry": [3]},
    ]
    assert whole(pages) == {"resourceType": "Bundle", "type": "searchset", "total": 3, "entry": [1, 2, 3]}
