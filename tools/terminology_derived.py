"""Value sets that the class table and the pathways need besides the data of bindings.csv.

One line per set: name, title for a card, where it comes from, members. Read by tools/terminology.py, whose
Builder.evaluate explains the notation. A set may use the sets above it. It is long because it is a table.
"""

from __future__ import annotations

from terminology_care import ASSESSMENT, DRUGS, HISTOLOGY, IMAGING, OTHERS, PROCEDURES, SITES

_BEHAVIOUR = "rows whose display states the behaviour"
_SITE = "rows that name no spinal site: count with a spinal body site only"
_ANSWERS = "answers of bindings.csv"

# (name, title, from, members)
Line = tuple[str, str, str, str]

NEUROGENIC: list[Line] = [
    (
        "neurogenic-neutral",
        "Nerve tumour, behaviour not stated",
        "neutral rows by the note of neurogenic-tumour-benign that name a nerve; D48.2, D49.7 of nerve-tumour-uncertain",
        "sct:254982009 sct:712858005 icd:D48.2 icd:D49.7",
    ),
    (
        "neurogenic-benign",
        "Benign neurogenic tumour",
        "neurogenic-tumour-benign without neutral rows, paraganglia, and mediastinum rows that name no nerve",
        "@neurogenic-tumour-benign -@neurogenic-neutral -sct:126727008 -icd:D35.6 -sct:92267000 -icd:D15.2"
        " -sct:92302006",
    ),
    (
        "neurogenic-malignant",
        "Malignant neurogenic tumour",
        "neurogenic-tumour-malignant without paraganglia and rows that name no nerve",
        "@neurogenic-tumour-malignant -icd:C75.5 -icd:C38.2 -icd:C38.3 -icd:C49.3 -sct:448670003",
    ),
    (
        "neurogenic-any",
        "Neurogenic tumour",
        "union of the three",
        "@neurogenic-benign @neurogenic-malignant @neurogenic-neutral",
    ),
    (
        "neurogenic-thoracic",
        "Neurogenic tumour, thoracic by its code",
        "rows that name thorax, chest or thoracic",
        "icd:D36.14 icd:C47.3 sct:866095008 sct:1259832005 sct:188325002 sct:109940001 sct:712858005"
        " sct:281563002 sct:1259427002 sct:688121000119105",
    ),
    (
        "schwannoma",
        "Schwannoma",
        "rows whose display says schwannoma",
        "sct:189948006 sct:404025004 sct:404026003 sct:404024000 sct:404023006 sct:426510004"
        " sct:688121000119105 sct:688191000119107",
    ),
    ("neurofibroma", "Neurofibroma", "rows whose display says neurofibroma", "sct:404029005 sct:403818001"),
    (
        "mpnst",
        "Malignant peripheral nerve sheath tumour",
        "rows whose display says malignant nerve sheath",
        "sct:404037002 sct:1268905005 sct:722517009 sct:866095008 sct:1259832005",
    ),
    ("paraganglioma-benign", "Benign paraganglioma", _BEHAVIOUR, "icd:D35.6 sct:92267000"),
    ("paraganglioma-malignant", "Malignant paraganglioma", _BEHAVIOUR, "icd:C75.5"),
    (
        "paraganglioma-neutral",
        "Paraganglioma, behaviour not stated",
        "the other rows of spine-paraganglioma",
        "sct:302833002 sct:302834008 icd:D44.7",
    ),
    (
        "paraganglioma",
        "Paraganglioma",
        "union of the three",
        "@paraganglioma-benign @paraganglioma-malignant @paraganglioma-neutral",
    ),
    ("unspecific-tumour-benign", "Benign tumour, class not stated", _SITE, "icd:D15.2 sct:92302006"),
    (
        "unspecific-tumour-malignant",
        "Malignant tumour, class not stated",
        _SITE,
        "icd:C38.2 icd:C38.3 icd:C49.3 sct:448670003",
    ),
    (
        "unspecific-tumour-neutral",
        "Tumour of uncertain behaviour, class not stated",
        _SITE,
        "icd:D49.2 icd:D48.19 icd:D38.3 sct:126727008",
    ),
    (
        "unspecific-tumour",
        "Tumour, class not stated",
        "union of the three",
        "@unspecific-tumour-benign @unspecific-tumour-malignant @unspecific-tumour-neutral",
    ),
]

CORD_AND_BONE: list[Line] = [
    (
        "cord-meninges-benign",
        "Benign tumour of spinal cord or meninges",
        f"{_BEHAVIOUR}; meningioma and cavernous hemangioma not otherwise specified are benign (ICD-O-3 /0 in codes.csv)",
        "sct:92405007 sct:34041000119108 sct:92406008 sct:8551000119100 sct:429306002 sct:427939000 sct:429691007"
        " sct:92047003 sct:189167009 sct:16207161000119102 icd:D33.4 icd:D32.1",
    ),
    (
        "cord-meninges-malignant",
        "Malignant tumour of spinal cord or meninges",
        f"{_BEHAVIOUR}; anaplastic astrocytoma and glioblastoma say it by name",
        "sct:363475005 sct:94068003 sct:363476006 sct:94069006 sct:424549003 sct:424334007 sct:363477002"
        " sct:370987005 sct:276829003 icd:C70.1 icd:C72.0 icd:C72.1",
    ),
    (
        "cord-meninges-neutral",
        "Tumour of spinal cord or meninges, behaviour not stated",
        "the other rows of cord-or-meninges-tumour: uncertain, or the code carries no behaviour",
        "@cord-or-meninges-tumour -@cord-meninges-benign -@cord-meninges-malignant",
    ),
    (
        "intramedullary-tumour",
        "Intramedullary tumour",
        "rows whose display says intramedullary",
        "sct:424334007 sct:429306002",
    ),
    (
        "extramedullary-tumour",
        "Extramedullary tumour",
        "rows whose display says extramedullary or extradural",
        "sct:34041000119108 sct:424549003 sct:8551000119100 sct:427939000",
    ),
    (
        "intradural-tumour",
        "Intradural tumour",
        "rows whose display says intradural or intramedullary",
        "@intramedullary-tumour sct:8551000119100 sct:429691007",
    ),
    (
        "cord-tumour",
        "Tumour of the spinal cord",
        "rows of cord-or-meninges-tumour that name the spinal cord, not meninges, root or an extramedullary site",
        "@intramedullary-tumour sct:126962006 sct:92405007 sct:254949006 sct:1156407001 sct:254948003 sct:370987005"
        " sct:254947008 sct:276829003 sct:254950006 sct:15629451000119107 sct:16207161000119102 sct:363475005"
        " sct:94068003 sct:95108005 icd:D33.4 icd:D43.4 icd:C72.0",
    ),
    (
        "meninges-tumour",
        "Tumour of the spinal meninges",
        "rows whose display names spinal meninges or meningioma",
        "sct:126964007 sct:92406008 sct:189167009 sct:16903491000119107 sct:363476006 sct:94069006 sct:95109002"
        " icd:D32.1 icd:D42.1 icd:C70.1",
    ),
    (
        "vertebral-primary-benign",
        "Benign tumour of the vertebral column",
        _BEHAVIOUR + " or names a benign lesion",
        "sct:92407004 sct:92079007 sct:188926009 sct:1157066007 sct:1157065006 sct:1303682002 sct:423210009"
        " sct:448232005 icd:D16.6 icd:D16.8 icd:D18.09",
    ),
    (
        "chordoma",
        "Chordoma",
        "rows whose display says chordoma",
        "sct:895111002 sct:833295000 sct:1259825001 sct:1259804001 sct:1156453008",
    ),
    (
        "suspected-sarcoma-chordoma",
        "Sarcoma or chordoma",
        "rows whose display says sarcoma or chordoma",
        "@chordoma sct:1153427006 sct:683131000119100 sct:443520009 sct:1162348003 sct:687421000119101 sct:307576001"
        " sct:683981000119101 sct:307608006 sct:448776002",
    ),
    (
        "vertebral-primary-malignant",
        "Malignant primary tumour of the vertebral column",
        _BEHAVIOUR + ", sarcoma and chordoma",
        "@suspected-sarcoma-chordoma sct:363438000 sct:372018003 sct:372019006 sct:372028007 sct:1157063004"
        " sct:187917009 sct:1157067003 icd:C41.2 icd:C41.4",
    ),
    (
        "vertebral-primary-neutral",
        "Named primary tumour of the vertebral column, behaviour not stated",
        "row of vertebral-primary-tumour that names a tumour and no behaviour: giant cell tumour of bone",
        "sct:697970009",
    ),
    (
        "vertebral-primary-uncertain",
        "Tumour of the vertebral column, behaviour uncertain",
        "the other rows of vertebral-primary-tumour; D49.2 names no bone for certain: unspecific-tumour-neutral",
        "@vertebral-primary-tumour -@vertebral-primary-benign -@vertebral-primary-malignant -@vertebral-primary-neutral"
        " -icd:D49.2",
    ),
    (
        "tumour-needs-spinal-site",
        "Tumour code without a spinal site",
        _SITE,
        "@unspecific-tumour icd:D48.0 icd:D49.7 icd:D18.09 icd:D16.8 icd:C41.4 sct:307608006 sct:697970009"
        " sct:443520009 sct:307576001 sct:1156453008 sct:1156474009",
    ),
    (
        "thoracic-by-code",
        "Thoracic by its code",
        "tumour and metastasis rows whose display says thorax or thoracic",
        "@neurogenic-thoracic sct:126554008 sct:92079007 sct:188926009 sct:372018003 sct:372019006 sct:187917009"
        " sct:833295000 sct:1259825001 sct:94814007 sct:94274006 sct:11311401000119107",
    ),
]

CANCER: list[Line] = [
    (
        "bone-metastasis-any",
        "Bone metastasis, site not stated",
        _SITE,
        "icd:C79.5 icd:C79.51 icd:C79.52 icd:C7B.03 sct:94222008",
    ),
    (
        "nervous-metastasis-any",
        "Metastasis to the nervous system, part not stated",
        _SITE,
        "icd:C79.4 icd:C79.40 icd:C79.49",
    ),
    (
        "spinal-metastasis-site",
        "Spinal metastasis",
        "rows of spinal-metastasis that name spine, cord or meninges",
        "@spinal-metastasis -@bone-metastasis-any -@nervous-metastasis-any",
    ),
    ("spinal-metastasis-thoracic", "Thoracic spinal metastasis", "rows whose display says thoracic", "sct:94274006"),
    (
        "any-secondary-malignancy",
        "Metastasis",
        "secondary-malignancy-any without C80.1, and spinal-metastasis",
        "=secondary-malignancy-any @other-metastasis @spinal-metastasis -icd:C80.1",
    ),
    (
        "primary-unknown",
        "Primary unknown",
        "rows that say that the primary is unknown or unspecified",
        "icd:C80.0 icd:C80.1 sct:285619009",
    ),
    (
        "primary-cancer-lung-subtype",
        "Lung cancer, by histology",
        "extra-codes.csv; bindings.csv does not list them under primary-cancer-lung",
        "sct:254626006 sct:254637007",
    ),
    (
        "primary-cancer",
        "Primary cancer",
        "union of primary-cancer-*",
        "@primary-cancer-breast @primary-cancer-lung @primary-cancer-lung-subtype @primary-cancer-prostate"
        " @primary-cancer-kidney @primary-cancer-thyroid @primary-cancer-other",
    ),
    (
        "primary-cancer-known-site",
        "Primary cancer of known origin",
        "primary-cancer without C80",
        "@primary-cancer -icd:C80",
    ),
    (
        "cancer-history-codes-only",
        "Personal history of cancer",
        "cancer-history without the C headers",
        "=history-of-malignancy -icd:Z86.018 -icd:Z86.03",
    ),
    ("nf1", "Neurofibromatosis type 1", "rows whose display says type 1", "sct:92824003 icd:Q85.01"),
    ("nf2", "Neurofibromatosis type 2", "rows whose display says type 2", "sct:92503002 icd:Q85.02"),
    ("schwannomatosis", "Schwannomatosis", "rows whose display says schwannomatosis", "sct:1332358007 icd:Q85.03"),
    (
        "vertebral-fracture-neoplastic",
        "Vertebral fracture in neoplastic disease",
        "note of pathological-vertebral-fracture: cause proven",
        "sct:866087009 sct:11311681000119101 sct:11311401000119107 icd:M84.58*",
    ),
    (
        "vertebral-fracture-unspecified",
        "Vertebral fracture of unspecified cause",
        "the other rows of pathological-vertebral-fracture",
        "@pathological-vertebral-fracture -@vertebral-fracture-neoplastic",
    ),
    (
        "neoplasm-any-known",
        "Known neoplasm entry",
        "union of every tumour and cancer set",
        "@neurogenic-tumour-benign @neurogenic-tumour-malignant @neurogenic-any @nerve-tumour-uncertain @paraganglioma"
        " @unspecific-tumour @cord-or-meninges-tumour @vertebral-primary-tumour @unclassified-spinal-lesion"
        " @any-secondary-malignancy @primary-unknown @primary-cancer @haematological-malignancy @lymphoma-or-myeloma"
        " @cancer-history @neurofibromatosis",
    ),
]

DEFICITS: list[Line] = [
    ("paresis", "Paresis or paraplegia", "paresis-or-paraplegia", "@paresis-or-paraplegia"),
    (
        "paresis-both-legs",
        "Paresis of both legs",
        "rows of paresis that say paraparesis, paraplegia or tetraplegia",
        "sct:1845001 sct:23042008 sct:312444006 sct:60389000 icd:G82.2 icd:G82.5* sct:11538006 sct:91327001"
        " sct:298282001 sct:441705005 sct:441980007 sct:698741009 sct:698743007 sct:441688003 sct:441794001"
        " sct:192965001 sct:192967009 sct:163604003",
    ),
    (
        "paraplegia-complete",
        "Complete paraplegia or tetraplegia",
        "notes of paresis-or-paraplegia",
        "icd:G82.21 sct:441705005 sct:441980007 sct:698741009 sct:698743007",
    ),
    (
        "paraplegia-incomplete",
        "Incomplete paraplegia or tetraplegia",
        "notes of paresis-or-paraplegia",
        "icd:G82.22 sct:441688003 sct:441794001",
    ),
    ("general-weakness", "General weakness", "rows that limb-weakness leaves out", "icd:R53.1 icd:R29.898"),
    (
        "sensory-loss",
        "Loss of sensation",
        "rows of numbness that say numbness, anaesthesia or hypoaesthesia",
        "sct:44077006 sct:309537005 sct:449813001 icd:R20.0 icd:R20.1",
    ),
    ("saddle-numbness", "Numbness of the saddle area", "rows of numbness", "sct:449813001"),
    ("gait-disturbance", "Gait disturbance", "gait-disturbance-condition", "@gait-disturbance-condition"),
    ("bladder-dysfunction", "Bladder dysfunction", "codes.csv bladder-dysfunction", "=bladder-dysfunction"),
    ("bowel-dysfunction", "Bowel dysfunction", "codes.csv bowel-dysfunction", "=bowel-dysfunction"),
    (
        "bladder-bowel",
        "Bladder or bowel dysfunction",
        "bladder-bowel-condition and cauda equina syndrome with neurogenic bladder",
        "@bladder-bowel-condition sct:12454008",
    ),
    (
        "cord-compression",
        "Compression of cord or cauda equina",
        "rows of spinal-cord-compression that say compression of cord or cauda equina",
        "sct:71286001 sct:16846261000119106 icd:G95.20 icd:G95.29",
    ),
    (
        "root-compression",
        "Nerve root compression",
        "rows of spinal-cord-compression that say root",
        "sct:193118002 icd:G55",
    ),
    ("cauda-equina-syndrome", "Cauda equina syndrome", "codes.csv cauda-equina-syndrome", "=cauda-equina-syndrome"),
    (
        "cord-disease-unspecified",
        "Disease of the spinal cord, compression not stated",
        "the other rows of spinal-cord-compression",
        "@spinal-cord-compression -@cord-compression -@root-compression -@cauda-equina-syndrome",
    ),
    (
        "cord-or-root-compression",
        "Compression of cord, cauda equina or root",
        "union of the three",
        "@cord-compression @root-compression @cauda-equina-syndrome",
    ),
    (
        "deficit-any-known",
        "Known deficit",
        "union of what a need of a deficit reads",
        "@paresis @limb-weakness @numbness @bladder-bowel @gait-disturbance @spinal-cord-compression @cord-compression"
        " @cauda-equina-syndrome",
    ),
    (
        "sphincter-specific",
        "Retention, faecal incontinence, neurogenic bladder or bowel, saddle numbness",
        "rows of bladder-bowel-condition and numbness that say so",
        "sct:236648008 sct:267064002 sct:236650000 sct:397732007 sct:398064005 sct:425596001 sct:427482006 sct:425671009"
        " sct:72042002 sct:271839005 sct:449813001 sct:782390002 sct:90987003 icd:N31* icd:R33 icd:R33.8 icd:R33.9"
        " icd:R15 icd:R15.9 icd:K59.2",
    ),
    (
        "thoracic-pain",
        "Thoracic spinal pain",
        "rows of back-or-thoracic-pain that say thoracic",
        "sct:279038004 sct:267981009 icd:M54.6",
    ),
    (
        "gait-abnormal",
        "Gait abnormal",
        _ANSWERS + " gait",
        "loc:gait-ataxic loc:gait-unable sct:22325002 sct:22631008 sct:9447003",
    ),
    (
        "bladder-abnormal",
        "Bladder function abnormal",
        "SNOMED CT rows of bladder-dysfunction (note of the binding)",
        "@bladder-dysfunction/sct",
    ),
    (
        "bowel-abnormal",
        "Bowel function abnormal",
        "SNOMED CT rows of bowel-dysfunction (note of the binding)",
        "@bowel-dysfunction/sct",
    ),
    (
        "sensation-abnormal",
        "Sensation abnormal",
        _ANSWERS + " sensory-finding",
        "loc:sensation-reduced loc:sensation-absent loc:sensation-altered",
    ),
    (
        "sensation-loss",
        "Sensation reduced or absent",
        _ANSWERS + " sensory-finding",
        "loc:sensation-reduced loc:sensation-absent",
    ),
    ("reflexes-abnormal", "Reflexes abnormal", _ANSWERS + " reflexes", "loc:hyperreflexia loc:reflexes-reduced"),
    ("course-new-or-worse", "New or worse", _ANSWERS + " deficit-course", "loc:course-new loc:course-worse"),
    (
        "course-not-new",
        "Unchanged, improving or resolved",
        _ANSWERS + " deficit-course",
        "loc:course-unchanged loc:course-improving loc:course-resolved",
    ),
    (
        "neuro-exam-clear",
        "Examination normal or without deficit",
        _ANSWERS + " neurological-examination",
        "loc:neuro-exam-normal loc:neuro-exam-no-deficit",
    ),
    (
        "sphincter-loss",
        "Retention, faecal incontinence, neurogenic bladder or bowel",
        "rows of bladder-bowel that are no incontinence of urine, no unspecific complaint and not chronic (DEFAULT)",
        "@bladder-bowel -icd:R32 -icd:N39.42 -icd:N39.45 -sct:165232002 -sct:40492006 -sct:129853007 -sct:48340000"
        " -sct:90987003 -sct:236650000",
    ),
    (
        "sphincter-loss-answer",
        "The same as an answer",
        "SNOMED CT rows of sphincter-loss",
        "sct:236648008 sct:267064002 sct:397732007 sct:398064005 sct:425671009 sct:72042002",
    ),
    ("ais-deficit", "ASIA impairment scale A to D", _ANSWERS + " ais-grade", "loc:ais-a loc:ais-b loc:ais-c loc:ais-d"),
    ("ais-incomplete", "ASIA impairment scale B to D", _ANSWERS + " ais-grade", "loc:ais-b loc:ais-c loc:ais-d"),
]

DERIVED: list[Line] = [
    *NEUROGENIC,
    *CORD_AND_BONE,
    *CANCER,
    *DEFICITS,
    *IMAGING,
    *SITES,
    *ASSESSMENT,
    *HISTOLOGY,
    *PROCEDURES,
    *DRUGS,
    *OTHERS,
]
