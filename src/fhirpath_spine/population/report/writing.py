"""A report in files: the page, a CSV for each of its tables, and the MeasureReports."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import orjson

from fhirpath_spine.exchange import Json
from fhirpath_spine.population.report.changes import changes
from fhirpath_spine.population.report.changes import sections as changed
from fhirpath_spine.population.report.counting import Counted
from fhirpath_spine.population.report.measures import measure_reports
from fhirpath_spine.population.report.page import html_page
from fhirpath_spine.population.report.section import Cell, Section
from fhirpath_spine.population.tables import run

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula: a code of a chart may be anything."""


def write_report(folder: Path, out: Path, compared: Path | None = None) -> list[Path]:
    """Writes the report of a run to ``out`` (the page) and beside it; with another run, what changed since that one.

    Raises:
        RequestError: a folder holds no finished run.
        OSError: nothing can be written.

    """
    record = run.read(folder)
    counted = Counted(folder, record)
    sections = counted.sections()
    facts = _facts(record)
    if compared is not None:
        old = run.read(compared)
        # Whoever compares asks first what changed.
        sections[1:1] = changed(changes(compared, folder, old, record), record)
        facts += [("Compared with", f"{old['at']}, library {old['library'][:12]}"), ("Edited", _edited(old, record))]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(html_page("Treatment pathways in a population", facts, sections), encoding="utf-8", newline="\n")
    written = [out, *(_write_csv(one, out) for one in sections)]
    measures = out.with_suffix(".measure-reports.json")
    states = next(s for s in sections if s.id == "states")
    measures.write_bytes(orjson.dumps(measure_reports(record, states), option=orjson.OPT_INDENT_2))
    return [*written, measures]


def _facts(record: Json) -> list[tuple[str, str]]:
    export = record["export"]
    taken = f", taken {export['transactionTime']}" if export["transactionTime"] else ""
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    facts = [
        ("Judged at", record["at"]),
        ("Library", record["library"][:12]),
        ("Export", f"{export['files']} files{taken}"),
        ("Patients are named", "by pseudonym" if record["pseudonyms"] else "by their id; this page names none"),
        ("Made by", f"{versions}, engine {record['engine']}"),
    ]
    if export["errors"]:
        facts.append(("Not whole", f"the manifest lists {export['errors']} error files"))
    return facts


def _edited(old: Json, new: Json) -> str:
    """What of the content differs between two runs: versions of pathways, and limits with their values."""
    if old["library"] == new["library"]:
        return "nothing: the same content judged both"
    was, now = (_numbers(record) for record in (old, new))
    names = (name for name in {**was, **now} if was.get(name) != now.get(name))
    turned = [f"{name}: {was.get(name, 'none')} before, {now.get(name, 'none')} now" for name in names]
    return "; ".join(turned) or "the content, under the same versions and limits"


def _numbers(record: Json) -> dict[str, str]:
    versions = {id_: pathway["version"] for id_, pathway in record["pathways"].items()}
    return versions | {f"limit {name}": value for name, value in record.get("limits", {}).items()}


def _write_csv(section: Section, out: Path) -> Path:
    path = out.with_suffix(f".{section.id}.csv")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(section.heads)
    writer.writerows(map(_cells, section.rows))
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return path


def _cells(row: Sequence[Cell]) -> list[Cell]:
    return [f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in row]
