"""The store: what is acknowledged is there, what is sent twice is there once, and nothing of a patient is there at all.

It is one file, since every promise is held on both databases by the same fixtures.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from fhirpath_spine.adapters.store import METADATA, Database, Keeping, Recorder, Spool, State
from fhirpath_spine.errors import SettingsError, StoreAway
from fhirpath_spine.exchange.feedback import Issued, Item
from fhirpath_spine.service import CallRecord

POSTGRESQL = os.environ.get("SPINE_TEST_POSTGRESQL", "")
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
ITEM = Item("c1", "s1", "accepted", "2026-06-15T12:00:00Z")
RECORD = CallRecord(
    "d1",
    "general-hospital",
    "spine-patient-view",
    "ok",
    12.5,
    1,
    ("P:STATE",),
    patient="hash",
    issued=(Issued("c1", "", "", "P", "1.0.0", "info"), Issued("c1", "s1", "R", "P", "1.0.0", "info")),
)


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param(
            "postgresql", marks=pytest.mark.skipif(not POSTGRESQL, reason="SPINE_TEST_POSTGRESQL names no database")
        ),
    ]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A new store: SQLite, and PostgreSQL where SPINE_TEST_POSTGRESQL names an empty database."""
    found = Database.open(POSTGRESQL if request.param == "postgresql" else "", tmp_path)
    if request.param == "postgresql":
        with found.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    found.upgrade()
    yield found
    found.close()


@pytest.fixture
def keeping(store: Database) -> Keeping:
    return Keeping(store, lambda: NOW)


class Quiet:
    def keep(self, record: CallRecord) -> None:
        del record


def row(key: str, record: CallRecord = RECORD) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(record), "key": key, "at": NOW.timestamp(), "pathways": "[]", "unread": "[]"}


# ------------------------------------------------------------------ the schema


def test_the_migrations_make_the_tables_that_the_code_speaks_of(store: Database) -> None:
    assert store.state() is State.CURRENT
    with store.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_an_upgrade_again_keeps_every_row(store: Database, keeping: Keeping) -> None:
    asyncio.run(keeping.feedback("a", [ITEM]))
    store.upgrade()
    assert len(list(keeping.rows())) == 1


def test_a_store_of_a_later_release_is_left_alone(store: Database) -> None:
    with store.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert store.state() is State.NEWER
    with pytest.raises(SettingsError, match="later release"):
        store.upgrade()


def test_a_file_of_sqlite_is_for_its_owner_and_every_commit_is_on_the_disk(tmp_path: Path) -> None:
    store = Database.open("", tmp_path / "new")
    with store.begin() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
    with store.begin(lasting=False) as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 1
    with store.begin() as connection:  # the connection is the same one, and waits for the disk again
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
    assert ((tmp_path / "new").stat().st_mode & 0o777, (tmp_path / "new" / "spine.db").stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )
    store.close()


@pytest.mark.parametrize("url", ["mysql://canary4711@host/x", "canary4711", "sqlite:///canary4711"])
def test_another_database_is_refused_and_its_address_not_repeated(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Database.open(url, None)
    assert "canary4711" not in str(refused.value)


# ------------------------------------------------------------------ used tokens


def test_a_token_is_first_once_also_for_another_worker(store: Database, keeping: Keeping) -> None:
    other = Keeping(store, lambda: NOW)
    until = NOW.timestamp() + 300
    found = [asyncio.run(k.first("iss", "j", until)) for k in (keeping, other, keeping)]
    assert found == [True, False, False]
    assert asyncio.run(keeping.first("other", "j", until))


def test_of_workers_that_race_one_wins(store: Database) -> None:
    won: list[bool] = []
    workers = [Keeping(store, lambda: NOW) for _ in range(8)]
    threads = [threading.Thread(target=lambda k=k: won.append(asyncio.run(k.first("i", "j", 9e9)))) for k in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 7 + [True]


def test_tokens_that_expired_are_swept(store: Database) -> None:
    asyncio.run(Keeping(store, lambda: NOW).first("i", "old", NOW.timestamp() + 60))
    asyncio.run(Keeping(store, lambda: NOW + timedelta(hours=1)).first("i", "new", NOW.timestamp() + 7200))
    with store.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM jti")).scalar() == 1


# ------------------------------------------------------------------ feedback


def test_the_same_feedback_again_changes_nothing(keeping: Keeping) -> None:
    for _ in range(3):
        asyncio.run(keeping.feedback("a", [ITEM, ITEM, replace(ITEM, suggestion="s2")]))
    assert len(list(keeping.rows())) == 2


def test_feedback_is_tied_to_what_was_issued_to_that_client_alone(keeping: Keeping) -> None:
    asyncio.run(keeping.feedback("general-hospital", [ITEM]))  # before the record of its call is there
    keeping.calls([row("k1")])
    asyncio.run(keeping.feedback("other", [ITEM]))
    mine, others = keeping.rows()
    assert (mine.recommendation, mine.pathway, mine.version, mine.known) == ("R", "P", "1.0.0", True)
    assert (others.recommendation, others.known) == ("", False)


def test_a_record_that_comes_twice_is_kept_once(store: Database, keeping: Keeping) -> None:
    keeping.calls([row("k1")])
    keeping.calls([row("k1"), row("k2")])
    with store.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM call")).scalar() == 2
    assert len(keeping.shown()) == 2


def test_what_is_old_goes_and_what_is_new_stays(store: Database, keeping: Keeping) -> None:
    keeping.calls([row("k1")])
    asyncio.run(keeping.feedback("a", [ITEM]))
    assert set(keeping.purge(NOW - timedelta(days=1)).values()) == {0}
    assert keeping.purge(NOW + timedelta(days=1)) == {"call": 1, "issued": 2, "feedback": 1, "jti": 0}


KILLED = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from fhirpath_spine.adapters.store import Database, Keeping
from fhirpath_spine.exchange.feedback import Item
keeping = Keeping(Database.open(sys.argv[2], Path(sys.argv[1])), lambda: datetime.now(UTC))
for n in range(10 ** 6):
    asyncio.run(keeping.feedback("a", [Item(f"c{n}", "", "accepted", "2026-06-15T12:00:00Z")]))
    print(n, flush=True)
"""
KILLS = int(os.environ.get("SPINE_TEST_KILLS", "1"))
"""How often a process is killed; a whole run sets 50."""


@pytest.mark.parametrize("turn", range(KILLS))
def test_what_was_acknowledged_survives_the_end_of_its_process(
    turn: int, store: Database, keeping: Keeping, tmp_path: Path
) -> None:
    url = "" if store.file is not None else POSTGRESQL
    command = [sys.executable, "-c", KILLED, str(tmp_path), url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(20 + turn):
        acknowledged = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    acknowledged = max(
        [acknowledged, *(int(n) for n in process.stdout.read().splitlines(keepends=True) if n[-1:] == "\n")]
    )
    process.wait(timeout=120)
    process.stdout.close()
    kept = {found.card for found in keeping.rows()}
    assert {f"c{n}" for n in range(acknowledged + 1)} <= kept


# ------------------------------------------------------------------ the store is away


def locked(folder: Path) -> sqlite3.Connection:
    found = sqlite3.connect(folder / "spine.db", isolation_level=None)
    found.execute("BEGIN EXCLUSIVE")
    return found


@pytest.mark.parametrize("fault", ["locked", "full", "gone", "broken"])
def test_a_store_that_cannot_keep_something_says_so(tmp_path: Path, fault: str) -> None:
    store = Database.open("", tmp_path)
    store.upgrade()
    keeping = Keeping(store, lambda: NOW)
    held = None
    match fault:
        case "locked":
            held = locked(tmp_path)
        case "full":
            store.engine.dispose()
            store = Database.open("", tmp_path)
            with store.begin() as connection:
                connection.execute(text("PRAGMA max_page_count = 1"))
            keeping = Keeping(store, lambda: NOW)
        case "gone":
            with store.begin() as connection:
                connection.execute(text("DROP TABLE feedback"))
        case "broken":
            store.close()
            for file in tmp_path.iterdir():
                file.write_bytes(b"no database at all" * 100)
    many = [replace(ITEM, card=f"c{n}" + "x" * 50) for n in range(2000)]
    with pytest.raises(StoreAway) as away:
        asyncio.run(keeping.feedback("a", many))
    assert "c1" not in str(away.value)
    if held is not None:
        held.close()
    store.close()


def test_records_wait_in_order_while_the_store_is_away_and_are_there_when_it_is_back(tmp_path: Path) -> None:
    store = Database.open("", tmp_path)
    store.upgrade()
    keeping, spool = Keeping(store, lambda: NOW), Spool(tmp_path)
    held = locked(tmp_path)
    recorder = Recorder(keeping, spool, lambda: NOW, Quiet())
    recorder.keep(replace(RECORD, decision="first"))
    recorder.keep(replace(RECORD, decision="second"))
    recorder.close(seconds=120)
    assert spool.waiting
    held.close()
    recorder = Recorder(keeping, spool, lambda: NOW, Quiet())
    recorder.keep(replace(RECORD, decision="third"))
    recorder.close(seconds=120)
    assert not spool.waiting
    with store.begin() as connection:
        found = connection.execute(text("SELECT decision FROM call ORDER BY rowid")).scalars().all()
    store.close()
    assert found == ["first", "second", "third"]


def test_a_spool_is_bounded_and_a_torn_line_stops_nothing(tmp_path: Path) -> None:
    small = Spool(tmp_path, largest=1000)
    assert small.add([{"n": 1}]) == 0
    assert small.add([{"n": "x" * 1000}, {"n": 2}]) == 2
    with (tmp_path / "spool.ndjson").open("ab") as file:
        file.write(b'{"n": ')
    found: list[Any] = []
    small.empty(found.extend)
    assert (found, small.waiting) == ([{"n": 1}], 0)


def test_a_backup_is_whole_and_for_its_owner(tmp_path: Path) -> None:
    store = Database.open("", tmp_path)
    store.upgrade()
    asyncio.run(Keeping(store, lambda: NOW).feedback("a", [ITEM]))
    copy = tmp_path / "copy" / "spine.db"
    copy.parent.mkdir()
    store.backup(copy)
    store.close()
    assert copy.stat().st_mode & 0o777 == 0o600
    again = Database.open("", copy.parent)
    assert len(list(Keeping(again, lambda: NOW).rows())) == 1
    again.close()


def test_nothing_of_a_patient_is_in_a_record_of_the_store() -> None:
    assert json.dumps(sorted(METADATA.tables["call"].c.keys())) == json.dumps(
        sorted(
            "key at decision client service patient outcome milliseconds cards ignored pathways unread".split()  # noqa: SIM905
        )
    )
