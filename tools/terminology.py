"""Build profiles/terminology from the shared tables: which code means what, one CSV per code system.

    python tools/terminology.py [--shared DIR] [--out DIR]   write the tables
    python tools/terminology.py --check                      compare with the committed tables, exit 1 on a difference

A datum of bindings.csv becomes a value set of its name; `terminology_data.py` says where a note of the binding narrows
it, `terminology_derived.py` holds the sets that profiles need besides. No code is written down that the tables do not
hold: a wrong code in those two files stops the build.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from terminology_data import ADDED, BESIDE, NARROWED, ONLY, RANGES, RENAMED, SYSTEMS, TITLES
from terminology_derived import DERIVED
from terminology_field import NEW, NOT_SPINE, SITE_TITLES
from terminology_problems import aliases, classes, crosswalks, problems
from terminology_tables import BY_TOKEN, Key, Members, Row, Tables, merge, triples

ROOT = Path(__file__).resolve().parent.parent
MANY = 12


class ValueSet(NamedTuple):
    title: str
    origin: str
    rows: Members
    dropped: list[str]


def named(codes: list[str]) -> str:
    return ", ".join(sorted(set(codes))) if len(codes) <= MANY else f"{len(set(codes))} codes"


class Builder:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.sets: dict[str, ValueSet] = {}
        self.taken: set[str] = set()

    def evaluate(self, expression: str) -> Members:
        """Left to right: `sct:1` a code, `=name` a candidate set, `=name/sct` its rows of one system, `@name` a set
        built before, `@name~whole_spine` its rows whose display says so, `-` before any of them takes it out again."""
        members: Members = {}
        for token in expression.split():
            word = token.removeprefix("-")
            if word.startswith("@") and "~" in word:
                name, _, said = word[1:].partition("~")
                rows = self.sets[name].rows
                found = {key: row for key, row in rows.items() if said.replace("_", " ") in row.display.lower()}
                if not found:
                    raise LookupError(word)
            elif word.startswith("@"):
                name, _, short = word[1:].partition("/")
                rows = self.sets[name].rows
                found = {key: row for key, row in rows.items() if not short or key[0] == BY_TOKEN[short]}
            elif word.startswith("+"):
                found = self.tables.fields[word[1:]]
            elif word.startswith("="):
                name, _, short = word[1:].partition("/")
                if name not in self.tables.sets:
                    raise LookupError(word)
                rows = self.tables.sets[name]
                found = {key: row for key, row in rows.items() if not short or key[0] == BY_TOKEN[short]}
            else:
                found = self.tables.pick(word, below=token.startswith("-"))
            if token.startswith("-"):
                for key in found:
                    members = self.tables.without(members, key)
            else:
                merge(members, found)
        return members

    def accepted(self, binding: dict[str, str]) -> tuple[Members, dict[str, list[str]]]:
        """What the columns of a binding accept, before its notes narrow it."""
        tables, members = self.tables, dict[Key, Row]()
        left_out: dict[str, list[str]] = defaultdict(list)
        for name in binding["read_value_sets"].split():
            merge(members, tables.sets.get(name, {}))
            for reason, codes in tables.refused.get(name, {}).items():
                left_out[reason] += codes
        for code in binding["read_local_codes"].split():
            merge(members, tables.pick(f"loc:{code}"))
        for system, code, display in triples(binding["read_codes"]) + triples(binding["write_code"]):
            if tables.covered(system, code, members):
                members.setdefault((system, code), Row(system, code, display, "exact", ""))
            else:
                merge(members, tables.pick(f"{SYSTEMS[system]['token']}:{code}"))
        for system, code, _ in triples(binding["read_exclude"]):
            members = tables.without(members, (system, code))
            left_out["excluded by the binding"].append(code)
        return members, left_out

    def datum(self, binding: dict[str, str]) -> None:
        name = binding["datum"]
        members, left_out = self.accepted(binding)
        result = self.evaluate(ONLY[name][0]) if name in ONLY else dict(members)
        if name in ONLY:
            left_out[ONLY[name][1]] += [key[1] for key in members if key not in result]
        elif binding["coded_answers"] and "Condition" not in binding["resource"]:
            for system, code, _ in triples(binding["coded_answers"]):
                if result.pop((system, code), None):
                    left_out["answers: sets of their own"].append(code)
        for expression, reason in NARROWED.get(name, []):
            for token in expression.split():
                key = next(iter(self.tables.pick(token, below=True)))
                smaller = self.tables.without(result, key)
                if smaller == result:
                    raise LookupError(f"{name}: {token} is not in the set")
                result = smaller
                left_out[reason].append(key[1])
        origin = f"bindings.csv {name}"
        for table, why in ((ADDED, "codes that the note names"), (BESIDE, "standard codes that may stand beside")):
            if name in table:
                merge(result, self.evaluate(table[name]))
                origin += f", with {why}"
        dropped = [f"{named(codes)} ({reason})" for reason, codes in left_out.items() if codes]
        dropped += self.tables.left_out.get(name, [])
        origin += self.sent(name, result)
        if result:
            title = TITLES.get(name, name.replace("-", " ").capitalize())
            self.sets[name] = ValueSet(title, origin, result, dropped)

    def sent(self, name: str, rows: Members) -> str:
        """Adds what charts send besides to the rows of a set; how its origin goes on."""
        found = self.tables.fields.get(name)
        if not found:
            return ""
        for key, row in found.items():
            held = rows.get(key)
            if held is None or (held.match == "exact" and row.match != "exact"):
                rows[key] = row
        self.taken.add(name)
        return "; field-codes.csv and field-sites.csv"

    def build(self) -> dict[str, ValueSet]:
        for binding in self.tables.bindings:
            self.datum(binding)
        for name, (title, origin, codes) in RANGES.items():
            held = self.sets.get(name, ValueSet(title, origin, {}, []))
            rows = {("icd-10-cm", code): Row("icd-10-cm", code, title, "prefix", "code range") for code in codes}
            origin = held.origin if held.origin == origin else f"{held.origin}; {origin}"
            self.sets[name] = ValueSet(held.title, origin, {**held.rows, **rows}, held.dropped)
        for code, entry in self.tables.local.items():
            name = RENAMED.get(code, code)
            if entry["value_type"] == "answer":
                if name in self.sets:
                    raise ValueError(f"{name} is a datum and an answer")
                rows = self.tables.pick(f"loc:{code}")
                origin = f"local-codes.csv {entry['group']}" + self.sent(name, rows)
                self.sets[name] = ValueSet(entry["display"], origin, rows, [])
        for name, title in {**NEW, **SITE_TITLES}.items():
            rows = {}
            self.sets[name] = ValueSet(title, self.sent(name, rows).removeprefix("; "), rows, [])
        for name, title, origin, expression in DERIVED:
            if name in self.sets:
                raise ValueError(f"{name} is defined twice")
            rows = self.evaluate(expression)
            more = self.sent(name, rows)
            if name.startswith("site-"):
                rows = {key: row for key, row in rows.items() if not any(key in self.sets[n].rows for n in NOT_SPINE)}
            self.sets[name] = ValueSet(title, origin + more, rows, [])
        self.sets["other-allergen"] = ValueSet(
            "Allergen that is known and no anti-inflammatory drug",
            "tools/allergens.csv: foods, pollens, animals, venoms, metals, vaccines, latex, contrast media and classes of"
            " antibiotics, each with two sources",
            dict(self.tables.allergens),
            [],
        )
        self._products()
        lost = sorted(set(self.tables.fields) - self.taken)
        if lost:
            raise ValueError(f"rows for sets that there are not: {lost}")
        empty = [name for name, value_set in self.sets.items() if not value_set.rows]
        if empty:
            raise ValueError(f"empty: {empty}")
        return self.sets

    def _products(self) -> None:
        """A product of one ingredient stands in each set that holds the ingredient."""
        for key, (ingredient, display) in self.tables.products.items():
            holding = [value_set.rows for value_set in self.sets.values() if ingredient in value_set.rows]
            if not holding:
                raise LookupError(f"{key[1]}: no set holds its ingredient {ingredient[1]}")
            for rows in holding:
                rows[key] = Row(*key, display, "exact", f"product of {ingredient[1]}")


def render(sets: dict[str, ValueSet]) -> dict[str, str]:
    """File name to content."""
    files: dict[str, str] = {}
    for name in SYSTEMS:
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["value_set", "code", "display", "match", "note"])
        pairs = [(each, row) for each, held in sets.items() for row in held.rows.values() if row.system == name]
        for each, row in sorted(pairs, key=lambda pair: (pair[0], pair[1].code)):
            writer.writerow([each, row.code, row.display, row.match, row.note])
        files[f"{name}.csv"] = stream.getvalue()
    described: dict[str, dict[str, Any]] = {
        name: {"title": held.title, "from": held.origin} | ({"dropped": held.dropped} if held.dropped else {})
        for name, held in sorted(sets.items())
    }
    systems = {
        name: {key: value for key, value in system.items() if key != "token"} | {"file": f"{name}.csv"}
        for name, system in SYSTEMS.items()
    }
    for file, content in (("value-sets.yaml", described), ("systems.yaml", systems)):
        files[file] = _yaml(content)
    return files


def beside(tables: Tables) -> dict[str, str]:
    """The files beside the value sets: names of systems, crosswalks, the list of problems with its classes."""
    return {
        "system-aliases.csv": aliases(tables.aliases),
        "crosswalks.yaml": _yaml(crosswalks()),
        "classes.yaml": _yaml(classes()),
        "problems/snomed-ips-problems.csv": problems(tables.problems),
    }


def _yaml(content: Any) -> str:
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=118)
    return f"# Written by tools/terminology.py.\n{text}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared" / "clinical")
    parser.add_argument("--out", type=Path, default=ROOT / "profiles" / "terminology")
    parser.add_argument("--check", action="store_true")
    chosen = parser.parse_args(arguments)
    tables = Tables(chosen.shared)
    files = render(Builder(tables).build()) | beside(tables)
    if chosen.check:
        differing = [name for name, text in files.items() if _content(chosen.out / name) != text]
        print("\n".join(f"differs: {name}" for name in differing) or f"{len(files)} files as built")
        return 1 if differing else 0
    chosen.out.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (chosen.out / name).parent.mkdir(parents=True, exist_ok=True)
        (chosen.out / name).write_text(text, encoding="utf-8")
    return 0


def _content(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
