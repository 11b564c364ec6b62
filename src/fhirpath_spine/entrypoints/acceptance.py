"""What users did with the cards, as one page with pictures: for the operator's address, and for a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from fhirpath_spine.adapters.store.database import Database
from fhirpath_spine.adapters.store.keeping import Keeping
from fhirpath_spine.entrypoints.settings import Settings
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.feedback.report import summary
from fhirpath_spine.population.report.page import html_page
from fhirpath_spine.population.report.section import Section

_TITLES = {
    "recommendation": "Which advice is taken",
    "version": "By version of the pathway",
    "client": "By client",
    "week": "By week",
}


def stored_page(settings: Settings) -> str:
    """The page of the store that the settings name, as it is now.

    Raises:
        SettingsError, StoreAway: the store cannot be used, or not be reached.

    """
    store = Database.open(settings.database_url, settings.data_dir)
    try:
        keeping = Keeping(store, lambda: datetime.now(UTC))
        return acceptance_page(summary(list(keeping.rows()), keeping.shown()), datetime.now(UTC))
    finally:
        store.close()


def acceptance_page(found: Json, at: datetime) -> str:
    """The page of what :func:`summary` counted."""
    total = found["total"]
    facts = [
        ("as of", at.strftime("%Y-%m-%d %H:%M UTC")),
        ("cards shown", f"{found['shown']:,}"),
        ("answered", f"{total['answered']:,}"),
        ("accepted", _rate(total)),
        ("on cards that were not issued", f"{found['unknown']:,}"),
    ]
    return html_page("What became of the cards", facts, [*_groups(found), _reasons(found)])


def _groups(found: Json) -> Iterator[Section]:
    for group, title in _TITLES.items():
        answered = [entry for entry in found[f"by-{group}"] if entry["answered"]]
        silent = len(found[f"by-{group}"]) - len(answered)
        yield Section(
            id=f"by-{group}",
            title=title,
            answer="Of those who answered, so many of a hundred accepted; whoever ignores a card sends nothing."
            + (f" To {silent} nobody answered." if silent else ""),
            heads=(group, "accepted of 100", "95 % interval", "accepted", "overridden", "shown"),
            rows=[_row(entry) for entry in answered],
            bars=1,
            none="Nobody has answered yet.",
        )


def _row(entry: dict[str, Any]) -> tuple[str | int, ...]:
    low, high = entry["interval"]
    percent = f"{100 * low:.0f} to {100 * high:.0f}"
    counts = (entry["accepted"], entry["overridden"], entry.get("shown", ""))
    return (entry["name"], round(100 * entry["acceptance"]), percent, *counts)


def _rate(entry: dict[str, Any]) -> str:
    return f"{100 * entry['acceptance']:.0f} of 100" if entry["answered"] else "nothing yet"


def _reasons(found: Json) -> Section:
    return Section(
        id="reasons",
        title="Why advice is not taken",
        answer="The reasons that users chose, the most frequent first.",
        heads=("reason", "times"),
        rows=[(entry["reason"], entry["count"]) for entry in found["reasons"]],
        bars=1,
        none="No reason was given yet.",
    )
