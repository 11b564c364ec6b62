"""The database: opened, brought to the schema of this release, and looked at.

SQLite stands in one file of its own (WAL, a commit on the disk before it counts, mode 0600); PostgreSQL is for more than one
host. Whatever a database cannot do now is :class:`StoreAway`, without its words: they may hold values.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from fhirpath_spine.errors import SettingsError, StoreAway

FILE = "spine.db"
PATIENCE = 2
"""Seconds that a statement waits for a lock, a connection or an answer."""
_MIGRATIONS = Path(__file__).parent / "migrations"


class State(StrEnum):
    """How the schema of a database stands to that of this release."""

    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    """Made by a later release: this one does not know what it must not break."""


class Database:
    """One database."""

    def __init__(self, engine: Engine, file: Path | None = None) -> None:
        self.engine, self.file = engine, file

    @classmethod
    def open(cls, url: str, folder: Path | None) -> Database:
        """The database at an address, else the file in the folder. No connection is made yet.

        Raises:
            SettingsError: neither can be used.

        """
        if url:
            return cls(_postgresql(url))
        if folder is None:
            raise SettingsError("There is no place for the store.", hint="Name a folder in SPINE_DATA_DIR.")
        return cls(_sqlite(folder / FILE), folder / FILE)

    @contextmanager
    def begin(self, *, lasting: bool = True) -> Iterator[Connection]:
        """A transaction, committed at its end: on the disk by then, unless it need not be ``lasting``. That outlives this
        process, however it ends, and may not outlive a loss of power in the second after it.

        Raises:
            StoreAway: it cannot be had, or not be committed.

        """
        try:
            with self.engine.begin() as connection:
                if connection.dialect.name == "sqlite":
                    connection.execute(text(f"PRAGMA synchronous={'FULL' if lasting else 'NORMAL'}"))
                elif not lasting:
                    connection.execute(text("SET LOCAL synchronous_commit = off"))
                yield connection
        except SQLAlchemyError as error:
            raise away(full=_is_full(error)) from None

    def state(self) -> State:
        """How its schema stands.

        Raises:
            StoreAway: it cannot be read.

        """
        script = ScriptDirectory.from_config(_config())
        with self.begin() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
        if found == script.get_current_head():
            return State.CURRENT
        known = {revision.revision for revision in script.walk_revisions()}
        return State.OLDER if found is None or found in known else State.NEWER

    def upgrade(self) -> None:
        """Brings the schema to that of this release, in one transaction; again, it changes nothing.

        Raises:
            SettingsError: a later release made it.
            StoreAway: it cannot be reached.

        """
        if self.state() is State.NEWER:
            raise SettingsError(
                "The store was made by a later release of this service.", hint="Start that release, or another store."
            )
        with self.begin() as connection:
            if connection.dialect.name == "postgresql":
                # Of several that start at once, one makes the tables and the others wait.
                connection.execute(text("SELECT pg_advisory_xact_lock(7133401)"))
            command.upgrade(_config(connection), "head")

    def ping(self) -> None:
        """Asks for something.

        Raises:
            StoreAway: nothing comes.

        """
        with self.begin() as connection:
            connection.execute(text("SELECT 1"))

    def backup(self, file: Path) -> None:
        """Writes a whole copy of an SQLite database while it is in use.

        Raises:
            SettingsError: it is no SQLite database, or there is such a file.
            StoreAway: it cannot be read or written.

        """
        if self.file is None:
            raise SettingsError("The store is PostgreSQL.", hint="Use pg_dump.")
        if file.exists():
            raise SettingsError("There is such a file already.", hint="Name a new one.")
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM INTO :file"), {"file": str(file)})
        except SQLAlchemyError:
            raise away() from None

    def close(self) -> None:
        """Closes its connections."""
        self.engine.dispose()


def away(*, full: bool = False) -> StoreAway:
    """The one error of a store that cannot do now what is asked; ``full`` if it can be read, and its disk takes nothing more."""
    error = StoreAway("The store cannot be reached now.", hint="Send the same request again later.")
    error.full = full
    return error


def _is_full(error: SQLAlchemyError) -> bool:
    told = getattr(error, "orig", None)
    return (
        getattr(told, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        or getattr(told, "sqlstate", "") == _DISK_FULL
    )


_DISK_FULL = "53100"
"""PostgreSQL's name of it."""


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _sqlite(file: Path) -> Engine:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise SettingsError(
            f"SPINE_DATA_DIR cannot be written: {type(error).__name__}.", hint="Name a folder of this service's own."
        ) from None
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": PATIENCE})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        # A cache of its own for each connection would grow with the store, to 2 MB each; the system has the pages anyway.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-256"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _postgresql(url: str) -> Engine:
    hint = "Write postgresql://user:password@host/database."
    try:
        found = make_url(re.sub(r"^postgres(?:ql)?://", "postgresql+psycopg://", url))
        if found.get_backend_name() != "postgresql":
            raise SettingsError("SPINE_DATABASE_URL is no address of PostgreSQL.", hint=hint)
        return create_engine(
            found,
            pool_size=5,
            pool_timeout=PATIENCE,
            pool_pre_ping=True,
            connect_args={"connect_timeout": PATIENCE, "options": f"-c statement_timeout={PATIENCE * 1000}"},
        )
    except (ArgumentError, NoSuchModuleError):
        raise SettingsError("SPINE_DATABASE_URL is no address of PostgreSQL.", hint=hint) from None
    except ImportError:
        hint = "Install the extra: fhirpath-spine[postgresql]."
        raise SettingsError("The driver for PostgreSQL is not installed.", hint=hint) from None
