# ruff: noqa: E501 - a table reads best with one rule on one line
"""Every rule of files and meaning: what is bad is found, at its place and nowhere else; what is good passes."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fhirpath_spine.diagnostics import Severity, catalogue

A, B, DATA, POLICY, LESIONS, PAIN, WORDS = (
    "alpha/pathway.yaml",
    "beta/pathway.yaml",
    "data.yaml",
    "policy.yaml",
    "lesions.yaml",
    "modules/pain.yaml",
    "words.yaml",
)


@dataclass(frozen=True)
class Bad:
    """One edit that breaks one rule. ``at`` shows the place after the edit; ``says`` is part of message or hint."""

    code: str
    file: str
    old: str
    new: str
    at: str
    says: str = ""
    at_file: str = ""


BUDGET = "budget: {cards: 3}"
HOOK = "hooks: [{{hook: {}, shows: {}}}]\nbudget: {{cards: 3}}"
BAD = {
    "a colon in plain text": Bad("SP202", PAIN, "title: Pain\n", "title: Pain: plan\n", "Pain¦: plan", "quotes"),
    "a tab": Bad("SP202", PAIN, "title: Pain\n", "title:\tPain\n", "title:¦\tPain", "spaces"),
    "an invisible character": Bad("SP202", PAIN, "title: Pain\n", "title: Pa\u200bin\n", "Pa¦\u200bin", "U+200B"),
    "an anchor": Bad("SP203", PAIN, "title: Pain\n", "title: &x Pain\n", "title: ¦&x", "anchor"),
    "an alias": Bad("SP203", PAIN, "title: Pain\n", "title: *x\n", "title: ¦*x", "alias"),
    "a tag": Bad("SP203", PAIN, "title: Pain\n", "title: !!str Pain\n", "title: ¦!!str", "tag"),
    "a merge key": Bad("SP203", PAIN, "title: Pain\n", "title: Pain\n<<: {a: b}\n", "¦<<", "merge"),
    "a second document": Bad("SP203", PAIN, "module: pain\n", "module: pain\n---\n", "¦---", "document"),
    "a key twice": Bad("SP204", PAIN, "title: Pain\n", "title: Pain\ntitle: Ache\n", "¦title: Ache", "line 2"),
    "a criterion twice": Bad(
        "SP204", B, '[new: "%motor.new"]', '[new: "%motor.new", new: "true"]', '¦new: "true"', "stands twice"
    ),
    "a state twice": Bad("SP204", A, "- SURVEIL:", '- SURVEIL: "%unfit"\n  - SURVEIL:', '¦SURVEIL: "%operated"', "twice"),
    "an entry used twice": Bad("SP204", A, "[R-PAIN-01, {id", "[R-PAIN-01, R-PAIN-01, {id", ", ¦R-PAIN-01, {", "twice"),
    "a hold twice": Bad("SP204", POLICY, "id: CANCER", "id: CHILD\n", "id: ¦CHILD\n\n", "twice"),
    "a flag that shadows": Bad("SP204", LESIONS, "  spread:", "  since:", "¦since", "of its own"),
    "an unknown key": Bad("SP205", A, "blocked:", "blokced:", "¦blokced", "Did you mean 'blocked'?"),
    "an unknown key in a short form": Bad("SP205", PAIN, "unknown: hide", "unknwon: hide", "¦unknwon", "'unknown'"),
    "a missing key": Bad("SP206", DATA, "    label: Night pain\n", "", "¦night-pain:\n", "'label'"),
    "an empty value": Bad("SP206", PAIN, "title: Pain\n", "title:\n", "¦title:\n", "no value"),
    "a null": Bad("SP206", PAIN, "title: Pain\n", "title: null\n", "¦title: null", "no value"),
    "an unknown list of answers": Bad(
        "SP321", DATA, "answers: {'local|course-new': new, 'local|course-improving': improving}", "answers: cuorse", "answers: ¦cuorse", "no list of answers"
    ),
    "a list of answers for nobody": Bad("SP317", DATA, "needs:\n", "answers:\n  course: {'local|course-new': new}\nneeds:\n", "¦course: {'l", "no need uses"),
    "a view of an unknown need": Bad("SP321", DATA, "  drug: {", "  old: {of: nite-pain, latest: 1}\n  drug: {", "of: ¦nite-pain", "'night-pain'"),
    "a view of itself": Bad("SP303", DATA, "  drug: {", "  old: {of: old, latest: 1}\n  drug: {", "of: ¦old", "old -> old"),
    "a view that reads otherwise": Bad("SP205", DATA, "  drug: {", "  old: {of: night-pain, value: boolean}\n  drug: {", "¦value: boolean}", "no 'value'"),
    "a view that says nothing": Bad("SP206", DATA, "  drug: {", "  old: {of: night-pain}\n  drug: {", "of: ¦night-pain", "Read that need"),
    "a window of a view without its unit": Bad("SP228", DATA, "  drug: {", "  old: {of: night-pain, within: 30}\n  drug: {", "within: ¦30}", "30 days"),
    "a view for nobody": Bad("SP317", DATA, "  drug: {", "  old: {of: night-pain, latest: 1}\n  drug: {", "¦old: {of", "nothing reads"),
    "an unknown tag": Bad("SP320", POLICY, "caution: R-ALPHA-01", "caution: tag:nobody", "caution: ¦tag:nobody", "selects no"),
    "a tag for nobody": Bad("SP317", PAIN, "kind: advice\n", "kind: advice\n    tags: spare\n", "tags: ¦spare", "nothing selects"),
    "no resource type": Bad("SP206", DATA, "Condition: {code: weakness, verificationStatus: confirmed}}", "}", "¦weakness:", "resource"),
    "no scope": Bad("SP206", A, 'applies:\n  - thoracic: "%lesion.thoracic"\n', "", "id: ¦PW-ALPHA", "applies"),
    "a wrong type": Bad("SP228", DATA, "within: 30 days", "within: a month", "within: ¦a month", "30 days"),
    "a list for text": Bad("SP207", PAIN, "title: Pain\n", "title: [Pain]\n", "¦title: [", "not a list"),
    "yes for a boolean": Bad("SP229", A, "fallback: false", "fallback: yes", "fallback: ¦yes", "neither true nor false"),
    "an unknown kind": Bad("SP226", PAIN, "kind: advice", "kind: advise", "kind: ¦advise", "'advice'"),
    "an unknown indicator": Bad("SP226", B, "indicator: critical", "indicator: hard-stop", "¦hard-stop", "not allowed"),
    "a headline that stays open": Bad("SP349", A, ", Ask a surgeon]", "]", 'headline: [¦"{lesion', "placeholder"),
    "a headline that hides the rest": Bad("SP349", A, "headline: [", "headline: [Ask, ", "[¦Ask, ", "never said"),
    "a headline that is too long": Bad("SP350", A, "opinion of a surgeon", "opinion " * 9, '¦"{lesion', "with its longest values"),
    "a headline of several values": Bad("SP350", A, "{lesion.since}", "{lesion.level}", '¦"{lesion', ".first()"),
    "a headline of a stranger": Bad("SP318", A, "No operation: {blockers}", "No operation: {blocker.rejected}", "{¦blocker", "no need"),
    "an open indicator": Bad("SP340", PAIN, '"%bad-night"}, info]', '"%bad-night"}]', "{¦warning", "left open"),
    "a caution in a when": Bad("SP338", PAIN, "unknown: hide", "unknown: caution", "unknown: ¦caution", "ask, hide"),
    "any lesion where each is asked": Bad("SP339", PAIN, "unknown: hide", "of: any-lesion", "of: ¦any-lesion", "once of the patient"),
    "a lesion scope without lesions": Bad("SP337", B, "kind: referral", "kind: referral\n    scope: lesion", "scope: ¦lesion"),
    "a value of a Condition": Bad(
        "SP324", DATA, "verificationStatus: confirmed}}", "verificationStatus: confirmed}, value: concept}", "value: ¦concept}\n  can"
    ),
    "a range upside down": Bad("SP331", DATA, "[18, 1800]", "[1800, 18]", "¦creatinine:\n", "upside down"),
    "a ranked answer of another type": Bad(
        "SP336", DATA, '"iif(value >= 9, true, {})"', '"value"', 'answer: ¦"value"', "not boolean"
    ),
    "a ranked need that hides a contradiction": Bad(
        "SP335", DATA, "{need: pain-course, answer", "{need: pain-severity, answer", "need: ¦pain-severity,", "keeps only the newest"
    ),
    "a rank without a need": Bad("SP230", DATA, "    ranks: [", "    ranks: [[], ", "ranks: [¦[]", "at least one"),
    "a name with capitals": Bad("SP208", DATA, "  drug:", "  Drug:", "¦Drug:", "kebab-case"),
    "a recommendation id": Bad("SP208", B, "id: R-BETA-01", "id: R-BETA-1", "¦R-BETA-1", "recommendation id"),
    "a pathway id": Bad("SP208", A, "id: PW-ALPHA", "id: PW-Alpha", "¦PW-Alpha", "pathway id"),
    "a version": Bad("SP208", A, "version: 1.0.0", "version: 1.0", "version: ¦1.0\n", "three numbers"),
    "a hyphen after a dot": Bad("SP208", LESIONS, "  spread:", "  has-spread:", "¦has-spread", "without hyphens"),
    "a row too short": Bad("SP210", "terminology/local.csv", "drug,drug,Any drug,exact,", "drug,drug", "¦drug,drug", "columns"),
    "a way to match": Bad("SP210", "terminology/local.csv", "Any drug,exact", "Any drug,fuzzy", "¦drug,drug,", "fuzzy"),
    "a set nobody declared": Bad("SP210", "terminology/local.csv", "drug,drug,Any", "drgu,drug,Any", "¦drgu", "'drug'"),
    "a set without codes": Bad("SP210", "terminology/value-sets.yaml", "drug: {", "none: {title: None}\ndrug: {", "¦none", "no code"),
    "an unknown code system": Bad("SP211", DATA, "'local|gait-normal'", "'locla|gait-normal'", "¦'locla|", "'local'"),
    "an unknown code": Bad("SP212", DATA, "'local|gait-normal'", "'local|gait-nromal'", "¦'local|gait-nromal", "'gait-normal'"),
    "an unknown value set of a need": Bad("SP301", DATA, "code: night-pain", "code: nite-pain", "¦nite-pain", "'night-pain'"),
    "a clash of names": Bad("SP302", DATA, "define:\n", 'define:\n  drug: "true"\n', '¦drug: "true"', "taken"),
    "a reserved name": Bad("SP302", DATA, "  drug: {", "  lesion: {label: X, Condition: {}}\n  drug: {", "¦lesion: {", "facts about this lesion"),
    "the state where it is not known": Bad("SP302", A, '"%lesion.thoracic"', '"%planned"', '"¦%planned"\nwith', "reads %state"),
    "a lesion where there is none": Bad("SP302", B, '"%motor.new"', '"%lesion.thoracic"', "¦%lesion", "%lesions"),
    "a private name of another pathway": Bad("SP302", B, '"%motor.new"', '"%walking"', "¦%walking", "private"),
    "a variable in an item": Bad("SP302", DATA, '"current.not()"', '"%drug.exists()"', "¦%drug", "one item"),
    "a cycle of definitions": Bad("SP303", A, '"%state = \'TREAT_PLAN\'"', '"%planned"', '¦planned: "%planned"\n', "planned -> planned"),
    "a boolean without absent": Bad("SP304", DATA, "    absent: no\n", "", "¦night-pain:\n", "absent: no"),
    "an Observation without group": Bad("SP305", DATA, "    group: neuro\n", "", "¦gait:\n", "group"),
    "a group without Observation": Bad("SP305", DATA, "Condition: {code: weakness,", "group: pain, Condition: {code: weakness,", "group: ¦pain, C"),
    "a recommendation without claims": Bad("SP307", B, "    claims: [N1]\n", "", "¦R-BETA-01", "cites no claim"),
    "an unknown claim": Bad("SP308", B, "claims: [N1]", "claims: [N11]", "¦N11", "'N1'"),
    "a claim of an unknown source": Bad("SP308", "claims.yaml", "source: T,", "source: X,", "source: ¦X"),
    "an unknown source as evidence": Bad("SP308", B, "evidence: [N]", "evidence: [N, X]", "N, ¦X"),
    "a source that is not named": Bad("SP309", A, "evidence: [N, T]", "evidence: [T]", "claims: [¦N1, {", "Add N to"),
    "a source of a module that is not named": Bad("SP309", A, "evidence: [N, T]", "evidence: [N]", "pain: [¦R-PAIN-01", "Add T"),
    "a hold without a code": Bad("SP310", POLICY, '"%cancer.exists()"', '"%chart.uncoded > 0"', 'test: ¦"%chart', "CANCER"),
    "a recommendation twice": Bad("SP311", B, "id: R-BETA-01", "id: R-ALPHA-01", "¦R-ALPHA-01", "twice", POLICY),
    "an unknown module": Bad("SP312", A, "use:\n  pain:", "use:\n  pian:", "¦pian", "'pain'"),
    "an unknown entry of a module": Bad("SP312", A, "[R-PAIN-01, {id", "[R-PAIN-09, {id", "¦R-PAIN-09", "R-PAIN-0"),
    "an unknown leader": Bad("SP313", A, "unless: [R-PAIN-01]", "unless: [R-PAIN-10]", "¦R-PAIN-10", "R-PAIN-0"),
    "an unknown kind of leaders": Bad("SP313", A, "with: kind:surgery", "with: kind:surgry", "¦kind:surgry", "kind:surgery"),
    "a circle of leaders": Bad("SP314", PAIN, "scope: patient", "scope: patient\n    with: kind:advice", "id: ¦R-ALPHA-02", "->", A),
    "an unknown state": Bad("SP315", A, "- SURVEIL:", "- SURVIEL:", "¦SURVIEL", "'SURVEIL'"),
    "a state after true": Bad("SP316", A, '"%lesion.confirmed"', '"true"', "¦CLASSIFY", "never reached"),
    "an indicator after one that always holds": Bad("SP316", B, "indicator: critical", "indicator: [critical, info]", "¦info]"),
    "a need that nothing reads": Bad("SP317", DATA, "  drug: {", "  idle: {label: Idle, Condition: {code: drug}}\n  drug: {", "¦idle"),
    "a definition that one pathway reads": Bad(
        "SP357", POLICY, 'OPERATED, test: "%operated"', 'OPERATED, test: "%operation.exists()"', "¦operated:", "alpha/pathway.yaml", DATA
    ),
    "whether a yes or no was answered": Bad("SP358", A, '"%night-pain.value"', '"%night-pain.exists()"', "night-pain.¦exists", "%night-pain.value for"),
    "a definition that nothing reads": Bad("SP317", DATA, "define:\n", 'define:\n  idle: "%unfit"\n', "¦idle"),
    "a flag that nothing reads": Bad("SP317", DATA, "flags:\n", "flags:\n  idle: {label: Idle}\n", "¦idle"),
    "an unlisted unit": Bad("SP318", PAIN, "value in mg/dL", "value in g/dL", "¦g/dL", "'mg/dL'"),
    "an unbalanced brace": Bad("SP318", B, "title: Evaluation", 'title: Evaluation\n    say: ["a } b"]', "a ¦} b", "{{"),
    "a rejected need that does not exist": Bad("SP318", PAIN, "{creatinine.rejected}", "{creatinin.rejected}", "¦creatinin.rej", "'creatinine'"),
    "a phrase with an odd placeholder": Bad("SP318", "phrases.yaml", "{item}", "{item.x}", '¦"Not recorded', "plain name"),
    "a word that gait cannot be": Bad("SP319", A, "value = 'normal'", "value = 'steady'", "¦'steady'", "abnormal, normal"),
    "a word in an item": Bad("SP319", DATA, "\"value = 'normal'\"", "\"value = 'usual'\"", "¦'usual'", "abnormal"),
    "a class of lesions": Bad("SP319", A, '"%lesion.thoracic"', "\"%lesion.class = 'metastases'\"", "¦'metastases'", "'metastasis'"),
    "a state in an expression": Bad("SP319", A, "'TREAT_PLAN'", "'PLANNING'", "¦'PLANNING'"),
    "a word of imaging": Bad("SP319", LESIONS, "imagingAbsent: ['no']", "imagingAbsent: ['none']", "¦'none'", "no"),
    "a word of imaging of what is known": Bad("SP319", LESIONS, "imagingKnown: [again]", "imagingKnown: [agan]", "¦agan", "again"),
    "a word of imaging with two meanings": Bad("SP204", LESIONS, "imagingKnown: [again]", "imagingKnown: ['no']", "imagingKnown: [¦", "already"),
    "a selector of nothing": Bad("SP320", POLICY, "caution: R-ALPHA-01", "caution: R-ALHPA-*", "¦R-ALHPA-*"),
    "a hook that does not exist": Bad("SP226", POLICY, BUDGET, HOOK.format("patient-vew", '"*"'), "hook: ¦patient-vew", "patient-view"),
    "a hook twice": Bad(
        "SP204", POLICY, BUDGET, 'hooks: [{hook: patient-view, shows: "*"}, {hook: patient-view, shows: R-PAIN-*}]\n' + BUDGET, "}, {hook: ¦patient"
    ),
    "a hook that shows nothing": Bad("SP230", POLICY, BUDGET, HOOK.format("patient-view", "[]"), "¦shows: []", "at least one"),
    "a hook that shows what does not exist": Bad("SP320", POLICY, BUDGET, HOOK.format("patient-view", '["*", R-PAIM-01]'), "¦R-PAIM-01", "R-PAIN-01"),
    "a notice of a hook that does not exist": Bad(
        "SP353", POLICY, BUDGET, HOOK.format("patient-view", '"*", notices: DOUBTS'), "notices: ¦DOUBTS", "DOUBTS"
    ),
    "a recommendation that no hook shows": Bad(
        "SP356", POLICY, BUDGET, HOOK.format("patient-view", "[R-ALPHA-*, R-BETA-*, R-PAIN-01]"), "id: ¦R-PAIN-02", "shows:", PAIN
    ),
    "an order of what has no codes": Bad(
        "SP354", B, "indicator: critical", "indicator: critical\n    on-order: {of: drgu, says: recommended}", "of: ¦drgu", "'drug'"
    ),
    "an order that no hook shows": Bad(
        "SP355", B, "indicator: critical", "indicator: critical\n    on-order: {of: drug, says: recommended}", "of: ¦drug", "order-sign"
    ),
    "a hook of orders without orders": Bad(
        "SP355", POLICY, BUDGET, 'hooks: [{hook: patient-view, shows: "*"}, {hook: order-sign, shows: R-PAIN-01}]\n' + BUDGET, "hook: ¦order-sign", "on-order"
    ),
    "an order at no verdict": Bad(
        "SP226", B, "indicator: critical", "indicator: critical\n    on-order: {of: drug, says: not-applicable}", "says: ¦not-applicable", "blocked"
    ),
    "a framework on nothing": Bad("SP320", "sources.yaml", "on: R-ALPHA-01", "on: R-ALPHA-99", "¦R-ALPHA-99"),
    "an unknown need of a finding": Bad("SP321", DATA, "need: weakness", "need: weaknes", "¦weaknes,", "'weakness'"),
    "an unknown need of lesions": Bad("SP321", LESIONS, "imaging: seen", "imaging: sene", "¦sene", "'seen'"),
    "an unknown level of a flag": Bad("SP321", LESIONS, "levels: [T1, T2]", "levels: [T1, T3]", "¦T3"),
    "a need of a lesion source that is a list of types": Bad("SP321", LESIONS, "conditions: tumours", "conditions: imaging", "conditions: ¦imaging", "Condition alone"),
    "histology without words": Bad("SP321", LESIONS, "need: histology", "need: creatinine", "need: ¦creatinine", "words or concepts"),
    "an unknown class of a flag": Bad("SP321", LESIONS, "class: metastasis", "class: metastases", "class: ¦metastases", "'metastasis'"),
    "an unknown gate": Bad("SP321", POLICY, "pathway: PW-BETA", "pathway: PW-BETTA", "¦PW-BETTA", "PW-BETA"),
    "a class twice": Bad("SP204", LESIONS, "id: tumour", "id: metastasis\n", "id: ¦metastasis\n\n", "twice"),
    "withoutSite without a site": Bad("SP334", LESIONS, "site: thoracic-spine, withoutSite", "withoutSite", "withoutSite: ¦drop", "site"),
    "a note of a class with a placeholder": Bad("SP318", LESIONS, '"Recorded: tumour."', '"Recorded: {lesions.title}."', '¦"Recorded', "placeholders"),
    "levels by prefix": Bad("SP332", LESIONS, "{level-t1: T1,", "{level-t1: T1, cancer: T9,", "¦cancer: T9", "prefix"),
    "a code at two levels": Bad("SP333", LESIONS, "level-t2: T2}", "level-t2: T2, thoracic-spine: T2, gait: T3, gait-unable: T4, gait-abnormal: T5, all-gaits: T6}", "¦all-gaits: T6", "already"),
    "a flag that nothing shows": Bad("SP206", LESIONS, "{class: metastasis, code: cancer}", "{absent: no}", "¦spread", "nothing shows"),
    "a course that is no course": Bad("SP319", DATA, "'local|course-new': new", "'local|course-new': old", "course: ¦course\n  kinds", "no word of a course"),
    "a worsening without grade": Bad("SP206", DATA, ", grade: \"iif(value = 'unable', 0, 1)\"", "", "need: ¦gait, only", "grade"),
    "a conflict without a value": Bad("SP325", DATA, "verificationStatus: confirmed}}", "verificationStatus: confirmed}, conflict: meaning}", "conflict: ¦meaning}\n", "with a value"),
    "a Patient among others": Bad("SP326", DATA, "Condition: {code: cancer,", "Patient: {}, Condition: {code: cancer,", "¦cancer: {label", "cannot share"),
    "a type without a code among coded ones": Bad("SP327", DATA, "MedicationStatement: {code: drug}", "MedicationStatement: {}", "¦drug: {label", "or none"),
    "a quantity without a unit": Bad("SP328", DATA, "type: quantity, unit: umol/L,", "type: quantity,", "type: ¦quantity", "no unit"),
    "a unit of a word": Bad("SP328", DATA, "{type: word, answers: {'local|gait", "{type: word, unit: m, answers: {'local|gait", "unit: ¦m,", "has no unit"),
    "words without answers": Bad("SP329", DATA, "answers: {'local|course-new': new, 'local|course-improving': improving}", "answers: {}", "type: ¦word, answers: {}", "missing"),
    "answers of a quantity": Bad("SP329", DATA, "units: {mg/dL: 88.42}", "answers: {'local|creatinine': 1}, units: {mg/dL: 88.42}", "¦'local|creatinine'", "no answers"),
    "a factor of nothing": Bad("SP330", DATA, "{mg/dL: 88.42}", "{mg/dL: 0}", "{¦mg/dL: 0}", "above zero"),
    "an answer without its value set": Bad("SP206", DATA, "improving': improving}", "improving': improving, worse: {}}", "¦worse: {}", "valueSet"),
    "answers by prefix": Bad("SP332", DATA, "unable: {valueSet: gait-unable}", "unable: {valueSet: cancer}", "{valueSet: ¦cancer", "prefix"),
    "a number that is none": Bad("SP227", DATA, "plausible: [0, 10]}", "plausible: [0, 10], answers: {'local|gait-normal': ten}}", "normal': ¦ten", "whole number"),
    "a claim cited twice": Bad("SP204", B, "claims: [N1]", "claims: [N1, N1]", "N1, ¦N1", "twice"),
    "a pathway of the order twice": Bad("SP204", POLICY, "[PW-BETA, PW-ALPHA,", "[PW-BETA, PW-BETA, PW-ALPHA,", "PW-BETA, ¦PW-BETA", "twice"),
    "a hold that does nothing": Bad("SP206", POLICY, "    caution: R-ALPHA-01\n", "", "id: ¦CANCER", "does nothing"),
    "an unknown kind of a selector": Bad("SP320", POLICY, "[kind:surgery, {ids", "[kind:surgry, {ids", "¦kind:surgry", "'surgery'"),
    "a fallback without lesions": Bad("SP337", B, "lesion: none", "lesion: {per: none, fallback: true}", "per: ¦none", "fallback"),
    "withoutLesion without lesions": Bad("SP337", B, "lesion: none", 'lesion: none\nwithoutLesion: [x: "true"]', "¦x: ", "applies"),
    "a code that is blank": Bad("SP210", "terminology/local.csv", "drug,drug,Any", "drug, drug,Any", "¦drug, drug", "not a code"),
    "a code twice in a set": Bad("SP210", "terminology/local.csv", "drug,drug,Any drug,exact,", "drug,drug,Any drug,exact,\ndrug,drug,Drug,exact,", "¦drug,drug,Drug", "twice"),
    "other columns": Bad("SP210", "terminology/icd-10-cm.csv", "value_set,code,", "set,code,", "¦set,code", "columns"),
    "an open quote in a table": Bad("SP210", "terminology/icd-10-cm.csv", "Secondary malignant", '"Secondary" malignant', '¦cancer,C79.51', "CSV"),
    "a coding without a system": Bad("SP211", DATA, "'local|gait-normal'", "'gait-normal'", "¦'gait-normal'", "system|code"),
    "an empty placeholder": Bad("SP318", PAIN, "{pain-severity.date}", "{ }", "¦{ }", "empty"),
    "a whole number that is none": Bad("SP227", POLICY, "cards: 3", "cards: two", "cards: ¦two", "whole number"),
    "an empty text": Bad("SP225", PAIN, "title: Pain plan", "title: ''", "title: ¦''", "empty"),
    "an empty list": Bad("SP230", B, 'states: [EMERGENCY: "true"]', "states: []", "¦states", "at least one"),
    "a word twice": Bad("SP204", WORDS, "weak: [lump]", "weak: [lump, Cancer]", "lump, ¦Cancer", "line 2"),
    "a stop twice": Bad("SP204", WORDS, "[family history, fh]", "[family history, fh, FH]", "fh, ¦FH", "line 6"),
    "a word that another holds": Bad("SP341", WORDS, 'cancer, "*', 'cancer, lipoblastoma, "*', "¦lipoblastoma", "'*blastoma' holds"),
    "a stop that holds no word": Bad("SP341", WORDS, "say: lump sum", "say: lumpy sum", "¦lumpy sum", "no word"),
    "a bound that nothing reads": Bad("SP341", WORDS, "preceding", "preceding, within: 2", "governs: ¦preceding", "within"),
    "a star in the middle": Bad("SP208", WORDS, "weak: [lump]", "weak: [lu*mp]", "[¦lu*mp", "word or phrase"),
    "a language in full": Bad("SP208", WORDS, "fr:", "french:", "¦french", "two letters"),
    "a stop of a list that is not there": Bad("SP226", WORDS, "of: weak", "of: week", "of: ¦week", "Did you mean 'weak'?"),
    "an option without alternatives": Bad("SP322", A, '    alternatives: ["Watching."]\n', "", "kind: ¦surgery", "R-ALPHA-01"),
    "two names in one entry": Bad("SP231", B, 'states: [EMERGENCY: "true"]', 'states: [{EMERGENCY: "true", WORKUP: "true"}]', "[¦{EMERGENCY", "dash"),
    "a search by prefix": Bad("SP323", DATA, "Observation: {code: night-pain}", "Observation: {code: cancer}", "Observation: {code: ¦cancer}", "single codes"),
    "an activity that is a sentence": Bad("SP352", A, "text: Surgical opinion", "text: Ask a surgeon.", "text: ¦Ask", "full stop"),
    "an activity too long for a button": Bad("SP352", A, "Surgical opinion", "Surgical opinion " * 4, "text: ¦Surgical", "60 are"),
    "an activity with a placeholder": Bad("SP352", A, "text: Surgical opinion", 'text: "Opinion on {lesion.level}"', 'text: ¦"Op', "fixed text"),
    "an activity of two kinds": Bad(
        "SP352", B, "kind: referral", "kind: referral\n    activity: {kind: Task, text: surgical opinion}", "text: ¦surgical", "its own words"
    ),
    "a pathway without a place": Bad("SP321", POLICY, "[PW-BETA, PW-ALPHA,", "[PW-BETA,", "id: ¦PW-ALPHA", "order", A),
}  # fmt: skip

ELSEWHERE = {
    "SP201": "test_folder",
    "SP213": "test_folder",
    "SP220": "test_site",
    "SP222": "test_site",
    "SP223": "test_site",
    "SP224": "test_expansions",
    "SP306": "test_lint",
    "SP342": "test_impact",
    "SP359": "test_limits",
    "SP360": "test_site",
    "SP361": "test_new",
    "SP362": "test_impact",
    **dict.fromkeys(("SP343", "SP344", "SP345", "SP346", "SP347", "SP348", "SP351"), "test_mistakes"),
}
"""Rules that need more than one edit, and where they are tested."""


def test_the_small_set_is_good(profiles):
    assert profiles.found() == []


@pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))
def test_an_error_leaves_nothing_half_loaded_and_is_found_at_its_place(profiles, bad):
    profiles.edit(bad.file, bad.old, bad.new)

    checked = profiles.examine()

    assert (checked.library is None) == (catalogue()[bad.code].severity is Severity.ERROR)
    found = list(checked.diagnostics)
    match = [d for d in found if d.code == bad.code]
    assert match, found
    # A second declaration is met in the order of the files, so its twin may be the one that is named.
    if bad.code != "SP311":
        assert str(match[0].span) == profiles.place(bad.at_file or bad.file, bad.at)
    assert any(bad.says.lower() in f"{d.message} {d.hint}".lower() for d in match)
    assert {d.code for d in found} == {bad.code}
    assert match[0].severity is catalogue()[bad.code].severity
    assert all(d.message.endswith((".", "?")) and d.message[0] == d.message[0].upper() for d in found)


def test_every_rule_of_files_and_meaning_is_tested():
    rules = {code for code in catalogue() if code[:3] in ("SP2", "SP3")}

    assert rules == {bad.code for bad in BAD.values()} | set(ELSEWHERE)


@pytest.mark.parametrize("rule", [r for c, r in catalogue().items() if not c.startswith("SP1")], ids=lambda r: r.code)
def test_every_rule_says_why_with_a_bad_and_a_good_example(rule):
    assert rule.why.endswith(".")
    assert rule.bad
    assert rule.good
    assert rule.bad != rule.good
