"""A small invented world to ask the engine about: its profiles, its charts, and one question at a time.

``ask("%pain.value > 3", observation("pain", 7))`` writes a profile set whose only recommendation has that criterion, loads
it as the service does, judges the chart, and says what the engine answered: True, False or None, and why. What the engine
is made of inside is nobody's business here.

It is long because it is one invented world in one place: its profiles as text, and the charts that are asked of it.
"""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import yaml

from fhirpath_spine import authoring
from fhirpath_spine.pathway.decision import Decision, Verdict
from fhirpath_spine.pathway.facts import KEYS, OBSERVATION_GROUPS, Chart, Read, Resource
from fhirpath_spine.pathway.judging import decide
from fhirpath_spine.pathway.model import Library, Site
from fhirpath_spine.pathway.sentences import plain
from fhirpath_spine.pathway.truth import Reason

AT = datetime(2026, 6, 15, 12, 0, 0, tzinfo=UTC)
LOCAL = "urn:example:local"
Json = dict[str, Any]

# ------------------------------------------------------------------------------------------------- the profiles

CODES = """
pain night power course course-new course-worse course-unchanged course-improving course-resolved weakness normal-exam exam
tumour benign-tumour malignant-tumour metastasis any-bone blood mass cancer seen seen-mass seen-none seen-known histology
histology-benign histology-malignant statement statement-safe statement-large size creatinine fit unfit asa operation scan
decision decided drug goal goal-comfort goal-cure level-t7 level-t8 level-l1 thoracic-spine lumbar-spine whole-spine unrelated
neoplasm-chapter neoplasm-any-known medication-any-known test
""".split()  # noqa: SIM905 - a list of words

COURSES = {w: {"valueSet": f"course-{w}"} for w in ("new", "worse", "unchanged", "improving", "resolved")}


def word(**answers: str) -> Json:
    """A coded answer: word -> value set."""
    return {"type": "word", "answers": {name: {"valueSet": code} for name, code in answers.items()}}


def need(label: str, group: str = "status", code: str = "", **more: Any) -> Json:
    """A need on an Observation."""
    return {"label": label, "Observation": {"code": code}, "group": group, **more}


DATA: Json = {
    "needs": {
        "patient": {"label": "Birth date", "Patient": {}},
        "pain": need(
            "Pain",
            code="pain",
            value={"type": "integer", "units": ["{score}"], "plausible": [0, 10]},
            within="30 days",
            latest=1,
        ),
        "pains": need("Pains", code="pain", value="integer"),
        "night": need("Night pain", code="night", value="boolean", within="30 days", latest=1, absent="no"),
        "creatinine": need(
            "Creatinine",
            code="creatinine",
            value={
                "type": "quantity",
                "unit": "umol/L",
                "units": {"umol/L": 1, "mg/dL": "88.42"},
                "plausible": [18, 1800],
            },
            within="7 days",
            latest=1,
        ),
        "fit": need("Fitness", code="fit", value="boolean", within="60 days", absent="unknown", conflict="meaning"),
        "unfit-told": need("Unable", code="unfit", value="boolean", within="60 days", absent="unknown"),
        "fit-latest": need("Fitness", code="fit", value="boolean", latest=1, absent="unknown", conflict="meaning"),
        "asa": need("ASA class", code="asa", value={"type": "integer", "plausible": [1, 6]}, within="60 days"),
        "power": need(
            "Power",
            "neuro",
            "power",
            value={"type": "integer", "plausible": [0, 5]},
            components={"course": {"code": "course", "type": "word", "answers": COURSES}},
        ),
        "exam": need("Examination", "neuro", "exam", value=word(normal="normal-exam")),
        "seen": need("Seen", "imaging", "seen", value=word(mass="seen-mass", none="seen-none", known="seen-known")),
        "size": need(
            "Size",
            "imaging",
            "size",
            per="lesion",
            value={"type": "quantity", "unit": "mm", "units": {"mm": 1, "cm": 10}},
        ),
        "histology": need("Histology", "lesion", "histology", per="lesion", conflict="meaning", value="concept"),
        "statement": need(
            "Statement",
            "lesion",
            "statement",
            per="lesion",
            latest=1,
            conflict="meaning",
            value=word(safe="statement-safe", large="statement-large"),
        ),
        "goal": need(
            "Goal",
            "decisions",
            "goal",
            latest=1,
            conflict="meaning",
            value=word(comfort="goal-comfort", cure="goal-cure"),
        ),
        "decision": need("Decision", "decisions", "decision", value=word(decided="decided")),
        "tumours": {
            "label": "Tumour",
            "Condition": {
                "code": ["tumour", "benign-tumour", "malignant-tumour", "metastasis", "any-bone", "blood", "mass"],
                "clinicalStatus": "any",
            },
        },
        "weakness": {"label": "Weakness", "Condition": {"code": "weakness", "clinicalStatus": "any"}},
        "cancer": {"label": "Cancer", "Condition": {"code": "cancer", "clinicalStatus": "active"}},
        "old-cancer": {"label": "Old cancer", "Condition": {"code": "cancer", "clinicalStatus": "history"}},
        "sure-cancer": {"label": "Sure cancer", "Condition": {"code": "cancer", "verificationStatus": "confirmed"}},
        "operation": {"label": "Operation", "Procedure": {"code": "operation"}},
        "operations": {"label": "Operation here", "Procedure": {"code": "operation"}, "per": "lesion"},
        "scan": {"label": "Scan", "DiagnosticReport": {"code": "scan"}},
        "recent-scan": {"label": "Recent scan", "DiagnosticReport": {"code": "scan"}, "within": "90 days"},
        "drug": {
            "label": "Drug",
            "MedicationRequest": {"code": "drug"},
            "MedicationStatement": {"code": "drug"},
            "meaning": ["active", "proposed"],
            "from": ["chart", "draftOrders"],
        },
        "drug-taken": {
            "label": "Drug taken",
            "MedicationRequest": {"code": "drug"},
            "MedicationStatement": {"code": "drug"},
            "meaning": "active",
        },
    },
    "findings": {
        "new": "14 days",
        "open": "90 days",
        "answered": ["scan", "decision"],
        "course": "course",
        "kinds": {
            "motor": {
                "label": "Motor deficit",
                "sources": [
                    {"need": "weakness", "abnormal": "current", "normal": "current.not()"},
                    {"need": "power", "abnormal": "value < 5", "normal": "value = 5", "grade": "value"},
                    {"need": "exam", "abnormal": "false", "normal": "value = 'normal'"},
                ],
            }
        },
    },
    "ranked": {
        "unfit": {
            "label": "Unfit",
            "gap": "30 days",
            "type": "boolean",
            "ranks": [
                [{"need": "fit", "answer": "value.not()"}, {"need": "unfit-told", "answer": "value"}],
                {"need": "asa", "answer": "iif(value >= 4, true, {})"},
            ],
        }
    },
    "flags": {"endoscopy": {"label": "Endoscopy"}},
}

LESIONS: Json = {
    "conditions": "tumours",
    "imaging": "seen",
    "imagingAbsent": ["none"],
    "imagingKnown": ["known"],
    "levels": {"level-t7": "T7", "level-t8": "T8", "level-l1": "L1"},
    "elsewhere": "unrelated",
    "regions": {
        "thoracic": ["thoracic-spine", "level-t7", "level-t8"],
        "lumbar": ["lumbar-spine", "level-l1"],
        "spine": ["whole-spine", "thoracic-spine", "lumbar-spine"],
    },
    "classes": [
        {
            "id": "blood",
            "title": "blood",
            "from": [{"code": "blood", "site": ["thoracic-spine", "level-t7"], "verificationStatus": "confirmed"}],
            "note": "Silent.",
        },
        {
            "id": "metastasis",
            "title": "metastasis",
            "from": [
                {"code": "metastasis"},
                {"code": "any-bone", "site": ["thoracic-spine", "lumbar-spine", "level-t7", "level-t8", "level-l1"]},
            ],
        },
        {"id": "tumour", "title": "tumour", "from": [{"code": ["tumour", "benign-tumour", "malignant-tumour"]}]},
        {"id": "unknown", "title": "unknown", "from": [{"code": ["mass", "any-bone"]}]},
    ],
    "flags": {"thoracic": {"levels": ["T7", "T8"], "site": "thoracic-spine", "code": "benign-tumour"}},
    "behaviour": {
        "condition": {"benign": "benign-tumour", "malignant": ["malignant-tumour", "metastasis"]},
        "histology": {"need": "histology", "benign": "histology-benign", "malignant": "histology-malignant"},
    },
}

POLICY: Json = {
    "order": ["PW-GATE", "PW-LESION", "PW-ASK"],
    "holds": [],
    "goals": [],
    "exclusions": [],
    "conflict-gap": "30 days",
    "budget": {"cards": 3},
}

GATE: Json = {
    "pathway": "PW-GATE",
    "open": "%pressing and (%scan.some(date >= %motor.since) and %decision.some(date >= %motor.since)).not()",
    "acknowledged": "%pressing and %scan.some(date >= %motor.since) and %decision.some(date >= %motor.since)",
    "visible": [],
    "attached": [],
    "hidden": "Hidden while the gate is open.",
    "unread": "A new deficit could not be excluded",
    "acknowledged-line": "Acknowledged {decision.date.max()}",
    "scope-stop": "Use the emergency route.",
}
PRESSING = {"pressing": "(%motor.new or %motor.open) and %lesions.exists()"}
GATE_PATHWAY: Json = {
    "lesion": "none",
    "applies": [{"gate": "%pressing"}],
    "states": [{"EMERGENCY": "true"}],
    "recommendations": [
        {
            "id": "R-GATE-01",
            "title": "Evaluation now",
            "kind": "referral",
            "claims": ["N1"],
            "indicator": "critical",
            "when": [{"pressing": {"test": "%pressing", "unknown": "met"}}],
            "satisfied": [
                {"done": "%pressing and %scan.some(date >= %motor.since) and %decision.some(date >= %motor.since)"}
            ],
        }
    ],
}


def recommendation(id_: str = "R-ASK-01", **parts: Any) -> Json:
    """A recommendation that always stands, but for the parts given."""
    return {"id": id_, "title": f"Title of {id_}", "kind": "advice", "claims": ["N1"], "indicator": "info", **parts}


def pathway(*recommendations: Json, per: str = "none", **parts: Any) -> Json:
    """A pathway that always applies."""
    lesion: Any = "none" if per == "none" else {"per": "lesion"}
    states, applies = [{"CLASSIFY": "true"}], [{"always": "true"}]
    return {"lesion": lesion, "applies": applies, "states": states, "recommendations": list(recommendations), **parts}


def _text(value: Any) -> Any:
    """YAML reads every scalar as text; so it is written."""
    if isinstance(value, dict):
        return {str(k): _text(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_text(v) for v in value]
    return {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value


def write(folder: Path, files: Mapping[str, Any]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (
            content if isinstance(content, str) else yaml.dump(_text(content), Dumper=yaml.CSafeDumper, sort_keys=False)
        )
        path.write_text(text, encoding="utf-8")


@cache
def _shipped(name: str) -> str:
    return (authoring.profiles_directory() / name).read_text(encoding="utf-8")


def library(pathways: Mapping[str, Json], *, define: Json | None = None, policy: Json | None = None) -> Library:
    """A loaded library of these pathways (id -> content) over the world above."""
    rows = "\n".join(f"{c},{c},{c},exact," for c in sorted(set(CODES)))
    files = {
        "data.yaml": {**DATA, "define": {**(define or {})}} if define else DATA,
        "lesions.yaml": LESIONS,
        "policy.yaml": {**POLICY, **(policy or {})},
        "phrases.yaml": _shipped("phrases.yaml"),
        "incoming.yaml": _shipped("incoming.yaml"),
        "words.yaml": "en:\n  strong: [cancer]\n",
        "sources.yaml": {
            "sources": {
                "N": {
                    "title": "A page",
                    "publisher": "A site",
                    "date": "2025",
                    "kind": "web-article",
                    "certainty": "low",
                }
            }
        },
        "claims.yaml": {"claims": {"N1": {"source": "N", "use": "drive"}}},
        "terminology/systems.yaml": {
            "local": {"uri": LOCAL, "title": "Local", "licence": "none", "file": "local.csv"},
        },
        "terminology/local.csv": f"value_set,code,display,match,note\n{rows}\n",
        "terminology/value-sets.yaml": {c: {"title": c} for c in CODES},
    }
    for id_, content in pathways.items():
        head = {"spine": 1, "id": id_, "version": "1.0.0", "title": id_, "status": "draft", "evidence": ["N"]}
        files[f"{id_.lower()}/pathway.yaml"] = {**head, **content}
    # The same name each time, so that what no test changes is read once in each process.
    folder = Path(gettempdir()) / f"small-world-{os.getpid()}"
    try:
        write(folder, files)
        return authoring.load(folder)
    finally:
        shutil.rmtree(folder)


# ------------------------------------------------------------------------------------------------- the charts

PATIENT: Json = {"resourceType": "Patient", "id": "p", "birthDate": "1980-05-05", "gender": "female"}
OURS = {"reference": "Patient/p"}


def concept(*codes: str) -> Json:
    return {"coding": [{"system": LOCAL, "code": code} for code in codes]}


def _named(kind: str, code: str, parts: Mapping[str, Any], defaults: Json) -> Json:
    made = {"resourceType": kind, "id": f"{code}-1", "subject": OURS, "code": concept(code), **defaults, **parts}
    return {name: value for name, value in made.items() if value is not None}


def observation(code: str, /, value: Any = None, when: str | None = "2026-06-10", **parts: Any) -> Json:
    """A final Observation; a part of None is left out."""
    given: Json = {}
    match value:
        case bool():
            given["valueBoolean"] = value
        case int():
            given["valueInteger"] = value
        case str():
            given["valueCodeableConcept"] = concept(value)
        case (amount, unit):
            given["valueQuantity"] = {"value": amount, "unit": unit, "code": unit}
    return _named("Observation", code, parts, {"status": "final", "effectiveDateTime": when, **given})


def condition(code: str, /, *sites: str, onset: str | None = None, **parts: Any) -> Json:
    """An active, confirmed Condition."""
    if "clinical" in parts:
        status = parts.pop("clinical")
        parts["clinicalStatus"] = status and {"coding": [{"system": "urn:x", "code": status}]}
    if "verified" in parts:
        status = parts.pop("verified")
        parts["verificationStatus"] = status and {"coding": [{"system": "urn:x", "code": status}]}
    defaults = {
        "clinicalStatus": {"coding": [{"system": "urn:x", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": "urn:x", "code": "confirmed"}]},
        "bodySite": [concept(*sites)] if sites else None,
        "onsetDateTime": onset,
    }
    return _named("Condition", code, parts, defaults)


def procedure(code: str, /, when: str | None = "2026-06-01", **parts: Any) -> Json:
    return _named("Procedure", code, parts, {"status": "completed", "performedDateTime": when})


def report(code: str = "scan", /, when: str | None = "2026-06-10", **parts: Any) -> Json:
    return _named("DiagnosticReport", code, parts, {"status": "final", "effectiveDateTime": when})


def order(code: str = "drug", /, **parts: Any) -> Json:
    """A MedicationRequest."""
    defaults = {"status": "active", "intent": "order", "medicationCodeableConcept": concept(code), "code": None}
    return _named("MedicationRequest", code, parts, defaults)


def chart(*resources: Resource, lost: Iterable[str] = (), patient: Json | None = PATIENT, **parts: Any) -> Chart:
    """A chart that was read whole, but for the lost keys."""
    by_key: dict[str, list[Resource]] = {key: [] for key in (*KEYS, *(f"observations-{g}" for g in OBSERVATION_GROUPS))}
    key_of = {kind: key for key, kind in KEYS.items()}
    for resource in ([patient] if patient else []) + list(resources):
        kind = str(resource.get("resourceType"))
        by_key[key_of.get(kind, "medicationRequests" if kind == "Medication" else "observations-status")].append(
            resource
        )
    gone = set(lost)
    reads = {
        key: Read(complete=False, reason=Reason.UNREAD) if key in gone else Read(tuple(copy.deepcopy(found)))
        for key, found in by_key.items()
    }
    return Chart("p", reads, **parts)


# ------------------------------------------------------------------------------------------------- the questions


@dataclass(frozen=True)
class Answered:
    """What came of one question."""

    truth: bool | None
    decision: Decision
    verdict: Verdict

    @property
    def reasons(self) -> set[str]:
        """Why it is unknown."""
        return {m.reason.value for m in self.verdict.missing}

    @property
    def rejected(self) -> dict[str, str]:
        """Reference -> why it was not used."""
        return {r.reference: r.reason for r in self.decision.rejections}

    @property
    def evidence(self) -> set[str]:
        """The resources that the answer rests on."""
        return {e.reference for s in self.verdict.steps for e in s.evidence}


ANSWERS = {"recommended": True, "not-applicable": False, "needs-data": None, "blocked": None}


@cache
def _asking(expression: str, per: str) -> Library:
    asked = recommendation(when=[{"asked": expression}])
    return library({"PW-ASK": pathway(asked, per=per)})


def ask(
    expression: str,
    *resources: Resource,
    at: datetime = AT,
    site: Site | None = None,
    **given: Any,
) -> Answered:
    """The engine's answer about the patient."""
    found = chart(*resources, **given)
    decision = decide(_asking(expression, "none"), found, at, site or Site())
    (verdict,) = decision.verdicts
    return Answered(ANSWERS[verdict.status.value], decision, verdict)


def ask_lesions(expression: str, *resources: Resource, at: datetime = AT, **given: Any) -> dict[str, bool | None]:
    """The engine's answer about each lesion, by its key."""
    decision = decide(_asking(expression, "lesion"), chart(*resources, **given), at, Site())
    return {v.lesion.key if v.lesion else "": ANSWERS[v.status.value] for v in decision.verdicts}


def lesions(*resources: Resource, **given: Any) -> list[str]:
    """The keys of the lesions, cranial to caudal."""
    return list(ask_lesions("%lesion.key.exists()", *resources, **given))


def judge(lib: Library, *resources: Resource, at: datetime = AT, site: Site | None = None, **given: Any) -> Decision:
    """The decision of a library on a chart."""
    options = {name: given.pop(name) for name in ("emergency", "audience") if name in given}
    return decide(lib, chart(*resources, **given), at, site or Site(), **options)


def status(decision: Decision, id_: str) -> str:
    """The one status of a recommendation."""
    (found,) = {v.status.value for v in decision.verdicts if v.id == id_}
    return found


def verdict(decision: Decision, id_: str) -> Verdict:
    (found,) = [v for v in decision.verdicts if v.id == id_]
    return found


def said(parts: Iterable[tuple[str, ...]]) -> list[str]:
    return [plain(p) for p in parts]
