"""The digest over the facts of a call: the same for the same facts, another for others."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirpath_spine.pathway.asking import expressions
from fhirpath_spine.pathway.facts import Chart, Read, canonical, facts_digest
from tests.pathway.pathway_kit import (
    METASTASIS,
    PAIN,
    SCHWANNOMA,
    Json,
    ago,
    condition,
    judge,
    observation,
    patient,
    shipped,
)

ECOG = observation("ecog", "ecog", valueInteger=1)
TOLD: tuple[Json, ...] = (METASTASIS, SCHWANNOMA, PAIN, ECOG)


def _digest(*told: Json, **how: Any) -> str:
    return judge(*told, **how).facts


@given(st.permutations(TOLD))
def test_the_same_facts_have_the_same_digest_in_any_order(told: list[Json]) -> None:
    assert facts_digest(Chart("p1", {}), {r["id"]: r for r in told}) == facts_digest(
        Chart("p1", {}), {r["id"]: r for r in TOLD}
    )


@pytest.mark.parametrize(
    "irrelevant",
    [
        {**condition("x", "diabetes"), "code": {"coding": [{"system": "urn:nobody", "code": "1"}]}},
        {**condition("x", "diabetes"), "code": {"text": "tired"}},
        condition("x", "diabetes", verified="refuted"),
        {**observation("x", "ecog", valueInteger=2), "status": "entered-in-error"},
        observation("x", "ecog", days=-3, valueInteger=2),
    ],
    ids=["unknown-code", "words", "refuted", "entered-in-error", "future"],
)
def test_a_resource_that_no_need_uses_does_not_change_it(irrelevant: Json) -> None:
    assert _digest(*TOLD, irrelevant) == _digest(*TOLD)


@pytest.mark.parametrize(
    "told",
    [
        (*TOLD, condition("x", "diabetes")),
        TOLD[1:],
        (*TOLD[:3], {**ECOG, "valueInteger": 2}),
        (*TOLD[:3], {**ECOG, "effectiveDateTime": ago(4)}),
    ],
    ids=["one-more", "one-less", "another-value", "another-day"],
)
def test_another_fact_changes_it(told: tuple[Json, ...]) -> None:
    assert _digest(*told) != _digest(*TOLD)


SERVED: Json = {
    "meta": {"versionId": "7", "lastUpdated": "2026-06-15T08:00:00Z", "source": "#abc"},
    "text": {"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>words</div>"},
}
"""What a server writes beside the content of a resource."""


def test_what_a_server_writes_beside_the_content_does_not_change_it() -> None:
    assert _digest(*({**r, **SERVED} for r in TOLD)) == _digest(*TOLD)


def test_no_expression_of_the_shipped_profiles_reads_what_the_digest_leaves_out() -> None:
    """If one did, two charts that are judged differently could have one digest."""
    texts = [e.text for e in expressions(shipped())]
    assert len(texts) > 300
    assert [t for t in texts if re.search(r"\bmeta\b|\bdiv\b|(?<!code\.)\btext\b", t)] == []


def test_the_birth_date_counts_since_the_age_is_judged() -> None:
    told = [Chart("p1", {"patient": Read((patient(birthDate=day),))}) for day in ("1990-01-01", "1991-01-01")]
    assert len({facts_digest(one, {}) for one in told}) == 2


def test_what_was_not_read_changes_it() -> None:
    assert _digest(*TOLD, unread=["allergies"]) != _digest(*TOLD)


def test_another_patient_changes_it() -> None:
    assert facts_digest(Chart("p1", {}), {}) != facts_digest(Chart("p2", {}), {})


def test_the_order_of_members_does_not_change_the_bytes_of_a_resource() -> None:
    assert canonical(dict(reversed(METASTASIS.items()))) == canonical(METASTASIS)
