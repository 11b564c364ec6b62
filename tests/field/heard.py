"""How each code of a table of cancers is heard beside a new loss of power; and which sites and studies of the spine are read.

    python -m tests.field.heard DIR     DIR holds the expansions: prints the counts, exits 1 if one is silent

The tables of all neoplasms are not part of this repository, for their licence: the counts are printed where they are.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from fhirpath_spine.entrypoints.content import moment
from fhirpath_spine.exchange.incoming import read_bundle
from fhirpath_spine.pathway.decision import Decision
from fhirpath_spine.pathway.facts import Way
from fhirpath_spine.pathway.judging import decide
from tests.field.making import AT, BACK_PAIN, LOINC, MOTOR_POWER, SCT, Json, bundle, concept, condition, observation
from tests.kit import content

CANCERS = ("malignant-primary", "metastatic", "haematological")
READ, ELSEWHERE, SILENT = "read", "known, no cause of compression", "silent"
PERHAPS = ("perhaps strong", "perhaps spinal", "perhaps deficit", "perhaps weak")
IN_SITU = "said to be in situ"


class Row(NamedTuple):
    """A code of a table, with what it is called."""

    system: str
    code: str
    display: str


@dataclass
class Heard:
    """How often each ending came, and which codes were silent."""

    ways: Counter[str] = field(default_factory=Counter)
    silent: list[Row] = field(default_factory=list)
    quiet: list[Row] = field(default_factory=list)
    """Codes that were read, or strongly doubted, and raised no card."""


def judge(*resources: Json) -> Decision:
    """The decision on a chart that holds just these."""
    at: datetime = moment(AT.isoformat(), content.site())
    return decide(content.library(), read_bundle(bundle(*resources)), at, content.site())


def way_of(row: Row) -> tuple[str, bool]:
    """How a Condition of this code is heard beside a loss of power of yesterday, and whether a card says something."""
    cancer = condition("c", concept(row.system, row.code, row.display), 200)
    decision = judge(cancer, observation("o", MOTOR_POWER, 1, valueInteger=2))
    entry = next((e for e in decision.ledger.entries if e.reference == "Condition/c"), None)
    if entry is not None and entry.doubt:
        return f"perhaps {entry.doubt}", bool(decision.cards)
    if entry is not None:
        return IN_SITU if "in situ" in row.display else SILENT, bool(decision.cards)
    if decision.ledger.counts["Condition", Way.ELSEWHERE]:
        return ELSEWHERE, bool(decision.cards)
    return READ, bool(decision.cards)


def hear(rows: Iterable[Row]) -> Heard:
    """Every code of a table, each in a chart of its own."""
    heard = Heard()
    for row in rows:
        way, told = way_of(row)
        heard.ways[way] += 1
        if way == SILENT:
            heard.silent.append(row)
        elif way in (READ, *PERHAPS[:3]) and not told:
            heard.quiet.append(row)
    return heard


def rows_of(path: Path, classes: Iterable[str] = ()) -> Iterator[Row]:
    """The codes of a table; of one with classes, those of the classes named."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if not classes or row["class"] in classes:
                yield Row(row.get("system", SCT), row["code"], row["display"])


def unplaced(rows: Iterable[Row]) -> list[Row]:
    """The body sites that no level and no region of the spine holds."""
    table = content.library().lesions
    found = []
    for row in rows:
        site = (row.system, row.code)
        if site not in table.levels and not any(r.contains(*site) for r in table.regions.values()):
            found.append(row)
    return found


_STUDY = re.compile(r"(?:MR|CT)\b(?!.*(?:Guidance|densitometry|bone density))", re.IGNORECASE)
_SPINE = re.compile(r"spine|spinal|vertebra|sacr|coccyx", re.IGNORECASE)


def studies(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """The MR and CT studies of the spine that a need reads, and those that none does."""
    needs = [content.library().needs[name].codes for name in ("spine-mri", "spine-ct")]
    read, unread = [], []
    for row in rows:
        if _STUDY.match(row.display) and _SPINE.search(row.display):
            known = any(codes is not None and codes.contains(LOINC, row.code) for codes in needs)
            (read if known else unread).append(row)
    return read, unread


def bare(rows: Iterable[Row]) -> list[Row]:
    """The codes that say nothing without a display: they need an expansion of the site's own."""
    return [row for row in rows if way_of(row._replace(display=""))[0] in (SILENT, IN_SITU)]


def asked_about(row: Row) -> bool:
    """Whether such an entry beside back pain leads to a card that asks what it is."""
    entry = condition("c", concept(row.system, row.code, row.display), 200)
    return bool(judge(entry, condition("pain", BACK_PAIN, 12)).cards)


def report(folder: Path, say: Callable[[str], None] = print) -> bool:
    """Prints the counts of the tables in a folder; whether nothing is silent, unplaced or unread."""
    tables = {
        "mcode-cancer-condition-icd10cm.csv": (),
        "snomed-cancer-words.csv": CANCERS,
    }
    sound = True
    for name, classes in tables.items():
        rows = list(rows_of(folder / name, classes))
        heard = hear(rows)
        counted = ", ".join(f"{way} {heard.ways[way]}" for way in (READ, *PERHAPS, ELSEWHERE, IN_SITU, SILENT))
        say(f"{name}: {len(rows)} codes: {counted}; {len(heard.quiet)} read or doubted without a card")
        for row in (*heard.silent, *heard.quiet):
            say(f"  {row.code} {row.display}")
        sound = sound and not heard.silent
    rows = list(rows_of(folder / "snomed-cancer-words.csv", CANCERS))
    say(f"without a display and without `codes expand`: {len(bare(rows))} of {len(rows)} SNOMED CT codes say nothing")
    rows = list(rows_of(folder / "mcode-radiotherapy-spine-bodysite.csv"))
    lost = unplaced(rows)
    say(f"mcode-radiotherapy-spine-bodysite.csv: {len(rows) - len(lost)} of {len(rows)} sites placed")
    read, unread = studies(rows_of(folder / "loinc-spine-imaging.csv"))
    say(f"loinc-spine-imaging.csv: {len(read)} of {len(read) + len(unread)} MR and CT studies of the spine read")
    return sound and not lost and not unread


if __name__ == "__main__":
    sys.exit(0 if report(Path(sys.argv[1])) else 1)
