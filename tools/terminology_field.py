"""Where the rows of field-codes.csv and field-sites.csv go: what charts send, bound as the column `datum` and the note say.

A row joins the set of its datum, unless a line here sends it elsewhere; each line follows a note or a ruling of the tables.
Read by tools/terminology.py. It is long because it is a table.
"""

from __future__ import annotations

NAMED = "deficit-named"
ELSEWHERE = "bladder-bowel-unspecific"

# (datum, value_set of the table) -> the sets that its rows join; default: the datum's own.
TARGETS: dict[tuple[str, str], list[str]] = {
    ("spinal-cord-compression", "cauda-equina-syndrome"): ["spinal-cord-compression", "cauda-equina-syndrome"],
    ("spinal-cord-compression", "spinal-cord-compression"): ["spinal-cord-compression", "cord-compression"],
    ("bladder-bowel-condition", "bladder-dysfunction"): ["bladder-bowel-condition", "bladder-dysfunction"],
    ("bladder-bowel-condition", "bowel-dysfunction"): ["bladder-bowel-condition", "bowel-dysfunction"],
    ("ambulation-status", "ambulation-condition"): [NAMED],
    ("pathological-vertebral-fracture", "vertebral-fracture-cause-unstated"): ["pathological-vertebral-fracture"],
    ("pregnancy-status", "pregnancy"): ["pregnancy-condition"],
    ("anticoagulant", "long-term-drug-use"): ["anticoagulant-use"],
    ("antiplatelet", "long-term-drug-use"): ["antiplatelet-use"],
    ("nsaid", "long-term-drug-use"): ["nsaid-use"],
    ("corticosteroid", "long-term-drug-use"): ["corticosteroid-use"],
    ("opioid", "long-term-drug-use"): ["opioid-use"],
    ("bone-modifying", "long-term-drug-use"): ["bone-modifying-use"],
    ("antidiabetic", "long-term-drug-use"): ["antidiabetic-use"],
    ("NEW:gastrointestinal-bleed", "gastrointestinal-bleed"): ["gastrointestinal-bleed"],
    ("nsaid-allergy", "nsaid-allergy-finding"): ["nsaid-allergy", "nsaid-allergy-finding"],
    ("calcium", "labs-ionised-calcium"): ["ionised-calcium"],
    ("histology-result", "histology-panel"): ["histology-result"],
    ("histology-result", "histology-narrative"): [],
    ("staging-result", "cancer-stage"): ["staging-result"],
    ("staging-result", "tnm-m-answer"): ["distant-disease"],
    ("stage", "stage-iv-answer"): ["stage-iv"],
    ("molecular-result", "variant-answer"): [],
    ("molecular-result", "variant-significance-answer"): [],
    ("molecular-result", "gene-answer"): [],
    ("genomic-source", "genomic-source-answer"): [],
    ("ecog", "ecog-answer"): [],
    ("karnofsky", "karnofsky-answer"): [],
    ("smoking-status", "tobacco-use"): ["current-smoker"],
    ("smoking-status", "smoking-status-answer"): ["current-smoker"],
    ("NEW:cancer-disease-status", "cancer-disease-status"): ["cancer-disease-status"],
    ("NEW:cancer-disease-status", "cancer-disease-status-answer"): [],
    ("NEW:vertebral-augmentation", "pcs-vertebral-augmentation"): ["vertebral-augmentation"],
    ("tumour-resection-any", "pcs-spinal-tumor-resection"): ["tumour-resection-any", "resection-code-without-tumour"],
}

_AT_SITE = "vertebral-fracture-needs-spinal-site"
_BOTH = ["pathological-vertebral-fracture"]
_MONO = "clinician decides: named, no gate (DEFAULT)"

# Token -> the sets that this row joins instead; an empty list leaves it out, with the reason in LEFT_OUT.
MOVED: dict[str, list[str]] = {
    "icd:M53.3": [],
    # A brain's deficit, or a nerve's: named, no gate (rulings 5).
    **{
        key: [NAMED]
        for key in [
            "icd:G81",
            "icd:G83.9",
            "sct:50582007",
            "sct:20022000",
            "sct:278286009",
            "sct:278287000",
            "sct:44695005",
            "sct:6077001",
            "icd:M21.37",
            "icd:R27.0",
            "icd:R27.8",
            "icd:R27.9",
            "sct:20262006",
            "sct:202664003",
        ]
    },
    # Falls alone, urgency, functional and overflow incontinence: known, and elsewhere (rulings 6).
    **{key: ["falls"] for key in ["icd:R29.6", "sct:279992002", "sct:161898004"]},
    **{
        key: [ELSEWHERE]
        for key in [
            "icd:N39.490",
            "icd:N39.41",
            "icd:R39.14",
            "icd:R39.15",
            "icd:R39.81",
            "sct:397878005",
            "sct:87557004",
            "sct:75088002",
            "sct:71820002",
        ]
    },
    "sct:782390002": [
        "spinal-cord-compression",
        "cauda-equina-syndrome",
        "bladder-bowel-condition",
        "bladder-dysfunction",
    ],
    # Any bone: only with a spinal site (rulings 7).
    **{
        key: [_AT_SITE]
        for key in [
            "icd:M84.48",
            "icd:M84.50",
            "icd:M84.68",
            "sct:203449003",
            "sct:134421000",
            "sct:268029009",
            "sct:443395009",
        ]
    },
    "sct:443165006": ["benign-vertebral-fracture-needs-spinal-site"],
    "sct:102874004": ["pregnancy-possible"],
    "sct:57630001": ["pregnancy-condition", "pregnancy-first-trimester"],
    "lnc:LA15173-0": ["pregnant"],
    "lnc:LA26683-5": ["not-pregnant"],
    "lnc:LA4489-6": ["pregnancy-unknown"],
    "icd:Z87.11": ["peptic-ulcer-history"],
    "sct:266998003": ["peptic-ulcer-history"],
    "sct:293610009": ["nsaid-allergy-perhaps"],
    # An estimate, a plasma count, another property: a clinician has not said that they count.
    **{
        key: []
        for key in [
            "lnc:49497-1",
            "lnc:13056-7",
            "lnc:26516-5",
            "lnc:59260-0",
            "lnc:75928-2",
            "lnc:93846-4",
            "lnc:54347-0",
        ]
    },
    # Of the stage only the M category says distant disease (field rule 14).
    **{key: ["stage-group"] for key in ["lnc:21914-7", "lnc:21908-9", "lnc:21902-2"]},
    "sct:1229901006": ["no-distant-disease"],
    "sct:19408000": ["no-distant-disease"],
    "lnc:LA9633-4": ["variant-detected"],
    "lnc:LA9634-2": ["variant-not-detected"],
    "lnc:LA11882-0": ["variant-detected"],
    "lnc:LA11883-8": ["variant-not-detected"],
    "lnc:LA11884-6": ["variant-inconclusive"],
    "lnc:LA6668-3": ["significance-pathogenic"],
    "lnc:LA26332-9": ["significance-likely-pathogenic"],
    "lnc:LA26333-7": ["significance-uncertain"],
    "lnc:LA6682-4": ["significance-uncertain"],
    "lnc:LA26334-5": ["significance-benign"],
    "lnc:LA6675-8": ["significance-benign"],
    "lnc:LA6674-1": ["significance-benign"],
    "lnc:LA6683-2": ["germline"],
    "lnc:LA6684-0": ["somatic"],
    "hgnc:HGNC:7765": ["gene-nf1"],
    "hgnc:HGNC:7773": ["gene-nf2"],
    "hgnc:HGNC:6342": ["gene-kit"],
    "hgnc:HGNC:8803": ["gene-pdgfra"],
    "hgnc:HGNC:11103": ["gene-smarcb1"],
    **{f"lnc:{code}": [f"ecog-grade-{n}"] for n, code in enumerate(["LA9622-7", "LA9623-5", "LA9624-3"])},
    "lnc:LA9625-0": ["ecog-grade-3"],
    "lnc:LA9626-8": ["ecog-grade-4"],
    **{
        f"lnc:{code}": [f"karnofsky-{100 - 10 * n}"]
        for n, code in enumerate(
            [
                "LA29175-9",
                "LA29176-7",
                "LA29177-5",
                "LA29178-3",
                "LA29179-1",
                "LA29180-9",
                "LA29181-7",
                "LA29182-5",
                "LA29183-3",
                "LA29184-1",
            ]
        )
    },
    **{
        key: ["former-smoker"]
        for key in [
            "sct:160620009",
            "sct:160621008",
            "sct:266921000",
            "sct:266922007",
            "sct:266923002",
            "sct:266924008",
            "sct:266925009",
            "sct:266928006",
            "sct:281018007",
            "sct:48031000119106",
            "sct:735128000",
            "sct:428081000124100",
            "sct:428091000124102",
            "sct:160617001",
            "lnc:LA15920-4",
        ]
    },
    "sct:221000119102": ["never-smoked"],
    "lnc:LA18978-9": ["never-smoked"],
    # Not recorded, or no smoke: an answer that nothing reads is named and counts as not recorded.
    **{
        key: ["smoking-not-stated"]
        for key in ["sct:266927001", "sct:160618006", "sct:405746006", "sct:8392000", "sct:713914004", "lnc:LA18980-5"]
    },
    "icd:F17.2": ["tobacco-use-condition"],
    "sct:271299001": ["disease-worse"],
    "sct:359746009": ["disease-stable"],
    "sct:268910001": ["disease-improved"],
    "sct:709137006": ["disease-undetermined"],
    **{
        key: ["disease-in-remission"]
        for key in ["sct:260415000", "sct:550991000124107", "sct:551001000124108", "sct:103338009", "sct:103337004"]
    },
    # A radionuclide in the blood is no radiotherapy of a level.
    "sct:440252007": ["radionuclide-therapy"],
    "sct:16560241000119104": ["radionuclide-therapy"],
    "sct:439769001": ["laminectomy-decompression", "tumour-resection-any"],
    "sct:440008006": ["laminectomy-decompression", "tumour-resection-any"],
    "pcs:D016": ["radiotherapy", "radiotherapy-spinal-cord"],
    "pcs:D0Y6": ["radiotherapy", "radiotherapy-spinal-cord"],
}
# LA9627-6 is ECOG 5 and Karnofsky 0: an error of data in a living patient, so no answer of either.
MOVED["lnc:LA9627-6"] = []

LEFT_OUT = {
    "icd:M53.3": "pain is not certain: a clinician decides",
    "lnc:LA9627-6": "dead: an error of data in a living patient, named as an unknown answer",
    **dict.fromkeys(
        ["lnc:49497-1", "lnc:13056-7", "lnc:26516-5"], "estimated or in plasma: a clinician has not said that it counts"
    ),
    **dict.fromkeys(["lnc:59260-0", "lnc:75928-2", "lnc:93846-4", "lnc:54347-0"], "moles: needs a factor first"),
}

# Further sets that a row joins beside its own.
ALSO: dict[str, list[str]] = {
    "sct:282145008": ["ambulation-none"],
    "sct:202794004": ["radicular-pain", "back-or-thoracic-pain"],
    **{
        key: ["pregnancy-condition"]
        for key in ["sct:199223000", "sct:76751001", "sct:609563008", "sct:609564002", "sct:609567009", "sct:237627000"]
    },
    **{
        key: ["distant-condition"]
        for key in ["sct:14926007", "sct:443839005", "sct:443840007", "sct:443841006", "sct:399409002"]
    },
    # A limited, special or intraoperative study, and one with contrast in a disc, never answers an emergency (field rule 15).
}

# A family by its header, less some of it: the codes and shapes that stand for it, by set.
SPLIT: dict[str, dict[str, list[str]]] = {
    "icd:R33": {"": ["R33", "R33.8", "R33.9"], ELSEWHERE: ["R33.0"]},
    "icd:R15": {"": ["R15", "R15.1", "R15.9"], ELSEWHERE: ["R15.0", "R15.2"]},
    "icd:F17.2": {
        "tobacco-use-condition": ["F17.2", "F17.2?", "F17.2?0", "F17.2?3", "F17.2?8", "F17.2?9"],
        "tobacco-use-past": ["F17.2?1"],
    },
    "icd:O24": {"diabetes": ["O24*"], "pregnancy-condition": ["O24.?1", "O24.?1?"]},
    "icd:Z3A": {
        "pregnancy-condition": ["Z3A*"],
        "pregnancy-below-10-weeks": ["Z3A.01", "Z3A.08", "Z3A.09"],
        "pregnancy-below-15-weeks": ["Z3A.10", "Z3A.11", "Z3A.12", "Z3A.13", "Z3A.14"],
    },
    "icd:G82.5": {
        "": ["G82.5*"],
        "paraplegia-complete": ["G82.51", "G82.53"],
        "paraplegia-incomplete": ["G82.52", "G82.54"],
    },
    # The seventh character X is a biopsy, not a resection.
    **{
        f"pcs:{code}": {
            "tumour-resection-any": [f"{code}??Z"],
            "resection-code-without-tumour": [f"{code}??Z"],
            "biopsy": [f"{code}??X"],
        }
        for code in ["00BW", "00BY", "01B1", "01BB", "01BR", "0PB3", "0QB0", "0QB1"]
    },
    **{f"pcs:{code}": {"biopsy": [f"{code}??X"]} for code in ["0RB9", "0RBB", "0SB2", "0SB4"]},
    # Percutaneous and without a device it is a part of a kyphoplasty.
    **{
        f"pcs:{code}": {"stabilisation-corpectomy": [f"{code}0??", f"{code}4??", f"{code}34?"]}
        for code in ["0PS3", "0QS0", "0QS1"]
    },
}

# Sets that only these rows make: title.
NEW: dict[str, str] = {
    NAMED: "Deficit that is named and opens no gate",
    ELSEWHERE: "Bladder or bowel complaint that points to no cord",
    "falls": "Falls",
    _AT_SITE: "Pathological fracture, site not in the code",
    "benign-vertebral-fracture-needs-spinal-site": "Osteoporotic fracture, site not in the code",
    "pregnancy-condition": "Pregnancy (Condition)",
    "pregnancy-possible": "Possible pregnancy",
    "pregnancy-first-trimester": "First trimester",
    "pregnancy-below-10-weeks": "Pregnancy below 10 weeks",
    "pregnancy-below-15-weeks": "Pregnancy of 10 to 14 weeks",
    "anticoagulant-use": "Use of an anticoagulant, drug not named",
    "antiplatelet-use": "Use of an antiplatelet drug",
    "nsaid-use": "Use of an NSAID",
    "corticosteroid-use": "Use of a corticosteroid",
    "opioid-use": "Use of an opioid",
    "bone-modifying-use": "Use of a bone-modifying drug",
    "antidiabetic-use": "Use of an antidiabetic",
    "peptic-ulcer-history": "History of a peptic ulcer",
    "gastrointestinal-bleed": "Gastrointestinal bleed",
    "nsaid-allergy-perhaps": "Allergy that may be to an NSAID",
    "ionised-calcium": "Ionised calcium",
    "stage-group": "Stage group",
    "significance-pathogenic": "Pathogenic",
    "significance-likely-pathogenic": "Likely pathogenic",
    "significance-uncertain": "Uncertain significance",
    "significance-benign": "Benign or likely benign variant",
    "smoking-not-stated": "Smoking not stated",
    "cancer-disease-status": "Status of the cancer",
    "disease-worse": "Cancer worse",
    "disease-stable": "Cancer stable",
    "disease-improved": "Cancer improved",
    "disease-undetermined": "Status of the cancer not determined",
    "disease-in-remission": "Cancer in remission",
    "distant-condition": "Distant metastasis by stage (Condition)",
    "radionuclide-therapy": "Radionuclide therapy",
    "vertebral-augmentation": "Vertebral augmentation",
    "spine-mri-limited": "MRI of the spine, limited or special study",
    "spine-ct-limited": "CT of the spine, limited or special study",
    "spine-mri-whole": "MRI of the whole spine",
    "spine-ct-whole": "CT of the whole spine",
    **{f"karnofsky-{n}": f"Karnofsky {n}" for n in range(10, 101, 10)},
}

# Words of a note that send a row of imaging to a further set.
COVERAGE = {"limited or special study": "limited", "coverage: whole": "whole"}

# ------------------------------------------------------------------------------------------------ sites
REGIONS = {
    "cervical": "site-cervical-spine",
    "thoracic": "site-thoracic-spine",
    "lumbar": "site-lumbar-spine",
    "sacral": "site-sacral-spine",
    "coccygeal": "site-coccygeal-spine",
    "sacrococcygeal": "site-spine-junction",
    "cervicothoracic": "site-spine-junction",
    "thoracolumbar": "site-spine-junction",
    "lumbosacral": "site-spine-junction",
    "spine": "",
    "paraspinal": "site-paraspinal",
    "unspecific": "site-unspecific",
    "elsewhere": "site-elsewhere",
}
NOT_SPINE = ("site-unspecific", "site-elsewhere")
SITE_TITLES = {
    "site-coccygeal-spine": "Coccyx",
    "site-paraspinal": "Paraspinal muscle",
    "site-unspecific": "Site that may hold a part of the spine",
    "site-elsewhere": "Site that is not the spine",
}
# Sites of the tables that field-sites.csv does not name: may be the spine or not.
UNSPECIFIC = "sct:362881004 sct:27291007"
# Site of mCODE's radiotherapy list beside the spine that field-sites.csv does not name.
SPINE_BESIDE = "sct:85234005"
