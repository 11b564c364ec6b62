"""Writes a profile set that asks the 60 questions as 60 recommendations of one pathway, and loads it like any other."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import yaml

from benchmarks.questions import Set60, sixty
from benchmarks.workload import conds
from fhirpath_spine import authoring
from fhirpath_spine.pathway.model import Library

SYSTEMS = {"snomed-ct": conds.SCT, "loinc": conds.LN}


def identifier(number: int) -> str:
    """The recommendation of one question."""
    return f"R-BENCH-{number:02}"


def load(folder: Path) -> Library:
    """The library of the 60 questions, written to a folder and loaded from it.

    Raises:
        ProfileError: a question is not what a profile may ask.

    """
    write(folder, sixty())
    return authoring.load(folder)


def write(folder: Path, asked: Set60) -> None:
    """All files of the set. JSON is YAML, so each is written as JSON."""
    # What lesions and behaviour are read from has to be declared; the workload's charts hold none of it.
    none = {
        name: asked.codes(name, frozenset({(conds.SCT, "1")})) for name in ("no-tumour", "no-image", "no-histology")
    }
    needs: dict[str, Any] = {
        **asked.needs,
        "no-tumour": {"label": "tumour", "Condition": {"code": none["no-tumour"], "clinicalStatus": "any"}},
        "no-image": _word("image", none["no-image"]),
        "no-histology": _word("histology", none["no-histology"]),
    }
    _terminology(folder / "terminology", asked)
    _put(folder / "data.yaml", {"needs": needs})
    _put(
        folder / "lesions.yaml",
        {
            "conditions": "no-tumour",
            "imaging": "no-image",
            "imagingAbsent": ["none"],
            "levels": {"no-tumour": "T1"},
            "classes": [{"id": "unknown", "title": "tumour", "from": [{"code": "no-tumour"}]}],
            "behaviour": {
                "condition": {"benign": "no-tumour", "malignant": "no-tumour"},
                "histology": {"need": "no-histology", "benign": ["none"], "malignant": ["none"]},
            },
        },
    )
    shipped = yaml.safe_load((authoring.profiles_directory() / "policy.yaml").read_text(encoding="utf-8"))
    plain = {key: value for key, value in shipped.items() if key == "budget" or not isinstance(value, (dict, list))}
    _put(folder / "policy.yaml", {"order": ["PW-BENCH"], **plain})
    for name in ("phrases.yaml", "words.yaml", "incoming.yaml"):
        shutil.copyfile(authoring.profiles_directory() / name, folder / name)
    source = {
        "title": "The fixed workload",
        "publisher": "fhirpath-spine",
        "date": "2026-11-01",
        "kind": "case-report",
        "certainty": "very-low",
    }
    _put(folder / "sources.yaml", {"sources": {"W": source}})
    _put(folder / "claims.yaml", {"claims": {"W1": {"source": "W", "use": "drive", "strength": "none"}}})
    _put(folder / "bench" / "pathway.yaml", _pathway(asked))


def _pathway(asked: Set60) -> dict[str, Any]:
    return {
        "spine": "1",
        "id": "PW-BENCH",
        "version": "1.0.0",
        "title": "The fixed workload",
        "status": "draft",
        "evidence": ["W"],
        "lesion": "none",
        "applies": [{"always": "true"}],
        "states": [{"CLASSIFY": "true"}],
        "recommendations": [
            {
                "id": identifier(number),
                "title": f"Question {number}",
                "kind": "record",
                "claims": ["W1"],
                "indicator": "info",
                "when": [{f"question-{number}": criterion}],
                "activity": {"kind": "Task", "text": f"Question {number}"},
            }
            for number, criterion in enumerate(asked.criteria)
        ],
    }


def _word(label: str, codes: str) -> dict[str, Any]:
    value = {"type": "word", "answers": {"none": {"valueSet": codes}}}
    return {"label": label, "group": "laboratory", "Observation": {"code": codes}, "value": value}


def _terminology(folder: Path, asked: Set60) -> None:
    folder.mkdir(parents=True)
    systems = {
        short: {"uri": uri, "title": short, "licence": "codes of a test chart", "file": f"{short}.csv"}
        for short, uri in SYSTEMS.items()
    }
    _put(folder / "systems.yaml", systems)
    _put(folder / "value-sets.yaml", {name: {"title": name} for name in asked.value_sets})
    for short, uri in SYSTEMS.items():
        with (folder / f"{short}.csv").open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(["value_set", "code", "display", "match", "note"])
            for name, members in asked.value_sets.items():
                out.writerows([name, code, code, "exact", ""] for system, code in sorted(members) if system == uri)


def _put(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
