"""The kinds of charts: those that are ordinary, and those that by rule have to speak, each by its reason."""

from __future__ import annotations

from tests.ordinary.charts import CANCERS, ICD, LOINC, SCT, Made, Teller, local

SUSPECT, COMPRESS = "PW-SUSPECT", "PW-COMPRESS"
CORD_LESION = (SCT, "698754002", "Chronic paralysis due to lesion of spinal cord")
PARAPLEGIA, NUMB = (ICD, "G82.20", "Paraplegia"), (ICD, "R20.0", "Anaesthesia of skin")
RETENTION, WEAK = (ICD, "R33.9", "Retention of urine"), (ICD, "M62.81", "Muscle weakness")
GAIT = (ICD, "R26.89", "Abnormality of gait")
VERTEBRA = (SCT, "94602001", "Secondary malignant neoplasm of vertebral column")
NIGHT, MOVEMENT = local("night-pain"), local("movement-pain")
NO_LESION = (local("spinal-lesion-on-imaging"), local("no-focal-lesion"))


def _adult(made: Made, low: int = 19, high: int = 88, gender: str = "") -> None:
    made.patient(low, high, gender)


def _strain(m: Made) -> None:
    _adult(m)
    m.condition(m.random.choice([(ICD, "S39.012A", "Strain of lower back"), local("thoracic-muscle-strain")]), (2, 20))
    m.back_pain((2, 20), m.random.randint(1, 6))
    m.examined((0, 1))


def _strain_severe(m: Made) -> None:
    _adult(m)
    m.condition((ICD, "S29.012A", "Strain of back wall of thorax"), (2, 20))
    m.back_pain((2, 26), m.random.randint(7, 9))
    m.observe(MOVEMENT, True, (0, 1))


def _long_pain(m: Made) -> None:
    _adult(m)
    m.back_pain((28, 2000), m.random.randint(1, 6))
    m.observe(NIGHT, False, (0, 25))
    m.drug("5640 ibuprofen")


def _old_flags(m: Made) -> None:
    _adult(m)
    m.back_pain((200, 900), 3)
    m.observe(NIGHT, True, (31, 180))
    m.observe((LOINC, "72514-3", "Pain severity"), 9, (31, 180), "{score}")


def _no_pain_now(m: Made) -> None:
    _adult(m)
    m.condition((ICD, "M54.9", "Dorsalgia"), (300, 900), status="resolved")
    m.observe(NIGHT, True, (250, 299))


def _arthritis(m: Made) -> None:
    _adult(m, 45)
    m.condition(m.random.choice([(ICD, "M17.11", "Gonarthrosis"), (SCT, "396275006", "Osteoarthritis")]), (100, 4000))
    m.condition((ICD, "M06.9", "Rheumatoid arthritis"), (100, 4000))
    m.drug("7258 naproxen")


def _disc(m: Made) -> None:
    _adult(m, 35)
    m.condition(m.random.choice([(ICD, "M51.36", "Lumbar disc degeneration"), local("thoracic-disc-degeneration")]),
                (30, 2000))  # fmt: skip
    m.back_pain((30, 400), m.random.randint(1, 6))
    m.mri((5, 80))
    m.observe(*NO_LESION, (5, 80))


def _cancer(m: Made) -> None:
    _adult(m, 40)
    m.condition(m.random.choice(CANCERS), (30, 2000))
    m.examined()
    if m.random.random() < 0.4:
        m.condition((ICD, "C78.7", "Secondary malignant neoplasm of liver"), (20, 400))
    if m.random.random() < 0.4:
        m.drug("2555 cisplatin")


def _remission(m: Made) -> None:
    _adult(m, 40)
    m.condition(m.random.choice(CANCERS), (900, 4000), status="remission")
    m.procedure((SCT, "392021009", "Lumpectomy of breast"), (500, 899))


def _cancer_pain_past(m: Made) -> None:
    _adult(m, 40)
    m.condition(m.random.choice(CANCERS), (900, 4000), status="resolved")
    m.condition((ICD, "M54.9", "Dorsalgia"), (300, 800), status="resolved")


def _family(m: Made) -> None:
    _adult(m)
    m.back_pain((3, 300), m.random.randint(1, 6))
    m.family((ICD, "C50.919", "Breast cancer"))
    m.condition((ICD, "Z80.3", "Family history of breast cancer"), (300, 900))


def _benign(m: Made) -> None:
    _adult(m)
    m.back_pain((3, 300), 4)
    m.condition(m.random.choice([(ICD, "D17.1", "Lipoma"), (ICD, "D25.9", "Fibroids"), (ICD, "D22.5", "Naevus")]),
                (100, 2000))  # fmt: skip


def _erased(m: Made) -> None:
    _adult(m, 50)
    m.back_pain((3, 300), 3)
    m.condition(VERTEBRA, (10, 90), sure=m.random.choice(["refuted", "entered-in-error"]))


def _old_deficit(m: Made) -> None:
    _adult(m, 50)
    m.condition(m.random.choice([NUMB, GAIT, RETENTION, WEAK, (ICD, "I69.351", "Hemiplegia after stroke")]), (91, 5000))
    if m.random.random() < 0.5:
        m.condition(m.random.choice(CANCERS), (1000, 4000), status="remission")


def _new_without_cause(m: Made) -> None:
    _adult(m, 60)
    m.condition(m.random.choice([GAIT, NUMB, WEAK, RETENTION]), (1, 14))
    m.observe(local("gait"), local("gait-ataxic"), (1, 10))


def _paralysis(m: Made) -> None:
    _adult(m, 30)
    m.condition(m.random.choice([CORD_LESION, PARAPLEGIA]), (700, 9000))
    m.observe(local("ambulation-status"), local("ambulation-none"), (20, 400))
    if m.random.random() < 0.4:
        m.condition(m.random.choice(CANCERS), (300, 3000))


def _child(m: Made) -> None:
    m.patient(1, 17)
    m.condition(m.random.choice([(ICD, "H66.90", "Otitis media"), (SCT, "195967001", "Asthma"), (ICD, "J02.9", "Sore throat")]),
                (1, 60))  # fmt: skip
    if m.random.random() < 0.4:
        m.back_pain((1, 20), m.random.randint(1, 5))


def _pregnancy(m: Made) -> None:
    _adult(m, 19, 43, "female")
    m.condition((SCT, "77386006", "Pregnant"), (30, 240))
    m.observe((LOINC, "82810-3", "Pregnancy status"), (SCT, "77386006", "Pregnant"), (1, 30))
    if m.random.random() < 0.6:
        m.back_pain((1, 90), m.random.randint(1, 6))


def _diabetes(m: Made) -> None:
    _adult(m, 35)
    m.condition((SCT, "44054006", "Type 2 diabetes mellitus"), (300, 6000))
    m.condition((ICD, "E11.42", "Diabetic polyneuropathy"), (100, 299))
    m.condition(NUMB, (100, 299) if m.random.random() < 0.5 else None)
    m.drug("6809 metformin")


def _kidney(m: Made) -> None:
    _adult(m, 50)
    m.condition((ICD, m.random.choice(["N18.30", "N18.4", "N18.6"]), "Chronic kidney disease"), (100, 3000))
    m.observe((LOINC, "62238-1", "eGFR"), m.random.randint(8, 55), (1, 30), "mL/min/{1.73_m2}")


def _anticoagulated(m: Made) -> None:
    _adult(m, 55)
    m.condition((ICD, "I48.91", "Atrial fibrillation"), (100, 3000))
    m.drug(m.random.choice(["11289 warfarin", "1364430 apixaban"]))
    if m.random.random() < 0.5:
        m.back_pain((2, 200), m.random.randint(1, 6))


def _headache(m: Made) -> None:
    _adult(m)
    m.condition(m.random.choice([(ICD, "G43.909", "Migraine"), (ICD, "R51.9", "Headache")]), (1, 3000))
    m.examined()
    m.observe((LOINC, "72514-3", "Pain severity"), m.random.randint(5, 10), (0, 10), "{score}")


def _healthy(m: Made) -> None:
    _adult(m)
    m.examined((0, 200))
    for code, value in (("gait", "gait-normal"), ("sensory-finding", "sensation-normal")):
        m.observe(local(code), local(value), (0, 200))
    m.observe(local("motor-power-mrc"), 5, (0, 200), "{score}")


def _osteoporosis(m: Made) -> None:
    _adult(m, 65)
    m.condition((SCT, "240198002", "Osteoporotic vertebral collapse"), (3, 100))
    m.back_pain((3, 100), m.random.randint(1, 6))


def _explained(m: Made) -> None:
    _adult(m)
    m.back_pain((30, 80), m.random.randint(5, 8))
    m.observe(NIGHT, True, (15, 25))
    m.mri((1, 10))
    m.observe(*NO_LESION, (1, 10))


def _infection(m: Made) -> None:
    _adult(m, 40)
    m.condition((ICD, "M46.46", "Discitis"), (5, 25))
    m.back_pain((5, 60), 6)
    m.observe(NIGHT, True, (1, 5))


def _smoker(m: Made) -> None:
    _adult(m)
    m.observe((LOINC, "72166-2", "Tobacco smoking status"), (SCT, "77176002", "Smoker"), (1, 300))
    m.condition((ICD, "J44.9", "Chronic obstructive disease"), (300, 3000))
    m.condition((ICD, "R05.3", "Chronic cough"), (60, 900))


def _syndrome(m: Made) -> None:
    _adult(m)
    m.condition((ICD, "Q85.01", "Neurofibromatosis type 1"), (2000, 6000))
    m.back_pain((3, 20), 2)


ORDINARY: dict[str, tuple[str, Teller]] = {
    one.__name__.strip("_").replace("_", " "): ("", one)
    for one in (_strain, _strain_severe, _long_pain, _old_flags, _no_pain_now, _arthritis, _disc, _cancer, _remission,
                _cancer_pain_past, _family, _benign, _erased, _old_deficit, _new_without_cause, _paralysis, _child,
                _pregnancy, _diabetes, _kidney, _anticoagulated, _headache, _healthy, _osteoporosis, _explained,
                _infection, _smoker, _syndrome)
}  # fmt: skip


# ---------------------------------------------------------------------------------------------------- those that speak


def _flag(add: Teller, days: tuple[int, int] = (30, 200), low: int = 19, mild: bool = True) -> Teller:
    def teller(made: Made) -> None:
        made.patient(low, 85 if low >= 18 else 17)
        made.back_pain(days, made.random.randint(1, 5) if mild else None)
        add(made)

    return teller


def _metastasis_of_old(m: Made) -> None:
    m.patient(40, 85)
    m.condition(m.random.choice(CANCERS), (900, 2000))
    m.observe(local("motor-power-mrc"), m.random.randint(2, 4), (0, 12), "{score}")


SPEAKING: dict[str, tuple[str, Teller]] = {
    "pain at night": (SUSPECT, _flag(lambda m: m.observe(NIGHT, True, (0, 29)), (3, 100))),
    "pain on movement for 28 days": (SUSPECT, _flag(lambda m: m.observe(MOVEMENT, True, (0, 29)))),
    "severe pain for 28 days": (
        SUSPECT, _flag(lambda m: m.observe((LOINC, "38208-5", "Pain severity"), 8, (0, 29), "{score}"), mild=False)),
    "a cancer that is active": (SUSPECT, _flag(lambda m: m.condition(m.random.choice(CANCERS), (100, 2000)))),
    "a cancer in remission": (
        SUSPECT, _flag(lambda m: m.condition(m.random.choice(CANCERS), (900, 4000), status="remission"))),
    "a standing neurological symptom": (SUSPECT, _flag(lambda m: m.condition(NUMB, (100, 400)))),
    "a paralysis of years": (SUSPECT, _flag(lambda m: m.condition(PARAPLEGIA, (900, 4000)))),
    "a persistent cough": (SUSPECT, _flag(lambda m: m.condition((ICD, "R05.3", "Chronic cough"), (60, 200)))),
    "a lump of the breast": (SUSPECT, _flag(lambda m: m.condition((ICD, "N63.10", "Breast lump"), (5, 90)))),
    "a pathological fracture": (
        SUSPECT, _flag(lambda m: m.condition((ICD, "M84.58XA", "Pathological fracture"), (2, 60)))),
    "pain at night in a child": (SUSPECT, _flag(lambda m: m.observe(NIGHT, True, (0, 29)), (3, 60), 6)),
    "new retention of urine": (COMPRESS, _flag(lambda m: m.condition(RETENTION, (1, 13)), (3, 60))),
    "new paraplegia": (COMPRESS, _flag(lambda m: m.condition(PARAPLEGIA, (1, 13)), (3, 60))),
    "a new loss of power with a cancer": (COMPRESS, _metastasis_of_old),
}  # fmt: skip
