"""What the tests of a population share: invented resources as lines, exports in files, and the rows of a run."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq

from fhirpath_spine.exchange.incoming import contents
from fhirpath_spine.pathway.model import Site
from fhirpath_spine.population.engines import Content, Job
from fhirpath_spine.population.exports import find_export
from fhirpath_spine.population.tables import TABLES, Pseudonyms
from tests.kit import content

ROOT = Path(__file__).parents[2]
PATIENTS = ROOT / "sandbox" / "patients"
STEMS = [p.stem[:3] for p in sorted(PATIENTS.glob("*.json"))]
AT = datetime(2026, 6, 15, 23, 59, 59, tzinfo=UTC)
CONTENT = Content(content.library(), Site(), content.criteria())
LIBRARY, SITE = CONTENT.library, CONTENT.site

Rows = dict[str, list[dict[str, Any]]]


def chart(stem: str, as_id: str = "") -> tuple[str, list[bytes]]:
    """The id and the lines of an invented patient, under another id if one is given."""
    resources, _ = contents(json.loads(next(PATIENTS.glob(f"{stem}*.json")).read_bytes()))
    id_ = next(str(r["id"]) for r in resources if r["resourceType"] == "Patient")
    lines = [orjson.dumps(r) for r in resources if r["resourceType"] != "OperationOutcome"]
    name = as_id or id_
    return name, [
        line.replace(b'"Patient/%b"' % id_.encode(), b'"Patient/%b"' % name.encode()).replace(
            b'"resourceType":"Patient","id":"%b"' % id_.encode(), b'"resourceType":"Patient","id":"%b"' % name.encode()
        )
        for line in lines
    ]


def line(kind: str, id_: str, of: str = "", **members: Any) -> bytes:
    """One resource as a line."""
    subject = {"subject": {"reference": f"Patient/{of}"}} if of else {}
    return orjson.dumps({"resourceType": kind, "id": id_, **subject, **members})


def person(id_: str, **members: Any) -> bytes:
    """A Patient as a line."""
    return line("Patient", id_, birthDate="1961-03-02", gender="female", **members)


def export_of(folder: Path, files: dict[str, Iterable[bytes]]) -> Path:
    """A folder of NDJSON files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        (folder / name).write_bytes(b"".join(one + b"\n" for one in lines))
    return folder


def job_of(export: Path, out: Path, key: bytes = b"", at: datetime = AT) -> Job:
    """A run with the shipped content."""
    return Job(find_export(export), CONTENT, at, out, Pseudonyms(key))


def rows_of(out: Path) -> Rows:
    """All tables of a run, line by line as they stand."""
    return {t.name: pq.read_table(out / f"{t.name}.parquet", schema=t.schema).to_pylist() for t in TABLES}


def table(written: Path, section: str) -> list[dict[str, str]]:
    """The CSV of a section beside a page."""
    with written.with_suffix(f".{section}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
