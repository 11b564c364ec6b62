"""500 ordinary charts, and those that by rule may not stay silent: invented, seeded, the same at each run.

An ordinary chart is one of a practice: pain with a plain cause, cancers elsewhere, old deficits, children, pregnancy,
chronic illness. Each is told with the codes that the pathways know, among codes that they do not. A chart that has to
speak adds a red flag of the pathways page (section 2) or a deficit of its section D2 to back pain, and says which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

Json = dict[str, Any]

AT = date(2026, 6, 15)
SEED = 20260615
SCT, ICD = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm"
LOINC, RX = "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
LOCAL = "urn:fhirpath-spine:cs:local"
STATES = {
    "active": "http://terminology.hl7.org/CodeSystem/condition-clinical",
    "confirmed": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
}

# What a practice sees and no pathway reads.
NOISE = [
    (ICD, "I10", "Essential hypertension"), (ICD, "E78.5", "Hyperlipidaemia"), (ICD, "J30.2", "Seasonal rhinitis"),
    (ICD, "K21.9", "Reflux disease"), (ICD, "H26.9", "Cataract"), (SCT, "195967001", "Asthma"),
    (SCT, "66383009", "Gingivitis"), (ICD, "F41.9", "Anxiety disorder"), (SCT, "40055000", "Chronic sinusitis"),
    (SCT, "444814009", "Viral sinusitis"), (ICD, "L30.9", "Dermatitis"), (ICD, "E03.9", "Hypothyroidism"),
    (ICD, "M54.50", "Low back pain"),
]  # fmt: skip
DRUGS = ["29046 lisinopril", "83367 atorvastatin", "7646 omeprazole", "10582 levothyroxine", "161 acetaminophen"]
LABS = [
    ("2160-0", "Creatinine", 80, "umol/L"), ("718-7", "Hemoglobin", 13.5, "g/dL"), ("4548-4", "HbA1c", 5.6, "%"),
    ("777-3", "Platelets", 240, "10*9/L"), ("62238-1", "eGFR", 85, "mL/min/{1.73_m2}"), ("2345-7", "Glucose", 96, "mg/dL"),
]  # fmt: skip
BACK_PAIN = [
    (ICD, "M54.9", "Dorsalgia"), (SCT, "161891005", "Backache"), (ICD, "M54.6", "Pain in thoracic spine"),
    (ICD, "M54.89", "Other dorsalgia"),
]  # fmt: skip
CANCERS = [
    (ICD, "C50.911", "Breast cancer"), (ICD, "C61", "Prostate cancer"), (ICD, "C18.9", "Colon cancer"),
    (SCT, "254637007", "Non-small cell lung cancer"), (SCT, "254837009", "Malignant neoplasm of breast"),
    (ICD, "C64.1", "Kidney cancer"), (ICD, "C43.9", "Melanoma of skin"),
]  # fmt: skip


@dataclass
class Made:
    """One chart under way: its patient and what was written into it."""

    name: str
    random: Random
    resources: list[Json] = field(default_factory=list)
    reason: str = ""
    speaks: str = ""

    def patient(self, low: int, high: int, gender: str = "") -> None:
        born = AT - timedelta(days=self.random.randrange(low * 366, high * 365))
        sex = gender or self.random.choice(["female", "male"])
        self.resources.append(
            {"resourceType": "Patient", "id": self.name, "gender": sex, "birthDate": born.isoformat()}
        )

    def _add(self, kind: str, **fields: Any) -> None:
        subject = {"reference": f"Patient/{self.name}"}
        key = "patient" if kind in ("AllergyIntolerance", "FamilyMemberHistory") else "subject"
        number = len(self.resources)
        self.resources.append({"resourceType": kind, "id": f"{self.name}-{number}", key: subject, **fields})

    def ago(self, low: int, high: int | None = None) -> str:
        """A day between so many days ago."""
        return (AT - timedelta(days=self.random.randint(low, high or low))).isoformat()

    def condition(self, code: tuple[str, str, str], days: tuple[int, int] | None, *, status: str = "active",
                  sure: str = "confirmed", site: tuple[str, str, str] | None = None) -> None:  # fmt: skip
        dated = {"onsetDateTime": self.ago(*days)} if days else {}
        if status != "active" and days:
            dated["abatementDateTime"] = self.ago(1, max(1, days[0] - 1))
        located = {"bodySite": [concept(*site)]} if site else {}
        self._add(
            "Condition",
            clinicalStatus=concept(STATES["active"], status),
            verificationStatus=concept(STATES["confirmed"], sure),
            code=concept(*code),
            **dated,
            **located,
        )

    def observe(self, code: tuple[str, str, str], value: Any, days: tuple[int, int], unit: str = "") -> None:
        told: Json = {"valueBoolean": value} if isinstance(value, bool) else {}
        if isinstance(value, tuple):
            told = {"valueCodeableConcept": concept(*value)}
        elif not told:
            code_ = {"system": "http://unitsofmeasure.org", "code": unit, "unit": unit}
            told = {"valueQuantity": {"value": value, **code_}}
        self._add("Observation", status="final", code=concept(*code), effectiveDateTime=self.ago(*days), **told)

    def procedure(self, code: tuple[str, str, str], days: tuple[int, int]) -> None:
        self._add("Procedure", status="completed", code=concept(*code), performedDateTime=self.ago(*days))

    def drug(self, rxnorm: str) -> None:
        code, _, name = rxnorm.partition(" ")
        drug = concept(RX, code, name)
        self._add("MedicationRequest", status="active", intent="order", medicationCodeableConcept=drug,
                  authoredOn=self.ago(1, 300))  # fmt: skip

    def mri(self, days: tuple[int, int]) -> None:
        self._add("DiagnosticReport", status="final", code=concept(LOINC, "36067-7", "MR Spine"),
                  effectiveDateTime=self.ago(*days))  # fmt: skip

    def family(self, code: tuple[str, str, str]) -> None:
        mother = concept("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "MTH", "mother")
        self._add("FamilyMemberHistory", status="completed", relationship=mother, condition=[{"code": concept(*code)}])

    # ------------------------------------------------------------------ what many charts hold

    def back_pain(self, days: tuple[int, int], severity: int | None = None) -> None:
        self.condition(self.random.choice(BACK_PAIN), days)
        if severity is not None:
            self.observe((LOINC, "72514-3", "Pain severity"), severity, (0, min(7, days[0])), "{score}")

    def examined(self, days: tuple[int, int] = (0, 20)) -> None:
        self.observe(local("neurological-examination"), local("neuro-exam-normal"), days)

    def noise(self) -> None:
        some = self.random
        for code in some.sample(NOISE, some.randint(1, 4)):
            self.condition(code, (30, 3000), status=some.choice(["active", "active", "resolved"]))
        for code, name, value, unit in some.sample(LABS, some.randint(1, 4)):
            self.observe((LOINC, code, name), round(value * some.uniform(0.9, 1.1), 1), (1, 700), unit)
        self.observe((LOINC, "8867-4", "Heart rate"), some.randint(55, 95), (1, 100), "/min")
        for drug in some.sample(DRUGS, some.randint(0, 2)):
            self.drug(drug)
        if some.random() < 0.3:
            self.procedure((SCT, "80146002", "Appendectomy"), (400, 9000))
        if some.random() < 0.2:
            self._add("Condition", clinicalStatus=concept(STATES["active"], "active"), code={"text": "tired, low mood"})

    def bundle(self) -> Json:
        first, *rest = self.resources
        self.random.shuffle(rest)
        return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in (first, *rest)]}


@dataclass(frozen=True)
class Chart:
    """A finished chart. ``speaks`` is the pathway that has to apply, empty where silence is the answer."""

    name: str
    reason: str
    speaks: str
    bundle: Json


Teller = Callable[[Made], None]


def concept(system: str, code: str, display: str = "") -> Json:
    """A CodeableConcept of one coding."""
    return {"coding": [{"system": system, "code": code}], **({"text": display} if display else {})}


def local(code: str) -> tuple[str, str, str]:
    """A code of the service's own system."""
    return LOCAL, code, code.replace("-", " ")


def tell(tellers: dict[str, tuple[str, Teller]], count: int, prefix: str) -> Iterator[Chart]:
    """So many charts, each kind in turn; the same ones whatever else is told."""
    names = list(tellers)
    for number in range(count):
        kind = names[number % len(names)]
        made = Made(f"{prefix}{number:03d}", Random(f"{SEED} {kind} {number}"), reason=kind)  # noqa: S311 - not secret
        made.speaks, teller = tellers[kind]
        teller(made)
        made.noise()
        yield Chart(made.name, made.reason, made.speaks, made.bundle())
