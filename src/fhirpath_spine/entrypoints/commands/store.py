"""Verbs about the store: ``store upgrade``, ``store backup``, ``store purge``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from fhirpath_spine.adapters.store.database import Database
from fhirpath_spine.adapters.store.keeping import Keeping
from fhirpath_spine.entrypoints.printing import note
from fhirpath_spine.entrypoints.settings import load
from fhirpath_spine.errors import SettingsError

app = typer.Typer(
    name="store",
    help="The store of production: its schema, a copy of it, and the end of what is old.",
    no_args_is_help=True,
)


def opened() -> Database:
    """The store of the settings."""
    settings = load().settings
    return Database.open(settings.database_url, settings.data_dir)


@app.command()
def upgrade() -> None:
    """Make the tables, or bring them to this release. A later one is left alone.

    Exit: 0 they are so, 2 the store cannot be used.
    """
    store = opened()
    store.upgrade()
    note(f"The store is {store.state().value}.")
    store.close()


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="A new file.")]) -> None:
    """Write a whole copy of an SQLite store, also while the service runs.

    Exit: 0 written, 2 it cannot be read or written.
    """
    store = opened()
    store.backup(file)
    store.close()
    note(f"{file.name} is written.")


@app.command()
def purge(
    before: Annotated[str, typer.Option("--before", metavar="DATE", help="Rows of earlier days go.")],
) -> None:
    """Throw away calls, cards and feedback from before a day, and used tokens that have expired.

    Exit: 0 done, 2 wrong use, or the store cannot be reached.
    """
    try:
        day = datetime.fromisoformat(f"{before}T00:00:00").replace(tzinfo=UTC)
    except ValueError:
        raise SettingsError("--before is no day.", hint="Write it like 2026-06-15.") from None
    store = opened()
    gone = Keeping(store, lambda: datetime.now(UTC)).purge(day)
    store.close()
    note(", ".join(f"{count} of {table}" for table, count in gone.items()) + " thrown away.")
