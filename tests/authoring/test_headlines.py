"""What a card says first: each recommendation that ships has a sentence for each way in which it can show."""

from __future__ import annotations

import re

import pytest

from fhirpath_spine.pathway.model import Recommendation
from fhirpath_spine.pathway.sentences import SUMMARY, longest
from tests.kit.content import library

ALL = {u.recommendation.id: u.recommendation for p in library().pathways for u in p.uses}


@pytest.mark.parametrize("one", ALL.values(), ids=ALL)
def test_each_recommendation_has_a_headline_that_always_can_be_said_and_fits(one: Recommendation) -> None:
    assert one.headline
    for sentences in (one.headline, one.ask, one.against):
        assert all(longest(sentence) <= SUMMARY for sentence in sentences)
        assert all(isinstance(part, str) for part in (sentences[-1].parts if sentences else ()))


def test_no_headline_orders_a_drug_names_a_dose_or_an_id() -> None:
    said = [str(sentence.source) for one in ALL.values() for sentence in (*one.headline, *one.ask, *one.against)]
    assert len(ALL) == 79
    assert not [s for s in said if re.search(r"imatinib|etoposide| mg\b|DEFAULT|R-[A-Z]", s)]
