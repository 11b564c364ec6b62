"""``demo``: what the service says about the invented patients of the sandbox, a line each."""

from __future__ import annotations

import shutil
import sys
from datetime import datetime
from pathlib import Path

import typer

from fhirpath_spine.entrypoints.commands.judge import as_document, judge_chart
from fhirpath_spine.entrypoints.content import Content
from fhirpath_spine.entrypoints.patients import WRITTEN_FOR, invented
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.ehr_side.shift import shift_dates
from fhirpath_spine.exchange.incoming.parsing import take_in

PROGRAM = "fhirpath-spine"


def show_all(content: Content, directory: Path, at: datetime, *, full: bool = False) -> None:
    """Judges each patient, moved to the chosen day, and prints a line of what came of it, in ``full`` its cards; then how to see
    more.
    """
    patients = invented(directory)
    days = (at.date() - WRITTEN_FOR).days
    moved = "" if days == 0 else f" (the patients' dates are moved by {days} days)"
    typer.echo(f"Judged at {at.isoformat()}{moved}. All patients are invented.")
    for patient in patients:
        result = as_document(judge_chart(content, shift_dates(take_in(patient.path.read_bytes()), days), at))
        typer.echo(f"{patient.path.stem}: {_told(result)}")
        if full:
            from fhirpath_spine.entrypoints.show import console, show_card  # what draws is not for a line each

            for card in result["cards"]:
                show_card(card, console())
    typer.echo(f"{len(patients)} patients.")
    if days == 0:  # a file on disk is not moved, so it reads right at its own day only
        one = f"{patients[0].path} --at {WRITTEN_FOR}"
        program = typed(sys.argv[0], shutil.which(PROGRAM))
        typer.echo(f"All cards of one: {program} decide {one}")
        typer.echo(f"And why: {program} explain {one}")


def typed(called: str, found: str | None) -> str:
    """How this program is to be typed: by its name where the shell finds it, else as it was called."""
    return called if found is None and Path(called).name == PROGRAM else PROGRAM


def _told(result: Json) -> str:
    """A decision in one line: pathways with their states, then the summary of the first card."""
    if "outcome" in result:
        return "refused: " + "; ".join(issue["details"]["text"] for issue in result["outcome"]["issue"])
    states = ", ".join(dict.fromkeys(f"{entry['id']} {entry['state']}" for entry in result["pathways"]))
    cards = result["cards"]
    if not cards:
        return f"{states or 'no pathway'}; no card" + (f" ({result['silent']})" if result.get("silent") else "")
    more = f" (and {len(cards) - 1} more)" if len(cards) > 1 else ""
    return f"{states or 'no pathway'}; {cards[0]['summary']}{more}"
