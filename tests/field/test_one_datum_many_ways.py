"""A datum that charts hold in several places is read from each of them, and says from which where that matters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fhirpath_spine.pathway.facts import Ledger, MiscountError, Way
from tests.field.making import (
    BACK_PAIN,
    BREAST,
    LOINC,
    ME,
    SCT,
    Json,
    ago,
    bundle,
    concept,
    condition,
    local,
    observation,
)
from tests.field.test_families import all_text
from tests.field.test_siblings import explained, verdict

Judge = Callable[[Json], dict[str, Any]]

MORPHOLOGY = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior"
ICD_O = "http://terminology.hl7.org/CodeSystem/icd-o-3"
METASTASIS = condition("m", concept(SCT, "94602001"), 30, bodySite=[local("level-t8")])
CORD_TUMOUR = condition("t", concept(SCT, "126962006"), 30, bodySite=[local("level-t8")])
BENIGN = concept(ICD_O, "9560/0")


def neoplasm(site: Json, morphology: Json) -> Json:
    """A neoplasm of no kind, whose site and morphology say what it is."""
    extension = [{"url": MORPHOLOGY, "valueCodeableConcept": morphology}]
    return condition("g", concept(SCT, "363346000"), 60, bodySite=[site], extension=extension)


def pathways(answer: dict[str, Any]) -> list[str]:
    return [one["id"] for one in answer["pathways"]]


@pytest.mark.parametrize(
    ("behaviour", "pathway"), [("0", "PW-OBSERVE"), ("1", "PW-SUSPECT"), ("3", "PW-SUSPECT"), ("6", "PW-METS")]
)
def test_a_neoplasm_at_the_spine_is_placed_by_the_behaviour_of_its_morphology(
    judged: Judge, behaviour: str, pathway: str
) -> None:
    entry = neoplasm(local("level-t8"), concept(ICD_O, f"8500/{behaviour}"))
    assert pathways(judged(bundle(entry, condition("p", BACK_PAIN, 10)))) == [pathway]


def test_a_neoplasm_elsewhere_is_an_own_cancer_by_its_morphology(judged: Judge) -> None:
    entry = neoplasm(concept(SCT, "80248007", "Left breast"), concept(SCT, "82711006"))
    answer = judged(bundle(entry, condition("p", BACK_PAIN, 10)))
    assert pathways(answer) == ["PW-SUSPECT"]
    assert "Own cancer" in explained(answer)


def test_a_histology_is_read_from_the_panel_of_the_registries(judged: Judge) -> None:
    told = observation("h", concept(LOINC, "31206-6"), 5, valueCodeableConcept=BENIGN, bodySite=local("level-t8"))
    assert pathways(judged(bundle(CORD_TUMOUR))) == ["PW-PRIMARY"]
    assert pathways(judged(bundle(CORD_TUMOUR, told))) == ["PW-OBSERVE"]


def test_a_stage_group_is_shown_and_an_m1_is_a_distant_disease(judged: Judge) -> None:
    group = observation("s", concept(LOINC, "21908-9"), 20, valueCodeableConcept=concept(LOINC, "LA3651-2", "Stage IV"))
    in_entry = condition("c", BREAST, 400, stage=[{"summary": concept(LOINC, "LA3651-2", "Stage IV")}])
    for chart in (bundle(METASTASIS, condition("c", BREAST, 400), group), bundle(METASTASIS, in_entry)):
        told = explained(judged(chart))
        assert "Stage IV" in told
        assert "not read as distant disease" in told


def test_a_performance_status_from_karnofsky_says_so(judged: Judge) -> None:
    told = observation("k", concept(LOINC, "89243-0"), 5, valueInteger=40)
    answer = judged(bundle(METASTASIS, told))
    assert verdict(answer, "R-PAL-01") == "recommended"
    assert "ECOG 3 is read from Karnofsky 40" in explained(answer)


def test_an_ecog_of_its_own_goes_before_karnofsky(judged: Judge) -> None:
    own = observation("e", concept(LOINC, "89247-1"), 6, valueInteger=1)
    answer = judged(bundle(METASTASIS, own, observation("k", concept(LOINC, "89243-0"), 5, valueInteger=40)))
    assert "is read from Karnofsky" not in explained(answer) + all_text(answer)
    assert verdict(answer, "R-PAL-01") == "not-applicable"


def test_chemotherapy_that_was_given_is_read(judged: Judge) -> None:
    given = {
        "resourceType": "MedicationAdministration",
        "id": "g",
        "status": "completed",
        "subject": ME,
        "effectiveDateTime": ago(5),
        "medicationCodeableConcept": concept("http://www.nlm.nih.gov/research/umls/rxnorm", "2555"),
    }
    pain = observation("s", concept(LOINC, "72514-3"), 1, valueInteger=6)
    assert "isplatin" in explained(judged(bundle(METASTASIS, pain, given)))
    assert "isplatin" not in explained(judged(bundle(METASTASIS, pain, {**given, "status": "not-done"})))


# ---------------------------------------------------------------------------------------------------- the ledger


def test_each_resource_is_counted_once_by_the_worst_of_its_ways() -> None:
    ledger = Ledger()
    ledger.add("Condition", (Way.READ, Way.ELSEWHERE))
    ledger.add("Condition", (Way.READ, Way.REJECTED, Way.NOT_RECOGNISED))
    ledger.add("Observation", ())
    assert ledger.by_way() == {"rejected": 1, "read": 1, "elsewhere": 1}
    assert ledger.by_type()["Condition"] == {"rejected": 1, "read": 1}
    ledger.check(3)


def test_a_resource_that_was_dropped_or_counted_twice_is_an_error() -> None:
    ledger = Ledger()
    ledger.add("Condition", (Way.READ,))
    for taken in (0, 2):
        with pytest.raises(MiscountError):
            ledger.check(taken)
