"""The shared tables, read: what each code is called, what each candidate set holds, what may not ship."""

from __future__ import annotations

import csv
import fnmatch
import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from terminology_data import SYSTEMS
from terminology_field import (
    ALSO,
    COVERAGE,
    LEFT_OUT,
    MOVED,
    NOT_SPINE,
    REGIONS,
    SPINE_BESIDE,
    SPLIT,
    TARGETS,
    UNSPECIFIC,
)

BY_URI = {system["uri"]: name for name, system in SYSTEMS.items()}
BY_URI["https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"] = "hcpcs"
BY_TOKEN = {system["token"]: name for name, system in SYSTEMS.items()}
UNSHIPPED = {
    "http://hl7.org/fhir/sid/icd-10": "WHO ICD-10: under WHO copyright",
    "http://terminology.hl7.org/CodeSystem/icd-o-3": "ICD-O-3: under WHO copyright",
}


class Row(NamedTuple):
    system: str
    code: str
    display: str
    match: str
    note: str


Key = tuple[str, str]
Members = dict[Key, Row]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


class Tables:
    """The shared tables: what each code is called, what each candidate set holds, what may not ship."""

    def __init__(self, folder: Path) -> None:
        self.bindings = read(folder / "bindings.csv")
        self.local = {row["code"]: row for row in read(folder / "local-codes.csv")}
        self.rows: Members = {}
        self.sets: dict[str, Members] = defaultdict(dict)
        self.refused: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self.families: dict[str, str] = {}
        self.children: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for entry in read(folder / "codes.csv"):
            self._candidate(entry)
        for entry in read(folder / "extra-codes.csv"):
            key = (BY_URI[entry["system"]], entry["code"])
            self.rows.setdefault(key, Row(*key, entry["display"], "exact", ""))
        for code, entry in self.local.items():
            self.rows["local", code] = Row("local", code, entry["display"], "exact", entry["definition"])
        for entry in read(folder / "expansions" / "icd10cm-families.csv"):
            code = entry["code"]
            parent = code[:-1].rstrip(".")
            self.children[parent].append((code, entry["display"]))
            self.families[code] = entry["display"]
        self.fields: dict[str, Members] = defaultdict(dict)
        self.left_out: dict[str, list[str]] = defaultdict(list)
        for entry in read(folder / "field-codes.csv"):
            self._field(entry)
        for entry in read(folder / "field-sites.csv"):
            self._site(entry)
        self._sites_beside(read(folder / "expansions" / "mcode-radiotherapy-spine-bodysite.csv"))
        self.problems = read(folder / "expansions" / "snomed-ips-problems.csv")
        for entry in self.problems:
            key = ("snomed-ct", entry["code"])
            self.rows.setdefault(key, Row(*key, entry["display"], "exact", ""))
        self.aliases = read(folder / "system-aliases.csv")
        self.allergens = {
            ("snomed-ct", entry["code"]): Row("snomed-ct", entry["code"], entry["display"], "exact", "")
            for entry in read(Path(__file__).parent / "allergens.csv")
        }
        self.products = {
            ("rxnorm", entry["code"]): (("rxnorm", entry["ingredient"]), entry["display"])
            for entry in read(Path(__file__).parent / "products.csv")
        }

    def _field(self, entry: dict[str, str]) -> None:
        """One row of field-codes.csv, into the sets that its datum and note say."""
        system, code, note = BY_URI[entry["system"]], entry["code"], entry["note"]
        token = f"{SYSTEMS[system]['token']}:{code}"
        if system == "snomed-ct" and code[-10:-3] == "1000210":
            raise ValueError(f"{token}: of one national edition only")
        match = "prefix" if note.startswith("prefix") else "exact"
        source = "single source" if entry["status"] == "single-source" else ""
        if system == "icd-10-pcs" and "(first of the family)" in entry["display"]:
            entry = {**entry, "display": entry["display"].split(" using ")[0].removesuffix(" (first of the family)")}
        row = Row(system, code, entry["display"], match, source)
        self.rows.setdefault((system, code), row)
        targets = MOVED.get(token, TARGETS.get((entry["datum"], entry["value_set"]), [entry["datum"]]))
        targets = [*targets, *ALSO.get(token, [])]
        if not targets:
            self.left_out[entry["datum"]].append(f"{code} ({LEFT_OUT.get(token, 'no answer and no result')})")
        for words, ending in COVERAGE.items():
            if words in note:
                targets.append(f"{entry['datum']}-{ending}")
        split = SPLIT.get(token)
        for target in targets if split is None else ():
            self.fields[target].update({(system, code): row})
        for target, codes in (split or {}).items():
            for name in [target] if target else targets:
                self.fields[name].update(self._parts(row, codes))
        if system == "hgnc":
            for other in (code.removeprefix("HGNC:"), entry["display"]):
                for target in targets:
                    self.fields[target][system, other] = row._replace(code=other)

    def _parts(self, row: Row, codes: list[str]) -> Members:
        found: Members = {}
        for code in codes:
            plain = code.rstrip("*")
            match = "prefix" if code != plain else "shape" if "?" in code else "exact"
            display = self.families.get(plain) or self.rows.get((row.system, plain), row).display
            note = row.note if plain == row.code else f"split of {row.code}"
            found[row.system, plain] = Row(row.system, plain, display, match, note)
        return found

    def _site(self, entry: dict[str, str]) -> None:
        """One row of field-sites.csv: its levels, its region, or why it is none; it wins over codes.csv."""
        system, code = BY_URI[entry["system"]], entry["code"]
        row = Row(
            system, code, entry["display"], "exact", "single source" if entry["status"] == "single-source" else ""
        )
        self.rows.setdefault((system, code), row)
        held = self.rows[system, code]
        target = REGIONS[entry["region"]]
        # A code of a level is in the sets of its level; those of a region hold what names no level.
        names = entry["levels"].split() or [target][: bool(target)]
        if not entry["levels"] and target not in NOT_SPINE:
            names.append("site-spine-any")
        for name in names:
            self.fields[name][system, code] = held

    def _sites_beside(self, listed: list[dict[str, str]]) -> None:
        for entry in listed:
            key = (BY_URI[entry["system"]], entry["code"])
            self.rows.setdefault(key, Row(*key, entry["display"].removesuffix(" (body structure)"), "exact", ""))
        for token in UNSPECIFIC.split():
            self.fields["site-unspecific"].update(self.pick(token))
        self.fields["site-spine-any"].update(self.pick(SPINE_BESIDE))

    def _candidate(self, entry: dict[str, str]) -> None:
        name, code = entry["value_set"], entry["code"]
        if entry["system"] in UNSHIPPED:
            self.refused[name][UNSHIPPED[entry["system"]]].append(code)
        elif not code or name == "legacy-do-not-emit" or entry["status"] not in {"verified", "single-source"}:
            self.refused[name]["unverified"].append(code or entry["display"])
        elif entry["system"] == SYSTEMS["snomed-ct"]["uri"] and code[-10:-3] == "1000210":
            self.refused[name]["SNOMED CT namespace 1000210: one national edition only"].append(code)
        else:
            system = BY_URI[entry["system"]]
            header = system == "icd-10-cm" and re.search(r"\b(prefix|header)\b", entry["note"])
            note = "single source" if entry["status"] == "single-source" else ""
            row = Row(system, code, entry["display"], "prefix" if header else "exact", note)
            self.rows[system, code] = self.sets[name][system, code] = row

    def pick(self, token: str, below: bool = False) -> Members:
        """Rows of `system:code`; `*` means a prefix for ICD-10-CM, any ending for the local codes."""
        short, code = token.split(":", 1)
        system = BY_TOKEN[short]
        if system == "local" and "*" in code:
            found = {key: row for key, row in self.rows.items() if key[0] == system and fnmatch.fnmatch(key[1], code)}
            if not found:
                raise LookupError(token)
            return found
        if system == "icd-o-3":
            return {(system, code): Row(system, code, f"behaviour digit {code[-1]}", "shape", "a digit and no code")}
        plain = code.rstrip("*")
        if (system, plain) not in self.rows and not below:
            return self._listed_below(system, plain)
        match = "prefix" if code.endswith("*") else "exact"
        row = self.rows.get((system, plain), Row(system, plain, "", match, ""))
        return {(system, plain): row._replace(match="prefix" if "prefix" in (match, row.match) else "exact")}

    def _listed_below(self, system: str, code: str) -> Members:
        """A code of a family that codes.csv names by its header only."""
        display = self.families.get(code, "")
        if not display or not self.covered(system, code, self.rows):
            raise LookupError(f"{system} {code}: no such code in the shared tables")
        return {(system, code): Row(system, code, display, "exact", "below a header")}

    def covered(self, system: str, code: str, members: Members) -> bool:
        """A code that no table lists, below a header or `*` that the set holds."""
        above = [row for row in members.values() if row.system == system and row.match == "prefix"]
        return (system, code) not in self.rows and any(code.startswith(row.code) for row in above)

    def without(self, members: Members, gone: Key) -> Members:
        """Take a code out, and everything below it; a header above it is replaced by its other children."""
        system, code = gone
        bare = code.replace(".", "")
        kept: Members = {}
        for key, row in members.items():
            other = key[1].replace(".", "")
            if system != key[0] or not (other == bare or (system == "icd-10-cm" and other.startswith(bare))):
                kept[key] = row
        for key, row in list(kept.items()):
            other = key[1].replace(".", "")
            if row.match == "prefix" and key[0] == system and bare.startswith(other):
                kept[key] = row._replace(match="exact", note=f"split of {key[1]}")
                kept.update(self._below(key[1], bare, key[1], members))
        return kept

    def _below(self, parent: str, bare: str, top: str, members: Members) -> Members:
        if not self.children[parent]:
            raise LookupError(f"cannot split {parent} to leave out {bare}")
        found: Members = {}
        for code, display in self.children[parent]:
            other, note = code.replace(".", ""), f"split of {top}"
            key = ("icd-10-cm", code)
            if other == bare or key in members:
                continue
            if bare.startswith(other):
                found[key] = Row(*key, display, "exact", note)
                found.update(self._below(code, bare, top, members))
            else:
                found[key] = Row(*key, display, "prefix" if self.children[code] else "exact", note)
        return found


def merge(into: Members, more: Members) -> None:
    """Union; a prefix outlives an exact row of the same code."""
    for key, row in more.items():
        if key not in into or row.match == "prefix":
            into[key] = row


def triples(cell: str) -> list[tuple[str, str, str]]:
    parts = [part.strip().split("|") for part in cell.split(" ; ") if part.strip()]
    return [(BY_URI[uri], code, display) for uri, code, display in parts]
