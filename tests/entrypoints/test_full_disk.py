"""A disk that is full stops nothing: calls are answered, feedback is told to come again, what is lost is counted (R19, R21)."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from fhirpath_spine.adapters.store import Database, Keeping, Recorder, Spool
from fhirpath_spine.entrypoints.http import build
from fhirpath_spine.entrypoints.logs import QueuedHandler, to_descriptor
from fhirpath_spine.service import CallRecord
from tests.entrypoints.test_production import URL
from tests.entrypoints.test_serve import PATIENCE
from tests.entrypoints.test_whole_production import content, of_case, settings_in, signed

NOW = datetime(2026, 6, 15, tzinfo=UTC)
LATER = NOW.timestamp() + 3600
RECORD = CallRecord("d", "hospital", "spine-patient-view", "ok", 1.0, 1, ("P:STATE",), patient="hash")


class Unheard:
    def keep(self, record: CallRecord) -> None:
        del record


@contextmanager
def full(database: Database) -> Iterator[None]:
    """A database that gets no page more than it has, in every connection."""
    with database.begin() as connection:
        connection.execute(text("PRAGMA max_page_count = 1"))
    yield
    with database.begin() as connection:
        connection.execute(text("PRAGMA max_page_count = 1073741823"))


def test_on_a_full_disk_each_token_counts_once_and_is_kept_when_there_is_room(tmp_path: Path) -> None:
    database = Database.open("", tmp_path)
    database.upgrade()
    keeping = Keeping(database, lambda: NOW)

    async def first(*numbers: int) -> list[bool]:
        return [await keeping.first("issuer", f"token {number}", LATER) for number in numbers]

    with full(database):
        assert asyncio.run(first(*range(300), *range(300))) == [True] * 300 + [False] * 300
        assert kept(database) < 300
    assert asyncio.run(first(300)) == [True]
    assert kept(database) == 301
    assert not asyncio.run(Keeping(database, lambda: NOW).first("issuer", "token 299", LATER))
    database.close()


def kept(database: Database) -> int:
    with database.begin() as connection:
        return int(connection.execute(text("SELECT count(*) FROM jti")).scalar_one())


def test_where_store_and_spool_are_full_records_are_counted_and_nobody_waits(tmp_path: Path) -> None:
    database = Database.open("", tmp_path)
    database.upgrade()
    (tmp_path / "spool.ndjson").symlink_to("/dev/full")
    counted: list[tuple[str, float]] = []
    with full(database):
        recorder = Recorder(
            Keeping(database, lambda: NOW),
            Spool(tmp_path),
            lambda: NOW,
            Unheard(),
            lambda name, value=1.0, **_: counted.append((name, value)),
        )
        for number in range(400):
            recorder.keep(replace(RECORD, decision=f"decision {number}"))
        recorder.close(seconds=PATIENCE)
    lost = sum(value for name, value in counted if name == "spine_records_lost_total")
    with database.begin() as connection:
        found = connection.execute(text("SELECT count(*) FROM call")).scalar_one()
    assert lost > 0
    assert lost + found == 400
    database.close()


def test_a_disk_that_fills_up_within_a_line_spoils_no_other_line(tmp_path: Path) -> None:
    spool, found = Spool(tmp_path), []
    assert spool.add([{"n": 1}]) == 0
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (spool.waiting + 5, hard))
    try:
        assert spool.add([{"n": "x" * 100}]) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert spool.add([{"n": 2}]) == 0
    spool.empty(found.extend)
    assert found == [{"n": 1}, {"n": 2}]


def test_a_log_on_a_full_disk_stops_nobody_who_logs() -> None:
    number = os.open("/dev/full", os.O_WRONLY)
    handler = QueuedHandler(to_descriptor(number))
    logger = logging.Logger("full")
    logger.addHandler(handler)
    for line in range(3000):
        logger.warning("line %s", line)
    assert handler.settle(PATIENCE)
    handler.close()
    os.close(number)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(folder)]
    try:
        made = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        made = False
    if not made:
        pytest.skip("NOT RUN: a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_production_answers_on_a_full_disk_and_goes_on_when_there_is_room(tmp_path: Path, disk: Path) -> None:
    settings = replace(settings_in(tmp_path), data_dir=disk)
    body = json.dumps(of_case("C01"))
    told: dict[str, Any] = {"card": str(uuid4()), "outcome": "accepted", "outcomeTimestamp": "2026-06-15T12:00:00Z"}
    feedback = json.dumps({"feedback": [told]})
    where = f"{URL}/feedback"
    with TestClient(build(settings, content())) as client:
        assert client.post(URL, content=body, headers=signed()).status_code == 200
        fill(disk / "fill")
        answers = [client.post(URL, content=body, headers=signed()) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200] * 5
        assert all(answer.json()["cards"] for answer in answers)
        again = signed()
        assert [client.post(URL, content=body, headers=again).status_code for _ in range(2)] == [200, 401]
        away = client.post(where, content=feedback, headers=signed(where))
        assert (away.status_code, away.headers["retry-after"]) == (503, "5")
        (disk / "fill").unlink()
        assert client.post(where, content=feedback, headers=signed(where)).status_code == 200
        assert client.post(URL, content=body, headers=again).status_code == 401
        metrics = httpx2.get(f"http://{settings.metrics_addr}/metrics", trust_env=False, timeout=PATIENCE)
        assert metrics.status_code == 200


def fill(file: Path) -> None:
    """Takes all that the disk has left."""
    with file.open("wb", buffering=0) as out, suppress(OSError):
        while True:
            out.write(bytes(4096))
