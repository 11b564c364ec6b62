"""The verb ``feedback``: what users did with the cards, as the store knows it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from fhirpath_spine.adapters.store.keeping import Keeping
from fhirpath_spine.entrypoints.commands.store import opened
from fhirpath_spine.entrypoints.printing import print_json
from fhirpath_spine.entrypoints.settings import load
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.feedback.report import GROUPS, latest, summary


class FeedbackFormat(StrEnum):
    """Output for a person, a machine, a spreadsheet, or as a page with pictures."""

    HUMAN = "human"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


Form = Annotated[FeedbackFormat, typer.Option("--format", help="human, json, csv or html.")]
_COUNTS = ("shown", "answered", "accepted", "overridden", "acceptance")


def feedback(
    form: Form = FeedbackFormat.HUMAN,
    raw: Annotated[bool, typer.Option("--raw", help="Each item by itself, the latest of each card.")] = False,
) -> None:
    """Show what users did with the cards: accepted, overridden, and why; from the store.

    Exit: 0 shown, 2 the store cannot be reached.
    """
    if form is FeedbackFormat.HTML:
        from fhirpath_spine.entrypoints.acceptance import stored_page

        typer.echo(stored_page(load().settings), nl=False)
        return
    store = opened()
    keeping = Keeping(store, lambda: datetime.now(UTC))
    rows = list(keeping.rows())
    if raw:
        items = [row.as_json() for row in latest(rows)]
        _print({"feedback": items}, items, form)
    else:
        found = summary(rows, keeping.shown())
        _print(found, list(_lines(found)), form)
    store.close()


def _print(whole: Json, rows: list[Json], form: FeedbackFormat) -> None:
    if form is FeedbackFormat.JSON:
        print_json(whole)
    elif form is FeedbackFormat.CSV:
        typer.echo(_csv(rows), nl=False)
    else:
        from fhirpath_spine.entrypoints.show import show_table

        heads = list(rows[0]) if rows else ["feedback"]
        show_table(heads, [[_cell(row.get(head)) for head in heads] for row in rows] or [["none yet"]])


def _lines(found: Json) -> Iterable[Json]:
    """The groups one below the other, then the reasons, each line with the same columns."""
    groups = [("total", [{"name": "all", "shown": found["shown"], **found["total"]}])]
    groups += [(name, found[f"by-{name}"]) for name in GROUPS]
    for group, entries in groups:
        for entry in entries:
            low, high = entry["interval"] or (None, None)
            yield {
                "group": group,
                "name": entry["name"],
                **{c: entry.get(c) for c in _COUNTS},
                "low": low,
                "high": high,
            }
    for entry in found["reasons"]:
        yield {"group": "reason", "name": entry["reason"], "shown": None, "answered": entry["count"]}


def _csv(rows: list[Json]) -> str:
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    text = "" if value is None else str(value)
    # A spreadsheet would run what begins so.
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
