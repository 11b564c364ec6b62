"""An allergy to something else is known and elsewhere; one that nobody recognises is named, and asked about before an NSAID."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.field.making import LOINC, ME, SCT, Json, bundle, concept, condition, local, observation

Judge = Callable[[Json], dict[str, Any]]
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
PAIN = observation("pain", concept(LOINC, "72514-3"), 2, valueInteger=4)
TUMOUR = condition("t", concept(SCT, "189948006", "Schwannoma"), 50, bodySite=[local("level-t8")])
KNOWN = {
    "penicillin": concept(SCT, "91936005"),
    "penicillin, the substance": concept(SCT, "373270004"),
    "cephalosporin": concept(SCT, "764147003"),
    "sulfonamide": concept(SCT, "372788003"),
    "latex": concept(SCT, "111088007"),
    "latex, the finding": concept(SCT, "300916003"),
    "peanut": concept(SCT, "91935009"),
    "shellfish": concept(SCT, "735029006"),
    "contrast medium": concept(SCT, "293637006"),
    "iodinated contrast medium": concept(SCT, "426722004"),
    "opioid": concept(RXNORM, "7052"),
}
UNKNOWN = {
    "an own code": concept("http://hospital.example/codes", "1", "Blue tablets"),
    "words": {"text": "Blue tablets"},
}


def allergy(code: Json) -> Json:
    clinical = concept("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active")
    return {"resourceType": "AllergyIntolerance", "id": "a", "patient": ME, "clinicalStatus": clinical, "code": code}


def nsaid(answer: dict[str, Any]) -> tuple[str, bool]:
    """The status of the NSAID option, and whether it waits for an allergy that is not recognised."""
    verdict = next(v for v in answer["verdicts"] if v["id"] == "R-PAIN-04")
    return verdict["status"], any("not recognised" in str(m) for m in verdict.get("missing", []))


@pytest.mark.parametrize("code", KNOWN.values(), ids=KNOWN)
def test_a_known_other_allergy_changes_nothing(judged: Judge, code: Json) -> None:
    with_it, without = judged(bundle(TUMOUR, PAIN, allergy(code))), judged(bundle(TUMOUR, PAIN))
    assert nsaid(with_it) == nsaid(without) != ("needs-data", True)


@pytest.mark.parametrize("code", UNKNOWN.values(), ids=UNKNOWN)
def test_one_that_nobody_recognises_is_asked_about(judged: Judge, code: Json) -> None:
    answer = judged(bundle(TUMOUR, PAIN, allergy(code)))
    assert nsaid(answer) == ("needs-data", True)
    assert "Blue tablets" in str(answer["explanation"])


def test_the_general_statement_of_a_drug_allergy_is_not_known_to_be_another(judged: Judge) -> None:
    assert nsaid(judged(bundle(TUMOUR, PAIN, allergy(concept(SCT, "416098002")))))[1]


def test_an_allergy_to_an_nsaid_blocks_as_before(judged: Judge) -> None:
    assert nsaid(judged(bundle(TUMOUR, PAIN, allergy(concept(RXNORM, "5640")))))[0] == "blocked"
