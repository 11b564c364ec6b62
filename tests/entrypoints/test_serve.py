"""``serve`` as a process: who may start it, what it says, how it ends."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from typing import Any, NamedTuple

import pytest

from fhirpath_spine.entrypoints.http import HEADER_BYTES
from tests.kit.commands import PROGRAM

PATIENCE = 180.0
"""Seconds for what a process does: it waits for others on a busy machine. Whoever is done sooner is not waited for."""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def start(port: int, *words: str, **settings: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-c",
        PROGRAM,
        "serve",
        "--port",
        str(port),
        *words,
    ]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SPINE_")}
    return subprocess.Popen(
        command, env={**clean, **settings}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_prod_refuses_to_start_with_2() -> None:
    process = start(free_port())
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (2, "")
    assert "refuses to start" in said(err)


def test_a_port_that_is_taken_is_said_before_anything_is_shown(run: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        demo, process = run("demo", "--port", str(port)), start(port, SPINE_MODE="dev")
        out, err = process.communicate(timeout=PATIENCE)
    assert (demo.code, demo.out) == (process.returncode, out) == (2, "")
    assert "--port" in demo.err
    assert "--port" in said(err)


def said(err: str) -> str:
    """What the lines of the log say; each of them has to be JSON, the last one too."""
    assert err.endswith("\n")
    lines = [json.loads(line) for line in err.splitlines()]
    assert all({"at", "level", "logger"} < line.keys() for line in lines)
    return "\n".join(str(line.get("message", line)) for line in lines)


WEBSOCKET = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n"
LEFT = "Content-Type: application/json\r\nContent-Length: 100\r\n"


class Served(NamedTuple):
    """A service in development from its start to its end, and what its callers saw."""

    services: Any
    websocket: bytes
    flooded: bytes
    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def served() -> Served:
    """Ended by the keyboard; whoever reads from the pipes, below, ends it as a supervisor does."""
    port = free_port()
    process = start(port, SPINE_MODE="dev", SPINE_CLOCK="2026-06-15T23:59:59Z")
    try:
        services = discovered(port)["services"]
        with called(port, "GET /x?token=canary4711", WEBSOCKET) as caller:
            websocket = caller.recv(64)
        called(port, "POST /cds-services/spine-patient-view", LEFT).close()
        flood = flooded(port)
        discovered(port)
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    return Served(services, websocket, flood, process.returncode, out, err)


def called(port: int, line: str, headers: str) -> socket.socket:
    """The connection of a caller who has sent the head of a request and the first byte of its body."""
    caller = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    caller.sendall(f"{line} HTTP/1.1\r\nHost: a\r\n{headers}\r\n{{".encode())
    return caller


def flooded(port: int) -> bytes:
    """What comes back for a header that goes on and on; nothing where the connection is ended."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as caller:
        try:
            caller.sendall(b"GET /livez HTTP/1.1\r\nX: ")
            for _ in range(40):
                caller.sendall(b"b" * HEADER_BYTES)
            return caller.recv(1)
        except ConnectionError:
            return b""


def test_dev_serves_says_so_loudly_and_a_signal_ends_it_with_0(served: Served) -> None:
    assert served.services[0]["id"] == "spine-patient-view"
    assert (served.code, served.out) == (0, "")
    assert "callers are NOT authenticated" in said(served.err)
    assert "Traceback" not in served.err


def test_neither_a_websocket_nor_a_caller_who_hangs_up_leaves_more_than_a_word_in_the_log(served: Served) -> None:
    assert b" 404 " in served.websocket
    assert "caller left while sending" in said(served.err)
    assert "internal error" not in served.err
    assert "canary4711" not in served.err


def test_headers_beyond_the_bound_end_the_connection_and_no_other(served: Served) -> None:
    assert served.flooded == b""
    assert served.code == 0, "who asked afterwards was answered"


def test_a_pipe_that_nobody_reads_stops_no_call_and_the_lost_lines_are_counted() -> None:
    port = free_port()
    process = start(port, SPINE_MODE="dev")
    assert process.stderr is not None
    fcntl.fcntl(process.stderr, fcntl.F_SETPIPE_SZ, 4096)
    refused = "POST /cds-services/spine-patient-view HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
    calls = 1500  # a thousand wait in the queue, and a few in the pipe
    try:
        discovered(port)
        with (
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as caller,
            caller.makefile("rb") as answers,
        ):
            for _ in range(calls):
                caller.sendall(refused.encode())
                assert answer_to(answers) == 415
            caller.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
            assert answer_to(answers) == 200
    finally:
        process.send_signal(signal.SIGTERM)
        lines = [json.loads(line) for line in process.stderr]  # to the end, which comes when the process has ended
        process.communicate(timeout=PATIENCE)
    refusals = sum("415" in line.get("message", "") for line in lines)
    lost = sum(line["lines"] for line in lines if line.get("event") == "dropped")
    assert process.returncode == 0
    assert lost > 0
    assert refusals + lost == calls


def test_an_end_does_not_wait_for_a_pipe_that_nobody_reads() -> None:
    port = free_port()
    process = start(port, SPINE_MODE="dev")
    assert process.stderr is not None
    fcntl.fcntl(process.stderr, fcntl.F_SETPIPE_SZ, 4096)
    discovered(port)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as caller, caller.makefile("rb") as answers:
        for _ in range(100):
            caller.sendall(b"POST /cds-services/spine-patient-view HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            assert answer_to(answers) == 415
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE) == 0
    process.communicate()


def answer_to(answers: Any) -> int:
    """The status of the next answer on a connection, which is read to its end."""
    status = int(answers.readline().split()[1])
    length = 0
    while (line := answers.readline().strip().lower()) != b"":
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    answers.read(length)
    return status


def discovered(port: int, seconds: float = PATIENCE) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/cds-services", timeout=PATIENCE) as answer:
                return json.load(answer)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
