"""Where the notes of bindings.csv narrow or widen a datum. Read by tools/terminology.py; notation: Builder.evaluate."""

from __future__ import annotations

from typing import Any

_FREE = "public domain (United States)"

# Short name -> what systems.yaml says, and the token that stands for the system in the tables below.
SYSTEMS: dict[str, dict[str, Any]] = {
    "snomed-ct": {
        "uri": "http://snomed.info/sct",
        "check": "verhoeff",
        "title": "SNOMED CT",
        "codes": "expression",
        "licence": "SNOMED International, Global Patient Set terms",
        "token": "sct",
    },
    "loinc": {
        "uri": "http://loinc.org",
        "check": "modulo-10",
        "title": "LOINC",
        "licence": "LOINC licence",
        "token": "lnc",
    },
    "rxnorm": {
        "uri": "http://www.nlm.nih.gov/research/umls/rxnorm",
        "title": "RxNorm",
        "licence": "National Library of Medicine, SAB=RXNORM",
        "token": "rx",
    },
    "icd-10-cm": {
        "uri": "http://hl7.org/fhir/sid/icd-10-cm",
        "title": "ICD-10-CM",
        "licence": _FREE,
        "codes": "icd",
        "token": "icd",
    },
    "icd-10-pcs": {
        "uri": "http://www.cms.gov/Medicare/Coding/ICD10",
        "title": "ICD-10-PCS",
        "licence": _FREE,
        "codes": "upper",
        "token": "pcs",
    },
    "hcpcs": {
        "uri": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
        "title": "HCPCS Level II",
        "licence": _FREE,
        "token": "hcp",
    },
    "med-rt": {
        "uri": "http://va.gov/terminology/medrt",
        "title": "MED-RT",
        "licence": _FREE,
        "token": "medrt",
    },
    "ndf-rt": {
        "uri": "http://hl7.org/fhir/ndfrt",
        "title": "NDF-RT",
        "licence": _FREE,
        "token": "ndfrt",
    },
    "unii": {
        "uri": "http://fdasis.nlm.nih.gov",
        "title": "UNII",
        "licence": _FREE,
        "codes": "upper",
        "token": "unii",
    },
    "hgnc": {
        "uri": "http://www.genenames.org/geneId",
        "title": "HGNC",
        "licence": "HUGO Gene Nomenclature Committee, free",
        "token": "hgnc",
    },
    "icd-o-3": {
        "uri": "http://terminology.hl7.org/CodeSystem/icd-o-3",
        "title": "ICD-O-3, behaviour digit alone",
        "licence": "none needed: no code and no title of ICD-O-3 is here, only the sign after its slash",
        "codes": "morphology",
        "token": "icdo",
    },
    "local": {
        "uri": "urn:fhirpath-spine:cs:local",
        "title": "fhirpath-spine local codes",
        "licence": "Apache-2.0",
        "token": "loc",
    },
}

_ANSWER = "answers and components, not the code of the Observation: they have sets of their own"
_MIXED = "the value set mixes things; the datum is picked by code"

# Datum -> (all that it holds, why the rest of its value sets does not count).
ONLY: dict[str, tuple[str, str]] = {
    "bladder-function": ("loc:bladder-function", _ANSWER),
    "bowel-function": ("loc:bowel-function", _ANSWER),
    "spine-stability": ("loc:spine-stability", "ICD-10-CM instability is degenerative, not SINS"),
    "histology-result": ("=pathology-report", _ANSWER),
    "molecular-result": (
        "lnc:69548-6 lnc:51969-4 lnc:55201-8 lnc:55092-1 lnc:93806-8 sct:405825005",
        _ANSWER,
    ),
    "pregnancy-status": ("lnc:82810-3", f"{_ANSWER}; Condition codes: pregnant, not-pregnant"),
    "pregnancy-test": ("lnc:2106-3", "pregnancy-status is a datum of its own"),
    "smoking-status": ("lnc:72166-2", "answers and Condition codes, not the code of the Observation"),
    "creatinine": ("lnc:2160-0", _MIXED),
    "egfr": ("lnc:98979-8 lnc:62238-1 lnc:33914-3", _MIXED),
    "neutrophils": ("lnc:751-8 lnc:26499-4", _MIXED),
    "platelets": ("lnc:777-3 lnc:26515-7", _MIXED),
    "haemoglobin": ("lnc:718-7", _MIXED),
    "spine-mri": (
        "=imaging-mri-spine sct:241645008 sct:426252008 sct:431985004 sct:91333005 sct:396171000119100"
        " sct:411611000119102 sct:495741000119105 sct:411571000119106 sct:448641007 sct:713206003"
        " pcs:BR37ZZZ pcs:BR37YZZ pcs:BR37Y0Z pcs:B03BZZZ pcs:B03BY0Z",
        "CT, X-ray, nuclear medicine, or no body part",
    ),
    "spine-ct": (
        "=imaging-ct-spine sct:241577003 sct:113105001 sct:572081000119108 sct:429875006 sct:429859008"
        " sct:702487007 sct:702488002 sct:241591009 pcs:BR27ZZZ pcs:BR270ZZ pcs:BR271ZZ pcs:BR27YZZ pcs:B02BZZZ",
        "MRI, X-ray, nuclear medicine, or no body part",
    ),
    "bone-scan": ("lnc:39818-0 lnc:25031-6 lnc:39882-6 lnc:44142-8", "PET: pet-ct"),
    "pet-ct": ("lnc:44139-4 lnc:81551-4 lnc:81552-2", "bone scan"),
    "endoscopic-decompression": (
        "loc:endoscopic-spinal-decompression pcs:00NX4ZZ pcs:00NT4ZZ pcs:01N84ZZ pcs:0RN64ZZ",
        "not percutaneous endoscopic",
    ),
    "subtotal-resection": ("loc:subtotal-resection loc:debulking sct:447067001", "not subtotal"),
    "hospice-enrolment": ("loc:hospice-enrolment", "a palliative-care code alone does not count: palliative-care"),
    "referral-to-hospice": ("loc:referral-to-hospice", "a palliative-care code alone does not count: palliative-care"),
    "cisplatin": ("rx:2555", _MIXED),
    "etoposide": ("rx:4179", _MIXED),
    "imatinib-or-other-tki": ("rx:282388 rx:357977 rx:2289380 rx:141704", _MIXED),
    "checkpoint-inhibitor": ("rx:1547545 rx:1597876", _MIXED),
}

# Datum -> rows that its columns accept and its note, or a ruling, does not.
NARROWED: dict[str, list[tuple[str, str]]] = {
    "limb-weakness": [("icd:R53.1 icd:R29.898", "general or unspecific weakness: rulings 6; see general-weakness")],
    "lesion-maximum-diameter": [("lnc:33729-5", "an additional dimension, not the largest one")],
    "nerve-tumour-uncertain": [("icd:D49.2 icd:D48.19 icd:D38.3", "names no nerve: lesion without class")],
    "other-metastasis": [
        ("icd:C79.5 icd:C79.4", "spine possible: bone-metastasis-any, nervous-metastasis-any"),
        ("icd:C80.1", "primary unknown, no metastasis stated: primary-unknown"),
    ],
    "stabilisation-corpectomy": [("sct:392236004", "any operation on the spine, stabilisation not stated")],
}

# Datum -> codes of the tables that its note names.
ADDED: dict[str, str] = {
    "ct-chest": "lnc:24627-2",
    "body-temperature": "lnc:8310-5",
    "other-metastasis": "sct:94391008",
    "diabetes": "sct:44054006 icd:E11.9",
    "benign-cause-of-back-pain": "icd:S29.012A icd:S29.019A icd:S39.012A icd:M51.34",
    "glucose": "lnc:15074-8",
    "c-reactive-protein": "lnc:1988-5",
}

# Datum -> codes of extra-codes.csv that mean the same as its local code (bindings.README, rule 2).
BESIDE: dict[str, str] = {
    "atrial-fibrillation": "sct:49436004 icd:I48.91",
    "osteoporosis": "sct:64859006 icd:M81.0",
    "gastric-ulcer": "sct:397825006",
    "hearing-loss": "icd:H90.3",
    "peripheral-neuropathy": "icd:G62.9",
    "chronic-cough": "icd:R05.3",
    "fever": "icd:R50.9",
    "lvef": "lnc:10230-1",
    "antidiabetic": "rx:6809 rx:274783",
}

# Answers whose name a datum or derived set needs.
RENAMED = {"cord-compression": "cord-relation-compression"}

# Families of ICD-10-CM that the texts name without listing them: (title, from, prefixes).
RANGES: dict[str, tuple[str, str, list[str]]] = {
    "family-history": ("Family history", "bindings.csv family-history: Z80-Z84", ["Z80", "Z81", "Z82", "Z83", "Z84"]),
    "diabetes": ("Diabetes", "its note: E10-E14", ["E10", "E11", "E12", "E13", "E14"]),
    "benign-cause-of-back-pain": ("Strain of thoracic muscle", "its note: S29.01-", ["S29.01"]),
    "neoplasm-chapter": (
        "Neoplasm entry",
        "ICD-10-CM C00-D49: what counts as a coded neoplasm (rulings 2.2)",
        ["C", "D0", "D1", "D2", "D3", "D4"],
    ),
    "neoplasm-malignant-chapter": ("Malignant neoplasm", "ICD-10-CM C00-C96: malignant by its chapter", ["C"]),
    "neoplasm-uncertain-chapter": (
        "Neoplasm of uncertain or unspecified behaviour",
        "ICD-10-CM D37-D49: uncertain or unspecified by its chapter",
        ["D37", "D38", "D39", "D4"],
    ),
    "neoplasm-perhaps-chapter": (
        "Neoplasm that may be one of the spine or of the blood",
        "ICD-10-CM D32, D33 and D72.11: meninges and nervous system where the part is not said, and eosinophilia that may"
        " be a blood cancer",
        ["D32", "D33", "D72.11"],
    ),
    "neoplasm-elsewhere-chapter": (
        "Neoplasm that is no cancer and surely not of the spine",
        "ICD-10-CM D00-D09 (in situ) and the benign neoplasms of brain, cranial nerves and glands of the head",
        ["D0", "D18.02", "D32.0", "D33.0", "D33.1", "D33.2", "D33.3", "D35.2", "D35.3", "D35.4"],
    ),
}

TITLES = {
    "pain-severity": "Pain severity",
    "movement-pain": "Pain with movement or activity",
    "neuropathic-pain-features": "Neuropathic pain features",
    "back-pain-present": "Back pain statement",
    "back-or-thoracic-pain": "Back or thoracic pain",
    "motor-power": "Motor power (MRC)",
    "reflexes": "Reflexes",
    "deficit-course": "Course of the deficit",
    "paresis-or-paraplegia": "Paresis or paraplegia",
    "neurological-deficit-other": "Other neurological deficit",
    "bladder-bowel-condition": "Bladder or bowel dysfunction",
    "gait-disturbance-condition": "Gait disturbance",
    "ais-grade": "ASIA impairment scale grade",
    "lesion-maximum-diameter": "Largest diameter of the lesion",
    "lesion-level": "Site or level of the lesion",
    "tumour-volume-change": "Change of tumour volume",
    "adjacent-to-critical-structure": "Lesion next to a critical structure",
    "cord-relation": "Relation to the spinal cord",
    "spine-mri": "MRI of the spine",
    "spine-ct": "CT of the spine",
    "pet-ct": "PET or PET-CT",
    "ct-chest": "CT of the chest",
    "staging-ct": "Staging CT",
    "staging-result": "Result of staging",
    "mri-contraindication": "MRI contraindication",
    "histology-result": "Histology",
    "mdt-complex-case": "Complex case (team)",
    "mdt-requests-preoperative-shrinkage": "Shrinkage before surgery asked for (team)",
    "prior-radiotherapy-to-level": "Earlier radiotherapy to the level",
    "sins-total": "SINS total",
    "sins-panel": "SINS, components together",
    "sins-location": "SINS location",
    "sins-pain": "SINS pain",
    "sins-bone-lesion": "SINS bone lesion",
    "sins-alignment": "SINS alignment",
    "sins-collapse": "SINS vertebral collapse",
    "sins-posterolateral": "SINS posterolateral involvement",
    "escc-grade": "ESCC (Bilsky) grade",
    "ecog": "ECOG performance status",
    "karnofsky": "Karnofsky performance status",
    "unfit-for-open-surgery": "Unable to tolerate open surgery",
    "asa-class": "ASA class",
    "mscc-decision": "Decision on cord compression",
    "end-stage": "End-stage disease",
    "stage": "Cancer stage",
    "molecular-result": "Molecular result",
    "egfr": "eGFR",
    "bilirubin-total": "Total bilirubin",
    "alt": "ALT",
    "ast": "AST",
    "lvef": "Left ventricular ejection fraction",
    "neurophysiology-study": "Neurophysiology study",
    "neurogenic-tumour-benign": "Neurogenic tumour (benign or neutral code)",
    "nerve-tumour-uncertain": "Nerve tumour of uncertain behaviour",
    "neurogenic-tumour-malignant": "Malignant neurogenic tumour",
    "cord-or-meninges-tumour": "Tumour of spinal cord or meninges",
    "unclassified-spinal-lesion": "Spinal lesion without class",
    "primary-cancer-other": "Other primary cancer",
    "primary-cancer-breast": "Breast cancer",
    "primary-cancer-lung": "Lung cancer",
    "primary-cancer-prostate": "Prostate cancer",
    "primary-cancer-kidney": "Kidney cancer",
    "primary-cancer-thyroid": "Thyroid cancer",
    "cancer-history": "Cancer history",
    "ckd-stage-3": "Chronic kidney disease, stage 3",
    "ckd-stage-4-5": "Chronic kidney disease, stage 4 or 5",
    "gastric-ulcer": "Gastric or duodenal ulcer",
    "subtotal-resection": "Subtotal resection or debulking",
    "tumour-resection-any": "Resection of a spinal tumour",
    "laminectomy-decompression": "Laminectomy or decompression",
    "stabilisation-corpectomy": "Stabilisation or corpectomy",
    "systemic-anticancer-therapy": "Systemic anticancer therapy",
    "imatinib-or-other-tki": "Imatinib or another kinase inhibitor",
    "targeted-anticancer-other": "Other targeted anticancer drug",
    "endocrine-anticancer": "Endocrine anticancer drug",
    "nsaid": "NSAID",
    "nsaid-allergy": "NSAID allergy",
    "bone-modifying": "Bone-modifying drug",
}
