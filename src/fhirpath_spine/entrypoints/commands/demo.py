"""``demo``: what the service says about the invented patients of the sandbox, each with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import yaml
from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from fhirpath_spine.entrypoints.commands.judge import as_document, judge_chart
from fhirpath_spine.entrypoints.content import Content
from fhirpath_spine.entrypoints.show import console, entry_line, show_card_briefly
from fhirpath_spine.errors import SettingsError
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.ehr_side.shift import shift
from fhirpath_spine.exchange.incoming.parsing import parse

WRITTEN_FOR = date(2026, 6, 15)
"""The day that the dates of the invented patients are relative to (rulings 7)."""
INDEX = "INDEX.yaml"


@dataclass(frozen=True, slots=True)
class Invented:
    """One invented patient: its Bundle, a title, a line that says what should happen, and whether a server can hold it."""

    path: Path
    title: str
    expect: str
    loadable: bool = True


def patients_directory() -> Path:
    """The invented patients of a checkout; they are not in the wheel."""
    return Path(__file__).resolve().parents[4] / "sandbox" / "patients"


def invented(directory: Path) -> list[Invented]:
    """The patients of a folder in the order of its index.

    Raises:
        SettingsError: there is no index, or an entry of it names no file.

    """
    try:
        rows = yaml.safe_load((directory / INDEX).read_text(encoding="utf-8"))
        found = [
            Invented(directory / row["file"], str(row["title"]), str(row["expect"]), row.get("loadable") is not False)
            for row in rows
        ]
    except (OSError, yaml.YAMLError, TypeError, KeyError) as error:
        raise SettingsError(
            f"The invented patients cannot be read: {type(error).__name__} in {INDEX}.",
            hint="They come with a checkout, under sandbox/patients; name another folder with --patients.",
        ) from None
    if absent := [p.path.name for p in found if not p.path.is_file()]:
        raise SettingsError(f"{INDEX} names files that are not there: {', '.join(absent)}.", hint="Add them.")
    return found


def show_all(content: Content, directory: Path, at: datetime) -> None:
    """Judges and prints each patient, moved to the chosen day."""
    everyone = invented(directory)
    out = console()
    days = (at.date() - WRITTEN_FOR).days
    moved = "" if days == 0 else f" (the patients' dates are moved by {days} days)"
    out.print(Text(f"Judged at {at.isoformat()}{moved}. All patients are invented.", style="bold"))
    for patient in everyone:
        result = as_document(judge_chart(content, shift(parse(patient.path.read_bytes()), days), at))
        _show(patient, result, out)
    out.print(Rule())
    out.print(Text(f"{len(everyone)} patients."))
    if days == 0:  # a file on disk is not moved, so it reads right at its own day only
        out.print(Text(f"One of them in full: fhirpath-spine explain {everyone[0].path} --at {WRITTEN_FOR}"))


def _show(patient: Invented, result: Json, out: Console) -> None:
    out.print(Rule(Text(f"{patient.path.stem}: {patient.title}", style="bold"), align="left"))
    out.print(Text(f"expected: {patient.expect}", style="italic dim"))
    if "outcome" in result:
        for issue in result["outcome"]["issue"]:
            out.print(Text(f"refused: {issue['details']['text']}", style="red"))
        return
    for entry in result["pathways"]:
        out.print(entry_line(entry))
    for card in result["cards"]:
        show_card_briefly(card, out)
    for verdict in result["verdicts"]:
        if verdict["status"] in ("suppressed", "satisfied") and (verdict.get("by") or verdict["because"]):
            reason = "; ".join(verdict["because"])
            by = f" by {verdict['by']}" if verdict.get("by") else ""
            out.print(Text(f"      {verdict['id']} {verdict['status']}{by}  {reason}", style="dim"))
    if not result["cards"]:
        silent = f" ({result['silent']})" if result.get("silent") else ""
        out.print(Text(f"  no card{silent}", style="dim"))
