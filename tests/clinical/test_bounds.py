"""A card is read in half a minute: its bounds hold for every case and invented patient."""

from __future__ import annotations

import re

import pytest

from fhirpath_spine.exchange import EXTENSION
from tests.clinical.weighing import Weighed, documents, names, weigh_all

NAMES = names()
INNER = re.compile(
    r"\bR-[A-Z]+-\d\d\b|DEFAULT|overlay|the documents|\bseed\b|(?:Condition|Observation)/|[0-9a-f]{8}-[0-9a-f]{4}-"
)


def test_every_case_and_patient_is_inside_the_bounds() -> None:
    weighed = weigh_all(documents().items())
    assert weighed.beyond == []
    assert tuple(documents()) == NAMES
    assert (weighed.patients, weighed.without_action) == (len(NAMES), 0)


def test_what_is_beyond_a_bound_is_named() -> None:
    weighed = Weighed()
    source = {"topic": {"code": "PWDEMOinfo"}}
    weighed.add("one", {"cards": [{"detail": "x" * 1501, "summary": "y" * 111, "source": source, "suggestions": [{}]}]})
    weighed.close()
    assert len(weighed.beyond) == 4


@pytest.mark.parametrize("name", NAMES)
def test_a_card_holds_no_id_no_path_and_nothing_of_how_it_was_made(name: str) -> None:
    for card in documents()[name]["cards"]:
        assert not INNER.search(f"{card['summary']}\n{card['detail']}")


@pytest.mark.parametrize("name", NAMES)
def test_the_first_line_of_a_detail_names_the_weightiest_step(name: str) -> None:
    for card in documents()[name]["cards"]:
        told = card["extension"][EXTENSION].get("verdicts", [])
        if any(v["status"] == "recommended" for v in told):
            assert card["detail"].startswith("- **")


@pytest.mark.parametrize("name", NAMES)
def test_a_step_with_an_activity_is_offered_up_to_three_a_card(name: str) -> None:
    for card in documents()[name]["cards"]:
        kinds = [a["resource"]["resourceType"] for s in card.get("suggestions", ()) for a in s["actions"]]
        assert len(kinds) == len(card.get("suggestions", ()))
        assert kinds.count("ServiceRequest") <= 3


@pytest.mark.parametrize(
    ("name", "summary"),
    [
        (
            "06-emergency-known-metastasis",
            "Possible cord compression, weakness since 12 June: MRI and spinal surgery now",
        ),
        (
            "17-tumour-with-observations-unreadable",
            "Cord compression not excluded: neurological findings could not be read",
        ),
        (
            "15-contradicting-resectability",
            "Schwannoma T4: statements on resectability contradict each other (2 and 9 June)",
        ),
        ("09-schwannoma-safely-resectable", "Schwannoma T8, safely resectable: discuss complete resection"),
        (
            "10-dumbbell-no-resectability-statement",
            "Neurofibroma T6-T7: surgical options wait for resectability statement",
        ),
        ("01-red-flags-not-imaged", "Back pain at night after breast cancer: MRI of the spine"),
    ],
)
def test_the_summary_says_the_weightiest_finding_and_what_it_asks_for(name: str, summary: str) -> None:
    assert documents()[name]["cards"][0]["summary"] == summary
