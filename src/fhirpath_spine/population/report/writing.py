"""A report in files: the page, a CSV for each of its tables, and the MeasureReports."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import orjson
from pyarrow import ArrowException
from pyarrow.parquet import read_metadata

from fhirpath_spine.errors import RequestError
from fhirpath_spine.exchange import Json
from fhirpath_spine.population.report.changed import sections, tallied
from fhirpath_spine.population.report.comparing import changes
from fhirpath_spine.population.report.counted import Counted
from fhirpath_spine.population.report.counting import judged
from fhirpath_spine.population.report.measures import measure_reports
from fhirpath_spine.population.report.page import html_page
from fhirpath_spine.population.report.section import Cell, Coded, Section, words_of
from fhirpath_spine.population.report.summary import edited, summary
from fhirpath_spine.population.report.unheard import not_judged
from fhirpath_spine.population.report.who import who
from fhirpath_spine.population.report.words import count, days_between, instant
from fhirpath_spine.population.tables import run
from fhirpath_spine.population.tables.merge import file_of
from fhirpath_spine.population.tables.schema import TABLES

TITLE = "Treatment pathways in a population"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula: a code of a chart may be anything."""


def write_report(folder: Path, out: Path, compared: Path | None = None, *, named: bool = False) -> list[Path]:
    """Writes the report of a run to ``out`` (the page) and beside it; with another run, what changed since that one. ``named``
    asks for one file more, which says by id who the patients are.

    Raises:
        RequestError: a folder holds no finished run, or a table of it cannot be read.
        OSError: nothing can be written.

    """
    found, earlier, tally = _counted(folder), None, None
    shown, facts = [*judged(found), *not_judged(found)], _facts(found.record)
    if compared is not None:
        earlier = _counted(compared)
        tally = tallied(changes(compared, folder, earlier.record, found.record))
        # Whoever compares asks first what changed.
        shown[1:1] = sections(tally, found.words, earlier.record["at"] != found.record["at"])
        facts += [("Compared with", _named(earlier.record)), ("Edited", edited(earlier.record, found.record))]
    short = summary(found, {one.id: one for one in shown}, earlier, tally)
    out.parent.mkdir(parents=True, exist_ok=True)
    page = html_page(TITLE, facts, shown, short, _about(found.record))
    out.write_text(page, encoding="utf-8", newline="\n")
    written = [out, *(_write_csv(one, out) for one in (*short.tables, *shown))]
    measures = out.with_suffix(".measure-reports.json")
    states = next(s for s in shown if s.id == "states")
    measures.write_bytes(orjson.dumps(measure_reports(found.record, states), option=orjson.OPT_INDENT_2))
    return [*written, measures, *([_write_csv(who(found), out)] if named else [])]


def _counted(folder: Path) -> Counted:
    record = run.read(folder)
    for table in TABLES:
        try:
            read_metadata(file_of(folder, table))
        except (OSError, ArrowException):
            raise RequestError(f"{file_of(folder, table)} cannot be read.", hint="Judge the export again.") from None
    return Counted(folder, record)


def _facts(record: Json) -> list[tuple[str, str]]:
    export = record["export"]
    taken = ""
    if since := export["transactionTime"]:
        age = days_between(since, record["at"])
        taken = f", taken on {instant(since)}" + (f", {count(age, 'day')} before that" if age else "")
    facts = [("Judged as of", _named(record)), ("Export", f"{count(export['files'], 'file')}{taken}")]
    if export["errors"]:
        facts.append(("Not whole", f"the manifest lists {count(export['errors'], 'error file')}"))
    return facts


def _named(record: Json) -> str:
    return f"{instant(record['at'])}, library {record['library'][:12]}"


def _about(record: Json) -> list[tuple[str, str]]:
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    return [
        ("Library", record["library"]),
        ("Patients are named", "by pseudonym" if record["pseudonyms"] else "by their id; this page names none"),
        ("Made by", f"{versions}, engine {record['engine']}"),
    ]


def _write_csv(section: Section, out: Path) -> Path:
    path = out.with_suffix(f".{section.id}.csv")
    coded = [any(isinstance(row[n], Coded) for row in section.rows) for n in range(len(section.heads))]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([name for head, both in zip(section.heads, coded, strict=True) for name in _heads(head, both)])
    for row in section.rows:
        writer.writerow([cell for one, both in zip(row, coded, strict=True) for cell in _cells(one, both)])
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return path


def _heads(head: str | Coded, both: bool) -> list[str]:
    words = words_of(head)
    return [words, f"{words} code"] if both else [words]


def _cells(cell: Cell, both: bool) -> list[str | int]:
    found: list[str | int] = [*cell] if isinstance(cell, Coded) else [cell, ""] if both else [cell]
    return [f"'{one}" if isinstance(one, str) and one.startswith(_FORMULA) else one for one in found]
