"""Derived value sets of imaging, sites, assessments, procedures, drugs and comorbidity. See terminology_derived.py.

It is long because it is a table: one entry for each value set.
"""

from __future__ import annotations

_ANSWERS = "answers of bindings.csv"
_OWN_CODE = "one code of the tables"

Line = tuple[str, str, str, str]


def _levels(region: str, last: int) -> str:
    """Our level codes of a region, and what charts send for each."""
    return " ".join(f"@level-{region}{n}" for n in range(1, last + 1))


_WHOLE: dict[str, tuple[str, ...]] = {"mri": (), "ct": ("whole_spine", "cervical_spine_to_coccyx")}
"""How displays name the whole spine without naming each of its parts."""

IMAGING: list[Line] = [
    (
        "spine-mri-full",
        "MRI of the spine that answers an emergency",
        "spine-mri without limited and special studies (field rule 15)",
        "@spine-mri -@spine-mri-limited",
    ),
    (
        "spine-ct-full",
        "CT of the spine that answers an emergency",
        "spine-ct without limited and special studies (field rule 15)",
        "@spine-ct -@spine-ct-limited",
    ),
    *(
        (
            f"spine-{kind}-{region}",
            f"{kind.upper()} that covers the {region} spine",
            f"rows of spine-{kind}-full whose display names that part, or the whole spine",
            " ".join(f"@spine-{kind}-full~{said}" for said in (region, *_WHOLE[kind])),
        )
        for kind in ("mri", "ct")
        for region in ("cervical", "thoracic", "lumbar")
    ),
    ("spine-ct-myelography", "CT myelography", "row of procedure-imaging-spine that says myelogram", "sct:241591009"),
    (
        "spine-xray",
        "X-ray of the spine",
        "rows of imaging-xr-spine, procedure- and pcs-imaging-spine that say X-ray",
        "=imaging-xr-spine sct:1290654008 sct:1367647005 pcs:BR07ZZZ",
    ),
    (
        "skin-nonmelanoma",
        "Basal or squamous cell cancer of skin",
        "C44 and Z85.828, which own-cancer-code leaves out",
        "@cancer-history~other_and_unspecified_malignant_neoplasm_of_skin icd:Z85.828",
    ),
    (
        "egfr-by-race",
        "eGFR, one of two by race",
        "rows of egfr whose display names a race",
        "@egfr~blacks",
    ),
    ("whole-body-mri", "Whole-body MRI", "rows of spine-mri that say whole body", "lnc:46358-8 sct:426252008"),
    (
        "lesion-seen",
        "Lesion seen",
        _ANSWERS + " spinal-lesion-on-imaging but no-focal-lesion",
        "loc:solitary-indeterminate-lesion loc:multiple-indeterminate-lesions loc:suspicious-mass"
        " loc:metastatic-deposit loc:known-tumour-seen",
    ),
    (
        "lesion-indeterminate",
        "Indeterminate lesion",
        _ANSWERS + " spinal-lesion-on-imaging",
        "loc:solitary-indeterminate-lesion loc:multiple-indeterminate-lesions",
    ),
    (
        "lesion-suspicious",
        "Suspicious or metastatic lesion",
        _ANSWERS + " spinal-lesion-on-imaging",
        "loc:suspicious-mass loc:metastatic-deposit",
    ),
    (
        "compartment-intradural-any",
        "Intradural or intramedullary",
        _ANSWERS + " lesion-compartment",
        "loc:compartment-intradural loc:compartment-intramedullary",
    ),
    ("sins-bone-destroying", "Lytic or mixed lesion", "rulings 1.10", "loc:sins-bone-lytic loc:sins-bone-mixed"),
    (
        "sins-pain-present",
        "SINS pain other than painless",
        "rulings 4.9",
        "loc:sins-pain-mechanical loc:sins-pain-occasional",
    ),
    ("escc-compression", "ESCC grade 2 or 3", "answers of escc-grade, cord compressed", "loc:escc-2 loc:escc-3"),
]

SITES: list[Line] = [
    ("levels-cervical", "Cervical level", "levels of the cervical spine", _levels("c", 7)),
    ("levels-thoracic", "Thoracic level", "levels of the thoracic spine", _levels("t", 12)),
    ("levels-lumbar", "Lumbar level", "levels of the lumbar spine", _levels("l", 5)),
    ("levels-sacral", "Sacral level", "levels of the sacral spine", _levels("s", 5)),
    (
        "level-any",
        "Spinal level",
        "union of all levels",
        " ".join(_levels(region, last) for region, last in (("c", 7), ("t", 12), ("l", 5), ("s", 5))),
    ),
    (
        "site-thoracic-spine",
        "Thoracic spine",
        "rows of lesion-level that say thoracic and nothing else",
        "sct:122495006 sct:35769007 sct:50800009",
    ),
    (
        "site-thorax",
        "Thorax",
        "site-thoracic-spine, intercostal nerve, posterior mediastinum, chest wall",
        "@site-thoracic-spine sct:362881004 sct:27291007 sct:78904004",
    ),
    ("site-cervical-spine", "Cervical spine", "rows of lesion-level that say cervical", "sct:122494005 sct:54785003"),
    ("site-lumbar-spine", "Lumbar spine", "rows of lesion-level that say lumbar", "sct:122496007 sct:60051002"),
    ("site-sacral-spine", "Sacral spine", "rows of lesion-level that say sacral", "sct:699698002"),
    (
        "site-spine-junction",
        "Junction of two spinal regions",
        "rows of lesion-level that name two regions",
        "sct:297172009 sct:297171002",
    ),
    (
        "site-spine-any",
        "Spine",
        "lesion-level without intercostal nerve, mediastinum, chest wall and level codes",
        "=body-site-thoracic-spine =body-site-spine-any -sct:362881004 -sct:27291007 -sct:78904004",
    ),
    (
        "site-vertebral-bone",
        "Vertebral bone",
        "rows of lesion-level and field-sites.csv that say bone of the vertebra or the sacrum, no level",
        "sct:35769007 sct:51282000 sct:420345000 sct:3572006 sct:84667006 sct:73903008 sct:87141009 sct:54735007",
    ),
    ("site-nerve-root", "Spinal nerve", "row of lesion-level that says spinal nerve", "sct:3169005"),
    (
        "site-spinal-cord",
        "Spinal cord",
        "rows of lesion-level that say spinal cord or cauda equina",
        "sct:2748008 sct:50800009 sct:54785003 sct:60051002 sct:7173007 sct:11478001 sct:32516000 sct:12958003"
        " sct:27088001",
    ),
    ("site-meninges", "Spinal meninges", "row of lesion-level that says meninges", "sct:75559006"),
    ("site-epidural", "Epidural space", "row of lesion-level that says epidural", "sct:54092001"),
]

_GRADES = {0: "425389002", 1: "422512005", 2: "422894000", 3: "423053003", 4: "423237006"}

ASSESSMENT: list[Line] = [
    (
        "tumour-size-longest",
        "Longest dimension of the tumour",
        "component of 21889-1 (note of the field row)",
        "lnc:33728-7",
    ),
    *[(f"ecog-grade-{grade}", f"ECOG {grade}", _ANSWERS + " ecog", f"sct:{code}") for grade, code in _GRADES.items()],
    (
        "resectability-accessible",
        "Accessible",
        _ANSWERS + " resectability",
        "loc:safely-resectable loc:accessible-en-bloc",
    ),
    (
        "variant-actionable",
        "Activating or pathogenic variant",
        _ANSWERS + " molecular-result",
        "loc:variant-activating loc:variant-pathogenic",
    ),
    ("gene-nf", "NF1 or NF2", _ANSWERS + " molecular-result", "loc:gene-nf1 loc:gene-nf2"),
    ("gene-studied", "Gene studied", "component of molecular-result", "lnc:48018-6"),
    ("variant-significance", "Significance of the variant", "component of molecular-result", "lnc:53037-8"),
    ("cancer-stage-observation", "Cancer stage (Observation)", "codes.csv cancer-stage", "=cancer-stage"),
    ("pregnant", "Pregnant", "note of pregnancy-status: answer or Condition", "sct:77386006 icd:Z33.1"),
    ("not-pregnant", "Not pregnant", "note of pregnancy-status: a negative", "sct:60001007"),
    (
        "pregnancy-not-applicable",
        "Pregnancy status not applicable",
        _ANSWERS + " pregnancy-status",
        "loc:pregnancy-not-applicable-postmenopausal loc:pregnancy-not-applicable-hysterectomy",
    ),
    ("current-smoker", "Current smoker", "note of smoking-status", "sct:77176002 sct:65568007 sct:110483000"),
    ("former-smoker", "Former smoker", _ANSWERS + " smoking-status", "sct:8517006"),
    ("never-smoked", "Never smoked", _ANSWERS + " smoking-status", "sct:266919005"),
    (
        "tobacco-use-condition",
        "Tobacco use (Condition)",
        "ICD-10-CM rows of tobacco-use that say current use",
        "icd:Z72.0 icd:F17.210 icd:F17.213 icd:F17.218 icd:F17.219",
    ),
    (
        "tobacco-use-past",
        "Past tobacco use (Condition)",
        "ICD-10-CM rows of tobacco-use that say remission or history",
        "icd:F17.211 icd:Z87.891",
    ),
]

_SCHWANNOMAS = "sct:985004 sct:253086004 sct:253087008 sct:409704009 sct:1295253009 sct:1287273003"
_MORPHOLOGY = "rows of histology-morphology-snomed whose display is clear"

HISTOLOGY: list[Line] = [
    ("histology-schwannoma", "Schwannoma (histology)", _MORPHOLOGY, _SCHWANNOMAS),
    (
        "histology-neurogenic-benign",
        "Benign neurogenic tumour (histology)",
        _MORPHOLOGY,
        "@histology-schwannoma sct:1156930004 sct:41252002",
    ),
    (
        "histology-neurogenic-malignant",
        "Malignant neurogenic tumour (histology)",
        _MORPHOLOGY,
        "sct:19897006 sct:253093000 sct:253094006 sct:128796000",
    ),
    (
        "histology-neurogenic-neutral",
        "Nerve sheath tumour, behaviour not stated (histology)",
        "rows of histology-morphology-snomed that name a nerve sheath tumour and no behaviour",
        "sct:115242003 sct:703710008 sct:734083001",
    ),
    (
        "histology-neurogenic",
        "Neurogenic tumour (histology)",
        "union of the three",
        "@histology-neurogenic-benign @histology-neurogenic-malignant @histology-neurogenic-neutral",
    ),
    ("histology-chordoma", "Chordoma (histology)", _MORPHOLOGY, "sct:128784007 sct:128785008 sct:1290636009"),
    (
        "histology-sarcoma-chordoma",
        "Sarcoma or chordoma (histology)",
        _MORPHOLOGY,
        "@histology-chordoma sct:1163405004",
    ),
    ("histology-haematological", "Plasmacytoma (histology)", _MORPHOLOGY, "sct:1187107005"),
    (
        "histology-benign",
        "Benign tumour (histology)",
        _MORPHOLOGY,
        "@histology-neurogenic-benign sct:71666005 sct:55333008 sct:76000001 icdo:????/0",
    ),
    (
        "histology-malignant",
        "Malignant tumour (histology)",
        _MORPHOLOGY,
        "@histology-neurogenic-malignant @histology-sarcoma-chordoma @histology-haematological sct:10069009"
        " icdo:????/3 icdo:????/6",
    ),
    (
        "histology-uncertain",
        "Tumour of uncertain behaviour (histology)",
        "the other rows of histology-morphology-snomed",
        "=histology-morphology-snomed icdo:????/1 -@histology-benign -@histology-malignant",
    ),
    ("histology-metastatic", "Metastasis (histology)", "ICD-O-3 behaviour digit", "icdo:????/6"),
    ("histology-any", "Tumour (histology)", "codes.csv histology-morphology-snomed", "=histology-morphology-snomed"),
]

PROCEDURES: list[Line] = [
    (
        "resection-code-without-tumour",
        "Excision code that names no tumour",
        "note of tumour-resection-any: needs a tumour diagnosis",
        "=pcs-spinal-tumor-resection sct:708651002",
    ),
    (
        "resection-code-without-spine",
        "Tumour excision that names no spine",
        "rows of procedure-spinal-tumor-resection that need a spinal body site",
        "sct:432258004 sct:2407009",
    ),
    (
        "spine-operation",
        "Operation on the spine",
        "resection, decompression and stabilisation data, without excisions that name no spine",
        "@tumour-resection-any @laminectomy-decompression @stabilisation-corpectomy @endoscopic-decompression"
        " sct:392236004 -@resection-code-without-spine",
    ),
    (
        "radiotherapy-spinal-cord",
        "Radiotherapy of the spinal cord",
        "rows of pcs-radiotherapy-spine that say spinal cord",
        "=pcs-radiotherapy-spine -pcs:DP0C0ZZ -pcs:DP0C1ZZ -pcs:DP0C2ZZ -pcs:DP0C4ZZ",
    ),
    (
        "stereotactic-radiotherapy",
        "Stereotactic radiotherapy",
        "rows of radiotherapy that say stereotactic",
        "sct:395096001 pcs:D026DZZ pcs:D026HZZ pcs:D026JZZ",
    ),
    ("intensity-modulated-radiotherapy", "Intensity modulated radiotherapy", _OWN_CODE, "sct:441799006"),
    (
        "irradiation-history-condition",
        "History of irradiation",
        "codes.csv history-of-irradiation",
        "=history-of-irradiation",
    ),
    (
        "anticancer-therapy-history",
        "History of chemotherapy",
        "row of history-of-systemic-anticancer-therapy that says antineoplastic; no datum of bindings.csv reads it",
        "icd:Z92.21",
    ),
    (
        "neurophysiology-intraoperative",
        "Intraoperative neurophysiology",
        "rows of neurophysiology-study that say intraoperative",
        "=pcs-neuro-monitoring -pcs:4A01X29 -pcs:4A01X2B",
    ),
    (
        "chemotherapy-procedure",
        "Chemotherapy",
        "rows of systemic-anticancer-therapy that say chemotherapy",
        "sct:367336001 sct:4114003 sct:897713009",
    ),
    (
        "immunotherapy-procedure",
        "Immunotherapy",
        "rows of systemic-anticancer-therapy that say immunotherapy",
        "sct:76334006 sct:897713009",
    ),
    (
        "targeted-therapy-procedure",
        "Targeted therapy",
        "row of systemic-anticancer-therapy that says targeted",
        "sct:1255831008",
    ),
    ("hospice", "Hospice enrolment or referral", "local codes of both data", "@hospice-enrolment @referral-to-hospice"),
    ("palliative-care", "Palliative care", "codes.csv palliative-care", "=palliative-care"),
]

DRUGS: list[Line] = [
    ("mek-inhibitor", "MEK inhibitor", "note of imatinib-or-other-tki", "rx:2289380"),
    ("mtor-inhibitor", "mTOR inhibitor", "note of imatinib-or-other-tki", "rx:141704"),
    (
        "cytotoxic",
        "Cytotoxic drug",
        "rows of medication-antineoplastic that are neither targeted nor immune",
        "=medication-antineoplastic -@imatinib-or-other-tki -@checkpoint-inhibitor -rx:253337",
    ),
    (
        "targeted-drug",
        "Targeted drug",
        "imatinib-or-other-tki and targeted-anticancer-other",
        "@imatinib-or-other-tki @targeted-anticancer-other",
    ),
    ("immunotherapy", "Immunotherapy", "checkpoint-inhibitor", "@checkpoint-inhibitor"),
    (
        "anticancer-drug",
        "Anticancer drug",
        "every antineoplastic, targeted, immune and endocrine row",
        "=medication-antineoplastic @targeted-drug @immunotherapy @endocrine-anticancer",
    ),
    (
        "known-medication-other",
        "Other known medication",
        "rows of medication sets that no datum reads, and unrelated ingredients of extra-codes.csv",
        "rx:161 rx:253337 rx:83367 rx:435 rx:28889 rx:2418",
    ),
    (
        "medication-any-known",
        "Known medication",
        "union of every medication set",
        "@anticancer-drug @cytotoxic @corticosteroid @nsaid @opioid @neuropathic-analgesic @anticoagulant @antiplatelet"
        " @antidiabetic @antibiotic @bone-modifying @known-medication-other",
    ),
    (
        "no-known-allergy",
        "No known allergy",
        "rows of snomed-ips-problems.csv that say so",
        "sct:716186003 sct:409137002 sct:428607008 sct:429625007",
    ),
    ("no-known-medication", "No known medication", "row of snomed-ips-problems.csv that says so", "sct:787481004"),
    (
        "nsaid-allergy-finding",
        "NSAID allergy (finding)",
        "note of nsaid-allergy: also as Condition",
        "sct:293586001 sct:293613006 sct:293619005 sct:407674008",
    ),
    (
        "nsaid-substance",
        "NSAID or aspirin (substance)",
        "note of nsaid-allergy: inside AllergyIntolerance only",
        "@nsaid-allergy -@nsaid-allergy-finding",
    ),
]

OTHERS: list[Line] = [
    ("peptic-ulcer", "Peptic ulcer", "gastric-ulcer, its note: either site", "@gastric-ulcer"),
    (
        "own-cancer-code",
        "Cancer, now or earlier",
        "primary cancers, histories, metastases and blood cancers, without basal and squamous cell cancer of skin (C44,"
        " Z85.828): neither a red flag nor a cause of the gate (DEFAULT)",
        "@primary-cancer @cancer-history @any-secondary-malignancy @haematological-malignancy sct:448670003"
        " -icd:C44 -icd:Z85.828",
    ),
    ("metastasis-of-no-site", "Metastasis, organ not named", _OWN_CODE, "sct:128462008"),
    (
        "neutropenia",
        "Neutropenia",
        "rows of myelosuppression that say neutropenia or agranulocytosis",
        "sct:165517008 sct:303011007 sct:409089005 sct:767658000 icd:D70.0 icd:D70.1 icd:D70.2 icd:D70.3 icd:D70.4"
        " icd:D70.8 icd:D70.9",
    ),
    (
        "thrombocytopenia",
        "Thrombocytopenia",
        "rows of myelosuppression that say thrombocytopenia or pancytopenia",
        "sct:302215000 sct:127034005 icd:D61.810 icd:D61.811 icd:D61.818 icd:D69.59 icd:D69.6",
    ),
    ("dialysis-condition", "Dialysis (Condition)", "note of dialysis", "sct:105502003 sct:236435004 icd:Z99.2"),
    ("dialysis-procedure", "Dialysis (Procedure)", "note of dialysis", "@dialysis -@dialysis-condition"),
    (
        "degenerative-instability",
        "Degenerative spinal instability",
        "codes.csv spinal-instability",
        "=spinal-instability",
    ),
]
