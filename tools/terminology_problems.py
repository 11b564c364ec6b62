"""What stands beside the value sets: names of code systems, crosswalks, and a published list of problems with its classes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

Entry = dict[str, str]

_LICENCE = "a fact: what a system is called"


def aliases(rows: list[Entry]) -> str:
    """system-aliases.csv, each row with its licence."""
    entries = [[r["alias"], r["system"], r["note"], r["source"], _LICENCE] for r in rows]
    return _csv(["alias", "system", "note", "source", "licence"], entries)


def crosswalks() -> dict[str, Any]:
    """Field rules 20 to 22: where WHO ICD-10 says what ICD-10-CM says, by the first characters."""
    return {
        "icd-10": {
            "uri": "http://hl7.org/fhir/sid/icd-10",
            "title": "ICD-10 (WHO)",
            "licence": "no title of ICD-10 is here: the numbers are those of ICD-10-CM",
            "reads": "icd-10-cm",
            "codes": "icd",
            "three": [
                *("C00-C96", "G81", "R15", "R20", "R26", "R32", "R33", "N31", "K25-K28", "E10-E11", "E13"),
                *("I50", "N17", "Z33-Z34", "Z85"),
            ],
            "four": [
                "C41.2",
                "C41.4",
                "C47.3",
                "C70.1",
                "C72.0",
                "C72.1",
                "C79.3",
                "C79.4",
                "C79.5",
                "C90.0",
                "D16.6",
                "D16.8",
                "D32.1",
                "D33.4",
                "D36.1",
                "D42.1",
                "D43.4",
                "D48.0",
                "D48.2",
                "G83.0",
                "G83.1",
                "G83.2",
                "G83.3",
                "G83.4",
                "G95.2",
                "M48.5",
                "M54.1",
                "M54.2",
                "M54.3",
                "M54.4",
                "M54.5",
                "M54.6",
                "M54.8",
                "M54.9",
                "M46.2",
                "M46.3",
                "M46.4",
                "G06.1",
                "K92.0",
                "K92.1",
                "K92.2",
                "N18.3",
                "N18.4",
                "N18.5",
                "Z92.3",
                "Z85.3",
            ],
        }
    }


# Organs of which a tumour may as well have come from elsewhere (field rule 17).
_DOUBTFUL = frozenset(
    [
        "bone",
        "vertebra",
        "lung",
        "liver",
        "brain",
        "pleura",
        "peritoneum",
        "lymph-node",
        "bone-marrow",
        "spinal-cord",
        "meninges",
        "cauda-equina",
    ]
)
_MAY_BE_SPINE = re.compile(r"bone|vertebra|spin|mening|nervous system|cord\b", re.IGNORECASE)
_PRIMARY = re.compile(r"\bprimary\b", re.IGNORECASE)
# A tumour of no organ and no kind: placed by its site and its morphology.
_GENERIC = frozenset({"363346000", "55342001", "428281000"})


def _place(row: Entry) -> str:
    """Where a row stands: primary, elsewhere, anywhere, generic, or empty where that cannot be told."""
    organ, reads_as = row["organ"], row["reads_as"]
    if row["code"] in _GENERIC:
        return "generic"
    if reads_as == "cancer":
        sure = organ and (organ not in _DOUBTFUL or _PRIMARY.search(row["display"]))
        return "primary" if sure else ""
    if reads_as == "cancer-metastatic" and not _MAY_BE_SPINE.search(f"{organ} {row['display']}"):
        return "elsewhere" if organ else "anywhere"
    return ""


def problems(rows: list[Entry]) -> str:
    """The list with its classes and, as last column, what the organ says of a primary or a metastasis (field rule 17)."""
    entries = [[r["code"], r["display"], r["class"], r["organ"], r["reads_as"], _place(r)] for r in rows]
    return _csv(["code", "display", "class", "organ", "reads_as", "place"], entries)


def classes() -> dict[str, Any]:
    """classes.yaml: which sets the classes make, and which sets of ours go before them."""

    def made(title: str, reads_as: str | list[str], place: str = "") -> dict[str, Any]:
        return {"title": title, "classes": reads_as} | ({"place": place} if place else {})

    return {
        "snomed-ips-problems": {
            "system": "snomed-ct",
            "title": "IPS Terminology, problems",
            "licence": "Creative Commons Attribution 4.0, SNOMED International",
            "file": "problems/snomed-ips-problems.csv",
            "own": ["neoplasm-any-known", "deficit-any-known", "breast-lump"],
            "sets": {
                "problem-cancer": made("Cancer", "cancer"),
                "problem-cancer-primary": made("Cancer of a named organ", "cancer", "primary"),
                "problem-cancer-generic": made("Neoplasm of no named organ", ["cancer", "perhaps-weak"], "generic"),
                "problem-cancer-metastatic": made("Metastasis", "cancer-metastatic"),
                "problem-metastasis-anywhere": made("Metastasis, organ not named", "cancer-metastatic", "anywhere"),
                "problem-metastasis-elsewhere": made("Metastasis elsewhere", "cancer-metastatic", "elsewhere"),
                "problem-cancer-haematological": made("Blood cancer", "cancer-haematological"),
                "problem-cancer-history": made("History of a cancer", "cancer-history"),
                "problem-skin-nonmelanoma": made("Skin cancer, no melanoma", "skin-nonmelanoma"),
                "problem-perhaps-strong": made("Entry that may be a cancer", "perhaps-strong"),
                "problem-perhaps-weak": made("Entry that may be a tumour", "perhaps-weak"),
                "problem-deficit-named": made("Deficit that is named", "deficit-named"),
                "problem-elsewhere": made("Known problem that is none of these", "elsewhere"),
            },
        }
    }


def _csv(head: list[str], rows: Iterable[list[str]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return stream.getvalue()
