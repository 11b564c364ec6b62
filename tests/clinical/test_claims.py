"""Each claim that drives something fires on a chart, and not on the same chart without its trigger (rulings 9).

A claim fires where a recommended verdict carries it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from fhirpath_spine.pathway.model import Site
from tests.clinical.clinical_kit import (
    Json,
    Judged,
    added,
    bundle,
    concept,
    day,
    judge_bundle,
    judged,
    library,
    observation,
    site,
    without,
)

SNOMED, ICD = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm"

TRIGGERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # claims, the case in which they fire, the resources without which they do not
    ("B30 P26", "C01", ("Condition/c01-cond-4",)),
    ("E3", "C05", ("Condition/c05-cond-4",)),
    ("P21 B26", "C05", ("Observation/c05-obs-10",)),
    ("B16 P13 T20 B31 T21", "C07", ("Condition/c07-cond-2",)),
    ("N4 N3", "C09", ("Observation/c09-obs-12",)),
    ("T12", "C11", ("Condition/c11-cond-2",)),
    ("N6 N7", "C11", ("Observation/c11-obs-8",)),
    ("T18", "C13", ("Condition/c13-cond-1",)),
    ("N12", "C13", ("Observation/c13-obs-6",)),
    ("P22 B27", "C13", ("Observation/c13-obs-7",)),
    ("N10 N9", "C15", ("Condition/c15-cond-3",)),
    ("N17", "C15", ("MedicationRequest/c15-med-1",)),
    ("N23 N22", "C15", ("Procedure/c15-proc-1",)),
    ("N29 N31 N30", "C17", ("Procedure/c17-proc-1",)),
    ("T4 B22 T5 T6", "C19", ("Observation/c19-obs-4",)),
    ("T14", "C19", ("Observation/c19-obs-8",)),
    ("P17 B19 T1 P19 B24 T15 T2", "C21", ("Condition/c21-cond-2",)),
    ("P18", "C21", ("Observation/c21-obs-10",)),
    ("E4", "C23", ("Condition/c23-cond-6",)),
    ("E6 E7 E12", "C23", ("Observation/c23-obs-2",)),
    (
        "T8",
        "C23",
        (
            "Observation/c23-obs-2",
            "Observation/c23-obs-8",
        ),
    ),
    ("T23", "C25", ("Condition/c25-cond-2",)),
    (
        "B28 T24 T25",
        "C25",
        (
            "Observation/c25-obs-3",
            "Observation/c25-obs-4",
        ),
    ),
    ("T13", "C25", ("Observation/c25-obs-4",)),
    ("T29", "C27", ("Observation/c27-obs-1",)),
    ("B11 P6 P2 P25 B14", "C31", ("Condition/c31-cond-3",)),
    ("P14 B5", "C31", ("Condition/c31-cond-5",)),
    ("B17 P15 P16 B18", "C31", ("Observation/c31-obs-8",)),
    (
        "P10 B1",
        "C33",
        (
            "Observation/c33-obs-1",
            "Condition/c33-cond-3",
        ),
    ),
    ("P5 B6", "C33", ("Observation/c33-obs-3",)),
    (
        "B20",
        "C35",
        (
            "Condition/c35-cond-2",
            "Observation/c35-obs-4",
        ),
    ),
    (
        "P7 B13 B12 B29 T10",
        "C35",
        (
            "Condition/c35-cond-2",
            "Observation/c35-obs-7",
        ),
    ),
    ("T34 T35 N2 N18 B32", "C37", ("Condition/c37-cond-1",)),
    (
        "N15 N14",
        "C37",
        (
            "Observation/c37-obs-2",
            "Condition/c37-cond-2",
        ),
    ),
)


def operation(when: str, code: str, level: str) -> Json:
    return {
        "resourceType": "Procedure",
        "id": "new-operation",
        "status": "completed",
        "code": concept(code),
        "performedDateTime": when,
        "bodySite": [concept(level)],
    }


CORD_TUMOUR = {
    "resourceType": "Condition",
    "id": "new-tumour",
    "clinicalStatus": concept("active", system="http://terminology.hl7.org/CodeSystem/condition-clinical"),
    "verificationStatus": concept("confirmed", system="http://terminology.hl7.org/CodeSystem/condition-ver-status"),
    "code": concept("424334007", system=SNOMED),
    "bodySite": [concept("level-t9")],
    "onsetDateTime": "2026-04-01",
}
MENINGIOMA = {
    **CORD_TUMOUR,
    "id": "new-meningioma",
    "code": concept("D32.1", system=ICD),
    "bodySite": [concept("level-t3")],
}
VARIANT = observation(
    "new-variant",
    concept("69548-6", system="http://loinc.org"),
    "2026-06-01",
    level="level-t6",
    valueCodeableConcept=concept("variant-detected"),
    component=[
        {"code": concept("48018-6", system="http://loinc.org"), "valueCodeableConcept": concept("gene-kit")},
        {"code": concept("genomic-source"), "valueCodeableConcept": concept("somatic")},
    ],
)
STABLE = observation(
    "new-stability", "spine-stability", "2026-06-01", level="level-t7", valueCodeableConcept=concept("spine-stable")
)
APPROVED = observation("new-approval", "physician-approval-of-exercise", "2026-06-01", valueBoolean=True)
SMALLER = observation(
    "new-size",
    concept("33728-7", system="http://loinc.org"),
    "2025-11-20",
    level="level-t3",
    valueQuantity={"value": 7, "unit": "mm", "system": "http://unitsofmeasure.org", "code": "mm"},
)
LARGER = {
    **SMALLER,
    "id": "new-size-later",
    "effectiveDateTime": "2026-05-20",
    "valueQuantity": {**SMALLER["valueQuantity"], "value": 11},
}
RESIDUAL = observation("new-residual", "residual-tumour", "2026-06-05", level="level-t6", valueBoolean=True)
UNSTABLE = observation(
    "new-stability", "spine-stability", "2026-06-01", level="level-t7", valueCodeableConcept=concept("spine-unstable")
)
FIT = observation("new-fitness", "fit-for-open-surgery", "2026-06-10", valueBoolean=True)

ADDITIONS: tuple[tuple[str, str, tuple[Json, ...], tuple[Json, ...]], ...] = (
    # claims, a case, what is added to it either way, and the trigger: what is added besides for them to fire
    ("N8", "C09", (STABLE,), (operation("2026-06-01", "gross-total-resection", "level-t7"),)),
    ("N16", "C13", (), (VARIANT,)),
    ("N28", "C17", (STABLE,), (APPROVED,)),
    ("N28", "C17", (APPROVED,), (STABLE,)),
    ("T7 T31 B23", "C13", (RESIDUAL,), (operation("2026-06-01", "subtotal-resection", "level-t6"),)),
    ("T16", "C03", (), (CORD_TUMOUR,)),
    ("T22", "C07", (MENINGIOMA, LARGER), (SMALLER,)),
    ("T33", "C21", (), (operation("2026-06-01", "corpectomy-and-stabilisation", "level-t7"),)),
    ("P20", "C21", (FIT,), (UNSTABLE,)),
)

APPROVING = {"N16": replace(site(), variants=("KIT",))}
"""No variant is approved as a target by what ships; a site approves them."""

ABSENCES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # claims that a gap drives, a case, and what fills the gap there: without it they fire
    ("P8 P12 B15", "C01", ("Observation/c01-obs-8", "Observation/c01-obs-9")),
)


@pytest.mark.parametrize(("claims", "case", "trigger"), TRIGGERS, ids=lambda v: v if isinstance(v, str) else "")
def test_a_claim_fires_and_does_not_without_its_trigger(claims: str, case: str, trigger: tuple[str, ...]) -> None:
    assert set(claims.split()) <= judged(case).claims
    assert not set(claims.split()) & judge_bundle(without(bundle(case), trigger), day(case)).claims


def told(case: str, claims: str, *resources: Json) -> Judged:
    place: Site = APPROVING.get(claims, site())
    return judge_bundle(added(bundle(case), *resources), day(case), at_site=place)


@pytest.mark.parametrize(
    ("claims", "case", "given", "trigger"), ADDITIONS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_a_claim_fires_with_its_trigger_added(
    claims: str, case: str, given: tuple[Json, ...], trigger: tuple[Json, ...]
) -> None:
    assert not set(claims.split()) & told(case, claims, *given).claims
    assert set(claims.split()) <= told(case, claims, *given, *trigger).claims


@pytest.mark.parametrize(("claims", "case", "filling"), ABSENCES, ids=lambda v: v if isinstance(v, str) else "")
def test_a_claim_that_a_gap_drives_fires_with_the_gap(claims: str, case: str, filling: tuple[str, ...]) -> None:
    assert not set(claims.split()) & judged(case).claims
    assert set(claims.split()) <= judge_bundle(without(bundle(case), filling), day(case)).claims


def test_every_driving_claim_that_a_pathway_can_carry_is_in_a_table() -> None:
    driving = {id_ for id_, claim in library().claims.items() if claim.use == "drive"}
    shown = {
        c.id
        for p in library().pathways
        for u in p.uses
        for c in u.recommendation.claims
        if not u.recommendation.suppressed and not u.recommendation.unreachable
    }
    tested = {c for row in (*TRIGGERS, *ADDITIONS, *ABSENCES) for c in row[0].split()}
    assert tested <= driving
    assert driving & shown - tested == set()
