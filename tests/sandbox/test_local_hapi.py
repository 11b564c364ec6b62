"""``make hapi``: without what it needs it says what to install; with it, what the server does is shown by tests/hapi."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox import local_hapi as hapi

PATIENCE = 180.0
"""Seconds for what a process does: it waits for others on a busy machine."""
SCRIPT = Path(__file__).resolve().parents[2] / "sandbox" / "local_hapi.py"


def program(folder: Path, name: str, says: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}' >&2\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.mark.parametrize("says", [None, 'openjdk version "11.0.2" 2019-01-15', 'java version "1.8.0_392"', "no Java"])
def test_without_java_17_it_says_what_to_install_and_ends_with_1(tmp_path: Path, says: str | None) -> None:
    if says is not None:
        program(tmp_path, "java", says)
    ran = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert "make hapi needs" in ran.stderr
    assert "apt install openjdk-17-jdk-headless" in ran.stderr
    assert "apt install maven" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("says", ['openjdk version "17.0.15" 2025-04-15', 'openjdk version "21" 2023-09-19'])
def test_with_all_of_it_nothing_is_missing(tmp_path: Path, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("java", "mvn", "curl"):
        program(tmp_path, name, says)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert hapi.missing() == []


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        yield busy.getsockname()[1]


def test_a_port_that_is_taken_is_not_used(taken: int) -> None:
    assert hapi.free_port(taken) not in (0, taken)


def _server(tmp_path: Path, script: str) -> Path:
    """The folder of a server that is started by this script."""
    folder = tmp_path / "sandbox" / "hapi"
    folder.mkdir(parents=True)
    start = folder / "start.sh"
    start.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    start.chmod(0o755)
    return folder


def test_the_server_is_ended_with_the_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the script does it: the server outlives the script that started it."""
    server = _server(tmp_path, 'sleep 60 >/dev/null 2>&1 & echo "http://127.0.0.1:$1/fhir $!"; echo $! >pid')
    monkeypatch.chdir(tmp_path)
    with hapi.running(4711, server=server) as base:
        assert base == "http://127.0.0.1:4711/fhir"
        pid = int((tmp_path / "pid").read_text(encoding="utf-8"))
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_server_that_does_not_start_is_said_with_its_log(tmp_path: Path) -> None:
    server = _server(tmp_path, "exit 1")
    with (
        pytest.raises(hapi.StartError, match=r"did not start on port 4711; see sandbox/hapi/target/hapi-4711\.log"),
        hapi.running(4711, server=server),
    ):
        pass


def until(seen: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < ends
        time.sleep(0.05)


def waits(pid: int) -> bool:
    """Whether a process sleeps."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "S"


def test_a_second_interrupt_does_not_leave_the_server_behind(tmp_path: Path) -> None:
    """The whole program, with a server that is slow to end, and a person who presses Ctrl-C twice."""
    folder = tmp_path / "sandbox"
    (folder / "hapi").mkdir(parents=True)
    copy = folder / "local_hapi.py"
    copy.write_text(SCRIPT.read_text(encoding="utf-8"), encoding="utf-8")
    start = folder / "hapi" / "start.sh"
    ending, enough = tmp_path / "ending", tmp_path / "enough"
    slow = f"trap 'echo >{ending}; until [ -e {enough} ]; do sleep 0.1; done; exit 0' TERM; while :; do sleep 0.1; done"
    start.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\n{slow}\n", encoding="utf-8")
    start.chmod(0o755)
    for name in ("java", "mvn", "curl"):
        program(tmp_path, name, 'openjdk version "17.0.15" 2025-04-15')
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    running = subprocess.Popen([sys.executable, str(copy)], env=environ, stderr=subprocess.PIPE)
    pid = tmp_path / "pid"
    try:
        until(lambda: pid.is_file() and pid.read_text(encoding="utf-8").strip() != "")
        until(lambda: waits(running.pid))  # for the server, which it has in hand now
        running.send_signal(signal.SIGINT)
        until(ending.is_file)
        running.send_signal(signal.SIGINT)
        enough.touch()
        _, said = running.communicate(timeout=PATIENCE)
    finally:
        running.kill()
    assert running.returncode == 0, said
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text(encoding="utf-8")), 0)
